"""How endpoints describe themselves in the OpenAPI document, where the framework cannot see it."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from confidentiality.codes import ExportReason, KeptBy

EXPAND = _("Relations to inline, comma-separated: %(names)s. What you cannot read stays an id.")
ORDERING = _("One of: %(names)s; with - for the other way.")


class ProblemErrorSerializer(serializers.Serializer):
    pointer = serializers.CharField(
        help_text=_("The field or parameter, as a JSON pointer; empty for the whole.")
    )
    code = serializers.CharField()
    detail = serializers.CharField()
    asked = serializers.CharField(
        required=False,
        help_text=_(
            "With the code `confirm`: sent back in `asked`, beside `override_reason`, once a person has looked at it."
        ),
    )


class ProblemSerializer(serializers.Serializer):
    """What went wrong (RFC 9457)."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    errors = ProblemErrorSerializer(many=True, required=False)


class DeskSchema(AutoSchema):
    """Adds what all endpoints share: expansion, ordering, search, versions, idempotency, bulk, problems."""

    def get_override_parameters(self) -> list[Any]:
        listing = getattr(self.view, "action", "") == "list"
        found = []
        if names := ", ".join(self.view.expands):
            found.append(_query("expand", str(EXPAND % {"names": names})))
        if listing:
            names = ", ".join(self.view.orderings)
            found.append(_query("ordering", str(ORDERING % {"names": names})))
        if listing:
            found.append(_query("export", "csv or xlsx: the whole list as filtered, as a file to save."))
            found.append(
                _query("why", f"Of a file, for what, for the ledger: {', '.join(ExportReason.values)}.")
            )
            found.append(
                _query(
                    "preview",
                    "Any value: instead of the list, what a file of it would hold (`rows`, `columns`, `first`), and "
                    "what it would not, by what keeps it (`left_out`, `without_texts`): the rule of a session, or "
                    f"{', '.join(KeptBy.values)}; which of its texts hold names of people who take part (`named`), and "
                    "how many were not looked through for names, since the caller does not open who people are "
                    "(`unsearched`). Nothing leaves by it.",
                )
            )
        if listing and self.view.searches:
            found.append(_query("search", "Words that must all occur."))
        if self.method == "POST":
            found.append(
                _header("Idempotency-Key", "A second POST with this key within 24 hours is not done again.")
            )
        if self.method in ("PATCH", "DELETE"):
            found.append(_header("If-Match", 'The ETag that was read, such as "3"; 412 if it is outdated.'))
        return found

    def _get_request_body(self, direction: Any = "request") -> Any:
        body = super()._get_request_body(direction)
        if body and getattr(self.view, "action", "") == "create":
            for media in body["content"].values():
                many = {"type": "array", "minItems": 1, "maxItems": 500, "items": media["schema"]}
                media["schema"] = {"oneOf": [media["schema"], many]}
        return body

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        found = super()._get_response_bodies(direction)
        found["default"] = {
            "description": "A problem (RFC 9457). Hidden and missing answer alike: 404.",
            "content": {"application/problem+json": {"schema": self._problem()}},
        }
        return found

    def _problem(self) -> Any:
        return self.resolve_serializer(ProblemSerializer(), "response").ref


def _query(name: str, description: str) -> OpenApiParameter:
    return OpenApiParameter(name, OpenApiTypes.STR, OpenApiParameter.QUERY, description=description)


def _header(name: str, description: str) -> OpenApiParameter:
    return OpenApiParameter(name, OpenApiTypes.STR, OpenApiParameter.HEADER, description=description)

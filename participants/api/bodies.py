"""Official bodies: /official-bodies/, shared reference like parties and tracks."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from rest_framework import serializers

from accounts.api.fields import Strict, StrictParts, Visible
from accounts.api.resource import inline
from initiatives.api.reference import STAMPS, Conflicts, Named, OfConflict, Parties
from initiatives.enums import Theme
from initiatives.models import Conflict, OfficialTrack, Party
from participants import services
from participants.enums import TrackPart
from participants.models import OfficialBody

MOST_PARTS = 100


class BodyPartSerializer(StrictParts):
    """The part of an office in an official track."""

    track = Visible(OfficialTrack)
    part = serializers.ChoiceField(TrackPart.choices)


class OfficialBodySerializer(Strict):
    conflict = Visible(Conflict, help_text=_("At the root of its tree."))
    party = Visible(Party, allow_null=True, required=False, help_text=_("Empty: of no side, or of several."))
    gatekeeper = Visible(OfficialBody, allow_null=True, required=False)
    parts = BodyPartSerializer(
        many=True,
        required=False,
        max_length=MOST_PARTS,
        help_text=_("All of them: what is left out is gone."),
    )

    class Meta(Strict.Meta):
        model = OfficialBody
        fields = (
            "id", "version", "conflict", "party", "name", "agenda_themes", "gatekeeper", "parts", *STAMPS,
        )  # fmt: skip
        set_once = {"conflict": _("A body stays with its conflict.")}


class BodyFilters(OfConflict):
    party = filters.UUIDFilter()
    gatekeeper = filters.UUIDFilter()
    theme = filters.ChoiceFilter(choices=Theme.choices, method="deciding")

    def deciding(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.filter(agenda_themes__contains=[value])


class OfficialBodies(Named):
    """Offices that decide, with their gatekeepers and their parts in official tracks."""

    model = OfficialBody
    serializer_class = OfficialBodySerializer
    filterset_class = BodyFilters
    queryset = OfficialBody.objects.none()
    orderings = ("name", *STAMPS)
    expands = {
        "conflict": inline(lambda: Conflicts),
        "party": inline(lambda: Parties),
        "gatekeeper": inline(lambda: OfficialBodies),
    }

    @classmethod
    def records(cls, user: Any) -> QuerySet:
        return super().records(user).prefetch_related("parts")

    def make(self, **fields: Any) -> OfficialBody:
        return services.create_body(**_with_parts(fields))

    def change(self, *, by: Any, record: Any, version: int | None, **fields: Any) -> Any:
        return services.edit_body(by=by, body=record, version=version, **_with_parts(fields))


def _with_parts(fields: dict[str, Any]) -> dict[str, Any]:
    if "parts" not in fields:
        return fields
    return {**fields, "parts": [(each["track"], each["part"]) for each in fields["parts"]]}

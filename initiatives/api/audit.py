"""Who looked, read only: /audit-events/, for leads and facilitators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from rest_framework import serializers, status
from rest_framework.response import Response

from accounts.api.fields import Strict
from accounts.api.resource import Reading
from accounts.enums import RecordKind
from confidentiality import noted
from confidentiality.codes import AuditAction, KeptBy
from confidentiality.models import AuditEvent
from confidentiality.policy import IN_NO_FILE
from initiatives.models import Session

# How the facts of an event say that who was at a session was looked at or written.
TIED = '"attendance":'


class AuditEventSerializer(Strict):
    initiative = serializers.UUIDField(source="stream", read_only=True)
    actor = serializers.CharField(
        read_only=True,
        help_text=_(
            "The id of a user, or `system:` and a name; empty for a refusal of somebody not of the team."
        ),
    )
    route = serializers.CharField(read_only=True, help_text=_("The name of the address, never the address."))
    records = serializers.ListField(child=serializers.UUIDField(), read_only=True)
    facts = serializers.CharField(
        read_only=True,
        help_text=_("JSON of codes and numbers, as it was hashed: what kinds, what a file held."),
    )
    previous = serializers.CharField(read_only=True, help_text=_("The hash of the entry before."))
    hash = serializers.CharField(read_only=True, help_text=_("SHA-256 over everything else, in hex."))

    class Meta(Strict.Meta):
        model = AuditEvent
        fields = (
            "id", "initiative", "position", "at", "actor", "action", "route", "records", "facts", "previous", "hash",
        )  # fmt: skip
        read_only_fields = fields


class AuditEventFilters(filters.FilterSet):
    initiative = filters.UUIDFilter(field_name="stream")
    actor = filters.UUIDFilter()
    action = filters.MultipleChoiceFilter(choices=AuditAction.choices, distinct=False)
    record = filters.UUIDFilter(method="with_record")
    since = filters.DateFilter(field_name="at", lookup_expr="date__gte")
    until = filters.DateFilter(field_name="at", lookup_expr="date__lte")
    after_position = filters.NumberFilter(field_name="position", lookup_expr="gt")
    up_to_position = filters.NumberFilter(field_name="position", lookup_expr="lte")

    def with_record(self, events: Any, name: str, value: Any) -> Any:
        return events.filter(records__contains=[value])


class AuditEvents(Reading):
    """Who looked at what inside the initiatives that the caller leads or facilitates. Ids and no content."""

    kind = RecordKind.AUDIT
    model = AuditEvent
    serializer_class = AuditEventSerializer
    filterset_class = AuditEventFilters
    queryset = AuditEvent.objects.none()
    orderings = ("at",)
    ordering = "-at"

    def exported(self, rows: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
        """That it was taken out stands in each of the chains themselves.

        Where who was at a session was among what somebody looked at, its ids stay inside: together with a list of
        sessions they would say in a file what only files on sessions on the record may. And a session of which no file
        says that there was one stays inside with every event that speaks of it: its route and numbers would tell.
        """
        for stream in {row["initiative"] for row in rows}:
            noted.touched(UUID(str(stream)))
        self.causes = {row["id"]: KeptBy.PEOPLE for row in rows if TIED in row["facts"]}
        closed = self._in_no_file({str(row["initiative"]) for row in rows})
        leaving = []
        for row in rows:
            if rules := [closed[str(pk)] for pk in row["records"] if str(pk) in closed]:
                self.causes[row["id"]] = rules[0]
            else:
                leaving.append({**row, "records": []} if row["id"] in self.causes else row)
        return leaving

    def _in_no_file(self, streams: set[str]) -> dict[str, str]:
        """Sessions of which no file says that there was one, with their rules."""
        seen = Session.objects.visible_to(self.request.user).filter(
            initiative__in=streams, rule__in=IN_NO_FILE
        )
        return {str(pk): rule for pk, rule in seen.values_list("pk", "rule")}

    def answer(self, record: Any, code: int = status.HTTP_200_OK) -> Response:
        """Without an ETag: an entry never changes."""
        return Response(self.represent([record])[0], code)

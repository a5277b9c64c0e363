"""What is to be destroyed and what was, read only: /purge-requests/ and /tombstones/. Purging takes a page."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from rest_framework import serializers

from accounts.api.fields import Strict
from accounts.api.resource import Reading
from accounts.enums import RecordKind
from initiatives.api.reference import STAMPS
from initiatives.enums import PurgeReason, PurgeState
from initiatives.models import PurgeRequest, Tombstone
from initiatives.models.purging import OF_REQUESTS


class PurgeRequestSerializer(Strict):
    initiative = serializers.UUIDField(source="initiative_id", read_only=True)
    asked_by = serializers.UUIDField(source="asked_by_id", read_only=True)
    asked_of = serializers.UUIDField(
        source="asked_of_id",
        read_only=True,
        help_text=_("Who was let in on it from outside the team, or null."),
    )
    confirmed_by = serializers.UUIDField(source="confirmed_by_id", read_only=True)

    class Meta(Strict.Meta):
        model = PurgeRequest
        fields = (
            "id", "version", "initiative", "reason", "state", "asked_by", "asked_at", "asked_of", "confirmed_by",
            "confirmed_at", "due_at", "cancelled_at", *STAMPS,
        )  # fmt: skip
        read_only_fields = fields


class TombstoneSerializer(Strict):
    initiative = serializers.UUIDField(
        source="purged_id", read_only=True, help_text=_("What to delete from copies that you keep.")
    )
    state = serializers.ChoiceField(PurgeState.choices, read_only=True)
    asked_by = serializers.UUIDField(source="asked_by_id", read_only=True)
    confirmed_by = serializers.UUIDField(source="confirmed_by_id", read_only=True)

    class Meta(Strict.Meta):
        model = Tombstone
        fields = (
            "id", "version", "initiative", "reason", "state", "asked_by", "asked_at", "confirmed_by",
            "confirmed_at", "purged_at", *STAMPS,
        )  # fmt: skip
        read_only_fields = fields


class OfPurge(filters.FilterSet):
    reason = filters.MultipleChoiceFilter(choices=PurgeReason.choices, distinct=False)


class OfPurgeRequest(OfPurge):
    initiative = filters.UUIDFilter()
    state = filters.MultipleChoiceFilter(
        choices=[(state.value, state.label) for state in OF_REQUESTS], distinct=False
    )


class OfTombstone(OfPurge):
    initiative = filters.UUIDFilter(field_name="purged_id")


class PurgeRequests(Reading):
    """Initiatives that are to be purged: of the caller's teams, or where the caller was let in on it."""

    kind = RecordKind.TEAM
    model = PurgeRequest
    serializer_class = PurgeRequestSerializer
    filterset_class = OfPurgeRequest
    queryset = PurgeRequest.objects.none()
    orderings = ("asked_at", "due_at", *STAMPS)


class Tombstones(Reading):
    """What is left of purged initiatives that the caller led or decided on."""

    kind = RecordKind.TEAM
    model = Tombstone
    serializer_class = TombstoneSerializer
    filterset_class = OfTombstone
    queryset = Tombstone.objects.none()
    orderings = ("confirmed_at", "purged_at", *STAMPS)

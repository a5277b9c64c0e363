"""Shared reference: /conflicts/, /parties/, /official-tracks/ and /deadlines/."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.api.fields import CountriesField, Strict, StrictParts, Visible
from accounts.api.filters import YesNo
from accounts.api.idempotency import once
from accounts.api.resource import Resource, inline
from initiatives import services
from initiatives.enums import DeadlineKind, Openness, PartyKind, Phase
from initiatives.models import Conflict, Deadline, OfficialTrack, Party
from initiatives.models.conflict import normalised

STAMPS = ("created_at", "updated_at")


class OtherNameSerializer(StrictParts):
    name = serializers.CharField(max_length=200)
    language = serializers.CharField(max_length=35, allow_blank=True, default="")


class ConflictSerializer(Strict):
    parent = Visible(
        Conflict, allow_null=True, required=False, help_text=_("The conflict that this is part of.")
    )
    root = Visible(Conflict, read_only=True)
    countries = CountriesField(required=False)
    alternative_names = OtherNameSerializer(many=True, required=False, max_length=50)
    ucdp_conflict_id = serializers.IntegerField(
        min_value=1, max_value=2**31 - 1, allow_null=True, required=False
    )

    class Meta(Strict.Meta):
        model = Conflict
        fields = (
            "id", "version", "name", "parent", "root", "alternative_names", "countries", "ucdp_conflict_id", *STAMPS,
        )  # fmt: skip


class PartySerializer(Strict):
    conflict = Visible(Conflict, help_text=_("At the root of its tree."))
    contact_restricted_in = CountriesField(required=False)
    parent = Visible(
        Party, allow_null=True, required=False, help_text=_("The party of which this is a faction.")
    )

    class Meta(Strict.Meta):
        model = Party
        fields = (
            "id", "version", "conflict", "name", "parent", "kind", "contact_restricted", "contact_restricted_in",
            "openness_to_unofficial", *STAMPS,
        )  # fmt: skip
        set_once = {"conflict": _("A party stays with its conflict.")}


class PhaseSerializer(StrictParts):
    phase = serializers.ChoiceField(Phase.choices)
    began_on = serializers.DateField()


class TrackSerializer(Strict):
    conflict = Visible(Conflict)
    phase = serializers.ChoiceField(Phase.choices, read_only=True, help_text=_("The latest of its phases."))
    phases = PhaseSerializer(many=True, read_only=True)

    class Meta(Strict.Meta):
        model = OfficialTrack
        fields = (
            "id", "version", "conflict", "name", "mandate_holder", "lead_mediator", "began_on", "ended_on",
            "roadblock", "agenda_themes", "phase", "phases", *STAMPS,
        )  # fmt: skip
        set_once = {"conflict": _("A track stays with its conflict.")}


class DeadlineSerializer(Strict):
    conflict = Visible(Conflict)
    track = Visible(OfficialTrack, allow_null=True, required=False)

    class Meta(Strict.Meta):
        model = Deadline
        fields = ("id", "version", "conflict", "track", "kind", "name", "due_on", "due_precision", *STAMPS)
        set_once = {"conflict": _("A deadline stays with its conflict.")}


class ConflictFilters(filters.FilterSet):
    parent = filters.UUIDFilter()
    root = filters.UUIDFilter()
    within = filters.UUIDFilter(method="in_family", help_text="This conflict and everything below it.")
    top = YesNo(field_name="parent", lookup_expr="isnull", help_text="Only roots, or none.")
    country = filters.CharFilter(method="in_country")
    ucdp_conflict_id = filters.NumberFilter(min_value=0, max_value=2**31 - 1)

    def in_family(self, queryset: QuerySet, name: str, value: UUID) -> QuerySet:
        return queryset.filter(lineage__contains=[value])

    def in_country(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.filter(countries__contains=[value.upper()])


class PartyFilters(filters.FilterSet):
    conflict = filters.UUIDFilter(
        method="of_family", help_text="A conflict anywhere in the tree of the parties."
    )
    parent = filters.UUIDFilter()
    kind = filters.MultipleChoiceFilter(choices=PartyKind.choices, distinct=False)
    openness_to_unofficial = filters.MultipleChoiceFilter(choices=Openness.choices, distinct=False)

    def of_family(self, queryset: QuerySet, name: str, value: UUID) -> QuerySet:
        return queryset.filter(conflict__in=Conflict.objects.filter(pk=value).values("root"))


class OfConflict(filters.FilterSet):
    conflict = filters.UUIDFilter(
        field_name="conflict__lineage", method="within", help_text="This conflict and everything below it."
    )

    def within(self, queryset: QuerySet, name: str, value: UUID) -> QuerySet:
        return queryset.filter(conflict__lineage__contains=[value])


class DeadlineFilters(OfConflict):
    track = filters.UUIDFilter()
    kind = filters.MultipleChoiceFilter(choices=DeadlineKind.choices, distinct=False)
    due_after = filters.DateFilter(field_name="due_on", lookup_expr="gte")
    due_before = filters.DateFilter(field_name="due_on", lookup_expr="lte")


class Named(Resource):
    """Reference is searched by name."""

    searches = True

    def search(self, queryset: QuerySet, text: str) -> QuerySet:
        for word in normalised(text).split():
            queryset = queryset.filter(name__icontains=word)
        return queryset


class Conflicts(Named):
    """Disputes, in a tree."""

    model = Conflict
    serializer_class = ConflictSerializer
    filterset_class = ConflictFilters
    queryset = Conflict.objects.none()
    orderings = ("name", *STAMPS)
    expands = {"parent": inline(lambda: Conflicts), "root": inline(lambda: Conflicts)}

    def make(self, **fields: Any) -> Conflict:
        return services.create_conflict(**fields)

    def change(self, *, by: Any, record: Any, version: int | None, **fields: Any) -> Any:
        return services.edit_conflict(by=by, conflict=record, version=version, **fields)


class Parties(Named):
    """Sides, at the root of a conflict tree."""

    model = Party
    serializer_class = PartySerializer
    filterset_class = PartyFilters
    queryset = Party.objects.none()
    orderings = ("name", *STAMPS)
    expands = {"conflict": inline(lambda: Conflicts), "parent": inline(lambda: Parties)}

    def make(self, **fields: Any) -> Party:
        return services.create_party(**fields)

    def change(self, *, by: Any, record: Any, version: int | None, **fields: Any) -> Any:
        return services.edit_party(by=by, party=record, version=version, **fields)


class OfficialTracks(Named):
    """Track One processes, with their phases."""

    model = OfficialTrack
    serializer_class = TrackSerializer
    filterset_class = OfConflict
    queryset = OfficialTrack.objects.none()
    orderings = ("name", *STAMPS)
    expands = {"conflict": inline(lambda: Conflicts)}

    @classmethod
    def records(cls, user: Any) -> QuerySet:
        return super().records(user).prefetch_related("phases")

    def make(self, **fields: Any) -> OfficialTrack:
        return services.create_track(**fields)

    def change(self, *, by: Any, record: Any, version: int | None, **fields: Any) -> Any:
        return services.edit_track(by=by, track=record, version=version, **fields)

    @extend_schema(request=PhaseSerializer, responses={201: TrackSerializer})
    @action(detail=True, methods=["post"])
    @once
    def phases(self, request: Any, pk: str) -> Response:
        """Record that the track entered a phase on a day. Answers with the track."""
        track = self.get_object()
        services.record_phase(by=request.user, track=track, **self.read_body(PhaseSerializer))
        return self.written([str(track.pk)], status.HTTP_201_CREATED)


class Deadlines(Named):
    """Dated external pressures."""

    model = Deadline
    serializer_class = DeadlineSerializer
    filterset_class = DeadlineFilters
    queryset = Deadline.objects.none()
    orderings = ("due_on", "name", *STAMPS)
    expands = {"conflict": inline(lambda: Conflicts), "track": inline(lambda: OfficialTracks)}

    def make(self, **fields: Any) -> Deadline:
        return services.create_deadline(**fields)

    def change(self, *, by: Any, record: Any, version: int | None, **fields: Any) -> Any:
        return services.edit_deadline(by=by, deadline=record, version=version, **fields)

"""What the machine suggests and what people arrange: /overlaps/ and /coordination-links/."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError as ModelError
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.api.authentication import opens
from accounts.api.fields import Strict, StrictParts, Visible, VisibleMany
from accounts.api.filters import YesNo
from accounts.api.idempotency import once
from accounts.api.resource import Making, Reading
from accounts.enums import RecordKind
from accounts.models import User
from coordination.enums import Assessment, Band, Depth, FlagState, Harm, Mechanism, OverlapKind
from coordination.models import CoordinationLink, MatchingCard, OverlapFlag
from coordination.services import flags, links
from initiatives.api.initiatives import Initiatives
from initiatives.models import Conflict, Initiative, Party, TeamMember

STAMPS = ("created_at", "updated_at")


class MatchingCardSerializer(Strict):
    """What a coordinator learns of an initiative inside a flag, when its card is closed to them."""

    conflict = Visible(Conflict, read_only=True)
    parties = VisibleMany(Party, lambda card: [side.party_id for side in card.sides.all()], read_only=True)

    class Meta(Strict.Meta):
        model = MatchingCard
        fields = (
            "id", "codename", "conflict", "track_type", "began_on", "began_precision", "ended_on",
            "ended_precision", "parties", "themes",
        )  # fmt: skip


def cards(view: Any, ids: list[str]) -> dict[str, Any]:
    """Both sides of pairs that the caller may open: the card where it is readable, else the matching card.

    The ids come from flags and links that were seen, so that the matching card stays inside them.
    """
    user, context = view.request.user, view.get_serializer_context()
    own = TeamMember.objects.live().filter(user=user, initiative=OuterRef("pk"))
    readable = Initiative.objects.visible_to(user).filter(pk__in=ids).annotate(on_team=Exists(own))
    found: dict[str, Any] = {}
    for card in MatchingCard.objects.filter(pk__in=ids).select_related("conflict").prefetch_related("sides"):
        found[str(card.pk)] = dict(MatchingCardSerializer(card, context=context).data)
    for whole in readable.prefetch_related("named", "sides") if opens(view.request, RecordKind.CARD) else ():
        found[str(whole.pk)] = dict(Initiatives.serializer_class(whole, context=context).data)
    return found


class PairFilters(filters.FilterSet):
    conflict = filters.UUIDFilter(method="within", help_text="Either side is on this conflict or below it.")
    initiative = filters.UUIDFilter(method="touching", help_text="Either side.")

    def within(self, queryset: QuerySet, name: str, value: UUID) -> QuerySet:
        return queryset.within([value])

    def touching(self, queryset: QuerySet, name: str, value: UUID) -> QuerySet:
        return queryset.touching([value])


class OverlapSerializer(Strict):
    first = Visible(Initiative, read_only=True)
    second = Visible(Initiative, read_only=True)
    factors = serializers.JSONField(read_only=True, help_text=_("Counts and points, by reason."))
    coordinated = serializers.BooleanField(read_only=True, help_text=_("A live link joins the two."))
    decided_by = Visible(User, read_only=True, allow_null=True)

    class Meta(Strict.Meta):
        model = OverlapFlag
        fields = (
            "id", "version", "first", "second", "band", "points", "kinds", "factors", "table_version", "state",
            "assessment", "harms", "note", "decided_by", "decided_at", "review_on", "coordinated",
            "first_seen_at", "last_seen_at", *STAMPS,
        )  # fmt: skip
        read_only_fields = fields


class AssessmentSerializer(StrictParts):
    assessment = serializers.ChoiceField(Assessment.choices)
    note = serializers.CharField(
        max_length=500, allow_blank=True, default="", help_text=_("Why, in a sentence.")
    )
    harms = serializers.ListField(child=serializers.ChoiceField(Harm.choices), default=list, max_length=20)


class DismissalSerializer(StrictParts):
    reason = serializers.CharField(max_length=500)
    review_on = serializers.DateField(required=False, allow_null=True, help_text=_("Look again on this day."))


class OverlapFilters(PairFilters):
    band = filters.MultipleChoiceFilter(choices=Band.choices, distinct=False)
    state = filters.MultipleChoiceFilter(choices=FlagState.choices, distinct=False)
    assessment = filters.MultipleChoiceFilter(choices=Assessment.choices, distinct=False)
    kind = filters.ChoiceFilter(method="of_kind", choices=OverlapKind.choices)
    coordinated = YesNo()

    def of_kind(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.filter(kinds__contains=[value])


class Overlaps(Reading):
    """Pairs that may be in each other's way, for coordinators whose mandate opens them."""

    kind = RecordKind.COORDINATION
    model = OverlapFlag
    serializer_class = OverlapSerializer
    filterset_class = OverlapFilters
    queryset = OverlapFlag.objects.none()
    orderings = ("points", "first_seen_at", "last_seen_at", *STAMPS)
    expands = {"first": cards, "second": cards}

    @classmethod
    def records(cls, user: Any) -> QuerySet:
        return super().records(user).current().with_coordinated()

    @extend_schema(request=AssessmentSerializer, responses=OverlapSerializer)
    @action(detail=True, methods=["post"])
    @once
    def assess(self, request: Any, pk: str) -> Response:
        """Say what the overlap is. Overlap is not a defect by itself."""
        flag = self.get_object()
        flags.assess_flag(
            by=request.user, flag=flag, version=self.version(flag), **self.read_body(AssessmentSerializer)
        )
        return self.written([str(flag.pk)])

    @extend_schema(request=DismissalSerializer, responses=OverlapSerializer)
    @action(detail=True, methods=["post"])
    @once
    def dismiss(self, request: Any, pk: str) -> Response:
        """Put the flag aside until what it rests on changes, or until a day."""
        flag = self.get_object()
        flags.dismiss_flag(
            by=request.user, flag=flag, version=self.version(flag), **self.read_body(DismissalSerializer)
        )
        return self.written([str(flag.pk)])

    @extend_schema(request=None, responses=OverlapSerializer)
    @action(detail=True, methods=["post"])
    @once
    def reopen(self, request: Any, pk: str) -> Response:
        """Take an assessment or a dismissal back."""
        flag = self.get_object()
        flags.reopen_flag(by=request.user, flag=flag, version=self.version(flag))
        return self.written([str(flag.pk)])


def pairable(user: Any, pk: UUID) -> Initiative | MatchingCard | None:
    """What the caller may name in a link: a readable card, or a side of a flag that they may open."""
    if card := Initiative.objects.visible_to(user).filter(pk=pk).first():
        return card
    opened = OverlapFlag.objects.visible_to(user).touching([pk])
    return MatchingCard.objects.filter(pk=pk).first() if opened.exists() else None


class LinkSerializer(Strict):
    first = Visible(Initiative, pairable)
    second = Visible(Initiative, pairable)

    class Meta(Strict.Meta):
        model = CoordinationLink
        fields = (
            "id",
            "version",
            "first",
            "second",
            "mechanism",
            "depth",
            "note",
            "began_on",
            "ended_at",
            *STAMPS,
        )


class LinkFilters(PairFilters):
    mechanism = filters.MultipleChoiceFilter(choices=Mechanism.choices, distinct=False)
    depth = filters.MultipleChoiceFilter(choices=Depth.choices, distinct=False)
    live = YesNo(field_name="ended_at", lookup_expr="isnull", help_text="Has not ended.")


class CoordinationLinks(Making, Reading):
    """Arrangements between two initiatives."""

    kind = RecordKind.COORDINATION
    model = CoordinationLink
    serializer_class = LinkSerializer
    filterset_class = LinkFilters
    queryset = CoordinationLink.objects.none()
    orderings = ("began_on", *STAMPS)
    kept_inside = ("note",)
    expands = {"first": cards, "second": cards}

    def make(self, *, by: Any, first: Initiative, second: Initiative, **fields: Any) -> CoordinationLink:
        if first.pk == second.pk:
            raise ModelError({"second": ModelError(_("Name another initiative than the first."), "same")})
        depth = fields.pop("depth", Depth.AWARE)
        return links.arrange_coordination(by=by, first=first, second=second, depth=depth, **fields)

    @extend_schema(request=None, responses=LinkSerializer)
    @action(detail=True, methods=["post"])
    @once
    def end(self, request: Any, pk: str) -> Response:
        """End the arrangement; the flag of the pair comes back."""
        link = self.get_object()
        links.end_coordination(by=request.user, link=link, version=self.version(link))
        return self.written([str(link.pk)])

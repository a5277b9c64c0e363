"""Outcomes: /outcomes/."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.response import Response

from accounts.api.fields import Strict, StrictParts, Visible, VisibleMany
from accounts.api.filters import YesNo
from accounts.api.idempotency import once
from accounts.api.resource import Resource, inline
from accounts.enums import RecordKind
from confidentiality import policy
from confidentiality.codes import Action, KeptBy
from confidentiality.fields import if_it_opens
from confidentiality.policy import UNATTRIBUTED_IN_FILES
from initiatives.api import overriding
from initiatives.api.brief import OfInitiative, OwnInitiative
from initiatives.api.initiatives import Initiatives
from initiatives.api.overriding import Overridable
from initiatives.api.reference import STAMPS, Parties
from initiatives.api.sessions import Sessions
from initiatives.api.versions import VersionSerializer
from initiatives.models import Party, Session
from initiatives.services.versions import REASON_LENGTH
from participants.api.people import Participations
from participants.models import Participation
from transfer import services
from transfer.enums import ContentKind, OutcomeKind, TravelPermission
from transfer.models import OUTCOME_TEXTS, SCALE, Outcome
from transfer.services.permission import in_files

ENDS = ("from", "to")
ONCE = _("What was recorded as one kind is deleted and recorded as the other.")


@extend_schema_field(
    {
        "type": "object",
        "properties": {end: {"type": "integer", "minimum": -SCALE, "maximum": SCALE} for end in ENDS},
    }
)
class ChangeField(serializers.DictField):
    """Where it stood and where it stands, from -2 to 2: {"from": -1, "to": 1}. Both, or {} where it is not known."""

    child = serializers.IntegerField(min_value=-SCALE, max_value=SCALE)

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := [str(name) for name in data if name not in ENDS]):
            text = _("Expected from and to.")
            raise ValidationError({name: [ErrorDetail(text, "unknown_field")] for name in unknown})
        return super().to_internal_value(data)


class Repeated(Visible):
    """The outcome that is repeated, where the caller sees it; else null, as where there is none."""

    def get_attribute(self, instance: Any) -> Any:
        return instance.seen_repeats


class OutcomeSerializer(Overridable, Strict):
    initiative = OwnInitiative()
    session = Visible(Session, required=False, allow_null=True, help_text=_("Out of which session it came."))
    participation = Visible(
        Participation, required=False, allow_null=True, help_text=_("Whose change it is; or `party`.")
    )
    party = Visible(Party, required=False, allow_null=True, help_text=_("The side whose change it is."))
    endorsed_by = VisibleMany(
        Party, lambda outcome: outcome.endorsed_by, required=False, help_text=_("Sides that stand behind it.")
    )
    repeats = Repeated(Outcome, required=False, allow_null=True)
    change = ChangeField(required=False)
    travelled = serializers.BooleanField(
        read_only=True, help_text=_("It was carried out of the team at least once.")
    )
    by = serializers.UUIDField(source="by_id", read_only=True)

    class Meta(Strict.Meta):
        model = Outcome
        fields = (
            "id", "version", "initiative", "kind", "content_kind", "statement", "session", "participation", "party",
            "change", "observed_by", "consented", "endorsed_by", "travel_permission", "interest_addressed", "repeats",
            "contributes_to", "confidence", "evidence", "travelled", "by", "deleted_at", *overriding.FIELDS, *STAMPS,
        )  # fmt: skip
        read_only_fields = ("deleted_at",)
        extra_kwargs = {
            "travel_permission": {
                "required": True,
                "help_text": _("Did the group agree that this may travel? A choice without default."),
            }
        }
        set_once = {"initiative": _("An outcome stays with its initiative."), "kind": ONCE}


class OutcomeFieldsSerializer(serializers.Serializer):
    """An outcome as it stood after one save."""

    kind = serializers.CharField()
    content_kind = serializers.CharField()
    statement = serializers.CharField()
    participation = serializers.UUIDField(allow_null=True)
    party = serializers.UUIDField(allow_null=True)
    change = serializers.DictField()
    observed_by = serializers.CharField()
    consented = serializers.BooleanField(allow_null=True)
    endorsed_by = serializers.ListField(child=serializers.UUIDField())
    session = serializers.UUIDField(allow_null=True)
    travel_permission = serializers.CharField()
    interest_addressed = serializers.CharField()
    repeats = serializers.UUIDField(allow_null=True)
    contributes_to = serializers.CharField()
    confidence = serializers.CharField()
    evidence = serializers.CharField()
    deleted = serializers.BooleanField()

    def to_representation(self, instance: Any) -> Any:
        """What an older version did not know of is null."""
        return super().to_representation({**dict.fromkeys(self.fields), **instance})


class OutcomeRevisionSerializer(VersionSerializer):
    reason = serializers.CharField()
    fields_then = OutcomeFieldsSerializer()

    def get_fields(self) -> dict[str, Any]:
        """`fields` means something else to the framework, so it takes its name here."""
        found = super().get_fields()
        found["fields"] = found.pop("fields_then")
        return found


class WhySerializer(StrictParts):
    reason = serializers.CharField(
        max_length=REASON_LENGTH, help_text=_("Why it goes. It stays in the history.")
    )


class OutcomeFilters(OfInitiative):
    session = filters.UUIDFilter()
    participation = filters.UUIDFilter()
    party = filters.UUIDFilter()
    kind = filters.MultipleChoiceFilter(choices=OutcomeKind.choices, distinct=False)
    content_kind = filters.MultipleChoiceFilter(choices=ContentKind.choices, distinct=False)
    travel_permission = filters.MultipleChoiceFilter(choices=TravelPermission.choices, distinct=False)
    travelled = YesNo(field_name="travelled")
    deleted = YesNo(
        field_name="deleted_at", lookup_expr="isnull", exclude=True, help_text=_("Left out: false.")
    )


def _nobody(row: Mapping[str, Any]) -> dict[str, Any]:
    """Neither who it was nor for whom they sat there; the sides that stand behind what a group made may be named."""
    return {"participation": None, **({"party": None} if row["kind"] == OutcomeKind.INDIVIDUAL else {})}


class Outcomes(Resource):
    """What changed in people, and what groups made, in the initiatives on whose teams the caller is."""

    kind = RecordKind.OUTCOMES
    model = Outcome
    serializer_class = OutcomeSerializer
    filterset_class = OutcomeFilters
    queryset = Outcome.objects.none()
    orderings = STAMPS
    searches = True
    expands = {
        "initiative": inline(lambda: Initiatives),
        "session": inline(lambda: Sessions),
        "participation": inline(lambda: Participations),
        "party": inline(lambda: Parties),
        "endorsed_by": inline(lambda: Parties),
        "repeats": inline(lambda: Outcomes),
    }

    @classmethod
    def records(cls, user: Any) -> QuerySet:
        return Outcome.objects.visible_to(user).with_travelled().with_seen_repeats(user)

    def filter_queryset(self, queryset: QuerySet) -> QuerySet:
        found = super().filter_queryset(queryset)
        return found if "deleted" in self.request.query_params else found.kept()

    def search(self, queryset: QuerySet, text: str) -> QuerySet:
        """Every word in the statement; opened in memory, of one's own teams alone."""
        words = text.casefold().split()
        found = [
            one.pk
            for one in queryset.only("initiative", "statement")
            if all(word in (if_it_opens(one, "statement") or "").casefold() for word in words)
        ]
        return queryset.filter(pk__in=found)

    def exported(self, rows: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
        """A file leaves the room: nothing that was deleted, or that the group or the rule of its session keeps."""
        blank: dict[str, Any] = {**dict.fromkeys(OUTCOME_TEXTS, ""), "change": {}}
        seen = Outcome.objects.visible_to(self.request.user).select_related("session")
        by_id = {str(one.pk): one for one in seen.filter(pk__in=[row["id"] for row in rows])}
        leaving = []
        for row in rows:
            leaves = in_files(by_id[row["id"]])
            self.causes[row["id"]] = KeptBy.DELETED.value if row["deleted_at"] else leaves.why
            if leaves.row and row["deleted_at"] is None:
                without = {} if leaves.texts else blank
                leaving.append({**row, **without, **({} if leaves.people else _nobody(row))})
        return leaving

    searched_texts = OUTCOME_TEXTS

    def searched(self, leaving: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
        """Of sessions whose rule keeps people inside, and of none: nobody agreed to be named there."""
        ids = [row["id"] for row in leaving]
        unsaid = Q(session=None) | Q(session__rule__in=UNATTRIBUTED_IN_FILES)
        kept = Outcome.objects.visible_to(self.request.user).filter(unsaid, pk__in=ids)
        unattributed = {str(pk) for pk in kept.values_list("pk", flat=True)}
        return [row for row in leaving if row["id"] in unattributed]

    def make(self, **fields: Any) -> Outcome:
        return services.record_outcome(**fields)

    def change(self, *, by: Any, record: Any, version: int | None, **fields: Any) -> Any:
        return services.edit_outcome(by=by, outcome=record, version=version, **fields)

    @extend_schema(request=WhySerializer, responses={204: None})
    def destroy(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Take an outcome out of the lists, with a reason. It keeps its history, and `restore/` brings it back."""
        outcome = self.get_object()
        policy.require(request.user, Action.EDIT_OUTCOMES, outcome)  # Before anything is said of the body.
        fields = self.read_body(WhySerializer)
        services.delete_outcome(by=request.user, outcome=outcome, version=self.version(outcome), **fields)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=None, responses=OutcomeSerializer)
    @action(detail=True, methods=["post"])
    @once
    def restore(self, request: Any, pk: str) -> Response:
        """Bring a deleted outcome back as it was."""
        outcome = self.get_object()
        services.restore_outcome(by=request.user, outcome=outcome, version=self.version(outcome))
        return self.written([str(outcome.pk)])

    @extend_schema(responses=OutcomeRevisionSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], pagination_class=None)
    def history(self, request: Any, pk: str) -> Response:
        """Every version: who saved it when, what changed and why. The newest first."""
        versions = services.outcome_versions(by=request.user, outcome=self.get_object())
        return Response(OutcomeRevisionSerializer(versions, many=True).data)

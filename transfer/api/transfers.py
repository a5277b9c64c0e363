"""How outcomes are carried, what became of it, and what a liaison receives: /transfers/, /uptake-steps/ and
/received-transfers/."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError as ModelError
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.api.fields import Strict, StrictParts, Visible
from accounts.api.filters import YesNo
from accounts.api.idempotency import once
from accounts.api.resource import Making, Reading, Resource, inline
from accounts.enums import RecordKind
from confidentiality.codes import KeptBy
from confidentiality.policy import UNATTRIBUTED_TO_OFFICIALS
from initiatives.api import overriding
from initiatives.api.initiatives import Initiatives
from initiatives.api.overriding import Overridable
from initiatives.api.reference import STAMPS, OfficialTracks
from initiatives.models import OfficialTrack, TeamMember
from participants.api.bodies import OfficialBodies
from participants.api.people import Participations
from participants.models import OfficialBody, OfficialLink, Participation
from transfer import ladder, services
from transfer.api.outcomes import Outcomes
from transfer.enums import Channel, TransferStatus, Uptake
from transfer.models import SCALE, Outcome, ReceivedTransfer, Transfer, UptakeStep
from transfer.services.permission import InFiles, in_files, keeps_way

WHY = 500


class StancesField(serializers.DictField):
    """What a transfer says on themes: {theme: -2 to 2}."""

    child = serializers.IntegerField(min_value=-SCALE, max_value=SCALE)

    def get_attribute(self, instance: Any) -> dict[str, int]:
        return {row.theme: row.stance for row in instance.stances.all()}


class LinkUsed(Visible):
    """The official link by which it went, where the caller reads links; else null, as where there is none."""

    def get_attribute(self, instance: Any) -> Any:
        return instance.seen_link


class TransferSerializer(Overridable, Strict):
    initiative = serializers.UUIDField(source="initiative_id", read_only=True)
    outcome = Visible(Outcome, help_text=_("What was carried. Nothing travels beyond its travel_permission."))
    status = serializers.ChoiceField(
        TransferStatus.choices, help_text=_("A new one is planned or done; abandoned needs a reason.")
    )
    carrier = Visible(Participation, allow_null=True, required=False)
    link = LinkUsed(OfficialLink, allow_null=True, required=False)
    body = Visible(OfficialBody, allow_null=True, required=False)
    track = Visible(OfficialTrack, allow_null=True, required=False)
    stances = StancesField(required=False)
    standing = serializers.SerializerMethodField(
        help_text=_("Code of the latest step; without one, sent or not_sent.")
    )
    by = serializers.UUIDField(source="by_id", read_only=True)
    reason = serializers.CharField(
        write_only=True, required=False, max_length=WHY, help_text=_("Why it is abandoned.")
    )

    class Meta(Strict.Meta):
        model = Transfer
        fields = (
            "id", "version", "initiative", "outcome", "status", "direction", "channel", "agent", "carrier", "link",
            "body", "track", "sent_on", "sent_precision", "fidelity", "message", "note", "stances", "standing", "by",
            "deleted_at", "reason", *overriding.FIELDS, *STAMPS,
        )  # fmt: skip
        read_only_fields = ("deleted_at",)
        set_once = {"outcome": _("A transfer stays with its outcome.")}

    def get_standing(self, transfer: Any) -> str:
        return ladder.standing(transfer.status, transfer.steps.all())


class WhySerializer(StrictParts):
    reason = serializers.CharField(max_length=WHY)


class TransferFilters(filters.FilterSet):
    initiative = filters.UUIDFilter()
    outcome = filters.UUIDFilter()
    body = filters.UUIDFilter()
    status = filters.ChoiceFilter(choices=TransferStatus.choices)
    channel = filters.ChoiceFilter(choices=Channel.choices)


def _leaving(row: Mapping[str, Any], leaves: InFiles) -> tuple[dict[str, Any], str]:
    """A transfer as it leaves in a file, and what keeps the rest of it inside."""
    # A note is of the team, and often says who: nobody is asked about it.
    nobody = {} if leaves.people else {"carrier": None, "note": ""}
    wordless = {} if leaves.texts else {"message": "", "note": ""}
    named = not leaves.people and (row["carrier"] or row["note"])
    why = leaves.why if not leaves.texts or named else KeptBy.LINK.value
    return {**row, "link": None, **nobody, **wordless}, why


class Transfers(Resource):
    """Transfers of the initiatives on whose teams the caller is. Lists leave out what was deleted."""

    kind = RecordKind.TRANSFERS
    model = Transfer
    serializer_class = TransferSerializer
    filterset_class = TransferFilters
    queryset = Transfer.objects.none()
    orderings = ("sent_on", *STAMPS)
    expands = {
        "initiative": inline(lambda: Initiatives),
        "outcome": inline(lambda: Outcomes),
        "body": inline(lambda: OfficialBodies),
        "track": inline(lambda: OfficialTracks),
        "carrier": inline(lambda: Participations),
    }

    @classmethod
    def records(cls, user: Any) -> QuerySet:
        return super().records(user).with_seen_link(user).prefetch_related("stances", "steps")

    def get_queryset(self) -> QuerySet:
        found = super().get_queryset()
        return found.kept() if self.action == "list" else found

    def exported(self, rows: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
        """A file leaves the room: only what may travel the way it did, never by whose link, and by whom only where the
        rule of the session lets it be said who was there."""
        ids = {row["outcome"] for row in rows}
        seen = Outcome.objects.visible_to(self.request.user).filter(pk__in=ids).select_related("session")
        by_id = {str(one.pk): one for one in seen}
        leaving = []
        for row in rows:
            if (outcome := by_id.get(row["outcome"])) is None:
                continue
            self.causes[row["id"]] = keeps_way(outcome, row["channel"])
            if not self.causes[row["id"]]:
                left, self.causes[row["id"]] = _leaving(row, in_files(outcome))
                leaving.append(left)
        return leaving

    searched_texts = ("message", "note")

    def searched(self, leaving: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
        """Of sessions whose rule keeps people inside of what an office gets, and of none."""
        unsaid = Q(outcome__session=None) | Q(outcome__session__rule__in=UNATTRIBUTED_TO_OFFICIALS)
        ids = [row["id"] for row in leaving]
        kept = Transfer.objects.visible_to(self.request.user).filter(unsaid, pk__in=ids)
        self.offices = {str(pk): name for pk, name in kept.values_list("pk", "body__name")}
        return [row for row in leaving if row["id"] in self.offices]

    def meant(self, row: Mapping[str, Any]) -> Iterable[str]:
        """The office that it goes to."""
        return filter(None, [self.offices.get(row["id"])])

    def make(self, *, by: Any, status: str, reason: str = "", **fields: Any) -> Transfer:
        if status == TransferStatus.ABANDONED:
            raise ModelError({"status": _("Plan it first; then it can be abandoned.")})
        make = services.record_transfer if status == TransferStatus.DONE else services.plan_transfer
        return make(by=by, **fields)

    def change(self, *, by: Any, record: Any, version: int | None, reason: str = "", **fields: Any) -> Any:
        wanted = fields.pop("status", record.status)
        if wanted == record.status:
            return services.edit_transfer(by=by, transfer=record, version=version, **fields)
        if wanted == TransferStatus.DONE:
            return services.carry_out(by=by, transfer=record, version=version, **fields)
        if wanted == TransferStatus.PLANNED:
            raise ModelError({"status": _("What was done or abandoned is not planned any more.")})
        if fields:
            raise ModelError(dict.fromkeys(fields, _("Is not changed together with giving it up.")))
        return services.abandon_transfer(by=by, transfer=record, reason=reason, version=version)

    @extend_schema(request=WhySerializer, responses=TransferSerializer)
    @action(detail=True, methods=["post"], url_path="delete")
    @once
    def remove(self, request: Any, pk: str) -> Response:
        """Take it out of every list, a liaison's too. It stays readable at its address, and can be restored."""
        found = self.get_object()
        why = self.read_body(WhySerializer)["reason"]
        services.delete_transfer(by=request.user, transfer=found, reason=why, version=self.version(found))
        return self.written([str(found.pk)])

    @extend_schema(request=None, responses=TransferSerializer)
    @action(detail=True, methods=["post"])
    @once
    def restore(self, request: Any, pk: str) -> Response:
        """Bring a deleted transfer back, if its outcome may still travel that way."""
        found = self.get_object()
        services.restore_transfer(by=request.user, transfer=found, version=self.version(found))
        return self.written([str(found.pk)])


class StepSerializer(Strict):
    initiative = serializers.UUIDField(source="initiative_id", read_only=True)
    transfer = Visible(Transfer)
    by = serializers.SerializerMethodField(help_text=_("Null where the office itself acknowledged."))

    class Meta(Strict.Meta):
        model = UptakeStep
        fields = (
            "id", "version", "initiative", "transfer", "uptake", "on", "precision", "evidence", "confidence",
            "substantiated", "reason", "note", "by", *STAMPS,
        )  # fmt: skip

    def get_by(self, step: Any) -> str | None:
        return str(step.by_id) if step.by_team else None


class StepFilters(filters.FilterSet):
    initiative = filters.UUIDFilter()
    transfer = filters.UUIDFilter()
    uptake = filters.ChoiceFilter(choices=Uptake.choices)


class UptakeSteps(Making, Reading):
    """Steps on the uptake ladder, of the initiatives on whose teams the caller is. A step is never changed."""

    kind = RecordKind.TRANSFERS
    model = UptakeStep
    serializer_class = StepSerializer
    filterset_class = StepFilters
    queryset = UptakeStep.objects.none()
    orderings = ("on", *STAMPS)
    expands = {"initiative": inline(lambda: Initiatives), "transfer": inline(lambda: Transfers)}

    @classmethod
    def records(cls, user: Any) -> QuerySet:
        team = TeamMember.objects.filter(initiative=OuterRef("initiative"), user=OuterRef("by"))
        return super().records(user).annotate(by_team=Exists(team))

    def get_queryset(self) -> QuerySet:
        found = super().get_queryset()
        kept = {"transfer__deleted_at": None, "transfer__outcome__deleted_at": None}
        return found.filter(**kept) if self.action == "list" else found

    def exported(self, rows: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
        """A file leaves the room: only steps of what may travel the way it did, and what a team remarks on it only
        where it may be said who: notes often say so."""
        ids = {row["transfer"] for row in rows}
        seen = Transfer.objects.visible_to(self.request.user).filter(pk__in=ids)
        by_id = {str(one.pk): one for one in seen.select_related("outcome__session")}
        leaving = []
        for row in rows:
            if (of := by_id.get(row["transfer"])) is None:
                continue
            stays, leaves = keeps_way(of.outcome, of.channel), in_files(of.outcome)
            self.causes[row["id"]] = stays or leaves.why
            if not stays:
                leaving.append({**row, **({"reason": "", "note": ""} if leaves.why else {})})
        return leaving

    def make(self, **fields: Any) -> UptakeStep:
        return services.record_step(**fields)


class ReceivedSerializer(Strict):
    conflict = serializers.UUIDField(source="conflict_id", read_only=True)
    conflict_name = serializers.CharField(source="conflict.name", read_only=True)
    body = serializers.UUIDField(source="body_id", read_only=True)
    body_name = serializers.CharField(source="body.name", read_only=True)
    track = serializers.UUIDField(source="track_id", read_only=True, allow_null=True)
    message = serializers.SerializerMethodField(
        help_text=_("Empty where nothing was written, or it does not open.")
    )

    class Meta(Strict.Meta):
        model = ReceivedTransfer
        fields = (
            "id", "conflict", "conflict_name", "body", "body_name", "track", "direction", "channel", "sent_on",
            "sent_precision", "message", "acknowledged_on",
        )  # fmt: skip
        read_only_fields = fields

    def get_message(self, received: Any) -> str:
        return services.message_of(received)


class AcknowledgementSerializer(StrictParts):
    on = serializers.DateField(required=False, help_text=_("Left out: today."))


class ReceivedFilters(filters.FilterSet):
    body = filters.UUIDFilter()
    channel = filters.ChoiceFilter(choices=Channel.choices)
    acknowledged = YesNo(field_name="acknowledged_on", lookup_expr="isnull", exclude=True)


class ReceivedTransfers(Reading):
    """What was carried to bodies for which the caller is liaison: when, by which way, and the message. Never by whom,
    nor from which initiative."""

    kind = RecordKind.TRANSFERS
    model = ReceivedTransfer
    serializer_class = ReceivedSerializer
    filterset_class = ReceivedFilters
    queryset = ReceivedTransfer.objects.none()
    orderings = ("sent_on",)
    ordering = "-sent_on"

    @classmethod
    def records(cls, user: Any) -> QuerySet:
        return super().records(user).select_related("conflict", "body")

    def answer(self, record: Any, code: int = status.HTTP_200_OK) -> Response:
        """Without an ETag: the version of the transfer would tell of the team's work on it."""
        return Response(self.represent([record])[0], code)

    @extend_schema(request=AcknowledgementSerializer, responses=ReceivedSerializer)
    @action(detail=True, methods=["post"])
    @once
    def acknowledge(self, request: Any, pk: str) -> Response:
        """Say that it has arrived, in the name of the office. Saying it twice is once."""
        found = self.get_object()
        services.acknowledge(by=request.user, received=found, **self.read_body(AcknowledgementSerializer))
        return self.written([str(found.pk)])

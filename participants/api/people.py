"""People by pseudonym, who takes part in what, who was there, and ratings. An identity has an address of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.response import Response

from accounts.api.authentication import HasScope, opens
from accounts.api.fields import Strict, StrictParts, Visible
from accounts.api.idempotency import once
from accounts.api.resource import Making, Reading, Resource, inline
from accounts.api.resources import Organisations
from accounts.enums import RecordKind
from accounts.models import Organisation
from confidentiality import policy
from confidentiality.codes import Action, KeptBy, TeamRole
from confidentiality.fields import if_it_opens
from confidentiality.policy import ATTENDANCE_IN_FILES
from initiatives.api import overriding
from initiatives.api.brief import OfInitiative, OwnInitiative
from initiatives.api.initiatives import Initiatives
from initiatives.api.overriding import Overridable
from initiatives.api.reference import STAMPS, Parties
from initiatives.api.sessions import Sessions
from initiatives.api.tables import ReportSerializer, TableSerializer, imported
from initiatives.models import Party, Session
from initiatives.services.versions import REASON_LENGTH
from participants import services
from participants.enums import (
    EXPOSURE,
    Background,
    Capacity,
    Consent,
    Criterion,
    ParticipationStatus,
    RoomRole,
)
from participants.models import Attendance, Participation, Person, PersonIdentity, SelectionRating
from participants.models.participation import NOTE_LENGTH
from participants.models.person import CONTACTS_LENGTH, NAME_LENGTH
from participants.services.importing import import_people

PARTICIPATION = ("role", "capacity", "status", "consents", "withdrew_on", "note")
ELSEWHERE = _("This belongs to the participation: change it at /participations/.")


class PersonNameSerializer(StrictParts):
    name = serializers.CharField(max_length=NAME_LENGTH)
    script = serializers.CharField(
        max_length=4, required=False, allow_blank=True, help_text=_("Of ISO 15924; found out if left out.")
    )


class IdentitySerializer(StrictParts):
    """Who somebody is. Left out: stays as it is."""

    name = serializers.CharField(max_length=NAME_LENGTH, required=False, allow_blank=True, allow_null=False)
    other_names = PersonNameSerializer(many=True, required=False)
    birth_year = serializers.CharField(max_length=4, required=False, allow_blank=True)
    contacts = serializers.CharField(max_length=CONTACTS_LENGTH, required=False, allow_blank=True)
    affiliation = serializers.CharField(max_length=NAME_LENGTH, required=False, allow_blank=True)


class EraseSerializer(StrictParts):
    reason = serializers.CharField(max_length=REASON_LENGTH, help_text=_("Kept in the history."))


class PersonSerializer(Overridable, Strict):
    organisation = Visible(
        Organisation,
        required=False,
        help_text=_("Whose register; by those who keep it, without an initiative."),
    )
    party = Visible(Party, required=False, allow_null=True, help_text=_("The side; null for none."))
    initiative = OwnInitiative(
        required=False,
        write_only=True,
        help_text=_("Where the person takes part; then its register is meant."),
    )
    role = serializers.ChoiceField(RoomRole.choices, required=False, write_only=True)
    capacity = serializers.ChoiceField(Capacity.choices, required=False, write_only=True)
    status = serializers.ChoiceField(ParticipationStatus.choices, required=False, write_only=True)
    consents = serializers.ListField(
        child=serializers.ChoiceField(Consent.choices), required=False, write_only=True, max_length=20
    )
    withdrew_on = serializers.DateField(required=False, allow_null=True, write_only=True)
    note = serializers.CharField(max_length=NOTE_LENGTH, required=False, allow_blank=True, write_only=True)
    identity = IdentitySerializer(
        required=False, write_only=True, help_text=_("Written here; read at /identity/, by those who may.")
    )

    class Meta(Strict.Meta):
        model = Person
        fields = (
            "id",
            "version",
            "organisation",
            "pseudonym",
            "party",
            "background",
            "initiative",
            *PARTICIPATION,
            "identity",
            *overriding.FIELDS,
            *STAMPS,
        )
        read_only_fields = ("pseudonym",)
        set_once = {
            "organisation": _("A person stays in the register."),
            "initiative": ELSEWHERE,
            **dict.fromkeys(PARTICIPATION, ELSEWHERE),
            "identity": _("Change it at /identity/."),
        }


class PersonFilters(filters.FilterSet):
    organisation = filters.UUIDFilter()
    party = filters.UUIDFilter()
    background = filters.MultipleChoiceFilter(choices=Background.choices, distinct=False)
    initiative = filters.UUIDFilter(method="inside", help_text="Takes part in it, as far as you see that.")

    def inside(self, queryset: QuerySet, name: str, value: UUID) -> QuerySet:
        parts = Participation.objects.visible_to(self.request.user).filter(initiative=value)
        return queryset.filter(pk__in=parts.values("person_id"))


class People(Resource):
    """People by pseudonym: of registers that the caller keeps, and of initiatives on whose teams the caller is."""

    kind = RecordKind.PEOPLE
    action_kinds = dict.fromkeys(("identity", "write_identity", "erase", "forget"), RecordKind.IDENTITY)
    model = Person
    serializer_class = PersonSerializer
    filterset_class = PersonFilters
    queryset = Person.objects.none()
    orderings = ("pseudonym", *STAMPS)
    expands = {"organisation": inline(lambda: Organisations), "party": inline(lambda: Parties)}

    def make(self, *, by: Any, **fields: Any) -> Person:
        initiative, organisation = fields.get("initiative"), fields.get("organisation")
        if (initiative is None) == (organisation is None):
            text = _("Name either an initiative or the organisation whose register you keep.")
            raise ValidationError({"initiative": text})
        if initiative is None and (given := [name for name in PARTICIPATION if name in fields]):
            raise ValidationError(dict.fromkeys(given, _("Without an initiative nobody takes part.")))
        if "identity" in fields:
            _for_identities(self.request)
        return services.add_person(by=by, **fields)

    def change(self, *, by: Any, record: Any, version: int | None, **fields: Any) -> Any:
        return services.edit_person(by=by, person=record, version=version, **fields)

    @extend_schema(responses=IdentitySerializer, filters=False)
    @action(detail=True, methods=["get"], pagination_class=None)
    def identity(self, request: Any, pk: str) -> Response:
        """Who somebody is, for those who may know it. A deliberate act, which is told of; never part of a list."""
        identity = services.open_identity(by=request.user, person=self.get_object())
        return _identity(identity)

    @extend_schema(request=IdentitySerializer, responses=IdentitySerializer)
    @identity.mapping.patch
    def write_identity(self, request: Any, pk: str) -> Response:
        """Write down or correct who somebody is. What stood there before is not kept."""
        person = self.get_object()
        policy.require(request.user, Action.EDIT_IDENTITY, person)
        fields = self.read_body(IdentitySerializer)
        before = PersonIdentity.objects.visible_to(request.user).filter(person=person).first()
        version = self.version(before) if before else None
        return _identity(services.write_identity(by=request.user, person=person, version=version, **fields))

    @extend_schema(request=TableSerializer, responses=ReportSerializer)
    @action(detail=False, methods=["post"], url_path="import")
    @once
    def import_table(self, request: Any) -> Response:
        """People from a table, all rows or none; with `dry_run` what that would do. At most 500 rows."""
        # A table may name people, and a dry run tells who of them takes part already.
        _for_identities(request)
        return imported(self, import_people)

    @extend_schema(request=EraseSerializer, responses={204: None})
    @action(detail=True, methods=["post"])
    @once
    def erase(self, request: Any, pk: str) -> Response:
        """Destroy what is written of who somebody is. The pseudonym stays; the reason is kept."""
        person = self.get_object()
        policy.require(request.user, Action.EDIT_IDENTITY, person)
        services.erase_identity(by=request.user, person=person, **self.read_body(EraseSerializer))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=EraseSerializer, responses={204: None})
    @action(detail=True, methods=["post"])
    @once
    def forget(self, request: Any, pk: str) -> Response:
        """Destroy everything by which the person could be known: the identity, every tie to an office, unfinished forms
        about either, and the notes on taking part of the caller's teams, with the reasons given there. The pseudonym
        stays, with where it took part; the reason is kept."""
        person = self.get_object()
        policy.require(request.user, Action.EDIT_IDENTITY, person)
        services.forget_person(by=request.user, person=person, **self.read_body(EraseSerializer))
        return Response(status=status.HTTP_204_NO_CONTENT)


def _for_identities(request: Any) -> None:
    """Names are of another kind than pseudonyms, also where both are sent at once."""
    if not opens(request, RecordKind.IDENTITY):
        raise PermissionDenied(HasScope.narrow)


def _identity(identity: PersonIdentity | None) -> Response:
    """Every field; empty where nothing is written down, null where a text does not open."""
    if identity is None:
        empty = {name: [] if name == "other_names" else "" for name in services.IDENTITY_FIELDS}
        return Response(empty)
    found = {name: if_it_opens(identity, name) for name in services.IDENTITY_FIELDS}
    return Response(found, headers={"ETag": f'"{identity.version}"'})


class ParticipationSerializer(Overridable, Strict):
    initiative = OwnInitiative(help_text=_("In which the person takes part."))
    person = Visible(Person)
    consents = serializers.ListField(
        child=serializers.ChoiceField(Consent.choices), required=False, max_length=20
    )

    class Meta(Strict.Meta):
        model = Participation
        fields = ("id", "version", "initiative", "person", *PARTICIPATION, *overriding.FIELDS, *STAMPS)
        set_once = {
            "initiative": _("A participation stays in its initiative."),
            "person": _("A participation stays with its person."),
        }

    def to_representation(self, instance: Any) -> Any:
        """An observer knows pseudonyms; what is noted of somebody is for those who write it."""
        row = super().to_representation(instance)
        if instance.initiative_id not in self._logged():
            row["note"] = ""
        return row

    def _logged(self) -> set[UUID]:
        """Initiatives in which the caller writes; asked once for a request."""
        if "logged" not in self.context:
            own = self.context["request"].user.team_memberships.live().exclude(role=TeamRole.OBSERVER)
            self.context["logged"] = set(own.values_list("initiative_id", flat=True))
        return self.context["logged"]


class ParticipationFilters(OfInitiative):
    person = filters.UUIDFilter()
    role = filters.MultipleChoiceFilter(choices=RoomRole.choices, distinct=False)
    capacity = filters.MultipleChoiceFilter(choices=Capacity.choices, distinct=False)
    status = filters.MultipleChoiceFilter(choices=ParticipationStatus.choices, distinct=False)


class Participations(Resource):
    """Who takes part in initiatives of one's teams. POST brings somebody of the register into another one."""

    kind = RecordKind.PEOPLE
    model = Participation
    serializer_class = ParticipationSerializer
    filterset_class = ParticipationFilters
    queryset = Participation.objects.none()
    orderings = STAMPS
    kept_inside = ("note",)
    expands = {"initiative": inline(lambda: Initiatives), "person": inline(lambda: People)}

    def make(self, **fields: Any) -> Participation:
        return services.participate(**fields)

    def change(self, *, by: Any, record: Any, version: int | None, **fields: Any) -> Any:
        reason = fields.pop("override_reason", "")
        return services.change_participation(
            by=by, participation=record, version=version, reason=reason, **fields
        )


class AttendanceSerializer(Overridable, Strict):
    initiative = serializers.UUIDField(source="initiative_id", read_only=True)
    session = Visible(Session)
    participation = Visible(Participation)

    class Meta(Strict.Meta):
        model = Attendance
        fields = ("id", "version", "initiative", "session", "participation", *overriding.FIELDS, *STAMPS)


class AttendanceFilters(OfInitiative):
    session = filters.UUIDFilter()
    participation = filters.UUIDFilter()


def _keeps_people(session: Session) -> str:
    """What keeps it out of files who was there, as a code; "" where nothing does."""
    if session.deleted_at is not None:
        return KeptBy.DELETED.value
    if session.rule not in ATTENDANCE_IN_FILES:
        return session.rule
    return KeptBy.EMBARGO.value if session.embargoed else ""


class Attendances(Making, Reading):
    """Who was at which session. Written down twice is once."""

    kind = RecordKind.PEOPLE
    model = Attendance
    serializer_class = AttendanceSerializer
    filterset_class = AttendanceFilters
    queryset = Attendance.objects.none()
    orderings = STAMPS
    expands = {"session": inline(lambda: Sessions), "participation": inline(lambda: Participations)}

    def exported(self, rows: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
        """A file leaves the room: who was there does so only where the session was on the record, and released."""
        ids = {row["session"] for row in rows}
        seen = Session.objects.visible_to(self.request.user).filter(pk__in=ids)
        kept = {str(one.pk): _keeps_people(one) for one in seen.only("rule", "embargo_until", "deleted_at")}
        self.causes = {row["id"]: kept.get(row["session"], KeptBy.DELETED.value) for row in rows}
        return [row for row in rows if not self.causes[row["id"]]]

    def make(self, *, participation: Participation, session: Session, **fields: Any) -> Attendance:
        services.mark_attendance(session=session, participations=[participation], seen=(), **fields)
        return Attendance.objects.get(session=session, participation=participation)

    def destroy(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Was not there after all."""
        row = self.get_object()
        services.mark_attendance(
            by=request.user, session=row.session, participations=(), seen=[row.participation_id]
        )
        return Response(status=status.HTTP_204_NO_CONTENT)


class RatingSerializer(Strict):
    initiative = serializers.UUIDField(source="initiative_id", read_only=True)
    participation = Visible(Participation)
    by = serializers.UUIDField(source="by_id", read_only=True)

    class Meta(Strict.Meta):
        model = SelectionRating
        fields = ("id", "version", "initiative", "participation", "criterion", "rating", "by", *STAMPS)
        set_once = {
            "participation": _("A rating stays with its participation."),
            "criterion": _("A rating stays with its criterion."),
        }


class RatingFilters(OfInitiative):
    participation = filters.UUIDFilter()
    criterion = filters.MultipleChoiceFilter(choices=Criterion.choices, distinct=False)


class SelectionRatings(Resource):
    """What participants are weighed by, for those who log. A second POST on one criterion takes the first's place."""

    kind = RecordKind.PEOPLE
    model = SelectionRating
    serializer_class = RatingSerializer
    filterset_class = RatingFilters
    queryset = SelectionRating.objects.none()
    orderings = STAMPS
    expands = {"participation": inline(lambda: Participations)}

    def exported(self, rows: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
        """A file leaves the room: who is in danger, and under which law, is not in it."""
        return [row for row in rows if row["criterion"] not in EXPOSURE]

    def make(self, **fields: Any) -> Any:
        return services.rate(**fields)

    def change(self, *, by: Any, record: Any, version: int | None, rating: int | None = None) -> Any:
        if rating is None:
            return record
        return services.rate(
            by=by,
            participation=record.participation,
            criterion=record.criterion,
            rating=rating,
            version=version,
        )

    def destroy(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Take a rating back."""
        row = self.get_object()
        services.rate(
            by=request.user,
            participation=row.participation,
            criterion=row.criterion,
            rating=None,
            version=self.version(row),
        )
        return Response(status=status.HTTP_204_NO_CONTENT)

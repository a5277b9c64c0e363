"""Sessions, for the team by role: /sessions/."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.api.fields import CountryField, Strict, StrictParts
from accounts.api.filters import YesNo
from accounts.api.idempotency import once
from accounts.api.resource import Resource, inline
from accounts.enums import RecordKind
from confidentiality import policy
from confidentiality.codes import Action, KeptBy, Rule
from confidentiality.policy import FACTS_IN_FILES, IN_NO_FILE, UNATTRIBUTED_IN_FILES
from initiatives import services
from initiatives.api import overriding
from initiatives.api.brief import OfInitiative, OwnInitiative
from initiatives.api.initiatives import Initiatives
from initiatives.api.overriding import Overridable
from initiatives.api.reference import STAMPS
from initiatives.api.tables import ReportSerializer, TableSerializer, imported
from initiatives.api.versions import VersionSerializer
from initiatives.embargo import stands
from initiatives.enums import SessionFormat, SessionStatus, Theme
from initiatives.models import Session
from initiatives.models.session import MOST_PRESENT, SESSION_TEXTS, untold
from initiatives.services.importing.sessions import import_sessions
from initiatives.services.sessions import SESSION_FIELDS
from initiatives.services.versions import REASON_LENGTH


class SessionSerializer(Overridable, Strict):
    initiative = OwnInitiative(help_text=_("Whose session it is. Moved by /move/."))
    present = serializers.DictField(
        child=serializers.IntegerField(min_value=0, max_value=MOST_PRESENT),
        required=False,
        help_text=_("How many came, by the id of their side; under the empty name those who belong to none."),
    )
    agenda_themes = serializers.ListField(child=serializers.ChoiceField(Theme.choices), required=False)
    country = CountryField(required=False, allow_blank=True)
    by = serializers.UUIDField(source="by_id", read_only=True)
    clock_set_by = serializers.UUIDField(source="clock_set_by_id", read_only=True, allow_null=True)

    class Meta(Strict.Meta):
        model = Session
        fields = (
            "id",
            "version",
            "initiative",
            *SESSION_FIELDS,
            "clock_set_by",
            "clock_set_at",
            "texts_gone_at",
            "by",
            "deleted_at",
            *overriding.FIELDS,
            *STAMPS,
        )
        read_only_fields = ("deleted_at", "clock_set_at", "texts_gone_at")
        set_once = {"initiative": _("A session changes its initiative by POST to /move/.")}


class ReasonSerializer(StrictParts):
    reason = serializers.CharField(max_length=REASON_LENGTH, help_text=_("Kept in the history."))


class MoveSerializer(Overridable, StrictParts):
    initiative = OwnInitiative(help_text=_("Another initiative in which the caller writes sessions."))


class SessionRevisionSerializer(VersionSerializer):
    reason = serializers.CharField()
    fields_then = serializers.DictField(source="fields", help_text=_("The fields as they stood after it."))


class SessionFilters(OfInitiative):
    status = filters.MultipleChoiceFilter(choices=SessionStatus.choices, distinct=False)
    # `format` in a query says how the answer is written: csv, xlsx.
    session_format = filters.MultipleChoiceFilter(
        field_name="format", choices=SessionFormat.choices, distinct=False
    )
    rule = filters.MultipleChoiceFilter(choices=Rule.choices, distinct=False)
    country = filters.CharFilter(lookup_expr="iexact")
    began_after = filters.DateFilter(field_name="began_on", lookup_expr="gte")
    began_before = filters.DateFilter(field_name="began_on", lookup_expr="lte")
    deleted = YesNo(field_name="deleted_at", lookup_expr="isnull", exclude=True)


def _keeps(row: Mapping[str, Any]) -> str:
    """What keeps it inside, or everything but its facts: the rule, where it does by itself; else the embargo."""
    if row["deleted_at"] is not None:
        return KeptBy.DELETED.value
    if row["rule"] in IN_NO_FILE | FACTS_IN_FILES:
        return str(row["rule"])
    until = row["embargo_until"]
    return KeptBy.EMBARGO.value if stands(date.fromisoformat(until) if until else None) else ""


class Sessions(Resource):
    """Sessions of the initiatives on whose teams the caller is. Deleted ones are there with `deleted_at`."""

    kind = RecordKind.SESSIONS
    model = Session
    serializer_class = SessionSerializer
    filterset_class = SessionFilters
    queryset = Session.objects.none()
    orderings = ("began_on", *STAMPS)
    expands = {"initiative": inline(lambda: Initiatives)}

    def exported(self, rows: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
        """A file leaves the room: what was deleted, and what the rule of the session or an embargo keeps inside, is not
        in it."""
        self.causes = {row["id"]: why for row in rows if (why := _keeps(row))}
        leaving = [row for row in rows if row["rule"] not in IN_NO_FILE and row["deleted_at"] is None]
        return [{**row, **untold()} if row["id"] in self.causes else row for row in leaving]

    searched_texts = SESSION_TEXTS

    def searched(self, leaving: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
        return [row for row in leaving if row["rule"] in UNATTRIBUTED_IN_FILES]

    def make(self, **fields: Any) -> Session:
        return services.log_session(**fields)

    def change(self, *, by: Any, record: Any, version: int | None, **fields: Any) -> Any:
        return services.edit_session(by=by, session=record, version=version, **fields)

    @extend_schema(request=TableSerializer, responses=ReportSerializer)
    @action(detail=False, methods=["post"], url_path="import")
    @once
    def import_table(self, request: Any) -> Response:
        """Sessions from a table, all rows or none; with `dry_run` what that would do. At most 500 rows."""
        return imported(self, import_sessions)

    @extend_schema(request=ReasonSerializer)
    def destroy(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Take it out of the lists, with a reason. It stays, with `deleted_at`, and can be brought back."""
        session = self.get_object()
        policy.require(request.user, Action.EDIT_SESSIONS, session)  # Before anything is said of the body.
        fields = self.read_body(ReasonSerializer)
        services.delete_session(by=request.user, session=session, version=self.version(session), **fields)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=None, responses=SessionSerializer)
    @action(detail=True, methods=["post"])
    @once
    def restore(self, request: Any, pk: str) -> Response:
        """Bring a deleted session back."""
        session = self.get_object()
        services.restore_session(by=request.user, session=session, version=self.version(session))
        return self.written([str(session.pk)])

    @extend_schema(request=MoveSerializer, responses=SessionSerializer)
    @action(detail=True, methods=["post"])
    @once
    def move(self, request: Any, pk: str) -> Response:
        """Take it to another initiative, encrypted anew, with its history. Answers the new session."""
        session = self.get_object()
        policy.require(request.user, Action.EDIT_SESSIONS, session)
        fields = self.read_body(MoveSerializer)
        moved = services.move_session(
            by=request.user, session=session, version=self.version(session), **fields
        )
        return self.written([str(moved.pk)], status.HTTP_201_CREATED)

    @extend_schema(responses=SessionRevisionSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], pagination_class=None)
    def history(self, request: Any, pk: str) -> Response:
        """Every version: who saved it when and why, what changed, and the fields. The newest first."""
        versions = services.session_versions(by=request.user, session=self.get_object())
        return Response(SessionRevisionSerializer(versions, many=True).data)

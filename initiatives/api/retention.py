"""Until when initiatives are kept: /retentions/."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError as ModelError
from django.http import Http404
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.api.fields import Strict, StrictParts
from accounts.api.filters import YesNo
from accounts.api.idempotency import once
from accounts.api.resource import Resource, inline
from accounts.enums import RecordKind
from confidentiality import policy
from confidentiality.codes import Action
from initiatives import services
from initiatives.api.brief import OfInitiative, OwnInitiative
from initiatives.api.initiatives import Initiatives
from initiatives.api.reference import STAMPS
from initiatives.models import Initiative, Retention
from initiatives.models.retention import REASON_LENGTH


class RetentionSerializer(Strict):
    initiative = OwnInitiative(help_text=_("What is kept, and the address."))
    set_by = serializers.UUIDField(source="set_by_id", read_only=True)
    held_by = serializers.UUIDField(source="held_by_id", read_only=True, allow_null=True)
    keep_until = serializers.DateField(
        allow_null=True,
        help_text=_("The day on which it is purged, a month from now at the earliest; null: no end."),
    )

    class Meta(Strict.Meta):
        model = Retention
        fields = (
            "initiative", "version", "keep_until", "set_by", "set_at", "held_by", "held_at", "hold_reason", *STAMPS,
        )  # fmt: skip
        read_only_fields = ("set_at", "held_at", "hold_reason")
        set_once = {"initiative": _("An end stays with its initiative.")}


class HoldSerializer(StrictParts):
    reason = serializers.CharField(max_length=REASON_LENGTH, help_text=_("Why; the team reads it."))


class RetentionFilters(OfInitiative):
    keep_until_before = filters.DateFilter(field_name="keep_until", lookup_expr="lte")
    held = YesNo(field_name="held_at", lookup_expr="isnull", exclude=True)


class Retentions(Resource):
    """Until when the caller's initiatives are kept, each at the id of its initiative."""

    kind = RecordKind.TEAM
    model = Retention
    serializer_class = RetentionSerializer
    filterset_class = RetentionFilters
    queryset = Retention.objects.none()
    orderings = ("keep_until", *STAMPS)
    ordering = "-created_at"
    kept_inside = ("hold_reason",)
    expands = {"initiative": inline(lambda: Initiatives)}

    def get_object(self) -> Any:
        try:
            found = self.get_queryset().filter(initiative=self.kwargs["pk"]).first()
        except (ModelError, ValueError):
            found = None
        if found is None:
            raise Http404
        return found

    def _initiative(self) -> Initiative:
        """Whose address it is, also before an end is set. 404 for everybody who is not on its team."""
        try:
            of_team = Initiative.objects.of_team(self.request.user).filter(pk=self.kwargs["pk"]).first()
        except (ModelError, ValueError):
            of_team = None
        if of_team is None:
            raise Http404
        return of_team

    def make(self, *, by: Any, initiative: Initiative, keep_until: Any) -> Retention:
        if Retention.objects.visible_to(by).filter(initiative=initiative).exists():
            text = _("An end was set for this initiative already. Use PATCH.")
            raise ModelError({"initiative": ModelError(text, "exists")})
        return services.set_retention(by=by, initiative=initiative, keep_until=keep_until, version=0)

    def change(self, *, by: Any, record: Any, version: int | None, **fields: Any) -> Any:
        if "keep_until" not in fields:
            return record
        return services.set_retention(by=by, initiative=record.initiative, version=version, **fields)

    @extend_schema(request=HoldSerializer, responses=RetentionSerializer)
    @action(detail=True, methods=["post"])
    @once
    def hold(self, request: Any, pk: str) -> Response:
        """Keep everything for now, with a reason, whatever the clocks say; also before an end is set."""
        initiative = self._initiative()
        policy.require(request.user, Action.HOLD_RETENTION, initiative)
        fields = self.read_body(HoldSerializer)
        found = self.get_queryset().filter(initiative=initiative).first() or Retention(version=0)
        held = services.hold_retention(
            by=request.user, initiative=initiative, version=self.version(found), **fields
        )
        return self.written([str(held.pk)])

    @extend_schema(request=None, responses=RetentionSerializer)
    @action(detail=True, methods=["post"])
    @once
    def release(self, request: Any, pk: str) -> Response:
        """Let the clocks run again: for whoever holds it, and leads who did not set the end."""
        found = self.get_object()
        services.release_retention(by=request.user, initiative=found.initiative, version=self.version(found))
        return self.written([str(found.pk)])

"""Cards of initiatives: /initiatives/."""

from __future__ import annotations

import dataclasses
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError as ModelError
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.api.fields import CountriesField, Strict, StrictParts, Visible, VisibleMany
from accounts.api.filters import YesNo
from accounts.api.idempotency import once
from accounts.api.resource import Resource, inline
from accounts.api.resources import Organisations
from accounts.enums import RecordKind
from accounts.models import Organisation, User
from confidentiality import policy
from confidentiality.codes import Action, TeamRole, Visibility
from initiatives import services
from initiatives.api import overriding
from initiatives.api.overriding import Overridable
from initiatives.api.reference import STAMPS, Conflicts, OfConflict, Parties
from initiatives.enums import (
    InitiativeStatus,
    Matching,
    Modality,
    OrganisationRole,
    Precision,
    Theme,
    TrackType,
)
from initiatives.models import Conflict, Initiative, InitiativeOrganisation, Party, TeamMember

ORGANISATION_ROLES = {
    "co_conveners": OrganisationRole.CO_CONVENER,
    "funders": OrganisationRole.FUNDER,
    "hosts": OrganisationRole.HOST,
}
# Whom a card was shown to is its team's business, so no filter asks for partners.
ASKED_ROLES = (OrganisationRole.CONVENER, *ORGANISATION_ROLES.values())
PUBLIC_RECORD_ONLY = ("title", "source", "confidence")


class Named(VisibleMany):
    """The organisations named on a card in one role."""

    def __init__(self, role: str, **options: Any) -> None:
        options = {"required": False, **options}
        super().__init__(Organisation, lambda card: in_role(card, role), **options)


class Partners(Named):
    """Partners: to whom a card was opened is told to its team alone; null for everybody else."""

    def get_attribute(self, instance: Any) -> Any:
        return super().get_attribute(instance) if instance.on_team else None


class Convener(Visible):
    def get_attribute(self, instance: Any) -> Any:
        return next(iter(in_role(instance, OrganisationRole.CONVENER)), None)


class Successor(Visible):
    """Who follows the last lead: told to the team alone; null for everybody else."""

    def get_attribute(self, instance: Any) -> Any:
        return instance.successor_id if instance.on_team else None


def in_role(card: Initiative, role: str) -> list[Any]:
    return [named.organisation_id for named in card.named.all() if named.role == role]


class InitiativeSerializer(Overridable, Strict):
    conflict = Visible(Conflict)
    parties = VisibleMany(Party, lambda card: [side.party_id for side in card.sides.all()], required=False)
    countries = CountriesField(required=False)
    matching = serializers.ChoiceField(
        Matching.choices,
        help_text=_("Whether it is compared with other initiatives. A choice without default."),
    )
    registered_by = Visible(
        Organisation, required=False, help_text=_("One of your organisations; yours, if you have one only.")
    )
    convener = Convener(Organisation, required=False, help_text=_("By default, registered_by."))
    co_conveners = Named(OrganisationRole.CO_CONVENER)
    funders = Named(OrganisationRole.FUNDER)
    hosts = Named(OrganisationRole.HOST)
    partners = Partners(
        OrganisationRole.PARTNER, allow_null=True, help_text=_("Told to the team; else null.")
    )
    successor = Successor(User, required=False, allow_null=True, help_text=_("Told to the team; else null."))

    class Meta(Strict.Meta):
        model = Initiative
        fields = (
            "id", "version", "codename", "public_line", "title", "reference", "source", "confidence",
            "public_record", "conflict", "track_type", "definition_school", "modality", "status", "parties",
            "themes", "countries", "began_on", "began_precision", "ended_on", "ended_precision", "visibility",
            "matching", "official_relation", "official_relation_on", "timing_basis", "timing_basis_on",
            "registered_by", "convener", "co_conveners", "funders", "hosts", "partners", "successor",
            *overriding.FIELDS, *STAMPS,
        )  # fmt: skip
        read_only_fields = ("reference", "public_record")
        extra_kwargs = {"codename": {"required": False, "allow_blank": True}}
        set_once = {
            "status": _("Use POST status/."),
            "visibility": _("Use POST visibility/, which can show a preview."),
            "partners": _("Use POST visibility/, which can show a preview."),
            "successor": _("Use POST successor/."),
            "registered_by": _("A card stays with the organisation that registered it."),
        }


class StatusSerializer(StrictParts):
    status = serializers.ChoiceField(InitiativeStatus.choices)
    ended_on = serializers.DateField(required=False)
    ended_precision = serializers.ChoiceField(Precision.choices, required=False)


class VisibilitySerializer(StrictParts):
    visibility = serializers.ChoiceField(Visibility.choices)
    partners = VisibleMany(
        Organisation, lambda body: [], required=False, help_text=_("Left out: those named on it stay.")
    )


class SuccessorSerializer(StrictParts):
    successor = Visible(User, allow_null=True)


class ReaderSerializer(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()


class PreviewSerializer(serializers.Serializer):
    """Who would gain and lose sight of a card."""

    visibility = serializers.ChoiceField(Visibility.choices)
    widens = serializers.BooleanField()
    gains = ReaderSerializer(many=True)
    loses = ReaderSerializer(many=True)
    readers = ReaderSerializer(many=True)
    coordinators = serializers.BooleanField(help_text=_("Whether coordinators of the conflict read it then."))
    coordinators_gain = serializers.BooleanField()


class ReasonSerializer(serializers.Serializer):
    """An organisation whose active members read a card, and by what."""

    id = serializers.UUIDField(source="organisation.pk")
    name = serializers.CharField(source="organisation.name")
    relations = serializers.ListField(
        child=serializers.CharField(), help_text=_("Closest first: house, partner, circle, network.")
    )
    declared_for = serializers.SerializerMethodField()

    def get_declared_for(self, reader: services.Reader) -> list[UUID]:
        """Conflicts by whose declaration it is in the circle."""
        return [conflict.pk for conflict in reader.declared_for]


class MemberAccessSerializer(serializers.Serializer):
    """What one member of the team reads and writes, and whether a program may do so in the member's name."""

    member = serializers.UUIDField(source="member.pk")
    user = serializers.UUIDField(source="member.user_id")
    name = serializers.CharField(source="member.user.name")
    role = serializers.ChoiceField(TeamRole.choices, source="member.role")
    began_at = serializers.DateTimeField(source="member.began_at")
    expires_at = serializers.DateTimeField(source="member.expires_at", allow_null=True)
    areas = serializers.DictField(child=serializers.CharField(), help_text=_("Area to read or write."))
    by_token = serializers.BooleanField(help_text=_("Whether the person has a token that works now."))


class WhoSerializer(serializers.Serializer):
    """Who may read a card now. Size of the team and organisations are told to the team alone; why, and what each
    member of the team reads inside, to its leads.
    """

    visibility = serializers.ChoiceField(Visibility.choices)
    team_size = serializers.IntegerField()
    organisations = ReaderSerializer(many=True)
    coordinators = serializers.BooleanField()
    matching = serializers.BooleanField()
    content = serializers.CharField()
    readers = ReasonSerializer(many=True, allow_null=True, help_text=_("Told to leads; else null."))
    members = MemberAccessSerializer(many=True, allow_null=True, help_text=_("Told to leads; else null."))


class InitiativeFilters(OfConflict):
    party = filters.UUIDFilter(field_name="sides__party")
    organisation = filters.UUIDFilter(method="named", help_text="Convenes, co-convenes, funds or hosts.")
    registered_by = filters.UUIDFilter()
    status = filters.MultipleChoiceFilter(choices=InitiativeStatus.choices, distinct=False)
    track_type = filters.MultipleChoiceFilter(choices=TrackType.choices, distinct=False)
    modality = filters.MultipleChoiceFilter(choices=Modality.choices, distinct=False)
    visibility = filters.MultipleChoiceFilter(choices=Visibility.choices, distinct=False)
    matching = filters.ChoiceFilter(choices=Matching.choices)
    theme = filters.ChoiceFilter(method="has_theme", choices=Theme.choices)
    country = filters.CharFilter(method="in_country")
    public_record = YesNo()
    reference = filters.CharFilter()
    running = YesNo(method="is_running", help_text="Whether its status is one of those running.")
    own = YesNo(field_name="on_team", help_text="Whether you are on its team.")
    began_after = filters.DateFilter(field_name="began_on", lookup_expr="gte")
    began_before = filters.DateFilter(field_name="began_on", lookup_expr="lte")

    def named(self, queryset: QuerySet, name: str, value: UUID) -> QuerySet:
        named = InitiativeOrganisation.objects.filter(organisation=value, role__in=ASKED_ROLES)
        return queryset.filter(pk__in=named.values("initiative"))

    def has_theme(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.filter(themes__contains=[value])

    def in_country(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.filter(countries__contains=[value.upper()])

    def is_running(self, queryset: QuerySet, name: str, value: bool) -> QuerySet:
        running = Initiative.objects.running().values("pk")
        return queryset.filter(pk__in=running) if value else queryset.exclude(pk__in=running)


class Initiatives(Resource):
    """Cards of unofficial dialogues, as far as the caller may read them."""

    kind = RecordKind.CARD
    # Who is on the team, and who will lead it.
    further_kinds = {"who": RecordKind.TEAM, "successor": RecordKind.TEAM}
    model = Initiative
    serializer_class = InitiativeSerializer
    filterset_class = InitiativeFilters
    queryset = Initiative.objects.none()
    orderings = ("began_on", "codename", *STAMPS)
    searches = True
    expands = {
        "conflict": inline(lambda: Conflicts),
        "parties": inline(lambda: Parties),
        **{
            name: inline(lambda: Organisations)
            for name in ("registered_by", "convener", *ORGANISATION_ROLES, "partners")
        },
    }

    @classmethod
    def records(cls, user: Any) -> QuerySet:
        own = TeamMember.objects.live().filter(user=user, initiative=OuterRef("pk"))
        return super().records(user).annotate(on_team=Exists(own)).prefetch_related("named", "sides")

    def query_names(self) -> set[str]:
        names = super().query_names()
        if self.action in ("preview", "widen"):
            names |= {"preview"} if self.action == "widen" else {"visibility", "partners"}
        return names

    def make(self, *, by: Any, **fields: Any) -> Initiative:
        _refuse_titles(fields)
        fields.pop("override_reason", None)  # Nobody takes part yet who could be named.
        house = fields.pop("registered_by", None) or _only_house(by, fields.get("convener"))
        return services.open_initiative(by=by, registered_by=house, **_without_null(fields))

    def change(self, *, by: Any, record: Any, version: int | None, **fields: Any) -> Any:
        if not record.public_record:
            _refuse_titles(fields)
        return services.edit_initiative(by=by, initiative=record, version=version, **fields)

    @extend_schema(request=StatusSerializer, responses=InitiativeSerializer)
    @action(detail=True, methods=["post"])
    @once
    def status(self, request: Any, pk: str) -> Response:
        """Move to another status, with an end where there is one."""
        card = self.get_object()
        fields = self.read_body(StatusSerializer)
        services.change_status(by=request.user, initiative=card, version=self.version(card), **fields)
        return self.written([str(card.pk)])

    @extend_schema(request=SuccessorSerializer, responses=InitiativeSerializer)
    @action(detail=True, methods=["post"])
    @once
    def successor(self, request: Any, pk: str) -> Response:
        """Name who becomes lead when the last lead leaves; null for nobody."""
        card = self.get_object()
        fields = self.read_body(SuccessorSerializer)
        services.name_successor(by=request.user, initiative=card, version=self.version(card), **fields)
        return self.written([str(card.pk)])

    @extend_schema(responses=WhoSerializer)
    @action(detail=True, methods=["get"])
    def who(self, request: Any, pk: str) -> Response:
        """Who may read the card now; for leads with the reasons, and with who reads what inside."""
        card = self.get_object()
        found: dict[str, Any] = {"readers": None, "members": None}
        if policy.may(request.user, Action.MANAGE_TEAM, card):
            access = services.effective_access(by=request.user, initiative=card)
            found = {"readers": access.readers, "members": access.members}
        short = services.who_can_see(by=request.user, initiative=card)
        found |= {part.name: getattr(short, part.name) for part in dataclasses.fields(short)}
        return Response(WhoSerializer(found).data)

    @extend_schema(
        responses=PreviewSerializer,
        parameters=[
            OpenApiParameter("visibility", OpenApiTypes.STR, enum=Visibility.values, required=True),
            OpenApiParameter("partners", OpenApiTypes.STR, description="Ids, comma-separated."),
        ],
    )
    @action(detail=True, methods=["get"], url_path="visibility", url_name="visibility")
    def preview(self, request: Any, pk: str) -> Response:
        """Who would gain and lose sight of the card. Changes nothing."""
        asked: dict[str, Any] = {"visibility": request.query_params.get("visibility", "")}
        if "partners" in request.query_params:
            asked["partners"] = [pk for pk in request.query_params["partners"].split(",") if pk]
        card = self.get_object()
        body = VisibilitySerializer(data=asked, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        return self._previewed(card, body.validated_data)

    @extend_schema(
        request=VisibilitySerializer,
        responses=InitiativeSerializer,
        parameters=[
            OpenApiParameter("preview", OpenApiTypes.BOOL, description="Answer with the preview only.")
        ],
    )
    @preview.mapping.post
    @once
    def widen(self, request: Any, pk: str) -> Response:
        """Widen or narrow who reads the card; with ?preview, only say who would."""
        card = self.get_object()
        fields = self.read_body(VisibilitySerializer)
        if request.query_params.get("preview", "false").lower() not in ("false", "0"):
            self.written_ids, self.written_many = [str(card.pk)], False
            return self._previewed(card, fields)
        version = self.version(card)
        services.change_visibility(by=request.user, initiative=card, version=version, **fields)
        return self.written([str(card.pk)])

    def _previewed(self, card: Initiative, fields: dict[str, Any]) -> Response:
        found = services.preview_visibility(by=self.request.user, initiative=card, **fields)
        return Response(PreviewSerializer(found).data)


def _only_house(user: Any, convener: Organisation | None) -> Organisation:
    """In whose name an initiative is opened when the caller does not say."""
    own = user.vetted_organisation_ids()
    if convener is not None and convener.pk in own:
        return convener
    if len(own) != 1:
        raise ModelError(
            {"registered_by": ModelError(_("Name one of your vetted organisations."), "required")}
        )
    return Organisation.objects.visible_to(user).get(pk=own[0])


def _refuse_titles(fields: dict[str, Any]) -> None:
    """A title on a working card would tell what the team alone should know."""
    given = [name for name in PUBLIC_RECORD_ONLY if fields.pop(name, "")]
    if given:
        text = _("Only a card of the public record has this.")
        raise ModelError({name: ModelError(text, "public_record_only") for name in given})


def _without_null(fields: dict[str, Any]) -> dict[str, Any]:
    """Partners that are null are those that the client was not shown."""
    return {name: value for name, value in fields.items() if not (name == "partners" and value is None)}

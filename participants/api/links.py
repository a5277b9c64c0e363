"""Ties of people to official bodies: /official-links/. What is sealed in the tie is sent as fields of the link."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.api.fields import Strict, StrictParts, Visible
from accounts.api.filters import YesNo
from accounts.api.idempotency import once
from accounts.api.resource import Resource, inline
from accounts.enums import RecordKind
from confidentiality.fields import if_it_opens
from initiatives.api import overriding
from initiatives.api.overriding import Overridable
from initiatives.api.reference import STAMPS, OfficialTracks
from initiatives.models import OfficialTrack
from participants import services
from participants.api.bodies import OfficialBodies
from participants.enums import Authorised, LinkAccess, LinkType
from participants.models import OfficialBody, OfficialLink, Person
from participants.models.links import LIVE_DAYS, STRONGEST
from participants.querysets import LOGGING


class _OfTie:
    """A field that lies in the sealed tie; null in a tie that does not open."""

    field_name: str

    def get_attribute(self, instance: Any) -> Any:
        found = (if_it_opens(instance, "tie") or {}).get(self.field_name)
        return None if found == "" else found


class TieChoice(_OfTie, serializers.ChoiceField):
    """One of the codes; an unknown one is sent as it is stored."""


class TieNumber(_OfTie, serializers.IntegerField):
    """A number in the tie."""


class TieYesNo(_OfTie, serializers.BooleanField):
    """Yes, no or not known."""


class TieVisible(_OfTie, Visible):
    """A record of the shared reference, by id."""


class OfficialLinkSerializer(Overridable, Strict):
    person = Visible(
        Person,
        lambda user, pk: Person.objects.visible_to(user).known_to(user, LOGGING).filter(pk=pk).first(),
    )
    body = TieVisible(OfficialBody)
    track = TieVisible(OfficialTrack, allow_null=True, required=False)
    link_type = TieChoice(LinkType.choices, required=False)
    access = TieChoice(LinkAccess.choices, required=False)
    authorised = TieChoice(Authorised.choices, required=False)
    two_way = TieYesNo(allow_null=True, required=False)
    strength = TieNumber(min_value=0, max_value=STRONGEST, required=False)
    ended_on = serializers.DateField(read_only=True, allow_null=True)
    live = serializers.BooleanField(
        source="is_live", read_only=True, help_text=_("Confirmed within 180 days, and not ended.")
    )

    class Meta(Strict.Meta):
        model = OfficialLink
        fields = (
            "id", "version", "person", "body", "track", "link_type", "access", "authorised", "two_way",
            "strength", "note", "last_confirmed_on", "ended_on", "live", *overriding.FIELDS, *STAMPS,
        )  # fmt: skip
        set_once = {"person": _("A tie stays with its person.")}


class EndOfficialLinkSerializer(StrictParts):
    ended_on = serializers.DateField(required=False, help_text=_("Today, if it is left out."))


class LinkFilters(filters.FilterSet):
    person = filters.UUIDFilter()
    body = filters.UUIDFilter(method="to_body", help_text="Computed from the ties that open for the caller.")
    live = YesNo(method="alive", help_text="Confirmed within 180 days and not ended, or the others.")

    def to_body(self, queryset: QuerySet, name: str, value: UUID) -> QuerySet:
        """The database cannot search what is sealed: the caller's links are opened."""
        wanted = str(value)
        found = [link.pk for link in queryset if (if_it_opens(link, "tie") or {}).get("body") == wanted]
        return queryset.filter(pk__in=found)

    def alive(self, queryset: QuerySet, name: str, value: bool) -> QuerySet:
        today = timezone.localdate()
        standing = Q(ended_on=None) | Q(ended_on__gt=today)
        live = standing & Q(last_confirmed_on__gte=today - timedelta(days=LIVE_DAYS))
        return queryset.filter(live if value else ~live)


class OfficialLinks(Resource):
    """Ties of people to officials, as far as the caller may see them."""

    kind = RecordKind.LINKS
    model = OfficialLink
    serializer_class = OfficialLinkSerializer
    filterset_class = LinkFilters
    queryset = OfficialLink.objects.none()
    orderings = ("last_confirmed_on", *STAMPS)
    kept_inside = ("note",)
    expands = {"body": inline(lambda: OfficialBodies), "track": inline(lambda: OfficialTracks)}

    @classmethod
    def records(cls, user: Any) -> QuerySet:
        return super().records(user).select_related("person__party", "organisation")

    def make(self, **fields: Any) -> OfficialLink:
        return services.record_link(**fields)

    def change(self, *, by: Any, record: Any, version: int | None, **fields: Any) -> Any:
        return services.edit_link(by=by, link=record, version=version, **fields)

    @extend_schema(request=None, responses=OfficialLinkSerializer)
    @action(detail=True, methods=["post"])
    @once
    def confirm(self, request: Any, pk: str) -> Response:
        """Say that the tie holds today: it is live for another 180 days."""
        link = self.get_object()
        services.confirm_link(by=request.user, link=link, version=self.version(link))
        return self.written([str(link.pk)])

    @extend_schema(request=EndOfficialLinkSerializer, responses=OfficialLinkSerializer)
    @action(detail=True, methods=["post"])
    @once
    def end(self, request: Any, pk: str) -> Response:
        """Say that the person does not reach the office any more."""
        link = self.get_object()
        fields = self.read_body(EndOfficialLinkSerializer)
        services.end_link(by=request.user, link=link, version=self.version(link), **fields)
        return self.written([str(link.pk)])

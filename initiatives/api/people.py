"""Teams and circles: /team-members/ and /circle-declarations/."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.api.fields import Strict, Visible
from accounts.api.filters import YesNo
from accounts.api.idempotency import once
from accounts.api.resource import Making, Reading, Resource, inline
from accounts.api.resources import Organisations
from accounts.enums import RecordKind
from accounts.models import Organisation, User
from confidentiality.codes import TeamRole
from initiatives import services
from initiatives.api.initiatives import Initiatives
from initiatives.api.reference import STAMPS, Conflicts
from initiatives.models import CircleDeclaration, Conflict, Initiative, TeamMember


class TeamMemberSerializer(Strict):
    initiative = Visible(Initiative)
    user = Visible(User, help_text=_("A colleague of yours, or yourself."))
    name = serializers.CharField(source="user.name", read_only=True)
    live = serializers.BooleanField(source="is_live", read_only=True, help_text=_("Has not ended."))

    class Meta(Strict.Meta):
        model = TeamMember
        fields = (
            "id", "version", "initiative", "user", "name", "role", "began_at", "expires_at", "live", *STAMPS,
        )  # fmt: skip
        read_only_fields = ("began_at",)
        set_once = {
            "initiative": _("A member stays with the initiative; add the person to the other team."),
            "user": _("Add the other person, and end this access."),
        }


class TeamMemberFilters(filters.FilterSet):
    initiative = filters.UUIDFilter()
    user = filters.UUIDFilter()
    role = filters.MultipleChoiceFilter(choices=TeamRole.choices, distinct=False)
    live = YesNo(method="by_life", help_text="Whether the access still runs.")

    def by_life(self, queryset: QuerySet, name: str, value: bool) -> QuerySet:
        live = TeamMember.objects.live().values("pk")
        return queryset.filter(pk__in=live) if value else queryset.exclude(pk__in=live)


class TeamMembers(Resource):
    """Members of the teams that the caller is on."""

    kind = RecordKind.TEAM
    model = TeamMember
    serializer_class = TeamMemberSerializer
    filterset_class = TeamMemberFilters
    queryset = TeamMember.objects.none()
    orderings = ("began_at", *STAMPS)
    expands = {"initiative": inline(lambda: Initiatives)}

    @classmethod
    def records(cls, user: Any) -> QuerySet:
        return super().records(user).select_related("user")

    def make(self, **fields: Any) -> TeamMember:
        return services.add_team_member(**fields)

    def change(self, *, by: Any, record: Any, version: int | None, **fields: Any) -> Any:
        kept = {"role": record.role, "expires_at": record.expires_at}
        return services.change_team_member(by=by, member=record, version=version, **{**kept, **fields})

    def destroy(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """End the access at once. The last lead leaves to the named successor."""
        member = self.get_object()
        services.remove_team_member(by=request.user, member=member, version=self.version(member))
        return Response(status=status.HTTP_204_NO_CONTENT)


class DeclarationSerializer(Strict):
    organisation = Visible(Organisation)
    conflict = Visible(Conflict)

    class Meta(Strict.Meta):
        model = CircleDeclaration
        fields = ("id", "version", "organisation", "conflict", "confirmed_at", "withdrawn_at", *STAMPS)


class DeclarationFilters(filters.FilterSet):
    organisation = filters.UUIDFilter()
    conflict = filters.UUIDFilter()
    confirmed = YesNo(field_name="confirmed_at", lookup_expr="isnull", exclude=True)
    withdrawn = YesNo(field_name="withdrawn_at", lookup_expr="isnull", exclude=True)


class CircleDeclarations(Making, Reading):
    """Organisations that say they work on a conflict, independent of any initiative."""

    kind = RecordKind.CARD
    model = CircleDeclaration
    serializer_class = DeclarationSerializer
    filterset_class = DeclarationFilters
    queryset = CircleDeclaration.objects.none()
    orderings = STAMPS
    expands = {"organisation": inline(lambda: Organisations), "conflict": inline(lambda: Conflicts)}

    def make(self, **fields: Any) -> CircleDeclaration:
        return services.declare_for_circle(**fields)

    @extend_schema(request=None, responses=DeclarationSerializer)
    @action(detail=True, methods=["post"])
    @once
    def confirm(self, request: Any, pk: str) -> Response:
        """Confirm a declaration, as a coordinator of the conflict and of another organisation."""
        declaration = self.get_object()
        services.confirm_declaration(by=request.user, declaration=declaration)
        return self.written([str(declaration.pk)])

    def destroy(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Withdraw one's own organisation's declaration, or refuse one as a coordinator."""
        services.withdraw_declaration(by=request.user, declaration=self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)

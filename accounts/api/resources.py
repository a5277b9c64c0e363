"""Organisations, and the caller: /organisations/ and /me/."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts import services
from accounts.api.fields import CountryField, Strict, StrictParts
from accounts.api.filters import YesNo
from accounts.api.idempotency import once
from accounts.api.resource import Endpoint, Reading, Resource
from accounts.enums import LANGUAGES, MembershipRole, OrganisationKind, TokenScope
from accounts.models import Organisation, User


class OrganisationSerializer(Strict):
    country = CountryField(required=False, allow_blank=True)
    vetted = serializers.BooleanField(
        source="is_vetted", read_only=True, help_text=_("A steward has checked it.")
    )

    class Meta(Strict.Meta):
        model = Organisation
        fields = ("id", "version", "name", "kind", "country", "website", "vetted", "created_at", "updated_at")


class VettingSerializer(StrictParts):
    note = serializers.CharField(
        max_length=500, help_text=_("What was checked, or why it is taken out again.")
    )
    vetted = serializers.BooleanField(default=True)


class OrganisationFilters(filters.FilterSet):
    kind = filters.MultipleChoiceFilter(choices=OrganisationKind.choices, distinct=False)
    country = filters.CharFilter(lookup_expr="iexact")
    vetted = YesNo(field_name="vetted_at", lookup_expr="isnull", exclude=True)


class Organisations(Resource):
    """Bodies that convene, fund, host or take part."""

    model = Organisation
    serializer_class = OrganisationSerializer
    filterset_class = OrganisationFilters
    queryset = Organisation.objects.none()
    orderings = ("name", "created_at", "updated_at")
    searches = True

    def search(self, queryset: Any, text: str) -> Any:
        for word in text.split():
            queryset = queryset.filter(name__icontains=word)
        return queryset

    def make(self, **fields: Any) -> Organisation:
        return services.create_organisation(**fields)

    def change(self, *, by: Any, record: Any, version: int | None, **fields: Any) -> Any:
        return services.edit_organisation(by=by, organisation=record, version=version, **fields)

    @extend_schema(request=VettingSerializer, responses=OrganisationSerializer)
    @action(detail=True, methods=["post"])
    @once
    def vet(self, request: Any, pk: str) -> Response:
        """Let an organisation into the network, or take it out. For stewards."""
        organisation = self.get_object()
        fields = self.read_body(VettingSerializer)
        version = self.version(organisation)
        services.vet_organisation(by=request.user, organisation=organisation, version=version, **fields)
        return self.written([str(organisation.pk)])


class OwnMembershipSerializer(serializers.Serializer):
    organisation = serializers.UUIDField(source="organisation_id")
    name = serializers.CharField(source="organisation.name")
    role = serializers.ChoiceField(MembershipRole.choices)
    vetted = serializers.BooleanField(source="organisation.is_vetted")


class MeSerializer(Strict):
    email = serializers.EmailField(read_only=True)
    steward = serializers.BooleanField(source="is_steward", read_only=True)
    language = serializers.ChoiceField(LANGUAGES)
    organisations = serializers.SerializerMethodField()
    mandates = serializers.SerializerMethodField()
    scope = serializers.SerializerMethodField()
    kinds = serializers.SerializerMethodField()
    conflicts = serializers.SerializerMethodField()
    expires_at = serializers.SerializerMethodField()

    class Meta(Strict.Meta):
        model = User
        fields = (
            "id", "version", "email", "name", "language", "theme", "steward", "organisations", "mandates",
            "scope", "kinds", "conflicts", "expires_at",
        )  # fmt: skip

    @extend_schema(responses=OwnMembershipSerializer(many=True))
    def get_organisations(self, user: User) -> list[dict[str, Any]]:
        active = user.memberships.standing().select_related("organisation").order_by("created_at")
        return OwnMembershipSerializer(active, many=True).data

    def get_mandates(self, user: User) -> list[str]:
        """Conflicts that the caller coordinates, with all below them; `all` stands for every conflict. None for a token
        that is for some conflicts: it would tell of the others."""
        if self._narrowed_to():
            return []
        conflicts = user.mandates.live().order_by("created_at").values_list("conflict_id", flat=True)
        return [str(pk) if pk else "all" for pk in conflicts]

    def _narrowed_to(self) -> list[UUID]:
        """As the token says: a row of the user that was loaded anew knows nothing of it."""
        token = self.context["request"].auth
        return list(token.conflicts) if token else []

    def get_scope(self, user: User) -> str:
        """read or write; a session may write."""
        token = self.context["request"].auth
        return token.scope if token else TokenScope.WRITE

    def get_kinds(self, user: User) -> list[str]:
        """Kinds of record for which the token is; empty: for all, and in a session."""
        token = self.context["request"].auth
        return list(token.kinds) if token else []

    def get_conflicts(self, user: User) -> list[str]:
        """Conflicts on which the token is, with all below them; empty: on all, and in a session."""
        return [str(pk) for pk in self._narrowed_to()]

    def get_expires_at(self, user: User) -> str | None:
        """When the token ends; null in a session."""
        token = self.context["request"].auth
        return token.expires_at.isoformat() if token else None


class Me(Endpoint):
    """The caller."""

    serializer_class = MeSerializer
    pagination_class = None
    filter_backends: list[Any] = []

    answer = Reading.answer
    version = Reading.version

    @extend_schema(operation_id="me_retrieve")
    def read(self, request: Any) -> Response:
        """Who calls, in which organisations and roles, and what the token may do."""
        return self.answer(request.user)

    @extend_schema(operation_id="me_partial_update")
    def edit(self, request: Any) -> Response:
        """Change one's own name, language or display."""
        body = MeSerializer(request.user, request.data, partial=True, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        version = self.version(request.user)
        fields = body.validated_data
        user = services.edit_account(by=request.user, user=request.user, version=version, **fields)
        return self.answer(user)

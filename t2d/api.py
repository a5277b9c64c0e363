"""Every address of the REST API, and the document that describes it."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.urls import include, path, re_path
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.response import Response
from rest_framework.routers import DefaultRouter
from rest_framework.views import APIView

from accounts.api.resources import Me, Organisations
from coordination.api import CoordinationLinks, Overlaps
from initiatives.api.audit import AuditEvents
from initiatives.api.brief import Assents, Briefs, GroundRulesVersions
from initiatives.api.initiatives import Initiatives
from initiatives.api.people import CircleDeclarations, TeamMembers
from initiatives.api.purging import PurgeRequests, Tombstones
from initiatives.api.reference import Conflicts, Deadlines, OfficialTracks, Parties
from initiatives.api.retention import Retentions
from initiatives.api.sessions import Sessions
from participants.api.bodies import OfficialBodies
from participants.api.links import OfficialLinks
from participants.api.people import Attendances, Participations, People, SelectionRatings
from transfer.api.outcomes import Outcomes
from transfer.api.transfers import ReceivedTransfers, Transfers, UptakeSteps

SCHEMA = "application/vnd.oai.openapi"


class BearerScheme(OpenApiAuthenticationExtension):
    target_class = "accounts.api.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


class Schema(SpectacularAPIView):
    """The OpenAPI document. Says nothing of any record; made once for each process, language and form."""

    authentication_classes: list[Any] = []
    made: dict[str, Any] = {}

    @extend_schema(exclude=True)
    def get(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        language = request.LANGUAGE_CODE
        if language not in self.made:
            self.made[language] = self._get_schema_response(request).data
        return Response(self.made[language])


class Docs(SpectacularSwaggerSplitView):
    """Swagger UI: page and script apart, so that nothing stands inline."""

    template_name = "t2d/api_docs.html"
    url_name = "schema"


class Nowhere(APIView):
    """Addresses that do not exist answer like records that do not."""

    @extend_schema(exclude=True)
    def _missing(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        raise Http404

    get = post = put = patch = delete = _missing


class Resources(DefaultRouter):
    include_format_suffixes = False


router = Resources()
for name, view in {
    "conflicts": Conflicts,
    "parties": Parties,
    "official-tracks": OfficialTracks,
    "deadlines": Deadlines,
    "official-bodies": OfficialBodies,
    "official-links": OfficialLinks,
    "organisations": Organisations,
    "initiatives": Initiatives,
    "briefs": Briefs,
    "ground-rules": GroundRulesVersions,
    "ground-rules-assents": Assents,
    "retentions": Retentions,
    "team-members": TeamMembers,
    "people": People,
    "participations": Participations,
    "attendances": Attendances,
    "selection-ratings": SelectionRatings,
    "sessions": Sessions,
    "audit-events": AuditEvents,
    "purge-requests": PurgeRequests,
    "tombstones": Tombstones,
    "transfers": Transfers,
    "uptake-steps": UptakeSteps,
    "received-transfers": ReceivedTransfers,
    "circle-declarations": CircleDeclarations,
    "outcomes": Outcomes,
    "overlaps": Overlaps,
    "coordination-links": CoordinationLinks,
}.items():
    router.register(name, view, basename=f"api-{name}")

urlpatterns = [
    path("v1/me/", Me.as_view({"get": "read", "patch": "edit"}), name="api-me"),
    path("v1/", include(router.urls)),
    path("schema/", Schema.as_view(), name="schema"),
    path("docs/", Docs.as_view(), name="api-docs"),
    re_path(r"^v1/.+$", Nowhere.as_view(), name="api-nowhere"),
]

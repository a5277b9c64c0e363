"""What is inside an initiative, for its team: /briefs/, /ground-rules/ and /ground-rules-assents/."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError as ModelError
from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.api.fields import Strict, Visible
from accounts.api.filters import YesNo
from accounts.api.resource import Making, Reading, Resource, inline
from accounts.enums import RecordKind
from initiatives import services
from initiatives.api import overriding
from initiatives.api.initiatives import Initiatives
from initiatives.api.overriding import Overridable
from initiatives.api.reference import STAMPS
from initiatives.api.versions import VersionSerializer
from initiatives.models import Brief, GroundRules, GroundRulesAssent, Initiative
from initiatives.services.brief import BRIEF_FIELDS
from initiatives.services.versions import versions_of


class OwnInitiative(Visible):
    """An initiative on whose team the caller is; any other exists here no more than one that never was."""

    def __init__(self, **options: Any) -> None:
        super().__init__(Initiative, _own, **options)


def _own(user: Any, pk: Any) -> Initiative | None:
    return Initiative.objects.visible_to(user).of_team(user).filter(pk=pk).first()


class BriefSerializer(Overridable, Strict):
    initiative = OwnInitiative(help_text=_("Whose brief it is, and its address."))

    class Meta(Strict.Meta):
        model = Brief
        fields = ("initiative", "version", *BRIEF_FIELDS, *overriding.FIELDS, *STAMPS)
        set_once = {"initiative": _("A brief stays with its initiative.")}


class BriefTextsSerializer(serializers.Serializer):
    """The texts of a brief as they stood after one save."""

    title = serializers.CharField()
    objective = serializers.CharField()
    guiding_theory = serializers.CharField()
    criteria_and_roles = serializers.CharField()
    legal_note = serializers.CharField()
    exit_plan = serializers.CharField()


class BriefRevisionSerializer(VersionSerializer):
    texts = BriefTextsSerializer(source="fields")


class OfInitiative(filters.FilterSet):
    initiative = filters.UUIDFilter()


class Briefs(Resource):
    """Briefs of the initiatives on whose teams the caller is, each at the id of its initiative."""

    kind = RecordKind.BRIEF
    model = Brief
    serializer_class = BriefSerializer
    filterset_class = OfInitiative
    queryset = Brief.objects.none()
    orderings = STAMPS
    searches = True
    searched_texts = BRIEF_FIELDS
    expands = {"initiative": inline(lambda: Initiatives)}

    def searched(self, leaving: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
        """A brief is what a team shows first."""
        return leaving

    def get_object(self) -> Any:
        try:
            found = self.get_queryset().filter(initiative=self.kwargs["pk"]).first()
        except (ModelError, ValueError):
            found = None
        if found is None:
            raise Http404
        return found

    def search(self, queryset: QuerySet, text: str) -> QuerySet:
        """Title and objective; opened in memory, of one's own teams alone."""
        return queryset.filter(initiative__in=services.briefs_with(by=self.request.user, text=text))

    def make(self, *, by: Any, initiative: Initiative, **texts: str) -> Brief:
        if Brief.objects.visible_to(by).filter(initiative=initiative).exists():
            text = _("This initiative has a brief already. Use PATCH.")
            raise ModelError({"initiative": ModelError(text, "exists")})
        if not any(texts.get(name) for name in BRIEF_FIELDS):
            raise ModelError(ModelError(_("Give one text at least."), "required"))
        return services.edit_brief(by=by, initiative=initiative, version=0, **texts)

    def change(self, *, by: Any, record: Any, version: int | None, **texts: str) -> Any:
        return services.edit_brief(by=by, initiative=record.initiative, version=version, **texts)

    @extend_schema(responses=BriefRevisionSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], pagination_class=None)
    def history(self, request: Any, pk: str) -> Response:
        """Every version: who saved it when, what changed, and its texts. The newest first."""
        found = self.get_object()
        return Response(BriefRevisionSerializer(versions_of(request.user, found), many=True).data)


class GroundRulesSerializer(Strict):
    initiative = OwnInitiative()
    after = serializers.IntegerField(
        min_value=0,
        required=False,
        write_only=True,
        help_text=_("Number of the version that was read, 0 for none; 409 if there is a newer one."),
    )
    by = serializers.UUIDField(source="by_id", read_only=True)
    adopted_on = serializers.DateField(required=False, help_text=_("Left out: today."))

    class Meta(Strict.Meta):
        model = GroundRules
        fields = ("id", "version", "initiative", "number", "text", "adopted_on", "by", "after", *STAMPS)
        read_only_fields = ("number",)


class GroundRulesVersions(Making, Reading):
    """Versions of the ground rules, of the initiatives on whose teams the caller is. A version is never changed."""

    kind = RecordKind.BRIEF
    model = GroundRules
    serializer_class = GroundRulesSerializer
    filterset_class = OfInitiative
    queryset = GroundRules.objects.none()
    searched_texts = ("text",)
    orderings = ("number", "adopted_on", *STAMPS)
    expands = {"initiative": inline(lambda: Initiatives)}

    def searched(self, leaving: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
        """Written for the room, and handed on with everything else."""
        return leaving

    def make(self, **fields: Any) -> GroundRules:
        return services.adopt_ground_rules(**fields)


class AssentSerializer(Strict):
    initiative = serializers.UUIDField(source="initiative_id", read_only=True)
    rules = Visible(GroundRules, help_text=_("The version that somebody said yes to."))
    by = serializers.UUIDField(source="by_id", read_only=True)
    assented_on = serializers.DateField(required=False, help_text=_("Left out: today."))

    class Meta(Strict.Meta):
        model = GroundRulesAssent
        fields = ("id", "version", "initiative", "rules", "who", "assented_on", "withdrawn_on", "by", *STAMPS)
        read_only_fields = ("withdrawn_on",)


class AssentFilters(OfInitiative):
    rules = filters.UUIDFilter()
    withdrawn = YesNo(field_name="withdrawn_on", lookup_expr="isnull", exclude=True)


class Assents(Making, Reading):
    """Who said yes to which version of the ground rules."""

    kind = RecordKind.BRIEF
    model = GroundRulesAssent
    serializer_class = AssentSerializer
    filterset_class = AssentFilters
    queryset = GroundRulesAssent.objects.none()
    orderings = ("assented_on", *STAMPS)
    kept_inside = ("who",)
    expands = {"rules": inline(lambda: GroundRulesVersions)}

    def make(self, **fields: Any) -> GroundRulesAssent:
        return services.record_assent(**fields)

    def destroy(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Write down that the yes has been taken back. The assent stays, with the day."""
        assent = self.get_object()
        services.withdraw_assent(by=request.user, assent=assent, version=self.version(assent))
        return Response(status=status.HTTP_204_NO_CONTENT)

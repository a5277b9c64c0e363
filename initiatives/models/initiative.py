"""The card of an initiative, and the organisations and parties named on it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation, User
from confidentiality.codes import Action, Relation, TeamRole, Visibility
from confidentiality.policy import Standing
from confidentiality.records import Record
from confidentiality.wall import DATABASE_CASCADE, ME, NOT_NARROWED, Wall
from initiatives.dates import Days, days_of, wrong_with
from initiatives.enums import (
    Confidence,
    DefinitionSchool,
    InitiativeStatus,
    Matching,
    Modality,
    OfficialRelation,
    OrganisationRole,
    Precision,
    Theme,
    TimingBasis,
    TrackType,
)
from initiatives.models.conflict import Conflict, Party
from initiatives.querysets import (
    InitiativePartQuerySet,
    InitiativeQuerySet,
    circle_conflicts,
    within_reach,
)

# What the token is for with which the user acts: all conflicts, or some with what lies below them.
REACHED = f"({NOT_NARROWED} OR conflict_id IN (SELECT reached_conflicts()))"
# Who reads a card: policy.CARD as conditions on rows, the second time on purpose (the first is querysets.py).
_READ_CARD = f"""
    {REACHED} AND ((visibility = 'network' AND ((SELECT actor_vetted()) OR id IN (SELECT house_cards())))
    OR id IN (SELECT visible_initiatives())
    OR (public_record AND registered_by_id IN (SELECT own_organisations()))
    OR (visibility <> 'team' AND id IN (SELECT partner_cards()))
    OR (visibility = 'circle' AND conflict_id IN (SELECT circle_conflicts()))
    OR (visibility IN ('circle', 'network') AND conflict_id IN (SELECT covered_conflicts())))
"""
_RECORDED = "(public_record AND registered_by_id IN (SELECT own_organisations()))"
# Any member may lock the card, such as to leave the team; only a lead changes it.
_WRITE_CARD = (
    f"{REACHED} AND (id IN (SELECT visible_initiatives()) OR {_RECORDED})",
    f"{REACHED} AND (id IN (SELECT led_initiatives()) OR {_RECORDED})",
)
# Opening: in the name of one's own vetted organisation, in a transaction that is remembered (see may_found).
_OPEN = f"""
    {REACHED} AND founded_in = pg_current_xact_id()::text::bigint AND ({_RECORDED} OR (
        NOT public_record AND created_by_id = {ME}
        AND registered_by_id IN (SELECT own_vetted_organisations())
    ))
"""
# The detector reads what asks to be compared, and what has to be taken out of flags because it asks no more.
_COMPARED = "matching = 'on' OR id IN (SELECT once_compared_cards())"
_MATCHING_CARD = (
    "id", "codename", "conflict_id", "track_type", "themes", "began_on", "began_precision", "ended_on",
    "ended_precision", "matching",
)  # fmt: skip

# Parts of a card are read with it, and written by whoever writes it.
_PART = """EXISTS (SELECT FROM initiatives_initiative card WHERE card.id = initiative_id)"""
_WRITE_PART = """
    initiative_id IN (SELECT led_initiatives()) OR EXISTS (
        SELECT FROM initiatives_initiative card WHERE card.id = initiative_id AND card.public_record
            AND card.registered_by_id IN (SELECT own_organisations())
    )
"""


class Initiative(Record):
    """The card: what others may learn of an unofficial dialogue. Not its content, which is the team's alone.

    A card of the public record was entered by import, has no team, and alone carries `title`, `reference`,
    `source` and `confidence`. `registered_by` is the organisation in whose name the card was made. Dates are
    stored as the first day of their period (see dates.py); no end means still running.

    The table has one more column, `founded_in`: the transaction that made the row, by default of the database. It
    is what ties the first team member to that moment, and nothing in Python reads it.
    """

    wall = Wall(
        select=_READ_CARD,
        insert=_OPEN,
        update=_WRITE_CARD,
        others={
            # To lock a card while flags are written it must be allowed an update, which then passes no check.
            "t2d_detector": {"SELECT": _COMPARED, "UPDATE": ("true", "false")},
            "t2d_site": {"SELECT": "true", "UPDATE": "true"},
            # end_accesses() takes a successor away who has left.
            "t2d_policy": {"UPDATE": "true"},
            "t2d_purge": {"SELECT": "true", "DELETE": "true"},
        },
        columns={
            "t2d_detector": {"SELECT": _MATCHING_CARD, "UPDATE": ("updated_at",)},
            "t2d_site": {"SELECT": ("id", "successor_id"), "UPDATE": ("successor_id",)},
            "t2d_policy": {"UPDATE": ("successor_id",)},
            "t2d_purge": {"SELECT": ("id",)},
        },
        free=("conflict_id", "successor_id"),
        kept=("public_record", "founded_in"),
    )

    codename = models.CharField(_("codename"), max_length=60)
    public_line = models.CharField(_("public line"), max_length=300, blank=True)
    conflict = models.ForeignKey(
        Conflict, models.PROTECT, related_name="initiatives", verbose_name=_("conflict")
    )
    track_type = models.CharField(_("track type"), max_length=12, choices=TrackType)
    definition_school = models.CharField(
        _("definition school"), max_length=12, choices=DefinitionSchool, default=DefinitionSchool.UN_DPPA
    )
    modality = models.CharField(_("modality"), max_length=30, choices=Modality, default=Modality.UNKNOWN)
    status = models.CharField(
        _("status"), max_length=20, choices=InitiativeStatus, default=InitiativeStatus.IDEA
    )
    parties = models.ManyToManyField(
        Party, through="InitiativeParty", related_name="initiatives", blank=True, verbose_name=_("parties")
    )
    organisations = models.ManyToManyField(
        Organisation,
        through="InitiativeOrganisation",
        related_name="initiatives",
        verbose_name=_("organisations"),
    )
    themes = ArrayField(
        models.CharField(max_length=40, choices=Theme), verbose_name=_("themes"), default=list, blank=True
    )
    countries = ArrayField(
        models.CharField(max_length=2), verbose_name=_("countries"), default=list, blank=True
    )
    began_on = models.DateField(_("began on"))
    began_precision = models.CharField(
        _("beginning known to the"), max_length=7, choices=Precision, default=Precision.DAY
    )
    ended_on = models.DateField(_("ended on"), null=True, blank=True)
    ended_precision = models.CharField(
        _("end known to the"), max_length=7, choices=Precision, default=Precision.DAY
    )
    visibility = models.CharField(_("visibility"), max_length=8, choices=Visibility, default=Visibility.TEAM)
    matching = models.CharField(_("matching"), max_length=3, choices=Matching)
    official_relation = models.CharField(
        _("relation to Track One"), max_length=10, choices=OfficialRelation, default=OfficialRelation.UNKNOWN
    )
    official_relation_on = models.DateField(_("since"), null=True, blank=True)
    timing_basis = models.CharField(
        _("why now"), max_length=20, choices=TimingBasis, default=TimingBasis.UNKNOWN
    )
    timing_basis_on = models.DateField(_("as of"), null=True, blank=True)
    registered_by = models.ForeignKey(
        Organisation, models.PROTECT, related_name="registered_initiatives", editable=False
    )
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, editable=False, related_name="+")
    successor = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("successor")
    )
    public_record = models.BooleanField(default=False, editable=False)
    title = models.CharField(_("title"), max_length=300, blank=True)
    reference = models.CharField(_("reference"), max_length=60, blank=True)
    source = models.CharField(_("source"), max_length=500, blank=True)
    confidence = models.CharField(_("confidence"), max_length=6, choices=Confidence, blank=True)

    # The title of the brief, for a page that a member of the team reads; see services.entitle. Not stored, and never
    # part of __str__.
    team_title: str = ""

    objects = InitiativeQuerySet.as_manager()

    class Meta:
        ordering = ["-began_on", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["registered_by", "reference"],
                condition=~Q(reference=""),
                name="reference_once_in_register",
            ),
            models.CheckConstraint(
                condition=Q(public_record=True) | Q(title="", reference="", source="", confidence=""),
                name="only_public_record_has_title",
                violation_error_message=_(
                    "Only a card of the public record has a title, reference or source."
                ),
            ),
            models.CheckConstraint(
                condition=Q(public_record=False) | Q(visibility=Visibility.NETWORK),
                name="public_record_is_seen_by_network",
            ),
        ]
        indexes = [
            models.Index(fields=["conflict", "began_on"], name="initiative_by_conflict"),
            GinIndex(fields=["themes"], name="initiative_themes"),
            # The order of every list: without it a page of 50 sorts all cards that may be read.
            models.Index(F("began_on").desc(), "id", name="initiative_newest"),
        ]

    def __str__(self) -> str:
        return self.codename

    @property
    def card_label(self) -> str:
        """What every reader of the card calls it: the published title, or the codename."""
        return self.title or self.codename

    @property
    def label(self) -> str:
        """What the reader of this page calls it: for a member of the team its title, else as on the card."""
        return self.team_title or self.card_label

    @property
    def days(self) -> Days:
        """The days on which it may have run."""
        return days_of(self.began_on, self.began_precision, self.ended_on, self.ended_precision)

    def clean(self) -> None:
        errors: dict[str, Any] = {}
        for name in ("began", "ended"):
            if text := wrong_with(getattr(self, f"{name}_on"), getattr(self, f"{name}_precision")):
                errors[f"{name}_on"] = text
        if not errors and self.began_on and self.ended_on and self.days.last < self.days.first:
            errors["ended_on"] = _("The end lies before the beginning.")
        if len(set(self.themes)) != len(self.themes):
            errors["themes"] = _("Name each theme once.")
        if errors:
            raise ValidationError(errors)

    def relations_of(self, user: Any) -> tuple[frozenset[Relation], Any]:
        """Every relation in which the user stands to this initiative, and the place on the team, if any."""
        if not user.is_authenticated:
            return frozenset({Relation.ANONYMOUS}), None
        member = self.members.live().filter(within_reach(user, "initiative__conflict"), user=user).first()
        own = set(user.organisation_ids())
        named = {
            role
            for organisation, role in self.named.values_list("organisation", "role")
            if organisation in own
        }
        found = {
            Relation.TEAM: member is not None,
            Relation.RECORDER: self.public_record and self.registered_by_id in own,
            Relation.HOUSE: bool(named & {OrganisationRole.CONVENER, OrganisationRole.CO_CONVENER}),
            Relation.PARTNER: OrganisationRole.PARTNER in named,
            Relation.CIRCLE: self.in_circle_of(user),
            Relation.NETWORK: user.is_vetted(),
            Relation.COORDINATOR: Conflict.objects.covered_by(user).filter(pk=self.conflict_id).exists(),
            Relation.STEWARD: user.is_steward,
        }
        relations = frozenset(relation for relation, holds in found.items() if holds)
        return relations or frozenset({Relation.STRANGER}), member

    def in_circle_of(self, user: Any) -> bool:
        """Whether one of the user's vetted organisations is in the circle of this conflict."""
        return user.is_vetted() and circle_conflicts(user).filter(pk=self.conflict_id).exists()

    @property
    def audit_stream(self) -> UUID:
        return self.pk

    def standing_of(self, user: Any) -> Standing:
        """Seen exactly when `visible_to` returns it; the table in policy.py says what a role may do."""
        relations, member = self.relations_of(user)
        visible = type(self).objects.visible_to(user).filter(pk=self.pk).exists()
        grants: frozenset[Action] = frozenset()
        if Relation.RECORDER in relations:
            grants = frozenset({Action.EDIT_CARD})
        if Relation.TEAM in relations:
            grants |= {Action.READ_TEAM}
        role, for_a_day = (TeamRole(member.role), member.in_emergency) if member else (None, False)
        return Standing(relations, role, visible, grants, for_a_day)


class InitiativeOrganisation(Record):
    """An organisation named on a card, with its role there. It may be named in several roles."""

    wall = Wall(select=_PART, insert=_WRITE_PART, update=_WRITE_PART, delete=_WRITE_PART)

    initiative = models.ForeignKey(Initiative, DATABASE_CASCADE, related_name="named")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="named_on")
    role = models.CharField(_("role"), max_length=12, choices=OrganisationRole)

    objects = InitiativePartQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["initiative", "organisation", "role"], name="organisation_named_once_in_role"
            ),
            models.UniqueConstraint(
                fields=["initiative"], condition=Q(role=OrganisationRole.CONVENER), name="one_convener"
            ),
        ]
        indexes = [models.Index(fields=["organisation", "role"], name="named_by_organisation")]

    def __str__(self) -> str:
        return f"{self.organisation_id} {self.role}"


class InitiativeParty(Record):
    """A party that takes part in an initiative. Parties are those at the root of the initiative's conflict."""

    wall = Wall(
        select=_PART,
        insert=_WRITE_PART,
        update=_WRITE_PART,
        delete=_WRITE_PART,
        others={"t2d_detector": {"SELECT": "true"}, "t2d_policy": {"UPDATE": "true"}},
    )

    initiative = models.ForeignKey(Initiative, DATABASE_CASCADE, related_name="sides")
    party = models.ForeignKey(Party, models.PROTECT, related_name="sides")

    objects = InitiativePartQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["initiative", "party"], name="party_once_on_card")]

    def __str__(self) -> str:
        return str(self.party_id)

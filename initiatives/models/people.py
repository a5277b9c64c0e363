"""Who works on initiatives and conflicts: team members, coordinators, circles."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeBoundary, RangeOperators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Func, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation, User
from confidentiality.codes import Action, TeamRole
from confidentiality.policy import Standing
from confidentiality.records import Record
from confidentiality.wall import DATABASE_CASCADE, ME, NOT_NARROWED, Wall
from initiatives.models.conflict import Conflict
from initiatives.models.initiative import REACHED, Initiative
from initiatives.querysets import CircleDeclarationQuerySet, MandateQuerySet, TeamMemberQuerySet


class TsTzRange(Func):
    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


_ON_TEAM = "initiative_id IN (SELECT visible_initiatives())"
_LED = "initiative_id IN (SELECT led_initiatives())"
_ADMITTED = "may_admit(id, initiative_id, user_id, admitted_at)"
_OWN = "organisation_id IN (SELECT own_organisations())"
_COVERED = "conflict_id IN (SELECT covered_conflicts())"


class TeamMember(Record):
    """A user's role on an initiative's team, from a moment until it expires; no expiry, no end yet.

    Removing somebody sets the expiry to now; the row stays as history. Not a participant of the dialogue.
    `admitted_at`: since when it opens anything; after a recovery of the account, once a lead admitted it again.
    `in_emergency`: two owners of the convening organisation let this one in for a day.
    """

    wall = Wall(
        # One's own rows also when they have ended: they keep a former mediator from brokering.
        select=f"initiative_id IN (SELECT visible_initiatives()) OR (user_id = {ME} AND {NOT_NARROWED})",
        insert=f"({_LED} OR (user_id = {ME} AND may_found(initiative_id))) AND {_ADMITTED}",
        # A lead manages the team; everybody else may leave it.
        update=(
            _ON_TEAM,
            f"({_LED} OR (user_id = {ME} AND leaves(id, role, began_at, expires_at))) AND {_ADMITTED}",
        ),
        others={
            "t2d_site": {"SELECT": "true", "INSERT": "true", "UPDATE": "true"},
            # end_accesses(), open_in_emergency() and admit_lead().
            "t2d_policy": {"INSERT": "in_emergency", "UPDATE": "true"},
            # Who leads may read the tombstone.
            "t2d_purge": {"SELECT": "role = 'lead'"},
        },
        columns={"t2d_purge": {"SELECT": ("initiative_id", "user_id", "role", "began_at", "expires_at")}},
    )

    initiative = models.ForeignKey(Initiative, DATABASE_CASCADE, related_name="members")
    user = models.ForeignKey(User, models.PROTECT, related_name="team_memberships", verbose_name=_("who"))
    role = models.CharField(_("role"), max_length=12, choices=TeamRole)
    began_at = models.DateTimeField(_("since"), default=timezone.now)
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    added_by = models.ForeignKey(User, models.SET_NULL, null=True, editable=False, related_name="+")
    admitted_at = models.DateTimeField(default=timezone.now, editable=False)
    in_emergency = models.BooleanField(default=False, editable=False)

    objects = TeamMemberQuerySet.as_manager()

    class Meta:
        ordering = ["began_at"]
        constraints = [
            ExclusionConstraint(
                name="on_a_team_once_at_a_time",
                expressions=[
                    ("initiative", RangeOperators.EQUAL),
                    ("user", RangeOperators.EQUAL),
                    (TsTzRange("began_at", "expires_at", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
                violation_error_message=_("This person is on the team already."),
            )
        ]
        indexes = [models.Index(fields=["user", "initiative"], name="team_member_by_user")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.role}"

    @property
    def is_live(self) -> bool:
        return self.expires_at is None or self.expires_at > timezone.now()

    @property
    def waits(self) -> bool:
        """Whether it opens nothing until it is admitted again, since the account was recovered."""
        recovered = self.user.recovered_at
        return self.is_live and recovered is not None and recovered >= self.admitted_at

    def clean_fields(self, exclude: Any = None) -> None:
        """Without `initiative`: whoever opens one does not see it before being its first member."""
        super().clean_fields(exclude={*(exclude or ()), "initiative"})

    def clean(self) -> None:
        if self.expires_at and self.began_at and self.expires_at < self.began_at:
            raise ValidationError({"expires_at": _("The access would end before it begins.")})

    def standing_of(self, user: Any) -> Standing:
        """Seen and managed as the team is."""
        standing = self.initiative.standing_of(user)
        return replace(standing, visible=standing.team_role is not None)


class CoordinatorMandate(Record):
    """A user's mandate to coordinate a conflict and everything below it, or all conflicts (conflict None).

    It opens flags and matching cards, never content. It does not exempt from the lockout of those who mediate.
    """

    wall = Wall(
        select=f"user_id = {ME} OR (SELECT actor_is_steward())",
        insert="(SELECT actor_is_steward())",
        update="(SELECT actor_is_steward())",
    )

    user = models.ForeignKey(User, models.CASCADE, related_name="mandates")
    conflict = models.ForeignKey(Conflict, models.CASCADE, null=True, blank=True, related_name="mandates")
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = MandateQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "conflict"],
                condition=Q(ended_at=None),
                nulls_distinct=False,
                name="mandate_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.conflict_id or 'all'}"


class CircleDeclaration(Record):
    """An organisation's word that it works on a conflict, confirmed by a coordinator.

    Independent of any initiative: opening one declares nothing. Seen by the circle.
    """

    wall = Wall(
        select=f"""
            {REACHED} AND ({_OWN} OR {_COVERED} OR (confirmed_at IS NOT NULL AND withdrawn_at IS NULL
                AND conflict_id IN (SELECT circle_conflicts())))
        """,
        insert=f"{REACHED} AND {_OWN} AND confirmed_at IS NULL AND withdrawn_at IS NULL",
        # Its own organisation may take it back, and only a coordinator who is of another one confirms it, while it
        # stands.
        update=(
            f"{_OWN} OR ({_COVERED} AND withdrawn_at IS NULL)",
            f"({_OWN} AND (confirmed_at IS NULL OR withdrawn_at IS NOT NULL)) OR ({_COVERED} AND NOT {_OWN})",
        ),
        free=("confirmed_by_id",),
    )

    organisation = models.ForeignKey(
        Organisation, models.CASCADE, related_name="declarations", verbose_name=_("organisation")
    )
    conflict = models.ForeignKey(
        Conflict, models.CASCADE, related_name="declarations", verbose_name=_("conflict")
    )
    declared_by = models.ForeignKey(User, models.SET_NULL, null=True, editable=False, related_name="+")
    confirmed_at = models.DateTimeField(null=True, blank=True, editable=False)
    confirmed_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    withdrawn_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = CircleDeclarationQuerySet.as_manager()

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "conflict"], condition=Q(withdrawn_at=None), name="declared_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.organisation_id} {self.conflict_id}"

    def standing_of(self, user: Any) -> Standing:
        """Confirmed by a coordinator of the conflict who is not of the declaring organisation."""
        visible = type(self).objects.visible_to(user).filter(pk=self.pk).exists()
        grants = set()
        if visible and self.organisation_id in user.owned_organisation_ids():
            grants.add(Action.DECLARE_CIRCLE)
        if visible and Conflict.objects.covered_by(user).filter(pk=self.conflict_id).exists():
            grants.add(Action.CONFIRM_CIRCLE)
        return Standing(visible=visible, grants=frozenset(grants))

"""Purging an initiative: what two people agreed on before, and what is left afterwards."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation, User
from confidentiality.codes import Action, TeamRole
from confidentiality.policy import Standing
from confidentiality.records import Record
from confidentiality.wall import DATABASE_CASCADE, ME, NOT_NARROWED, Wall
from initiatives.enums import AT_ONCE, PurgeReason, PurgeState
from initiatives.models.initiative import Initiative
from initiatives.querysets import PurgeRequestQuerySet, TombstoneQuerySet

# A request that nobody confirmed: nobody remembers after this time what it was about.
ASKED_DAYS = 14
# Between the second person's word and the deed, so that a lead can still say no; see docs/decisions.
WINDOW = timedelta(hours=24)
OPEN = (PurgeState.ASKED, PurgeState.CONFIRMED)
OF_REQUESTS = (*OPEN, PurgeState.CANCELLED)

_AT_ONCE = ",".join(f"'{reason}'" for reason in sorted(AT_ONCE))  # for SQL
_SEEN = f"""
    (initiative_id IN (SELECT visible_initiatives())
    OR ({NOT_NARROWED} AND asked_of_id = {ME} AND organisation_id IN (SELECT own_organisations())))
"""
_ASKED = f"""
    state = 'asked' AND asked_by_id = {ME} AND confirmed_by_id IS NULL
    AND (asked_of_id IS NULL OR asked_of_id <> {ME})
    AND asked_at <= now() + interval '1 hour'
    AND initiative_id IN (SELECT led_initiatives() EXCEPT SELECT emergency_initiatives())
"""
# Confirmed by the acting user alone, who is not the one who asked; what has come to an end never changes again.
_CONFIRMED = f"""
    state = 'confirmed' AND confirmed_by_id = {ME} AND asked_by_id <> {ME}
    AND (reason IN ({_AT_ONCE}) OR due_at >= now() + interval '23 hours')
    AND confirmed_at >= now() - interval '1 hour'
    AND (asked_of_id = {ME}
        OR initiative_id IN (SELECT coordinated_initiatives() EXCEPT SELECT emergency_initiatives()))
"""
# Cancelled by a lead, by who could have confirmed it, or by somebody concerned; observers only look on.
_CANCELLED = f"""
    state = 'cancelled' AND cancelled_by_id = {ME}
    AND (initiative_id IN (SELECT coordinated_initiatives())
        OR asked_by_id = {ME} OR asked_of_id = {ME} OR confirmed_by_id = {ME})
"""


class PurgeRequest(Record):
    """A lead's request to purge an initiative, and the second person's answer. Content-free.

    Not the purge itself, which is the worker's (services/purging.py), and not what remains of it (Tombstone): it
    goes with the initiative. `asked_of` is somebody outside the team, an owner of the convening `organisation`, whom
    the lead let in on it because nobody else leads or facilitates. `due_at` is when the worker may begin.
    """

    wall = Wall(
        select=_SEEN,
        insert=_ASKED,
        update=(
            f"state IN ('asked', 'confirmed') AND {_SEEN}",
            f"(({_CANCELLED}) OR ({_CONFIRMED})) AND {_SEEN}",
        ),
        others={"t2d_purge": {"SELECT": "state = 'confirmed'"}},
        free=("confirmed_by_id", "cancelled_by_id"),
        kept=("reason", "asked_at"),
    )

    initiative = models.ForeignKey(
        Initiative, DATABASE_CASCADE, related_name="purge_requests", editable=False
    )
    reason = models.CharField(_("reason"), max_length=25, choices=PurgeReason)
    state = models.CharField(_("state"), max_length=10, choices=PurgeState, default=PurgeState.ASKED)
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)
    asked_at = models.DateTimeField(default=timezone.now, editable=False)
    asked_of = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    organisation = models.ForeignKey(Organisation, models.PROTECT, null=True, blank=True, related_name="+")
    confirmed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True, blank=True, editable=False)
    due_at = models.DateTimeField(null=True, blank=True, editable=False)
    cancelled_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    cancelled_at = models.DateTimeField(null=True, blank=True, editable=False)

    # The card, for a page that a member of the team reads; see services.with_cards. Not stored.
    card: Initiative | None = None

    objects = PurgeRequestQuerySet.as_manager()

    class Meta:
        ordering = ["-asked_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["initiative"], condition=Q(state__in=OPEN), name="one_open_purge_request"
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by=None) | ~Q(confirmed_by=F("asked_by")), name="purge_takes_two_people"
            ),
            models.CheckConstraint(
                condition=Q(asked_of=None, organisation=None)
                | Q(asked_of__isnull=False, organisation__isnull=False),
                name="purge_asked_of_an_owner",
            ),
            models.CheckConstraint(
                condition=~Q(state=PurgeState.CONFIRMED)
                | Q(confirmed_by__isnull=False, confirmed_at__isnull=False, due_at__isnull=False),
                name="confirmed_purge_says_by_whom",
            ),
            models.CheckConstraint(condition=Q(state__in=OF_REQUESTS), name="purge_request_runs_elsewhere"),
        ]

    def __str__(self) -> str:
        return f"purge request {self.pk}"

    @property
    def at_once(self) -> bool:
        return self.reason in AT_ONCE

    @property
    def lapses_at(self) -> datetime:
        return self.asked_at + timedelta(days=ASKED_DAYS)

    @property
    def has_lapsed(self) -> bool:
        """Whether nobody confirmed it for so long that it has to be asked anew."""
        return self.state == PurgeState.ASKED and self.lapses_at <= timezone.now()

    @property
    def is_open(self) -> bool:
        return self.state in OPEN and not self.has_lapsed

    @property
    def is_due(self) -> bool:
        """Whether the worker may begin, or has: nobody can stop it any more."""
        return (
            self.state == PurgeState.CONFIRMED and self.due_at is not None and self.due_at <= timezone.now()
        )

    def clean_fields(self, exclude: Any = None) -> None:
        """Without `initiative`: who confirms from outside the team does not see it."""
        super().clean_fields(exclude={*(exclude or ()), "initiative"})

    def standing_of(self, user: Any) -> Standing:
        """Seen by the team, and by the owner who was let in on it. Who asked does not confirm."""
        visible = type(self).objects.visible_to(user).filter(pk=self.pk).exists()
        if not visible:
            return Standing()
        member = user.team_memberships.live().filter(initiative=self.initiative_id).first()
        role = TeamRole(member.role) if member else None
        grants = {Action.READ_PURGE}
        # Not whoever was let in for a day: what is destroyed is decided by those who are there afterwards.
        decides = role in (TeamRole.LEAD, TeamRole.FACILITATOR) and member and not member.in_emergency
        if user.pk != self.asked_by_id and (decides or user.pk == self.asked_of_id):
            grants.add(Action.CONFIRM_PURGE)
        refuses = Action.CONFIRM_PURGE in grants and self.state == PurgeState.ASKED
        concerned = (self.asked_by_id, self.asked_of_id, self.confirmed_by_id)
        if refuses or role == TeamRole.LEAD or user.pk in concerned:
            grants.add(Action.CANCEL_PURGE)
        return Standing(team_role=role, visible=True, grants=frozenset(grants))


class Tombstone(Record):
    """What is left of a purged initiative: that there was one, why it went, and who decided. No word of content.

    Not a backup, and no way back. It is written before anything is destroyed, so that a purge that was cut short is
    finished; `purged_at` says that it was. `purged_id` is the id of the initiative, and no relation: there is
    nothing left to relate to. Read by `readers`, who knew of it: the leads of its last team, and who
    decided: two people, or where its time was over, one.
    """

    wall = Wall(
        select=f"{ME} = ANY (readers) AND {NOT_NARROWED}",
        others={"t2d_purge": {"SELECT": "true", "INSERT": "true", "UPDATE": "true"}},
    )

    purged_id = models.UUIDField(unique=True, editable=False)
    reason = models.CharField(_("reason"), max_length=25, choices=PurgeReason, editable=False)
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)
    asked_at = models.DateTimeField(editable=False)
    # Nobody, where the time was over for which it was to be kept: then `asked_by` is who set the end.
    confirmed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", editable=False)
    confirmed_at = models.DateTimeField(editable=False)
    readers = ArrayField(models.UUIDField(), editable=False)
    rows_gone_at = models.DateTimeField(null=True, blank=True, editable=False)
    purged_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = TombstoneQuerySet.as_manager()

    class Meta:
        ordering = ["-confirmed_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(confirmed_by=None, reason=PurgeReason.RETENTION_ENDED)
                | Q(confirmed_by__isnull=False) & ~Q(confirmed_by=F("asked_by")),
                name="tombstone_names_two_people",
            )
        ]

    def __str__(self) -> str:
        return f"tombstone {self.pk}"

    @property
    def state(self) -> PurgeState:
        return PurgeState.DONE if self.purged_at else PurgeState.RUNNING

    @property
    def key_scope(self) -> str:
        """The name of the data key that is destroyed."""
        return key_scope_of(self.purged_id)

    def standing_of(self, user: Any) -> Standing:
        visible = type(self).objects.visible_to(user).filter(pk=self.pk).exists()
        return Standing(visible=visible, grants=frozenset({Action.READ_PURGE}) if visible else frozenset())


def key_scope_of(initiative_id: UUID) -> str:
    """The name under which the vault keeps an initiative's data key."""
    return f"initiative:{initiative_id}"

"""Shared reference: conflicts in a tree, the parties at their root, official tracks and deadlines."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from confidentiality.codes import Action
from confidentiality.policy import Standing
from confidentiality.records import Record
from initiatives.dates import first_day
from initiatives.enums import DeadlineKind, Openness, PartyKind, Phase, Precision, Theme
from initiatives.querysets import ConflictQuerySet, ReferenceQuerySet, reads_reference


def normalised(name: str) -> str:
    """A name as it is compared on import: case and spaces do not matter."""
    return " ".join(name.split()).casefold()


class Reference(Record):
    """Shared reference: read by every member of a vetted organisation, written by coordinators of the conflict."""

    open_because = (
        "shared reference, read by every member of a vetted organisation: there are no secrets in it"
    )
    open_to = ("t2d_detector", "t2d_site", "t2d_purge")
    # Whether such records, with their `conflict` and `party`, belong to a root and go along when it becomes part of
    # another conflict.
    follows_root: ClassVar[bool] = False

    class Meta:
        abstract = True

    def conflict_lineage(self) -> list[UUID]:
        """The path of the conflict that the record belongs to, from its root."""
        raise TypeError(f"{type(self).__name__} does not say which conflict it belongs to")

    def standing_of(self, user: Any) -> Standing:
        if not reads_reference(user):
            return Standing()
        grants = {Action.READ_REFERENCE}
        lineage = self.conflict_lineage()
        covered = user.mandates.live().filter(Q(conflict=None) | Q(conflict__in=lineage)).exists()
        if covered and (not user.narrowed_to or set(user.narrowed_to) & set(lineage)):
            grants |= {Action.EDIT_REFERENCE, Action.CONFIRM_CIRCLE, Action.IMPORT_INITIATIVES}
        return Standing(visible=True, grants=frozenset(grants))


class Conflict(Reference):
    """A dispute, in a tree. Not an initiative and not an official process; it has no secrets in it.

    `lineage` is the path of ids from the root down to the conflict itself, `root` its first element; both follow
    from `parent` and are kept by the services. `ucdp_conflict_id` is not unique: many Track Two conflicts have
    none, and a local one may share its parent's. Source of the ids: UCDP/PRIO Armed Conflict Dataset.
    """

    name = models.CharField(_("name"), max_length=200)
    normalised_name = models.CharField(max_length=200, editable=False)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("part of")
    )
    root = models.ForeignKey("self", models.DO_NOTHING, related_name="family", editable=False)
    lineage = ArrayField(models.UUIDField(), editable=False)
    alternative_names = models.JSONField(
        _("other names"), default=list, blank=True, help_text=_("A list of {name, language}.")
    )
    countries = ArrayField(
        models.CharField(max_length=2), verbose_name=_("countries"), default=list, blank=True
    )
    ucdp_conflict_id = models.PositiveIntegerField(_("UCDP conflict id"), null=True, blank=True)

    objects = ConflictQuerySet.as_manager()

    class Meta:
        ordering = ["normalised_name"]
        constraints = [
            models.UniqueConstraint(
                fields=["parent", "normalised_name"],
                nulls_distinct=False,
                name="conflict_name_once_in_parent",
            ),
            models.CheckConstraint(condition=~Q(parent=F("id")), name="conflict_not_its_own_parent"),
        ]
        indexes = [GinIndex(fields=["lineage"], name="conflict_lineage")]

    def __str__(self) -> str:
        return self.name

    def conflict_lineage(self) -> list[UUID]:
        return list(self.lineage)

    def place(self) -> None:
        """Derive name for comparison, root and lineage from name and parent."""
        self.normalised_name = normalised(self.name)
        self.root_id = self.parent.root_id if self.parent else self.pk
        self.lineage = [*(self.parent.lineage if self.parent else []), self.pk]

    def clean_fields(self, exclude: Any = None) -> None:
        """Without `root`: it follows from the parent, and a new root is its own, which is not stored yet."""
        super().clean_fields(exclude={*(exclude or ()), "root"})

    def clean(self) -> None:
        if self.parent and self.pk in self.parent.lineage:
            raise ValidationError(
                {"parent": _("A conflict cannot be part of itself or of one of its own parts.")}, code="cycle"
            )


class ConflictTree:
    """All conflicts together, for acts that no single one of them governs. Not stored.

    A new root is made by somebody whose mandate covers all conflicts.
    """

    def standing_of(self, user: Any) -> Standing:
        if not reads_reference(user):
            return Standing()
        everywhere = not user.narrowed_to and user.mandates.live().filter(conflict=None).exists()
        grants = {Action.READ_REFERENCE} | (
            {Action.EDIT_REFERENCE, Action.IMPORT_INITIATIVES} if everywhere else set()
        )
        return Standing(visible=True, grants=frozenset(grants))


class Party(Reference):
    """A side. Belongs to the root of a conflict tree, so that nested conflicts share their parties.

    `parent` makes it a faction. Not an organisation and not a participant.
    """

    conflict = models.ForeignKey(Conflict, models.CASCADE, related_name="parties", verbose_name=_("conflict"))
    name = models.CharField(_("name"), max_length=200)
    normalised_name = models.CharField(max_length=200, editable=False)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="factions", verbose_name=_("faction of")
    )
    kind = models.CharField(_("kind"), max_length=20, choices=PartyKind, default=PartyKind.UNKNOWN)
    contact_restricted = models.BooleanField(_("contact is restricted"), default=False)
    contact_restricted_in = ArrayField(
        models.CharField(max_length=2), verbose_name=_("restricted in"), default=list, blank=True
    )
    openness_to_unofficial = models.CharField(
        _("openness to unofficial actors"), max_length=10, choices=Openness, default=Openness.UNKNOWN
    )

    objects = ReferenceQuerySet.as_manager()

    class Meta:
        ordering = ["normalised_name"]
        verbose_name_plural = "parties"
        constraints = [
            models.UniqueConstraint(
                fields=["conflict", "normalised_name"], name="party_name_once_in_conflict"
            ),
            models.CheckConstraint(condition=~Q(parent=F("id")), name="party_not_its_own_faction"),
        ]

    def __str__(self) -> str:
        return self.name

    def conflict_lineage(self) -> list[UUID]:
        return self.conflict.conflict_lineage()

    def clean(self) -> None:
        if self.conflict_id and self.conflict.parent_id:
            raise ValidationError({"conflict": _("Parties belong to the conflict at the root of its tree.")})
        if self.parent and self.parent.conflict_id != self.conflict_id:
            raise ValidationError({"parent": _("A faction belongs to a party of the same conflict.")})
        if self.parent and self.parent.parent_id:
            raise ValidationError({"parent": _("A faction of a faction: name the party itself.")})
        if self.parent_id and self.factions.exists():
            raise ValidationError({"parent": _("This party has factions of its own.")})


class OfficialTrack(Reference):
    """One Track One process. Its phase is the latest of its TrackPhases."""

    conflict = models.ForeignKey(
        Conflict, models.CASCADE, related_name="official_tracks", verbose_name=_("conflict")
    )
    name = models.CharField(_("name"), max_length=200)
    mandate_holder = models.CharField(_("mandate holder"), max_length=200, blank=True)
    lead_mediator = models.CharField(_("lead mediator"), max_length=200, blank=True)
    began_on = models.DateField(_("began on"), null=True, blank=True)
    ended_on = models.DateField(_("ended on"), null=True, blank=True)
    roadblock = models.CharField(_("roadblock"), max_length=500, blank=True)
    agenda_themes = ArrayField(
        models.CharField(max_length=40, choices=Theme),
        verbose_name=_("agenda themes"),
        default=list,
        blank=True,
    )

    objects = ReferenceQuerySet.as_manager()

    class Meta:
        ordering = ["began_on", "name"]
        constraints = [
            models.UniqueConstraint(fields=["conflict", "name"], name="track_name_once_in_conflict")
        ]

    def __str__(self) -> str:
        return self.name

    def conflict_lineage(self) -> list[UUID]:
        return self.conflict.conflict_lineage()

    @property
    def phase(self) -> str:
        """The phase that stands now; `none` before the first is recorded."""
        latest = max(self.phases.all(), key=lambda phase: phase.began_on, default=None)
        return latest.phase if latest else Phase.NONE

    def clean(self) -> None:
        if self.began_on and self.ended_on and self.ended_on < self.began_on:
            raise ValidationError({"ended_on": _("The end lies before the beginning.")})


class TrackPhase(Reference):
    """A phase of an official track, from a day until the next phase begins."""

    track = models.ForeignKey(OfficialTrack, models.CASCADE, related_name="phases")
    phase = models.CharField(_("phase"), max_length=20, choices=Phase)
    began_on = models.DateField(_("since"))

    objects = ReferenceQuerySet.as_manager()

    class Meta:
        ordering = ["began_on"]
        constraints = [models.UniqueConstraint(fields=["track", "began_on"], name="track_phase_once_a_day")]

    def __str__(self) -> str:
        return f"{self.phase} {self.began_on}"

    def conflict_lineage(self) -> list[UUID]:
        return self.track.conflict_lineage()


class Deadline(Reference):
    """A dated external pressure on a conflict, which drives the countdown that hard Track Two works against."""

    conflict = models.ForeignKey(
        Conflict, models.CASCADE, related_name="deadlines", verbose_name=_("conflict")
    )
    track = models.ForeignKey(
        OfficialTrack,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="deadlines",
        verbose_name=_("track"),
    )
    kind = models.CharField(_("kind"), max_length=20, choices=DeadlineKind, default=DeadlineKind.OTHER)
    name = models.CharField(_("what happens"), max_length=200)
    due_on = models.DateField(_("due on"))
    due_precision = models.CharField(
        _("known to the"), max_length=7, choices=Precision, default=Precision.DAY
    )

    objects = ReferenceQuerySet.as_manager()

    class Meta:
        ordering = ["due_on"]

    def __str__(self) -> str:
        return self.name

    def conflict_lineage(self) -> list[UUID]:
        return self.conflict.conflict_lineage()

    def clean(self) -> None:
        if self.due_on and self.due_precision and self.due_on != first_day(self.due_on, self.due_precision):
            raise ValidationError({"due_on": _("Give the first day of the period.")})
        if self.track and self.conflict_id and self.track.conflict_id != self.conflict_id:
            raise ValidationError({"track": _("This track belongs to another conflict.")})

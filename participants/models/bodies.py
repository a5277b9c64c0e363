"""Official bodies, their part in official tracks, and the liaisons who answer for them."""

from __future__ import annotations

from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from confidentiality.records import Record
from confidentiality.wall import ME, Wall
from initiatives.enums import Theme
from initiatives.models import Conflict, OfficialTrack, Party
from initiatives.models.conflict import Reference, normalised
from initiatives.querysets import ReferenceQuerySet
from participants.enums import TrackPart
from participants.querysets import LiaisonMandateQuerySet, OfficialBodyQuerySet


class OfficialBody(Reference):
    """An office that decides, advises or stands in the way: the office before the person who holds it.

    Belongs to the root of a conflict tree, as parties do. No `party`: it is of no side, such as a guarantor.
    `gatekeeper`: the body through which it is reached.
    """

    conflict = models.ForeignKey(
        Conflict, models.CASCADE, related_name="official_bodies", verbose_name=_("conflict")
    )
    party = models.ForeignKey(
        Party, models.PROTECT, null=True, blank=True, related_name="official_bodies", verbose_name=_("party")
    )
    name = models.CharField(_("name"), max_length=200)
    normalised_name = models.CharField(max_length=200, editable=False)
    agenda_themes = ArrayField(
        models.CharField(max_length=40, choices=Theme),
        verbose_name=_("agenda themes"),
        default=list,
        blank=True,
    )
    gatekeeper = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="kept_gates",
        verbose_name=_("gatekeeper"),
    )
    tracks = models.ManyToManyField(
        OfficialTrack, through="BodyTrack", related_name="bodies", blank=True, verbose_name=_("tracks")
    )

    objects = OfficialBodyQuerySet.as_manager()
    follows_root = True

    class Meta:
        ordering = ["normalised_name"]
        verbose_name_plural = "official bodies"
        constraints = [
            models.UniqueConstraint(
                fields=["conflict", "normalised_name"], name="body_name_once_in_conflict"
            ),
            models.CheckConstraint(condition=~Q(gatekeeper=F("id")), name="body_not_its_own_gatekeeper"),
        ]

    def __str__(self) -> str:
        return self.name

    def conflict_lineage(self) -> list[UUID]:
        return self.conflict.conflict_lineage()

    def clean_fields(self, exclude: object = None) -> None:
        """Without the name as it is compared: what is wrong with it is said at the name."""
        self.normalised_name = normalised(self.name)
        super().clean_fields({*(exclude or ()), "normalised_name"})  # type: ignore[misc]

    def clean(self) -> None:
        errors = {}
        if self.conflict_id and self.conflict.parent_id:
            errors["conflict"] = _("Official bodies belong to the conflict at the root of its tree.")
        if self.party and self.party.conflict_id != self.conflict_id:
            errors["party"] = _("This party belongs to another conflict.")
        if self.gatekeeper and self.gatekeeper.conflict_id != self.conflict_id:
            errors["gatekeeper"] = _("This body belongs to another conflict.")
        if len(set(self.agenda_themes)) != len(self.agenda_themes):
            errors["agenda_themes"] = _("Name each theme once.")
        if errors:
            raise ValidationError(errors)


class BodyTrack(Reference):
    """The part of an official body in an official track. It may have several."""

    body = models.ForeignKey(OfficialBody, models.CASCADE, related_name="parts")
    track = models.ForeignKey(OfficialTrack, models.CASCADE, related_name="parts")
    part = models.CharField(_("part"), max_length=10, choices=TrackPart)

    objects = ReferenceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["body", "track", "part"], name="body_part_once_in_track")
        ]

    def __str__(self) -> str:
        return self.part

    def conflict_lineage(self) -> list[UUID]:
        return self.body.conflict_lineage()


class LiaisonMandate(Record):
    """A user who receives what is transferred to an official body, and answers for it. Sees nothing else.

    Granted and ended by stewards, like a coordinator's mandate. An ended one stays, as the history of the office;
    granted again, it is another one. Nobody in `granted_by`: it was granted before that was kept.
    """

    wall = Wall(
        select=f"user_id = {ME} OR (SELECT actor_is_steward())",
        insert="(SELECT actor_is_steward())",
        update="(SELECT actor_is_steward())",
        free=("ended_by_id",),
    )

    user = models.ForeignKey(User, models.CASCADE, related_name="liaison_mandates")
    body = models.ForeignKey(OfficialBody, models.CASCADE, related_name="liaison_mandates")
    granted_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )

    objects = LiaisonMandateQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "body"], condition=Q(ended_at=None), name="liaison_mandate_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.body_id}"

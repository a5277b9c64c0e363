"""Shared reference: conflicts in their tree, parties, official tracks, deadlines. Written by coordinators."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from confidentiality import policy
from confidentiality.codes import Action
from confidentiality.records import Record, hold, save
from initiatives.models import (
    Conflict,
    ConflictTree,
    Deadline,
    OfficialTrack,
    Party,
    TrackPhase,
)
from initiatives.models.conflict import Reference, normalised
from initiatives.querysets import locked_families
from initiatives.signals import initiative_changed

CONFLICT = ("name", "alternative_names", "countries", "ucdp_conflict_id")
PARTY = ("name", "parent", "kind", "contact_restricted", "contact_restricted_in", "openness_to_unofficial")
TRACK = ("name", "mandate_holder", "lead_mediator", "began_on", "ended_on", "roadblock", "agenda_themes")
DEADLINE = ("track", "kind", "name", "due_on", "due_precision")


@transaction.atomic
def create_conflict(*, by: User, parent: Conflict | None = None, **fields: Any) -> Conflict:
    """Add a conflict under a parent, or a new root."""
    policy.require(by, Action.EDIT_REFERENCE, parent or ConflictTree())
    lock_tree()
    if parent:
        parent.refresh_from_db()
    conflict = Conflict(parent=parent)
    _assign(conflict, fields, CONFLICT)
    conflict.place()
    save(conflict)
    return conflict


@transaction.atomic
def edit_conflict(*, by: User, conflict: Conflict, version: int | None = None, **fields: Any) -> Conflict:
    """Change a conflict, or move it with everything below it (`parent`, None for a root).

    A move takes the parties along, and has every initiative of both families compared again.
    """
    policy.require(by, Action.EDIT_REFERENCE, conflict)
    lock_tree()
    conflict = hold(Conflict, conflict.pk, version)
    moves = "parent" in fields and getattr(fields["parent"], "pk", None) != conflict.parent_id
    if moves:
        policy.require(by, Action.EDIT_REFERENCE, fields["parent"] or ConflictTree())
        _refuse_own_family(by, conflict)
        _move(conflict, fields["parent"])
    _assign(conflict, {name: value for name, value in fields.items() if name != "parent"}, CONFLICT)
    conflict.place()
    save(conflict)
    return conflict


def _refuse_own_family(by: User, conflict: Conflict) -> None:
    """Who mediates in a family is locked out of its flags, and must not move the part away that locks them out."""
    if Conflict.objects.filter(pk=conflict.root_id, pk__in=locked_families(by)).exists():
        text = _("You were on a team on this conflict lately: another coordinator has to move it.")
        raise ValidationError({"parent": text})


def lock_tree() -> None:
    """One change of the tree at a time, until the transaction ends: two moves could close a circle together."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('t2d.conflict_tree'))")


def _move(conflict: Conflict, parent: Conflict | None) -> None:
    old_root = conflict.root_id
    if parent:
        parent.refresh_from_db()
    conflict.parent = parent
    conflict.clean()
    below = list(Conflict.objects.within([conflict.pk]).exclude(pk=conflict.pk))
    depth = len(conflict.lineage) - 1
    conflict.place()
    Conflict.objects.filter(pk=conflict.pk).update(
        parent=parent, root_id=conflict.root_id, lineage=conflict.lineage
    )
    for part in below:
        part.root_id, part.lineage = conflict.root_id, [*conflict.lineage, *part.lineage[depth + 1 :]]
    Conflict.objects.bulk_update(below, ["root", "lineage"])
    if conflict.root_id != old_root:
        _take_parties_along(conflict, old_root)
    initiative_changed.send(Conflict, family_ids={old_root, conflict.root_id})


def _take_parties_along(conflict: Conflict, old_root: Any) -> None:
    """Give the moved initiatives the parties of their new root: the one of the same name, or a copy.

    When the old root itself was moved, whatever belonged to it as a root goes to the new one. Its own parties stay as
    they are, offered nowhere: people, outcomes and numbers of sessions that were recorded before may name them, and
    most of those are hidden from whoever moves the conflict.
    """
    was_root = conflict.pk == old_root
    # All of them, named or not: which sides hidden initiatives name is nobody's to learn from what came along. And
    # through a function of the database, since most of those initiatives are hidden from whoever moves the conflict.
    for party in Party.objects.filter(conflict=old_root).select_related("parent"):
        twin = _twin(party, conflict)
        with connection.cursor() as cursor:
            cursor.execute("SELECT exchange_party(%s, %s, %s)", [conflict.pk, party.pk, twin.pk])
        if was_root:
            _follow(old_root, party=party, twin=twin)
    if was_root:
        _follow(old_root, root=conflict.root_id)


def _follow(old_root: Any, root: Any = None, party: Party | None = None, twin: Party | None = None) -> None:
    """Records that belong to a root, such as official bodies, which this app does not know, go along with it."""
    changed = {"party": twin} if party else {"conflict": root}
    for model in Reference.__subclasses__():
        if model.follows_root:
            named = {"party": party} if party else {}
            records: Any = model._default_manager
            try:
                with transaction.atomic():
                    records.filter(conflict=old_root, **named).update(**changed)
            except IntegrityError as error:
                text = _("Something of the same name is there already. Rename one of the two first.")
                raise ValidationError({"parent": text}) from error


def _twin(party: Party, conflict: Conflict) -> Party:
    found = Party.objects.filter(conflict=conflict.root_id, normalised_name=party.normalised_name).first()
    if found:
        return found
    parent = _twin(party.parent, conflict) if party.parent else None
    twin = Party(conflict_id=conflict.root_id, normalised_name=party.normalised_name)
    _assign(twin, {name: getattr(party, name) for name in PARTY} | {"parent": parent}, PARTY)
    save(twin)
    return twin


@transaction.atomic
def create_party(*, by: User, conflict: Conflict, **fields: Any) -> Party:
    """Add a side at the root of a conflict tree, or a faction of one (`parent`)."""
    policy.require(by, Action.EDIT_REFERENCE, conflict)
    party = Party(conflict=conflict)
    _assign(party, fields, PARTY)
    party.normalised_name = normalised(party.name)
    save(party)
    return party


@transaction.atomic
def edit_party(*, by: User, party: Party, version: int | None = None, **fields: Any) -> Party:
    """Change a side. Making it a faction changes what overlaps, so its initiatives are compared again."""
    policy.require(by, Action.EDIT_REFERENCE, party)
    party = hold(Party, party.pk, version)
    _assign(party, fields, PARTY)
    party.normalised_name = normalised(party.name)
    save(party)
    initiative_changed.send(Party, family_ids={party.conflict_id})
    return party


@transaction.atomic
def create_track(*, by: User, conflict: Conflict, **fields: Any) -> OfficialTrack:
    """Add an official process on a conflict."""
    policy.require(by, Action.EDIT_REFERENCE, conflict)
    track = OfficialTrack(conflict=conflict)
    _assign(track, fields, TRACK)
    save(track)
    return track


@transaction.atomic
def edit_track(*, by: User, track: OfficialTrack, version: int | None = None, **fields: Any) -> OfficialTrack:
    """Change an official process."""
    policy.require(by, Action.EDIT_REFERENCE, track)
    track = hold(OfficialTrack, track.pk, version)
    _assign(track, fields, TRACK)
    save(track)
    return track


@transaction.atomic
def record_phase(*, by: User, track: OfficialTrack, phase: str, began_on: date) -> TrackPhase:
    """Record that an official process entered a phase on a day."""
    policy.require(by, Action.EDIT_REFERENCE, track)
    track = hold(OfficialTrack, track.pk, None)
    if track.phases.filter(began_on=began_on).exists():
        raise ValidationError({"began_on": _("A phase is recorded for this day already.")})
    entered = TrackPhase(track=track, phase=phase, began_on=began_on)
    save(entered)
    save(track)
    return entered


@transaction.atomic
def create_deadline(*, by: User, conflict: Conflict, **fields: Any) -> Deadline:
    """Add a dated external pressure."""
    policy.require(by, Action.EDIT_REFERENCE, conflict)
    deadline = Deadline(conflict=conflict)
    _assign(deadline, fields, DEADLINE)
    save(deadline)
    return deadline


@transaction.atomic
def edit_deadline(*, by: User, deadline: Deadline, version: int | None = None, **fields: Any) -> Deadline:
    """Change a dated external pressure."""
    policy.require(by, Action.EDIT_REFERENCE, deadline)
    deadline = hold(Deadline, deadline.pk, version)
    _assign(deadline, fields, DEADLINE)
    save(deadline)
    return deadline


def _assign(record: Record, fields: Mapping[str, Any], known: tuple[str, ...]) -> None:
    if unknown := sorted(set(fields) - set(known)):
        raise TypeError(f"unknown fields: {', '.join(unknown)}")
    for name, value in fields.items():
        setattr(record, name, value)

"""Carrying out a purge: the worker's and the operator's part. Safe under being killed at any point, and run twice.

    tombstone, committed  ->  rows deleted, key destroyed, both in one transaction  ->  done

The tombstone comes first, so that whatever happens later is finished by the next run. The rows go in the same
transaction in which the key is destroyed: while it runs nobody can add to the initiative, nothing sealed under a
fresh key can be left behind, and if it is cut short the rows stand as before, readable or not. When the key service
is away the rows go all the same, and the tombstone says that the key is still to be destroyed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import DatabaseError, OperationalError, connection
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from psycopg.errors import DeadlockDetected, LockNotAvailable

from accounts.models import User
from confidentiality import vault
from confidentiality.actor import PURGE, actor
from confidentiality.codes import TeamRole
from confidentiality.keys import KeyServiceAway
from confidentiality.keystore import StoreUnusable
from confidentiality.policy import Hidden
from confidentiality.records import save
from initiatives.enums import PurgeReason, PurgeState
from initiatives.models import Initiative, PurgeRequest, Retention, TeamMember, Tombstone
from initiatives.services.turns import take_turn

log = logging.getLogger(__name__)

AWAY = (KeyServiceAway, StoreUnusable, OSError)

# How long a purge waits for somebody who is writing to the initiative before it gives way, and how often it tries.
# Shorter than PostgreSQL takes to find two that wait for each other: the purge gives way, not a page.
LOCK_PATIENCE = "500ms"
ATTEMPTS = 20


def purge_due() -> int:
    """Begin what is due, finish what was begun, and purge again what came back with an old copy of the database.

    The number of purges that could not be finished and are tried again.
    """
    with actor(PURGE):
        due = list(PurgeRequest.objects.filter(_is_due()).values_list("pk", flat=True))
        ended = list(Retention.objects.ended().values_list("initiative_id", flat=True))
    put_off = [pk for pk in due if not _attempted(_begin, pk)]
    put_off += [pk for pk in ended if not _attempted(_begin_ended, pk)]
    with actor(PURGE):
        unfinished = list(Tombstone.objects.filter(_is_unfinished()).values_list("pk", flat=True))
    put_off += [pk for pk in unfinished if not _attempted(_finish, pk)]
    return len(put_off)


def destroy_returned_keys() -> int:
    """Destroy keys of purged initiatives that are there again. How many there were.

    Such a key comes back with an older copy of the key store, and opens older dumps again. Or a request that was under
    way during the purge made it: then nothing lies under it.
    """
    with actor(PURGE):
        purged = list(Tombstone.objects.exclude(purged_at=None))
        for tombstone in purged:
            _end_stream(tombstone.purged_id)  # Of a request that was under way.
    held = vault.configured()
    try:
        there = set(held.store.names()) if purged else set()
        returned = [tombstone for tombstone in purged if held.name_of(tombstone.key_scope) in there]
    except AWAY as error:
        log.warning("keys of purged initiatives are not looked for: %s", type(error).__name__)
        return 0
    for tombstone in returned:
        if _key_is_gone(tombstone):
            log.warning("purge %s: its key was there again, and is destroyed", tombstone.pk)
    return len(returned)


def _is_due() -> Q:
    return Q(state=PurgeState.CONFIRMED, due_at__lte=timezone.now())


def _is_unfinished() -> Q:
    """Not done, or done and there again: an older copy of the initiatives was restored, and the tombstones kept."""
    return Q(purged_at=None) | Q(Exists(Initiative.objects.filter(pk=OuterRef("purged_id"))))


def _attempted(step: Callable[[UUID], object], pk: UUID) -> bool:
    """One purge that fails keeps no other from being done. Logs an id and the kind of error."""
    try:
        step(pk)
    except DatabaseError as error:
        log.warning("purge %s is put off: %s", pk, type(error).__name__)
        return False
    return True


def purge_now(*, initiative_id: UUID, reason: str, asked_by: User, confirmed_by: User) -> Tombstone:
    """Purge at once, whoever is on the team: for the operator, with a court order or lives in danger.

    Two people answer for it. Raises Hidden when there is no such initiative; one that was purged before stays
    purged, and what is missing is finished.
    """
    if asked_by.pk == confirmed_by.pk:
        raise ValidationError(_("A purge takes two people: who asks does not confirm."))
    with actor(PURGE):
        take_turn("purge", initiative_id)
        tombstone = Tombstone.objects.filter(purged_id=initiative_id).first()
        if tombstone is None:
            if not Initiative.objects.filter(pk=initiative_id).exists():
                raise Hidden
            now = timezone.now()
            tombstone = Tombstone(
                purged_id=initiative_id,
                reason=reason,
                asked_by=asked_by,
                asked_at=now,
                confirmed_by=confirmed_by,
                confirmed_at=now,
            )
            _write(tombstone)
    return _finish(tombstone.pk)


def _begin(request_id: UUID) -> None:
    """Write the tombstone of a confirmed request, with the request's own id: who follows its page ends up here."""
    with actor(PURGE):
        request = PurgeRequest.objects.filter(pk=request_id).first()
        if request is None:
            return
        take_turn("purge", request.initiative_id)
        # Again: somebody may have taken it back while the turn was waited for.
        request = PurgeRequest.objects.filter(_is_due(), pk=request_id).first()
        if request is None or Tombstone.objects.filter(purged_id=request.initiative_id).exists():
            return
        if request.confirmed_by_id is None or request.confirmed_at is None:
            return  # The database does not store such a one.
        _write(
            Tombstone(
                pk=request.pk,
                purged_id=request.initiative_id,
                reason=request.reason,
                asked_by_id=request.asked_by_id,
                asked_at=request.asked_at,
                confirmed_by_id=request.confirmed_by_id,
                confirmed_at=request.confirmed_at,
            )
        )


def _begin_ended(initiative_id: UUID) -> None:
    """The same for an initiative whose time is over: nobody confirms; the tombstone names whoever set the end.

    Nothing is begun that nobody could have held, nor on the word of an account that was set up anew since.
    """
    with actor(PURGE):
        take_turn("purge", initiative_id)
        if _put_off(initiative_id):
            return
        # Again: somebody may hold it since.
        ended = Retention.objects.ended().filter(initiative=initiative_id)
        retention = ended.only("initiative_id", "set_by_id", "set_at").first()
        if retention is None or Tombstone.objects.filter(purged_id=initiative_id).exists():
            return
        _write(
            Tombstone(
                purged_id=initiative_id,
                reason=PurgeReason.RETENTION_ENDED,
                asked_by_id=retention.set_by_id,
                asked_at=retention.set_at,
                confirmed_at=timezone.now(),
            )
        )


def _put_off(initiative_id: UUID) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT put_off_end(%s)", [initiative_id])
        (put_off,) = cursor.fetchone()
    return bool(put_off)


def _write(tombstone: Tombstone) -> None:
    """With those who may read it: whoever leads the team now, and who decided."""
    leads = TeamMember.objects.current().filter(initiative=tombstone.purged_id, role=TeamRole.LEAD)
    readers = {tombstone.asked_by_id, tombstone.confirmed_by_id, *leads.values_list("user", flat=True)}
    tombstone.readers = sorted(pk for pk in readers if pk is not None)
    save(tombstone)


def _finish(tombstone_id: UUID) -> Tombstone:
    """Delete the rows and destroy the key, whichever of them is left. Gives way to who is writing, then tries again."""
    for _attempt in range(ATTEMPTS - 1):
        try:
            return _finish_once(tombstone_id)
        except OperationalError as error:
            if not isinstance(error.__cause__, (LockNotAvailable, DeadlockDetected)):
                raise
    return _finish_once(tombstone_id)


def _finish_once(tombstone_id: UUID) -> Tombstone:
    with actor(PURGE):
        tombstone = Tombstone.objects.get(pk=tombstone_id)
        take_turn("purge", tombstone.purged_id)
        tombstone = Tombstone.objects.select_for_update().get(pk=tombstone_id)
        _delete_rows(tombstone.purged_id)
        now = timezone.now()
        tombstone.rows_gone_at, tombstone.purged_at = tombstone.rows_gone_at or now, None
        if _key_is_gone(tombstone):
            tombstone.purged_at = now
        save(tombstone)
        _end_stream(tombstone.purged_id)
    return tombstone


def _delete_rows(initiative_id: UUID) -> None:
    """One DELETE; the database takes along everything that hangs on the card (see rowsecurity.py)."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_PATIENCE}'")
        cursor.execute("DELETE FROM initiatives_initiative WHERE id = %s", [initiative_id])
        # What would keep the transaction from being committed is to be found before the key goes.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def _end_stream(initiative_id: UUID) -> None:
    """Who looked goes with what they looked at; where the chain ended stays in the site's."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT end_stream(%s)", [initiative_id])


def _key_is_gone(tombstone: Tombstone) -> bool:
    try:
        vault.destroy_key(tombstone.key_scope)
    except AWAY as error:
        log.warning("purge %s: the key is still there: %s", tombstone.pk, type(error).__name__)
        return False
    return True

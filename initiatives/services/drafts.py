"""Drafts of forms: kept as they are typed, restored when the form is opened again, removed when it was saved."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from confidentiality import policy
from confidentiality.codes import Action
from confidentiality.fields import if_it_opens
from confidentiality.policy import WITHOUT_NOTES
from confidentiality.records import hold, save
from initiatives.enums import DraftPlace
from initiatives.models import Conflict, Draft, Initiative, Session
from initiatives.models.draft import DAYS_KEPT
from initiatives.models.session import SESSION_NOTES
from initiatives.services.retention import refuse_ended
from initiatives.services.turns import take_turn

LIMIT_BYTES = 200_000
# More unfinished forms than anybody comes back to. The newest pushes out the oldest.
MOST_DRAFTS = 50
OF_SESSIONS = (DraftPlace.EDIT_SESSION, DraftPlace.SESSION_DETAILS)


@transaction.atomic
def keep_draft(
    *,
    by: User,
    place: str,
    data: Mapping[str, list[str]],
    initiative: Initiative | None = None,
    conflict: Conflict | None = None,
    about: UUID | None = None,
) -> Draft:
    """Keep what was typed into a form, over what was kept there before: the newest wins.

    `data` is what the form would send, of at most LIMIT_BYTES as JSON.
    """
    policy.require(by, Action.EDIT_DRAFT, Draft(user=by, initiative=initiative))
    if len(json.dumps(data, ensure_ascii=False).encode()) > LIMIT_BYTES:
        raise ValidationError(_("This is too long to be kept as a draft. Save it."), code="too_long")
    if place in OF_SESSIONS and about is not None:
        _refuse_ended(about, data)
    take_turn("drafts", by.pk)
    where: dict[str, Any] = {"place": place, "initiative": initiative, "conflict": conflict, "about": about}
    found = draft_in(by=by, **where)
    if found is None:
        _own(by, **where).delete()
        _make_room(by)
        draft = Draft(user=by, **where)
    else:
        draft = hold(Draft, found.pk, None)
    draft.data = _storable(about, data)
    save(draft)
    return draft


def _refuse_ended(session_id: UUID, data: Mapping[str, list[str]]) -> None:
    """An open form about a session whose time is over keeps no text of it. Locks the session: its texts, and drafts of
    them, are not destroyed while this one is written.
    """
    held = Session.objects.select_for_update(no_key=True, of=("self",)).filter(pk=session_id)
    gone_at = held.values_list("texts_gone_at", flat=True).first()
    if gone_at is not None:
        refuse_ended(Session(texts_gone_at=gone_at), [name for name, typed in data.items() if any(typed)])


def draft_in(*, by: User, place: str, **where: Any) -> Draft | None:
    """One's own draft of this form, if there is one. `where`: initiative, conflict, about."""
    found = _own(by, place, **where).first()
    # One that does not open holds nothing that could be gone on with; the next words replace it.
    return None if found is None or if_it_opens(found, "data") is None else found


def _own(
    by: User,
    place: str,
    initiative: Initiative | None = None,
    conflict: Conflict | None = None,
    about: UUID | None = None,
) -> QuerySet[Draft]:
    drafts = Draft.objects.visible_to(by)
    return drafts.filter(place=place, initiative=initiative, conflict=conflict, about=about)


@transaction.atomic
def discard_draft(*, by: User, place: str, initiative: Initiative | None = None, **where: Any) -> None:
    """Remove one's own draft of this form: it was saved, or is not wanted. None there is fine."""
    policy.require(by, Action.EDIT_DRAFT, Draft(user=by, initiative=initiative))
    _own(by, place, initiative, **where).delete()


@transaction.atomic
def purge_drafts() -> int:
    """Remove drafts that nobody touched for DAYS_KEPT days. The site's own work; safe to run twice."""
    old = Draft.objects.filter(updated_at__lt=timezone.now() - timedelta(days=DAYS_KEPT))
    return old.delete()[0]


def _make_room(user: User) -> None:
    own = Draft.objects.filter(user=user).order_by("-updated_at").values_list("pk", flat=True)
    Draft.objects.filter(pk__in=list(own[MOST_DRAFTS - 1 :])).delete()


def forget_drafts_of_session(session_id: UUID) -> None:
    """Unfinished forms about a session under whose rule nobody keeps notes, or that is a deleted one, whoever typed
    them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT forget_drafts_of_session(%s)", [session_id])


def _storable(about: UUID | None, data: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """What was typed, without what the rule of the session forbids: a page that stands open goes on sending it."""
    notes = [name for name in SESSION_NOTES if data.get(name)]
    silent = {"pk": about, "rule__in": WITHOUT_NOTES}
    if notes and about is not None and Session.objects.filter(**silent).exists():
        return {**data, **{name: [""] for name in notes}}
    return dict(data)


def forget_drafts_of(user_id: UUID) -> None:
    """What somebody left unfinished outside of initiatives, at the moment in which the account is set up anew."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT forget_drafts(%s)", [user_id])

"""What of a user's sessions leaves for a calendar on a phone: days of what may leave as facts, and why not the rest.

A file that fetches itself: it lands with who makes the phone, on its locked screen and in its backups. So it holds
less than other files, whatever the rule of a session lets go: days, and where its owner chose it codename and format.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import pgettext

from accounts.enums import FeedWording
from accounts.models import AccessToken, User
from confidentiality.policy import IN_NO_FILE
from initiatives.enums import Precision, SessionStatus
from initiatives.models import Session
from initiatives.services.icalendar import AllDay

DAYS_BACK = 90
# What keeps a session inside, beside the codes of rules.
NOT_EXACT, POSTPONED = "not_exact", "postponed"
MARK_LENGTH = 12


@dataclass(frozen=True, slots=True)
class Leaving:
    """sessions: that may leave, in order of their days. stays: how many do not, by the code of what keeps them."""

    sessions: tuple[Session, ...]
    stays: Mapping[str, int]


def leaving(*, by: User) -> Leaving:
    """Sessions that the user sees, from some time ago on. Two queries; what stays is counted and not loaded."""
    since = timezone.localdate() - timedelta(days=DAYS_BACK)
    known = Session.objects.visible_to(by).kept().from_day(since).order_by("began_on", "pk")
    fields = ("pk", "rule", "status", "began_precision", "ended_on", "ended_precision")
    kept = {pk: _kept_by(*facts) for pk, *facts in known.values_list(*fields)}
    free = [pk for pk, code in kept.items() if not code]
    found = known.filter(pk__in=free).select_related("initiative")
    return Leaving(tuple(found), Counter(code for code in kept.values() if code))


def _kept_by(rule: str, status: str, began: str, ended_on: date | None, ended: str) -> str:
    """The code of what keeps a session inside; empty where nothing does.

    An embargo does not, nor do rules that keep texts: facts leave, as in every file. What is not known to the day does,
    since a month that is busy from end to end says nothing and hides what is. And a day that was put off is free again.
    """
    if rule in IN_NO_FILE:
        return rule
    if status == SessionStatus.POSTPONED:
        return POSTPONED
    exact = began == Precision.DAY and (ended_on is None or ended == Precision.DAY)
    return "" if exact else NOT_EXACT


def summary_of(session: Session, wording: str) -> str:
    """What an entry says: never a title, purpose, place or number, under either wording."""
    if wording == FeedWording.CODENAME:
        return f"{session.initiative.codename} · {session.get_format_display()}"
    return pgettext("in a calendar", "Busy")


def entries_of(token: AccessToken, leaves: Leaving, url_of: Callable[[Any], str]) -> list[AllDay]:
    """The entries of one feed. `url_of`: the address of a session's page, told only beside the codename."""
    named = token.wording == FeedWording.CODENAME
    return [
        AllDay(
            uid=_keyed("entry", token, session.pk),
            first=session.began_on,
            last=session.ended_on or session.began_on,
            summary=summary_of(session, token.wording),
            called_off=session.status == SessionStatus.CANCELLED,
            url=url_of(session.pk) if named else "",
        )
        for session in leaves.sessions
    ]


def mark_of(token: AccessToken) -> str:
    """By which the ledger says whose a file is. Not a name: whoever finds a file or its address would read, beside the
    days, who it is that meets."""
    return _keyed("mark", token)[:MARK_LENGTH]


def _keyed(what: str, token: AccessToken, *more: Any) -> str:
    """Random to everybody but the site, and another one in each feed: two files cannot be laid side by side by it."""
    text = ":".join(str(one) for one in (token.pk, *more))
    return salted_hmac(f"initiatives.feeds.{what}", text, algorithm="sha256").hexdigest()[:32]

"""What happened inside the initiatives of a conflict: sessions and done transfers, for its timeline.

Read through `visible_to`, so that whoever is on no team gets nothing, and an observer no closed session nor what came
out of it. A liaison learns of transfers elsewhere, and never from which initiative they came. Nothing sealed is opened.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from initiatives.dates import Days, last_day
from initiatives.drawings import Tick
from initiatives.enums import Precision
from initiatives.models import Initiative, Session
from initiatives.templatetags.desk import days as days_in_words
from initiatives.templatetags.desk import when
from transfer.enums import TransferStatus
from transfer.models import Transfer

MOST_OF_A_KIND = 100


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the table below the drawing. `state`: a session's status, or `carried`."""

    initiative: Initiative
    span: Days
    exact: bool
    dated: str
    state: str
    state_label: str
    what: str
    href: str

    @property
    def told(self) -> str:
        return f"{self.dated} · {self.what} · {self.state_label}"


def inside(user: Any, drawn: Iterable[Initiative]) -> tuple[list[Entry], bool]:
    """(entries, newest first; whether older ones were left out). Two queries."""
    shown = {initiative.pk: initiative for initiative in drawn}
    sessions = list(
        Session.objects.visible_to(user)
        .kept()
        .filter(initiative__in=shown)
        .order_by("-began_on", "pk")[: MOST_OF_A_KIND + 1]
    )
    carried = list(
        Transfer.objects.visible_to(user)
        .kept()
        .filter(initiative__in=shown, status=TransferStatus.DONE, sent_on__isnull=False)
        .select_related("body")
        .order_by("-sent_on", "pk")[: MOST_OF_A_KIND + 1]
    )
    found = [_session(shown, row) for row in sessions[:MOST_OF_A_KIND]]
    found += [_transfer(shown, row, row.sent_on) for row in carried[:MOST_OF_A_KIND]]
    more = max(len(sessions), len(carried)) > MOST_OF_A_KIND
    return sorted(found, key=lambda entry: entry.span.first, reverse=True), more


def _session(shown: dict[UUID, Initiative], row: Session) -> Entry:
    known = {row.began_precision, row.ended_precision if row.ended_on else row.began_precision}
    return Entry(
        initiative=shown[row.initiative_id],
        span=row.days,
        exact=known == {Precision.DAY},
        dated=days_in_words(row),
        state=row.status,
        state_label=str(row.get_status_display()),
        what=str(row.get_format_display()),
        href=reverse("initiatives:session", args=[row.pk]),
    )


def _transfer(shown: dict[UUID, Initiative], row: Transfer, on: date) -> Entry:
    where = _("Transfer to %(body)s") % {"body": row.body.name} if row.body else _("Transfer elsewhere")
    return Entry(
        initiative=shown[row.initiative_id],
        span=Days(on, last_day(on, row.sent_precision)),
        exact=row.sent_precision == Precision.DAY,
        dated=when(on, row.sent_precision),
        state="carried",
        state_label=str(row.get_status_display()),
        what=where,
        href=reverse("transfer:transfer", args=[row.pk]),
    )


def ticks(entries: Iterable[Entry]) -> dict[UUID, tuple[Tick, ...]]:
    """The same for the drawing, by initiative."""
    found: dict[UUID, tuple[Tick, ...]] = {}
    for entry in entries:
        tick = Tick(entry.state, entry.span.first, entry.span.last, entry.told, entry.href, entry.exact)
        found[entry.initiative.pk] = (*found.get(entry.initiative.pk, ()), tick)
    return found

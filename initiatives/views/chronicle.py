"""The timeline of a conflict as a list: what comes, and what was, for whoever cannot or would not read a drawing.

Initiatives are called as on their cards, as in the drawing: both are looked at together, on a wall.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from initiatives.dates import last_day
from initiatives.enums import Phase, Precision
from initiatives.models import Deadline, Initiative, OfficialTrack

PAST_AT_MOST = 20


@dataclass(frozen=True, slots=True)
class Event:
    """One dated thing; `name` stands apart because it may read in another direction than the page."""

    on: date
    precision: str
    kind: str
    name: str
    text: str
    note: str = ""


def events(
    tracks: Iterable[OfficialTrack], drawn: Iterable[Initiative], deadlines: Iterable[Deadline], today: date
) -> tuple[list[Event], list[Event]]:
    """(coming, soonest first; past, newest first)."""
    found = [*_phases(tracks), *_lives(drawn), *_dues(deadlines, today)]
    coming = sorted((event for event in found if _still_to_come(event, today)), key=lambda event: event.on)
    past = [event for event in found if not _still_to_come(event, today)]
    return coming, sorted(past, key=lambda event: event.on, reverse=True)[:PAST_AT_MOST]


def _still_to_come(event: Event, today: date) -> bool:
    return last_day(event.on, event.precision) >= today and event.kind != "began" and event.kind != "phase"


def _phases(tracks: Iterable[OfficialTrack]) -> Iterable[Event]:
    for track in tracks:
        before = ""
        for phase in sorted(track.phases.all(), key=lambda phase: phase.began_on):
            note = _("until then: %(phase)s") % {"phase": before} if before else ""
            label = str(Phase(phase.phase).label)
            yield Event(phase.began_on, Precision.DAY, "phase", track.name, label, note)
            before = label


def _lives(drawn: Iterable[Initiative]) -> Iterable[Event]:
    for shown in drawn:
        track = str(shown.get_track_type_display())
        yield Event(shown.began_on, shown.began_precision, "began", shown.card_label, _("began"), track)
        if shown.ended_on:
            yield Event(shown.ended_on, shown.ended_precision, "ended", shown.card_label, _("ends"), track)


def _dues(deadlines: Iterable[Deadline], today: date) -> Iterable[Event]:
    for deadline in deadlines:
        days = (deadline.due_on - today).days
        note = ngettext("in %(days)d day", "in %(days)d days", days) % {"days": days} if days > 0 else ""
        yield Event(deadline.due_on, deadline.due_precision, "deadline", deadline.name, "", note)

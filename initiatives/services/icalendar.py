"""Days as a file that calendars read (RFC 5545, with the refresh of RFC 7986). Knows nothing of what they are.

Written here and not by a library: a dozen lines with a name each, folded and escaped, is all that is ever sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

LINE_OCTETS = 75
# Whoever fetches more often than this learns nothing sooner that matters.
REFRESH = "PT12H"
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class AllDay:
    """One entry, from the first day to the last. `called_off`: it stays in the file for a while, so that phones take
    it away."""

    uid: str
    first: date
    last: date
    summary: str
    called_off: bool = False
    url: str = ""


def written(entries: Iterable[AllDay], *, name: str, mark: str, at: datetime) -> bytes:
    """The whole file. `mark`: by which the site knows whose it is. Nothing in it says which product wrote it."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Calendar//Calendar//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{escaped(name)}",
        f"REFRESH-INTERVAL;VALUE=DURATION:{REFRESH}",
        f"X-PUBLISHED-TTL:{REFRESH}",
        f"X-WATERMARK:{escaped(mark)}",
        *(line for entry in entries for line in _event(entry, at)),
        "END:VCALENDAR",
    ]
    return "".join(f"{folded(line)}\r\n" for line in lines).encode()


def _event(entry: AllDay, at: datetime) -> Sequence[str]:
    """`at`: of the fetch, and not of a change, or the file would say when somebody worked."""
    lines = [
        "BEGIN:VEVENT",
        f"UID:{entry.uid}",
        f"DTSTAMP:{at:%Y%m%dT%H%M%SZ}",
        f"DTSTART;VALUE=DATE:{_day(entry.first)}",
        # The day after: an end is not part of what it ends.
        f"DTEND;VALUE=DATE:{_day(entry.last + timedelta(days=1))}",
        f"SUMMARY:{escaped(entry.summary)}",
        "CLASS:PRIVATE",
        f"STATUS:{'CANCELLED' if entry.called_off else 'CONFIRMED'}",
        f"TRANSP:{'TRANSPARENT' if entry.called_off else 'OPAQUE'}",
    ]
    return [*lines, *([f"URL:{entry.url}"] if entry.url else []), "END:VEVENT"]


def _day(on: date) -> str:
    return f"{on.year:04d}{on.month:02d}{on.day:02d}"


def escaped(text: str) -> str:
    """A text as a value: nothing in it begins a line or a list of its own."""
    for character, written_as in (("\\", "\\\\"), (";", "\\;"), (",", "\\,")):
        text = text.replace(character, written_as)
    return _CONTROL.sub("", re.sub(r"\r\n|\r|\n", r"\\n", text))


def folded(line: str) -> str:
    """At most 75 octets in a line, and no character cut in two."""
    parts, part, room = [], "", LINE_OCTETS
    for character in line:
        size = len(character.encode())
        if size > room:
            parts.append(part)
            part, room = "", LINE_OCTETS - 1  # A line that goes on begins with a space.
        part += character
        room -= size
    return "\r\n ".join([*parts, part])

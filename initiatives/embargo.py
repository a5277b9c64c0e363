"""Until when nothing of a session leaves its team, whatever its rule says. Not a rule: those stay for good.

A day has begun for an embargo once it has begun everywhere, at noon UTC: whatever the time zone of the site, of its
readers or of the database, nothing goes out on the evening before. functions.sql counts in the same way.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

LAST_TO_BEGIN = timezone(timedelta(hours=-12))


def begun_everywhere() -> date:
    """The latest day that has begun in every time zone."""
    return datetime.now(LAST_TO_BEGIN).date()


def stands(until: date | None) -> bool:
    """Whether an embargo still holds."""
    return until is not None and until > begun_everywhere()


def ends_earlier(before: date | None, now: date | None) -> bool:
    """Whether one that holds, as it stood before, was lifted or ends sooner now."""
    return stands(before) and (now is None or (before is not None and now < before))

"""What both pages share: who finds them, which pairs they show, and a pair with its drawings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone

from coordination import analysis
from coordination.drawings import Line, big_ruler, two_on_one_axis
from coordination.models import OverlapFlag
from initiatives.dates import first_day
from initiatives.enums import Precision
from initiatives.templatetags.desk import period

View = Callable[..., HttpResponse]
REFUSED, OVERTAKEN = 422, 409


def for_coordinators(view: View) -> View:
    """Sign-in first; then hidden equals missing for everybody without a mandate."""

    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if not request.user.mandates.live().exists():
            raise Http404
        return view(request, **kwargs)

    return guarded


def queued(user: Any) -> QuerySet[OverlapFlag]:
    """Newest flags of pairs that the user may open, in the order of the queue."""
    flags = OverlapFlag.objects.visible_to(user).current().with_coordinated()
    return analysis.staged(flags.select_related("first__conflict", "second__conflict"))


def pair_context(flag: Any, full: Mapping[UUID, Any]) -> dict[str, Any]:
    first, second = analysis.sides_of(flag, full)
    reasons = analysis.reasons(flag.factors)
    return {
        "flag": flag,
        "first": first,
        "second": second,
        "sides": (first, second),
        "reasons": reasons,
        "most": analysis.MOST_POINTS,
        **_drawings(flag, reasons, first, second),
    }


def _drawings(
    flag: Any, reasons: dict[str, analysis.Reason], first: analysis.Side, second: analysis.Side
) -> dict[str, Any]:
    """Ruler and timelines, each wide and narrow: text in a drawing does not shrink with the screen."""
    steps = [reason.points for reason in reasons.values() if reason.points > 0]
    one, other = _line(first), _line(second)
    time, today = reasons["time"], timezone.localdate()
    return {
        "ruler": big_ruler(flag.points, steps),
        "ruler_narrow": big_ruler(flag.points, steps, width=318),
        "timeline": two_on_one_axis(prefix="cw", one=one, other=other, shared=time.line, today=today),
        "timeline_narrow": two_on_one_axis(
            prefix="cn", one=one, other=other, shared=time.brief, today=today, narrow=True
        ),
    }


def _line(side: analysis.Side) -> Line:
    """A bar; from the day on which its end may lie it is drawn as not sure."""
    inexact = side.ended_on is not None and side.ended_precision != Precision.DAY
    return Line(
        name=side.name,
        days=side.days,
        sure_until=first_day(side.ended_on, side.ended_precision) if inexact else None,
        text=period(side),
    )

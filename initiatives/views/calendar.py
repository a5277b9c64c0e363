"""The calendar: sessions and planned transfers of one's teams, and the deadlines that press on their conflicts.

Everything is read through `visible_to`. Nothing sealed is opened but the titles by which a team calls its initiatives:
no purpose and no place, since a calendar is what stands open on a screen all day.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.db.models import Min, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from initiatives import services
from initiatives.dates import Days, last_day
from initiatives.enums import Precision
from initiatives.forms.calendar import CalendarForm
from initiatives.models import Conflict, Deadline, Initiative, Session
from initiatives.querysets import reaches
from initiatives.templatetags.desk import days, when
from initiatives.views.cards import answer_of
from initiatives.views.months import Entry, Month, beside, coarser, laid_out
from transfer.enums import TransferStatus
from transfer.models import Transfer


@login_required
@require_GET
def calendar(request: HttpRequest) -> HttpResponse:
    """One month. A month or an initiative that cannot be shown is said, and whatever else was asked for stays."""
    own = list(Initiative.objects.of_team(request.user).select_related("conflict"))
    services.entitle(by=request.user, initiatives=own)
    own.sort(key=lambda one: one.label.casefold())
    form = CalendarForm(request.GET, own=[(str(one.pk), one.label) for one in own])
    chosen = form.chosen()
    today = timezone.localdate()
    first = chosen.get("month", today.replace(day=1))
    of = [one for one in own if str(one.pk) == chosen["initiative"]] if "initiative" in chosen else own
    dates = _Dates(request.user, of, everything="initiative" not in chosen)
    month = laid_out(first, dates.touching(first), today)
    context = {
        "form": _as_shown(form, first),
        "month": month,
        "own": own,
        "filtered": "initiative" in chosen,
        **_ways(first, today, chosen),
        **_further(month, dates, chosen),
    }
    return render(request, "initiatives/calendar.html", context, status=answer_of(form))


def _as_shown(form: CalendarForm, first: date) -> CalendarForm:
    """Its fields say what the page shows. What was typed and is no month stays, as a text: a control for months would
    show nothing in its place."""
    if "month" in form.errors:
        form.fields["month"].widget.input_type = "text"
    else:
        form.data = form.data.copy()
        form.data["month"] = f"{first:%Y-%m}"
    return form


def _ways(first: date, today: date, chosen: dict[str, Any]) -> dict[str, Any]:
    """Addresses of the months around, with the same filter."""
    before, after = beside(first)
    return {
        "before": before and (before, _address(before, chosen)),
        "after": after and (after, _address(after, chosen)),
        "this_month": "" if first == today.replace(day=1) else _address(today.replace(day=1), chosen),
    }


def _address(first: date, chosen: dict[str, Any]) -> str:
    asked = {"month": f"{first.year:04d}-{first.month:02d}"}
    if "initiative" in chosen:
        asked["initiative"] = chosen["initiative"]
    return f"{reverse('initiatives:calendar')}?{urlencode(asked)}"


def _further(month: Month, dates: _Dates, chosen: dict[str, Any]) -> dict[str, Any]:
    """From an empty month, the next one that is not."""
    following = dates.next_after(month.last) if month.is_empty else None
    return {"further": following and (following, _address(following, chosen))}


class _Dates:
    """What has a date for this reader. `of`: the initiatives that count; `everything`: no filter was chosen, so what a
    coordinator's mandate covers counts as well."""

    def __init__(self, user: Any, of: Sequence[Initiative], *, everything: bool) -> None:
        self.user, self.of, self.everything = user, {one.pk: one for one in of}, everything

    def touching(self, first: date) -> list[Entry]:
        """Everything that is, or may be, within this month: three queries whatever there is."""
        last = last_day(first, Precision.MONTH)
        sessions = self._sessions().from_day(first).filter(began_on__lte=last)
        transfers = self._transfers().filter(reaches("sent", first), sent_on__lte=last)
        deadlines = self._deadlines().filter(reaches("due", first), due_on__lte=last)
        return [
            *map(self._session, sessions),
            *map(self._transfer, transfers.select_related("body")),
            *map(_deadline, deadlines.select_related("conflict")),
        ]

    def next_after(self, day: date) -> date | None:
        """The first day of the month in which something comes next."""
        found = [
            self._sessions().filter(began_on__gt=day).aggregate(on=Min("began_on"))["on"],
            self._transfers().filter(sent_on__gt=day).aggregate(on=Min("sent_on"))["on"],
            self._deadlines().filter(due_on__gt=day).aggregate(on=Min("due_on"))["on"],
        ]
        known = [on for on in found if on]
        return min(known).replace(day=1) if known else None

    def _sessions(self) -> Any:
        return Session.objects.visible_to(self.user).kept().filter(initiative__in=self.of)

    def _transfers(self) -> Any:
        """Still to come: what was carried stands on its own pages."""
        planned = Transfer.objects.visible_to(self.user).kept().filter(status=TransferStatus.PLANNED)
        return planned.filter(initiative__in=self.of)

    def _deadlines(self) -> QuerySet[Deadline]:
        """Of the conflicts on the line of these initiatives, and of those that are coordinated."""
        line = Conflict.objects.on_line_of([one.conflict.lineage for one in self.of.values()])
        pressing = Q(conflict__in=line.values("pk"))
        if self.everything:
            pressing |= Q(conflict__in=Conflict.objects.covered_by(self.user).values("pk"))
        return Deadline.objects.visible_to(self.user).filter(pressing)

    def _session(self, row: Session) -> Entry:
        return Entry(
            kind="session",
            state=row.status,
            state_label=str(row.get_status_display()),
            span=row.days,
            precision=coarser(
                row.began_precision, row.ended_precision if row.ended_on else row.began_precision
            ),
            dated=days(row),
            name=self._label(row.initiative_id),
            what=str(row.get_format_display()),
            href=reverse("initiatives:session", args=[row.pk]),
        )

    def _transfer(self, row: Any) -> Entry:
        where = _("Transfer to %(body)s") % {"body": row.body.name} if row.body else _("Transfer elsewhere")
        return Entry(
            kind="transfer",
            state="to_carry",
            state_label=str(row.get_status_display()),
            span=Days(row.sent_on, last_day(row.sent_on, row.sent_precision)),
            precision=row.sent_precision,
            dated=when(row.sent_on, row.sent_precision),
            name=self._label(row.initiative_id),
            what=where,
            href=reverse("transfer:transfer", args=[row.pk]),
        )

    def _label(self, pk: UUID) -> str:
        return self.of[pk].label


def _deadline(row: Deadline) -> Entry:
    return Entry(
        kind="deadline",
        state="deadline",
        state_label=_("Deadline"),
        span=Days(row.due_on, last_day(row.due_on, row.due_precision)),
        precision=row.due_precision,
        dated=when(row.due_on, row.due_precision),
        name=row.name,
        what=row.conflict.name,
        href=reverse("initiatives:conflict", args=[row.conflict_id]),
    )

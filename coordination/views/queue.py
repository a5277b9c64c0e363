"""The queue of overlaps: one page of pairs, a preview beside it, and putting several aside at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from accounts.forms import add_errors
from confidentiality.records import Stale
from coordination import analysis
from coordination.drawings import small_ruler
from coordination.enums import Band, FlagState
from coordination.forms import DismissManyForm, QueueForm
from coordination.models import OverlapFlag
from coordination.services import flags as flag_services
from coordination.views.pairs import REFUSED, for_coordinators, pair_context, queued

PAGE_SIZE = 25


@for_coordinators
@require_GET
def overlaps(request: HttpRequest) -> HttpResponse:
    """Pairs that the reader may open: what waits first, then what is assessed, then what is coordinated."""
    if request.GET.get("part") == "news":
        return render(request, "coordination/_news.html", _freshness(request))
    return _queue(request, DismissManyForm(auto_id="many_%s"))


def _queue(request: HttpRequest, bulk: DismissManyForm, status: int = 200, **extra: Any) -> HttpResponse:
    form = QueueForm(request.GET, user=request.user)
    flags, following = _page(request, form)
    full = analysis.readable({side for flag in flags for side in (flag.first, flag.second)}, request.user)
    rows = [_row(flag, full) for flag in flags]
    context = {
        "form": form,
        "bulk": bulk,
        "rows": rows,
        "following": following,
        "first_page": "after" not in request.GET,
        "query": _query(request, drop=("after", "preview")),
        "counts": _counts(request.user),
        "preview": _preview(request, flags, full),
        "settled": analysis.SETTLED in form.stages,
        **_freshness(request),
        **extra,
    }
    return render(request, "coordination/overlaps.html", context, status=status)


def _page(request: HttpRequest, form: QueueForm) -> tuple[list[Any], str]:
    """One page of flags, and the place from which the next goes on; empty when there is none."""
    flags = queued(request.user).filter(band__in=form.bands, stage__in=form.stages)
    if form.chosen_conflict:
        flags = flags.within([form.chosen_conflict.pk])
    if place := analysis.Place.parse(request.GET.get("after", "")):
        flags = flags.filter(analysis.behind(place))
    found = list(flags[: PAGE_SIZE + 1])
    return found[:PAGE_SIZE], str(analysis.place_of(found[PAGE_SIZE - 1])) if len(found) > PAGE_SIZE else ""


def _row(flag: Any, full: Mapping[UUID, Any]) -> dict[str, Any]:
    first, second = flag.first, flag.second
    conflicts = [first.conflict.name]
    if second.conflict_id != first.conflict_id:
        conflicts.append(second.conflict.name)
    return {
        "flag": flag,
        "first": analysis.name_of(first, first.pk in full),
        "second": analysis.name_of(second, second.pk in full),
        "key": str(flag.pk),
        "age": _age((timezone.now() - flag.first_seen_at).days),
        "ruler": small_ruler(flag.points),
        "why": analysis.brief(flag.factors),
        "conflicts": conflicts,
    }


def _age(days: int) -> str:
    return ngettext("%(days)d day", "%(days)d days", days) % {"days": days} if days else _("today")


def _preview(request: HttpRequest, flags: list[Any], full: Mapping[UUID, Any]) -> dict[str, Any] | None:
    """The pair shown beside the list: the one asked for, or the first."""
    asked = request.GET.get("preview", "")
    flag = next((flag for flag in flags if str(flag.pk) == asked), flags[0] if flags else None)
    return pair_context(flag, full) if flag else None


def _counts(user: Any) -> dict[str, int]:
    """What waits for an assessment, by band."""
    waiting = OverlapFlag.objects.visible_to(user).current().with_coordinated()
    waiting = waiting.filter(state=FlagState.NEW, coordinated=False)
    return waiting.aggregate(
        flag=Count("pk", filter=Q(band=Band.FLAG)), watch=Count("pk", filter=Q(band=Band.WATCH))
    )


def _freshness(request: HttpRequest) -> dict[str, Any]:
    """Until when the queue is complete, and how much is new since the page was opened."""
    now = timezone.now()
    since = _moment(request.GET.get("since", "")) or now
    fresh = OverlapFlag.objects.visible_to(request.user).current().filter(first_seen_at__gt=since)
    return {
        "as_of": flag_services.up_to_date_as_of(),
        "behind": flag_services.worker_is_behind(),
        "since": int(since.timestamp() * 1000),
        "news": fresh.filter(band=Band.FLAG).count() if since < now else 0,
    }


def _moment(milliseconds: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _query(request: HttpRequest, drop: tuple[str, ...]) -> str:
    kept = request.GET.copy()
    for name in drop:
        kept.pop(name, None)
    return kept.urlencode()


@for_coordinators
@require_POST
def dismiss_many(request: HttpRequest) -> HttpResponse:
    """Dismiss all ticked pairs with one reason, or none of them."""
    form = DismissManyForm(request.POST, auto_id="many_%s")
    try:
        chosen = form.chosen()
        if form.is_valid():
            _dismiss_all(request, form, chosen)
            messages.success(request, _("Dismissed pairs: %(count)d.") % {"count": len(chosen)})
            return redirect("coordination:overlaps")
    except ValidationError as error:
        add_errors(form, error)
    except Stale:
        form.add_error(None, _("One of these pairs has changed since you opened the list. Look at it again."))
    ticked = {value.partition(".")[0] for value in request.POST.getlist("pair")}
    return _queue(request, form, REFUSED, ticked=ticked)


@transaction.atomic
def _dismiss_all(request: HttpRequest, form: DismissManyForm, chosen: list[Any]) -> None:
    found = OverlapFlag.objects.visible_to(request.user).in_bulk([one.pk for one in chosen])
    for one in chosen:
        if one.pk not in found:
            raise Http404
        flag_services.dismiss_flag(
            by=request.user,
            flag=found[one.pk],
            reason=form.text(),
            review_on=form.cleaned_data["review_on"],
            version=one.version,
        )

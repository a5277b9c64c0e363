"""Pages of coordination. Whoever has no mandate finds none of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.forms import add_errors
from confidentiality.records import Stale
from coordination import analysis
from coordination.enums import Band, FlagState
from coordination.forms import (
    AssessForm,
    DismissForm,
    DismissManyForm,
    LinkForm,
    QueueForm,
    VersionForm,
)
from coordination.models import CoordinationLink, OverlapFlag

View = Callable[..., HttpResponse]
PAGE_SIZE = 25
REFUSED, OVERTAKEN = 422, 409


def _flags() -> Any:
    from coordination.services import flags

    return flags


def _links() -> Any:
    from coordination.services import links

    return links


def for_coordinators(view: View) -> View:
    """Sign-in first; then hidden equals missing for everybody without a mandate."""

    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if not request.user.mandates.live().exists():
            raise Http404
        return view(request, **kwargs)

    return guarded


# --- The queue --------------------------------------------------------------------------------------------


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
        "preview": _preview(request, flags),
        "settled": analysis.SETTLED in form.stages,
        **_freshness(request),
        **extra,
    }
    return render(request, "coordination/overlaps.html", context, status=status)


def _visible(user: Any) -> Any:
    """Newest flags of pairs that the user may open, in the order of the queue."""
    flags = OverlapFlag.objects.visible_to(user).current().with_coordinated()
    return analysis.staged(flags.select_related("first__conflict", "second__conflict"))


def _page(request: HttpRequest, form: QueueForm) -> tuple[list[Any], str]:
    """One page of flags, and the place from which the next goes on; empty when there is none."""
    flags = _visible(request.user).filter(band__in=form.bands, stage__in=form.stages)
    if form.chosen_conflict:
        inside = [form.chosen_conflict.pk]
        flags = flags.filter(
            Q(first__conflict__lineage__contains=inside) | Q(second__conflict__lineage__contains=inside)
        )
    if place := analysis.Place.parse(request.GET.get("after", "")):
        flags = flags.filter(analysis.behind(place))
    found = list(flags[: PAGE_SIZE + 1])
    return found[:PAGE_SIZE], str(analysis.place_of(found[PAGE_SIZE - 1])) if len(found) > PAGE_SIZE else ""


def _row(flag: Any, full: set[UUID]) -> dict[str, Any]:
    first, second = flag.first, flag.second
    conflicts = [first.conflict.name]
    if second.conflict_id != first.conflict_id:
        conflicts.append(second.conflict.name)
    return {
        "flag": flag,
        "first": analysis.name_of(first, first.pk in full),
        "second": analysis.name_of(second, second.pk in full),
        "why": analysis.brief(flag.factors),
        "conflicts": conflicts,
    }


def _preview(request: HttpRequest, flags: list[Any]) -> dict[str, Any] | None:
    """The pair shown beside the list: the one asked for, or the first."""
    asked = request.GET.get("preview", "")
    flag = next((flag for flag in flags if str(flag.pk) == asked), flags[0] if flags else None)
    return _pair(flag, request.user) if flag else None


def _pair(flag: Any, user: Any) -> dict[str, Any]:
    first, second = analysis.sides_of(flag, user)
    return {
        "flag": flag,
        "first": first,
        "second": second,
        "sides": (first, second),
        "reasons": analysis.reasons(flag.factors),
        "most": analysis.MOST_POINTS,
        "together": analysis.together(first, second),
        "both_public": all(side.full and side.full.public_record for side in (first, second)),
    }


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
        "as_of": _flags().up_to_date_as_of(),
        "behind": _flags().worker_is_behind(),
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
        _flags().dismiss_flag(
            by=request.user,
            flag=found[one.pk],
            reason=form.text(),
            review_on=form.cleaned_data["review_on"],
            version=one.version,
        )


# --- The comparison ---------------------------------------------------------------------------------------


@for_coordinators
@require_GET
def overlap(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The two side by side, with the reasons and what can be done."""
    return _comparison(request, _flag(request, pk))


def _flag(request: HttpRequest, pk: UUID) -> Any:
    """The flag, through the one door; also one that is history by now."""
    flags = OverlapFlag.objects.visible_to(request.user).with_coordinated()
    flags = flags.select_related("first__conflict", "second__conflict", "decided_by")
    return get_object_or_404(analysis.staged(flags), pk=pk)


def _comparison(request: HttpRequest, flag: Any, status: int = 200, **forms: Any) -> HttpResponse:
    user = request.user
    others = OverlapFlag.objects.visible_to(user).filter(first=flag.first_id, second=flag.second_id)
    links = CoordinationLink.objects.visible_to(user).filter(first=flag.first_id, second=flag.second_id)
    context = {
        **_pair(flag, user),
        **_neighbours(flag, user),
        "history": list(others.exclude(pk=flag.pk).select_related("decided_by").order_by("-first_seen_at")),
        "links": list(links),
        "assess_form": forms.get("assess") or _assess_form(flag),
        "dismiss_form": forms.get("dismiss") or DismissForm(initial=_seen(flag), auto_id="dismiss_%s"),
        "link_form": forms.get("link") or LinkForm(auto_id="link_%s"),
        "version_form": VersionForm(initial=_seen(flag), auto_id=False),
        "refused": next(iter(forms), ""),
        "overtaken": status == OVERTAKEN,
    }
    return render(request, "coordination/overlap.html", context, status=status)


def _seen(flag: OverlapFlag) -> dict[str, Any]:
    return {"version": flag.version}


def _assess_form(flag: OverlapFlag) -> AssessForm:
    dismissed = flag.state == FlagState.DISMISSED
    initial = {
        **_seen(flag),
        "assessment": flag.assessment,
        "harms": flag.harms,
        "note": "" if dismissed else flag.note,
    }
    return AssessForm(initial=initial, flag=flag, auto_id="assess_%s")


def _neighbours(flag: Any, user: Any) -> dict[str, Any]:
    """Where the pair stands among those that wait, and which come before and after it."""
    waiting = _visible(user).filter(band=Band.FLAG, stage=analysis.WAITING).exclude(pk=flag.pk)
    waits = flag.stage == analysis.WAITING and flag.band == Band.FLAG and not flag.superseded
    place = analysis.place_of(flag)
    after = analysis.behind(place)
    counts = waiting.aggregate(total=Count("pk"), following=Count("pk", filter=after))
    ahead = waiting.filter(after) if waits else waiting
    before = waiting.exclude(after).reverse() if waits else waiting.none()
    return {
        "position": counts["total"] - counts["following"] + 1 if waits else None,
        "waiting_total": counts["total"] + (1 if waits else 0),
        "next_pk": ahead.values_list("pk", flat=True).first(),
        "previous_pk": before.values_list("pk", flat=True).first(),
    }


def _act(
    request: HttpRequest, flag: Any, name: str, form: Any, act: Callable[[], Any], said: str
) -> HttpResponse:
    """Do what the form asks. A refusal comes back on its field, an overtaken form with what stands now."""
    if form.is_valid():
        try:
            with transaction.atomic():
                act()
        except ValidationError as error:
            add_errors(form, error, {"reason": "words"} if name == "dismiss" else None)
        except Stale as stale:
            form.add_error(None, str(stale))
            form.data["version"] = str(stale.current)
            return _comparison(request, _flag(request, flag.pk), OVERTAKEN, **{name: form})
        else:
            messages.success(request, said)
            return redirect("coordination:overlap", pk=flag.pk)
    return _comparison(request, flag, REFUSED, **{name: form})


@for_coordinators
@require_POST
def assess(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Say what the overlap is."""
    flag = _flag(request, pk)
    form = AssessForm(request.POST.copy(), flag=flag, auto_id="assess_%s")
    fields = ("assessment", "note", "harms", "version")

    def act() -> None:
        _flags().assess_flag(by=request.user, flag=flag, **{name: form.cleaned_data[name] for name in fields})

    return _act(request, flag, "assess", form, act, _("Assessment saved."))


@for_coordinators
@require_POST
def dismiss(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Put the pair aside, with a reason."""
    flag = _flag(request, pk)
    form = DismissForm(request.POST.copy(), auto_id="dismiss_%s")

    def act() -> None:
        _flags().dismiss_flag(
            by=request.user,
            flag=flag,
            reason=form.text(),
            review_on=form.cleaned_data["review_on"],
            version=form.cleaned_data["version"],
        )

    return _act(request, flag, "dismiss", form, act, _("Dismissed. You can undo this below."))


@for_coordinators
@require_POST
def reopen(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Undo a dismissal."""
    flag = _flag(request, pk)
    form = VersionForm(request.POST.copy(), auto_id=False)

    def act() -> None:
        _flags().reopen_flag(by=request.user, flag=flag, version=form.cleaned_data["version"])

    return _act(request, flag, "reopen", form, act, _("The dismissal is undone."))


@for_coordinators
@require_POST
def link(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Note an arrangement between the two."""
    flag = _flag(request, pk)
    form = LinkForm(request.POST.copy(), auto_id="link_%s")

    def act() -> None:
        _links().arrange_coordination(
            by=request.user, first=flag.first, second=flag.second, **form.cleaned_data
        )

    return _act(request, flag, "link", form, act, _("The two are linked."))


@login_required
@require_POST
def end_link(request: HttpRequest, pk: UUID) -> HttpResponse:
    """End an arrangement; open to a coordinator of the pair and to whoever leads both sides."""
    found = get_object_or_404(CoordinationLink.objects.visible_to(request.user), pk=pk)
    form = VersionForm(request.POST)
    try:
        version = form.cleaned_data["version"] if form.is_valid() else 0
        with transaction.atomic():
            _links().end_coordination(by=request.user, link=found, version=version)
        messages.success(request, _("The arrangement has ended."))
    except Stale as stale:
        messages.error(request, str(stale))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect(_after_link(request, found))


def _after_link(request: HttpRequest, found: CoordinationLink) -> str:
    """Back to the pair for a coordinator, to the initiative for its lead."""
    flags = OverlapFlag.objects.visible_to(request.user).current()
    flag = flags.filter(first=found.first_id, second=found.second_id).first()
    if flag:
        return reverse("coordination:overlap", kwargs={"pk": flag.pk})
    return reverse("initiatives:initiative", kwargs={"pk": found.first_id})

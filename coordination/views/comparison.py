"""The comparison of a pair, and what a coordinator does about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.forms import add_errors
from confidentiality.records import Stale
from coordination import analysis
from coordination.enums import Band, FlagState
from coordination.forms import AssessForm, DismissForm, LinkForm, VersionForm
from coordination.models import CoordinationLink, OverlapFlag
from coordination.services import flags as flag_services
from coordination.services import links as link_services
from coordination.views.pairs import OVERTAKEN, REFUSED, for_coordinators, pair_context, queued


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
    links = CoordinationLink.objects.opened_by(user).filter(first=flag.first_id, second=flag.second_id)
    pair = pair_context(flag, analysis.readable((flag.first, flag.second), user))
    context = {
        **pair,
        "pair": pair,
        **_neighbours(flag, user),
        "history": list(others.exclude(pk=flag.pk).select_related("decided_by").order_by("-first_seen_at")),
        "links": list(links),
        "assess_form": forms.get("assess") or _assess_form(flag),
        "dismiss_form": forms.get("dismiss") or DismissForm(initial=_seen(flag), auto_id="dismiss_%s"),
        "link_form": forms.get("link") or LinkForm(auto_id="link_%s"),
        "version_form": VersionForm(initial=_seen(flag), auto_id=False),
        "refused_form": next(iter(forms.values()), None),
        "current_pk": others.current().values_list("pk", flat=True).first() if flag.superseded else None,
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
    waiting = queued(user).filter(band=Band.FLAG, stage=analysis.WAITING).exclude(pk=flag.pk)
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
        flag_services.assess_flag(
            by=request.user, flag=flag, **{name: form.cleaned_data[name] for name in fields}
        )

    return _act(request, flag, "assess", form, act, _("Assessment saved."))


@for_coordinators
@require_POST
def dismiss(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Put the pair aside, with a reason."""
    flag = _flag(request, pk)
    form = DismissForm(request.POST.copy(), auto_id="dismiss_%s")

    def act() -> None:
        flag_services.dismiss_flag(
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
        flag_services.reopen_flag(by=request.user, flag=flag, version=form.cleaned_data["version"])

    return _act(request, flag, "reopen", form, act, _("The dismissal is undone."))


@for_coordinators
@require_POST
def link(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Note an arrangement between the two."""
    flag = _flag(request, pk)
    form = LinkForm(request.POST.copy(), auto_id="link_%s")

    def act() -> None:
        link_services.arrange_coordination(
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
            link_services.end_coordination(by=request.user, link=found, version=version)
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

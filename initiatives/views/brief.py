"""Pages of the brief: the page to carry into a room, its form, and its history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.forms import add_errors
from confidentiality.codes import Action
from confidentiality.fields import if_it_opens
from confidentiality.policy import Standing
from confidentiality.records import Stale
from initiatives import services
from initiatives.enums import DraftPlace
from initiatives.forms import BriefForm
from initiatives.models import Brief, BriefRevision, GroundRules, GroundRulesAssent, Initiative
from initiatives.services.brief import BRIEF_FIELDS
from initiatives.views.concurrency import merge
from initiatives.views.drafts import Place
from initiatives.views.inside import entered, frame

REFUSED, OVERTAKEN = 422, 409
PER_PAGE = 25


@login_required
@require_GET
def brief(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The brief as it stands, with the ground rules and the successor: one page, made for paper too."""
    shown, standing = entered(request, pk)
    stored = _stored(request, shown)
    rules = GroundRules.objects.visible_to(request.user).filter(initiative=shown).order_by("-number").first()
    assents = GroundRulesAssent.objects.visible_to(request.user).filter(rules=rules, withdrawn_on=None)
    context = {
        **frame(request, shown, standing),
        "brief": stored,
        "texts": _labelled(_opened_texts(stored), leave_out=("title",)),
        "saved": _revisions(request, shown).filter(number=stored.version).first() if stored else None,
        "rules": rules,
        "assents": assents.count() if rules else 0,
        "draft": Place(DraftPlace.BRIEF, initiative=shown).draft_of(request.user),
    }
    return render(request, "initiatives/brief.html", context)


def _stored(request: HttpRequest, shown: Initiative) -> Brief | None:
    return Brief.objects.visible_to(request.user).filter(initiative=shown).first()


def _revisions(request: HttpRequest, shown: Initiative) -> Any:
    return BriefRevision.objects.visible_to(request.user).filter(initiative=shown).select_related("by")


def _opened_texts(stored: Brief | None) -> dict[str, Any]:
    """By field; None for one that does not open, which must not take the others away."""
    return {name: if_it_opens(stored, name) if stored else "" for name in BRIEF_FIELDS}


def _texts(stored: Brief | None) -> dict[str, str]:
    """As a form takes them up: what does not open is written anew."""
    return {name: text or "" for name, text in _opened_texts(stored).items()}


def _kept(revision: BriefRevision) -> dict[str, Any]:
    """What a version keeps; empty where it does not open, which must not take the others away."""
    return if_it_opens(revision, "kept") or {"texts": dict.fromkeys(BRIEF_FIELDS), "changed": []}


def _labelled(texts: Mapping[str, Any], leave_out: tuple[str, ...] = ()) -> list[tuple[str, str, Any]]:
    """(field, its name on the page, text) of every text, in the order of the form."""
    fields = BriefForm.base_fields
    return [
        (name, str(fields[name].label), texts.get(name, "")) for name in BRIEF_FIELDS if name not in leave_out
    ]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Write the brief. Where somebody was quicker, show both texts and keep what was typed."""
    shown, standing = entered(request, pk, Action.EDIT_BRIEF)
    if request.method != "POST":
        return _opened(request, shown, standing)
    form = BriefForm(request.POST)
    if not form.is_valid():
        return _page(request, shown, standing, form, status=REFUSED)
    try:
        typed = {name: form.cleaned_data[name] for name in BRIEF_FIELDS}
        services.edit_brief(by=request.user, initiative=shown, version=form.cleaned_data["version"], **typed)
    except Stale:
        return _overtaken(request, shown, standing, request.POST, form.cleaned_data["version"])
    except ValidationError as error:
        add_errors(form, error)
        return _page(request, shown, standing, form, status=REFUSED)
    Place(DraftPlace.BRIEF, initiative=shown).saved(request)
    messages.success(request, _("Saved."))
    return redirect("initiatives:brief", pk=pk)


def _opened(request: HttpRequest, shown: Initiative, standing: Standing) -> HttpResponse:
    """The form as it stands; with an older version in it if that was asked for; else with one's own draft."""
    stored = _stored(request, shown)
    version = stored.version if stored else 0
    texts = _texts(stored)
    if "from" in request.GET:
        older = _revision(request, shown, request.GET["from"])
        form = BriefForm(initial={**texts, **_kept(older)["texts"], "version": version})
        return _page(request, shown, standing, form, older=older)
    draft = Place(DraftPlace.BRIEF, initiative=shown).draft_of(request.user)
    if draft is None or draft.says(texts):
        return _page(request, shown, standing, BriefForm(initial={**texts, "version": version}))
    if draft.version != version:
        return _overtaken(request, shown, standing, draft.form_data(), draft.version, draft=draft)
    form = BriefForm(initial={**draft.values(BriefForm.base_fields), "version": version})
    return _page(request, shown, standing, form, draft=draft)


def _overtaken(
    request: HttpRequest, shown: Initiative, standing: Standing, typed: Any, version: int, draft: Any = None
) -> HttpResponse:
    """The form brought up to date: what only the other wrote is taken over, what both wrote is shown twice."""
    stored = _stored(request, shown)
    now = stored.version if stored else 0
    before = _revisions(request, shown).filter(number=version).first()
    known = _kept(before)["texts"] if before else dict.fromkeys(BRIEF_FIELDS, "")
    data, taken, disputed = merge(typed, _as_sent(known), _as_sent(_texts(stored)))
    data["version"] = str(now)
    form = BriefForm(data)
    theirs = {name: (name, label, text) for name, label, text in _labelled(_texts(stored))}
    return _page(
        request,
        shown,
        standing,
        form,
        status=200 if draft else OVERTAKEN,
        draft=draft,
        overtaken=True,
        saved=_revisions(request, shown).filter(number=now).first(),
        taken=[theirs[name] for name in taken],
        disputed=[theirs[name] for name in disputed],
    )


def _as_sent(texts: Mapping[str, str]) -> dict[str, list[str]]:
    return {name: [text] for name, text in texts.items()}


def _page(
    request: HttpRequest,
    shown: Initiative,
    standing: Standing,
    form: BriefForm,
    status: int = 200,
    draft: Any = None,
    **more: Any,
) -> HttpResponse:
    place = Place(DraftPlace.BRIEF, initiative=shown)
    context = {**frame(request, shown, standing), "form": form, **place.fields(request, draft), **more}
    return render(request, "initiatives/brief_edit.html", context, status=status)


@login_required
@require_GET
def history(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Who saved which version when, and what changed with it; the newest first."""
    shown, standing = entered(request, pk)
    page = Paginator(_revisions(request, shown), PER_PAGE).get_page(request.GET.get("page"))
    labels = {name: label for name, label, _text in _labelled({})}
    rows = [(row, [labels[name] for name in _kept(row)["changed"]]) for row in page.object_list]
    context = {**frame(request, shown, standing), "page": page, "rows": rows, "query": ""}
    return render(request, "initiatives/brief_history.html", context)


@login_required
@require_GET
def revision(request: HttpRequest, pk: UUID, revision: UUID) -> HttpResponse:
    """The brief as it stood after one save."""
    shown, standing = entered(request, pk)
    found = _revision(request, shown, str(revision))
    newest = _revisions(request, shown).first()
    context = {
        **frame(request, shown, standing),
        "revision": found,
        "newest": newest == found,
        "texts": _labelled(_kept(found)["texts"]),
        "changed": _kept(found)["changed"],
    }
    return render(request, "initiatives/brief_revision.html", context)


def _revision(request: HttpRequest, shown: Initiative, key: str) -> BriefRevision:
    """What is no key leads nowhere, like a key that nobody has."""
    try:
        pk = UUID(key)
    except ValueError:
        raise Http404 from None
    return get_object_or_404(_revisions(request, shown), pk=pk)

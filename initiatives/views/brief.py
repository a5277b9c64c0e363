"""Pages of the brief: the page to carry into a room, its form, and its history."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
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
from initiatives.models import Brief, GroundRules, GroundRulesAssent, Initiative
from initiatives.services.brief import BRIEF_FIELDS
from initiatives.services.versions import Version, numbered, versions_of
from initiatives.views.concurrency import merge
from initiatives.views.drafts import Place
from initiatives.views.inside import entered, frame
from initiatives.views.versions import Told, pages

REFUSED, OVERTAKEN = 422, 409


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
        "saved": next(iter(_versions(request, stored, most=1)), None),
        "rules": rules,
        "assents": assents.count() if rules else 0,
        "draft": Place(DraftPlace.BRIEF, initiative=shown).draft_of(request.user),
    }
    return render(request, "initiatives/brief.html", context)


def _stored(request: HttpRequest, shown: Initiative) -> Brief | None:
    stored = Brief.objects.visible_to(request.user).filter(initiative=shown).first()
    if stored is not None:
        stored.initiative = shown
    return stored


def _versions(request: HttpRequest, stored: Brief | None, most: int | None = None) -> list[Version]:
    return versions_of(request.user, stored, most=most) if stored else []


def _opened_texts(stored: Brief | None) -> dict[str, Any]:
    """By field; None for one that does not open, which must not take the others away."""
    return {name: if_it_opens(stored, name) if stored else "" for name in BRIEF_FIELDS}


def _texts(stored: Brief | None) -> dict[str, str]:
    """As a form takes them up: what does not open is written anew."""
    return {name: text or "" for name, text in _opened_texts(stored).items()}


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
        services.edit_brief(
            by=request.user,
            initiative=shown,
            version=form.cleaned_data["version"],
            override_reason=form.cleaned_data["override_reason"],
            **typed,
        )
    except Stale:
        return _overtaken(request, shown, standing, request.POST, form.cleaned_data["version"])
    except ValidationError as error:
        add_errors(form, error)
        return _page(request, shown, standing, form, status=REFUSED)
    Place(DraftPlace.BRIEF, initiative=shown).saved(request)
    messages.success(request, _("Saved."))
    return redirect("initiatives:brief", pk=pk)


def _opened(request: HttpRequest, shown: Initiative, standing: Standing) -> HttpResponse:
    """The form as it stands, or with one's own draft in it."""
    stored = _stored(request, shown)
    version = stored.version if stored else 0
    texts = _texts(stored)
    draft = Place(DraftPlace.BRIEF, initiative=shown).unsaved(request.user, _as_sent(texts))
    if draft is None:
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
    versions = _versions(request, stored)
    before = numbered(versions, version)
    known = before.fields if before and before.fields else dict.fromkeys(BRIEF_FIELDS, "")
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
        saved=numbered(versions, now),
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


def _told(request: HttpRequest, pk: UUID) -> Told:
    """The brief with its versions, for their pages."""
    shown, standing = entered(request, pk)
    stored = _stored(request, shown)
    labels = {name: label for name, label, _text in _labelled({})}
    return Told(
        record=stored or Brief(initiative=shown),
        versions=_versions(request, stored),
        headings=(_("History of the brief"), _("Version %(number)s of the brief")),
        trail=[
            (reverse("initiatives:initiative", args=[pk]), shown.label),
            (reverse("initiatives:brief", args=[pk]), _("Brief")),
        ],
        history=reverse("initiatives:brief_history", args=[pk]),
        version=lambda key: reverse("initiatives:brief_revision", args=[pk, key]),
        labels=labels,
        tell=_labelled,
        write=Action.EDIT_BRIEF,
        bring_back=partial(services.bring_back_brief, brief=stored),
        page={**frame(request, shown, standing), "tab": "brief"},
    )


history, revision = pages(_told)

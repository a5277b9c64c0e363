"""The forms of an outcome: recording one in two steps, and changing one while somebody else may do so, too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.forms import add_errors
from confidentiality.codes import Access, Action, TeamRole
from confidentiality.policy import Standing, team_access
from confidentiality.records import Stale
from initiatives.enums import DraftPlace
from initiatives.models import Initiative
from initiatives.services import entitle
from initiatives.services.overriding import Doubt
from initiatives.services.versions import numbered
from initiatives.views.concurrency import merge
from initiatives.views.drafts import Kept, Place
from initiatives.views.inside import entered
from initiatives.views.sending import sent_once
from transfer import services
from transfer.enums import OutcomeKind
from transfer.forms import OutcomeForm
from transfer.forms.outcomes import NAMES, TRAVEL_EXPLAINED, as_sent, in_words, initial_of
from transfer.models import Outcome
from transfer.services.outcomes import kept_fields
from transfer.views.found import choices_of, context_of, found

REFUSED, OVERTAKEN = 422, 409
# What the page one comes from knows already: fields of the form by their names.
CARRIED = ("session", "whose")
WRITING = [role for role in TeamRole if team_access(role, "outcomes") is Access.WRITE]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@sent_once
def new(request: HttpRequest) -> HttpResponse:
    """Record an outcome: of which initiative, of which kind, then the form."""
    if not request.GET.get("initiative"):
        return _which_initiative(request)
    shown, standing = entered(request, _key(request.GET["initiative"]), Action.EDIT_OUTCOMES)
    draft = Place(DraftPlace.OUTCOME, initiative=shown).draft_of(request.user)
    kind = request.GET.get("kind", "")
    if request.method != "POST" and not kind and draft is not None:
        kind = draft.form_data().get("kind", "")
    if kind not in OutcomeKind.values:
        context = {**context_of(request, shown, standing), "kinds": _kinds(request, shown)}
        return render(request, "transfer/outcome_kind.html", context)
    if request.method == "POST":
        return _record(request, shown, standing, kind)
    form = _fresh(request, shown, kind, draft)
    restored = draft if draft is not None and form.is_restored else None
    return _form_page(request, shown, standing, form, draft=restored)


def _which_initiative(request: HttpRequest) -> HttpResponse:
    """Those in which one writes outcomes; where there is one only, its form."""
    own = Initiative.objects.visible_to(request.user)
    memberships = request.user.team_memberships.live().filter(role__in=WRITING)
    listed = list(own.filter(pk__in=memberships.values("initiative_id")).select_related("conflict"))
    entitle(by=request.user, initiatives=listed)
    listed.sort(key=lambda initiative: initiative.label.casefold())
    if len(listed) == 1:
        return redirect(_address(listed[0]))
    return render(request, "transfer/outcome_where.html", {"initiatives": listed})


def _address(shown: Initiative, **more: str) -> str:
    query = {"initiative": str(shown.pk), **{name: value for name, value in more.items() if value}}
    return f"{reverse('transfer:new_outcome')}?{urlencode(query)}"


def _key(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None


def _kinds(request: HttpRequest, shown: Initiative) -> list[tuple[str, str]]:
    return [(kind, _address(shown, **_carried(request), kind=kind)) for kind in OutcomeKind.values]


def _carried(request: HttpRequest) -> dict[str, str]:
    return {name: request.GET.get(name, "") for name in CARRIED}


def _fresh(request: HttpRequest, shown: Initiative, kind: str, draft: Kept | None) -> OutcomeForm:
    """An empty form, with the session from which one comes; or one's own draft of this kind."""
    choices = choices_of(request.user, shown)
    if draft is not None and draft.form_data().get("kind") == kind:
        blank = OutcomeForm(kind=kind, choices=choices)
        form = OutcomeForm(kind=kind, choices=choices, initial=draft.values(blank.fields))
        form.is_restored = True
        return form
    initial = {"version": 0, **_carried(request)}
    form = OutcomeForm(kind=kind, choices=choices, initial=initial)
    form.is_restored = False
    return form


def _record(request: HttpRequest, shown: Initiative, standing: Standing, kind: str) -> HttpResponse:
    form = OutcomeForm(request.POST, kind=kind, choices=choices_of(request.user, shown))
    if form.is_valid():
        try:
            made = services.record_outcome(by=request.user, initiative=shown, kind=kind, **form.for_service())
        except ValidationError as error:
            _take_up(form, error)
        else:
            Place(DraftPlace.OUTCOME, initiative=shown).saved(request)
            messages.success(request, _("Recorded."))
            return redirect("transfer:outcome", pk=made.pk)
    return _form_page(request, shown, standing, form, status=REFUSED)


def _take_up(form: OutcomeForm, error: ValidationError) -> None:
    """Put a refusal at its fields; a doubt asks for the reason, too."""
    add_errors(form, error, NAMES)
    form.doubted = form.doubted or isinstance(error, Doubt)


def _form_page(
    request: HttpRequest,
    shown: Initiative,
    standing: Standing,
    form: OutcomeForm,
    status: int = 200,
    draft: Kept | None = None,
) -> HttpResponse:
    place = Place(DraftPlace.OUTCOME, initiative=shown)
    other = next(kind for kind in OutcomeKind if kind != form.kind)
    context = {
        **context_of(request, shown, standing),
        "form": form,
        "explained": {"travel_permission": TRAVEL_EXPLAINED},
        "action": _address(shown, **_carried(request), kind=form.kind),
        "other": (other.label, _address(shown, **_carried(request), kind=other.value)),
        **place.fields(request, draft),
    }
    return render(request, "transfer/outcome_new.html", context, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Change an outcome. Where somebody was quicker, show both and keep what was typed."""
    shown, initiative, standing = found(request, pk, Action.EDIT_OUTCOMES)
    choices = choices_of(request.user, initiative, shown)
    page = {"shown": shown, "initiative": initiative, "standing": standing}
    if request.method != "POST":
        stands = as_sent(kept_fields(shown))
        draft = _place(shown, initiative).unsaved(request.user, stands)
        if draft is not None and draft.version != shown.version:
            return _overtaken(request, **page, choices=choices, version=draft.version, draft=draft)
        initial = {**initial_of(stands), "version": shown.version}
        form = OutcomeForm(kind=shown.kind, choices=choices, initial=initial)
        if draft is not None:
            form.initial |= draft.values(form.fields)
        return _edit_page(request, **page, form=form, draft=draft)
    form = OutcomeForm(request.POST, kind=shown.kind, choices=choices)
    if form.is_valid():
        version = form.cleaned_data["version"]
        try:
            services.edit_outcome(by=request.user, outcome=shown, version=version, **form.for_service())
        except Stale:
            return _overtaken(request, **page, choices=choices, version=version)
        except ValidationError as error:
            _take_up(form, error)
        else:
            _place(shown, initiative).saved(request)
            messages.success(request, _("Saved."))
            return redirect("transfer:outcome", pk=pk)
    return _edit_page(request, **page, form=form, status=REFUSED)


def _place(shown: Outcome, initiative: Initiative) -> Place:
    return Place(DraftPlace.EDIT_OUTCOME, initiative=initiative, record=shown.pk)


def _overtaken(
    request: HttpRequest,
    *,
    shown: Outcome,
    initiative: Initiative,
    standing: Standing,
    choices: Any,
    version: int,
    draft: Kept | None = None,
) -> HttpResponse:
    """The form brought up to date: what only the other wrote is taken over, what both wrote is shown twice."""
    shown = Outcome.objects.visible_to(request.user).get(pk=shown.pk)
    now = as_sent(kept_fields(shown))
    versions = services.outcome_versions(by=request.user, outcome=shown)
    before = numbered(versions, version)
    known: Mapping[str, list[str]] = as_sent(before.fields) if before and before.fields else now
    data, taken, disputed = merge(draft.form_data() if draft else request.POST, dict(known), now)
    data["version"] = str(shown.version)
    form = OutcomeForm(data, kind=shown.kind, choices=choices)
    theirs = {name: (name, label, text) for name, label, text in in_words(form, now)}
    return _edit_page(
        request,
        shown=shown,
        initiative=initiative,
        standing=standing,
        form=form,
        status=200 if draft else OVERTAKEN,
        draft=draft,
        overtaken=True,
        saved=numbered(versions, shown.version),
        taken=[theirs[name] for name in taken],
        disputed=[theirs[name] for name in disputed],
    )


def _edit_page(
    request: HttpRequest,
    *,
    shown: Outcome,
    initiative: Initiative,
    standing: Standing,
    form: OutcomeForm,
    status: int = 200,
    draft: Kept | None = None,
    **more: Any,
) -> HttpResponse:
    context = {
        **context_of(request, initiative, standing, shown),
        "outcome": shown,
        "form": form,
        "explained": {"travel_permission": TRAVEL_EXPLAINED},
        **_place(shown, initiative).fields(request, draft),
        **more,
    }
    return render(request, "transfer/outcome_edit.html", context, status=status)

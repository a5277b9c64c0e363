"""Pages of the card: the list, one initiative, its edit form, its status, and who can see it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.forms import add_errors
from confidentiality import policy
from confidentiality.codes import Action
from confidentiality.policy import allows
from confidentiality.records import Stale
from confidentiality.words import listed
from coordination.models import CoordinationLink
from initiatives import services
from initiatives.dates import text_of
from initiatives.enums import OrganisationRole
from initiatives.forms import (
    EXPLAINED,
    NAMES,
    CardForm,
    RecordForm,
    SearchForm,
    StatusForm,
)
from initiatives.models import Initiative, TeamMember
from initiatives.services.countries import country_name
from initiatives.views.concurrency import card_values, initial_of, merged, sealed
from initiatives.views.sight import list_of, of_card

PER_PAGE = 25
REFUSED, OVERTAKEN = 422, 409


@login_required
@require_GET
def initiatives(request: HttpRequest) -> HttpResponse:
    """The cards one may see, filtered and searched."""
    form = SearchForm(request.GET, user=request.user)
    chosen = form.chosen()
    found = (
        _filtered(request.user, chosen)
        .select_related("conflict")
        .prefetch_related("named__organisation")
        .order_by("-began_on", "pk")
    )
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    services.entitle(by=request.user, initiatives=page.object_list)
    own = set(Initiative.objects.of_team(request.user).values_list("pk", flat=True))
    query = request.GET.copy()
    query.pop("page", None)
    context = {"form": form, "chosen": chosen, "page": page, "own": own, "query": query.urlencode()}
    return render(request, "initiatives/initiatives.html", context)


def _filtered(user: Any, chosen: dict[str, Any]) -> QuerySet[Initiative]:
    found = Initiative.objects.visible_to(user)
    if chosen.get("scope") == "mine":
        found = found.of_team(user)
    if "conflict" in chosen:
        found = found.on_conflicts([chosen["conflict"].pk])
    if "theme" in chosen:
        found = found.filter(themes__contains=[chosen["theme"]])
    for name in ("track_type", "status"):
        if name in chosen:
            found = found.filter(**{name: chosen[name]})
    return found.search(chosen["q"]) if "q" in chosen else found


def visible_initiative(request: HttpRequest, pk: UUID, *, titled: bool = True) -> Initiative:
    """The card with everything named on it, called by its title where the reader is on the team; or 404."""
    shown = get_object_or_404(
        Initiative.objects.visible_to(request.user)
        .select_related("conflict", "registered_by", "successor")
        .prefetch_related("named__organisation", "sides__party"),
        pk=pk,
    )
    if titled:
        services.entitle(by=request.user, initiatives=[shown])
    return shown


@login_required
@require_GET
def initiative(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One card, with its team for those who are on it."""
    shown = visible_initiative(request, pk, titled=False)
    standing = shown.standing_of(request.user)
    links = links_of(request, shown)
    services.entitle(by=request.user, initiatives=[shown, *(link.other for link in links)])
    context = {
        **card_context(request, shown),
        "may_edit": allows(standing, Action.EDIT_CARD),
        "may_change_visibility": allows(standing, Action.CHANGE_VISIBILITY) and not shown.public_record,
        "may_manage_team": allows(standing, Action.MANAGE_TEAM),
        "may_record": allows(standing, Action.EDIT_OUTCOMES),
        "role": standing.team_role,
        "team": team_of(request, shown) if standing.team_role else [],
        "links": links,
        "organisations": organisations_of(shown),
        "countries": [country_name(code, get_language() or "en") for code in shown.countries],
    }
    return render(request, "initiatives/initiative.html", context)


def card_context(request: HttpRequest, shown: Initiative) -> dict[str, Any]:
    """What the head of every page of an initiative needs."""
    who = services.who_can_see(by=request.user, initiative=shown)
    found: dict[str, Any] = {"initiative": shown, "who": who, "sight": of_card(shown, who)}
    if who.team_size:
        found["purge"] = services.open_request(by=request.user, initiative=shown)
        found |= services.near_ends(by=request.user, initiative=shown)
        found["may_read_audit"] = who.reads_audit
    return found


def organisations_of(shown: Initiative) -> list[dict[str, Any]]:
    """The organisations named on the card, by role, roles in their usual order."""
    rows = sorted(shown.named.all(), key=lambda row: row.organisation.name.casefold())
    groups = (
        {"label": role.label, "organisations": [row.organisation for row in rows if row.role == role]}
        for role in OrganisationRole
    )
    return [group for group in groups if group["organisations"]]


def team_of(request: HttpRequest, shown: Initiative) -> list[TeamMember]:
    return list(
        TeamMember.objects.visible_to(request.user).current().filter(initiative=shown).select_related("user")
    )


def links_of(request: HttpRequest, shown: Initiative) -> list[CoordinationLink]:
    """Live arrangements that the reader may see, each with the initiative at its other end."""
    links = CoordinationLink.objects.visible_to(request.user).live().touching([shown.pk])
    found = list(links.select_related("first__conflict", "second__conflict"))
    for link in found:
        link.other = link.second if link.first_id == shown.pk else link.first
    return found


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Change the card. Where somebody was quicker, say what they changed and keep what was typed."""
    shown = visible_initiative(request, pk)
    policy.require(request.user, Action.EDIT_CARD, shown)
    form = _card_form(request, shown, request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        return _edit_page(request, shown, form)
    changes = form.arguments(only=form.changed_data)
    try:
        services.edit_initiative(
            by=request.user, initiative=shown, version=form.cleaned_data["version"], **changes
        )
    except Stale:
        return _overtaken(request, pk)
    except ValidationError as error:
        add_errors(form, error, NAMES)
        return _edit_page(request, shown, form)
    messages.success(request, _("Saved."))
    return redirect("initiatives:initiative", pk=pk)


def _card_form(request: HttpRequest, shown: Initiative, data: Any) -> CardForm:
    values = card_values(shown)
    initial = {**initial_of(values), "version": shown.version, "opened": sealed(values)}
    named = {row.organisation_id for row in shown.named.all()}
    kind = RecordForm if shown.public_record else CardForm
    return kind(data, initial=initial, user=request.user, conflict=shown.conflict, named=named)


def _edit_page(request: HttpRequest, shown: Initiative, form: CardForm, **more: Any) -> HttpResponse:
    context = {**card_context(request, shown), "form": form, "explained": EXPLAINED, **more}
    return render(request, "initiatives/edit.html", context, status=OVERTAKEN if more else answer_of(form))


def answer_of(form: Any) -> int:
    """200 for a form to fill in, 422 for one that was refused."""
    return REFUSED if form is not None and form.errors else 200


def _overtaken(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The form again, brought up to date, with the fields that somebody else changed named above it."""
    shown = visible_initiative(request, pk)
    data, taken, disputed = merged(request.POST, card_values(shown), shown.version)
    form = _card_form(request, shown, data)
    labels = {name: form.fields[name].label for name in (*taken, *disputed)}
    stored = _card_form(request, shown, None)
    return _edit_page(
        request,
        shown,
        form,
        overtaken=True,
        taken=[(form[name].auto_id, labels[name], in_words(stored[name])) for name in taken],
        disputed=[(form[name].auto_id, labels[name], in_words(stored[name])) for name in disputed],
    )


def in_words(bound: Any) -> str:
    """The value of a form field as a reader would say it."""
    value = bound.value()
    chosen = value if isinstance(value, list | tuple) else [value]
    choices = getattr(bound.field, "choices", None)
    if choices is None:
        return str(value or "") or _("empty")
    words = {str(key): str(text) for key, text in choices}
    return listed(words.get(str(key), str(key)) for key in chosen if key) or _("none")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def status(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Move the initiative to another status."""
    shown = visible_initiative(request, pk)
    policy.require(request.user, Action.EDIT_CARD, shown)
    ended = text_of(shown.ended_on, shown.ended_precision)
    initial = {"status": shown.status, "ended": ended, "version": shown.version}
    form = StatusForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            _change_status(request, shown, form)
            messages.success(request, _("Saved."))
            return redirect("initiatives:initiative", pk=pk)
        except Stale:
            shown = visible_initiative(request, pk)
            form = _again(form, request, shown.version)
            form.add_error(None, _overtaken_status(shown))
        except ValidationError as error:
            add_errors(form, error, NAMES)
    context = {**card_context(request, shown), "form": form}
    return render(request, "initiatives/status.html", context, status=answer_of(form))


def _change_status(request: HttpRequest, shown: Initiative, form: StatusForm) -> None:
    ended = form.cleaned_data["ended"]
    services.change_status(
        by=request.user,
        initiative=shown,
        status=form.cleaned_data["status"],
        version=form.cleaned_data["version"],
        **({"ended_on": ended.on, "ended_precision": ended.precision} if ended else {}),
    )


def _again(form: Any, request: HttpRequest, version: int) -> Any:
    """The same form with what was typed, on top of the state that stands now."""
    data = request.POST.copy()
    data["version"] = str(version)
    fresh = type(form)(data, initial=form.initial)
    fresh.is_valid()
    return fresh


def _overtaken_status(shown: Initiative) -> str:
    return _(
        "Somebody else changed this card while you had it open. Its status is now: %(status)s. "
        "Your choice still stands below; save again to put it in force."
    ) % {"status": shown.get_status_display()}


@login_required
@require_GET
def who(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Who can see this initiative, in words, as far as the reader may know; for leads the whole list."""
    shown = visible_initiative(request, pk)
    standing = shown.standing_of(request.user)
    manages = allows(standing, Action.MANAGE_TEAM)
    head = card_context(request, shown)
    context = {
        **head,
        "sight": replace(head["sight"], url=""),  # The page itself is the list behind it.
        "access": list_of(services.effective_access(by=request.user, initiative=shown)) if manages else None,
        "role": standing.team_role,
        "team": team_of(request, shown) if standing.team_role else [],
        "may_change_visibility": allows(standing, Action.CHANGE_VISIBILITY) and not shown.public_record,
    }
    return render(request, "initiatives/who.html", context)

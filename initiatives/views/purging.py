"""Pages of a purge: asking for it, the second person's word, how far it is, and what is left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from accounts.forms import add_errors
from accounts.models import Membership
from confidentiality import policy
from confidentiality.codes import Action
from confidentiality.policy import Hidden, allows
from initiatives import services
from initiatives.enums import PurgeState
from initiatives.forms import REASONS_EXPLAINED, AskPurgeForm, ConfirmPurgeForm
from initiatives.models import Initiative, PurgeRequest, Tombstone
from initiatives.views.cards import answer_of
from initiatives.views.inside import entered, frame
from initiatives.views.sight import of_purge, of_tombstone

# What goes with a card, by model, as a row of a list. A new kind gets its words here; a test says which is missing.
KINDS: Mapping[str, Any] = {
    "initiatives.Brief": gettext_lazy("Brief"),
    "initiatives.BriefRevision": gettext_lazy("Saved versions of the brief"),
    "initiatives.Draft": gettext_lazy("Your unfinished forms"),
    "initiatives.GroundRules": gettext_lazy("Versions of the ground rules"),
    "initiatives.GroundRulesAssent": gettext_lazy("Assents to the ground rules"),
    "initiatives.InitiativeOrganisation": gettext_lazy("Organisations named on the card"),
    "initiatives.InitiativeParty": gettext_lazy("Parties named on the card"),
    "initiatives.Retention": gettext_lazy("Until when it is kept"),
    "initiatives.Session": gettext_lazy("Sessions"),
    "initiatives.SessionReader": gettext_lazy("Observers named for sessions"),
    "initiatives.SessionRevision": gettext_lazy("Saved versions of sessions"),
    "initiatives.TeamMember": gettext_lazy("Accesses to the team, past ones too"),
    "participants.Attendance": gettext_lazy("Who was at which session"),
    "participants.Participation": gettext_lazy("Participations; the persons stay in their register"),
    "participants.ParticipationRevision": gettext_lazy("Saved versions of participations"),
    "participants.SelectionRating": gettext_lazy("Selection ratings"),
    "transfer.Outcome": gettext_lazy("Outcomes"),
    "transfer.OutcomeRevision": gettext_lazy("Saved versions of outcomes"),
    "transfer.Transfer": gettext_lazy("Transfers"),
    "transfer.TransferRevision": gettext_lazy("Saved versions of transfers"),
    "transfer.TransferStance": gettext_lazy("What transfers say on themes"),
    "transfer.UptakeStep": gettext_lazy("Steps of uptake"),
    "coordination.CoordinationLink": gettext_lazy("Arrangements with other initiatives"),
}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A lead asks, after seeing what would go, what stays, and who has to confirm it."""
    shown, standing = entered(request, pk, Action.ASK_PURGE)
    if standing_request := services.open_request(by=request.user, initiative=shown):
        return redirect("initiatives:purge", standing_request.pk)
    persons = services.second_persons(by=request.user, initiative=shown)
    form = AskPurgeForm(request.POST if request.method == "POST" else None, owners=persons.owners)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.ask_purge(by=request.user, initiative=shown, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("Asked. Nothing is destroyed until somebody else confirms it."))
            return redirect("initiatives:purge", made.pk)
    context = {
        **frame(request, shown, standing),
        "form": form,
        "persons": persons,
        "reasons": REASONS_EXPLAINED,
        "owners": _explained(persons.owners),
        "goes": _goes(request, shown),
    }
    return render(request, "initiatives/purge_ask.html", context, status=answer_of(form))


def _explained(owners: list[Membership]) -> dict[UUID, str]:
    text = _("Owner of %(organisation)s")
    return {owner.pk: text % {"organisation": owner.organisation.name} for owner in owners}


def _goes(request: HttpRequest, shown: Initiative | None) -> list[tuple[str, int]]:
    """What would go, in words and numbers; nothing for somebody outside the team, whom it would tell too much."""
    if shown is None:
        return []
    counted = services.what_would_go(by=request.user, initiative=shown)
    return [(words_of(model), number) for model, number in counted]


def words_of(model: type[models.Model]) -> str:
    return str(KINDS.get(model._meta.label, model._meta.verbose_name_plural))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def purge(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One purge from the request to the tombstone, which bears the same id.

    The worker may carry it out between two statements of this very page: what was still there a moment ago is
    hidden then, and the tombstone is what there is.
    """
    try:
        return _request(request, pk)
    except Hidden:
        return _tombstone(request, pk)


def _request(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = _request_of(request, pk)
    if request.GET.get("part") == "progress":
        return _progress(request, found.pk, PurgeState.RUNNING)
    policy.require(request.user, Action.READ_PURGE, found)
    shown = found.card
    act = request.POST.get("act", "") if request.method == "POST" else ""
    form = ConfirmPurgeForm(request.POST if act == "confirm" else None, inside=shown is not None)
    if act and _done(request, found, act, form):
        return redirect("initiatives:purge", pk)
    return _page(request, found, shown, form)


def _request_of(request: HttpRequest, pk: UUID) -> PurgeRequest:
    """With its card, for those on the team. Raises Hidden."""
    seen = PurgeRequest.objects.visible_to(request.user).filter(pk=pk)
    found = seen.select_related(
        "asked_by", "asked_of", "organisation", "confirmed_by", "cancelled_by"
    ).first()
    if found is None:
        raise Hidden
    services.with_cards(by=request.user, requests=[found])
    if found.card is None and found.asked_of_id != request.user.pk:
        raise Hidden
    return found


def _done(request: HttpRequest, found: PurgeRequest, act: str, form: ConfirmPurgeForm) -> bool:
    """Carry out the act; a refusal comes back to the form."""
    try:
        if act == "confirm":
            if not form.is_valid():
                return False
            services.confirm_purge(by=request.user, request=found, name=form.cleaned_data["name"])
        else:
            services.cancel_purge(by=request.user, request=found)
            messages.success(request, _("Cancelled. Nothing was destroyed."))
    except Hidden:
        return True  # Meanwhile it has been purged, cancelled, or closed to the reader: the page says which.
    except ValidationError as error:
        if act == "confirm":
            add_errors(form, error)
            return False
        messages.error(request, " ".join(error.messages))
    return True


def _page(
    request: HttpRequest, found: PurgeRequest, shown: Initiative | None, form: ConfirmPurgeForm
) -> HttpResponse:
    standing = found.standing_of(request.user)
    opened = found.is_open and not found.is_due
    team = shown.members.live().count() if shown is not None else 0
    context = {
        "purge": found,
        "initiative": shown,
        "sight": of_purge(found, request.user, team),
        "form": form,
        "goes": _goes(request, shown) if opened else [],
        "may_confirm": opened and found.state == PurgeState.ASKED and allows(standing, Action.CONFIRM_PURGE),
        "may_cancel": opened and allows(standing, Action.CANCEL_PURGE),
        "may_ask_anew": not found.is_open and allows(standing, Action.ASK_PURGE),
        "running": found.is_due,
    }
    return render(request, "initiatives/purge.html", context, status=answer_of(form))


def _tombstone(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What is left of it; to everybody who did not know of it, nothing ever was."""
    seen = Tombstone.objects.visible_to(request.user).filter(pk=pk)
    found = seen.select_related("asked_by", "confirmed_by").first()
    if found is None:
        raise Http404
    if request.GET.get("part") == "progress":
        return _progress(request, found.pk, found.state, found)
    if request.method == "POST":
        return redirect("initiatives:purge", pk)
    context = {"tombstone": found, "running": not found.purged_at, "sight": of_tombstone(found)}
    return render(request, "initiatives/tombstone.html", context)


def _progress(
    request: HttpRequest, pk: UUID, state: PurgeState, tombstone: Tombstone | None = None
) -> HttpResponse:
    """How far it is, asked again and again by the page; when it is done, the page is opened anew."""
    context = {"pk": pk, "tombstone": tombstone}
    answer = render(request, "initiatives/_purge_progress.html", context)
    if state == PurgeState.DONE:
        answer["HX-Refresh"] = "true"
    return answer


@login_required
@require_GET
def purges(request: HttpRequest) -> HttpResponse:
    """Purges that are asked for or under way, and tombstones."""
    seen = PurgeRequest.objects.visible_to(request.user).open().select_related("asked_by", "confirmed_by")
    standing = [found for found in seen if found.is_open]
    services.with_cards(by=request.user, requests=standing)
    tombstones = Tombstone.objects.visible_to(request.user).select_related("asked_by", "confirmed_by")
    context = {"purges": standing, "tombstones": list(tombstones)}
    return render(request, "initiatives/purges.html", context)

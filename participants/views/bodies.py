"""Pages of official bodies: the list of a conflict, one office and who can reach it, and a form for coordinators."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import Exists, Max, OuterRef
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.forms import add_errors
from confidentiality import policy
from confidentiality.codes import Action
from confidentiality.records import Stale
from initiatives.models import Conflict
from initiatives.views.cards import answer_of
from participants import services
from participants.enums import TrackPart
from participants.forms import BodyForm, body_values
from participants.models import LiaisonMandate, OfficialBody
from participants.services import Reach
from participants.views.ways import all_told, label, reads_links
from transfer.enums import TransferStatus
from transfer.models import Transfer


def root_named(request: HttpRequest) -> Conflict | None:
    """The root of the conflict that the address names, 404 for a wrong one; without a name the first with offices."""
    conflicts = Conflict.objects.visible_to(request.user)
    text = request.GET.get("conflict", "")
    if not text:
        filled = Exists(OfficialBody.objects.filter(conflict=OuterRef("pk")))
        return conflicts.filter(parent=None).order_by(filled.desc(), "normalised_name").first()
    try:
        pk = UUID(text)
    except ValueError:
        raise Http404 from None
    return get_object_or_404(conflicts.select_related("root"), pk=pk).root


@login_required
@require_GET
def bodies(request: HttpRequest) -> HttpResponse:
    """The offices of a conflict, side by side with who reaches them and when something last went there."""
    root = root_named(request)
    reach = services.reach_on(request.user, root) if root else []
    context = {
        "conflict": root,
        "roots": Conflict.objects.visible_to(request.user).filter(parent=None),
        "groups": _by_side(request.user, reach),
        "knows": reads_links(request.user),
        "may_edit": root is not None and policy.may(request.user, Action.EDIT_REFERENCE, root),
    }
    return render(request, "participants/bodies.html", context)


def _by_side(user: Any, found: list[Reach]) -> list[tuple[Any, list[dict[str, Any]]]]:
    """(party or None, rows) of offices, each row with its Reach and the day of the last transfer that one may see."""
    last = last_transfers(user, [reach.body for reach in found])
    groups: dict[Any, list[dict[str, Any]]] = {}
    for reach in found:
        groups.setdefault(reach.body.party, []).append({"reach": reach, "last": last.get(reach.body.pk)})
    return list(groups.items())


def last_transfers(user: Any, found: list[OfficialBody]) -> dict[UUID, date]:
    """When something was last carried to each office, as far as the reader may know."""
    done = Transfer.objects.visible_to(user).kept().filter(body__in=found, status=TransferStatus.DONE)
    return dict(done.order_by().values_list("body").annotate(Max("sent_on")))


@login_required
@require_GET
def body(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One office: what it decides, how one comes in, and who can reach it."""
    shown = _visible(request, pk)
    reach = services.reach_of(request.user, [shown])[shown.pk]
    parts = shown.parts.select_related("track").order_by("track__name", "part")
    context = {
        "body": shown,
        "reach": reach,
        "live": all_told(reach.live),
        "stale": all_told(reach.stale),
        "gates": [(gate, all_told(gate.live)) for gate in reach.gates],
        "parts": [(part.track, label(TrackPart, part.part)) for part in parts],
        "opens": OfficialBody.objects.visible_to(request.user).filter(gatekeeper=shown),
        "last": last_transfers(request.user, [shown]).get(shown.pk),
        "knows": reads_links(request.user),
        "may_edit": policy.may(request.user, Action.EDIT_REFERENCE, shown),
        "liaisons": _liaisons(request.user, shown),
    }
    return render(request, "participants/body.html", context)


def _liaisons(user: Any, shown: OfficialBody) -> Any:
    """Who is liaison of it, for stewards; None for everybody else, the liaison included."""
    if not user.is_steward:
        return None
    return LiaisonMandate.objects.visible_to(user).live().filter(body=shown).select_related("user")


def _visible(request: HttpRequest, pk: UUID) -> OfficialBody:
    visible = OfficialBody.objects.visible_to(request.user).select_related("conflict", "party")
    return get_object_or_404(visible, pk=pk)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Add an office. Without a conflict in the address, the page asks for which."""
    if not request.user.mandates.live().exists():
        raise Http404
    if "conflict" not in request.GET:
        covered = Conflict.objects.visible_to(request.user).covered_by(request.user).filter(parent=None)
        return render(request, "participants/body_conflict.html", {"roots": covered})
    root = root_named(request)
    if root is None:
        raise Http404
    policy.require(request.user, Action.EDIT_REFERENCE, root)
    form = BodyForm(request.POST or None, user=request.user, conflict=root)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.create_body(by=request.user, conflict=root, **form.values())
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("Added: %(name)s.") % {"name": made.name})
            return redirect("participants:body", pk=made.pk)
    return render(request, "participants/body_edit.html", _form(form, root), status=answer_of(form))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Change an office."""
    shown = _visible(request, pk)
    policy.require(request.user, Action.EDIT_REFERENCE, shown)
    about: dict[str, Any] = {"user": request.user, "conflict": shown.conflict, "body": shown}
    form = BodyForm(request.POST or None, initial=body_values(shown), **about)
    overtaken = False
    if request.method == "POST" and form.is_valid():
        version = form.cleaned_data["version"] or 0
        try:
            services.edit_body(by=request.user, body=shown, version=version, **form.values())
        except Stale as stale:
            overtaken, form = True, BodyForm(_again(request.POST, stale.current), **about)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("participants:body", pk=pk)
    context = {**_form(form, shown.conflict), "body": shown, "overtaken": overtaken}
    return render(
        request, "participants/body_edit.html", context, status=409 if overtaken else answer_of(form)
    )


def _again(typed: Any, version: int) -> Any:
    """What was typed, on top of the state that stands now."""
    data = typed.copy()
    data["version"] = str(version)
    return data


def _form(form: BodyForm, root: Conflict) -> dict[str, Any]:
    return {"form": form, "conflict": root}

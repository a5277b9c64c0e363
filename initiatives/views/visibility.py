"""Widening and narrowing who may see a card: choose, see who is concerned, then do it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.forms import add_errors
from confidentiality import policy
from confidentiality.codes import Action, Visibility
from confidentiality.records import Stale
from initiatives import services
from initiatives.enums import OrganisationRole
from initiatives.forms import VisibilityForm
from initiatives.models import Initiative
from initiatives.services import VisibilityPreview
from initiatives.views.cards import answer_of, card_context, visible_initiative

LEVELS = {
    Visibility.TEAM: gettext_lazy("Nobody outside the team, not even your organisation."),
    Visibility.PARTNERS: gettext_lazy("Members of the organisations you tick as partners."),
    Visibility.CIRCLE: gettext_lazy(
        "Organisations that have declared that they work on this conflict, your partners, and its coordinators."
    ),
    Visibility.NETWORK: gettext_lazy("Members of every vetted organisation, and the coordinators."),
}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def visibility(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Two steps, both without a script: a preview that names who gains and who loses sight, then the change."""
    shown = visible_initiative(request, pk)
    policy.require(request.user, Action.CHANGE_VISIBILITY, shown)
    if shown.public_record:
        raise PermissionDenied
    form = _form(request, shown, request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid() or request.POST.get("step") == "choose":
        return _page(request, shown, form)
    try:
        preview = services.preview_visibility(by=request.user, initiative=shown, **_chosen(form))
        if request.POST.get("step") != "confirm" or form.cleaned_data["seen"] != concerned(preview):
            return _page(request, shown, form, preview)
        services.change_visibility(
            by=request.user, initiative=shown, version=form.cleaned_data["version"], **_chosen(form)
        )
    except Stale:
        return _overtaken(request, pk)
    except ValidationError as error:
        add_errors(form, error)
        return _page(request, shown, form)
    messages.success(request, _("Done. The line under the name says who sees the card now."))
    return redirect("initiatives:initiative", pk=pk)


def _form(request: HttpRequest, shown: Initiative, data: Any) -> VisibilityForm:
    partners = [row.organisation_id for row in shown.named.all() if row.role == OrganisationRole.PARTNER]
    initial = {"visibility": shown.visibility, "partners": partners, "version": shown.version}
    return VisibilityForm(data, initial=initial, user=request.user, named=partners)


def _chosen(form: VisibilityForm) -> dict[str, Any]:
    return {"visibility": form.cleaned_data["visibility"], "partners": list(form.cleaned_data["partners"])}


def concerned(preview: VisibilityPreview) -> str:
    """Whom the preview named, as one text: if it is another when the change is confirmed, it is shown again."""
    named = [str(organisation.pk) for organisation in preview.gains]
    return ",".join([preview.visibility, str(preview.coordinators_gain), *named])


def _page(
    request: HttpRequest, shown: Initiative, form: VisibilityForm, preview: VisibilityPreview | None = None
) -> HttpResponse:
    context = {**card_context(request, shown), "form": form, "preview": preview, "levels": LEVELS}
    if preview is None:
        return render(request, "initiatives/visibility.html", context, status=answer_of(form))
    context |= {
        "seen": concerned(preview),
        "again": request.POST.get("step") == "confirm",
        "level": Visibility(preview.visibility).label,
    }
    return render(request, "initiatives/visibility_preview.html", context)


def _overtaken(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Somebody else saved the card: show the state that stands now, with the choice kept."""
    shown = visible_initiative(request, pk)
    data = request.POST.copy()
    data["version"] = str(shown.version)
    form = _form(request, shown, data)
    form.add_error(
        None,
        _(
            "Somebody else changed this card while you had it open. Until now it is seen by: %(level)s. "
            "Your choice still stands below; look at who is concerned again."
        )
        % {"level": shown.get_visibility_display()},
    )
    return _page(request, shown, form)

"""Pages of the ground rules: the version that stands, who assented to it, older ones, and a form for the next."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.forms import add_errors
from confidentiality.codes import Action
from confidentiality.fields import if_it_opens
from confidentiality.policy import Standing
from confidentiality.records import Stale
from initiatives import services
from initiatives.enums import DraftPlace
from initiatives.forms import AssentForm, GroundRulesForm
from initiatives.models import GroundRules, GroundRulesAssent, Initiative
from initiatives.views.cards import answer_of
from initiatives.views.drafts import Place
from initiatives.views.inside import entered, frame

OVERTAKEN = 409


@login_required
@require_GET
def rules(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The version that stands now."""
    shown, standing = entered(request, pk)
    return _page(request, shown, standing, list(_versions(request, shown)))


@login_required
@require_GET
def version(request: HttpRequest, pk: UUID, rules: UUID) -> HttpResponse:
    """One version, perhaps an older one, with those who assented to it."""
    shown, standing = entered(request, pk)
    versions = list(_versions(request, shown))
    if not any(found.pk == rules for found in versions):
        raise Http404
    return _page(request, shown, standing, versions, rules)


def _versions(request: HttpRequest, shown: Initiative) -> Any:
    versions = GroundRules.objects.visible_to(request.user).filter(initiative=shown)
    return versions.select_related("by", "initiative")


def _page(
    request: HttpRequest,
    shown: Initiative,
    standing: Standing,
    versions: list[GroundRules],
    chosen: UUID | None = None,
    form: AssentForm | None = None,
) -> HttpResponse:
    """One of the versions, by default the newest; without any, the page says what ground rules are."""
    found = next((rules for rules in versions if chosen in (None, rules.pk)), None)
    assents = GroundRulesAssent.objects.visible_to(request.user).filter(rules=found)
    context = {
        **frame(request, shown, standing),
        "rules": found,
        "newest": found in versions[:1],
        "versions": versions,
        "assents": list(assents) if found else [],
        "form": form or AssentForm(initial={"assented_on": timezone.localdate()}),
    }
    return render(request, "initiatives/ground_rules.html", context, status=answer_of(form))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def adopt(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Write a new version, beginning with the words of the one before."""
    shown, standing = entered(request, pk, Action.EDIT_BRIEF)
    latest = _versions(request, shown).first()
    if request.method != "POST":
        return _opened(request, shown, standing, latest)
    form = GroundRulesForm(request.POST)
    if form.is_valid():
        chosen = form.cleaned_data
        try:
            services.adopt_ground_rules(
                by=request.user,
                initiative=shown,
                text=chosen["text"],
                adopted_on=chosen["adopted_on"],
                after=chosen["version"],
            )
        except Stale:
            return _overtaken(request, shown, standing, request.POST)
        except ValidationError as error:
            add_errors(form, error)
        else:
            Place(DraftPlace.GROUND_RULES, initiative=shown).saved(request)
            messages.success(request, _("Adopted. Older versions stay as they are."))
            return redirect("initiatives:ground_rules", pk=pk)
    return _form_page(request, shown, standing, form, latest, status=answer_of(form))


def _opened(
    request: HttpRequest, shown: Initiative, standing: Standing, latest: GroundRules | None
) -> HttpResponse:
    number, text = (latest.number, if_it_opens(latest, "text") or "") if latest else (0, "")
    draft = Place(DraftPlace.GROUND_RULES, initiative=shown).unsaved(request.user, {"text": [text]})
    if draft is None:
        initial = {"text": text, "version": number, "adopted_on": timezone.localdate()}
        return _form_page(request, shown, standing, GroundRulesForm(initial=initial), latest)
    if draft.version != number:
        return _overtaken(request, shown, standing, draft.form_data(), draft=draft)
    form = GroundRulesForm(initial=draft.values(GroundRulesForm.base_fields))
    return _form_page(request, shown, standing, form, latest, draft=draft)


def _overtaken(
    request: HttpRequest, shown: Initiative, standing: Standing, typed: Any, draft: Any = None
) -> HttpResponse:
    """Somebody else adopted a version meanwhile: theirs above, what was typed in the form, nothing lost."""
    latest = _versions(request, shown).first()
    data = typed.copy()
    data["version"] = str(latest.number if latest else 0)
    status = 200 if draft else OVERTAKEN
    form = GroundRulesForm(data)
    return _form_page(request, shown, standing, form, latest, status=status, draft=draft, overtaken=True)


def _form_page(
    request: HttpRequest,
    shown: Initiative,
    standing: Standing,
    form: GroundRulesForm,
    latest: GroundRules | None,
    status: int = 200,
    draft: Any = None,
    **more: Any,
) -> HttpResponse:
    place = Place(DraftPlace.GROUND_RULES, initiative=shown)
    context = {**frame(request, shown, standing), "form": form, "latest": latest, **more}
    context |= place.fields(request, draft)
    return render(request, "initiatives/ground_rules_new.html", context, status=status)


@login_required
@require_POST
def assent(request: HttpRequest, pk: UUID, rules: UUID) -> HttpResponse:
    """Record that somebody said yes to this version."""
    shown, standing = entered(request, pk, Action.EDIT_BRIEF)
    found = get_object_or_404(_versions(request, shown), pk=rules)
    form = AssentForm(request.POST)
    if form.is_valid():
        try:
            services.record_assent(by=request.user, rules=found, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("Recorded."))
            return redirect("initiatives:ground_rules_version", pk=pk, rules=rules)
    return _page(request, shown, standing, list(_versions(request, shown)), rules, form)


@login_required
@require_POST
def withdraw(request: HttpRequest, pk: UUID, assent: UUID) -> HttpResponse:
    """Write down that somebody has taken the yes back."""
    shown, _standing = entered(request, pk, Action.EDIT_BRIEF)
    assents = GroundRulesAssent.objects.visible_to(request.user).filter(initiative=shown)
    found = get_object_or_404(assents.select_related("initiative"), pk=assent)
    services.withdraw_assent(by=request.user, assent=found)
    messages.success(request, _("Written down: this assent has been withdrawn."))
    return redirect("initiatives:ground_rules_version", pk=pk, rules=found.rules_id)

"""Pages of ties to officials: record one, confirm it with one button, correct it, end it."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.forms import add_errors
from confidentiality.codes import Action
from confidentiality.fields import if_it_opens
from confidentiality.records import Stale
from initiatives.enums import DraftPlace
from initiatives.models import OfficialTrack
from initiatives.services import discard_draft
from initiatives.services.overriding import Doubt
from initiatives.templatetags.desk import when
from initiatives.views.cards import answer_of
from initiatives.views.drafts import Kept, Place
from initiatives.views.sending import sent_once
from initiatives.views.sight import PAGES
from initiatives.views.versions import Told, pages
from participants import services
from participants.forms import EndLinkForm, LinkForm, link_values
from participants.models import OfficialBody, OfficialLink, Person
from participants.models.links import CODES
from participants.querysets import LOGGING
from participants.views.ways import all_told

PLACE = Place(DraftPlace.OFFICIAL_LINK)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@sent_once
def new(request: HttpRequest) -> HttpResponse:
    """Record a tie: of the person and to the office that the address names, if it names them."""
    named = _named(request)
    if request.method != "POST":
        draft = _draft(request, named)
        initial = {**(draft.values(LinkForm.base_fields) if draft else {}), **named}
        return _new_page(request, LinkForm(initial=initial, user=request.user), draft=draft)
    form = LinkForm(request.POST, user=request.user)
    if form.is_valid():
        try:
            link = services.record_link(by=request.user, **form.values())
        except ValidationError as error:
            add_errors(form, error)
            return _new_page(request, form, doubted=isinstance(error, Doubt))
        PLACE.saved(request)
        messages.success(request, _("Recorded."))
        return _after(request, link)
    return _new_page(request, form)


def _named(request: HttpRequest) -> dict[str, Any]:
    """What the address names, as initial values; 404 for what one may not see and what does not exist, alike."""
    user = request.user
    found: dict[str, Any] = {}
    for name, visible in (
        ("person", Person.objects.visible_to(user).known_to(user, LOGGING)),
        ("body", OfficialBody.objects.visible_to(user)),
    ):
        if text := request.GET.get(name, ""):
            try:
                found[name] = get_object_or_404(visible, pk=UUID(text)).pk
            except ValueError:
                raise Http404 from None
    return found


def _draft(request: HttpRequest, named: dict[str, Any]) -> Kept | None:
    """One's draft, unless it was about another person than the one who is named. It lies under one's own key: where one
    does not work with the person any more, it goes."""
    draft = PLACE.draft_of(request.user)
    typed = draft.form_data().get("person", "") if draft else ""
    if typed and not _works_with(request.user, typed):
        discard_draft(by=request.user, place=PLACE.code)
        return None
    return None if typed and "person" in named and typed != str(named["person"]) else draft


def _works_with(user: Any, person: str) -> bool:
    try:
        return Person.objects.visible_to(user).known_to(user, LOGGING).filter(pk=UUID(person)).exists()
    except ValueError:
        return False


def _new_page(
    request: HttpRequest, form: LinkForm, *, draft: Kept | None = None, doubted: bool = False
) -> HttpResponse:
    context = {"form": form, "doubted": doubted or bool(form["override_reason"].value())}
    context["nobody"] = not form.fields["person"].queryset.exists()
    context |= PLACE.fields(request, draft)
    return render(request, "participants/link_new.html", context, status=answer_of(form))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Correct a tie, or end it below the form."""
    link = _visible(request, pk)
    about: dict[str, Any] = {"user": request.user, "link": link}
    if request.method != "POST":
        tie = if_it_opens(link, "tie")
        initial = link_values(link, tie or {}, if_it_opens(link, "note") or "")
        return _edit_page(request, link, LinkForm(initial=initial, **about), damaged=tie is None)
    form = LinkForm(request.POST, **about)
    if form.is_valid():
        version = form.cleaned_data["version"] or 0
        try:
            services.edit_link(by=request.user, link=link, version=version, **form.values())
        except Stale as stale:
            data = request.POST.copy()
            data["version"] = str(stale.current)
            return _edit_page(request, link, LinkForm(data, **about), status=409, overtaken=True)
        except ValidationError as error:
            add_errors(form, error)
            return _edit_page(request, link, form, doubted=isinstance(error, Doubt))
        messages.success(request, _("Saved."))
        return _after(request, link)
    return _edit_page(request, link, form)


def _edit_page(
    request: HttpRequest, link: OfficialLink, form: LinkForm, status: int = 0, **more: Any
) -> HttpResponse:
    context = {
        "link": link,
        "form": form,
        "doubted": bool(form["override_reason"].value()),
        "end": EndLinkForm(initial={"ended_on": timezone.localdate()}, prefix="end"),
        **more,
    }
    return render(request, "participants/link_edit.html", context, status=status or answer_of(form))


def _visible(request: HttpRequest, pk: UUID) -> OfficialLink:
    links = OfficialLink.objects.visible_to(request.user).select_related("person__party", "organisation")
    return get_object_or_404(links, pk=pk)


def _told(request: HttpRequest, pk: UUID) -> Told:
    """A tie with its versions, for their pages."""
    link = _visible(request, pk)
    versions = services.versions_in_register(by=request.user, record=link)
    ids = {one.fields.get(name) for one in versions for name in ("body", "track")} - {None, ""}
    names: dict[str, str] = {}
    for model in (OfficialBody, OfficialTrack):
        names |= {str(key): name for key, name in model.objects.filter(pk__in=ids).values_list("pk", "name")}
    fields = {**LinkForm.base_fields, "ended_on": EndLinkForm.base_fields["ended_on"]}
    labels = {name: field.label for name, field in fields.items()}
    return Told(
        record=link,
        versions=versions,
        headings=(_("History of the tie"), _("Version %(number)s of the tie")),
        trail=[
            (reverse("participants:person", args=[link.person_id]), link.person.pseudonym),
            (reverse("participants:edit_link", args=[pk]), _("Tie")),
        ],
        history=reverse("participants:link_history", args=[pk]),
        version=lambda key: reverse("participants:link_version", args=[pk, key]),
        labels=labels,
        tell=lambda kept: [
            (name, label, _in_words(name, kept[name], names))
            for name, label in labels.items()
            if name in kept
        ],
        write=Action.EDIT_LINKS,
        bring_back=partial(services.bring_back_link, link=link),
        page={"sight": PAGES["link"]},
    )


def _in_words(name: str, value: Any, names: dict[str, str]) -> str:
    """What stood in a field of a tie; a code that nobody knows stands for itself."""
    if name in CODES:
        return str(dict(CODES[name].choices).get(value, value))
    if name == "two_way":
        return {True: _("yes"), False: _("no")}.get(value, "")
    if name in ("body", "track"):
        return names.get(value, "")
    if name in ("last_confirmed_on", "ended_on"):
        return when(date.fromisoformat(value)) if value else ""
    return "" if value is None else str(value)


history, version = pages(_told)


@login_required
@require_POST
def confirm(request: HttpRequest, pk: UUID) -> HttpResponse:
    """It holds today."""
    link = _visible(request, pk)
    try:
        services.confirm_link(by=request.user, link=link)
        messages.success(request, _("Confirmed: it is live for another 180 days."))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return _after(request, link)


@login_required
@require_POST
def end(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The person does not reach the office any more."""
    link = _visible(request, pk)
    form = EndLinkForm(request.POST, prefix="end")
    if form.is_valid():
        try:
            services.end_link(by=request.user, link=link, ended_on=form.cleaned_data["ended_on"])
            messages.success(request, _("Ended. It counts nowhere any more."))
            return _after(request, link)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
    else:
        messages.error(request, _("Give the day on which it ended."))
    return redirect("participants:edit_link", pk=pk)


def _after(request: HttpRequest, link: OfficialLink) -> HttpResponse:
    """Back to where the button stood; else to the office."""
    back = request.POST.get("back", "")
    if url_has_allowed_host_and_scheme(back, allowed_hosts=None) and back.startswith("/"):
        return redirect(back)
    if if_it_opens(link, "tie") is None:
        return redirect("participants:bodies")
    return redirect("participants:body", pk=link.body_id)


def links_of_person(user: Any, person: Person) -> dict[str, Any]:
    """What the fragment participants/_links_of_person.html needs; nothing for whoever sees no links of the person."""
    if not Person.objects.visible_to(user).known_to(user, LOGGING).filter(pk=person.pk).exists():
        return {"links_seen": False}
    ways = [way for found in services.ways_of(user, person=person.pk).values() for way in found]
    bodies = OfficialBody.objects.visible_to(user).in_bulk({way.body for way in ways})
    rows = [(bodies.get(each.way.body), each) for each in all_told(sorted(ways, key=lambda way: way.rank))]
    closed = services.closed_links_of(user, person=person.pk)
    return {"links_seen": True, "links": rows, "closed_links": closed, "person": person}

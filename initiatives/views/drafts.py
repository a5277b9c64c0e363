"""Drafts of forms: kept while somebody types, restored when the form is opened again, discarded on request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from initiatives import services
from initiatives.enums import DraftPlace
from initiatives.models import Conflict, Draft, Initiative
from initiatives.views.concurrency import same

# Fields of a form that belong to the keeping of its draft, not to what was typed.
DRAFT, SEEN = "draft", "draft_seen"
NOT_TYPED = {"csrfmiddlewaretoken", DRAFT, SEEN}
# What a form sends and nobody typed.
NOT_SAID = {"version", "kind", "outcome", "adopted_on"}
REFUSED = 422
# Forms for something new, which one opens before it is said in which initiative, by the name of their page.
NEW: Mapping[str, str] = {
    DraftPlace.OFFICIAL_LINK: "participants:new_link",
    DraftPlace.OUTCOME: "transfer:new_outcome",
    DraftPlace.PERSON: "participants:add",
    DraftPlace.TRANSFER: "transfer:new_transfer",
    DraftPlace.SESSION: "initiatives:log_session",
}
# Forms that change a record inside an initiative, likewise; there is a draft for each record.
CHANGING: Mapping[str, str] = {
    DraftPlace.EDIT_SESSION: "initiatives:edit_session",
    DraftPlace.SESSION_DETAILS: "initiatives:session_details",
    DraftPlace.EDIT_OUTCOME: "transfer:edit_outcome",
    DraftPlace.EDIT_TRANSFER: "transfer:edit_transfer",
}


@dataclass(frozen=True, slots=True)
class Kept:
    """A draft as a form needs it."""

    record: Draft

    @property
    def version(self) -> int:
        """Which state of the record was in the form; 0 for one that did not exist."""
        text = (self.record.data.get("version") or ["0"])[0]
        return int(text) if text.isdecimal() else 0

    @property
    def at(self) -> str:
        return moment(self.record.updated_at)

    @property
    def seen(self) -> int:
        return self.record.version

    def form_data(self) -> QueryDict:
        """What the form would have sent."""
        data = QueryDict(mutable=True)
        for name, values in self.record.data.items():
            data.setlist(name, values)
        return data

    def values(self, fields: Mapping[str, forms.Field]) -> dict[str, Any]:
        """The same as initial values of a form."""
        data = self.form_data()
        return {name: field.widget.value_from_datadict(data, {}, name) for name, field in fields.items()}

    def says(self, sent: Mapping[str, list[str]]) -> bool:
        """Whether it says nothing but what stands there already, as the form would send it."""
        data = self.form_data()
        names = {*sent, *data} - NOT_SAID
        return all(same(data.getlist(name), sent.get(name, [])) for name in names)


@dataclass(frozen=True, slots=True)
class Place:
    """The form that a draft belongs to."""

    code: str
    initiative: Initiative | None = None
    conflict: Conflict | None = None
    record: UUID | None = None

    @property
    def key(self) -> str:
        """How a page names the place to the server."""
        about = self.initiative or self.conflict
        key = f"{self.code}:{about.pk if about else ''}"
        return f"{key}:{self.record}" if self.record else key

    @property
    def path(self) -> str:
        """Where the form is."""
        if self.code in CHANGING:
            return reverse(CHANGING[self.code], args=[self.record])
        if self.code in NEW:
            about = f"?initiative={self.initiative.pk}" if self.initiative else ""
            return reverse(NEW[self.code]) + about
        if self.initiative is None:
            return f"{reverse('initiatives:open')}?conflict={self.conflict.pk if self.conflict else ''}"
        names = {DraftPlace.BRIEF: "edit_brief", DraftPlace.GROUND_RULES: "adopt_rules"}
        return reverse(f"initiatives:{names[DraftPlace(self.code)]}", args=[self.initiative.pk])

    def about(self) -> dict[str, Any]:
        """As arguments of the services."""
        where = {"initiative": self.initiative, "conflict": self.conflict, "about": self.record}
        return {"place": self.code, **where}

    def draft_of(self, user: Any) -> Kept | None:
        found = services.draft_in(by=user, **self.about())
        return Kept(found) if found else None

    def unsaved(self, user: Any, sent: Mapping[str, list[str]]) -> Kept | None:
        """One's own draft, where it says something else than what stands there already."""
        found = self.draft_of(user)
        return None if found is None or found.says(sent) else found

    def fields(self, request: HttpRequest, restored: Kept | None) -> dict[str, Any]:
        """What the template of the form needs. `draft` is there when the page shows a restored one."""
        seen = restored.seen if restored else _number(request.POST.get(SEEN, ""))
        return {"draft": restored, "draft_key": self.key, "draft_seen": seen}

    def saved(self, request: HttpRequest) -> None:
        """The form was saved: its draft goes, unless another window has kept a newer one meanwhile."""
        found = services.draft_in(by=request.user, **self.about())
        if found is not None and found.version <= _number(request.POST.get(SEEN, "")):
            services.discard_draft(by=request.user, **self.about())


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def moment(at: datetime) -> str:
    """The time of a day that is today, else with the day."""
    local = timezone.localtime(at)
    time = date_format(local, "H:i")
    if local.date() == timezone.localdate():
        return time
    return _("%(day)s, %(time)s") % {"day": date_format(local, "j F"), "time": time}


@login_required
@require_POST
def keep(request: HttpRequest) -> HttpResponse:
    """Keep what stands in a form. Sent by the script while somebody types."""
    place = _place(request)
    before = services.draft_in(by=request.user, **place.about())
    typed = {name: values for name, values in request.POST.lists() if name not in NOT_TYPED}
    try:
        draft = services.keep_draft(by=request.user, data=typed, **place.about())
    except ValidationError as error:
        return JsonResponse({"problem": " ".join(error.messages)}, status=REFUSED)
    _leave_behind(request, place)
    other = before is not None and before.version > _number(request.POST.get(SEEN, ""))
    kept = _("Draft kept, %(time)s.") % {"time": moment(draft.updated_at)}
    replaced = _("Another window had a newer draft of this form; this one has replaced it.")
    text = f"{kept} {replaced}" if other else kept
    return JsonResponse({"seen": draft.version, "key": place.key, "text": text})


def _leave_behind(request: HttpRequest, place: Place) -> None:
    """A session for which another initiative was chosen: its draft lies in that one now, and nowhere else."""
    key = request.POST.get(DRAFT, "")
    if place.code != DraftPlace.SESSION or key == place.key:
        return
    _code, _separator, former = key.partition(":")
    try:
        left = _session_place(request, former)
    except Http404:
        return
    services.discard_draft(by=request.user, **left.about())


def _session_place(request: HttpRequest, key: str) -> Place:
    """The log of a session, inside of the initiative that is chosen in it, once one is."""
    if not key:
        return Place(DraftPlace.SESSION)
    try:
        pk = UUID(key)
    except ValueError:
        raise Http404 from None
    cards = Initiative.objects.visible_to(request.user).of_team(request.user)
    return Place(DraftPlace.SESSION, initiative=get_object_or_404(cards, pk=pk))


@login_required
@require_POST
def discard(request: HttpRequest) -> HttpResponse:
    """Throw one's draft of a form away, and open the form as it stands."""
    place = _place(request)
    services.discard_draft(by=request.user, **place.about())
    messages.success(request, _("The draft is gone. The form shows what is saved."))
    return redirect(place.path)


def _place(request: HttpRequest) -> Place:
    """The form that is meant; 404 for what one may not see and what does not exist, alike."""
    code, _separator, key = request.POST.get(DRAFT, "").partition(":")
    if code == DraftPlace.SESSION:
        return _session_place(request, request.POST.get("initiative") or key)
    if code == DraftPlace.OFFICIAL_LINK and not key:
        return Place(code)
    key, _separator, record = key.partition(":")
    try:
        pk = UUID(key)
        about = UUID(record) if code in CHANGING else None
    except ValueError:
        raise Http404 from None
    if code == DraftPlace.OPEN_INITIATIVE:
        found = get_object_or_404(Conflict.objects.visible_to(request.user), pk=pk)
        return Place(code, conflict=found)
    if code not in (DraftPlace.BRIEF, DraftPlace.GROUND_RULES, *NEW, *CHANGING):
        raise Http404
    shown = get_object_or_404(Initiative.objects.visible_to(request.user), pk=pk)
    return Place(code, initiative=shown, record=about)

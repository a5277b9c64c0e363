"""Writing sessions: the log of seven fields, the same form afterwards, and the details that can wait."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.forms import add_errors
from accounts.models import User
from confidentiality.codes import Action, TeamRole
from confidentiality.fields import if_it_opens
from confidentiality.policy import Standing, allows
from confidentiality.records import Stale
from confidentiality.words import listed
from initiatives import services
from initiatives.enums import DraftPlace
from initiatives.forms import RULES_EXPLAINED, SESSION_NAMES, DetailsForm, EditForm, LogForm
from initiatives.forms.sessions import details_sent, fields_sent, kept_sent, sides_of
from initiatives.models import Draft, Initiative, Session, SessionReader
from initiatives.services.retention import ENDS
from initiatives.services.sessions import SESSION_FIELDS
from initiatives.services.versions import Version, numbered
from initiatives.views.cards import answer_of
from initiatives.views.concurrency import merge
from initiatives.views.drafts import Kept, Place
from initiatives.views.sending import sent_once
from initiatives.views.sessions import session_frame, written
from initiatives.views.sight import PAGES, of_team

REFUSED, OVERTAKEN = 422, 409


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@sent_once
def log(request: HttpRequest) -> HttpResponse:
    """Log a session: one page. `choose` shows the sides of another initiative and keeps what was typed."""
    choices = services.writes_sessions_in(request.user)
    services.entitle(by=request.user, initiatives=choices)
    if request.method != "POST":
        return _opened(request, choices)
    chosen = _among(choices, request.POST.get("initiative", ""))
    if "choose" in request.POST:
        form = LogForm(initial=_typed(request.POST, choices, chosen), choices=choices, chosen=chosen)
        return _log_page(request, choices, chosen, form)
    form = LogForm(request.POST, choices=choices, chosen=chosen)
    if form.is_valid():
        try:
            logged = services.log_session(
                by=request.user, initiative=form.cleaned_data["initiative"], **form.arguments()
            )
            Place(DraftPlace.SESSION, initiative=logged.initiative).saved(request)
            messages.success(request, _("Logged. What else you know can be added when there is time."))
            return redirect("initiatives:session", logged.pk)
        except ValidationError as error:
            add_errors(form, error, SESSION_NAMES)
    return _log_page(request, choices, chosen, form)


def _among(choices: list[Initiative], key: str) -> Initiative | None:
    return next((card for card in choices if str(card.pk) == key), None)


def _typed(data: Any, choices: list[Initiative], chosen: Initiative | None) -> dict[str, Any]:
    """What was typed, as initial values: nothing is complained of before somebody wants to save."""
    fields = LogForm(choices=choices, chosen=chosen).fields
    found = {name: field.widget.value_from_datadict(data, {}, name) for name, field in fields.items()}
    return {name: value for name, value in found.items() if value is not None}


def _opened(request: HttpRequest, choices: list[Initiative]) -> HttpResponse:
    """With one's draft in it; else with the initiative that was asked for, the only one, or the one last used."""
    if "initiative" in request.GET:
        chosen = _among(choices, request.GET["initiative"])
        if chosen is None:
            raise Http404
        draft = Place(DraftPlace.SESSION, initiative=chosen).draft_of(request.user)
    else:
        draft = _newest_draft(request.user, choices)
        chosen = _likely(request.user, choices)
    if draft is None:
        return _log_page(request, choices, chosen, LogForm(choices=choices, chosen=chosen))
    chosen = _among(choices, str(draft.record.initiative_id)) or chosen
    form = LogForm(initial=_typed(draft.form_data(), choices, chosen), choices=choices, chosen=chosen)
    return _log_page(request, choices, chosen, form, draft)


def _newest_draft(user: Any, choices: list[Initiative]) -> Kept | None:
    """Of this form, in an initiative in which one still writes, or before one was chosen."""
    own = Draft.objects.visible_to(user).filter(place=DraftPlace.SESSION).order_by("-updated_at")
    known = {None, *(card.pk for card in choices)}
    return next((Kept(draft) for draft in own if draft.initiative_id in known), None)


def _likely(user: Any, choices: list[Initiative]) -> Initiative | None:
    """The only one, or the one last used, which stands first; else it is asked."""
    if len(choices) == 1:
        return choices[0]
    used = choices and Session.objects.visible_to(user).filter(initiative=choices[0], by=user).exists()
    return choices[0] if used else None


def _log_page(
    request: HttpRequest,
    choices: list[Initiative],
    chosen: Initiative | None,
    form: LogForm,
    draft: Kept | None = None,
) -> HttpResponse:
    place = Place(DraftPlace.SESSION, initiative=chosen)
    context = {
        "form": form,
        "choices": choices,
        "chosen": chosen,
        "sight": of_team(chosen, chosen.members.live().count()) if chosen else PAGES["log"],
        "rules": RULES_EXPLAINED,
        **place.fields(request, draft),
    }
    return render(request, "initiatives/session_log.html", context, status=answer_of(form))


# --- Afterwards -----------------------------------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The seven fields again. Where somebody was quicker, nothing typed is lost."""
    shown, standing = written(request, pk)
    place = _place(shown, DraftPlace.EDIT_SESSION)
    if request.method != "POST":
        draft = place.unsaved(request.user, fields_sent(shown))
        if draft is not None and draft.version != shown.version:
            return _overtaken(request, pk, draft.version, draft)
        stands, sides = fields_sent(shown), sides_of(shown.initiative, shown)
        form = EditForm(initial=_initial(stands, shown), sides=sides, without=_without(shown, standing))
        if draft is not None:
            form.initial |= draft.values(form.fields)
        return _edit_page(request, shown, standing, form, draft)
    sides = sides_of(shown.initiative, shown)
    form = EditForm(request.POST, sides=sides, without=_without(shown, standing))
    if form.is_valid():
        try:
            version = form.cleaned_data["version"]
            services.edit_session(by=request.user, session=shown, version=version, **form.arguments())
            place.saved(request)
            messages.success(request, _("Saved."))
            return redirect("initiatives:session", pk)
        except Stale:
            return _overtaken(request, pk, version)
        except ValidationError as error:
            add_errors(form, error, SESSION_NAMES)
    return _edit_page(request, shown, standing, form)


def _without(shown: Session, standing: Standing) -> set[str]:
    """Fields that are not asked for: texts whose time is over, and their clock of whoever does not set it."""
    if shown.texts_gone_at is not None:
        return ENDS
    return set() if allows(standing, Action.END_TEXTS) else {"keep_texts_until"}


def _place(shown: Session, code: DraftPlace) -> Place:
    return Place(code, initiative=shown.initiative, record=shown.pk)


def _initial(sent: Mapping[str, list[str]], session: Session) -> dict[str, Any]:
    return {**{name: values[0] for name, values in sent.items()}, "version": session.version}


def _overtaken(request: HttpRequest, pk: UUID, version: int, draft: Kept | None = None) -> HttpResponse:
    shown, standing = written(request, pk)
    sides = sides_of(shown.initiative, shown)
    blank = {field.name: [""] for field in EditForm(sides=sides).numbers}
    before = _version_of(request.user, shown, version)
    known = {**blank, **kept_sent(before.fields)} if before else {}
    now = {**blank, **fields_sent(shown)}
    data, taken, disputed = merge(draft.form_data() if draft else request.POST, known, now)
    data["version"] = str(shown.version)
    without = _without(shown, standing)
    form = EditForm(data, sides=sides, without=without)
    stands = EditForm(initial=_initial(now, shown), sides=sides, without=without)
    said = _said(request.user, shown, stands, taken, disputed)
    return _edit_page(request, shown, standing, form, draft, **said)


def _version_of(user: Any, session: Session, number: int) -> Version | None:
    return numbered(services.session_versions(by=user, session=session), number)


def _said(user: Any, shown: Session, stands: Any, taken: list[str], disputed: list[str]) -> dict[str, Any]:
    """For the note above a form that was overtaken: (field, its name, what stands there now)."""

    def told(name: str) -> tuple[str, str, str]:
        field = stands[name]
        chosen = dict(getattr(field.field, "choices", ()))
        value = field.value()
        values = value if isinstance(value, list) else [value]
        return name, str(field.label), listed(str(chosen.get(one, one)) for one in values if one)

    return {
        "overtaken": True,
        "saved": _version_of(user, shown, shown.version),
        "taken": [told(name) for name in taken if name in stands.fields],
        "disputed": [told(name) for name in disputed if name in stands.fields],
    }


def _edit_page(
    request: HttpRequest, shown: Session, standing: Any, form: Any, draft: Kept | None = None, **more: Any
) -> HttpResponse:
    kept = _place(shown, DraftPlace.EDIT_SESSION).fields(request, draft)
    context = {
        **session_frame(request, shown, standing),
        "form": form,
        "rules": RULES_EXPLAINED,
        **kept,
        **more,
    }
    status = _status(form, draft, more)
    return render(request, "initiatives/session_edit.html", context, status=status)


def _status(form: Any, draft: Kept | None, overtaken: Mapping[str, Any]) -> int:
    if draft is not None:
        return 200
    return OVERTAKEN if overtaken else answer_of(form)


# --- Details --------------------------------------------------------------------------------------------------

_TOLD = (
    "agenda_themes", "country", "place", "notes", "product_made", "incidents", "embargo_until", "keep_texts_until",
    "audience",
)  # fmt: skip


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def details(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What can wait: agenda, place, notes, product, incidents, and which observers read it."""
    shown, standing = written(request, pk)
    observers, place = _observers(shown), _place(shown, DraftPlace.SESSION_DETAILS)
    without = _without(shown, standing)
    if request.method != "POST":
        stands = _details_of(shown)
        draft = place.unsaved(request.user, stands)
        if draft is not None and draft.version != shown.version:
            return _overtaken_details(request, pk, draft.version, draft)
        form = DetailsForm(initial=_flat(stands, shown.version), observers=observers, without=without)
        if draft is not None:
            form.initial |= draft.values(form.fields)
        return _details_page(request, shown, standing, form, draft)
    form = DetailsForm(request.POST, observers=observers, without=without)
    if form.is_valid():
        try:
            _save_details(request, shown, form)
            place.saved(request)
            messages.success(request, _("Saved."))
            return redirect("initiatives:session", pk)
        except Stale:
            return _overtaken_details(request, pk, form.cleaned_data["version"])
        except ValidationError as error:
            add_errors(form, error)
    return _details_page(request, shown, standing, form)


def _observers(session: Session) -> Any:
    members = session.initiative.members.current().filter(role=TeamRole.OBSERVER)
    return User.objects.filter(pk__in=members.values("user_id")).order_by("name")


def _readers_of(session: Session) -> set[UUID]:
    return set(SessionReader.objects.filter(session=session).values_list("user_id", flat=True))


def _details_of(session: Session) -> dict[str, list[str]]:
    values = {name: if_it_opens(session, name) for name in _TOLD if name in SESSION_FIELDS}
    return details_sent(values, _readers_of(session))


def _flat(sent: Mapping[str, list[str]], version: int) -> dict[str, Any]:
    many = ("agenda_themes", "readers")
    return {**{name: value if name in many else value[0] for name, value in sent.items()}, "version": version}


def _save_details(request: HttpRequest, shown: Session, form: DetailsForm) -> None:
    version = form.cleaned_data["version"]
    services.edit_session(by=request.user, session=shown, version=version, **form.arguments())
    if "readers" not in form.fields:
        return
    wanted = {user.pk: user for user in form.cleaned_data["readers"]}
    before = _readers_of(shown)
    for user in (user for pk, user in wanted.items() if pk not in before):
        services.name_reader(by=request.user, session=shown, user=user)
    for user in User.objects.filter(pk__in=before - set(wanted)):
        services.unname_reader(by=request.user, session=shown, user=user)


def _overtaken_details(
    request: HttpRequest, pk: UUID, version: int, draft: Kept | None = None
) -> HttpResponse:
    shown, standing = written(request, pk)
    now = _details_of(shown)
    before = _version_of(request.user, shown, version)
    fields = before.fields if before else {}
    # What an older version does not know of had no value then.
    known = (
        details_sent({**dict.fromkeys(_TOLD), **fields}, fields["readers"]) if "audience" in fields else {}
    )
    data, taken, disputed = merge(draft.form_data() if draft else request.POST, known, now)
    data["version"] = str(shown.version)
    asked: dict[str, Any] = {"observers": _observers(shown), "without": _without(shown, standing)}
    stands = DetailsForm(initial=_flat(now, shown.version), **asked)
    said = _said(request.user, shown, stands, taken, disputed)
    return _details_page(request, shown, standing, DetailsForm(data, **asked), draft, **said)


def _details_page(
    request: HttpRequest, shown: Session, standing: Any, form: Any, draft: Kept | None = None, **more: Any
) -> HttpResponse:
    kept = _place(shown, DraftPlace.SESSION_DETAILS).fields(request, draft)
    context = {**session_frame(request, shown, standing), "form": form, **kept, **more}
    status = _status(form, draft, more)
    return render(request, "initiatives/session_details.html", context, status=status)

"""Pages of sessions: the list of an initiative, one session, its history; moving, deleting, bringing back."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.forms import add_errors
from accounts.models import User
from confidentiality import policy
from confidentiality.codes import Action, Audience, Rule, TeamRole
from confidentiality.fields import if_it_opens
from confidentiality.policy import CLOSED_TO_OBSERVERS, Standing, allows
from confidentiality.records import Stale
from confidentiality.words import listed
from initiatives import services
from initiatives.enums import Precision, SessionFormat, SessionStatus, Theme
from initiatives.forms import RULES_EXPLAINED, DeleteForm, MoveForm
from initiatives.models import Party, Session, SessionReader
from initiatives.models.session import MOVED, SESSION_TEXTS
from initiatives.services.countries import country_name
from initiatives.services.moving import may_take
from initiatives.services.versions import Version, versions_of
from initiatives.templatetags.desk import days, when
from initiatives.views.cards import answer_of
from initiatives.views.inside import entered, frame
from initiatives.views.sight import Sight, of_session
from initiatives.views.versions import Told, pages
from transfer.models import Outcome

PER_PAGE = 25
OVERTAKEN = 409


def found_session(request: HttpRequest, pk: UUID, action: Action) -> tuple[Session, Standing]:
    """A session that the reader sees, with its initiative called by its title; 404, or Forbidden for the act."""
    sessions = Session.objects.visible_to(request.user)
    related = ("initiative__conflict", "initiative__successor", "by", "clock_set_by")
    shown = get_object_or_404(sessions.select_related(*related), pk=pk)
    standing = policy.require(request.user, action, shown)
    services.entitle(by=request.user, initiatives=[shown.initiative])
    return shown, standing


def written(request: HttpRequest, pk: UUID) -> tuple[Session, Standing]:
    """The same for who writes it."""
    return found_session(request, pk, Action.EDIT_SESSIONS)


def session_frame(request: HttpRequest, shown: Session, standing: Standing) -> dict[str, Any]:
    """What the head of every page of a session needs."""
    return {
        **frame(request, shown.initiative, standing),
        "session": shown,
        "may_write": allows(standing, Action.EDIT_SESSIONS),
        "sight": sight_with(shown),
    }


def sight_with(shown: Session, *, closed: bool = False) -> Sight:
    """Who sees a session and what came out of it: the team without the observers to whom it is closed. `closed`: to all
    of them, for a reason of its own."""
    roles = list(shown.initiative.members.live().values_list("role", "user_id"))
    observers = {user for role, user in roles if role == TeamRole.OBSERVER}
    if closed or shown.rule in CLOSED_TO_OBSERVERS:
        closed_to = len(observers)
    elif shown.audience == Audience.NAMED:
        named = SessionReader.objects.filter(session=shown).values_list("user_id", flat=True)
        closed_to = len(observers - set(named))
    else:
        closed_to = 0
    return of_session(shown, len(roles) - closed_to, closed_to)


# --- The list -------------------------------------------------------------------------------------------------


@login_required
@require_GET
def sessions(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What is to come, what waits for a word, what was; for those who write them, what was deleted."""
    shown, standing = entered(request, pk, Action.READ_SESSIONS)
    rows = Session.objects.visible_to(request.user).filter(initiative=shown).select_related("by")
    kept = list(rows.kept())
    today = timezone.localdate()
    waiting = [row for row in kept if row.status == SessionStatus.PLANNED and row.days.last < today]
    coming = [row for row in kept if row.status in _AHEAD and row not in waiting]
    past = [row for row in kept if row not in waiting and row not in coming]
    writes = allows(standing, Action.EDIT_SESSIONS)
    page = Paginator(past, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        **frame(request, shown, standing),
        "may_write": writes,
        "waiting": [_row(row) for row in reversed(waiting)],
        "coming": [_row(row) for row in reversed(coming)],
        "page": page,
        "past": [_row(row) for row in page.object_list],
        "deleted": [_row(row) for row in rows.exclude(deleted_at=None)] if writes else [],
        "any": bool(kept),
        "query": "",
    }
    return render(request, "initiatives/sessions.html", context)


_AHEAD = (SessionStatus.PLANNED, SessionStatus.POSTPONED)


def _row(session: Session) -> dict[str, Any]:
    """A session in a list, where one text that does not open takes nothing else away."""
    present = if_it_opens(session, "present")
    return {
        "session": session,
        "purpose": if_it_opens(session, "purpose"),
        "next_step": if_it_opens(session, "next_step"),
        "people": sum(present.values()) if present else None,
    }


# --- One session ----------------------------------------------------------------------------------------------


@login_required
@require_GET
def session(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One session, also on paper."""
    shown, standing = found_session(request, pk, Action.READ_SESSIONS)
    present = if_it_opens(shown, "present")
    names = _names_of(present or {})
    readers = SessionReader.objects.visible_to(request.user).filter(session=shown).select_related("user")
    saved = next(iter(versions_of(request.user, shown, most=1)), None)
    context = {
        **session_frame(request, shown, standing),
        "numbers": [(names.get(key, _("a side")), number) for key, number in _in_order(present or {}, names)],
        "people": sum(present.values()) if present else None,
        "damaged": present is None,
        "themes": [
            in_words("agenda_themes", [code], {}) for code in if_it_opens(shown, "agenda_themes") or []
        ],
        "country": country_name(shown.country, get_language() or "en") if shown.country else "",
        "texts": [
            (label, if_it_opens(shown, name)) for name, label in labels().items() if name in SESSION_TEXTS
        ],
        "rule_means": RULES_EXPLAINED.get(Rule(shown.rule), ""),
        "readers": [reader.user.name for reader in readers] if shown.audience == Audience.NAMED else None,
        "saved": saved,
        "may_take": may_take(shown, request.user, standing),
        "was_moved": saved is not None and MOVED in saved.changed,
        # A reason is a text as well.
        "why": saved.reason if saved is not None and not shown.facts_only else "",
        "overdue": shown.status == SessionStatus.PLANNED and shown.days.last < timezone.localdate(),
        **_outcomes(request, shown, standing),
    }
    return render(request, "initiatives/session.html", context)


def _outcomes(request: HttpRequest, shown: Session, standing: Standing) -> dict[str, Any]:
    """What came out of it, the newest first; and whether the reader adds to it, which is the natural next step."""
    found = (
        Outcome.objects.visible_to(request.user).kept().filter(session=shown).order_by("-created_at", "pk")
    )
    happened = shown.status == SessionStatus.HELD and shown.deleted_at is None
    return {
        "outcomes": [(one, if_it_opens(one, "statement")) for one in found],
        "may_record": happened and allows(standing, Action.EDIT_OUTCOMES),
    }


def _in_order(present: dict[str, int], names: dict[str, str]) -> list[tuple[str, int]]:
    """By the name of the side, at the end those who belong to none."""
    return sorted(present.items(), key=lambda pair: (not pair[0], names.get(pair[0], "").casefold()))


def _names_of(present: dict[str, int]) -> dict[str, str]:
    """Sides by id, of those who belong to none too."""
    parties = Party.objects.filter(pk__in=[key for key in present if key])
    return {"": _("none of the sides"), **{str(party.pk): party.name for party in parties}}


# --- History --------------------------------------------------------------------------------------------------


def labels() -> dict[str, str]:
    """What the fields of a session are called, in the order in which they are told."""
    return {
        "status": _("Status"),
        "began_on": _("Began"),
        "began_precision": _("Beginning known to the"),
        "ended_on": _("Ended"),
        "ended_precision": _("End known to the"),
        "format": _("Format"),
        "rule": _("Rule"),
        "embargo_until": _("Embargo until"),
        "keep_texts_until": _("Texts kept until"),
        "present": _("Numbers present"),
        "purpose": _("Purpose"),
        "next_step": _("Next step"),
        "agenda_themes": _("Agenda themes"),
        "country": _("Country"),
        "place": _("Place"),
        "notes": _("Notes"),
        "product_made": _("Product"),
        "incidents": _("Incidents"),
        "audience": _("Who on the team reads it"),
        "readers": _("Observers who read it"),
        "attendance": _("Who was there"),
        "outcomes": _("Whose outcomes they were"),
    }


_CODES: dict[str, Any] = {
    "status": SessionStatus,
    "began_precision": Precision,
    "ended_precision": Precision,
    "format": SessionFormat,
    "rule": Rule,
    "audience": Audience,
    "agenda_themes": Theme,
}


def in_words(name: str, value: Any, names: dict[str, str]) -> str:
    """A value of the history as a reader understands it; a code that nobody knows stands for itself."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name == "present" and isinstance(value, dict):
        return listed(f"{names.get(key, _('a side'))}: {number}" for key, number in _in_order(value, names))
    if name in ("began_on", "ended_on", "embargo_until", "keep_texts_until"):
        return when(date.fromisoformat(value)) if value else ""
    words = dict(_CODES[name].choices) if name in _CODES else names
    if isinstance(value, list):
        return listed(str(words.get(one, one)) for one in value)
    return str(words.get(value, value)) if value else ""


def _told(request: HttpRequest, pk: UUID) -> Told:
    """A session with its versions, for their pages."""
    shown, standing = found_session(request, pk, Action.READ_SESSIONS)
    versions = services.session_versions(by=request.user, session=shown)
    names, called = _names_in(versions), labels()
    sessions_of = reverse("initiatives:sessions", args=[shown.initiative_id])
    return Told(
        record=shown,
        versions=versions,
        headings=(_("History of the session"), _("Version %(number)s of the session")),
        trail=[(sessions_of, _("Sessions")), (reverse("initiatives:session", args=[pk]), days(shown))],
        history=reverse("initiatives:session_history", args=[pk]),
        version=lambda key: reverse("initiatives:session_version", args=[pk, key]),
        labels=called,
        tell=lambda fields: [
            (name, called[name], in_words(name, fields[name], names)) for name in called if name in fields
        ],
        write=Action.EDIT_SESSIONS,
        bring_back=partial(services.bring_back_session, session=shown),
        page={**session_frame(request, shown, standing), "tab": "sessions"},
    )


def _names_in(versions: list[Version]) -> dict[str, str]:
    """Sides and observers that the versions name by their ids."""
    sides = {key: 0 for one in versions for key in one.fields.get("present") or {}}
    people = {key for one in versions for key in one.fields.get("readers", [])}
    return {**_names_of(sides), **{str(user.pk): user.name for user in User.objects.filter(pk__in=people)}}


history, version = pages(_told)


# --- Deleting, bringing back, moving --------------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take it out of the lists, with a reason."""
    shown, standing = written(request, pk)
    posted = request.POST if request.method == "POST" else None
    form = DeleteForm(posted, initial={"version": shown.version})
    status = answer_of(form)
    if posted is not None and form.is_valid():
        try:
            services.delete_session(by=request.user, session=shown, **form.cleaned_data)
            offer_undo(request, _("Deleted."), reverse("initiatives:restore_session", args=[pk]))
            return redirect("initiatives:sessions", shown.initiative_id)
        except Stale as stale:
            form, status = _again(DeleteForm, posted, stale), OVERTAKEN
        except ValidationError as error:
            add_errors(form, error)
            status = answer_of(form)
    context = {**session_frame(request, shown, standing), "form": form, **_outcomes(request, shown, standing)}
    return render(request, "initiatives/session_delete.html", context, status=status)


def _again(kind: Any, posted: Any, stale: Stale, **options: Any) -> Any:
    """The form with what was typed, on top of the state that stands now."""
    data = posted.copy()
    data["version"] = str(stale.current)
    form = kind(data, **options)
    form.add_error(None, _("Somebody changed the session meanwhile. Look at it, then send this again."))
    return form


def offer_undo(request: HttpRequest, text: str, url: str) -> None:
    """Say what was done, with a button that takes it back."""
    messages.success(request, text, extra_tags="undo")
    request.session["undo"] = {"url": url}


@login_required
@require_POST
def restore(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Bring a deleted session back."""
    shown, _standing = written(request, pk)
    try:
        services.restore_session(by=request.user, session=shown)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("The session is back, as it was."))
    return redirect("initiatives:session", pk)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def move(request: HttpRequest, pk: UUID) -> HttpResponse:
    """To another initiative in which the same person logs sessions; who may is said by the service."""
    shown, standing = written(request, pk)
    choices = [card for card in services.writes_sessions_in(request.user) if card.pk != shown.initiative_id]
    services.entitle(by=request.user, initiatives=choices)
    posted = request.POST if request.method == "POST" else None
    form = MoveForm(posted, initial={"version": shown.version}, choices=choices)
    status = answer_of(form)
    if posted is not None and form.is_valid():
        try:
            moved = services.move_session(by=request.user, session=shown, **form.cleaned_data)
            messages.success(request, _("Moved, with its history. What stays behind is marked as deleted."))
            return redirect("initiatives:session", moved.pk)
        except Stale as stale:
            form, status = _again(MoveForm, posted, stale, choices=choices), OVERTAKEN
        except ValidationError as error:
            add_errors(form, error)
            status = answer_of(form)
    context = {
        **session_frame(request, shown, standing),
        "form": form,
        "choices": choices,
    }
    return render(request, "initiatives/session_move.html", context, status=status)

"""Who was at a session: one page of large ticks, read by whoever reads the session, written by those who log."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.forms import add_errors
from confidentiality import policy
from confidentiality.codes import Action
from confidentiality.policy import WITHOUT_ATTENDANCE, allows
from initiatives.models import Session
from initiatives.views.inside import entered, frame
from initiatives.views.sessions import sight_with
from participants import services
from participants.enums import ParticipationStatus
from participants.forms import AttendanceForm
from participants.models import Attendance, Participation
from participants.views.inside import shapes_of
from participants.views.people import REFUSED

NEVER_HERE = (ParticipationStatus.DECLINED, ParticipationStatus.BLOCKED)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def attendance(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Tick who was there. Two people who tick at the same time lose nothing."""
    session = get_object_or_404(Session.objects.visible_to(request.user).kept(), pk=pk)
    shown, standing = entered(request, session.initiative_id, Action.READ_SESSIONS)
    session.initiative = shown
    if request.method == "POST":
        policy.require(request.user, Action.EDIT_SESSIONS, session)
    there = _there(request, session)
    parts = _parts(request, session, there)
    initial = {"participations": [str(pk) for pk in there], "seen": AttendanceForm.sealed(there)}
    form = AttendanceForm(request.POST if request.method == "POST" else None, initial=initial, parts=parts)
    if form.is_valid() and _marked(request, session, form):
        messages.success(request, _("Saved."))
        return redirect("participants:attendance", pk=pk)
    context = {
        **frame(request, shown, standing),
        "sight": sight_with(session),
        "session": session,
        "form": form,
        "ticks": _ticks(form, parts),
        "writes": allows(standing, Action.EDIT_SESSIONS),
        "stored": session.rule not in WITHOUT_ATTENDANCE,
        "there": [part for part in parts if part.pk in there],
    }
    status = REFUSED if form.is_bound else 200
    return render(request, "participants/attendance.html", context, status=status)


def _there(request: HttpRequest, session: Session) -> set[UUID]:
    seen = Attendance.objects.visible_to(request.user).filter(session=session)
    return set(seen.values_list("participation_id", flat=True))


def _parts(request: HttpRequest, session: Session, there: set[UUID]) -> list[Participation]:
    """Everybody who may have been there: without those who never came, unless they are written down."""
    parts = Participation.objects.visible_to(request.user).filter(initiative=session.initiative_id)
    parts = parts.select_related("person__party").defer("note")
    ordered = parts.order_by("person__party__normalised_name", "person__pseudonym", "pk")
    return [part for part in ordered if part.status not in NEVER_HERE or part.pk in there]


def _ticks(form: AttendanceForm, parts: list[Participation]) -> list[tuple[Any, Participation, str]]:
    """Each box with whom it stands for, and the shape of their side."""
    shapes = shapes_of(parts)
    form.fields["participations"].widget.attrs["class"] = "form-check-input"
    boxes = form["participations"].subwidgets
    return [(box, part, shapes.get(part.person.party_id, "")) for box, part in zip(boxes, parts, strict=True)]


def _marked(request: HttpRequest, session: Session, form: AttendanceForm) -> bool:
    try:
        services.mark_attendance(
            by=request.user,
            session=session,
            participations=form.chosen(),
            seen=form.before(),
            override_reason=form.cleaned_data["override_reason"],
        )
    except ValidationError as error:
        add_errors(form, error)
        return False
    return True

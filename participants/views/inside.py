"""People inside an initiative: who takes part, the quadrant, inviting, changing a participation, ratings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.forms import add_errors
from confidentiality.codes import Action
from confidentiality.fields import if_it_opens
from confidentiality.policy import WITHOUT_ATTENDANCE, Standing, allows
from confidentiality.records import Stale
from initiatives.enums import SessionStatus
from initiatives.models import Initiative, Session
from initiatives.views.inside import entered, frame
from participants import services
from participants.drawings import Dot, quadrant_chart
from participants.enums import EXPOSURE, Quadrant
from participants.forms import InviteForm, ParticipationForm, RatingsForm
from participants.forms.people import PARTICIPATION
from participants.models import Attendance, Participation, SelectionRating
from participants.views.people import OVERTAKEN, REFUSED

SHAPES = "abc"
SESSIONS = 12


def _standing_frame(request: HttpRequest, shown: Initiative, standing: Standing) -> dict[str, Any]:
    return {**frame(request, shown, standing), "may_write": allows(standing, Action.EDIT_PEOPLE)}


def shapes_of(parts: Iterable[Participation]) -> dict[UUID, str]:
    """The shape of each side: the first three by name; whoever is on another has the hollow one and the word."""
    sides = {part.person.party_id: part.person.party.name for part in parts if part.person.party}
    ordered = sorted(sides, key=lambda pk: sides[pk])
    return dict(zip(ordered, SHAPES, strict=False))


@login_required
@require_GET
def people(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Who takes part, by side; how often they came; for those who read links, the quadrant."""
    shown, standing = entered(request, pk, Action.READ_PEOPLE)
    parts = list(_parts(request, shown).order_by("person__party__normalised_name", "person__pseudonym", "pk"))
    came = _came(request, shown)
    shapes = shapes_of(parts)
    rows = [(part, shapes.get(part.person.party_id, ""), came.get(part.pk, 0)) for part in parts]
    context = {
        **_standing_frame(request, shown, standing),
        "rows": rows,
        "sessions": _sessions(request, shown),
        "may_record": allows(standing, Action.EDIT_OUTCOMES),
        "chart": _chart(request, shown, shapes) if allows(standing, Action.READ_LINKS) else None,
    }
    return render(request, "participants/initiative_people.html", context)


def _parts(request: HttpRequest, shown: Initiative) -> Any:
    parts = Participation.objects.visible_to(request.user).filter(initiative=shown)
    return parts.select_related("person__party").defer("note")


def _came(request: HttpRequest, shown: Initiative) -> dict[UUID, int]:
    """To how many sessions each came, of those that the reader sees."""
    seen = Attendance.objects.visible_to(request.user).filter(initiative=shown, session__deleted_at=None)
    return dict(seen.values_list("participation").annotate(Count("pk")).order_by())


def _sessions(request: HttpRequest, shown: Initiative) -> list[dict[str, Any]]:
    """The newest at which somebody can have been, with how many are written down; None where the rule stores nobody."""
    seen = Session.objects.visible_to(request.user).kept().filter(initiative=shown)
    begun = Q(status=SessionStatus.PLANNED, began_on__lte=timezone.localdate())
    seen = seen.filter(Q(status=SessionStatus.HELD) | begun)
    rows = list(seen.only("initiative", "began_on", "began_precision", "rule", "status")[:SESSIONS])
    there = Attendance.objects.visible_to(request.user).filter(session__in=rows)
    numbers = dict(there.values_list("session").annotate(Count("pk")).order_by())
    return [
        {
            "session": row,
            "number": None if row.rule in WITHOUT_ATTENDANCE else numbers.get(row.pk, 0),
        }
        for row in rows
    ]


def _chart(request: HttpRequest, shown: Initiative, shapes: dict[UUID, str]) -> dict[str, Any]:
    """The drawing in both widths, the same as a table, and who could be paired."""
    picture = services.picture_of(by=request.user, initiative=shown)
    dots: dict[str, list[Dot]] = {}
    for part, each in picture.standpoints:
        dot = Dot(part.person.pseudonym, shapes.get(part.person.party_id, ""))
        dots.setdefault(each.quadrant, []).append(dot)
    return {
        "wide": quadrant_chart(prefix="quadrant", dots=dots),
        "narrow": quadrant_chart(prefix="quadrant-n", dots=dots, narrow=True),
        "rows": [
            (part, shapes.get(part.person.party_id, ""), each, Quadrant(each.quadrant).label)
            for part, each in picture.standpoints
        ],
        "suggestions": picture.suggestions,
    }


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Bring somebody of the register into this initiative."""
    shown, standing = entered(request, pk, Action.EDIT_PEOPLE)
    persons = services.invitable(by=request.user, initiative=shown)
    form = InviteForm(request.POST if request.method == "POST" else None, persons=persons)
    if form.is_valid():
        try:
            services.participate(
                by=request.user,
                initiative=shown,
                person=form.cleaned_data["person"],
                override_reason=form.cleaned_data["override_reason"],
                **form.participation(),
            )
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("participants:initiative_people", pk=pk)
    heading = _("Bring somebody of the register in")
    context = {**_standing_frame(request, shown, standing), "form": form, "heading": heading}
    context |= {"fields": form.shown_fields(), "nobody": not form.is_bound and not persons.exists()}
    return render(request, "participants/inside_form.html", context, status=REFUSED if form.is_bound else 200)


def visible_participation(
    request: HttpRequest, pk: UUID, action: Action
) -> tuple[Participation, dict[str, Any]]:
    """A participation with the head of its pages, or 404; Forbidden where the role does not include the act."""
    seen = Participation.objects.visible_to(request.user).select_related("person__party")
    part = get_object_or_404(seen, pk=pk)
    shown, standing = entered(request, part.initiative_id, action)
    part.initiative = shown
    return part, _standing_frame(request, shown, standing)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Role, capacity, status, consents and note of a participation."""
    part, context = visible_participation(request, pk, Action.EDIT_PEOPLE)
    form = ParticipationForm(request.POST if request.method == "POST" else None, initial=_stands(part))
    status, now = (REFUSED if form.is_bound else 200), ()
    if form.is_valid():
        try:
            services.change_participation(
                by=request.user,
                participation=part,
                version=form.cleaned_data["version"],
                **form.participation(),
            )
        except Stale as stale:
            data = request.POST.copy()
            data["version"] = str(stale.current)
            form, status, now = ParticipationForm(data), OVERTAKEN, _now(part)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("participants:person", pk=part.person_id)
    context |= {
        "form": form,
        "fields": form.visible_fields(),
        "now": now,
        "heading": _("%(person)s in this initiative") % {"person": part.person.pseudonym},
        "part": part,
    }
    return render(request, "participants/inside_form.html", context, status=status)


def _stands(part: Participation) -> dict[str, Any]:
    found = {name: getattr(part, name) for name in PARTICIPATION if name != "note"}
    return {**found, "note": if_it_opens(part, "note") or "", "version": part.version}


def _now(part: Participation) -> list[tuple[str, str]]:
    """What somebody else saved meanwhile, in words."""
    return [
        (_("Role in the room"), part.get_role_display()),
        (_("Capacity"), part.get_capacity_display()),
        (_("Status"), part.get_status_display()),
        (_("Note"), if_it_opens(part, "note") or ""),
    ]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def ratings(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What a participation is weighed by, one criterion after the other. Nothing is added up."""
    part, context = visible_participation(request, pk, Action.EDIT_PEOPLE)
    rows = SelectionRating.objects.visible_to(request.user).filter(participation=part)
    stand = {row.criterion: row.rating for row in rows}
    form = RatingsForm(request.POST if request.method == "POST" else None, initial=stand)
    if form.is_valid():
        for criterion, rating in form.ratings().items():
            if rating != stand.get(criterion):
                services.rate(by=request.user, participation=part, criterion=criterion, rating=rating)
        messages.success(request, _("Saved."))
        return redirect("participants:initiative_people", pk=part.initiative_id)
    against = EXPOSURE
    context |= {
        "form": form,
        "part": part,
        "weighed": [field for field in form if field.name not in against],
        "against": [field for field in form if field.name in against],
    }
    return render(request, "participants/ratings.html", context, status=REFUSED if form.is_bound else 200)

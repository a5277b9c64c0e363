"""What needs somebody today, by role: gathered here, shown by the home page.

Every list goes through `visible_to`, so nothing is counted that the reader may not open.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone

from accounts.models import Organisation
from confidentiality.codes import Access, TeamRole
from confidentiality.policy import team_access
from coordination.enums import FlagState
from coordination.models import OverlapFlag
from coordination.services import flags
from initiatives.enums import RUNNING
from initiatives.models import CircleDeclaration, Conflict, Deadline, Initiative, TeamMember
from initiatives.services import (
    ending_after_leaving,
    ending_for,
    entitle,
    texts_ending_for,
    waiting_for,
    with_cards,
)
from initiatives.views.sight import for_team
from t2d.admissions import LISTS, of_admissions
from t2d.record_waits import of_record

SHOWN = 5
SOON_DAYS = 30
DEADLINE_DAYS = 180


def gathered(user: Any) -> dict[str, Any]:
    """Everything the home page shows, for whichever roles the user holds."""
    memberships = list(user.team_memberships.live().select_related("initiative__conflict"))
    found: dict[str, Any] = {"vetted": user.is_vetted(), **_of_teams(user, memberships)}
    found |= of_record(user, memberships)
    found["purges"] = waiting_for(user)
    with_cards(by=user, requests=found["purges"])
    found |= _ending(user, on_teams=bool(memberships))
    if user.mandates.live().exists():
        found |= _of_coordinator(user)
    if user.is_steward:
        found |= _of_steward(user)
    found |= of_admissions(
        user, [member.initiative_id for member in memberships if member.role == TeamRole.LEAD]
    )
    numbers = ("flags_number", "unvetted_number")
    lists = (
        "declarations",
        "expiring",
        "incomplete",
        "purges",
        "ending",
        "texts_ending",
        "ending_elsewhere",
        "unfinished",
        "stuck",
        "stale",
        "received",
    )
    found["waiting"] = sum(found.get(name, 0) for name in numbers) + sum(
        len(found.get(name, [])) for name in (*lists, *LISTS)
    )
    return found


def _ending(user: Any, *, on_teams: bool) -> dict[str, Any]:
    """What is destroyed by itself within a month: initiatives, texts of sessions, and what one was put out of."""
    ending = ending_for(user) if on_teams else []
    texts = texts_ending_for(user) if on_teams else []
    entitle(by=user, initiatives=[kept.initiative for kept in (*ending, *texts)])
    return {"ending": ending, "texts_ending": texts, "ending_elsewhere": ending_after_leaving()}


def _of_teams(user: Any, memberships: list[TeamMember]) -> dict[str, Any]:
    """Own initiatives, accesses that end soon, cards that lack something, deadlines near."""
    sizes = dict(
        TeamMember.objects.visible_to(user)
        .live()
        .order_by()
        .values_list("initiative")
        .annotate(number=Count("pk"))
    )
    led = [member.initiative_id for member in memberships if member.role == TeamRole.LEAD]
    expiring = _expiring(user, led)
    entitle(by=user, initiatives=[member.initiative for member in (*memberships, *expiring)])
    own = []
    for member in sorted(memberships, key=lambda member: member.initiative.label.casefold()):
        member.initiative.team_size = sizes.get(member.initiative_id, 0)
        member.initiative.own_role = member
        member.initiative.sight = for_team(member.initiative.visibility, member.initiative.team_size)
        if member.initiative.status in RUNNING:
            own.append(member.initiative)
    return {
        "own": own,
        "records": any(team_access(member.role, "outcomes") is Access.WRITE for member in memberships),
        "expiring": expiring,
        "incomplete": _incomplete([initiative for initiative in own if initiative.pk in led]),
        "deadlines": _deadlines(user, own),
    }


def _expiring(user: Any, led: list[Any]) -> list[TeamMember]:
    """One's own accesses, and those of the teams one leads, that end within a month."""
    until = timezone.now() + timedelta(days=SOON_DAYS)
    ending = TeamMember.objects.visible_to(user).live().filter(expires_at__lte=until)
    concerned = ending.filter(Q(user=user) | Q(initiative__in=led))
    found = list(concerned.select_related("user", "initiative").order_by("expires_at"))
    for member in found:
        member.led = member.initiative_id in led
    return found


def _incomplete(led: list[Initiative]) -> list[tuple[Initiative, list[str]]]:
    """Running cards that lack what comparison and readers need."""
    running = Initiative.objects.filter(pk__in=[initiative.pk for initiative in led]).running()
    sides = dict(running.annotate(number=Count("sides")).values_list("pk", "number"))
    found = []
    for initiative in led:
        if initiative.pk not in sides:
            continue
        lacks = {
            "themes": not initiative.themes,
            "parties": not sides[initiative.pk],
            "line": not initiative.public_line,
            "successor": initiative.successor_id is None,
        }
        missing = [name for name, holds in lacks.items() if holds]
        if missing:
            found.append((initiative, missing))
    return found


def _deadlines(user: Any, own: list[Initiative]) -> list[tuple[Deadline, int]]:
    """Coming deadlines on the conflicts of one's own initiatives; of all conflicts for who has none."""
    today = timezone.localdate()
    near = Deadline.objects.visible_to(user).filter(
        due_on__gte=today, due_on__lte=today + timedelta(days=DEADLINE_DAYS)
    )
    if own:
        line = Conflict.objects.on_line_of([initiative.conflict.lineage for initiative in own])
        near = near.filter(conflict__in=line.values("pk"))
    return [
        (deadline, (deadline.due_on - today).days) for deadline in near.select_related("conflict")[:SHOWN]
    ]


def _of_coordinator(user: Any) -> dict[str, Any]:
    """Flags to assess, declarations to confirm, and whether comparison is up to date."""
    waiting = OverlapFlag.objects.visible_to(user).current().with_coordinated()
    waiting = waiting.filter(state=FlagState.NEW, coordinated=False)
    declared = (
        CircleDeclaration.objects.visible_to(user)
        .filter(
            confirmed_at=None,
            withdrawn_at=None,
            conflict__in=Conflict.objects.covered_by(user).values("pk"),
        )
        .exclude(organisation__in=user.organisation_ids())
    )
    top = waiting.select_related("first__conflict", "second__conflict").order_by(
        "-points", "-first_seen_at", "pk"
    )
    shown = list(top[:SHOWN])
    for flag in shown:
        # The matching card has a codename and no title; a title is there only where the record is public.
        flag.first_name, flag.second_name = flag.first.label, flag.second.label
    return {
        "coordinates": True,
        "flags": shown,
        "flags_number": waiting.count(),
        "declarations": list(
            declared.select_related("organisation", "conflict").order_by("created_at")[:SHOWN]
        ),
        "as_of": flags.up_to_date_as_of(),
        "behind": flags.worker_is_behind(),
    }


def _of_steward(user: Any) -> dict[str, Any]:
    """Organisations with people in them that nobody has vetted."""
    waiting = Organisation.objects.visible_to(user).filter(vetted_at=None, memberships__ended_at=None)
    waiting = waiting.annotate(members=Count("memberships", filter=Q(memberships__ended_at=None)))
    waiting = waiting.filter(members__gt=0).order_by("created_at")
    return {"vets": True, "unvetted": list(waiting[:SHOWN]), "unvetted_number": waiting.count()}

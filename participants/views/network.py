"""Who is in which initiative and reaches which office: drawn, and as a table. Only what the reader may see."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from initiatives.models import Conflict, Party
from participants.drawings import BodyBar, Edge, InitiativeBox, PersonDot, network
from participants.enums import OUT
from participants.models import Participation
from participants.services import Reach, Way, reach_on, ways_of
from participants.views.bodies import root_named
from participants.views.ways import reads_links, told

SHAPES = 3


@login_required
@require_GET
def drawn(request: HttpRequest) -> HttpResponse:
    """The network of one conflict."""
    root = root_named(request)
    parts = _parts(request.user, root)
    ways = ways_of(request.user) if root else {}
    reach = reach_on(request.user, root, ways=ways) if root else []
    sides = _sides(request.user, root)
    knows = reads_links(request.user)
    people = people_of(parts)
    edges = edges_of(parts, reach)
    context = {
        "conflict": root,
        "roots": Conflict.objects.visible_to(request.user).filter(parent=None),
        "sides": list(sides.values())[:SHAPES],
        "knows": knows,
        "rows": _rows(people, reach),
        "reach": reach if knows else [],
        "drawing": network(
            prefix="pn",
            people=[
                PersonDot(pk, person.pseudonym, _shape(sides, person.party_id), tuple(inside))
                for pk, (person, inside) in people.items()
            ],
            initiatives=[InitiativeBox(pk, name) for pk, name in _initiatives(parts).items()],
            bodies=[
                BodyBar(
                    each.body.pk, each.body.name, _shape(sides, each.body.party_id), knows and each.nobody
                )
                for each in reach
            ],
            edges=edges,
        ),
    }
    return render(request, "participants/network.html", context)


def _parts(user: Any, root: Conflict | None) -> list[Participation]:
    """Who takes part in what, on the conflict; without those who declined, withdrew or were blocked."""
    visible = Participation.objects.visible_to(user).exclude(status__in=OUT)
    found = visible.filter(initiative__conflict__root=root).select_related("person__party", "initiative")
    return list(found.order_by("initiative__codename", "person__pseudonym")) if root else []


def _sides(user: Any, root: Conflict | None) -> dict[UUID, Any]:
    """The sides of the conflict, in the order of their shapes; a faction has the shape of its side."""
    parties = Party.objects.visible_to(user).filter(conflict=root, parent=None) if root else []
    return {party.pk: party for party in parties}


def _shape(sides: dict[UUID, Any], party: UUID | None) -> int | None:
    number = list(sides).index(party) if party in sides else SHAPES
    return number if number < SHAPES else None


def people_of(parts: Iterable[Participation]) -> dict[UUID, tuple[Any, dict[UUID, str]]]:
    """Each person once, with the initiatives in which one sees it: {id: name on the card}."""
    found: dict[UUID, tuple[Any, dict[UUID, str]]] = {}
    for part in parts:
        inside = found.setdefault(part.person_id, (part.person, {}))[1]
        inside[part.initiative_id] = part.initiative.card_label
    return found


def _initiatives(parts: Iterable[Participation]) -> dict[UUID, str]:
    return {part.initiative_id: part.initiative.card_label for part in parts}


def edges_of(parts: Iterable[Participation], reach: Iterable[Reach]) -> list[Edge]:
    """For each initiative and office the strongest live tie of its people; the strongest stale one where none lives."""
    inside: dict[UUID, set[UUID]] = {}
    for part in parts:
        inside.setdefault(part.initiative_id, set()).add(part.person_id)
    edges = []
    for each in reach:
        for initiative, people in inside.items():
            ways = [way for way in each.ways if way.person in people]
            live = [way for way in ways if way.live]
            if ways:
                strongest = max(way.strength for way in live or ways)
                edges.append(Edge(initiative, each.body.pk, strongest, not live))
    return edges


def _rows(people: dict[UUID, tuple[Any, dict[UUID, str]]], reach: list[Reach]) -> list[dict[str, Any]]:
    """The table: people, shared ones first, with their initiatives and ties."""
    ties: dict[UUID, list[tuple[Any, Way]]] = {}
    for each in reach:
        for way in each.ways:
            ties.setdefault(way.person, []).append((each.body, way))
    rows = [
        {
            "person": person,
            "initiatives": list(inside.values()),
            "ties": [(body, told(way)) for body, way in ties.get(pk, [])],
        }
        for pk, (person, inside) in people.items()
    ]
    return sorted(rows, key=lambda row: (-len(row["initiatives"]), row["person"].pseudonym))

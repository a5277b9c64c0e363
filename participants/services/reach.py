"""Who can reach which official body, as far as the reader may know.

Ties are sealed, so the database cannot be asked: the links that the reader sees are opened once, and all answers are
taken from them. The number of queries does not grow with links or bodies.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.utils import timezone

from accounts.models import User
from confidentiality.fields import if_it_opens
from initiatives.models import Conflict
from participants.models import OfficialBody, OfficialLink
from participants.services.bodies import gates_above


@dataclass(frozen=True, slots=True)
class Way:
    """One person's link to one office, opened. `live`: confirmed within 180 days. Codes may be unknown ones."""

    link: UUID
    version: int
    person: UUID
    pseudonym: str
    party: UUID | None
    organisation: UUID
    body: UUID
    track: UUID | None
    link_type: str
    access: str
    authorised: str
    two_way: bool | None
    strength: int
    last_confirmed_on: date
    live: bool

    @property
    def rank(self) -> tuple[Any, ...]:
        """Live before stale, strong before weak, fresh before old."""
        age = -self.last_confirmed_on.toordinal()
        return (not self.live, -self.strength, age, self.pseudonym, str(self.link))


@dataclass(frozen=True, slots=True)
class Gate:
    """A gatekeeper on the way to an office, and who reaches the gatekeeper."""

    body: OfficialBody
    ways: tuple[Way, ...]

    @property
    def live(self) -> tuple[Way, ...]:
        return tuple(way for way in self.ways if way.live)


@dataclass(frozen=True, slots=True)
class Reach:
    """Who reaches one office. `gates`: its gatekeeper, the gatekeeper's own, and so on."""

    body: OfficialBody
    ways: tuple[Way, ...] = ()
    gates: tuple[Gate, ...] = ()

    @property
    def live(self) -> tuple[Way, ...]:
        return tuple(way for way in self.ways if way.live)

    @property
    def stale(self) -> tuple[Way, ...]:
        return tuple(way for way in self.ways if not way.live)

    @property
    def nobody(self) -> bool:
        """No live link leads there, as far as the reader may know."""
        return not self.live

    @property
    def way_in(self) -> Gate | None:
        """The nearest gatekeeper whom somebody reaches, where nobody reaches the office itself."""
        return next((gate for gate in self.gates if gate.live), None) if self.nobody else None


def ways_of(by: User, *, on: date | None = None, person: UUID | None = None) -> dict[UUID, list[Way]]:
    """The links that a user may see, by office, each list in the order of Way.rank. Without those that ended.

    One query, and one opening for each link. A link that does not open is left out: see `closed_links_of`.
    """
    on = on or timezone.localdate()
    found: dict[UUID, list[Way]] = {}
    for link in _links(by, person):
        if (way := _way(link, on)) is not None:
            found.setdefault(way.body, []).append(way)
    return {body: sorted(ways, key=lambda way: way.rank) for body, ways in found.items()}


def closed_links_of(by: User, *, person: UUID) -> list[OfficialLink]:
    """Links of a person that do not open, so that a page can say that there is something it cannot show."""
    return [link for link in _links(by, person) if if_it_opens(link, "tie") is None]


def _links(by: User, person: UUID | None) -> Iterable[OfficialLink]:
    links = OfficialLink.objects.visible_to(by).filter(ended_on=None).select_related("person").defer("note")
    return links if person is None else links.filter(person=person)


def _way(link: OfficialLink, on: date) -> Way | None:
    tie = if_it_opens(link, "tie")
    if tie is None:
        return None
    return Way(
        link=link.pk,
        version=link.version,
        person=link.person_id,
        pseudonym=link.person.pseudonym,
        party=link.person.party_id,
        organisation=link.organisation_id,
        body=UUID(tie["body"]),
        track=UUID(tie["track"]) if tie.get("track") else None,
        link_type=str(tie.get("link_type", "unknown")),
        access=str(tie.get("access", "unknown")),
        authorised=str(tie.get("authorised", "unknown")),
        two_way=tie.get("two_way"),
        strength=int(tie.get("strength", 0)),
        last_confirmed_on=link.last_confirmed_on,
        live=link.is_live(on),
    )


def reach_of(
    by: User, bodies: Iterable[OfficialBody], *, ways: Mapping[UUID, list[Way]] | None = None
) -> dict[UUID, Reach]:
    """Who reaches each of the bodies, through whom, or nobody; two queries however many bodies there are.

    `ways`: from `ways_of`, where a page has asked already.
    """
    wanted = list(bodies)
    ways = ways_of(by) if ways is None else ways
    roots = {body.conflict_id for body in wanted}
    around = OfficialBody.objects.visible_to(by).filter(conflict__in=roots).in_bulk() if roots else {}
    gates = {pk: body.gatekeeper_id for pk, body in around.items()}
    return {
        body.pk: Reach(
            body,
            tuple(ways.get(body.pk, ())),
            tuple(
                Gate(around[pk], tuple(ways.get(pk, ())))
                for pk in gates_above(body.pk, {**gates, body.pk: body.gatekeeper_id})
                if pk in around
            ),
        )
        for body in wanted
    }


def reach_on(by: User, conflict: Conflict, *, ways: Mapping[UUID, list[Way]] | None = None) -> list[Reach]:
    """Who reaches each office of a conflict's family, side by side, those of no side last."""
    bodies = OfficialBody.objects.visible_to(by).filter(conflict=conflict.root_id)
    ordered = bodies.select_related("party", "gatekeeper").order_by(
        "party__normalised_name", "normalised_name"
    )
    return list(reach_of(by, ordered, ways=ways).values())

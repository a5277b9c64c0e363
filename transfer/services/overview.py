"""What the transfer page is made of: everything one user may see of outcomes and transfers, counted.

A constant number of queries. The statements of outcomes stay closed while they are counted; of official links, which
the database cannot search, each is opened once. Nothing of an initiative the user is not on the team of is counted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db.models import TextField
from django.db.models.functions import Cast, TruncDate
from django.utils import timezone

from accounts.models import User
from confidentiality.codes import Action, TeamRole
from confidentiality.fields import if_it_opens
from confidentiality.policy import Hidden, Standing, allows
from initiatives.dates import last_day
from initiatives.enums import Precision, TrackType
from initiatives.models import Conflict, Initiative, Party
from initiatives.services import entitle
from participants.enums import OUT
from participants.models import OfficialBody, OfficialLink, Participation
from transfer import analysis
from transfer.analysis import Carried, Idea, Key, Move, Office, Place, Reached, Row, Share, Spread, Stuck, Tie
from transfer.enums import Direction, TransferStatus
from transfer.models import Outcome, Transfer, UptakeStep

# Compared thousands of times: a plain text, since a member of an enumeration is looked up anew at each mention.
DAY, DONE, PLANNED = str(Precision.DAY), str(TransferStatus.DONE), str(TransferStatus.PLANNED)
UPWARD = str(Direction.UPWARD)
SESSION = ("began_on", "began_precision", "ended_on", "ended_precision")


@dataclass
class Part:
    """One family of conflicts: its sides, its official bodies, and how the one reach the other."""

    root: Conflict
    sides: list[Party]
    bodies: list[OfficialBody]
    rows: Mapping[Key, Row]
    shares: Mapping[Key, Share]


@dataclass
class Overview:
    """`own`: all initiatives of the user, to choose from; `chosen`: those that are counted.

    `unlinked`: chosen ones in which the user's role does not read official links, so that none of theirs are counted.
    """

    own: list[Initiative]
    chosen: list[Initiative]
    today: date
    unlinked: list[Initiative] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    ideas: dict[Key, Idea] = field(default_factory=dict)
    carried: dict[Key, Carried] = field(default_factory=dict)
    far: dict[Key, Reached] = field(default_factory=dict)
    places: dict[Key, Place] = field(default_factory=dict)
    stuck: list[Stuck] = field(default_factory=list)
    to_transfer: Spread | None = None
    to_rungs: dict[int, Spread] = field(default_factory=dict)


def transfer_overview(
    *, by: User, initiative: UUID | None = None, conflict: UUID | None = None, on: date | None = None
) -> Overview:
    """Of all of the user's initiatives, of one, or of those on a conflict and all below it. At most 11 queries.

    Raises Hidden where the user is not on the team of that initiative, or on none on that conflict.
    """
    roles = dict(by.team_memberships.live().values_list("initiative_id", "role"))
    own = list(Initiative.objects.of_team(by).select_related("conflict__root").order_by("codename", "pk"))
    chosen = [card for card in own if _is_chosen(card, initiative, conflict)]
    if not chosen and (initiative or conflict):
        raise Hidden
    found = Overview(own, chosen, on or timezone.localdate())
    if not own:
        return found
    entitle(by=by, initiatives=own)
    found.unlinked = [card for card in chosen if not _reads_links(roles.get(card.pk))]
    _count(found, by)
    return found


def what_waits(*, by: User, on: date | None = None) -> Overview:
    """Of all of the user's initiatives: only what waits, and its outcomes. The rest is not counted. 5 queries."""
    own = list(Initiative.objects.of_team(by).select_related("conflict").order_by("codename", "pk"))
    found = Overview(own, own, on or timezone.localdate())
    if not own:
        return found
    entitle(by=by, initiatives=own)
    ids = [card.pk for card in own]
    ideas = {idea.id: idea for idea in _ideas(by, ids, {}, {}, _soft(own))}
    carried = list(_carried(by, ids, {}, ideas))
    far = analysis.reached(carried, _moves(by, ids))
    found.stuck = analysis.stuck(ideas.values(), carried, far, found.today)
    found.ideas = {one.idea: ideas[one.idea] for one in found.stuck}
    return found


def _is_chosen(card: Initiative, initiative: UUID | None, conflict: UUID | None) -> bool:
    if initiative and card.pk != initiative:
        return False
    return conflict is None or conflict in card.conflict.lineage


def _reads_links(role: str | None) -> bool:
    standing = Standing(team_role=TeamRole(role), visible=True) if role else Standing()
    return allows(standing, Action.READ_LINKS)


def _count(found: Overview, by: User) -> None:
    ids = [card.pk for card in found.chosen]
    roots = {card.conflict.root_id: card.conflict.root or card.conflict for card in found.chosen}
    parties = list(Party.objects.visible_to(by).filter(conflict__root__in=roots).select_related("conflict"))
    side_of = _side_of(parties)
    people = _people(by, ids, side_of)
    ties = _ties(by, people, {str(card.pk) for card in found.unlinked}, found.today)
    ideas = list(_ideas(by, ids, people, side_of, _soft(found.chosen)))
    owners = {idea.id: idea.owners for idea in ideas}
    carried = list(_carried(by, ids, people, owners))
    moves = _moves(by, ids)
    found.ideas = {idea.id: idea for idea in ideas}
    found.carried = {transfer.id: transfer for transfer in carried}
    found.far = analysis.reached(carried, moves)
    found.places = analysis.board(ideas, carried, found.far)
    found.stuck = analysis.stuck(ideas, carried, found.far, found.today)
    found.to_transfer, found.to_rungs = analysis.lags(ideas, carried, moves)
    bodies = list(OfficialBody.objects.visible_to(by).filter(conflict__in=roots))
    for root in sorted(roots.values(), key=lambda conflict: (conflict.name, str(conflict.pk))):
        sides = [party for party in parties if party.conflict_id == root.pk and party.parent_id is None]
        here = [body for body in bodies if body.conflict_id == root.pk]
        keys = [str(side.pk) for side in sides]
        offices = [
            Office(str(body.pk), side_of.get(str(body.party_id)), str(body.gatekeeper_id or "") or None)
            for body in here
        ]
        rows = analysis.gap_matrix(offices, keys, ties, carried, owners, found.far)
        found.parts.append(Part(root, sides, here, rows, analysis.asymmetry(keys, ties, carried, owners)))


def _side_of(parties: Iterable[Party]) -> dict[Key, Key]:
    """For which side of its root each party stands.

    A faction stands for its party. What was a side before its conflict became part of another one is still named by
    what was recorded then; it stands for the side of the same name there.
    """
    of_roots = {
        (party.conflict_id, party.normalised_name): party
        for party in parties
        if party.conflict_id == party.conflict.root_id
    }
    found = {}
    for party in parties:
        now = of_roots.get((party.conflict.root_id, party.normalised_name), party)
        found[str(party.pk)] = str(now.parent_id or now.pk)
    return found


def _soft(cards: Iterable[Initiative]) -> set[Key]:
    return {str(card.pk) for card in cards if card.track_type == TrackType.T2_SOFT}


@dataclass(frozen=True, slots=True)
class _Person:
    id: Key
    initiative: Key
    side: Key | None
    takes_part: bool


def _people(by: User, ids: Collection[UUID], side_of: Mapping[Key, Key]) -> dict[Key, _Person]:
    """Who takes part, or took part, by participation."""
    rows = Participation.objects.visible_to(by).filter(initiative__in=ids)
    return {
        pk: _Person(person, initiative, side_of.get(party), status not in OUT)
        for pk, person, initiative, party, status in rows.values_list(
            *_texts("pk", "person_id", "initiative_id", "person__party_id"), "status"
        )
    }


def _ties(by: User, people: Mapping[Key, _Person], unlinked: Collection[Key], today: date) -> list[Tie]:
    """Official links of those who take part, as far as the user's role reads them, each opened once."""
    reached = {
        one.id: one.side for one in people.values() if one.takes_part and one.initiative not in unlinked
    }
    links = OfficialLink.objects.visible_to(by).filter(person__in=list(reached), ended_on=None)
    found = []
    for link in links.only("organisation_id", "person_id", "tie", "last_confirmed_on", "ended_on"):
        tie = if_it_opens(link, "tie")
        if tie is not None:
            person = str(link.person_id)
            found.append(Tie(person, reached[person], str(tie["body"]), link.is_live(today)))
    return found


def _ideas(
    by: User,
    ids: Collection[UUID],
    people: Mapping[Key, _Person],
    side_of: Mapping[Key, Key],
    soft: Collection[Key],
) -> Iterable[Idea]:
    rows = Outcome.objects.visible_to(by).kept().filter(initiative__in=ids).order_by()
    names = _texts("pk", "initiative_id", "party_id", "participation_id")
    endorsed_by = Cast("endorsed_by", ArrayField(TextField()))
    made_on = TruncDate("created_at")
    session = [f"session__{name}" for name in SESSION]
    for pk, initiative, party, who, endorsed, permission, made, *dates in rows.values_list(
        *names, endorsed_by, "travel_permission", made_on, *session
    ):
        owners = {side_of[one] for one in (party, *endorsed) if one in side_of}
        if who in people and (side := people[who].side):
            owners.add(side)
        last, exact = _end_of(*dates)
        yield Idea(pk, initiative, permission, last or made, exact, initiative in soft, frozenset(owners))


def _end_of(
    began: date | None, began_precision: str, ended: date | None, ended_precision: str
) -> tuple[date | None, date | None]:
    """The last day of a session, and the same if it is known to the day."""
    return _last(ended, ended_precision) if ended else _last(began, began_precision)


def _last(on: date | None, precision: str) -> tuple[date | None, date | None]:
    if on is None or precision == DAY:
        return on, on
    return (last_day(on, precision), None) if precision in Precision.values else (on, None)


def _carried(
    by: User, ids: Collection[UUID], people: Mapping[Key, _Person], ideas: Collection[Key]
) -> Iterable[Carried]:
    # Those of deleted outcomes are left out by `ideas`, without asking the database for the outcome of each.
    rows = Transfer.objects.visible_to(by).filter(initiative__in=ids, deleted_at=None)
    rows = rows.order_by("created_at", "pk")
    names = _texts("pk", "outcome_id", "body_id", "carrier_id")
    more = ("status", "direction", "sent_on", "sent_precision")
    for pk, idea, body, carrier, status, direction, on, precision in rows.values_list(*names, *more):
        if idea in ideas:
            last, exact = _last(on, precision)
            who = people.get(carrier)
            person, side = (who.id, who.side) if who else (None, None)
            done, planned, upward = status == DONE, status == PLANNED, direction == UPWARD
            yield Carried(pk, idea, body, done, planned, upward, on, last, exact, person, side, precision)


def _moves(by: User, ids: Collection[UUID]) -> dict[Key, list[Move]]:
    """Steps by transfer: by the day on which they happened, those of one day as they were written down."""
    found: dict[Key, list[Move]] = defaultdict(list)
    rows = UptakeStep.objects.visible_to(by).filter(initiative__in=ids).order_by("on", "created_at", "pk")
    for transfer, uptake, on, precision in rows.values_list(
        *_texts("transfer_id"), "uptake", "on", "precision"
    ):
        last, exact = (on, on) if precision == DAY else _last(on, precision)
        found[transfer].append(Move(uptake, last or on, exact))
    return found


def _texts(*names: str) -> list[Cast]:
    """Ids as text, which is read and looked up in a fraction of the time."""
    return [Cast(name, TextField()) for name in names]


def statements_of(*, by: User, outcomes: Collection[Key]) -> dict[Key, Any]:
    """What a few outcomes say, opened; None where a text does not open. One query."""
    rows = Outcome.objects.visible_to(by).filter(pk__in=list(outcomes)).only("initiative_id", "statement")
    return {str(outcome.pk): if_it_opens(outcome, "statement") for outcome in rows}

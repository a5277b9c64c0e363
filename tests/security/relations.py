"""A world in which everybody stands in one relation to an initiative, at every visibility at once.

Five initiatives on one conflict, convened by one house: one at each visibility, and a card of the public record,
which has no team. Around them one user for each relation, who stands in it to all five.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID, uuid4

from accounts.models import Organisation, User
from accounts.services import create_token
from initiatives.models import Conflict, Initiative
from tests import factories as make
from tests.record import INSIDE, ids_of, make_body, make_liaison, make_record

TEAM = ("lead", "facilitator", "rapporteur", "observer")
# locked: coordinates the conflict, and leads another initiative in its family. elsewhere: coordinates another one.
# recorder: of the organisation that registered the cards and convenes none of them. stranger: of no organisation.
# liaison: of an official body to which each initiative has handed something, and of nothing else.
RELATIONS = (
    *TEAM, "house", "partner", "circle", "network", "coordinator", "locked", "elsewhere", "steward", "recorder",
    "liaison", "stranger", "unvetted", "anonymous",
)  # fmt: skip
RECORD = "record"
COLUMNS = ("team", "partners", "circle", "network", RECORD)


@dataclass(frozen=True)
class Related:
    """users: by relation. ids: by column and kind of parameter (see KINDS in routes.py)."""

    users: Mapping[str, User | None]
    ids: Mapping[str, Mapping[str, UUID]]

    def own_ids(self, column: str) -> set[UUID]:
        """Ids of the records that a column has for itself."""
        others = {pk for name, ids in self.ids.items() if name != column for pk in ids.values()}
        return set(self.ids[column].values()) - others


def make_related() -> Related:
    conflict = make.make_conflict("Valley of Test")
    houses = {
        name: make.make_organisation(f"House of {name}") for name in ("house", "partner", "circle", "network")
    }
    register = make.make_organisation("Register of what was")
    unvetted = make.make_organisation("Unvetted", vetted=False)
    declaration = make.make_declaration(houses["circle"], make.make_conflict("Lower Test", conflict))
    users: dict[str, User | None] = {
        **{role: make.make_member_of(houses["house"], role) for role in TEAM},
        **{name: make.make_member_of(house, name, "owner") for name, house in houses.items()},
        "recorder": make.make_member_of(register, "recorder"),
        "unvetted": make.make_member_of(unvetted, "unvetted", "owner"),
        "steward": make.make_user("steward", is_steward=True),
        "coordinator": make.make_user("coordinator"),
        "locked": make.make_user("locked"),
        "elsewhere": make.make_user("elsewhere"),
        "liaison": make.make_user("liaison"),
        "stranger": make.make_user("stranger"),
        "anonymous": None,
    }
    for name in ("coordinator", "locked"):
        make.make_mandate(users[name], conflict)
    make.make_mandate(users["elsewhere"], make.make_conflict("Hills of Test"))
    # Another initiative in the family, which everybody in the network reads: the other side of flags and links.
    far = make.make_organisation("Far House")
    neighbour = make.make_initiative(
        conflict, far, lead=make.make_member_of(far, "far", "owner"), visibility="network"
    )
    make.make_member(neighbour, users["locked"], "lead")
    party = make.make_party(conflict)
    shared = {
        "conflict": conflict.pk,
        "party": party.pk,
        "track": make.make_track(conflict).pk,
        "deadline": make.make_deadline(conflict).pk,
        "organisation": houses["house"].pk,
        "body": make_body(conflict).pk,
        "liaison": make_liaison(make.make_user("official"), make_body(conflict)).pk,
        "declaration": declaration.pk,
        "tombstone": make.make_tombstone(users["lead"], users["facilitator"]).pk,
        "neighbour": neighbour.pk,
    }
    maker = Maker(users, conflict, houses, register, neighbour)
    return Related(users, {column: {**shared, **maker.column(column)} for column in COLUMNS})


@dataclass(frozen=True)
class Maker:
    """Makes the initiative of one column, with everything that hangs on it."""

    users: Mapping[str, User | None]
    conflict: Conflict
    houses: Mapping[str, Organisation]
    register: Organisation
    neighbour: Initiative

    def column(self, column: str) -> dict[str, UUID]:
        public = column == RECORD
        card = make.make_initiative(
            self.conflict,
            self.houses["house"],
            visibility="network" if public else column,
            public_record=public,
        )
        Initiative.objects.filter(pk=card.pk).update(registered_by=self.register)
        make.make_partner(card, self.houses["partner"])
        ids = {
            "initiative": card.pk,
            "flag": make.make_flag(card, self.neighbour).pk,
            "link": make.make_link(card, self.neighbour).pk,
        }
        return {**ids, **(self._no_team() if public else self._team(card))}

    def _team(self, card: Initiative) -> dict[str, UUID]:
        for role in TEAM:
            make.make_member(card, self._user(role), role)
        lead = self._user("lead")
        make.make_brief(card, lead)
        make.make_retention(card, lead)
        rules = make.make_rules(card, lead)
        body = make_body(card.conflict)
        make_liaison(self._user("liaison"), body)
        return {
            "member": card.members.get(role="observer").pk,
            "revision": card.brief_revisions.get().pk,
            "rules": rules.pk,
            "assent": make.make_assent(rules, lead).pk,
            "purge": make.make_purge_request(card, lead).pk,
            "event": make.make_event(card, lead).pk,
            "token": create_token(by=lead, scope="read")[0].pk,
            **ids_of(make_record(card, lead, body)),
        }

    @staticmethod
    def _no_team() -> dict[str, UUID]:
        kinds = ("member", "revision", "rules", "assent", "purge", "event", "token", *INSIDE)
        return {kind: uuid4() for kind in kinds}

    def _user(self, relation: str) -> User:
        user = self.users[relation]
        assert user is not None
        return user

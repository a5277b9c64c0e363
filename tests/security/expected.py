"""Who is let in where: the tables of the policy, written out again on purpose, and a row for each address.

Nothing here is taken from policy.py. A gate says, for each relation and each visibility, how an address answers; a
row says which gate stands at which method of an address. An address without a row fails the matrix.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from tests.security.relations import RECORD, TEAM

# How an address answers. `named`: the body names something that does not exist for whoever asks.
OPEN, HIDDEN, FORBIDDEN, NAMED = "open", "hidden", "forbidden", "names what is not there"
SIGN_IN, NO_METHOD = "sign-in", "no such method"

VETTED = {*TEAM, "house", "partner", "circle", "network", "recorder"}
COORDINATORS = {"coordinator", "locked", "elsewhere"}
COVERING = {"coordinator", "locked"}
READS_REFERENCE = VETTED | COORDINATORS

# Visibility against who reads the card; of the public record, everybody in the network and whoever registered it.
READS_CARD: Mapping[str, set[str]] = {
    "team": {*TEAM},
    "partners": {*TEAM, "partner"},
    "circle": {*TEAM, "partner", "circle", *COVERING},
    "network": {*VETTED, *COVERING},
    RECORD: {*VETTED, *COVERING},
}
# Team role against what it may do.
OPENS_IDENTITY = {"lead", "facilitator"}
MANAGES = {"lead"}
WRITES_BRIEF = {"lead", "facilitator"}
WRITES_TRANSFERS = {"lead", "facilitator"}
LOGS = {"lead", "facilitator", "rapporteur"}
COORDINATES = {"lead", "facilitator"}
READS_AUDIT = {"lead", "facilitator"}

Gate = Callable[[str, str], str]


# --- Gates ----------------------------------------------------------------------------------------------------


def for_those(
    allowed: AbstractSet[str], forbidden: AbstractSet[str] = frozenset(), otherwise: str = HIDDEN
) -> Gate:
    """The same at every visibility."""

    def gate(relation: str, column: str) -> str:
        return OPEN if relation in allowed else FORBIDDEN if relation in forbidden else otherwise

    return gate


def signed_in(relation: str, column: str) -> str:
    return OPEN


def nobody(relation: str, column: str) -> str:
    return HIDDEN


def card(relation: str, column: str) -> str:
    return OPEN if relation in READS_CARD[column] else HIDDEN


def on_card(
    allowed: AbstractSet[str], on_record: AbstractSet[str] = frozenset(), otherwise: str = HIDDEN
) -> Gate:
    """An act on the card: forbidden to those who only read it."""

    def gate(relation: str, column: str) -> str:
        if relation not in READS_CARD[column]:
            return otherwise
        return OPEN if relation in (on_record if column == RECORD else allowed) else FORBIDDEN

    return gate


def inside(allowed: AbstractSet[str], otherwise: str = HIDDEN) -> Gate:
    """Content: for the team alone, whoever reads the card; cards of the public record have none."""

    def gate(relation: str, column: str) -> str:
        if column == RECORD or relation not in TEAM:
            return otherwise
        return OPEN if relation in allowed else FORBIDDEN

    return gate


def link(relation: str, column: str) -> str:
    """Coordinators who know of both, and leads and facilitators of one side who read the other's card, too."""
    if relation == "coordinator":
        return OPEN
    if relation == "locked":  # leads the other side, which the whole network reads
        return card(relation, column)
    return OPEN if relation in COORDINATES and column != RECORD else HIDDEN


def end_link(relation: str, column: str) -> str:
    """A team cannot end it alone."""
    seen = link(relation, column)
    return FORBIDDEN if seen == OPEN and relation != "coordinator" else seen


steward = for_those({"steward"})
mandate = for_those(COORDINATORS)
flag = for_those({"coordinator"})
reference = for_those(READS_REFERENCE)
edit_reference = for_those(COVERING, READS_REFERENCE)
organisation = for_those({*VETTED, "steward"})
edit_organisation = for_those({"house", "steward"}, VETTED)
vet = for_those({"steward"}, VETTED)
declaration = for_those({"circle", *COVERING})
tombstone = for_those({"lead", "facilitator"})  # who decided on it
confirm_declaration = for_those(COVERING, {"circle"})
edit_card = on_card(MANAGES, on_record={"recorder"})
change_card = on_card(MANAGES)
team = inside({*TEAM})
manage_team = inside(MANAGES)
write_brief = inside(WRITES_BRIEF)
read_audit = inside(READS_AUDIT)
log = inside(LOGS)
write_transfers = inside(WRITES_TRANSFERS)


def read_log(relation: str, column: str) -> str:
    """What an observer of the team does not know of."""
    return OPEN if relation in LOGS and column != RECORD else HIDDEN


def takes_part(relation: str, column: str) -> str:
    """Somebody who takes part already cannot be brought in again, whoever asks."""
    return FORBIDDEN if relation == "observer" and column != RECORD else NAMED


def received(relation: str, column: str) -> str:
    """What was handed to an official body: its liaison's, and not even the team's that handed it."""
    return OPEN if relation == "liaison" and column != RECORD else HIDDEN


open_identity = inside(OPENS_IDENTITY)


def tie(relation: str, column: str) -> str:
    """A person's tie to an office: for those who write on the team, and hidden from its observers."""
    return OPEN if relation in LOGS and column != RECORD else HIDDEN


def audit_entry(relation: str, column: str) -> str:
    """An entry of the chain: for those of the team who read it, and hidden from its others."""
    return OPEN if relation in READS_AUDIT and column != RECORD else HIDDEN


def own_token(relation: str, column: str) -> str:
    """The lead's, who made one for each card that has a team."""
    return OPEN if relation == "lead" and column != RECORD else HIDDEN


def member(relation: str, column: str) -> str:
    """A member's own page: the leads', and the member's, who is the observer."""
    return inside({*MANAGES, "observer"})(relation, column)


# --- Rows -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ask:
    """A gate, and what is sent: names in braces become ids of the records of a column."""

    gate: Gate
    body: Mapping[str, Any]


@dataclass(frozen=True)
class Row:
    """The gate of each method. `door` is asked before the method is: whom there is no such address for."""

    methods: Mapping[str, Gate | Ask]
    door: Gate = signed_in
    public: bool = False
    library: bool = False
    empty: bool = False

    def expected(self, method: str, relation: str, column: str) -> set[str]:
        if relation == "anonymous" and not self.public:
            return {SIGN_IN}
        if self.library:
            # Its own forms, which say nothing of any record: let in, or no such method.
            return {OPEN, NO_METHOD, SIGN_IN} | ({HIDDEN} if self.empty else set())
        if self.door(relation, column) != OPEN:
            return {HIDDEN}
        gate = self.methods.get(method)
        if gate is None:
            return {NO_METHOD}
        return {(gate.gate if isinstance(gate, Ask) else gate)(relation, column)}

    def body(self, method: str) -> Mapping[str, Any] | None:
        gate = self.methods.get(method)
        return gate.body if isinstance(gate, Ask) else None


def page(gate: Gate, door: Gate = signed_in) -> Row:
    return Row({"get": gate}, door)


def form(gate: Gate, door: Gate = signed_in) -> Row:
    return Row({"get": gate, "head": gate, "post": gate}, door)


def button(gate: Gate | Ask, door: Gate = signed_in) -> Row:
    return Row({"post": gate}, door)


def listed(gate: Gate, making: Gate | Ask | None = None) -> Row:
    return Row({"get": gate, "head": gate, **({"post": making} if making else {})})


def detail(gate: Gate, change: Gate | Ask | None = None, end: Gate | Ask | None = None) -> Row:
    methods = {"get": gate, "head": gate, "patch": change, "delete": end}
    return Row({method: gate for method, gate in methods.items() if gate})


LIBRARY = Row({}, library=True)
PUBLIC_LIBRARY = Row({}, library=True, public=True)
# The library's as well, about something of one's own that nobody here has: there is no such page.
NOTHING_SET_UP = Row({}, library=True, empty=True)
PUBLIC_API = Row(dict.fromkeys(("get", "head", "options"), signed_in), public=True)
NEW_CARD = {
    "conflict": "{conflict}", "track_type": "t2_hard", "matching": "on", "began_on": "2024-01-01",
}  # fmt: skip
TABLE = {"initiative": "{initiative}", "table": "date,format\n2026-03-04,workshop\n", "dry_run": True}
OF_CONFLICT = for_those(COVERING, READS_REFERENCE, NAMED)

ROWS: Mapping[str, Row] = {
    # Pages that everybody has.
    "": page(signed_in),
    "account/": form(signed_in),
    "account/address/": form(signed_in),
    "account/end-everything/": form(signed_in),
    "account/sign-ins/end/": button(nobody),
    "account/tokens/": form(signed_in),
    "account/tokens/<uuid:pk>/revoke/": button(own_token),
    "healthz/": Row({"get": signed_in}, public=True),
    "language/": Row({"post": signed_in}, public=True),
    "search/": form(signed_in),
    "what-could-be-read/": page(steward),
    "account/login/": PUBLIC_LIBRARY,
    "account/logout/": PUBLIC_LIBRARY,
    "account/signup/": PUBLIC_LIBRARY,
    "account/inactive/": PUBLIC_LIBRARY,
    "account/reauthenticate/": LIBRARY,
    "account/second-factor/": LIBRARY,
    "account/second-factor/authenticate/": PUBLIC_LIBRARY,
    "account/second-factor/reauthenticate/": LIBRARY,
    "account/second-factor/totp/activate/": LIBRARY,
    "account/second-factor/totp/deactivate/": NOTHING_SET_UP,
    "account/second-factor/recovery-codes/": NOTHING_SET_UP,
    "account/second-factor/recovery-codes/generate/": LIBRARY,
    "account/second-factor/recovery-codes/download/": NOTHING_SET_UP,
    "account/second-factor/webauthn/": LIBRARY,
    "account/second-factor/webauthn/add/": LIBRARY,
    "account/second-factor/webauthn/reauthenticate/": LIBRARY,
    "account/second-factor/webauthn/keys/<int:pk>/remove/": NOTHING_SET_UP,
    "account/second-factor/webauthn/keys/<int:pk>/edit/": NOTHING_SET_UP,
    "account/password/change/": LIBRARY,
    "account/password/set/": LIBRARY,
    "account/password/reset/": PUBLIC_LIBRARY,
    "account/password/reset/done/": PUBLIC_LIBRARY,
    "account/password/reset/key/<uidb36>-<key>/": PUBLIC_LIBRARY,
    "account/password/reset/key/done/": PUBLIC_LIBRARY,
    # Organisations.
    "organisations/": page(steward),
    "organisations/<uuid:pk>/": form(organisation),
    "organisations/<uuid:pk>/vet/": form(vet),
    "organisations/<uuid:pk>/emergency/": form(for_those({"house"}, {*VETTED, "steward"})),
    # A link is known by what it holds, which nobody here has; what it leads to is for whoever does.
    "once/<slug:plain>/": Row({}, library=True, public=True, empty=True),
    "letters/": form(steward),
    "accounts/recover/": form(steward),
    # Known by the name of a list, and no record's.
    "files/<slug:resource>/": page(nobody),
    "calendar/": page(signed_in),
    "calendar/feed/": form(signed_in),
    # A key in an address, which nobody here has; asked by a phone, which signs in nowhere.
    "calendar/feed/<slug:plain>.ics": Row({"get": nobody, "head": nobody}, public=True),
    # For the successor of an only lead whose account was recovered: nobody here is one.
    "teams/admit/<uuid:member>/": button(nobody),
    "liaisons/": form(steward),
    "liaisons/<uuid:pk>/end/": button(steward),
    # Conflicts and circles.
    "conflicts/": page(signed_in),
    "conflicts/<uuid:pk>/": page(reference),
    "conflicts/<uuid:pk>/circle/": button(reference),
    "circle/<uuid:pk>/confirm/": button(confirm_declaration),
    "circle/<uuid:pk>/withdraw/": button(declaration),
    # Cards.
    "initiatives/": page(signed_in),
    "initiatives/new/": form(signed_in),
    "initiatives/<uuid:pk>/": page(card),
    "initiatives/<uuid:pk>/who/": page(card),
    "initiatives/<uuid:pk>/edit/": form(edit_card),
    "initiatives/<uuid:pk>/status/": form(edit_card),
    "initiatives/<uuid:pk>/visibility/": form(change_card),
    "import/": form(mandate),
    # Teams and what is inside.
    "initiatives/<uuid:pk>/team/": Row({"get": team, "head": team, "post": manage_team}),
    "initiatives/<uuid:pk>/team/<uuid:member>/": form(member),
    "initiatives/<uuid:pk>/team/<uuid:member>/undo/": button(manage_team),
    "initiatives/<uuid:pk>/successor/": button(manage_team),
    "initiatives/<uuid:pk>/purge/": form(manage_team),
    "initiatives/<uuid:pk>/retention/": Row(
        {"get": team, "head": team, "post": Ask(manage_team, {"act": "set", "version": 1, "ends": "no_end"})}
    ),
    "initiatives/<uuid:pk>/everything/": form(manage_team),
    "purges/": page(signed_in),
    "purges/<uuid:pk>/": form(team),
    "initiatives/<uuid:pk>/audit/": page(read_audit),
    "initiatives/<uuid:pk>/brief/": page(team),
    "initiatives/<uuid:pk>/brief/edit/": form(write_brief),
    "initiatives/<uuid:pk>/brief/history/": page(team),
    "initiatives/<uuid:pk>/brief/history/<uuid:revision>/": Row(
        {"get": team, "head": team, "post": write_brief}
    ),
    "initiatives/<uuid:pk>/rules/": page(team),
    "initiatives/<uuid:pk>/rules/<uuid:rules>/": page(team),
    "initiatives/<uuid:pk>/rules/<uuid:rules>/assent/": button(write_brief),
    "initiatives/<uuid:pk>/rules/new/": form(write_brief),
    "initiatives/<uuid:pk>/assents/<uuid:assent>/withdraw/": button(write_brief),
    "initiatives/<uuid:pk>/sessions/": page(team),
    "initiatives/<uuid:pk>/sessions/import/": form(log),
    "sessions/new/": form(signed_in),
    "sessions/<uuid:pk>/": page(team),
    "sessions/<uuid:pk>/edit/": form(log),
    "sessions/<uuid:pk>/details/": form(log),
    "sessions/<uuid:pk>/history/": page(team),
    "sessions/<uuid:pk>/history/<uuid:revision>/": Row({"get": team, "head": team, "post": log}),
    "sessions/<uuid:pk>/move/": form(log),
    "sessions/<uuid:pk>/delete/": form(log),
    "sessions/<uuid:pk>/restore/": button(log),
    "drafts/": button(Ask(team, {"draft": "brief:{initiative}", "title": "Half a title"})),
    "drafts/discard/": button(Ask(team, {"draft": "brief:{initiative}"})),
    # Outcomes.
    "initiatives/<uuid:pk>/outcomes/": page(team),
    "outcomes/new/": form(signed_in),
    "outcomes/<uuid:pk>/": page(team),
    "outcomes/<uuid:pk>/edit/": form(log),
    "outcomes/<uuid:pk>/history/": page(team),
    "outcomes/<uuid:pk>/history/<uuid:revision>/": Row({"get": team, "head": team, "post": log}),
    "outcomes/<uuid:pk>/delete/": form(log),
    "outcomes/<uuid:pk>/restore/": button(log),
    # People, who takes part, who was there.
    "people/": form(signed_in),
    "people/new/": form(signed_in),
    "people/<uuid:pk>/": page(team),
    "people/<uuid:pk>/edit/": form(log),
    "people/<uuid:pk>/identity/": button(open_identity),
    "people/<uuid:pk>/identity/write/": button(open_identity),
    "people/<uuid:pk>/erase/": form(open_identity),
    "initiatives/<uuid:pk>/people/": page(team),
    "initiatives/<uuid:pk>/people/import/": form(log),
    "initiatives/<uuid:pk>/people/invite/": form(log),
    "participations/<uuid:pk>/edit/": form(log),
    "participations/<uuid:pk>/ratings/": form(log),
    "sessions/<uuid:pk>/attendance/": Row({"get": team, "head": team, "post": log}),
    # Transfers, and what a liaison receives.
    "initiatives/<uuid:pk>/transfers/": page(team),
    "transfers/new/": form(signed_in),
    "transfers/<uuid:pk>/": page(team),
    "transfers/<uuid:pk>/edit/": form(write_transfers),
    "transfers/<uuid:pk>/history/": page(team),
    "transfers/<uuid:pk>/history/<uuid:revision>/": Row({"get": team, "head": team, "post": write_transfers}),
    "transfers/<uuid:pk>/steps/": button(write_transfers),
    "transfers/<uuid:pk>/done/": button(write_transfers),
    "transfers/<uuid:pk>/abandon/": button(write_transfers),
    "transfers/<uuid:pk>/delete/": button(write_transfers),
    "transfers/<uuid:pk>/restore/": button(write_transfers),
    "received/": page(signed_in),
    "received/<uuid:pk>/": page(received),
    "received/<uuid:pk>/acknowledge/": button(received),
    # Coordination.
    "transfer/": page(signed_in),
    "overlaps/": page(mandate, door=mandate),
    "overlaps/dismiss/": button(mandate, door=mandate),
    "overlaps/<uuid:pk>/": page(flag, door=mandate),
    "overlaps/<uuid:pk>/assess/": button(flag, door=mandate),
    "overlaps/<uuid:pk>/dismiss/": button(flag, door=mandate),
    "overlaps/<uuid:pk>/reopen/": button(flag, door=mandate),
    "overlaps/<uuid:pk>/link/": button(flag, door=mandate),
    "links/<uuid:pk>/end/": button(end_link),
    # Official bodies and ties to them. The form for a new tie offers nobody to whom there is nobody to offer.
    "bodies/": page(signed_in),
    "bodies/new/": form(mandate),
    "bodies/<uuid:pk>/": page(reference),
    "bodies/<uuid:pk>/edit/": form(edit_reference),
    "network/": page(signed_in),
    "official-links/new/": form(signed_in),
    "official-links/<uuid:pk>/edit/": form(tie),
    "official-links/<uuid:pk>/history/": page(tie),
    "official-links/<uuid:pk>/history/<uuid:revision>/": form(tie),
    "official-links/<uuid:pk>/confirm/": button(tie),
    "official-links/<uuid:pk>/end/": button(tie),
    # The API.
    "api/schema/": PUBLIC_API,
    "api/docs/": PUBLIC_API,
    "api/v1/": Row(dict.fromkeys(("get", "head", "options"), signed_in)),
    "api/v1/.+": Row(
        {**dict.fromkeys(("get", "head", "post", "put", "patch", "delete"), nobody), "options": signed_in}
    ),
    "api/v1/me/": detail(signed_in, change=Ask(signed_in, {"theme": "dark"})),
    "api/v1/organisations/": listed(signed_in, Ask(steward, {"name": "A new organisation"})),
    "api/v1/organisations/<pk>/": detail(organisation, change=Ask(edit_organisation, {"country": "CH"})),
    "api/v1/organisations/<pk>/vet/": button(Ask(vet, {"note": "We know them."})),
    "api/v1/conflicts/": listed(signed_in, Ask(OF_CONFLICT, {"name": "A part", "parent": "{conflict}"})),
    "api/v1/conflicts/<pk>/": detail(reference, change=Ask(edit_reference, {"countries": ["CH"]})),
    "api/v1/parties/": listed(signed_in, Ask(OF_CONFLICT, {"name": "A side", "conflict": "{conflict}"})),
    "api/v1/parties/<pk>/": detail(reference, change=Ask(edit_reference, {"name": "A new name"})),
    "api/v1/official-tracks/": listed(
        signed_in, Ask(OF_CONFLICT, {"name": "A track", "conflict": "{conflict}"})
    ),
    "api/v1/official-tracks/<pk>/": detail(reference, change=Ask(edit_reference, {"name": "A new name"})),
    "api/v1/official-tracks/<pk>/phases/": button(
        Ask(edit_reference, {"phase": "negotiation", "began_on": "2024-01-01"})
    ),
    "api/v1/deadlines/": listed(
        signed_in, Ask(OF_CONFLICT, {"name": "It ends", "conflict": "{conflict}", "due_on": "2030-01-01"})
    ),
    "api/v1/deadlines/<pk>/": detail(reference, change=Ask(edit_reference, {"name": "A new name"})),
    "api/v1/official-bodies/": listed(
        signed_in, Ask(OF_CONFLICT, {"name": "A new office", "conflict": "{conflict}"})
    ),
    "api/v1/official-bodies/<pk>/": detail(reference, change=Ask(edit_reference, {"name": "A new name"})),
    "api/v1/official-links/": listed(
        signed_in,
        Ask(
            lambda relation, column: OPEN if tie(relation, column) == OPEN else NAMED,
            {"person": "{person}", "body": "{body}", "strength": 2},
        ),
    ),
    "api/v1/official-links/<pk>/": detail(tie, change=Ask(tie, {"strength": 1})),
    "api/v1/official-links/<pk>/confirm/": button(tie),
    "api/v1/official-links/<pk>/end/": button(tie),
    "api/v1/circle-declarations/": listed(
        signed_in,
        Ask(
            for_those({"house"}, VETTED, NAMED), {"organisation": "{organisation}", "conflict": "{conflict}"}
        ),
    ),
    "api/v1/circle-declarations/<pk>/": detail(declaration, end=declaration),
    "api/v1/circle-declarations/<pk>/confirm/": button(confirm_declaration),
    "api/v1/initiatives/": listed(signed_in, Ask(for_those(VETTED, otherwise=NAMED), NEW_CARD)),
    "api/v1/initiatives/<pk>/": detail(card, change=Ask(edit_card, {"public_line": "A new line"})),
    "api/v1/initiatives/<pk>/who/": listed(card),
    "api/v1/initiatives/<pk>/status/": button(Ask(edit_card, {"status": "paused"})),
    "api/v1/initiatives/<pk>/successor/": button(Ask(change_card, {"successor": None})),
    "api/v1/initiatives/<pk>/visibility/": Row(
        {
            "get": Ask(change_card, {"visibility": "network"}),
            "head": Ask(change_card, {"visibility": "network"}),
            "post": Ask(change_card, {"visibility": "network"}),
        }
    ),
    "api/v1/team-members/": listed(
        signed_in,
        Ask(
            on_card(MANAGES, otherwise=NAMED),
            {"initiative": "{initiative}", "user": "{colleague}", "role": "observer"},
        ),
    ),
    "api/v1/team-members/<pk>/": detail(team, change=Ask(manage_team, {"role": "rapporteur"}), end=member),
    "api/v1/briefs/": listed(
        signed_in, Ask(for_those(set(), otherwise=NAMED), {"initiative": "{initiative}", "title": "A title"})
    ),
    "api/v1/briefs/<pk>/": detail(team, change=Ask(write_brief, {"title": "A new title"})),
    "api/v1/briefs/<pk>/history/": listed(team),
    "api/v1/retentions/": listed(
        signed_in, Ask(for_those(set(), otherwise=NAMED), {"initiative": "{initiative}", "keep_until": None})
    ),
    "api/v1/retentions/<pk>/": detail(team, change=Ask(manage_team, {"keep_until": None})),
    "api/v1/retentions/<pk>/hold/": button(Ask(write_brief, {"reason": "For the evaluation"})),
    "api/v1/retentions/<pk>/release/": button(manage_team),
    "api/v1/ground-rules/": listed(
        signed_in, Ask(inside(WRITES_BRIEF, NAMED), {"initiative": "{initiative}", "text": "New rules"})
    ),
    "api/v1/ground-rules/<pk>/": detail(team),
    "api/v1/ground-rules-assents/": listed(
        signed_in, Ask(inside(WRITES_BRIEF, NAMED), {"rules": "{rules}", "who": "Somebody else"})
    ),
    "api/v1/ground-rules-assents/<pk>/": detail(team, end=write_brief),
    "api/v1/people/": listed(
        signed_in, Ask(inside(LOGS, NAMED), {"initiative": "{initiative}", "background": "scholar"})
    ),
    "api/v1/people/import/": button(Ask(inside(LOGS, NAMED), TABLE)),
    "api/v1/people/<pk>/": detail(team, change=Ask(log, {"background": "media"})),
    "api/v1/people/<pk>/identity/": detail(open_identity, change=Ask(open_identity, {"name": "A name"})),
    "api/v1/people/<pk>/erase/": button(Ask(open_identity, {"reason": "Asked for it."})),
    "api/v1/people/<pk>/forget/": button(Ask(open_identity, {"reason": "Asked for it."})),
    "api/v1/participations/": listed(
        signed_in, Ask(takes_part, {"initiative": "{initiative}", "person": "{person}"})
    ),
    "api/v1/participations/<pk>/": detail(team, change=Ask(log, {"status": "invited"})),
    "api/v1/attendances/": listed(
        signed_in, Ask(inside(LOGS, NAMED), {"session": "{session}", "participation": "{participation}"})
    ),
    "api/v1/attendances/<pk>/": detail(team, end=log),
    "api/v1/selection-ratings/": listed(
        signed_in,
        Ask(
            inside(LOGS, NAMED),
            {"participation": "{participation}", "criterion": "availability", "rating": 2},
        ),
    ),
    "api/v1/selection-ratings/<pk>/": detail(read_log, change=Ask(read_log, {"rating": 2}), end=read_log),
    "api/v1/sessions/": listed(
        signed_in,
        Ask(
            inside(LOGS, NAMED),
            {"initiative": "{initiative}", "began_on": "2026-03-04", "format": "workshop"},
        ),
    ),
    "api/v1/sessions/import/": button(Ask(inside(LOGS, NAMED), TABLE)),
    "api/v1/sessions/<pk>/": detail(team, change=Ask(log, {"purpose": "Other words"}), end=log),
    "api/v1/sessions/<pk>/history/": listed(team),
    "api/v1/sessions/<pk>/restore/": button(log),
    "api/v1/sessions/<pk>/move/": button(log),
    "api/v1/purge-requests/": listed(signed_in),
    "api/v1/purge-requests/<pk>/": detail(team),
    "api/v1/audit-events/": listed(signed_in),
    "api/v1/audit-events/<pk>/": detail(audit_entry),
    "api/v1/tombstones/": listed(signed_in),
    "api/v1/tombstones/<pk>/": detail(tombstone),
    "api/v1/outcomes/": listed(
        signed_in,
        Ask(
            inside(LOGS, NAMED),
            {
                "initiative": "{initiative}",
                "kind": "collective",
                "content_kind": "framework",
                "statement": "One gauge",
                "travel_permission": "none",
            },
        ),
    ),
    "api/v1/outcomes/<pk>/": detail(team, change=Ask(log, {"confidence": "high"}), end=log),
    "api/v1/outcomes/<pk>/history/": listed(team),
    "api/v1/outcomes/<pk>/restore/": button(log),
    "api/v1/transfers/": listed(
        signed_in,
        Ask(
            inside(WRITES_TRANSFERS, NAMED),
            {"outcome": "{outcome}", "status": "planned", "agent": "facilitator", "direction": "lateral"},
        ),
    ),
    "api/v1/transfers/<pk>/": detail(team, change=Ask(write_transfers, {"note": "A new note"})),
    "api/v1/transfers/<pk>/delete/": button(Ask(write_transfers, {"reason": "Entered twice"})),
    "api/v1/transfers/<pk>/restore/": button(write_transfers),
    "api/v1/uptake-steps/": listed(
        signed_in,
        Ask(
            inside(WRITES_TRANSFERS, NAMED),
            {"transfer": "{transfer}", "uptake": "acknowledged", "on": "2026-05-01"},
        ),
    ),
    "api/v1/uptake-steps/<pk>/": detail(team),
    "api/v1/received-transfers/": listed(signed_in),
    "api/v1/received-transfers/<pk>/": detail(received),
    "api/v1/received-transfers/<pk>/acknowledge/": button(received),
    "api/v1/overlaps/": listed(signed_in),
    "api/v1/overlaps/<pk>/": detail(flag),
    "api/v1/overlaps/<pk>/assess/": button(Ask(flag, {"assessment": "neutral"})),
    "api/v1/overlaps/<pk>/dismiss/": button(Ask(flag, {"reason": "Nothing in it."})),
    "api/v1/overlaps/<pk>/reopen/": button(flag),
    "api/v1/coordination-links/": listed(
        signed_in,
        Ask(
            lambda relation, column: (
                OPEN if relation == "coordinator" else on_card(set(), otherwise=NAMED)(relation, column)
            ),
            {"first": "{initiative}", "second": "{neighbour}", "mechanism": "joint_analysis"},
        ),
    ),
    "api/v1/coordination-links/<pk>/": detail(link),
    "api/v1/coordination-links/<pk>/end/": button(end_link),
}

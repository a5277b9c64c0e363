"""What is hidden answers like what does not exist, wherever an id or a text can be put in.

Proved, in bytes (status, headers, body) and in the number of queries: at every address with a record in it, by every
method, alone and behind a record of one's own; in every relation that the API's document or a form on a page takes;
in every filter and search; and wherever a text could collide with a hidden one, an idempotency key included. For
every unique key on a confidential table UNIQUE says why it cannot tell of a hidden row.
Not proved: equal times.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from html import escape
from typing import Any, ClassVar
from urllib.parse import quote, quote_plus
from uuid import UUID, uuid4

import pytest
from django.core.handlers import wsgi
from django.core.signals import request_started
from django.db import models, transaction
from django.http import QueryDict
from django.urls import resolve
from django_filters import CharFilter, UUIDFilter

from accounts.models import User
from confidentiality.wall import walled_models
from conftest import World
from tests import factories as make
from tests.record import ids_of, make_record
from tests.security.asking import METHODS, Answer, Request, answer, methods_at, request_as, routes
from tests.security.conftest import REFERENCE, Secrets
from tests.security.forms import Form, every_form
from tests.security.operations import Operation, places
from tests.security.routes import Route
from tests.security.rows import canary

WATCHERS = ("anonymous", "rita", "sam", "harry", "stella")
# What is no secret to somebody, by kind: colleagues know what their house has declared, stewards who is liaison.
KNOWN = {"harry": {"declaration"}, "stella": {"liaison"}}
# Ids that were made; a token, and the address of a feed, which are shown once.
ANY_ID = re.compile(rb"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}|(t2d_|/calendar/feed/)[\w-]{43}")
# Which hidden records a relation or filter of this name could mean: those of the kind that it is named after, or of
# what is said here; where there is neither, one of each of these.
MEANT = {
    "initiative": ("initiative",), "first": ("initiative",), "second": ("initiative",), "rules": ("rules",),
    "user": ("user",), "successor": ("user",), "preview": ("flag",), "from": ("revision",),
    "carrier": ("participation",), "repeats": ("outcome",), "link": ("tie", "link"),
}  # fmt: skip
ANYTHING = ("initiative", "member", "user")
# Parameters of pages that Rita has, those of a record of her own among them.
OF_RITA = {"q", "conflict", "initiative", "link", "outcome", "body", "part", "kind", "action"}
# What a page is asked with that looks at whatever it is asked with.
ANY_NAME = ("q", "conflict", "preview", "from", "initiative")


@pytest.fixture
def hidden(world: World, secrets: Secrets) -> dict[str, UUID]:
    """Ids of what nobody outside the team may know of, by kind. A member of the team is hidden as a person."""
    ids = {kind: pk for kind, pk in secrets.ids().items() if kind not in REFERENCE}
    return {**ids, "user": world.bob.pk}


@pytest.fixture
def own(world: World, secrets: Secrets) -> dict[str, UUID]:
    """Ids of what Rita may name, by kind and by name of a relation."""
    kept = make.make_initiative(world.conflict, world.other, lead=world.rita, parties=(world.up,))
    colleague = make.make_member_of(world.other, "Rosa")
    make.make_brief(kept, world.rita)
    rules = make.make_rules(kept, world.rita)
    ids = {
        **ids_of(make_record(kept, world.rita, secrets.records["body"], "Own")),
        "initiative": kept.pk,
        "member": make.make_member(kept, make.make_member_of(world.other, "Ron")).pk,
        "rules": rules.pk,
        "revision": kept.brief_revisions.get().pk,
        "assent": make.make_assent(rules, world.rita).pk,
        "declaration": make.make_declaration(world.other, world.child).pk,
        "user": colleague.pk,
        "first": kept.pk,
        "second": world.rival.pk,
        "partners": world.cora.memberships.get().organisation_id,
    }
    named = {"organisation": world.other.pk, "registered_by": world.other.pk, "convener": world.other.pk}
    return {**secrets.ids(), "parties": world.up.pk, **ids, **named}


def asking(world: World, watcher: str) -> Request:
    user: User | None = getattr(world, watcher, None)
    request = request_as(user)
    request("get", "/api/v1/me/")  # The use of a token is written down once a minute.
    return request


# --- Comparing ------------------------------------------------------------------------------------------------


def told_apart(ask: Callable[[Any], Answer], *values: Any) -> list[tuple[int, int, bool]]:
    """How questions are answered differently: (status, queries, same text) of each; empty if they are not.

    Asked a second time before anybody is alarmed: a first question may have filled a cache for the next.
    """
    for _attempt in range(2):
        answers = [ask(value) for value in values]
        if all(told == answers[0] for told in answers):
            return []
    return [(told.status, told.queries, told.text == answers[0].text) for told in answers]


def taken_back(request: Request, method: str, path: str, *unnamed: Any, **extra: Any) -> Answer:
    """An answer without any id in it; what the question wrote is gone."""
    with transaction.atomic():
        told = answer(request, method, path, *unnamed, **extra)
        transaction.set_rollback(True)
    return Answer(told.status, told.queries, ANY_ID.sub(b"ID", told.text))


def sent(request: Request, operation: Operation, path: str, body: Mapping[str, Any], *texts: str) -> Answer:
    told = taken_back(request, operation.method, path, data=json.dumps(body), content_type="application/json")
    return Answer(told.status, told.queries, without(told.text, texts))


def without(told: bytes, texts: Any) -> bytes:
    """An answer that repeats what it was asked, without that."""
    for text in texts:
        for form in (text, json.dumps(text)[1:-1], escape(text), quote(text), quote_plus(text)):
            told = told.replace(form.encode(), b"TEXT")
    return told


def like(text: str) -> str:
    """Another text with as many words as long."""
    return re.sub(r"\w+", lambda word: canary()[-len(word[0]) :], text)


def meant_by(name: str, hidden: Mapping[str, UUID]) -> list[UUID]:
    return [hidden[kind] for kind in MEANT.get(name, (name,) if name in hidden else ANYTHING)]


# --- Addresses ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("watcher", WATCHERS)
def test_at_every_address_by_every_method(
    world: World, secrets: Secrets, hidden: dict[str, UUID], watcher: str
) -> None:
    request, different, asked = asking(world, watcher), [], 0
    for route in routes():
        kinds = {name: kind for name, kind in route.kinds().items() if kind in hidden}
        if not kinds or set(kinds.values()) & KNOWN.get(watcher, set()):
            continue
        shown = {name: secrets.ids().get(kind, uuid4()) for name, kind in route.kinds().items()}
        missing = {name: uuid4() if name in kinds else value for name, value in shown.items()}
        for method in methods_at(route.pattern, every=watcher == "rita"):
            asked += 1
            if apart := told_apart(at(request, method, route), shown, missing):
                different.append((route.pattern, method, *apart))

    assert different == []
    assert asked > 250


def at(request: Request, method: str, route: Route) -> Callable[[dict[str, UUID]], Answer]:
    return lambda values: answer(request, method, route.path(values), *values.values())


def test_behind_a_record_of_ones_own(world: World, hidden: dict[str, UUID], own: dict[str, UUID]) -> None:
    """A hidden member, version or assent under the address of an initiative that one leads."""
    request, different, asked = asking(world, "rita"), [], 0
    for route in routes():
        kinds = route.kinds()
        inner = [name for name, kind in kinds.items() if kind in hidden and kind != "initiative"]
        if len(kinds) < 2 or not inner:
            continue
        values = {name: own.get(kind, uuid4()) for name, kind in kinds.items()}
        shown = {**values, **{name: hidden[kinds[name]] for name in inner}}
        missing = {**values, **{name: uuid4() for name in inner}}
        for method in METHODS:
            asked += 1
            if apart := told_apart(at(request, method, route), shown, missing):
                different.append((route.pattern, method, *apart))

    assert different == []
    assert asked > 20


# --- Relations ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("watcher", ["rita", "sam"])
def test_in_every_relation_of_the_api(
    world: World, hidden: dict[str, UUID], own: dict[str, UUID], watcher: str
) -> None:
    request, different, named = asking(world, watcher), [], set()
    for operation, path in places(own):
        for name in operation.relations():

            def ask(
                value: UUID, operation: Operation = operation, path: str = path, name: str = name
            ) -> Answer:
                body = {**operation.example(own), name: operation.with_id(name, value)}
                return sent(request, operation, path, body)

            named.add(name)
            if apart := told_apart(ask, uuid4(), *meant_by(name, hidden)):
                different.append((operation.name, name, *apart))

    assert different == []
    assert {"initiative", "user", "rules", "first", "second", "parties", "partners", "successor"} <= named


def test_the_examples_are_good_enough_to_be_accepted(world: World, own: dict[str, UUID]) -> None:
    """The control: what is refused above is refused for the one field that was changed."""
    request = asking(world, "rita")
    # Some are made for an initiative that has none yet, others hang on what stands in another.
    several = (own, {**own, "initiative": world.rival.pk})
    accepted = {
        operation.name
        for operation, path in places(own)
        if any(sent(request, operation, path, operation.example(ids)).status < 300 for ids in several)
    }

    assert {
        "post initiatives/", "patch initiatives/<pk>/", "post initiatives/<pk>/status/", "post team-members/",
        "post ground-rules/", "post ground-rules-assents/", "post circle-declarations/", "patch briefs/<pk>/",
        "post sessions/", "post people/", "post participations/", "post attendances/", "post selection-ratings/",
        "post official-links/", "post outcomes/", "post transfers/", "post uptake-steps/",
    } <= accepted  # fmt: skip


def test_in_every_choice_of_a_form(world: World, hidden: dict[str, UUID], own: dict[str, UUID]) -> None:
    """On every page that Rita has: in selects, boxes and hidden fields, each sent with the rest as it stands."""
    request, different, chosen = asking(world, "rita"), [], set()
    for path, form in forms(request, own):
        for name in form.chosen - {"csrfmiddlewaretoken", "language"}:

            def ask(value: UUID, form: Form = form, path: str = path, name: str = name) -> Answer:
                before = form.values.get(name, [""])[0]
                place = f"{before.partition(':')[0]}:{value}" if ":" in before else str(value)
                data = {**form.values, name: [place]}
                return taken_back(request, form.method, form.action or path, value, data=data)

            chosen.add(name)
            if apart := told_apart(ask, uuid4(), hidden["initiative"], hidden["user"]):
                different.append((path, name, *apart))

    assert different == []
    assert {"conflict", "parties", "partners", "user", "successor", "draft"} <= chosen


def forms(request: Request, own: Mapping[str, UUID]) -> Iterator[tuple[str, Form]]:
    """Each form that Rita meets, once; those that every page bears at its edge are met on the first."""
    known = set()
    for route in routes():
        if route.pattern.startswith("api/"):
            continue
        path = route.path({name: own.get(kind, uuid4()) for name, kind in route.kinds().items()})
        if route.pattern == "initiatives/new/":
            path += f"?conflict={own['conflict']}"
        for form in every_form(request("get", path).content.decode(errors="replace")):
            shape = (form.action, *sorted(form.chosen), *form.written)
            if shape not in known:
                known.add(shape)
                yield path, form


# --- Filters and searches -------------------------------------------------------------------------------------


@pytest.mark.parametrize("watcher", [watcher for watcher in WATCHERS if watcher != "anonymous"])
@pytest.mark.usefixtures("watched")
def test_in_every_filter(
    world: World, secrets: Secrets, hidden: dict[str, UUID], own: dict[str, UUID], watcher: str
) -> None:
    request, different, names, of_pages = asking(world, watcher), [], set(), set()
    texts, known = texts_of(secrets), {hidden[kind] for kind in KNOWN.get(watcher, ())}
    for path, name, by_id in filters(request, own):
        if not path.startswith("/api/"):
            of_pages.add(name)

        def ask(value: Any, path: str = path, name: str = name) -> Answer:
            told = taken_back(request, "get", path, data={name: str(value)})
            return Answer(told.status, told.queries, without(told.text, [str(value)]))

        names.add(name)
        asked: list[tuple[Any, ...]] = [(text, like(text)) for text in texts.get(name, texts["anything"])]
        if by_id:
            asked = [(uuid4(), *(pk for pk in meant_by(name, hidden) if pk not in known))]
        for values in asked:
            if apart := told_apart(ask, *values):
                different.append((path, name, *apart))

    assert different == []
    assert {"initiative", "user", "reference", "search", "q", "conflict"} <= names
    assert watcher != "rita" or of_pages >= OF_RITA


class Watched(QueryDict):
    """What stands behind the question mark of an address, which notices what of it anybody looks at.

    Not what a page asks the API in its own words on the way.
    """

    looked_at: ClassVar[set[str]] = set()
    came: ClassVar[bytes] = b""

    def __init__(self, query_string: Any = None, *more: Any, **named: Any) -> None:
        super().__init__(query_string, *more, **named)
        self.outer = query_string == Watched.came

    @staticmethod
    def comes(environ: Mapping[str, Any], **_signal: Any) -> None:
        Watched.came = environ["QUERY_STRING"].encode("latin-1")

    def __getitem__(self, key: Any) -> Any:
        self._look_at(key)
        return super().__getitem__(key)

    def __contains__(self, key: Any) -> bool:
        self._look_at(key)
        return super().__contains__(key)

    def getlist(self, key: Any, default: Any = None) -> Any:
        self._look_at(key)
        return super().getlist(key, default)

    def items(self) -> Any:
        self._look_at(*ANY_NAME)
        return super().items()

    def lists(self) -> Any:
        self._look_at(*ANY_NAME)
        return super().lists()

    def _look_at(self, *keys: str) -> None:
        # While it is being filled it is not outer yet.
        if getattr(self, "outer", False):
            self.looked_at.update(keys)


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(wsgi, "QueryDict", Watched)
    request_started.connect(Watched.comes)
    yield
    request_started.disconnect(Watched.comes)


def filters(request: Request, own: Mapping[str, UUID]) -> Iterator[tuple[str, str, bool]]:
    """(address, parameter, whether it takes an id) of every page, and every list that can be filtered or searched.

    Of a page: whatever it looks at, also when another parameter was asked for. What nobody looks at tells nothing.
    """
    for route in routes():
        if not route.pattern.startswith("api/v1/"):
            path = route.path({name: own.get(kind, uuid4()) for name, kind in route.kinds().items()})
            yield from _of_page(request, path)
            continue
        if route.parameters:
            continue
        path = route.path({})
        view = getattr(resolve(path).func, "cls", None)
        for name, one in getattr(getattr(view, "filterset_class", None), "base_filters", {}).items():
            if isinstance(one, UUIDFilter) or type(one) is CharFilter:
                yield path, name, isinstance(one, UUIDFilter)
        if getattr(view, "searches", False):
            yield path, "search", False


def _of_page(request: Request, path: str) -> Iterator[tuple[str, str, bool]]:
    Watched.looked_at.clear()
    taken_back(request, "get", path)
    done: set[str] = set()
    while waiting := sorted(Watched.looked_at - done):
        done.add(waiting[0])
        yield path, waiting[0], waiting[0] != "q"


def texts_of(secrets: Secrets) -> dict[str, list[str]]:
    """Texts of hidden rows by the name of their field; under `anything` a few of different kinds."""
    found: dict[str, list[str]] = {}
    for row in secrets.hidden:
        for field in row._meta.concrete_fields:
            value = getattr(row, field.attname)
            if isinstance(field, models.CharField | models.TextField) and not field.choices and value:
                found.setdefault(field.name, []).append(str(value))
    initiative = secrets.records["initiative"]
    return {**found, "anything": [initiative.codename, "Heron", initiative.public_line, *found["title"]]}


# --- What could collide ---------------------------------------------------------------------------------------


def test_with_the_same_text_as_a_hidden_record(world: World, secrets: Secrets, own: dict[str, UUID]) -> None:
    """Each text that the API takes, the same as one that a hidden record has in a field of that name."""
    request, texts, different, compared = asking(world, "rita"), texts_of(secrets), [], set()
    for operation, path in places({**own, "initiative": world.rival.pk}):
        for name in operation.texts():

            def ask(
                text: str, operation: Operation = operation, path: str = path, name: str = name
            ) -> Answer:
                body = {**operation.example(own), name: text}
                return sent(request, operation, path, body, text)

            for text in texts.get(name, []):
                compared.add(name)
                if apart := told_apart(ask, text, like(text)):
                    different.append((operation.name, name, *apart))

    assert different == []
    assert {"codename", "public_line", "title", "text", "who", "note"} <= compared


def test_with_the_same_text_as_a_hidden_record_on_a_page(
    world: World, secrets: Secrets, own: dict[str, UUID]
) -> None:
    request, texts, different, compared = asking(world, "rita"), texts_of(secrets), [], set()
    for path, form in forms(request, own):
        for name in form.written:

            def ask(text: str, form: Form = form, path: str = path, name: str = name) -> Answer:
                told = taken_back(request, form.method, form.action or path, data=form.filled({name: text}))
                return Answer(told.status, told.queries, without(told.text, [text]))

            plain = name.rpartition("-")[2]
            for text in texts.get(plain, []):
                compared.add(plain)
                if apart := told_apart(ask, text, like(text)):
                    different.append((path, name, *apart))

    assert different == []
    assert {"codename", "label", "text", "title", "who"} <= compared


def test_with_an_idempotency_key_that_somebody_else_has_used(world: World, own: dict[str, UUID]) -> None:
    """Keys are one's own: another's is neither replayed nor refused."""
    body = {
        "conflict": str(world.conflict.pk),
        "track_type": "t2_hard",
        "matching": "on",
        "began_on": "2024-01-01",
    }
    key = uuid4().hex

    def ask_with(request: Request, key: str) -> Answer:
        headers = {"Idempotency-Key": key}
        return taken_back(
            request, "post", "/api/v1/initiatives/", data=json.dumps(body), headers=headers,
            content_type="application/json",
        )  # fmt: skip

    assert ask_with(asking(world, "alice"), key).status == 201
    request = asking(world, "rita")
    assert told_apart(lambda key: ask_with(request, key), key, uuid4().hex) == []


# Every unique key on a confidential table, and why it cannot tell of a hidden row.
_CARD, _TEAM = "within a card that its writer edits", "within an initiative on whose team its writer is"
_PAIR = "written by the detector alone"
UNIQUE = {
    "accounts.AccessToken.digest": "of 256 random bits that the server draws",
    "confidentiality.AuditEvent.audit_position_once": "places in a chain are given by the database alone",
    "coordination.CoordinationLink.one_live_link_of_a_kind": "its writer knows of the pair and sees its links",
    "coordination.OutboxEntry.initiative": _PAIR,
    "coordination.OverlapFlag.one_current_flag_of_a_pair": _PAIR,
    "initiatives.Brief.initiative": _TEAM,
    "initiatives.BriefRevision.brief_revision_once": _TEAM,
    "initiatives.CircleDeclaration.declared_once": "within one's own organisation",
    "initiatives.CoordinatorMandate.mandate_once": "stewards, who write mandates, see all of them",
    "initiatives.Draft.draft_once_in_a_place": "within one's own drafts",
    "initiatives.GroundRules.ground_rules_version_once": _TEAM,
    "initiatives.Initiative.reference_once_in_register": "within a register whose members see it whole",
    "initiatives.InitiativeOrganisation.one_convener": _CARD,
    "initiatives.InitiativeOrganisation.organisation_named_once_in_role": _CARD,
    "initiatives.InitiativeParty.party_once_on_card": _CARD,
    "initiatives.PurgeRequest.one_open_purge_request": _TEAM,
    "initiatives.Retention.initiative": _TEAM,
    "initiatives.SessionReader.session_reader_once": _TEAM,
    "initiatives.SessionRevision.session_revision_once": _TEAM,
    "initiatives.TeamMember.on_a_team_once_at_a_time": _TEAM,
    "initiatives.Tombstone.purged_id": "written by the purge alone",
    "participants.Attendance.attendance_once": _TEAM,
    "participants.LiaisonMandate.liaison_mandate_once": "stewards, who write mandates, see all of them",
    "participants.OfficialLinkRevision.official_link_revision_once": "its writer works with the person",
    "participants.Participation.person_once_in_initiative": _TEAM,
    "participants.ParticipationRevision.participation_revision_once": _TEAM,
    "participants.PersonRevision.person_revision_once": "its writer works with the person, and locks it first",
    "participants.PersonIdentity.person": "its writer knows the person: that somebody has a name is no secret",
    "participants.SelectionRating.rated_once_by_criterion": _TEAM,
    "transfer.OutcomeRevision.outcome_revision_once": _TEAM,
    "transfer.TransferRevision.transfer_revision_once": _TEAM,
    "transfer.TransferStance.one_stance_on_a_theme": _TEAM,
}


def test_every_unique_key_lies_within_what_its_writer_sees() -> None:
    found = set()
    for model in walled_models():
        label = model._meta.label
        single = (field for field in model._meta.concrete_fields if field.unique and not field.primary_key)
        found |= {f"{label}.{field.name}" for field in single}
        for constraint in model._meta.constraints:
            if not isinstance(constraint, models.CheckConstraint):
                found.add(f"{label}.{constraint.name}")

    assert found == UNIQUE.keys(), (
        "Say in UNIQUE why a new key cannot tell of a row that its writer does not see."
    )

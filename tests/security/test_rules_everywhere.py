"""Whatever a session's rule keeps inside is in no output there is: drawn sessions and texts, against every address.

Each text holds a word of its own, so that an output tells which text it holds. The table of what may be where is
written here by hand, the third time; the outputs are found by introspection: every list of the API as a file, and
every address of the URLconf as an observer of the team, as the liaison who receives what went out, and as somebody
outside; and the calendar that a phone fetches, which says the most where codenames were chosen for it.
Proved: no output holds a text, a name, an affiliation or who was there, beyond the table. And what a text says of
people is asked about before it is saved, under the rules by which texts leave and people do not.
Not proved here: what pages show to those who lead and facilitate, which is everything; that strangers learn nothing
at all (test_canary.py, test_two_worlds.py).
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.test import Client
from django.urls import reverse
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from accounts.enums import FeedWording
from accounts.services import create_feed
from confidentiality.actor import actor
from confidentiality.codes import Rule
from conftest import World
from initiatives.models import Session
from initiatives.services import log_session
from initiatives.services.overriding import Doubt
from participants.models import PersonIdentity
from participants.services.attendance import mark_attendance
from t2d.api import router
from tests import factories as make
from tests import record
from tests.clients import client_of
from tests.security.asking import request_as, routes
from transfer.services import record_outcome, record_transfer

pytestmark = pytest.mark.django_db

LONG = bool(os.environ.get("T2D_LONG"))
EXAMPLES = 60 if LONG else 2
PHASES = [phase for phase in Phase if LONG or phase is not Phase.shrink]
PAST, FUTURE = date(2020, 1, 2), date(2199, 1, 2)
# Lately, so that a calendar holds it.
HELD = date.today() - timedelta(days=10)
# The word in each text. Long enough to stand nowhere else.
OF_SESSION = {
    name: f"qq{name.replace('_', '')}qq" for name in ("purpose", "next_step", "place", "notes", "incidents")
}
OF_OUTCOME = {"statement": "qqstatementqq", "evidence": "qqevidenceqq"}
OF_TRANSFER = {"message": "qqmessageqq", "note": "qqremarkqq"}
EVERY_WORD = {*OF_SESSION.values(), *OF_OUTCOME.values(), *OF_TRANSFER.values()}
# Name, name in another script, affiliation; and the office that each can reach.
PEOPLE = (
    ("Amina Qoraysh-Vell", "أمينة قريشفل", "Gauge Institute of Quellmar", "Quellmar Ministry of Weirs"),
    ("Viktor Zhdanovsky", "Виктор Ждановский", "Zhdanov Harbour Board", "Council of Locks at Zemst"),
)
# How a text may tell of somebody.
TELLING = {
    "": "",
    "name": "Amina Qoraysh-Vell said so",
    "family name": "as Zhdanovsky put it",
    "other script": "قالت أمينة قريشفل ذلك",
    "affiliation": "somebody of the Gauge Institute of Quellmar",
    "office": "the Council of Locks at Zemst will not",
}
# The last is an office: on the pages of a conflict offices are shared reference.
TOLD = tuple(
    word.casefold()
    for word in ("Qoraysh", "قريشفل", "Zhdanov", "Ждановск", "Gauge Institute", "Locks at Zemst")
)


@dataclass(frozen=True)
class May:
    """Where what may be.

    files, observers: texts of the session. outcome_files, outcome_observers: of what came out of it; "agreed": where
    two sides stand behind it. officials: what is carried. people: in files. exists: that there was one.
    """

    files: bool
    observers: bool
    outcome_files: bool
    outcome_observers: str
    officials: str
    people: bool
    exists_in_files: bool
    exists_for_observers: bool


TABLE = {
    "on_record": May(True, True, True, "all", "all", True, True, True),
    "chatham_house": May(True, True, True, "all", "all", False, True, True),
    "non_attributed_summary": May(True, True, True, "all", "all", False, True, True),
    "agreed_text_only": May(False, False, False, "agreed", "agreed", False, True, True),
    "no_notes": May(False, False, False, "all", "none", False, True, True),
    "participants_only": May(False, False, False, "none", "none", False, False, False),
}
# Rules under which texts leave and people do not: who is told of in a text is asked about.
ASKED = {"chatham_house", "non_attributed_summary"}
WITHOUT_ATTENDANCE = {"non_attributed_summary", "no_notes"}


@dataclass(frozen=True)
class Drawn:
    rule: str
    embargo: date | None
    agreed: bool
    # What each text tells of people, by its word.
    tells: tuple[tuple[str, str], ...]

    @property
    def held(self) -> bool:
        return self.embargo == FUTURE

    def text(self, word: str) -> str:
        return f"{word} {TELLING[dict(self.tells).get(word, '')]}".strip()


def drawn() -> st.SearchStrategy[Drawn]:
    tells = st.dictionaries(st.sampled_from(sorted(EVERY_WORD)), st.sampled_from(sorted(TELLING)), max_size=4)
    return st.builds(
        Drawn,
        rule=st.sampled_from(sorted(TABLE)),
        embargo=st.sampled_from((None, None, PAST, FUTURE)),
        agreed=st.booleans(),
        tells=tells.map(lambda found: tuple(sorted(found.items()))),
    )


def test_the_table_knows_every_rule() -> None:
    assert set(TABLE) == set(Rule.values)


def one_of_each(held: Any) -> Any:
    """An example of every rule before those that are drawn, with texts that tell of people."""
    tells = (
        (OF_SESSION["notes"], "name"),
        (OF_SESSION["purpose"], "office"),
        (OF_OUTCOME["statement"], "family name"),
    )
    for rule in TABLE:
        held = example(Drawn(rule, None, agreed=True, tells=tells))(held)
    return example(Drawn("on_record", FUTURE, agreed=True, tells=tells))(held)


def test_no_output_holds_what_the_rule_keeps_inside(world: World) -> None:
    people = Everybody(world)
    found: Counter[str] = Counter()

    @one_of_each
    @given(case=drawn())
    @settings(max_examples=EXAMPLES, phases=PHASES, deadline=None)
    def hold(case: Drawn) -> None:
        with transaction.atomic():
            stored = Stored(people, case)
            looked = {
                "files": files_of(people.lead, found),
                "observers": people.seen("observer", stored),
                "liaison": people.seen("liaison", stored),
                # Who is outside meets nothing at all: asked where there is most to meet, in the long run always.
                "outside": people.seen("outside", stored) if LONG or case.rule == "on_record" else (),
                "feed": people.feed(case),
            }
            wrong = [
                (channel, *one)
                for channel, outputs in looked.items()
                for one in beyond(case, stored, outputs, channel)
            ]
            transaction.set_rollback(True)
        assert wrong == []

    hold()
    # The outputs were worth looking through: every list is a file, and every word left in one that may.
    assert len(people.outputs) > 25
    assert found["files"] >= 20
    assert people.met >= EVERY_WORD


class Everybody:
    """Who looks, each with a client of their own; made once, before anything is drawn."""

    def __init__(self, world: World) -> None:
        self.world, self.met = world, set[str]()
        self.lead = client_of(world.alice)
        observer, liaison = make.make_member_of(world.house, "Olga"), make.make_user("Lina")
        make.make_member(world.secret, observer, "observer")
        self.office = record.make_body(world.conflict, "Office of the Mandate Holder")
        record.make_liaison(liaison, self.office)
        self.parts = [self._person(*told) for told in PEOPLE]
        self.requests = {
            "lead": request_as(world.alice),
            "observer": request_as(observer),
            "liaison": request_as(liaison),
            "outside": request_as(world.harry),
        }
        with actor(world.alice):
            _token, self.key = create_feed(by=world.alice, wording=FeedWording.CODENAME)
        self.outputs = routes() if LONG else self._outputs()

    def _outputs(self) -> list[Any]:
        """Addresses that hold anything of a session, or of what came out of it, where nothing is kept inside, for
        whoever of them. The long run asks every address each time."""
        found = []
        with transaction.atomic():
            stored = Stored(self, Drawn("on_record", None, agreed=True, tells=()))
            words = {*EVERY_WORD, str(stored.session.pk), str(stored.outcome.pk)}
            for route in routes():
                path = stored.path_of(route)
                texts = (text_of(ask("get", path)).replace(path, "") for ask in self.requests.values())
                if any(word in text for text in texts for word in words):
                    found.append(route)
            transaction.set_rollback(True)
        return found

    def _person(self, name: str, other: str, affiliation: str, office: str) -> Any:
        person = record.make_person(self.world.house, party=self.world.up)
        PersonIdentity(
            organisation=self.world.house,
            person=person,
            name=name,
            other_names=[{"name": other, "script": ""}],
            affiliation=affiliation,
        ).save()
        record.make_tie(person, record.make_body(self.world.conflict, office), by=self.world.alice)
        return record.make_participation(self.world.secret, person, consents=["to_be_recorded"])

    def seen(self, who: str, stored: Stored) -> Iterator[tuple[str, str]]:
        """(address, answer) of every address that this one can open."""
        for route in self.outputs:
            path = stored.path_of(route)
            response = self.requests[who]("get", path)
            if response.status_code == 200:
                yield path, text_of(response)

    def feed(self, case: Drawn) -> Iterator[tuple[str, str]]:
        """A day for each session of which a file may say that it was, and none for the others."""
        text = text_of(Client().get(reverse("initiatives:feed", args=[self.key])))
        assert text.count("BEGIN:VEVENT") == TABLE[case.rule].exists_in_files, text
        yield "feed", text


class Stored:
    """A session as drawn with what came out of it, saved as its writer would: asked about, then without what was
    asked about."""

    def __init__(self, people: Everybody, case: Drawn) -> None:
        self.people, self.case, world = people, case, people.world
        with actor(world.alice):
            self.session = self._session()
            if case.rule not in WITHOUT_ATTENDANCE:
                mark_attendance(by=world.alice, session=self.session, participations=people.parts, seen=())
            self.outcome = self._outcome()
            self.transfer = self._transfer()
        self.ids: dict[str, UUID] = {
            "initiative": world.secret.pk,
            "conflict": world.conflict.pk,
            "session": self.session.pk,
            "session_revision": self.session.revisions.get().pk,
            "outcome": self.outcome.pk,
            "outcome_revision": self.outcome.revisions.get().pk,
            "person": people.parts[0].person_id,
            "participation": people.parts[0].pk,
            "body": people.office.pk,
        }
        if self.transfer is not None:
            self.ids["transfer"] = self.transfer.pk

    def path_of(self, route: Any) -> str:
        return str(route.path({name: self.ids.get(kind, uuid4()) for name, kind in route.kinds().items()}))

    def _session(self) -> Session:
        case = self.case
        texts = {name: case.text(word) for name, word in OF_SESSION.items()}
        how = {
            "by": self.people.world.alice,
            "initiative": self.people.world.secret,
            "began_on": HELD,
        }
        fixed = {"format": "workshop", "rule": case.rule, "embargo_until": case.embargo}
        if case.rule == "no_notes":
            with pytest.raises(ValidationError) as refused:
                log_session(**how, **fixed, **texts)
            assert "notes" in refused.value.message_dict
            texts = {name: "" if name in refused.value.message_dict else text for name, text in texts.items()}
        return self._asked(texts, OF_SESSION, lambda **typed: log_session(**how, **fixed, **typed))

    def _outcome(self) -> Any:
        texts = {name: self.case.text(word) for name, word in OF_OUTCOME.items()}
        world = self.people.world
        sides = [world.up, world.down] if self.case.agreed else [world.up]
        how = {
            "by": world.alice, "initiative": world.secret, "session": self.session, "kind": "collective",
            "content_kind": "text_draft", "endorsed_by": sides, "travel_permission": "officials",
        }  # fmt: skip
        why = {"override_reason": "Both said so"} if self.case.rule == "no_notes" else {}
        return self._asked(texts, OF_OUTCOME, lambda **typed: record_outcome(**how, **why, **typed))

    def _transfer(self) -> Any:
        """None where the rule or the embargo lets nothing be carried: then that is refused, and nothing is there."""
        texts = {name: self.case.text(word) for name, word in OF_TRANSFER.items()}
        how = {
            "by": self.people.world.alice, "outcome": self.outcome, "body": self.people.office,
            "channel": "private_memo", "agent": "facilitator", "sent_on": HELD + timedelta(days=1),
        }  # fmt: skip
        if not carried(self.case):
            with pytest.raises(ValidationError):
                record_transfer(**how, **texts)
            return None
        return self._asked(texts, OF_TRANSFER, lambda **typed: record_transfer(**how, **typed))

    def _asked(self, texts: dict[str, str], words: dict[str, str], write: Any) -> Any:
        """Saved as typed; where the writer is asked, each text that tells of people is among what is asked, and is then
        saved without."""
        case = self.case
        telling = {name for name in texts if texts[name] not in ("", words[name])}
        asked: set[str] = set()
        try:
            with transaction.atomic():
                made = write(**texts)
        except Doubt as doubt:
            asked = set(doubt.message_dict)
        if asked:
            assert asked & telling, asked
            plain = {name: words[name] if name in asked & telling else text for name, text in texts.items()}
            return self._asked(plain, words, write)
        if case.rule in ASKED:
            assert not telling & leaving_names(words), (case.rule, telling)
        return made


def leaving_names(words: dict[str, str]) -> set[str]:
    """Texts that may leave the team under a rule that keeps people inside. Remarks on a transfer never do."""
    return set(words) - {"note"}


def carried(case: Drawn) -> bool:
    officials = TABLE[case.rule].officials
    return not case.held and (officials == "all" or (officials == "agreed" and case.agreed))


def words_that_may(case: Drawn, channel: str) -> set[str]:
    """The table, for one channel, as words."""
    row = TABLE[case.rule]
    if channel in ("outside", "feed"):
        return set()
    if channel == "liaison":
        return {OF_TRANSFER["message"]} if carried(case) else set()
    if channel == "files":
        free = set() if case.held else {True}
        session = set(OF_SESSION.values()) if row.files and free else set()
        outcome = {*OF_OUTCOME.values(), OF_TRANSFER["message"]} if row.outcome_files and free else set()
        remark = {OF_TRANSFER["note"]} if row.people and free else set()
        return session | outcome | remark
    session = set(OF_SESSION.values()) if row.observers else set()
    if row.outcome_observers == "all":
        return session | {*OF_OUTCOME.values(), *OF_TRANSFER.values()}
    agreed = row.outcome_observers == "agreed" and case.agreed
    return session | ({OF_OUTCOME["statement"], OF_TRANSFER["message"]} if agreed else set())


def beyond(
    case: Drawn, stored: Stored, outputs: Iterable[tuple[str, str]], channel: str
) -> Iterator[tuple[str, str]]:
    """(output, what it holds beyond the table)."""
    may, row = words_that_may(case, channel), TABLE[case.rule]
    # A calendar with codenames leads to the page of each day.
    exists = {
        "files": row.exists_in_files,
        "feed": row.exists_in_files,
        "observers": row.exists_for_observers,
    }.get(channel, False)
    who = {str(part.pk) for part in stored.people.parts}
    for name, text in outputs:
        held = {word for word in EVERY_WORD if word in text}
        stored.people.met |= held & may
        yield from ((name, word) for word in sorted(held - may))
        if not exists and str(stored.session.pk) in text.replace(name, ""):
            yield name, "that there was a session"
        if channel == "observers" or (channel == "files" and row.people and not case.held):
            continue  # Pseudonyms are an observer's to read; a session on the record says who was there.
        told = TOLD[:-1] if channel != "files" or name == "official-bodies" else TOLD
        yield from ((name, f"names: {word}") for word in told if word in text.casefold())
        for line in text.splitlines() if channel == "files" else ():
            if str(stored.session.pk) in line and any(pk in line for pk in who):
                yield name, f"who was there: {line}"


def files_of(lead: Any, found: Counter[str]) -> Iterator[tuple[str, str]]:
    """(list, file) of every list of the API."""
    found["files"] = 0
    for name, _view, _base in router.registry:
        answer = lead.get(f"/api/v1/{name}/", {"export": "csv", "why": "report"})
        assert answer.status_code == 200, (name, answer.content)
        found["files"] += 1
        yield name, answer.content.decode("utf-8-sig")


def text_of(response: Any) -> str:
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return body.decode("utf-8", "replace")

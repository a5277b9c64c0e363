"""Whether a text tells who was in the room: names, affiliations and offices of those who were, as they stand on record.

For rules under which a text may leave the team and the people may not. A question to the writer, never a wall: nobody
is recognised who is described in other words, and a common word may be somebody's name. What is compared is what the
writer may open; a rapporteur, who opens no identity, is asked nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from confidentiality import noted
from confidentiality.fields import if_it_opens
from confidentiality.policy import UNATTRIBUTED_IN_FILES
from confidentiality.words import listed
from initiatives.models import Initiative, Session
from participants.models import Attendance, OfficialBody, OfficialLink, Participation, PersonIdentity

# A part of a name counts by itself from so many letters on: "Ali" in "alignment" is none, and neither is "bin".
SHORTEST_PART = 4
# Without what is tied to it: "Haddad's", "the Haddad-led group" and "l'avis d'Amina" hold names.
WORD = re.compile(r"[^\W\d_]+")
MOST_SHOWN = 5
# "wa", "fa", "bi", "li", "ka" and "al" before a word of which three letters at least are left.
PREFIX = re.compile("^(?:[وف]?(?:[بك]?ال|لل)|[وفبلك])(?=[\u0621-\u064a]{3})")


def doubts(
    *,
    by: User,
    session: Session,
    texts: Mapping[str, Any],
    rules: Container[str] = UNATTRIBUTED_IN_FILES,
    besides: Iterable[str] = (),
) -> dict[str, str]:
    """What to ask the writer, by field. `texts`: as typed. `rules`: of sessions under which it matters. `besides`:
    names of offices that may well be meant, such as the one a message goes to."""
    if session.rule not in rules:
        return {}
    typed = {name: text for name, text in texts.items() if isinstance(text, str) and text.strip()}
    if not typed:
        return {}
    known = told_of(by=by, session=session).without({folded(name) for name in besides})
    asked = {name: said_in(text, known) for name, text in typed.items()}
    question = _(
        "This says “%(words)s”, which is on record of somebody who was there. Under “%(rule)s” it may not."
    )
    rule = session.get_rule_display()
    return {
        name: question % {"words": listed(words[:MOST_SHOWN]), "rule": rule}
        for name, words in asked.items()
        if words
    }


def doubts_of_all(
    *, by: User, initiative: Initiative, texts: Mapping[str, Any], besides: Iterable[str] = ()
) -> dict[str, str]:
    """The same of texts that came out of no session: nobody agreed to be named there, so everybody counts who takes
    part."""
    nowhere = Session(initiative=initiative)
    known = told_of(by=by, session=nowhere).without({folded(name) for name in besides})
    asked = {name: said_in(text, known) for name, text in texts.items() if isinstance(text, str)}
    question = _(
        "This says “%(words)s”, which is on record of somebody who takes part. Where no session on the record is "
        "named, nobody is either."
    )
    return {name: question % {"words": listed(words[:MOST_SHOWN])} for name, words in asked.items() if words}


@dataclass(frozen=True, slots=True)
class Known:
    """By what people are known, folded: `wholes` wherever they stand; `parts` of names only where they are written like
    a name, since many a name is a common word as well."""

    wholes: frozenset[str]
    parts: frozenset[str]

    def without(self, words: AbstractSet[str]) -> Known:
        return Known(self.wholes - words, self.parts - words)


def told_of(*, by: User, session: Session) -> Known:
    """Of whoever was there; where that is not kept, of everybody who takes part."""
    there = Attendance.objects.visible_to(by).filter(session=session).values("participation__person")
    if not session._state.adding and there.exists():
        return _told_of(by, there)
    # A table of sessions asks for each of its rows: looked up once for the card that they share.
    once = session.initiative.__dict__.setdefault("_told_of", {})
    if by.pk not in once:
        part = Participation.objects.visible_to(by).filter(initiative=session.initiative_id)
        once[by.pk] = _told_of(by, part.values("person"))
    known: Known = once[by.pk]
    return known


def _told_of(by: User, persons: Any) -> Known:
    wholes: set[str] = set()
    parts: set[str] = set()
    with noted.looking_through():
        for identity in PersonIdentity.objects.visible_to(by).filter(person__in=persons):
            names = _names(identity)
            wholes |= {folded(name) for name in (*names, if_it_opens(identity, "affiliation") or "")}
            words = (word for name in names for word in WORD.findall(name))
            parts |= {folded(word) for word in words if len(word) >= SHORTEST_PART}
        wholes |= _offices(by, persons)
    return Known(frozenset(wholes - {""}), frozenset(parts - {""}))


def named_rows(
    *, by: User, rows: Iterable[Mapping[str, Any]], texts: Iterable[str]
) -> list[tuple[str, list[str]]]:
    """(id, words) of rows that are about to leave in a file and hold names on record of those who take part in their
    initiative, whenever these were written down; as far as `by` opens identities. `texts`: fields of a row."""
    known: dict[str, Known] = {}
    found = []
    for row in rows:
        text = "\n".join(str(row[name]) for name in texts if row.get(name))
        if not text:
            continue
        if row["initiative"] not in known:
            parts = Participation.objects.visible_to(by).filter(initiative=row["initiative"])
            known[row["initiative"]] = _told_of(by, parts.values("person"))
        if words := said_in(text, known[row["initiative"]]):
            found.append((str(row["id"]), words))
    return found


def names_of(identity: PersonIdentity) -> Known:
    """By which names somebody is known, without affiliations and offices: to find where a name stands, for whoever may
    open it."""
    with noted.looking_through():
        names = _names(identity)
    words = (word for name in names for word in WORD.findall(name))
    wholes = {folded(name) for name in names} - {""}
    return Known(frozenset(wholes), frozenset({folded(word) for word in words if len(word) >= SHORTEST_PART}))


def _names(identity: PersonIdentity) -> list[str]:
    others = if_it_opens(identity, "other_names") or []
    return [if_it_opens(identity, "name") or "", *(entry.get("name", "") for entry in others)]


def _offices(by: User, persons: Any) -> set[str]:
    links = [
        link for link in OfficialLink.objects.visible_to(by).filter(person__in=persons) if link.is_live()
    ]
    ids = {tie["body"] for link in links if (tie := if_it_opens(link, "tie"))}
    bodies = OfficialBody.objects.visible_to(by).filter(pk__in=ids)
    return {folded(name) for name in bodies.values_list("name", flat=True)}


def said_in(text: str, known: Known) -> list[str]:
    """Which of them a text holds, as whole words, each once and the longest first: a name and not also its parts."""
    inside = f" {folded(text)} "
    bare = f" {bare_of(inside)} "
    like_names = {folded(word) for word in WORD.findall(text) if not word[0].islower()}
    like_names |= {bare_of(word) for word in like_names}
    found: list[str] = []
    for words in sorted(known.wholes | known.parts, key=lambda words: (-len(words), words)):
        form = f" {bare_of(words)} "
        there = f" {words} " in inside or form in bare
        if there and (words in known.wholes or {words, form.strip()} & like_names):
            found.append(words)
            inside, bare = inside.replace(f" {words} ", "  "), bare.replace(form, "  ")
    return found


def bare_of(words: str) -> str:
    """Arabic words without what is written as one with them: "and", "for", "by", the article."""
    return " ".join(PREFIX.sub("", word) for word in words.split())


def folded(text: str) -> str:
    """Words in one form: without case, accents, vowel signs and punctuation, one space between."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    letters = "".join(character for character in plain if not unicodedata.combining(character))
    letters = letters.replace("ـ", "").translate(_ALIKE)
    return " ".join(re.findall(r"\w+", letters))


# Letters that are written one for the other in Arabic and Persian.
_ALIKE = str.maketrans(
    {"ک": "ك", "ی": "ي", "\u200c": "", "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ة": "ه"}
)

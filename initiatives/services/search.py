"""Searching what one may read: titles and objectives of one's own teams in memory, cards in the database.

Encrypted texts cannot be searched by the database, so the briefs of one's own teams are opened for every search:
some microseconds each, and never more than one's own.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID

from accounts.models import User
from confidentiality import noted
from confidentiality.fields import if_it_opens
from initiatives.models import Brief, Initiative
from initiatives.querysets import SEARCH_WORDS
from initiatives.services.brief import entitle

# What is looked through, by name of the field; of a brief and of a card.
IN_BRIEF = ("title", "objective")
IN_CARD = ("codename", "public_line", "title")
TATWEEL = "\u0640"
# Letters that readers of Arabic take for one another: the endings, and the Persian forms of kaf and ya.
ALIKE = str.maketrans({"ى": "ي", "ة": "ه", "ک": "ك", "ی": "ي"})
# Accents and vowel signs, which stand apart once a text is decomposed, and the stretching of Arabic letters.
LEFT_OUT = {code: None for code in range(0x300, 0xFE30) if unicodedata.combining(chr(code))} | {
    ord(TATWEEL): None
}


@dataclass(frozen=True, slots=True)
class Hit:
    """An initiative that fits, and in which of its fields: `brief.title`, `brief.objective`, `codename`,
    `public_line`, `title` (the published one)."""

    initiative: Initiative
    places: tuple[str, ...]


def find(*, by: User, text: str, limit: int) -> list[Hit]:
    """Initiatives that hold every word, one's own first, each in the order of lists; at most `limit`."""
    words = words_of(text)
    if not words:
        return []
    with noted.looking_through():
        places = dict(islice(_in_briefs(by, words), limit))
    own = _hits(by, places)
    known = {hit.initiative.pk for hit in own}
    cards = Initiative.objects.visible_to(by).search(text).exclude(pk__in=known)
    cards = cards.select_related("conflict").order_by("-began_on", "pk")
    others = [Hit(card, _places(_card_texts(card), words)) for card in cards[: limit - len(own)]]
    entitle(by=by, initiatives=[hit.initiative for hit in own])
    for hit in own:
        noted.found(hit.initiative.pk, hit.initiative)
    return [*own, *others]


def briefs_with(*, by: User, text: str) -> list[UUID]:
    """Ids of the initiatives of one's teams whose title or objective hold every word."""
    words = words_of(text)
    if not words:
        return []
    briefs = Brief.objects.visible_to(by).only("initiative", *IN_BRIEF)
    with noted.looking_through():
        return [brief.initiative_id for brief in briefs if _places(_brief_texts(brief), words)]


def find_records(
    records: Iterable[Any], names: tuple[str, ...], text: str, *, limit: int
) -> list[tuple[Any, tuple[str, ...]]]:
    """Records whose texts of these names hold every word, and in which of them; opened in memory, at most `limit`."""
    words = words_of(text)
    if not words:
        return []
    with noted.looking_through():
        texts = ((record, {name: if_it_opens(record, name) or "" for name in names}) for record in records)
        found = ((record, _places(held, words)) for record, held in texts)
        hits = list(islice(((record, places) for record, places in found if places), limit))
    for record, _where in hits:
        if (stream := record.audit_stream) is not None:
            noted.found(stream, record)
    return hits


def fold(text: str) -> str:
    """A text as it is compared: without case, accents, Arabic vowel signs, and letters that look alike."""
    if text.isascii():
        return text.lower()
    bare = unicodedata.normalize("NFKD", text).translate(LEFT_OUT)
    return unicodedata.normalize("NFKC", bare).casefold().translate(ALIKE)


def words_of(text: str) -> list[str]:
    return [word for word in fold(text).split() if word][:SEARCH_WORDS]


def _in_briefs(user: User, words: list[str]) -> Iterable[tuple[UUID, tuple[str, ...]]]:
    """(initiative, where) of one's own that hold all words, the newest first. Their cards are looked through, too."""
    named = tuple(f"initiative__{name}" for name in IN_CARD)
    briefs = Brief.objects.visible_to(user).select_related("initiative").only("initiative", *IN_BRIEF, *named)
    for brief in briefs.order_by("-initiative__began_on", "initiative"):
        if places := _places({**_brief_texts(brief), **_card_texts(brief.initiative)}, words):
            yield brief.initiative_id, places


def _hits(user: User, places: Mapping[UUID, tuple[str, ...]]) -> list[Hit]:
    cards = Initiative.objects.of_team(user).select_related("conflict").in_bulk(list(places))
    return [Hit(cards[pk], where) for pk, where in places.items() if pk in cards]


def _brief_texts(brief: Brief) -> dict[str, str]:
    return {f"brief.{name}": if_it_opens(brief, name) or "" for name in IN_BRIEF}


def _card_texts(card: Initiative) -> dict[str, str]:
    return {name: getattr(card, name) for name in IN_CARD}


def _places(texts: Mapping[str, str], words: list[str]) -> tuple[str, ...]:
    """The fields that hold one of the words at least, if together they hold all of them; else none."""
    found = {name: {word for word in words if word in folded} for name, folded in _folded(texts)}
    if set().union(*found.values()) != set(words):
        return ()
    return tuple(name for name, held in found.items() if held)


def _folded(texts: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    return ((name, fold(text)) for name, text in texts.items() if text)

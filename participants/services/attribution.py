"""Whether a text tells who takes part: names, affiliations and offices of those who do, as they stand on record.

For texts that may leave the team while people may not: of sessions and outcomes under rules that keep who was there
inside, messages, the brief, the public line. A question to the writer, never a wall: nobody is recognised who is
described in other words, and a common word may be somebody's name. What is compared is what the writer may open. A
rapporteur, who opens no identity, is asked about offices and never about a name or an affiliation: a question would
tell who takes part.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from confidentiality import noted
from confidentiality.fields import if_it_opens
from confidentiality.policy import UNATTRIBUTED_IN_FILES
from confidentiality.words import listed
from initiatives.models import Initiative, Session
from initiatives.services.overriding import Naming
from participants.models import OfficialBody, OfficialLink, Participation, PersonIdentity
from participants.querysets import OPENING
from participants.services.likeness import Known, known_as, said_in, ways_of_writing


def doubts(
    *,
    by: User,
    session: Session,
    texts: Mapping[str, Any],
    rules: Container[str] = UNATTRIBUTED_IN_FILES,
    besides: Iterable[str] = (),
) -> dict[str, str]:
    """What to ask who writes of a session, by field. `texts`: as typed. `rules`: of sessions under which it matters.
    `besides`: names of offices that may well be meant, such as the one a message goes to."""
    if session.rule not in rules:
        return {}
    question = _(
        "This says “%(words)s”, which is on record of somebody who takes part. Under “%(rule)s” it may not."
    )
    rule = session.get_rule_display()
    meant = {way for name in besides for way in ways_of_writing(name)}
    found = _found(by, session.initiative, texts, meant)
    return {
        name: Naming(question % {"words": listed(words), "rule": rule}, words)
        for name, words in found.items()
    }


def doubts_of_all(
    *, by: User, initiative: Initiative, texts: Mapping[str, Any], besides: Iterable[str] = ()
) -> dict[str, str]:
    """The same of texts that came out of no session: nobody agreed to be named there."""
    question = _(
        "This says “%(words)s”, which is on record of somebody who takes part. Where no session on the record is "
        "named, nobody is either."
    )
    meant = {way for name in besides for way in ways_of_writing(name)}
    return {
        name: Naming(question % {"words": listed(words)}, words)
        for name, words in _found(by, initiative, texts, meant).items()
    }


def doubts_inside(
    *, by: User, initiative: Initiative, texts: Mapping[str, Any], session: Session | None = None
) -> dict[str, str]:
    """The same for whoever knows no people: of a session, or of texts of the initiative itself that others read."""
    if session is not None:
        return doubts(by=by, session=session, texts=texts)
    question = _("This says “%(words)s”, which is on record of somebody who takes part. Others may read it.")
    return {
        name: Naming(question % {"words": listed(words)}, words)
        for name, words in _found(by, initiative, texts).items()
    }


def _found(
    by: User, initiative: Initiative, texts: Mapping[str, Any], meant: AbstractSet[str] = frozenset()
) -> dict[str, list[str]]:
    typed = {name: text for name, text in texts.items() if isinstance(text, str) and text.strip()}
    if not typed:
        return {}
    known = told_of(by=by, initiative=initiative).without(meant)
    asked = {name: said_in(text, known) for name, text in typed.items()}
    return {name: words for name, words in asked.items() if words}


def told_of(*, by: User, initiative: Initiative) -> Known:
    """Of everybody who takes part: who was in the next room is as little to be told as who was in this one, and who
    was there is seldom written down before the text."""
    # A table of sessions asks for each of its rows: looked up once for the card that they share.
    once: dict[Any, Known] = initiative.__dict__.setdefault("_told_of", {})
    if by.pk not in once:
        once[by.pk] = _of_those_in(by, initiative.pk)
    return once[by.pk]


def _of_those_in(by: User, initiative: Any) -> Known:
    part = Participation.objects.visible_to(by).filter(initiative=initiative)
    return _told_of(by, part.values("person"))


def _told_of(by: User, persons: Any) -> Known:
    """What may be compared is decided here, and nowhere else: what `by` opens."""
    with noted.looking_through():
        identities = list(PersonIdentity.objects.visible_to(by).filter(person__in=persons))
        names = [name for identity in identities for name in _names(identity)]
        affiliations = [if_it_opens(identity, "affiliation") or "" for identity in identities]
        return known_as(names, whole=[*affiliations, *_offices(by, persons)])


def names_of(identity: PersonIdentity) -> Known:
    """By which names somebody is known, without affiliations and offices: to find where a name stands, for whoever may
    open it."""
    with noted.looking_through():
        return known_as(_names(identity))


def _names(identity: PersonIdentity) -> list[str]:
    others = if_it_opens(identity, "other_names") or []
    return [if_it_opens(identity, "name") or "", *(entry.get("name", "") for entry in others)]


def _offices(by: User, persons: Any) -> list[str]:
    links = [
        link for link in OfficialLink.objects.visible_to(by).filter(person__in=persons) if link.is_live()
    ]
    ids = {tie["body"] for link in links if (tie := if_it_opens(link, "tie"))}
    return list(OfficialBody.objects.visible_to(by).filter(pk__in=ids).values_list("name", flat=True))


# --- What is about to leave in a file ------------------------------------------------------------------------------


def named_rows(
    *,
    by: User,
    rows: Iterable[Mapping[str, Any]],
    texts: Collection[str],
    besides: Callable[[Mapping[str, Any]], Iterable[str]] = lambda row: (),
) -> list[tuple[str, list[str]]]:
    """(id, words) of rows that are about to leave in a file and hold names on record of those who take part in their
    initiative, whenever these were written down; as far as `by` opens identities. `texts`: fields of a row.
    `besides`: offices that a row may name."""
    known: dict[str, Known] = {}
    found = []
    for row in rows:
        text = "\n".join(str(row[name]) for name in texts if row.get(name))
        if not text:
            continue
        if row["initiative"] not in known:
            known[row["initiative"]] = _of_those_in(by, row["initiative"])
        meant = {way for name in besides(row) for way in ways_of_writing(name)}
        words = [one for one in said_in(text, known[row["initiative"]]) if one not in meant]
        if words:
            found.append((str(row.get("id", row["initiative"])), words))
    return found


def opens_who_takes_part(*, by: User, initiatives: Collection[Any]) -> set[str]:
    """Those of the initiatives in which somebody may open who people are: elsewhere a text is looked through for
    offices alone, and nobody is to think that it was for names."""
    leading = by.team_memberships.live().filter(role__in=OPENING, initiative__in=initiatives)
    return {str(pk) for pk in leading.values_list("initiative_id", flat=True)}

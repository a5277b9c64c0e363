"""Warnings that somebody may override with a reason, since reality is messy. Not for what is never allowed.

A reason covers what was shown to whoever gives it. Each question therefore goes out with signs, which come back with
the reason: keyed sums over who was asked, about what kind of record and what exactly, so that nothing of a text is in
them and nobody makes one up. What is asked by then and was not among them is asked again.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.crypto import salted_hmac

from accounts.models import User

CODE = "confirm"
_BETWEEN, _SIGN_BYTES = ".", 12


class Reason(str):
    """Why what was doubted is right all the same. `asked`: the signs of what was shown, None where the caller says only
    why; `place`: where in a table it stands that is asked about."""

    __slots__ = ("asked", "place")
    asked: frozenset[str] | None
    place: str

    def __new__(cls, text: str, asked: Iterable[str] | None = None, place: str = "") -> Reason:
        made = super().__new__(cls, text)
        made.asked = None if asked is None else frozenset(sign for one in asked for sign in _signs_in(one))
        made.place = place
        return made

    @classmethod
    def at(cls, reason: str, place: object) -> Reason:
        """The same reason, for one row of a table."""
        return cls(reason, getattr(reason, "asked", None), str(place))


class Naming(str):
    """A question whether a text says who takes part. `words`: which; each of them is covered by itself, so that whoever
    takes one of two names out is not asked about the other again."""

    __slots__ = ("words",)
    words: tuple[str, ...]

    def __new__(cls, text: str, words: Iterable[str]) -> Naming:
        made = super().__new__(cls, text)
        made.words = tuple(words)
        return made


class Confirm(str):
    """The code of a doubt, which takes along what has to come back with the reason: a code reaches pages and programs
    as it is, whatever is made of the refusal on the way."""

    __slots__ = ("asked",)
    asked: str

    def __new__(cls, signs: Iterable[str]) -> Confirm:
        made = super().__new__(cls, CODE)
        made.asked = _BETWEEN.join(sorted(signs))
        return made


class Doubt(ValidationError):
    """What was asked for is unlikely, not impossible: it passes with a reason, which is kept. By field."""

    @property
    def asked(self) -> list[str]:
        return [
            one.code.asked
            for problems in self.error_dict.values()
            for one in problems
            if isinstance(one.code, Confirm)
        ]


def concerning(kind: str, record: Any, *circumstances: Any) -> str:
    """What a question is about: the kind, the record as soon as it is stored, and on what the answer rests (under which
    rule, in which initiative, to which office), so that seen in one place is not seen in another."""
    stored = "" if record._state.adding else record.pk
    return " ".join(str(part or "-") for part in (kind, stored, *circumstances))


def doubt(errors: Mapping[str, str], reason: str, *, by: User, about: str) -> None:
    """Raise what is unlikely, each at its field with the code `confirm`, as far as no reason covers it. `about`: the
    kind of record, or what it is `concerning`.

    A reason without signs covers everything but whether a text names somebody: that has to have been seen.
    """
    place, given = getattr(reason, "place", ""), getattr(reason, "asked", None)
    signs = {name: frozenset(_signs(by, about, place, name, text)) for name, text in errors.items()}

    def is_covered(name: str) -> bool:
        if not reason.strip():
            return False
        return signs[name] <= given if given is not None else not isinstance(errors[name], Naming)

    left = {name: str(text) for name, text in errors.items() if not is_covered(name)}
    if not left:
        return
    before = frozenset[str]().union(*signs.values()) & (given or frozenset())
    raise Doubt(
        {name: ValidationError(text, code=Confirm(signs[name] | before)) for name, text in left.items()}
    )


def together(one: Mapping[str, str], other: Mapping[str, str]) -> dict[str, str]:
    """Questions of two kinds: both, where they stand at one field."""
    found = {**one, **other}
    for name in one.keys() & other.keys():
        first, second = one[name], other[name]
        named = [text for text in (first, second) if isinstance(text, Naming)]
        words = [word for text in named for word in text.words]
        plain = [text for text in (first, second) if not isinstance(text, Naming)]
        text = f"{first} {second}"
        found[name] = Naming(text, [*words, *plain]) if named else text
    return found


def as_one(questions: Iterable[str]) -> str:
    """Several questions asked one after the other; nothing for none."""
    asked: dict[str, str] = {}
    for text in filter(None, questions):
        asked = together(asked, {"": text})
    return asked.get("", "")


def _signs(by: User, about: str, place: str, name: str, text: str) -> Iterator[str]:
    for point in text.words if isinstance(text, Naming) else (text,):
        # Parts by length, so that none of them can lend a letter to its neighbour.
        parts = "".join(f"{len(part)}:{part}" for part in (str(by.pk), about, place, name, point))
        digest = salted_hmac("t2d.asked", parts, algorithm="sha256").digest()
        yield urlsafe_b64encode(digest[:_SIGN_BYTES]).decode()


def _signs_in(text: str) -> list[str]:
    return re.findall(r"[\w-]+", text, re.ASCII)

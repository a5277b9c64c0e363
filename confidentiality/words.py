"""Names one after the other in a sentence, as the reader's language writes them.

On the ground floor since every app above writes sentences. Not for codes that a program reads, nor for what is typed
into a field: those keep the Latin comma.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import get_language_bidi, pgettext


def listed(names: Iterable[object], *, facts: bool = False) -> str:
    """Names with commas between them, in Arabic with Arabic ones. `facts` hold commas already: semicolons then.

    From right to left each name is isolated, or two Latin names would stand in the wrong order.
    """
    texts = [str(name) for name in names]
    if get_language_bidi():
        texts = [isolated(text) for text in texts]
    return (semicolon() if facts else comma()).join(texts)


def comma() -> str:
    return pgettext("between the names of a list", ", ")


def semicolon() -> str:
    return pgettext("between the facts of a sentence", "; ")


def isolated(name: str) -> str:
    """A name that keeps its own direction within a sentence of another one, and turns nothing around it."""
    return f"\u2068{name}\u2069"

"""Room for the frames of deep calls, in one piece.

Python keeps the frames of a thread in pieces of 16 KiB, and gives a piece back to the machine as soon as nothing stands
in it. A loop whose calls go just over the edge of one takes and gives back a piece with every call, each time with a
page fault or two. A request is some eighty calls deep before a template begins its loops, so hardly one is spared:
measured, a tenth to a fifth of the time of an answer (benchmarks/frames.py).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

Function = TypeVar("Function", bound=Callable[..., Any])

# Of eight bytes: one MiB, so that Python takes a piece of two, and one is left for what is called.
SLOTS = 2**17


def with_room(function: Function) -> Function:
    """The function, called from a frame so large that those below it have room in the piece that is taken for it."""

    def call(*given: Any, **named: Any) -> Any:
        return function(*given, **named)

    call.__code__ = call.__code__.replace(co_stacksize=SLOTS)
    return cast("Function", call)

"""Room for the frames of deep calls: what is called is what it was, and no depth is a bad one to begin a loop at."""

from __future__ import annotations

import resource
from collections.abc import Callable

import pytest

from t2d.frames import with_room

CALLS, DEPTHS = 500, 150


def faults_of(call: Callable[[], None]) -> int:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    call()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def worst_depth() -> int:
    """The most page faults of a loop of calls, begun at each of many depths."""

    def at(depth: int) -> int:
        return at(depth - 1) if depth else faults_of(loop)

    def loop() -> None:
        for _call in range(CALLS):
            nothing(1, 2, 3)

    def nothing(*given: int, **named: int) -> tuple[int, ...]:
        return given

    return max(at(depth) for depth in range(DEPTHS))


def test_no_depth_is_a_bad_one() -> None:
    assert with_room(worst_depth)() < CALLS // 5


def test_what_is_called_is_what_it_was() -> None:
    def told(one: int, *more: int, named: int = 0) -> tuple[int, ...]:
        return (one, *more, named)

    def refused() -> None:
        raise LookupError("told")

    assert with_room(told)(1, 2, named=3) == (1, 2, 3)
    with pytest.raises(LookupError, match="told"):
        with_room(refused)()

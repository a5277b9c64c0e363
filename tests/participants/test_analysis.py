"""The quadrant and the suggestions against a recomputation that knows nothing of theirs, on generated people."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from participants.analysis import Standpoint, suggestions
from participants.enums import Criterion, Quadrant

OF_COMPETENCE = [
    "substantive_competence",
    "political_knowledge",
    "technical_knowledge",
    "creativity_flexibility",
]

ratings = st.dictionaries(st.sampled_from(Criterion.values), st.integers(0, 4))
strengths = st.lists(st.integers(0, 4), max_size=4).map(tuple)
people = st.lists(st.tuples(st.sampled_from(["up", "down", None]), ratings, strengths), max_size=12)


def quadrant_again(rated: dict[str, int], links: tuple[int, ...]) -> str:
    marks = [Fraction(rated[name]) for name in OF_COMPETENCE if name in rated]
    competent = len(marks) > 0 and sum(marks) / len(marks) >= Fraction(5, 2)
    linked = any(link >= 2 for link in links)
    return {
        (True, True): "bridge",
        (True, False): "expert_unlinked",
        (False, True): "connector_unversed",
        (False, False): "neither",
    }[competent, linked]


def standpoints(generated: list[Any]) -> list[Standpoint[int]]:
    return [Standpoint(number, *each) for number, each in enumerate(generated)]


@given(people)
def test_everybody_stands_where_a_recomputation_says(generated: list[Any]) -> None:
    for each in standpoints(generated):
        assert each.quadrant == quadrant_again(dict(each.ratings), each.strengths)


@given(people)
def test_pairs_are_all_those_on_one_side_that_complete_each_other(generated: list[Any]) -> None:
    found = {pair for each in suggestions(standpoints(generated)) for pair in each.pairs()}
    quadrants = [quadrant_again(rated, links) for _side, rated, links in generated]
    numbers = range(len(generated))
    again = {
        (one, other)
        for one, other in product(numbers, numbers)
        if quadrants[one] == "expert_unlinked"
        and quadrants[other] == "connector_unversed"
        and generated[one][0] == generated[other][0]
        and generated[one][0] is not None
    }

    assert found == again


def test_exactly_two_and_a_half_is_competent() -> None:
    half = Standpoint(1, "up", {"political_knowledge": 2, "technical_knowledge": 3})

    assert half.quadrant is Quadrant.EXPERT_UNLINKED
    assert (
        Standpoint(1, "up", {"political_knowledge": 2, "technical_knowledge": 2}).quadrant is Quadrant.NEITHER
    )


def test_what_does_not_count_does_not_count() -> None:
    """Other criteria, and a link that is weak."""
    other = Standpoint(1, "up", {"language": 4, "availability": 4}, (1, 0))

    assert other.quadrant is Quadrant.NEITHER
    assert other.unrated

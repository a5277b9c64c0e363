"""The real register, imported and compared: what is expected is flagged, what is excluded is not."""

from __future__ import annotations

import csv
from pathlib import Path

from conftest import World
from coordination.enums import FlagState
from coordination.models import OverlapFlag
from coordination.services.comparison import compare_everything, compare_waiting
from coordination.services.flags import assessments_for
from initiatives.models import Initiative
from initiatives.services.importing import import_initiatives
from tests.coordination import oracle

DEMO = Path(__file__).parents[2] / "demo"


def test_register_is_flagged_as_expected(world: World) -> None:
    with (DEMO / "historic_initiatives.csv").open("rb") as lines:
        assert not import_initiatives(by=world.cora, lines=lines).rejected
    compare_waiting()

    references = dict(Initiative.objects.exclude(reference="").values_list("pk", "reference"))
    seen = OverlapFlag.objects.visible_to(world.cora).filter(state=FlagState.NEW, first__in=references)
    found = {
        frozenset((references[flag.first_id], references[flag.second_id])): (flag.points, flag.band)
        for flag in seen
    }
    rows = (DEMO / "historic_expected_overlaps.csv").read_text(encoding="utf-8").splitlines()
    for row in csv.DictReader(rows):
        points, band = found.get(frozenset((row["first"], row["second"])), (0, ""))
        assert (band == "flag" and points >= 13) == (row["expected"] == "flag"), row
        assert row["expected"] == "flag" or points == 0, row
    assert {assessment.value for flag in seen for assessment in assessments_for(flag)} == {
        "complementary",
        "neutral",
        "not_an_overlap",
    }


def test_every_pair_of_the_register_has_the_points_of_the_oracle(world: World) -> None:
    with (DEMO / "historic_initiatives.csv").open("rb") as lines:
        import_initiatives(by=world.cora, lines=lines)
    compare_waiting()

    cards = {
        card.pk: {
            "path": tuple(card.conflict.lineage),
            "track_type": card.track_type,
            "began_on": card.began_on,
            "began_precision": card.began_precision,
            "ended_on": card.ended_on,
            "ended_precision": card.ended_precision,
            "themes": card.themes,
            "sides": [party.parent_id or party.pk for party in card.parties.all()],
            "matching": card.matching,
        }
        for card in Initiative.objects.filter(public_record=True).select_related("conflict")
    }
    stored = OverlapFlag.objects.filter(first__public_record=True)
    assert len(cards) == 35
    assert {(flag.first_id, flag.second_id): (flag.points, flag.band) for flag in stored} == oracle.pairs(
        cards
    )
    assert compare_everything().unchanged == len(stored)

"""The comparison on a real database: what it writes, keeps, and leaves alone; and that both ways agree."""

from __future__ import annotations

import threading
from datetime import date
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from confidentiality.actor import DETECTOR, actor
from conftest import World
from coordination.enums import FlagState
from coordination.models import CoordinationLink, OutboxEntry, OverlapFlag
from coordination.services import comparison, flags, links, outbox
from coordination.services.comparison import compare_everything, compare_waiting
from initiatives import services
from initiatives.models import Initiative
from tests import factories as make

Row = dict[str, Any]


def compare(*initiatives: Initiative) -> int:
    outbox.enqueue(initiative_ids=[initiative.pk for initiative in initiatives])
    return compare_waiting()


def only_flag() -> OverlapFlag:
    return OverlapFlag.objects.current().get()


def rows() -> list[Row]:
    return list(OverlapFlag.objects.order_by("id").values())


@pytest.fixture
def flagged(world: World) -> World:
    compare(world.secret, world.rival)
    return world


def test_pair_is_flagged_with_its_reasons(flagged: World) -> None:
    flag = only_flag()

    assert {flag.first_id, flag.second_id} == {flagged.secret.pk, flagged.rival.pk}
    assert flag.first_id < flag.second_id
    assert (flag.points, flag.band, flag.state) == (16, "flag", "new")
    assert flag.kinds == ["same_conflict_same_goal"]
    assert flag.factors["themes"] == {"points": 8, "shared": 2, "union": 2}
    assert flag.factors["parties"] == {"points": 3, "shared": 2, "smaller": 2}
    assert flag.factors["conflict"] == {"points": 2, "distance": 0}
    assert flag.factors["track_type"] == {"points": 1, "equal": True}
    assert flag.factors["time"]["points"] == 2
    assert not OutboxEntry.objects.exists()


def test_nothing_is_written_when_nothing_changed(flagged: World) -> None:
    before = rows()
    outbox.enqueue(initiative_ids=[flagged.secret.pk, flagged.rival.pk])

    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert compare_waiting() == 2
    counts = compare_everything()

    assert rows() == before
    written = [q["sql"] for q in queries if q["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    assert [sql.split(" WHERE")[0] for sql in written] == ['DELETE FROM "coordination_outboxentry"']
    assert counts.as_dict() == {
        "initiatives": 2,
        "created": 0,
        "updated": 0,
        "removed": 0,
        "unchanged": 1,
        "faults": 0,
    }


def test_number_of_queries_does_not_grow_with_the_register(flagged: World) -> None:
    def queries_for_one() -> int:
        outbox.enqueue(initiative_ids=[flagged.secret.pk])
        with CaptureQueriesContext(connection) as queries:
            compare_waiting()
        return len(queries)

    queries_for_one()
    before = queries_for_one()
    compare(*(make.make_initiative(flagged.conflict, flagged.house) for _ in range(5)))

    assert queries_for_one() == before


def test_matching_off_removes_the_flag_and_is_never_compared(flagged: World) -> None:
    services.edit_initiative(by=flagged.alice, initiative=flagged.secret, matching="off")
    compare_waiting()

    assert not OverlapFlag.objects.exists()
    assert compare_everything().initiatives == 1


def test_factions_count_as_their_party(world: World) -> None:
    left = make.make_party(world.conflict, "Upstream (Left)", parent=world.up)
    right = make.make_party(world.conflict, "Upstream (Right)", parent=world.up)
    services.edit_initiative(by=world.alice, initiative=world.secret, parties=[left])
    services.edit_initiative(by=world.rita, initiative=world.rival, parties=[right])
    compare_waiting()

    assert only_flag().factors["parties"] == {"points": 3, "shared": 1, "smaller": 1}


def test_nested_conflicts_are_compared_and_siblings_are_not(world: World) -> None:
    sibling = make.make_conflict("Upper Test", world.conflict)
    for conflict, points in ((world.child, 15), (sibling, 15)):
        services.edit_initiative(by=world.alice, initiative=world.secret, conflict=conflict)
        compare_waiting()
        assert only_flag().points == points
    services.edit_initiative(by=world.rita, initiative=world.rival, conflict=world.child)
    compare_waiting()

    assert not OverlapFlag.objects.exists()


def test_changed_points_keep_an_assessment(flagged: World) -> None:
    flags.assess_flag(by=flagged.cora, flag=only_flag(), assessment="neutral", note="Both know.")
    before = only_flag()
    services.edit_initiative(by=flagged.alice, initiative=flagged.secret, track_type="t3")
    compare_waiting()

    flag = only_flag()
    assert (flag.pk, flag.points, flag.state, flag.assessment) == (before.pk, 15, "assessed", "neutral")
    assert flag.version == before.version + 1
    assert flag.last_seen_at > before.last_seen_at
    assert flag.first_seen_at == before.first_seen_at


def test_dismissal_survives_what_is_not_material(flagged: World) -> None:
    flags.dismiss_flag(by=flagged.cora, flag=only_flag(), reason="Two rooms of one house.")
    services.edit_initiative(
        by=flagged.alice, initiative=flagged.secret, began_on=date(2023, 5, 1), began_precision="day"
    )
    compare_waiting()
    compare_everything()

    assert only_flag().state == FlagState.DISMISSED


def test_material_change_makes_a_dismissed_flag_history(flagged: World) -> None:
    flags.dismiss_flag(by=flagged.cora, flag=only_flag(), reason="Two rooms of one house.")
    old = only_flag()
    services.edit_initiative(by=flagged.alice, initiative=flagged.secret, themes=["ceasefire"])
    compare_waiting()

    new = only_flag()
    old.refresh_from_db()
    assert (new.state, new.previous, new.note) == (FlagState.NEW, old, "")
    assert (old.state, old.superseded, old.note) == (FlagState.DISMISSED, True, "Two rooms of one house.")
    assert compare_everything().unchanged == 1


@pytest.mark.parametrize("decision", ["assessed", "dismissed"])
def test_decided_flag_expires_and_returns_to_what_it_was(flagged: World, decision: str) -> None:
    if decision == "assessed":
        flags.assess_flag(by=flagged.cora, flag=only_flag(), assessment="complementary")
    else:
        flags.dismiss_flag(by=flagged.cora, flag=only_flag(), reason="Known to both.")
    services.edit_initiative(by=flagged.alice, initiative=flagged.secret, themes=["nuclear_risk"])
    compare_waiting()
    assert only_flag().state == FlagState.EXPIRED
    assert compare_everything().faults == 0

    services.edit_initiative(by=flagged.alice, initiative=flagged.secret, themes=["ceasefire", "elections"])
    compare_waiting()

    assert only_flag().state == decision


def test_linked_pair_keeps_its_flag_until_the_link_ends(flagged: World) -> None:
    link = links.arrange_coordination(
        by=flagged.cora, first=flagged.rival, second=flagged.secret, mechanism="sequencing", depth="inform"
    )
    services.edit_initiative(by=flagged.alice, initiative=flagged.secret, themes=["nuclear_risk"])
    compare_waiting()
    assert OverlapFlag.objects.with_coordinated().get().coordinated
    assert compare_everything().faults == 0

    links.end_coordination(by=flagged.cora, link=link)
    compare_waiting()

    assert not OverlapFlag.objects.exists()


def test_link_does_not_keep_a_flag_of_what_is_no_longer_compared(flagged: World) -> None:
    links.arrange_coordination(
        by=flagged.cora, first=flagged.rival, second=flagged.secret, mechanism="sequencing", depth="inform"
    )
    services.edit_initiative(by=flagged.alice, initiative=flagged.secret, matching="off")
    compare_waiting()

    assert not OverlapFlag.objects.exists()
    assert CoordinationLink.objects.live().exists()


def test_full_run_mends_and_reports_what_was_missed(flagged: World) -> None:
    OverlapFlag.objects.update(points=9, band="watch")
    assert compare_everything().as_dict() | {"initiatives": 0} == {
        "initiatives": 0,
        "created": 0,
        "updated": 1,
        "removed": 0,
        "unchanged": 0,
        "faults": 1,
    }
    assert only_flag().points == 16


def test_full_run_counts_no_fault_for_what_waits(world: World) -> None:
    outbox.enqueue(initiative_ids=[world.secret.pk])

    counts = compare_everything()

    assert (counts.created, counts.faults) == (1, 0)
    assert OutboxEntry.objects.count() == 1


def test_full_run_tells_how_far_it_is(world: World) -> None:
    make.make_initiative(make.make_conflict(), world.house)
    heard: list[tuple[int, int]] = []

    compare_everything(lambda done, total: heard.append((done, total)))

    assert len(heard) == 2
    assert heard[-1] == (3, 3)


def test_small_batches_finish_all_the_same(world: World) -> None:
    more = [make.make_initiative(world.conflict, world.house) for _ in range(5)]
    outbox.enqueue(initiative_ids=[i.pk for i in (world.secret, world.rival, *more)])

    assert compare_waiting(limit=2) == 7
    assert not OutboxEntry.objects.exists()
    assert compare_everything().faults == 0


def test_many_waiting_and_few_waiting_find_the_same(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for year in range(2015, 2026):
        for conflict in (world.conflict, world.child):
            make.make_initiative(
                conflict, world.house, began_on=date(year, 1, 1), ended_on=date(year, 7, 1),
                ended_precision="quarter", themes=["ceasefire"],
            )  # fmt: skip
    for initiative in Initiative.objects.all():
        compare(initiative)
    one_by_one = {(f.first_id, f.second_id): f.factors for f in OverlapFlag.objects.all()}
    OverlapFlag.objects.all().delete()
    monkeypatch.setattr(comparison, "FEW", 0)
    compare(*Initiative.objects.all())

    assert {(f.first_id, f.second_id): f.factors for f in OverlapFlag.objects.all()} == one_by_one
    assert len(one_by_one) > 10


# --- With real transactions: what others do at the same moment ---------------------------------------------


class Elsewhere:
    """Another connection: runs a function there and hands back what it returned or raised."""

    def __init__(self) -> None:
        self.result: Any = None

    def run(self, work: Any) -> threading.Thread:
        def body() -> None:
            try:
                self.result = work()
            except Exception as problem:
                self.result = problem
            finally:
                connection.close()

        thread = threading.Thread(target=body)
        thread.start()
        return thread


@pytest.fixture
def elsewhere() -> Elsewhere:
    return Elsewhere()


@pytest.mark.django_db(transaction=True)
def test_change_during_a_comparison_is_compared_again(
    transactional_db: None, world: World, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The saver waits for the claimed row; its change is not swallowed with it."""
    outbox.enqueue(initiative_ids=[world.secret.pk])
    started: list[threading.Thread] = []
    cards_near = comparison._cards_near

    def slowly(*given: Any) -> Any:
        found = cards_near(*given)
        if not started:
            change = lambda: services.edit_initiative(  # noqa: E731
                by=world.alice, initiative=world.secret, themes=["nuclear_risk"]
            )
            started.append(elsewhere.run(change))
            started[0].join(0.3)
            assert started[0].is_alive(), "the change did not wait"
        return found

    monkeypatch.setattr(comparison, "_cards_near", slowly)
    compare_waiting()
    started[0].join(10)
    assert isinstance(elsewhere.result, Initiative)
    assert OutboxEntry.objects.count() == 1
    compare_waiting()

    assert not OverlapFlag.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_workers_share_the_work(transactional_db: None, world: World) -> None:
    compare(world.secret)
    families = [make.make_conflict() for _ in range(6)]
    cards = [make.make_initiative(c, world.house, themes=["ceasefire"]) for c in families for _ in range(4)]
    outbox.enqueue(initiative_ids=[card.pk for card in cards])
    workers = [Elsewhere() for _ in range(3)]
    for thread in [worker.run(compare_waiting) for worker in workers]:
        thread.join(30)

    assert sum(worker.result for worker in workers) == len(cards)
    assert not OutboxEntry.objects.exists()
    assert OverlapFlag.objects.count() == 1 + 6 * 6
    assert compare_everything().faults == 0


@pytest.mark.django_db(transaction=True)
def test_what_somebody_is_deciding_is_put_off(
    transactional_db: None, world: World, elsewhere: Elsewhere
) -> None:
    compare(world.secret, world.rival)
    services.edit_initiative(by=world.alice, initiative=world.secret, track_type="t3")
    with transaction.atomic():
        flags.assess_flag(by=world.cora, flag=only_flag(), assessment="neutral")
        elsewhere.run(compare_waiting).join(10)
        assert elsewhere.result == 0
    assert OutboxEntry.objects.count() == 1
    compare_waiting()

    assert (only_flag().points, only_flag().state) == (15, "assessed")


@pytest.mark.django_db(transaction=True)
def test_card_on_its_way_elsewhere_gets_no_flag_behind(
    transactional_db: None, world: World, elsewhere: Elsewhere
) -> None:
    """Moving to another family is not yet committed when a worker compares its neighbour in the old one."""
    far = make.make_conflict("Far away")
    outbox.enqueue(initiative_ids=[world.rival.pk])
    with transaction.atomic():
        services.edit_initiative(by=world.alice, initiative=world.secret, conflict=far, parties=[])
        elsewhere.run(compare_waiting).join(10)
        assert elsewhere.result == 0
    compare_waiting()

    assert not OverlapFlag.objects.exists()
    assert not OutboxEntry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_moved_between_families_while_claimed(
    transactional_db: None, world: World, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that waits for the family's lock looks again once it has it."""
    compare(world.secret, world.rival)
    outbox.enqueue(initiative_ids=[world.secret.pk])
    far = make.make_conflict("Far away")
    lock = comparison._lock
    moved: list[bool] = []

    def move_first(family: Any) -> None:
        if not moved:
            moved.append(True)
            mover = Elsewhere()
            mover.run(
                lambda: services.edit_initiative(
                    by=world.alice, initiative=world.secret, conflict=far, parties=[]
                )
            ).join(10)
            assert isinstance(mover.result, Initiative)
        lock(family)

    monkeypatch.setattr(comparison, "_lock", move_first)
    assert compare_waiting() == 0
    assert compare_waiting() == 1

    assert not OverlapFlag.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_family_that_fails_does_not_hold_up_the_others(
    transactional_db: None, world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    far = make.make_conflict("Far away")
    cards = [make.make_initiative(far, world.house, themes=["ceasefire"]) for _ in range(2)]
    outbox.enqueue(initiative_ids=[world.secret.pk])
    outbox.enqueue(initiative_ids=[card.pk for card in cards])
    lock = comparison._lock

    def break_first(family: Any) -> None:
        if family == world.conflict.pk:
            connection.connection.close()
        lock(family)

    monkeypatch.setattr(comparison, "_lock", break_first)
    assert compare_waiting() == 2
    monkeypatch.setattr(comparison, "_lock", lock)
    assert world.secret.codename not in caplog.text
    assert compare_waiting() == 1

    assert OverlapFlag.objects.count() == 2


def test_acts_as_the_detector(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    lock = comparison._lock

    def look(family: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('t2d.actor', true)")
            seen.append(cursor.fetchone()[0])
        lock(family)

    monkeypatch.setattr(comparison, "_lock", look)
    with actor(world.cora):
        compare(world.secret)
    compare_everything()

    assert seen == [DETECTOR, DETECTOR]

"""What is gathered for the transfer page: for whom, of what, in how many queries."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from confidentiality import vault
from confidentiality.policy import Hidden
from conftest import World
from initiatives.models import Initiative
from initiatives.services import edit_conflict
from tests import factories as make
from tests import record
from transfer.enums import LADDER
from transfer.services import Overview, Part, statements_of, transfer_overview, what_waits

pytestmark = pytest.mark.django_db

# Asked each time: a run may last past midnight.
today = timezone.localdate
QUERIES, WAITING_QUERIES = 11, 5


def seen_by(user: Any, **chosen: Any) -> Overview:
    return transfer_overview(by=user, on=today(), **chosen)


def only_part(found: Overview) -> Part:
    (part,) = found.parts
    return part


def counted(found: Overview) -> dict[str, int]:
    """Everything that is counted, in sums."""
    cells = [cell for part in found.parts for row in part.rows.values() for cell in row.cells.values()]
    wholes = [row.whole for part in found.parts for row in part.rows.values()]
    shares = [share for part in found.parts for share in part.shares.values()]
    return {
        "ideas": len(found.places),
        "live": sum(cell.live for cell in cells),
        "stale": sum(cell.stale for cell in cells),
        "carried": sum(cell.carried for cell in [*cells, *wholes]),
        "people": sum(len(share.linked | share.carriers) for share in shares),
        "went": sum(len(share.ideas) for share in shares),
        "stuck": len(found.stuck),
        "lags": found.to_transfer.number if found.to_transfer else 0,
    }


def fill(initiative: Initiative, by: Any, world: World, times: int = 1) -> dict[str, Any]:
    """People of both sides with links, outcomes of each, transfers with steps."""
    body = record.make_body(world.conflict, party=world.up)
    for number in range(times):
        record.make_body(world.conflict)
        made = record.make_record(initiative, by, body)
        session = made["session"]
        record.make_outcome(initiative, by, session=session, endorsed_by=[world.up.pk, world.down.pk])
        moved = record.make_transfer(made["outcome"], by, body, sent_on=date(2026, 5, 1 + number))
        record.make_step(moved, by, "acknowledged", on=date(2026, 6, 1))
    return {**made, "body": body}


def test_one_initiative_with_one_of_everything(world: World) -> None:
    made = fill(world.secret, world.alice, world)
    part = only_part(seen_by(world.alice))
    row = part.rows[str(made["body"].pk)]
    cell = row.cells[str(world.up.pk)]
    assert [side.name for side in part.sides] == ["Downstream", "Upstream"]
    assert (cell.live, cell.stale, cell.carried, cell.last_on, cell.highest) == (1, 0, 1, date(2026, 4, 5), 1)
    assert (row.whole.carried, row.whole.last_on, row.whole.highest) == (2, date(2026, 5, 1), 3)
    assert row.cells[str(world.down.pk)].blank


def test_a_link_goes_stale_after_180_days(world: World) -> None:
    made = fill(world.secret, world.alice, world)
    for days, expected in ((180, (1, 0)), (181, (0, 1))):
        found = transfer_overview(by=world.alice, on=today() + timedelta(days=days))
        cell = only_part(found).rows[str(made["body"].pk)].cells[str(world.up.pk)]
        assert (cell.live, cell.stale, cell.nobody) == (*expected, days == 181)


def test_who_withdrew_reaches_nobody(world: World) -> None:
    made = fill(world.secret, world.alice, world)
    for status in ("withdrew", "declined", "blocked"):
        made["participation"].status = status
        made["participation"].save()
        part = only_part(seen_by(world.alice))
        assert part.rows[str(made["body"].pk)].cells[str(world.up.pk)].nobody
        assert len(part.shares[str(world.up.pk)].linked) == 0


def test_a_faction_counts_as_its_party(world: World) -> None:
    faction = make.make_party(world.conflict, "Upper valley", world.up)
    body = record.make_body(world.conflict, party=faction)
    person = record.make_person(world.house, party=faction)
    record.make_participation(world.secret, person)
    record.make_tie(person, body)
    outcome = record.make_outcome(world.secret, world.alice, endorsed_by=[faction.pk])
    record.make_transfer(outcome, world.alice, body)
    part = only_part(seen_by(world.alice))
    assert set(part.rows[str(body.pk)].cells) == {str(world.up.pk), str(world.down.pk)}
    cell = part.rows[str(body.pk)].cells[str(world.up.pk)]
    assert (cell.needed, cell.live, cell.carried) == (True, 1, 1)


def test_what_was_a_root_is_counted_for_the_sides_of_the_new_one(world: World) -> None:
    """What was recorded before names the former sides, which are offered nowhere any more."""
    fill(world.secret, world.alice, world)
    before = counted(seen_by(world.alice))
    edit_conflict(by=world.cora, conflict=world.conflict, parent=make.make_conflict("Straits"))
    found = seen_by(world.alice)
    assert counted(found) == before
    assert {side.conflict.name for side in only_part(found).sides} == {"Straits"}


def test_an_individual_change_is_of_the_side_of_whose_it_is(world: World) -> None:
    person = record.make_person(world.house, party=world.down)
    who = record.make_participation(world.secret, person)
    kinds = {"kind": "individual", "content_kind": "attitude_change"}
    outcome = record.make_outcome(world.secret, world.alice, participation=who, **kinds)
    assert seen_by(world.alice).ideas[str(outcome.pk)].owners == {str(world.down.pk)}


def test_what_is_deleted_is_not_counted(world: World) -> None:
    made = fill(world.secret, world.alice, world)
    before = counted(seen_by(world.alice))
    made["transfer"].deleted_at = made["transfer"].created_at
    made["transfer"].save()
    assert counted(seen_by(world.alice))["carried"] == before["carried"] - 1 - 1
    made["outcome"].deleted_at = made["outcome"].created_at
    made["outcome"].save()
    found = counted(seen_by(world.alice))
    assert (found["ideas"], found["carried"]) == (before["ideas"] - 1, 0)


def test_what_waits_alone_is_what_waits_on_the_page(world: World, django_assert_num_queries: Any) -> None:
    made = fill(world.secret, world.alice, world, times=3)
    planned = record.make_outcome(world.secret, world.alice)
    record.make_transfer(planned, world.alice, made["body"], status="planned", sent_on=None)
    later = today() + timedelta(days=400)
    whole = transfer_overview(by=world.alice, on=later)
    with django_assert_num_queries(WAITING_QUERIES):
        found = what_waits(by=world.alice, on=later)
    assert len(found.stuck) > 3
    assert found.stuck == whole.stuck
    assert set(found.ideas) == {one.idea for one in whole.stuck}
    assert what_waits(by=world.harry, on=later).stuck == []


def test_soft_track_two_waits_for_nothing(world: World) -> None:
    world.secret.track_type = "t2_soft"
    world.secret.save()
    fill(world.secret, world.alice, world)
    assert seen_by(world.alice).stuck == []


def test_filters_take_one_initiative_or_a_conflict_and_all_below(world: World) -> None:
    below = make.make_initiative(world.child, world.house, lead=world.alice)
    fill(world.secret, world.alice, world)
    record.make_outcome(below, world.alice)
    assert len(seen_by(world.alice).places) == 3
    assert len(seen_by(world.alice, initiative=below.pk).places) == 1
    assert len(seen_by(world.alice, initiative=world.secret.pk).places) == 2
    assert len(seen_by(world.alice, conflict=world.child.pk).places) == 1
    assert len(seen_by(world.alice, conflict=world.conflict.pk).places) == 3


def test_conflicts_of_two_families_are_apart(world: World) -> None:
    fill(world.secret, world.alice, world)
    elsewhere = make.make_conflict("Straits")
    make.make_initiative(elsewhere, world.house, lead=world.alice)
    found = seen_by(world.alice)
    assert [part.root.name for part in found.parts] == ["Straits", "Valley of Test"]
    assert [len(part.rows) for part in found.parts] == [0, 2]


@pytest.mark.parametrize("name", ["rival", "nothing"])
def test_what_one_is_not_on_answers_like_what_is_not_there(world: World, name: str) -> None:
    pk = world.rival.pk if name == "rival" else world.up.pk
    for chosen in ({"initiative": pk}, {"conflict": pk}):
        with pytest.raises(Hidden):
            seen_by(world.alice, **chosen)


def test_whoever_is_on_no_team_sees_nothing(world: World) -> None:
    fill(world.secret, world.alice, world)
    for user in (world.harry, world.cora, world.stella, world.sam):
        found = seen_by(user)
        assert (found.own, found.parts, found.places, found.stuck) == ([], [], {}, [])


def test_an_observer_sees_transfers_and_no_links(world: World) -> None:
    made = fill(world.secret, world.alice, world)
    olga = make.make_member_of(world.house, "Olga")
    make.make_member(world.secret, olga, "observer")
    found = seen_by(olga)
    row = only_part(found).rows[str(made["body"].pk)]
    assert found.unlinked == [world.secret]
    assert (row.whole.live, row.whole.stale, row.whole.carried) == (0, 0, 2)
    assert seen_by(world.bob).unlinked == []


def test_an_observer_does_not_count_what_came_of_closed_sessions(world: World) -> None:
    made = fill(world.secret, world.alice, world)
    olga = make.make_member_of(world.house, "Olga")
    make.make_member(world.secret, olga, "observer")
    made["session"].rule = "participants_only"
    made["session"].save()
    assert seen_by(olga).places == {}
    assert counted(seen_by(olga))["carried"] == 0
    assert len(seen_by(world.alice).places) == 2


def test_links_of_people_whom_one_only_observes_are_not_counted_through_another_team(world: World) -> None:
    """Somebody in the register of two initiatives: counted by the team whose role reads links."""
    made = fill(world.secret, world.alice, world)
    watched = make.make_initiative(world.conflict, world.house, lead=world.bob)
    make.make_member(watched, world.alice, "observer")
    other = record.make_participation(watched)
    record.make_tie(other.person, made["body"])
    found = seen_by(world.alice)
    assert found.unlinked == [watched]
    assert only_part(found).rows[str(made["body"].pk)].whole.live == 1


@given(data=st.data())
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_nothing_of_other_initiatives_is_counted(world: World, data: st.DataObject) -> None:
    """Whatever others record, on the same bodies and even the same people, my page stays as it is."""
    if not world.secret.outcomes.exists():
        fill(world.secret, world.alice, world)
    before = {user.pk: seen_by(user) for user in (world.alice, world.bob)}
    convener = data.draw(st.sampled_from([world.house, world.other]))
    other = make.make_initiative(world.conflict, convener, lead=world.rita)
    body = world.conflict.official_bodies.first()
    side = data.draw(st.sampled_from([None, world.up, world.down]))
    for _number in range(data.draw(st.integers(1, 3))):
        person = record.make_person(convener, party=side)
        carrier = record.make_participation(other, person)
        record.make_tie(person, body, last_confirmed_on=today())
        owners = [side.pk] if side else []
        outcome = record.make_outcome(other, world.rita, endorsed_by=owners)
        status = data.draw(st.sampled_from(["done", "planned", "abandoned"]))
        moved = record.make_transfer(outcome, world.rita, body, status=status, carrier=carrier)
        record.make_step(moved, world.rita, data.draw(st.sampled_from([step.value for step in LADDER])))
    for user in (world.alice, world.bob):
        after = seen_by(user)
        assert counted(after) == counted(before[user.pk])
        assert after.places == before[user.pk].places
        assert after.stuck == before[user.pk].stuck
        assert after.to_rungs == before[user.pk].to_rungs


@pytest.mark.parametrize("times", [1, 3])
def test_queries_do_not_grow(world: World, times: int, django_assert_num_queries: Any) -> None:
    fill(world.secret, world.alice, world, times)
    for _number in range(times - 1):
        more = make.make_initiative(world.child, world.house, lead=world.alice)
        fill(more, world.alice, world, times)
    with django_assert_num_queries(QUERIES):
        found = seen_by(world.alice)
    assert len(found.chosen) == times
    assert len(found.places) == 2 * times * times
    with django_assert_num_queries(1):
        assert len(statements_of(by=world.alice, outcomes=list(found.places))) == 2 * times * times


def test_statements_stay_closed_while_they_are_counted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(world.secret, world.alice, world)
    opened: list[str] = []
    real = vault.unseal

    def unseal(sealed: bytes, **place: Any) -> bytes:
        opened.append(place["field_id"])
        return real(sealed, **place)

    monkeypatch.setattr("confidentiality.vault.unseal", unseal)
    seen_by(world.alice)
    assert sorted(opened) == ["official_link.tie"]


def test_a_damaged_link_takes_nothing_else_away(world: World) -> None:
    made = fill(world.secret, world.alice, world, times=2)
    model = type(made["tie"])
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {model._meta.db_table} SET tie = '\\x00' WHERE id = %s", [made["tie"].pk])
    assert only_part(seen_by(world.alice)).rows[str(made["body"].pk)].whole.live == 1


def test_sides_and_bodies_are_those_of_the_family(world: World) -> None:
    fill(world.secret, world.alice, world)
    record.make_body(make.make_conflict("Straits"))
    part = only_part(seen_by(world.alice))
    assert {(body, side) for body, row in part.rows.items() for side in row.cells} == set(
        product([str(body.pk) for body in part.bodies], [str(world.up.pk), str(world.down.pk)])
    )

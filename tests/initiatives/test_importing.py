"""Importing a register: all or nothing, the same again changes nothing, every problem named."""

from __future__ import annotations

import csv
import io
import json
import time
from datetime import date
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Organisation
from confidentiality.actor import actor
from confidentiality.policy import Forbidden, Hidden
from coordination.models import OutboxEntry
from initiatives.models import Conflict, Initiative, InitiativeOrganisation, InitiativeParty, Party
from initiatives.services import edit_initiative
from initiatives.services.importing import COLUMNS, ImportReport, import_initiatives
from initiatives.services.importing.reading import read
from tests import factories as make

REGISTER = Path(__file__).resolve().parents[2] / "demo" / "historic_initiatives.csv"
GOOD = {
    "ref": "R1",
    "title": "Lake talks",
    "conflict": "Lake",
    "ucdp_conflict_id": "7",
    "parent_conflict": "Hills",
    "countries": "CH FR",
    "convener": "Lake House",
    "co_conveners": "Hill House; Third House",
    "track_type": "t2_hard",
    "start": "2001-Q2",
    "end": "2003-05",
    "sides": "North;South",
    "themes": "ceasefire;elections",
    "objective": "Talks about the lake",
    "source": "A book",
    "confidence": "high",
}


def register(*rows: dict[str, str], columns: list[str] | None = None) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, columns or list(COLUMNS), extrasaction="ignore")
    writer.writeheader()
    writer.writerows(GOOD | row for row in rows)
    return out.getvalue().encode()


def problems_of(data: bytes) -> list[tuple[int, str]]:
    return [(problem.row, problem.column) for problem in read(io.BytesIO(data), 10**7)[1]]


def run(user: Any, data: bytes, **options: Any) -> ImportReport:
    with actor(user):
        return import_initiatives(by=user, lines=io.BytesIO(data), **options)


def everything() -> dict[str, list[tuple]]:
    """Every stored row that an import could touch, versions and times included."""
    models = (Conflict, Party, Organisation, Initiative, InitiativeParty, InitiativeOrganisation, OutboxEntry)
    return {model.__name__: list(model.objects.order_by("pk").values_list()) for model in models}


@pytest.fixture
def cora(db: None) -> Any:
    user = make.make_member_of(make.make_organisation("Register Office"), "Cora")
    make.make_mandate(user)
    return user


# Reading: no database.


def test_a_row_is_read_as_written() -> None:
    rows, problems = read(io.BytesIO(register({})), 10**6)
    assert problems == []
    row = rows[0]
    assert (row.number, row.ref, row.ucdp_conflict_id, row.countries) == (2, "R1", 7, ("CH", "FR"))
    assert row.co_conveners == ("Hill House", "Third House")
    assert (row.start.on, row.start.precision) == (date(2001, 4, 1), "quarter")
    assert row.end is not None
    assert (row.end.on, row.end.precision) == (date(2003, 5, 1), "month")


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"ref": ""}, "ref"),
        ({"ref": "x" * 61}, "ref"),
        ({"title": " "}, "title"),
        ({"title": "a\x00b"}, "title"),
        ({"title": "x" * 301}, "title"),
        ({"conflict": ""}, "conflict"),
        ({"conflict": "x" * 201}, "conflict"),
        ({"conflict": "ß" * 101}, "conflict"),
        ({"ucdp_conflict_id": "12a"}, "ucdp_conflict_id"),
        ({"ucdp_conflict_id": "-1"}, "ucdp_conflict_id"),
        ({"ucdp_conflict_id": "99999999999"}, "ucdp_conflict_id"),
        ({"countries": "ch"}, "countries"),
        ({"countries": "XX"}, "countries"),
        ({"countries": "CH;FR"}, "countries"),
        ({"countries": "CH CH"}, "countries"),
        ({"convener": ""}, "convener"),
        ({"co_conveners": "A;;B"}, "co_conveners"),
        ({"co_conveners": "A;"}, "co_conveners"),
        ({"track_type": ""}, "track_type"),
        ({"track_type": "T2_HARD"}, "track_type"),
        ({"start": ""}, "start"),
        ({"start": "2001-02-30"}, "start"),
        ({"start": "2001-13"}, "start"),
        ({"start": "0000"}, "start"),
        ({"start": "12/05/2001"}, "start"),
        ({"end": "soon"}, "end"),
        ({"end": "2001-03-31"}, "end"),
        ({"sides": "North; ;South"}, "sides"),
        ({"sides": "North;north"}, "sides"),
        ({"themes": "ceasefire,elections"}, "themes"),
        ({"themes": "peace"}, "themes"),
        ({"themes": "ceasefire;ceasefire"}, "themes"),
        ({"objective": "x" * 301}, "objective"),
        ({"source": "x" * 501}, "source"),
        ({"confidence": "sure"}, "confidence"),
    ],
)
def test_a_bad_cell_is_named(changes: dict[str, str], column: str) -> None:
    assert problems_of(register({"ref": "R0"}, changes)) == [(3, column)]


def test_all_problems_of_a_file_are_reported_at_once() -> None:
    data = register({"track_type": "x", "themes": "y"}, {"ref": "R2"}, {"ref": "R3", "start": "z"}, {})
    assert problems_of(data) == [(2, "track_type"), (2, "themes"), (4, "start"), (5, "ref")]


def test_an_end_in_the_period_of_the_start_is_no_reversal() -> None:
    assert problems_of(register({"start": "2003-12", "end": "2003"})) == []
    assert problems_of(register({"start": "2003-12-31", "end": "2003"})) == []
    assert problems_of(register({"start": "2004", "end": "2003-12-31"})) == [(2, "end")]


def test_optional_cells_may_be_empty() -> None:
    empty = dict.fromkeys(
        (
            "ucdp_conflict_id",
            "parent_conflict",
            "countries",
            "co_conveners",
            "end",
            "sides",
            "themes",
            "objective",
            "source",
            "confidence",
        ),
        "",
    )
    assert problems_of(register(empty)) == []


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", [(1, "")]),
        (b"\n \n", [(1, "")]),
        (b"ref;title;conflict\n1;2;3\n", [(1, "")]),
        (register({}).replace(b",Lake talks,", b',"Lake talks,'), [(2, "")]),
        (register({}, {"ref": "R2"}) + b"a,b,c\n", [(4, "")]),
        (register({}) + b"\xff\xfe\n", [(3, "")]),
        (register({"title": "Café"}).decode().encode("latin-1"), [(2, "")]),
        (register({}).decode().encode("utf-16"), [(1, "")]),
        (register({}, columns=[name for name in COLUMNS if name != "themes"]), [(1, "themes")]),
        (register({}).replace(b"source,confidence", b"source,source", 1), [(1, "confidence"), (1, "source")]),
    ],
)
def test_a_broken_file_is_refused_calmly(data: bytes, expected: list[tuple[int, str]]) -> None:
    assert problems_of(data) == expected


def test_a_file_with_too_many_bytes_is_not_read() -> None:
    rows, problems = read(io.BytesIO(register({})), 100)
    assert rows == []
    assert len(problems) == 1


def test_spellings_of_the_same_file_are_the_same() -> None:
    plain = register({"title": "Café talks"})
    expected = read(io.BytesIO(plain), 10**6)
    spellings = (
        b"\xef\xbb\xbf" + plain,
        plain.replace(b"\r\n", b"\n"),
        plain.replace(b"\r\n", b"\r"),
        register({"title": "Cafe\u0301  talks "}),
        register({"title": "Café talks"}, columns=[*list(COLUMNS)[::-1], "remarks"]),
    )
    assert [read(io.BytesIO(spelling), 10**6) for spelling in spellings] == [expected] * len(spellings)


def test_blank_lines_count_but_are_no_rows() -> None:
    data = register({}).replace(b"\r\nR1", b"\r\n\r\n\r\nR1") + b"\r\nx\r\n"
    assert problems_of(data) == [(6, "")]


CELLS = st.one_of(
    st.sampled_from([*GOOD.values(), "", ";", "2001-99", "\x00", "é", '"']), st.text(max_size=20)
)


@given(st.binary(max_size=200))
def test_any_bytes_are_answered(data: bytes) -> None:
    for whole in (data, register({}) + data):
        rows, problems = read(io.BytesIO(whole), 10**6)
        assert rows or problems


@given(st.lists(st.fixed_dictionaries({column: CELLS for column in COLUMNS}), min_size=1, max_size=4))
def test_any_cells_are_answered(rows: list[dict[str, str]]) -> None:
    """Whatever is in the cells, problems name real rows and columns."""
    try:
        data = register(*rows)
    except UnicodeEncodeError:  # half a character, which no UTF-8 file holds
        return
    read_rows, problems = read(io.BytesIO(data), 10**6)
    assert problems or len(read_rows) <= len(rows)
    assert all(problem.row >= 2 and problem.column in ("", *COLUMNS) for problem in problems)


# Storing.


def test_the_real_register(cora: Any) -> None:
    report = run(cora, REGISTER.read_bytes())
    assert report.as_dict() == {
        "created": 35,
        "updated": 0,
        "unchanged": 0,
        "made": {
            "organisations": Organisation.objects.count() - 1,
            "conflicts": Conflict.objects.count(),
            "parties": Party.objects.count(),
        },
        "rejected": [],
    }
    geneva = Initiative.objects.get(reference="H003")
    geneva.full_clean()
    assert (geneva.title, geneva.visibility, geneva.matching) == ("Geneva Initiative", "network", "on")
    assert (geneva.status, geneva.public_record, geneva.members.count()) == ("closed", True, 0)
    assert (geneva.began_on, geneva.began_precision) == (date(2001, 1, 1), "year")
    assert (geneva.ended_on, geneva.ended_precision) == (date(2003, 12, 1), "month")
    assert geneva.registered_by.name == "Register Office"
    named = {(row.organisation.name, row.role) for row in geneva.named.select_related("organisation")}
    assert named == {
        ("Geneva Initiative", "convener"),
        ("Swiss Federal Department of Foreign Affairs", "co_convener"),
        ("Palestinian Peace Coalition", "co_convener"),
    }
    aix = Initiative.objects.get(reference="H005")
    assert (aix.ended_on, aix.status) == (None, "active")
    jerusalem = Conflict.objects.get(name="Jerusalem")
    assert jerusalem.parent.name == "Israel-Palestine"
    assert (jerusalem.parent.ucdp_conflict_id, jerusalem.parent.countries) == (234, ["IL", "PS"])
    assert not jerusalem.parties.exists()
    assert not Organisation.objects.exclude(name="Register Office").filter(vetted_at__isnull=False).exists()
    assert OutboxEntry.objects.count() == 35


def test_the_same_again_changes_nothing(cora: Any) -> None:
    run(cora, REGISTER.read_bytes())
    OutboxEntry.objects.all().delete()
    before = everything()
    report = run(cora, REGISTER.read_bytes())
    assert (report.created, report.updated, report.unchanged) == (0, 0, 35)
    assert report.made == {"organisations": 0, "conflicts": 0, "parties": 0}
    assert everything() == before


def test_what_is_stored_is_sound(cora: Any) -> None:
    run(cora, register({}, {"ref": "R2", "end": "", "sides": "", "themes": "", "confidence": ""}))
    for model in (Conflict, Party, Organisation, Initiative, InitiativeParty, InitiativeOrganisation):
        for record in model.objects.all():
            record.full_clean()


def test_a_changed_row_changes_that_card_alone(cora: Any) -> None:
    run(cora, register({}, {"ref": "R2"}))
    OutboxEntry.objects.all().delete()
    first, second = Initiative.objects.order_by("reference")
    change = {"title": "New", "sides": "South;East", "convener": "Hill House", "co_conveners": "Fourth"}
    report = run(cora, register(change | {"end": "", "themes": "ddr_security_reform"}, {"ref": "R2"}))
    assert (report.created, report.updated, report.unchanged) == (0, 1, 1)
    assert report.made == {"organisations": 1, "conflicts": 0, "parties": 1}
    after, same = Initiative.objects.order_by("reference")
    assert (after.pk, after.version, after.codename) == (first.pk, 2, first.codename)
    assert (after.created_at, after.updated_at > first.updated_at) == (first.created_at, True)
    assert (after.title, after.themes, after.ended_on, after.status) == (
        "New",
        ["ddr_security_reform"],
        None,
        "active",
    )
    assert sorted(after.parties.values_list("name", flat=True)) == ["East", "South"]
    named = set(after.named.values_list("organisation__name", "role"))
    assert named == {("Hill House", "convener"), ("Fourth", "co_convener")}
    assert (same.version, same.updated_at) == (1, second.updated_at)
    assert list(OutboxEntry.objects.values_list("initiative", flat=True)) == [first.pk]


def test_what_people_set_on_a_card_stays(cora: Any) -> None:
    """A register speaks of its own columns: matching and an unusual status are for people."""
    run(cora, register({}))
    card = Initiative.objects.get()
    with actor(cora):
        edit_initiative(by=cora, initiative=card, matching="off")
    Initiative.objects.update(status="archived")
    report = run(cora, register({}))
    assert (report.updated, report.unchanged) == (0, 1)
    card.refresh_from_db()
    assert (card.matching, card.status) == ("off", "archived")


def test_one_bad_row_and_nothing_is_written(cora: Any) -> None:
    run(cora, register({}))
    before = everything()
    report = run(cora, register({"title": "Changed"}, {"ref": "R2"}, {"ref": "R3", "themes": "x"}))
    assert [(problem.row, problem.column) for problem in report.rejected] == [(4, "themes")]
    assert (report.created, report.updated, report.unchanged, report.ok) == (0, 0, 0, False)
    assert everything() == before


def test_a_dry_run_says_the_same_and_writes_nothing(cora: Any) -> None:
    run(cora, register({}))
    before = everything()
    data = register({"title": "Changed"}, {"ref": "R2", "conflict": "Elsewhere", "parent_conflict": ""})
    foreseen = run(cora, data, dry_run=True)
    assert everything() == before
    assert foreseen.as_dict() == run(cora, data).as_dict()
    assert (foreseen.created, foreseen.updated, foreseen.made["conflicts"]) == (1, 1, 1)


def test_organisations_are_found_whatever_their_case(cora: Any) -> None:
    known = make.make_organisation("LAKE House")
    run(cora, register({"co_conveners": "hill house;Lake house"}, {"ref": "R2", "convener": "Hill House"}))
    names = sorted(Organisation.objects.values_list("name", flat=True))
    assert len(names) == 4  # the office, LAKE House, one hill house, Third House
    assert InitiativeOrganisation.objects.filter(organisation=known, role="convener").count() == 1
    assert not InitiativeOrganisation.objects.filter(organisation=known, role="co_convener").exists()


def test_parties_belong_to_the_root_and_are_shared(cora: Any) -> None:
    run(cora, register({}, {"ref": "R2", "conflict": "Hills", "parent_conflict": "", "sides": "NORTH;East"}))
    hills = Conflict.objects.get(name="Hills")
    assert sorted(hills.parties.values_list("name", flat=True)) == ["East", "North", "South"]
    assert Party.objects.exclude(conflict=hills).count() == 0


# Which conflict a row means.


def place(cora: Any, *pairs: tuple[str, str]) -> ImportReport:
    rows = [
        {"ref": f"P{number}", "conflict": conflict, "parent_conflict": parent, "ucdp_conflict_id": ""}
        for number, (conflict, parent) in enumerate(pairs)
    ]
    return run(cora, register(*rows))


def paths() -> set[str]:
    names = dict(Conflict.objects.values_list("pk", "name"))
    return {
        "/".join(names[pk] for pk in lineage)
        for lineage in Conflict.objects.values_list("lineage", flat=True)
    }


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([("Lake", ""), ("lake ", "")], {"Lake"}),
        ([("Lake", "Hills"), ("Lake", "")], {"Hills", "Hills/Lake"}),
        ([("Lake", ""), ("Lake", "Hills")], {"Hills", "Hills/Lake"}),
        ([("Shore", "Lake"), ("Lake", "Hills")], {"Hills", "Hills/Lake", "Hills/Lake/Shore"}),
        ([("Border", "East"), ("Border", "West")], {"East", "East/Border", "West", "West/Border"}),
    ],
)
def test_conflicts_of_a_file(cora: Any, pairs: list[tuple[str, str]], expected: set[str]) -> None:
    assert place(cora, *pairs).ok
    assert paths() == expected
    assert place(cora, *pairs).made["conflicts"] == 0


def test_conflicts_that_exist_are_found_by_name(cora: Any) -> None:
    hills = make.make_conflict("Hills")
    make.make_conflict("Lake", hills)
    assert place(cora, ("LAKE", ""), ("Shore", "lake")).made["conflicts"] == 1
    assert paths() == {"Hills", "Hills/Lake", "Hills/Lake/Shore"}


def test_a_root_goes_before_a_part_of_the_same_name(cora: Any) -> None:
    make.make_conflict("Lake", make.make_conflict("Hills"))
    root = make.make_conflict("Lake")
    assert place(cora, ("Lake", "")).ok
    assert Initiative.objects.get().conflict == root


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([("Lake", "Lake")], [(2, "parent_conflict")]),
        ([("A", "B"), ("B", "A")], [(2, "parent_conflict"), (3, "parent_conflict")]),
        ([("A", "B"), ("B", "C"), ("C", "A")], [(row, "parent_conflict") for row in (2, 3, 4)]),
        ([("Old Root", "Old Part")], [(2, "parent_conflict")]),
        ([("Old Root", "New"), ("New", "Old Part")], [(2, "parent_conflict")]),
        ([("Border", "East"), ("Border", "West"), ("Border", "")], [(4, "conflict")]),
        ([("Border", "East"), ("Border", "West"), ("Post", "Border")], [(4, "parent_conflict")]),
        ([("Twin", "")], [(2, "conflict")]),
        ([(f"C{n + 1}", f"C{n}") for n in range(13)], [(14, "parent_conflict")]),
    ],
)
def test_unclear_conflicts_are_problems(cora: Any, pairs: Any, expected: list[tuple[int, str]]) -> None:
    root = make.make_conflict("Old Root")
    make.make_conflict("Old Part", root)
    make.make_conflict("Twin", root)
    make.make_conflict("Twin", make.make_conflict("Other Root"))
    before = everything()
    report = place(cora, *pairs)
    assert [(problem.row, problem.column) for problem in report.rejected] == expected
    assert everything() == before


def test_two_ids_for_one_conflict_are_a_problem(cora: Any) -> None:
    report = run(cora, register({}, {"ref": "R2", "ucdp_conflict_id": "8"}))
    assert [(problem.row, problem.column) for problem in report.rejected] == [(3, "ucdp_conflict_id")]


# Who may import.


def test_only_coordinators_import(cora: Any) -> None:
    member = make.make_member_of(make.make_organisation(), "Mia")
    outsider = make.make_user("Otto")
    with pytest.raises(Forbidden):
        run(member, register({}))
    with pytest.raises(Hidden):
        run(outsider, register({}))
    cora.mandates.update(ended_at="2020-01-01T00:00Z")
    with pytest.raises(Forbidden):
        run(cora, register({}))
    assert not Initiative.objects.exists()


def test_a_mandate_for_one_conflict_covers_what_is_below_it(db: None) -> None:
    user = make.make_member_of(make.make_organisation("Hill Office"), "Hal")
    hills = make.make_conflict("Hills")
    make.make_mandate(user, hills)
    assert place(user, ("Hills", ""), ("Lake", "Hills"), ("Shore", "Lake")).created == 3
    before = everything()
    report = place(user, ("Lake", "Hills"), ("Elsewhere", ""), ("Part", "Elsewhere"))
    assert [(problem.row, problem.column) for problem in report.rejected] == [
        (3, "conflict"),
        (4, "conflict"),
    ]
    assert everything() == before


def test_a_coordinator_without_organisation_is_told_so(db: None) -> None:
    user = make.make_user("Nora")
    make.make_mandate(user)
    with pytest.raises(ValidationError, match="member of the organisation"):
        run(user, register({}))


def test_the_register_is_kept_by_an_organisation_of_ones_own(cora: Any) -> None:
    second, strange = make.make_organisation("Second Office"), make.make_organisation("Strange Office")
    make.make_membership(cora, second)
    run(cora, register({}), organisation=second)
    assert Initiative.objects.get().registered_by == second
    assert run(cora, register({})).created == 1  # another register, another card
    with pytest.raises(ValidationError):
        run(cora, register({}), organisation=strange)


# At the same time as others.


@pytest.mark.django_db(transaction=True)
def test_somebody_adds_the_same_organisation_meanwhile(transactional_db: None) -> None:
    user = make.make_member_of(make.make_organisation("Register Office"), "Cora")
    make.make_mandate(user)
    outcome: list[Any] = []

    def importing() -> None:
        try:
            outcome.append(run(user, register({})))
        except ValidationError as error:
            outcome.append(error.message_dict)
        finally:
            connection.close()

    thread = Thread(target=importing)
    with transaction.atomic():
        make.make_organisation("LAKE HOUSE")
        thread.start()
        wait_for_a_waiting_insert()
    thread.join(20)
    assert list(outcome[0]) == ["file"]
    assert not Initiative.objects.exists()
    assert run(user, register({})).created == 1


def wait_for_a_waiting_insert() -> None:
    question = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute(question)
            if cursor.fetchone()[0]:
                return
        time.sleep(0.02)
    raise AssertionError("nobody waits")


# The command.


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "register.csv"
    path.write_bytes(register({}))
    return path


def test_the_command_prints_json(cora: Any, file: Path) -> None:
    out, err = io.StringIO(), io.StringIO()
    call_command("import_initiatives", str(file), "--as", cora.email.upper(), stdout=out, stderr=err)
    assert json.loads(out.getvalue()) == {
        "created": 1,
        "updated": 0,
        "unchanged": 0,
        "made": {"organisations": 3, "conflicts": 2, "parties": 2},
        "rejected": [],
    }
    assert "written 1 of 1" in err.getvalue()


def test_the_command_fails_with_a_bad_row(cora: Any, file: Path) -> None:
    file.write_bytes(register({"track_type": "t9"}))
    out = io.StringIO()
    with pytest.raises(CommandError, match="Nothing was written"):
        call_command("import_initiatives", str(file), "--as", cora.email, stdout=out)
    report = json.loads(out.getvalue())
    assert (report["created"], report["rejected"][0]["row"], report["rejected"][0]["column"]) == (
        0,
        2,
        "track_type",
    )
    assert "t2_hard" in report["rejected"][0]["problem"]


def test_the_command_knows_who_and_what(cora: Any, file: Path) -> None:
    with pytest.raises(CommandError, match="no active account"):
        call_command("import_initiatives", str(file), "--as", "nobody@test.example")
    with pytest.raises(CommandError, match="not a coordinator"):
        call_command("import_initiatives", str(file), "--as", make.make_user("Max").email)
    with pytest.raises(CommandError, match="Cannot read"):
        call_command("import_initiatives", str(file) + "x", "--as", cora.email)
    with pytest.raises(CommandError, match="no organisation"):
        call_command("import_initiatives", str(file), "--as", cora.email, "--organisation", "None Such")
    out = io.StringIO()
    call_command("import_initiatives", str(file), "--as", cora.email, "--dry-run", stdout=out)
    assert json.loads(out.getvalue())["created"] == 1
    assert not Initiative.objects.exists()


# Size.


def large(rows: int) -> bytes:
    return register(
        *(
            {
                "ref": f"L{number}",
                "conflict": f"Conflict {number % 300}",
                "parent_conflict": f"Region {number % 20}" if number % 300 < 100 else "",
                "ucdp_conflict_id": "",
                "convener": f"Organisation {number % 700}",
                "sides": f"Side {number % 3};Side {number % 5 + 3}",
            }
            for number in range(rows)
        )
    )


def test_queries_grow_with_batches_only(cora: Any) -> None:
    data = large(3000)
    with CaptureQueriesContext(connection) as first:
        assert run(cora, data).created == 3000
    with CaptureQueriesContext(connection) as second:
        assert run(cora, data).unchanged == 3000
    assert len(first) < 60
    assert len(second) < 30


def test_fifty_thousand_bad_rows_stay_calm() -> None:
    line = register({}).splitlines()[1]
    data = register({}) + b"\r\n".join([line] * 50_000)
    rows, problems = read(io.BytesIO(data), 10**8)
    assert (len(rows), len(problems)) == (0, 50_000)

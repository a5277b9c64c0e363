"""Encrypted fields: closed in the database, open in a record, and of no use to a query."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from django import forms
from django.apps import apps
from django.core import checks, serializers
from django.core.exceptions import FieldError, ValidationError
from django.db import connection, models
from django.db.migrations.writer import MigrationWriter
from django.db.models import Count, F, Max, Q, Value
from django.db.models.functions import Coalesce, Lower, Upper
from django.test.utils import isolate_apps
from rest_framework.serializers import CharField, JSONField, ModelSerializer

from confidentiality import fields, records, vault
from confidentiality.fields import EncryptedJSONField, EncryptedTextField, Moved, reseal
from confidentiality.sealed import Sealed
from confidentiality.vault import CannotOpen
from confidentiality.wall import Confidential, content_opened

SECRET = "Talks in the grey house"

with isolate_apps("confidentiality"):

    class Paper(Confidential):
        """A model of these tests, in a table that lives as long as one of them."""

        initiative_id = models.UUIDField()
        place = models.CharField(max_length=20, blank=True)
        title = EncryptedTextField("title", field_id="paper.title", max_length=200, blank=True)
        note = EncryptedTextField("note", field_id="paper.note", null=True, blank=True)
        data = EncryptedJSONField("data", field_id="paper.data", null=True, blank=True)

        class Meta:
            app_label = "confidentiality"
            db_table = "test_paper"


class PaperForm(forms.ModelForm):
    class Meta:
        model = Paper
        fields = ["title", "note", "data"]


class PaperSerializer(ModelSerializer):
    class Meta:
        model = Paper
        fields = ["title", "note", "data"]


@pytest.fixture
def table(db: None) -> None:
    with connection.schema_editor() as editor:
        editor.create_model(Paper)


@pytest.fixture
def paper(table: None) -> Paper:
    """Read from the database, and closed."""
    made = Paper.objects.create(initiative_id=uuid4(), title=SECRET, data={"where": ["Genève", 3]})
    return Paper.objects.get(pk=made.pk)


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Known by its name: copies and pickles look their model up."""
    monkeypatch.setitem(apps.all_models["confidentiality"], "paper", Paper)


@pytest.fixture
def opened() -> Iterator[list[dict[str, Any]]]:
    told: list[dict[str, Any]] = []

    def hear(**news: Any) -> None:
        told.append({name: news[name] for name in ("sender", "scope", "record_id")})

    content_opened.connect(hear)
    yield told
    content_opened.disconnect(hear)


def stored(pk: UUID, column: str = "title") -> bytes:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM test_paper WHERE id = %s", [pk])
        return bytes(cursor.fetchone()[0])


# --- Reading and writing --------------------------------------------------------------------------------------


def test_database_holds_no_word_of_it(paper: Paper) -> None:
    assert SECRET.encode() not in stored(paper.pk)
    assert (paper.title, paper.note, paper.data) == (SECRET, None, {"where": ["Genève", 3]})


def test_record_tells_once_that_it_was_opened(paper: Paper, opened: list[dict[str, Any]]) -> None:
    assert (paper.title, paper.data, paper.title) == (SECRET, {"where": ["Genève", 3]}, SECRET)

    assert opened == [{"sender": Paper, "scope": f"initiative:{paper.initiative_id}", "record_id": paper.pk}]


@pytest.mark.usefixtures("registered")
def test_loading_listing_and_saving_opens_nothing(paper: Paper, opened: list[dict[str, Any]]) -> None:
    paper.place = "Bern"
    records.save(paper)
    paper.refresh_from_db()
    copy.deepcopy(paper)
    repr([paper, list(Paper.objects.values("title")), paper.__dict__])

    assert (paper.place, paper.version, opened) == ("Bern", 2, [])


def test_unchanged_text_is_stored_as_it_was(paper: Paper) -> None:
    before = stored(paper.pk)

    paper.title = SECRET
    paper.save()
    paper.title = str(paper.title)
    paper.save(update_fields=["title"])

    assert stored(paper.pk) == before


def test_changed_text_is_sealed_anew(paper: Paper) -> None:
    before = stored(paper.pk)

    paper.title = "Another"
    paper.save(update_fields=["title"])

    assert stored(paper.pk) != before
    assert Paper.objects.get(pk=paper.pk).title == "Another"


def test_json_changed_in_place_is_noticed(paper: Paper) -> None:
    paper.data["where"].append(True)
    paper.save()

    assert Paper.objects.get(pk=paper.pk).data == {"where": ["Genève", 3, True]}


@pytest.mark.parametrize(("before", "after"), [(1, True), ({"a": 0}, {"a": False}), (1, 1.0)])
def test_json_values_that_python_takes_for_equal_are_told_apart(table: None, before: Any, after: Any) -> None:
    paper = Paper.objects.create(initiative_id=uuid4(), data=before)

    paper.data = after
    paper.save()

    assert repr(Paper.objects.get(pk=paper.pk).data) == repr(after)


@pytest.mark.parametrize("empty", ["", None])
def test_nothing_is_a_value_too(table: None, empty: str | None) -> None:
    paper = Paper.objects.create(initiative_id=uuid4(), note=empty)

    assert Paper.objects.get(pk=paper.pk).note == empty


def test_deferred_text_is_loaded_and_opened_when_looked_at(
    paper: Paper, opened: list[dict[str, Any]], django_assert_num_queries: Any
) -> None:
    late, only = Paper.objects.defer("title").get(pk=paper.pk), Paper.objects.only("data").get(pk=paper.pk)

    with django_assert_num_queries(1):
        assert late.title == SECRET
    assert only.data == {"where": ["Genève", 3]}
    assert late.get_deferred_fields() == set()
    assert [news["record_id"] for news in opened] == [paper.pk, paper.pk]


def test_refreshing_forgets_what_was_typed(paper: Paper) -> None:
    paper.title = "Typed"
    paper.refresh_from_db(fields=["title"])

    assert paper.title == SECRET


def test_many_at_once_are_sealed_each_in_its_row(table: None) -> None:
    whose = uuid4()
    Paper.objects.bulk_create([Paper(initiative_id=whose, title=f"Paper {number}") for number in range(3)])

    same = list(Paper.objects.all())
    Paper.objects.bulk_create(same, update_conflicts=True, update_fields=["place"], unique_fields=["id"])
    Paper.objects.bulk_create(same, ignore_conflicts=True)

    assert sorted(paper.title for paper in Paper.objects.all()) == ["Paper 0", "Paper 1", "Paper 2"]


# --- Copies ---------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize("way", [copy.copy, copy.deepcopy, lambda paper: pickle.loads(pickle.dumps(paper))])
def test_copy_keeps_what_was_typed_and_not_saved(paper: Paper, way: Callable[[Paper], Paper]) -> None:
    paper.title, paper.data["more"] = "Typed", 1

    copied = way(paper)
    copied.save()

    found = Paper.objects.get(pk=paper.pk)
    assert (found.title, found.data) == ("Typed", {"where": ["Genève", 3], "more": 1})


@pytest.mark.usefixtures("registered")
def test_pickle_holds_no_word_of_it(paper: Paper) -> None:
    assert paper.title == SECRET
    new = Paper(initiative_id=paper.initiative_id, title=SECRET, data={"x": SECRET})

    assert SECRET.encode() not in pickle.dumps(paper) + pickle.dumps(new) + pickle.dumps(new.__getstate__())
    assert pickle.loads(pickle.dumps(new)).title == SECRET


@pytest.mark.usefixtures("registered")
def test_copy_that_is_opened_tells_of_it_again(paper: Paper, opened: list[dict[str, Any]]) -> None:
    assert paper.title == SECRET

    copied = pickle.loads(pickle.dumps(paper))

    assert (copied.title, len(opened)) == (SECRET, 2)


def test_open_text_itself_is_not_pickled(paper: Paper) -> None:
    assert paper.title == SECRET

    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(paper.__dict__)


def test_fixtures_do_not_hold_it(paper: Paper) -> None:
    with pytest.raises(FieldError, match="is not written into fixtures"):
        serializers.serialize("json", [paper])


@pytest.mark.parametrize("show", [repr, str, "{}".format, lambda value: f"{value!r:>20}"])
def test_nothing_shown_by_accident_tells_of_it(paper: Paper, show: Callable[[Any], str]) -> None:
    assert paper.title == SECRET
    row = Paper.objects.values_list("title", flat=True)[0]

    for shown in (row, paper, paper.__dict__, Paper.objects.all(), vault.configured()):
        assert SECRET not in show(shown) if not isinstance(shown, dict) else SECRET not in repr(shown)
    assert isinstance(row, Sealed)


# --- Where a text belongs -------------------------------------------------------------------------------------


def test_text_of_another_row_does_not_open(paper: Paper, caplog: Any) -> None:
    other = Paper.objects.create(initiative_id=paper.initiative_id, title="Other")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE test_paper SET title = %s WHERE id = %s", [stored(paper.pk), other.pk])

    other.refresh_from_db()

    with pytest.raises(CannotOpen):
        other.title  # noqa: B018 - looking is the act
    assert caplog.messages == [f"paper.title of {other.pk} does not open"]


@pytest.mark.parametrize("look_first", [True, False])
def test_record_is_not_saved_into_another_scope_by_the_way(paper: Paper, look_first: bool) -> None:
    if look_first:
        assert paper.title == SECRET
    paper.initiative_id = uuid4()

    with pytest.raises(Moved, match=r"confidentiality.Paper.title is encrypted"):
        paper.save()


def test_copy_under_a_new_key_is_refused(paper: Paper) -> None:
    paper.pk, paper._state.adding = uuid4(), True

    with pytest.raises(Moved):
        paper.save()


def test_record_is_moved_to_another_scope_on_purpose(paper: Paper, opened: list[dict[str, Any]]) -> None:
    there = uuid4()

    reseal(paper, initiative_id=there)
    paper.save()

    assert opened == []
    found = Paper.objects.get(pk=paper.pk)
    assert (found.initiative_id, found.title, found.note, found.data) == (
        there, SECRET, None, {"where": ["Genève", 3]},
    )  # fmt: skip


def test_record_without_an_owner_has_no_key(table: None) -> None:
    with pytest.raises(ValueError, match="has no initiative yet"):
        Paper(title=SECRET).save()


def test_text_whose_key_is_gone_can_be_replaced(paper: Paper) -> None:
    vault.destroy_key(paper.key_scope)
    with pytest.raises(CannotOpen):
        paper.title  # noqa: B018

    paper.title, paper.note, paper.data = "New", None, None
    paper.save()

    assert Paper.objects.get(pk=paper.pk).title == "New"


# --- Queries --------------------------------------------------------------------------------------------------


def assign(expression: Any) -> None:
    paper = Paper.objects.get()
    paper.title = expression
    paper.save()


REFUSED: dict[str, Callable[[], Any]] = {
    "exact": lambda: Paper.objects.filter(title=SECRET),
    "exact None": lambda: Paper.objects.filter(note=None),
    "exact in Q": lambda: Paper.objects.filter(~Q(place="") | Q(title=SECRET)),
    "contains": lambda: Paper.objects.filter(title__icontains="grey"),
    "in": lambda: Paper.objects.filter(title__in=[SECRET]),
    "exclude": lambda: Paper.objects.exclude(title=SECRET),
    "get": lambda: Paper.objects.get(title=SECRET),
    "other column": lambda: list(Paper.objects.filter(place=F("title"))),
    "into JSON": lambda: Paper.objects.filter(data__where="Genève"),
    "JSON contains": lambda: Paper.objects.filter(data__contains={}),
    "order by": lambda: list(Paper.objects.order_by("title")),
    "order by falling": lambda: list(Paper.objects.order_by("-title")),
    "order by F": lambda: list(Paper.objects.order_by(F("title").desc())),
    "order by function": lambda: list(Paper.objects.order_by(Lower("title"))),
    "earliest": lambda: Paper.objects.earliest("title"),
    "annotate": lambda: list(Paper.objects.annotate(shout=Upper("title"))),
    "annotate F": lambda: list(Paper.objects.annotate(same=F("title"))),
    "coalesce": lambda: list(Paper.objects.annotate(same=Coalesce("title", Value("")))),
    "aggregate": lambda: Paper.objects.aggregate(Max("title")),
    "count values": lambda: Paper.objects.aggregate(Count("title", distinct=True)),
    "group by": lambda: list(Paper.objects.values("title").annotate(times=Count("pk"))),
    "update": lambda: Paper.objects.update(title="x"),
    "update JSON": lambda: Paper.objects.update(data={"x": 1}),
    "update F": lambda: Paper.objects.update(place=F("title")),
    "update by F": lambda: Paper.objects.update(title=F("note")),
    "update sealed": lambda: Paper.objects.update(title=Paper.objects.values_list("title", flat=True)[0]),
    "bulk update": lambda: Paper.objects.bulk_update(list(Paper.objects.all()), ["title"]),
    "upsert": lambda: Paper.objects.bulk_create(
        Paper.objects.all(), update_conflicts=True, update_fields=["title"], unique_fields=["id"]
    ),
    "assigned F": lambda: assign(F("note")),
    "get or create": lambda: Paper.objects.get_or_create(title=SECRET),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_database_cannot_do_is_refused_by_name(paper: Paper, name: str) -> None:
    with pytest.raises(FieldError, match=r"confidentiality\.Paper\.(title|data|note) is encrypted: it is "):
        REFUSED[name]()


def test_database_knows_whether_there_is_anything(paper: Paper) -> None:
    found = Paper.objects.filter(title__isnull=False, note__isnull=True)

    assert found.count() == 1
    assert list(Paper.objects.filter(Q(data__isnull=True) | Q(note__isnull=False))) == []
    assert list(Paper.objects.exclude(data__isnull=True)) == [paper]


def test_other_queries_work_as_ever(paper: Paper) -> None:
    papers = Paper.objects.order_by("place")

    assert papers.annotate(times=Count("pk")).get().title == SECRET
    assert papers.distinct().get() == paper
    assert Paper.objects.filter(pk__in=papers.values("pk")).exists()
    assert papers.union(papers.filter(place="x")).count() == 1
    assert [each.title for each in papers.iterator()] == [SECRET]
    assert Paper.objects.raw("SELECT * FROM test_paper")[0].title == SECRET
    assert Paper.objects.in_bulk([paper.pk]) == {paper.pk: paper}
    assert papers.select_for_update().get().title == SECRET
    assert papers.filter(place="").update(place="here") == 1
    assert papers.values_list("place", "title")[0][0] == "here"


# --- What may stand in one ------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["a\u202eb", "a\u2066b", "a\0b", "a\x1bb", "a\ud800b"])
def test_text_with_hidden_characters_is_refused(table: None, text: str) -> None:
    with pytest.raises(ValidationError) as refused:
        records.save(Paper(initiative_id=uuid4(), title=text))

    assert list(refused.value.message_dict) == ["title"]


@pytest.mark.parametrize("text", ["two\nlines\tand a tab", "سلام\u200f", "👩\u200d🚀", "ﬁ"])
def test_text_is_kept_as_it_was_written(table: None, text: str) -> None:
    paper = Paper(initiative_id=uuid4(), title=text)
    records.save(paper)

    assert Paper.objects.get(pk=paper.pk).title == text


def test_text_has_its_length(table: None) -> None:
    with pytest.raises(ValidationError) as refused:
        records.save(Paper(initiative_id=uuid4(), title="x" * 201))

    assert refused.value.message_dict["title"][0].startswith("Ensure this value has at most 200 characters")


@pytest.mark.parametrize(
    "value", [{1: "a"}, (1, 2), float("nan"), {"a": float("inf")}, {"a": {1, 2}}, uuid4(), "\ud800", b"x"]
)
def test_what_is_not_json_is_refused(table: None, value: Any) -> None:
    with pytest.raises(ValidationError) as refused:
        records.save(Paper(initiative_id=uuid4(), data=value))

    assert list(refused.value.message_dict) == ["data"]


def test_json_has_its_size(table: None) -> None:
    with pytest.raises(ValidationError) as refused:
        records.save(Paper(initiative_id=uuid4(), data="x" * fields.LARGEST_JSON))

    assert refused.value.error_dict["data"][0].code == "large"


# --- Forms and the API ----------------------------------------------------------------------------------------


def test_form_shows_and_changes_it(paper: Paper) -> None:
    empty = PaperForm(instance=paper)
    assert isinstance(empty.fields["title"].widget, forms.TextInput)
    assert isinstance(empty.fields["note"].widget, forms.Textarea)
    assert 'value="Talks in the grey house"' in str(empty["title"])

    form = PaperForm({"title": "Typed", "note": "", "data": '{"a": 1}'}, instance=paper)
    assert (form.is_valid(), form.changed_data) == (True, ["title", "data"])
    form.save()

    found = Paper.objects.get(pk=paper.pk)
    assert (found.title, found.data) == ("Typed", {"a": 1})


def test_form_refuses_what_the_field_refuses(table: None) -> None:
    form = PaperForm({"title": "a\u202eb", "note": "x", "data": "{"})

    assert set(form.errors) == {"title", "data"}


def test_api_reads_and_writes_it(paper: Paper) -> None:
    serializer = PaperSerializer(paper)
    assert (type(serializer.fields["title"]), type(serializer.fields["data"])) == (CharField, JSONField)
    assert serializer.data == {"title": SECRET, "note": None, "data": {"where": ["Genève", 3]}}

    change = PaperSerializer(paper, data={"title": "Sent", "data": [1]}, partial=True)
    assert change.is_valid()
    change.save()

    assert PaperSerializer(Paper.objects.get(pk=paper.pk)).data == {
        "title": "Sent",
        "note": None,
        "data": [1],
    }


@pytest.mark.parametrize("sent", [{"title": "x" * 201}, {"title": "a\u202eb"}, {"title": {"a": 1}}])
def test_api_refuses_what_the_field_refuses(table: None, sent: dict[str, Any]) -> None:
    serializer = PaperSerializer(data=sent)

    assert not serializer.is_valid()
    assert set(serializer.errors) == {"title"}


# --- Declarations ---------------------------------------------------------------------------------------------


@isolate_apps("confidentiality")
def test_checks_find_what_cannot_be() -> None:
    class Open(models.Model):
        text = EncryptedTextField(field_id="open.text")

        class Meta:
            app_label = "confidentiality"

        def __str__(self) -> str:
            return "open"

    class Wrong(Confidential):
        initiative_id = models.UUIDField()
        text = EncryptedTextField(field_id="Wrong text", unique=True)
        data = EncryptedJSONField(field_id="wrong.data")

        class Meta:
            app_label = "confidentiality"
            constraints = [models.UniqueConstraint(fields=["initiative_id", "data"], name="once")]

    def found(model: type[models.Model]) -> list[tuple[str, str]]:
        return [(error.id, error.obj.name) for error in model.check() if "confidentiality." in error.id]

    assert found(Open) == [("confidentiality.E010", "text")]
    assert found(Wrong) == [
        ("confidentiality.E011", "text"),
        ("confidentiality.E012", "text"),
        ("confidentiality.E012", "data"),
    ]
    assert found(Paper) == []


def test_one_field_id_for_two_fields_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert fields.field_ids_are_unique() == []
    assert fields.field_ids_are_unique in checks.registry.registry.get_checks()

    title, note = (Paper._meta.get_field(name) for name in ("title", "note"))
    monkeypatch.setattr(
        fields, "encrypted_fields", lambda model: [title, note] if model.__name__ == "Brief" else []
    )
    monkeypatch.setattr(note, "field_id", "paper.title")
    assert [error.id for error in fields.field_ids_are_unique()] == ["confidentiality.E013"] * 2


def test_migrations_name_the_field_and_its_id() -> None:
    title = Paper._meta.get_field("title")

    _name, path, args, kwargs = title.deconstruct()

    assert (path, args) == ("confidentiality.fields.EncryptedTextField", [])
    assert kwargs == {
        "verbose_name": "title", "field_id": "paper.title", "pad": 64, "max_length": 200, "blank": True,
    }  # fmt: skip
    assert "paper.title" in MigrationWriter.serialize(title)[0]
    assert title.clone().deconstruct()[1:] == title.deconstruct()[1:]


def test_renamed_table_column_and_attribute_open_as_before(paper: Paper) -> None:
    with isolate_apps("confidentiality"):

        class Sheet(Confidential):
            initiative_id = models.UUIDField()
            heading = EncryptedTextField(field_id="paper.title", db_column="head")

            class Meta:
                app_label = "confidentiality"
                db_table = "test_sheet"

    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE test_paper RENAME COLUMN title TO head")
        cursor.execute("ALTER TABLE test_paper RENAME TO test_sheet")

    assert Sheet.objects.get(pk=paper.pk).heading == SECRET

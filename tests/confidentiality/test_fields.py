"""Encrypted fields: closed in the database, open in a record, and of no use to a query."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection, models
from django.test.utils import isolate_apps

from confidentiality.fields import EncryptedJSONField, EncryptedTextField
from confidentiality.roles import as_owner
from confidentiality.wall import Confidential

with isolate_apps("confidentiality"):

    class Paper(Confidential):
        """A model of the tests, with a table that one test makes and throws away."""

        initiative_id = models.UUIDField()
        title = EncryptedTextField("title", field_id="paper.title", max_length=200, blank=True)
        data = EncryptedJSONField("data", field_id="paper.data", null=True, blank=True)

        class Meta:
            app_label = "confidentiality"
            db_table = "test_paper"


@pytest.fixture
def table(transactional_db: None) -> Iterator[None]:
    with as_owner():
        with connection.schema_editor() as editor:
            editor.create_model(Paper)
        yield
        with connection.schema_editor() as editor:
            editor.delete_model(Paper)


def test_round_trip(table):
    import uuid

    p = Paper(initiative_id=uuid.uuid4(), title="hello", data={"a": [1, "é"]})
    p.save()
    q = Paper.objects.get(pk=p.pk)
    assert q.title == "hello" and q.data == {"a": [1, "é"]}
    q.title = "other"
    q.save()
    assert Paper.objects.get(pk=p.pk).title == "other"
    print(Paper.objects.values("title", "data"))

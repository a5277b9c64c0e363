"""The REST edge as a client would break it: who calls, what they send, what the answers look like."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.test import Client, override_settings
from django.utils import timezone

from accounts.models import AccessToken
from accounts.services import create_token, revoke_token
from confidentiality.actor import current
from tests import factories as make
from tests.clients import V1, client_of, client_with, get, patch, pointers, post

LISTS = [
    "attendances",
    "audit-events",
    "briefs",
    "circle-declarations",
    "conflicts",
    "coordination-links",
    "deadlines",
    "ground-rules",
    "ground-rules-assents",
    "initiatives",
    "official-bodies",
    "official-links",
    "official-tracks",
    "organisations",
    "outcomes",
    "overlaps",
    "participations",
    "parties",
    "people",
    "purge-requests",
    "retentions",
    "selection-ratings",
    "sessions",
    "received-transfers",
    "team-members",
    "tombstones",
    "transfers",
    "uptake-steps",
]


# --- Who calls ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*LISTS, "me"])
def test_nobody_gets_in_without_a_token_and_no_table_is_asked(name, django_assert_num_queries, db):
    # Two savepoints and their ends, and the actor set and set back.
    with django_assert_num_queries(7) as queries:
        response = Client().get(f"{V1}{name}/")
    assert not [query for query in queries if " FROM " in query["sql"]]
    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Bearer")
    assert response["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer a b", "Bearer nonsense", "Bearer \xff\xfe", "bearer " + "x" * 5000]
)
def test_a_token_that_is_none(header, db):
    client = client_with("")
    client.credentials(HTTP_AUTHORIZATION=header)
    assert get(client, "me/").status_code == 401


def test_tokens_that_ended_answer_alike(world):
    token, plain = create_token(by=world.alice, scope="read")
    client = client_with(plain)
    assert get(client, "me/").status_code == 200
    AccessToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    expired = get(client, "me/")
    AccessToken.objects.update(expires_at=timezone.now() + timedelta(days=1))
    revoke_token(by=world.alice, token=token)
    revoked = get(client, "me/")
    AccessToken.objects.update(revoked_at=None)
    world.alice.is_active = False
    world.alice.save()
    inactive = get(client, "me/")
    unknown = get(client_with("t2d_unknown"), "me/")
    assert {answer.status_code for answer in (expired, revoked, inactive, unknown)} == {401}
    assert len({answer.content for answer in (expired, revoked, inactive, unknown)}) == 1


def test_a_token_that_reads_does_not_write(world):
    client = client_of(world.alice, "read")
    response = patch(client, "me/", {"name": "Other"})
    assert response.status_code == 403
    world.alice.refresh_from_db()
    assert world.alice.name == "Alice"


def test_a_session_writes_with_csrf_only(world):
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.alice)
    assert client.get(f"{V1}me/").status_code == 200
    refused = client.patch(f"{V1}me/", {"name": "A"}, content_type="application/json")
    assert refused.status_code == 403
    script = client.get("/api/docs/?script=")
    token = script.content.decode().split('"X-CSRFTOKEN"] = "')[1].split('"')[0]
    done = client.patch(
        f"{V1}me/", {"name": "A"}, content_type="application/json", headers={"X-CSRFToken": token}
    )
    assert done.status_code == 200, done.content


def test_the_use_of_a_token_is_remembered_once_a_minute(world):
    client = client_of(world.alice)
    get(client, "me/")
    first = AccessToken.objects.get().last_used_at
    get(client, "me/")
    assert AccessToken.objects.get().last_used_at == first
    AccessToken.objects.update(last_used_at=first - timedelta(minutes=2))
    get(client, "me/")
    assert AccessToken.objects.get().last_used_at > first


def test_the_actor_of_the_transaction_is_the_owner_of_the_token(world, monkeypatch):
    seen = []
    from accounts.api.resources import Organisations

    records = Organisations.records.__func__
    spy = classmethod(lambda cls, user: seen.append(current()) or records(cls, user))
    monkeypatch.setattr(Organisations, "records", spy)
    get(client_of(world.alice), "organisations/")
    assert seen == [str(world.alice.pk)]
    assert current() == "system:owner"  # as every test is between requests


# --- What is sent ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[1,",
        b"nonsense",
        b'{"name": NaN}',
        b'{"name": Infinity}',
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b"[" * 30 + b"]" * 30,
        b'{"name": "a\\u0000b"}',
        b'{"name": "\\ud800"}',
        b'{"\\ud800": 1}',
        b'{"alternative_names": [{"name": "\\u0000"}]}',
        b"null",
        b"1",
        b'"text"',
        b"[]",
        b"[[]]",
        b"[null]",
        b'{"name": 1e999}',
        b'{"ucdp_conflict_id": 99999999999999999999999}',
        b'{"name": {"a": 1}}',
        b'{"name": "A", "countries": "XX"}',
        b'{"name": "A", "countries": ["ZZ"]}',
        b'{"name": "A", "countries": [["DE"]]}',
        b'{"name": "A", "parent": "none"}',
        b'{"name": "A", "parent": 7}',
        b'{"name": "A", "alternative_names": [{"nom": "x"}]}',
        b'{"name": "' + b"x" * 201 + b'"}',
        b'{"name": "A", "id": "00000000-0000-0000-0000-000000000000"}',
    ],
)
def test_what_cannot_be_read_is_refused_and_never_breaks(world, body):
    response = client_of(world.cora).post(f"{V1}conflicts/", body, content_type="application/json")
    assert response.status_code == 400, (body[:40], response.content[:200])
    assert response["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert set(problem) == {"type", "title", "status", "detail", "errors"}
    assert problem["status"] == 400
    assert problem["errors"]


def test_a_charset_that_is_none_of_ours(world):
    client = client_of(world.cora)
    for charset in ("utf-16", "latin-1", "nonsense"):
        response = client.post(
            f"{V1}conflicts/?a=%FF", b'{"x": 1}', content_type=f"application/json; charset={charset}"
        )
        assert response.status_code == 400, charset


def test_a_body_that_is_too_large(world):
    body = b'{"name": "' + b"x" * (5 * 1024 * 1024) + b'"}'
    response = client_of(world.cora).post(f"{V1}conflicts/", body, content_type="application/json")
    assert response.status_code == 413


@pytest.mark.parametrize("kind", ["text/csv", "application/xml", "multipart/form-data; boundary=a"])
def test_another_kind_of_body(world, kind):
    response = client_of(world.cora).post(f"{V1}conflicts/", b"name=A", content_type=kind)
    assert response.status_code == 415
    assert response["Content-Type"] == "application/problem+json"


def test_another_kind_of_answer(world):
    response = client_of(world.cora).get(f"{V1}conflicts/", headers={"Accept": "text/csv"})
    assert response.status_code == 406
    assert response["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("method", ["put", "delete", "options", "trace"])
def test_another_method(world, method):
    response = getattr(client_of(world.cora), method)(f"{V1}conflicts/")
    assert response.status_code == 405
    assert response["Content-Type"] == "application/problem+json"
    assert response["Allow"] == "GET, HEAD, POST"


def test_unknown_fields_are_named_with_those_that_exist(world):
    response = post(client_of(world.cora), "conflicts/", {"name": "A", "nmae": "B", "version": 3})
    assert pointers(response) == {"/nmae": "unknown_field", "/version": "read_only"}
    assert "alternative_names" in response.json()["errors"][0]["detail"]


@pytest.mark.parametrize("name", LISTS)
def test_unknown_parameters_are_named_with_those_that_exist(world, name):
    response = get(client_of(world.cora), f"{name}/", foo="1", page_size="2")
    assert pointers(response) == {"/foo": "unknown_parameter"}
    assert "page_size" in response.json()["errors"][0]["detail"]


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize(
    "query",
    [
        "page_size=0",
        "page_size=201",
        "page_size=-1",
        "page_size=%D9%A3",
        "page_size=" + "9" * 5000,
        "cursor=nonsense",
        "cursor=",
        "cursor=%00",
        "cursor=e30",
        "cursor=W1tb",
        "ordering=password",
        "ordering=created_at,id",
        "ordering=--created_at",
        "ordering=conflict__name",
        "expand=secrets",
    ],
)
def test_nonsense_in_the_query_of_a_list(world, name, query):
    response = client_of(world.cora).get(f"{V1}{name}/?{query}")
    assert response.status_code == 400, response.content
    assert list(pointers(response)) == ["/" + query.split("=")[0]]


@pytest.mark.parametrize(
    "query",
    [
        "conflict=7",
        "conflict=%00",
        "status=none",
        "search=%00",
        "theme=x",
        "began_after=2024-13-01",
        "own=%00",
    ],
)
def test_nonsense_in_a_filter(world, query):
    response = client_of(world.cora).get(f"{V1}initiatives/?{query}")
    assert list(pointers(response)) == ["/" + query.split("=")[0]]


def test_a_number_beyond_all_numbers_finds_nothing_or_is_refused(world):
    client = client_of(world.cora)
    for text in ("9" * 30, "-1", "1e400", "NaN", "1.5"):
        assert get(client, "conflicts/", ucdp_conflict_id=text).status_code in (200, 400)


# --- Hidden and missing ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LISTS)
def test_missing_malformed_and_nowhere_answer_alike(world, name):
    client = client_of(world.sam)
    paths = [str(uuid4()), "nonsense", "%00", "..%2f", "0", "x" * 3000, "a.b", f"{uuid4()}/more"]
    answers = [client.get(f"{V1}{name}/{path}/") for path in paths]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert {answer["Content-Type"] for answer in answers} == {"application/problem+json"}


def test_hidden_and_missing_answer_alike_with_the_same_queries(world, django_assert_num_queries):
    client = client_of(world.rita)
    get(client, "me/")
    answers = set()
    for pk in (world.secret.pk, uuid4()):
        calls = {
            f"initiatives/{pk}/": lambda path: get(client, path),
            f"initiatives/{pk}/?": lambda path: patch(client, path, {"codename": "Mine"}),
            f"initiatives/{pk}/status/": lambda path: post(client, path, {"status": "closed"}),
            f"initiatives/{pk}/visibility/": lambda path: post(client, path, {"visibility": "network"}),
            f"initiatives/{pk}/who/": lambda path: get(client, path),
        }
        for path, call in calls.items():
            with django_assert_num_queries(16):
                answer = call(path)
            answers.add((answer.status_code, answer.content))
    assert len(answers) == 1
    assert answers.pop()[0] == 404


# --- Limits ---------------------------------------------------------------------------------------------------


def test_every_answer_says_how_many_calls_are_left(world):
    client = client_of(world.alice)
    first, second = get(client, "me/"), get(client, "conflicts/")
    assert first["RateLimit-Limit"] == "600"
    assert int(first["RateLimit-Remaining"]) - int(second["RateLimit-Remaining"]) == 1
    assert 1 <= int(first["RateLimit-Reset"]) <= 60


def test_too_many_calls(world, settings):
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": {"user": "2/day"}}
    client = client_of(world.alice)
    assert [get(client, "me/").status_code for _ in range(3)] == [200, 200, 429]
    refused = get(client, "me/")
    assert int(refused["Retry-After"]) == int(refused["RateLimit-Reset"]) > 0
    assert refused["RateLimit-Remaining"] == "0"
    assert refused["Content-Type"] == "application/problem+json"
    assert get(client_of(world.rita), "me/").status_code == 200


def test_without_the_cache_the_desk_works_on_and_keeps_no_promise_it_cannot(world):
    client = client_of(world.stella)
    away = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }
    with override_settings(CACHES=away):
        assert get(client, "me/").status_code == 200
        assert post(client, "organisations/", {"name": "Saved anyway"}).status_code == 201
        refused = post(client, "organisations/", {"name": "Twice?"}, **{"Idempotency-Key": "a"})
    assert refused.status_code == 503
    assert refused["Retry-After"]


# --- Pages of a list ------------------------------------------------------------------------------------------


def walk(client, address):
    while address:
        answer = client.get(address).json()
        yield [row["id"] for row in answer["results"]]
        address = answer["next"]


@pytest.mark.parametrize("ordering", ["due_on", "-due_on", "name", "-created_at", "updated_at"])
def test_pages_show_every_row_once_there_and_back_though_all_dates_are_one(world, ordering):
    for number in range(7):
        make.make_deadline(world.conflict, f"Deadline {number % 2}")
    client = client_of(world.cora)
    pages = list(walk(client, f"{V1}deadlines/?page_size=3&ordering={ordering}"))
    assert [len(page) for page in pages] == [3, 3, 1]
    whole = [pk for page in pages for pk in page]
    assert len(set(whole)) == 7
    at_once = client.get(f"{V1}deadlines/?ordering={ordering}").json()["results"]
    assert [row["id"] for row in at_once] == whole
    third = client.get(
        client.get(client.get(f"{V1}deadlines/?page_size=3&ordering={ordering}").json()["next"]).json()[
            "next"
        ]
    )
    back = client.get(third.json()["previous"]).json()
    assert [row["id"] for row in back["results"]] == pages[1]
    first = client.get(back["previous"]).json()
    assert [row["id"] for row in first["results"]] == pages[0]
    assert first["previous"] is None


def test_a_page_says_nothing_of_how_many_there_are(world):
    assert set(get(client_of(world.cora), "conflicts/").json()) == {"next", "previous", "results"}


def test_a_cursor_belongs_to_one_ordering(world):
    make.make_deadline(world.conflict)
    make.make_deadline(world.conflict)
    client = client_of(world.cora)
    following = client.get(f"{V1}deadlines/?page_size=1&ordering=due_on").json()["next"]
    assert pointers(client.get(following.replace("ordering=due_on", "ordering=name"))) == {
        "/cursor": "cursor"
    }


def test_rows_that_come_meanwhile_shift_nothing(world):
    for number in range(4):
        make.make_deadline(world.conflict, f"Deadline {number}")
    client = client_of(world.cora)
    first = client.get(f"{V1}deadlines/?page_size=2").json()
    make.make_deadline(world.conflict, "Newer")
    second = client.get(first["next"]).json()
    seen = [row["id"] for row in first["results"] + second["results"]]
    assert len(set(seen)) == 4


# --- The document ---------------------------------------------------------------------------------------------


def test_the_document_and_its_page_keep_the_content_policy(client, db):
    schema = client.get("/api/schema/", headers={"Accept": "application/vnd.oai.openapi+json"})
    assert schema.status_code == 200
    document = json.loads(schema.content)
    assert {f"/api/v1/{name}/" for name in [*LISTS, "me"]} <= set(document["paths"])
    page = client.get("/api/docs/")
    html = page.content.decode()
    assert "unsafe" not in page["Content-Security-Policy"]
    assert "<style" not in html
    assert "<script>" not in html
    assert "http://" not in html
    script = client.get("/api/docs/?script=")
    assert script["Content-Type"].startswith("application/javascript")
    assert "SwaggerUIBundle" in script.content.decode()


def test_every_operation_describes_its_problem(client, db):
    schema = client.get("/api/schema/", headers={"Accept": "application/vnd.oai.openapi+json"})
    operations = [one for path in json.loads(schema.content)["paths"].values() for one in path.values()]
    assert len(operations) > 40
    assert all("application/problem+json" in one["responses"]["default"]["content"] for one in operations)


def test_the_root_lists_the_resources(world):
    assert set(get(client_of(world.alice), "").json()) == set(LISTS)


def test_nothing_that_is_kept_for_a_repeated_request_is_content(world, django_capture_on_commit_callbacks):
    client = client_of(world.stella)
    with django_capture_on_commit_callbacks(execute=True):
        post(client, "organisations/", {"name": "Canary Name"}, **{"Idempotency-Key": "k"})
    redis = cache._cache.get_client()
    stored = b"".join(redis.get(key) for key in redis.keys("*idempotency*"))
    assert stored
    assert b"Canary" not in stored

"""Every field of every body and every parameter of every list, filled with nonsense: refused, never broken.

Generated from the OpenAPI document, so that what is added later is covered.
"""

from __future__ import annotations

from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator

from tests import factories as make
from tests.clients import client_of

VALUES: list[Any] = [
    None,
    2**70,
    "",
    "x" * 5000,
    "0001-01-01",
    "\ufffd\U0001f600",
    [None],
    ["x", 1, {}],
    {"a": [{}]},
]
TEXTS = ["", "\u0000", "%", "9" * 40, "1e400", "0001-01-01", "a,b"]
CALM = {200, 201, 204, 400, 403, 404, 405, 409}


def document() -> dict[str, Any]:
    return SchemaGenerator().get_schema(request=None, public=True)


def fields_of(schema: dict[str, Any], body: dict[str, Any]) -> list[str]:
    """The names in a body, through references and through "one or many"."""
    body = body.get("oneOf", [body])[0]
    while "$ref" in body:
        body = schema["components"]["schemas"][body["$ref"].rsplit("/", 1)[1]]
    return list(body["properties"])


@pytest.fixture(autouse=True)
def _patient(settings) -> None:
    settings.REST_FRAMEWORK = {
        **settings.REST_FRAMEWORK,
        "DEFAULT_THROTTLE_RATES": {"user": "1000000/min"},
    }


@pytest.fixture
def paths(world) -> dict[str, Any]:
    """A record for each resource, so that changes reach their serializer."""
    return {
        "circle-declarations": make.make_declaration(world.other, world.conflict, confirmed=False).pk,
        "conflicts": world.child.pk,
        "coordination-links": make.make_link(world.secret, world.rival).pk,
        "deadlines": make.make_deadline(world.conflict).pk,
        "initiatives": world.secret.pk,
        "official-tracks": make.make_track(world.conflict).pk,
        "organisations": world.house.pk,
        "overlaps": make.make_flag(world.secret, world.rival).pk,
        "parties": world.up.pk,
        "team-members": world.secret.members.get(user=world.bob).pk,
    }


@pytest.mark.parametrize("who", ["alice", "cora"])
def test_nonsense_in_every_field(world, paths, who):
    client = client_of(getattr(world, who))
    schema = document()
    asked = 0
    for pattern, operations in schema["paths"].items():
        path = pattern.replace("{id}", str(paths.get(pattern.split("/")[3], "")))
        for method in {"post", "patch"} & operations.keys():
            content = operations[method].get("requestBody", {}).get("content", {})
            for name in fields_of(schema, content["application/json"]["schema"]) if content else []:
                for value in VALUES:
                    answer = getattr(client, method)(path, {name: value}, format="json")
                    assert answer.status_code in CALM, (method, path, name, value, answer.content[:300])
                    asked += 1
    assert asked > 800


def test_nonsense_in_every_parameter(world):
    client = client_of(world.cora)
    asked = 0
    for path, operations in document()["paths"].items():
        if "{id}" in path:
            continue
        for parameter in operations.get("get", {}).get("parameters", []):
            for text in TEXTS:
                answer = client.get(path, {parameter["name"]: text})
                assert answer.status_code in (200, 400), (path, parameter["name"], text)
                asked += 1
    assert asked > 250

"""What the API takes, from its own document: each address and method with the fields of its body, and an example.

A new endpoint is here as soon as it is described; a relation that has no example in `own` is filled with an id of
nothing, which its address then refuses.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID, uuid4

from drf_spectacular.generators import SchemaGenerator

from tests.security.asking import routes
from tests.security.rows import canary

CHANGING = ("post", "patch")
DRAWN = {"codename"}
# What is needed though the document cannot say so: one of several fields, or a reason for what is out of order.
ALSO_NEEDED = {
    "post official-links/": ("override_reason",),
    "post outcomes/": ("participation", "override_reason"),
    "post people/": ("initiative",),
    "post transfers/": ("body",),
    "post uptake-steps/": ("reason",),
}


@dataclass(frozen=True)
class Operation:
    """One method of an address. `pattern` is the route as the URLconf has it; `fields` is the schema of the body."""

    method: str
    pattern: str
    fields: Mapping[str, Mapping[str, Any]]
    required: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.method} {self.pattern.removeprefix('api/v1/')}"

    def relations(self) -> list[str]:
        """Fields that name records by id."""
        return [
            name for name, field in self.fields.items() if _is_id(field) or _is_id(field.get("items", {}))
        ]

    def texts(self) -> list[str]:
        """Fields that hold what somebody thought of."""
        plain = {"type", "maxLength", "minLength", "description", "title", "nullable"}
        return [
            name
            for name, field in self.fields.items()
            if field.get("type") == "string" and not set(field) - plain
        ]

    def example(self, own: Mapping[str, UUID]) -> dict[str, Any]:
        """A body with what it cannot do without, and what would be drawn at random; a change needs nothing."""
        drawn = (*(DRAWN & self.fields.keys()), *ALSO_NEEDED.get(self.name, ()))
        needed = (*self.required, *drawn) if self.method == "post" else ()
        return {name: _example(self.fields[name], own.get(name)) for name in needed}

    def with_id(self, name: str, value: Any) -> Any:
        return [str(value)] if "items" in self.fields[name] else str(value)


@cache
def operations() -> tuple[Operation, ...]:
    """Everything that changes something and has a body."""
    schema = SchemaGenerator().get_schema(request=None, public=True)
    return tuple(_operations(schema))


def places(own: Mapping[str, UUID]) -> Iterator[tuple[Operation, str]]:
    """Every operation of the API with the address of a record of one's own."""
    by_pattern = {route.pattern: route for route in routes()}
    for operation in operations():
        route = by_pattern[operation.pattern]
        values = {name: own.get(kind, uuid4()) for name, kind in route.kinds().items()}
        yield operation, route.path(values)


def _operations(schema: Mapping[str, Any]) -> Iterator[Operation]:
    for path, methods in schema["paths"].items():
        for method in CHANGING:
            content = methods.get(method, {}).get("requestBody", {}).get("content", {})
            if "application/json" in content:
                body = _resolved(content["application/json"]["schema"], schema)
                fields = {
                    name: _resolved(field, schema) for name, field in body.get("properties", {}).items()
                }
                writable = {name: field for name, field in fields.items() if not field.get("readOnly")}
                required = tuple(name for name in body.get("required", ()) if name in writable)
                yield Operation(method, path.lstrip("/").replace("{id}", "<pk>"), writable, required)


def _resolved(schema: Mapping[str, Any], whole: Mapping[str, Any]) -> dict[str, Any]:
    """What a reference stands for; of alternatives the first, which is the single record, or the codes."""
    if "$ref" in schema:
        return _resolved(whole["components"]["schemas"][schema["$ref"].rpartition("/")[2]], whole)
    for several in ("oneOf", "anyOf", "allOf"):
        if several in schema:
            rest = {name: value for name, value in schema.items() if name != several}
            return {**_resolved(schema[several][0], whole), **rest}
    if "items" in schema:
        return {**schema, "items": _resolved(schema["items"], whole)}
    return dict(schema)


def _is_id(field: Mapping[str, Any]) -> bool:
    return field.get("format") == "uuid"


def _example(field: Mapping[str, Any], own: UUID | None) -> Any:
    if "enum" in field:
        return next(code for code in field["enum"] if code)
    if field.get("type") == "array":
        return [_example(field["items"], own)] if _is_id(field["items"]) and own else []
    if _is_id(field):
        return str(own or uuid4())
    formats = {
        "date": "2024-01-01",
        "date-time": "2030-01-01T00:00:00Z",
        "uri": f"https://{canary()}.example",
    }
    kinds = {"integer": 1, "number": 1, "boolean": True, "object": {}}
    return formats.get(field.get("format", "")) or kinds.get(
        field.get("type", ""), canary()[: field.get("maxLength", 40)]
    )

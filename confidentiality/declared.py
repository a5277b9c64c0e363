"""System checks: every model says who reaches its rows, and the database really holds to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.db import connections, models

from confidentiality.wall import wall_of, walled_models

LOST = """
SELECT relname FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relname = ANY (%s) AND NOT (relrowsecurity AND relforcerowsecurity)
"""


def own_models() -> Iterator[type[models.Model]]:
    """The models of the house, without those of libraries and without views."""
    for config in apps.get_app_configs():
        if str(config.path).startswith(str(settings.BASE_DIR)) and ".venv" not in config.path:
            yield from (
                model for model in config.get_models(include_auto_created=True) if model._meta.managed
            )


def every_model_says_who_reads_it(**kwargs: Any) -> list[CheckMessage]:
    """E001: a new model is confidential, or says why not."""
    return [
        Error(
            f"{model._meta.label} declares neither `wall` nor `open_because`.",
            hint="Subclass confidentiality.wall.Confidential, or say in `open_because` why everybody may read it.",
            obj=model,
            id="confidentiality.E001",
        )
        for model in own_models()
        if wall_of(model) is None and not getattr(model, "open_because", "")
    ]


def content_has_a_wall(**kwargs: Any) -> list[CheckMessage]:
    """E002: what hangs on a confidential record tells of it, and is confidential itself."""
    return [
        Error(
            f"{model._meta.label}.{field.name} points to {field.related_model._meta.label}, which has a wall; "
            f"{model._meta.label} has none.",
            hint="Subclass confidentiality.wall.Confidential.",
            obj=model,
            id="confidentiality.E002",
        )
        for model in own_models()
        if wall_of(model) is None
        for field in model._meta.concrete_fields
        if isinstance(field.related_model, type) and wall_of(field.related_model)
    ]


def walls_stand(databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """E003: row security is enabled and forced on every confidential table (asked of the database)."""
    found: list[CheckMessage] = []
    for alias in databases or ():
        with connections[alias].cursor() as cursor:
            cursor.execute(LOST, [[model._meta.db_table for model in walled_models()]])
            found += [
                Error(
                    f"Row security is not forced on {table}.", hint="Run migrate.", id="confidentiality.E003"
                )
                for (table,) in cursor.fetchall()
            ]
    return found

"""What is really configured at this moment. No words: those are in told.py."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, models

from confidentiality import roles
from confidentiality.declared import own_models
from confidentiality.wall import wall_of
from t2d.embedded import keys

HOUSEKEEPING = {"id", "version", "created_at", "updated_at"}
LOOPBACK = {"localhost", "127.0.0.1", "::1"}

CONNECTION = """
SELECT session_user, inet_server_addr() IS NULL,
    coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false)
"""
WALLS = """
SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relname = ANY (%s)
"""


@dataclass(frozen=True, slots=True)
class Records:
    """One table of the house. `walled`: it is declared confidential; `holds`: PostgreSQL really keeps its rows."""

    label: str
    clear: tuple[str, ...]
    encrypted: tuple[str, ...]
    walled: bool
    holds: bool


@dataclass(frozen=True, slots=True)
class Place:
    """A file, folder or socket as this process sees it. `own`: it belongs to the user this process runs as."""

    path: str
    there: bool = False
    own: bool = False
    mode: int = 0
    disk: int | None = None

    @property
    def closed(self) -> bool:
        """Whether nobody but its owner may touch it."""
        return self.there and not self.mode & 0o077


@dataclass(frozen=True, slots=True)
class Measured:
    """Facts about this site. `login` is the database role, `way_around` how it could pass the wall (or empty);
    `link` how the database is reached: "socket", "tls" or "clear". `key_file` holds the master key, where this process
    may know of it; `key_store` the data keys wrapped under it.
    """

    records: tuple[Records, ...]
    login: str
    way_around: str
    link: str
    database_here: bool
    database_folder: Place | None
    key_process: bool
    key_socket: Place | None
    key_file: Place | None
    key_store: Place | None
    hashed_sessions: bool
    second_factor: bool
    session_hours: int
    idle_minutes: int
    ends_with_browser: bool
    only_https: bool
    pages_kept: bool

    @property
    def encrypts(self) -> bool:
        return any(records.encrypted for records in self.records)

    @property
    def keys_apart(self) -> bool | None:
        """Whether a part of what opens the texts lies on another disk than they; None where nobody here can know."""
        parts = (self.key_store, self.key_file)
        if self.database_folder is None or self.database_folder.disk is None:
            return None
        if any(part and part.disk not in (None, self.database_folder.disk) for part in parts):
            return True
        return None if any(part is None or part.disk is None for part in parts) else False


def measure() -> Measured:
    """Look at everything once: three questions to the catalogue, none to a table of ours."""
    login, local, encrypted_link = _asked(CONNECTION)[0]
    host = str(settings.DATABASES["default"]["HOST"])
    embedded = settings.MODE == "embedded" and host.startswith("/")
    kind, _separator, path = str(settings.KEY_SERVICE).partition(":")
    return Measured(
        records=_records(),
        login=login,
        way_around=roles.way_around(connection),
        link="socket" if local else "tls" if encrypted_link else "clear",
        database_here=local or host in LOOPBACK,
        database_folder=look(_data_folder() / "postgres") if embedded else None,
        key_process=kind == "unix",
        key_socket=look(Path(path)) if kind == "unix" else None,
        key_file=_key_file(kind, path, embedded),
        key_store=look(Path(settings.KEY_STORE)),
        hashed_sessions=settings.SESSION_ENGINE == "accounts.sessions",
        second_factor="allauth.mfa" in settings.INSTALLED_APPS,
        session_hours=settings.SESSION_COOKIE_AGE // 3600,
        idle_minutes=settings.SESSION_IDLE // timedelta(minutes=1),
        ends_with_browser=settings.SESSION_EXPIRE_AT_BROWSER_CLOSE,
        only_https=settings.SESSION_COOKIE_SECURE,
        pages_kept="t2d.middleware.PrivateMiddleware" not in settings.MIDDLEWARE,
    )


def _data_folder() -> Path:
    return Path(os.environ.get("T2D_DATA") or settings.BASE_DIR / "var")


def _key_file(kind: str, path: str, embedded: bool) -> Place | None:
    if kind == "file":
        return look(Path(path))
    found = look(keys.key_file(_data_folder()))
    return found if embedded and found.there else None


def look(path: Path) -> Place:
    """What this process is told of a place; one that it may not even see is not there."""
    try:
        found = path.stat()
    except OSError:
        return Place(str(path))
    return Place(
        str(path),
        there=True,
        own=found.st_uid == os.geteuid(),
        mode=stat.S_IMODE(found.st_mode),
        disk=found.st_dev,
    )


def _asked(statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


def _records() -> tuple[Records, ...]:
    found = sorted(own_models(), key=lambda model: model._meta.label)
    stands = {
        name: on and forced for name, on, forced in _asked(WALLS, [model._meta.db_table for model in found])
    }
    return tuple(_records_of(model, stands.get(model._meta.db_table, False)) for model in found)


def _records_of(model: type[models.Model], holds: bool) -> Records:
    fields = [field for field in model._meta.concrete_fields if field.name not in HOUSEKEEPING]
    return Records(
        label=model._meta.label,
        clear=tuple(field.name for field in fields if not is_encrypted(field)),
        encrypted=tuple(field.name for field in fields if is_encrypted(field)),
        walled=wall_of(model) is not None,
        holds=holds,
    )


def is_encrypted(field: models.Field) -> bool:
    """Fields of the vault say under which name their texts are sealed."""
    return bool(getattr(field, "field_id", ""))

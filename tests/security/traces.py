"""Where words could be left behind beside an answer, and what lies there."""

from __future__ import annotations

import io
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis
from django.conf import settings
from django.core import mail
from django.db import connection

from confidentiality.wall import walled_models
from t2d.logs import Discreet

Left = Callable[[], dict[str, str]]
# What the log would be without the site's own way of writing it: for seeing that there was something to leave out.
USUAL = "log as it usually is"


@contextmanager
def traces() -> Iterator[Left]:
    """Begin with nothing. The answer of the block, when it is asked, is everything that was left, by place."""
    for store in stores().values():
        store.flushdb()
    mail.outbox.clear()
    sizes = {path: path.stat().st_size for path in service_logs()}
    with logged(formatter_of_the_site()) as log, logged(logging.Formatter()) as usual:
        yield lambda: {
            "log": log.getvalue(),
            USUAL: usual.getvalue(),
            "mail": "".join(str(message.message()) for message in mail.outbox),
            "tables in clear": "".join(open_tables()),
            **{place: "".join(lying_in(store)) for place, store in stores().items()},
            **{path.name: said_since(path, size) for path, size in sizes.items()},
        }


@contextmanager
def logged(formatter: logging.Formatter) -> Iterator[io.StringIO]:
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(formatter)
    logging.getLogger().addHandler(handler)
    try:
        yield written
    finally:
        logging.getLogger().removeHandler(handler)


def formatter_of_the_site() -> logging.Formatter:
    """Of the handler that the settings made, not of those that pytest adds."""
    found = (handler.formatter for handler in logging.getLogger().handlers)
    return next(formatter for formatter in found if isinstance(formatter, Discreet))


def service_logs() -> list[Path]:
    """What PostgreSQL and Valkey write themselves."""
    return sorted(Path(os.environ["T2D_DATA"]).glob("*.log"))


def said_since(path: Path, size: int) -> str:
    return path.read_bytes()[size:].decode(errors="replace")


def stores() -> dict[str, redis.Redis]:
    broker = settings.CELERY_BROKER_URL.replace("redis+socket://", "unix://").replace("virtual_host=", "db=")
    return {
        "broker": redis.Redis.from_url(broker),
        "cache": redis.Redis.from_url(settings.CACHES["default"]["LOCATION"]),
    }


def lying_in(store: redis.Redis) -> Iterator[str]:
    """Every key with its value, whatever it is made of."""
    readers: dict[bytes, Callable[[bytes], Any]] = {
        b"string": store.get,
        b"list": lambda key: store.lrange(key, 0, -1),
        b"set": store.smembers,
        b"hash": store.hgetall,
        b"zset": lambda key: store.zrange(key, 0, -1, withscores=True),
        b"stream": store.xrange,
    }
    for key in store.scan_iter():
        yield f"{key!r} {readers[store.type(key)](key)!r}\n"


def open_tables() -> Iterator[str]:
    """Every row of every table that has no wall: sessions, messages in them, accounts, reference."""
    walled = {model._meta.db_table for model in walled_models()}
    with connection.cursor() as cursor:
        names = [info.name for info in connection.introspection.get_table_list(cursor) if info.type == "t"]
        for name in sorted(set(names) - walled):
            cursor.execute(f'SELECT CAST(row AS text) FROM "{name}" AS row')
            yield from (f"{name} {row}\n" for (row,) in cursor.fetchall())

"""The audit: who looked at what, in chains that only grow. Ids, codes and times; never a word of content.

Rows are appended by functions of the database (functions.sql), which give place and hash. The application inserts,
changes and deletes none.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from confidentiality.codes import AuditAction
from confidentiality.querysets import AuditEventQuerySet, AuditHeadQuerySet
from confidentiality.wall import Wall

# The stream of what belongs to no initiative: refusals, files of what is shared, and what is left of purged chains.
SITE_STREAM = uuid.UUID(int=0)
# What the first event of a chain follows.
GENESIS = "0" * 64
CANONICAL = "t2d-audit-1"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_OWN = "IN (SELECT audited_streams())"
_BY_FUNCTION: Mapping[str, Mapping[str, Any]] = {
    "t2d_policy": {"INSERT": "true", "UPDATE": "true", "DELETE": "true"}
}


class AuditEvent(models.Model):
    """One access of one request to one initiative, or one refusal. Not a record of what was read or written there.

    `actor`: a user's id, `system:NAME`, or empty for a visitor and for whoever is not told. `route`: the name of the
    address, never the address. `records`: ids, sorted. `facts`: JSON of codes and numbers, as it was hashed. `hash` is
    SHA-256, in hex, over `previous` and the canonical form (`canonical`), which functions.sql writes in the same way.
    """

    wall = Wall(
        select=f"stream {_OWN}",
        others={"t2d_policy": {"INSERT": "true", "DELETE": "true"}, "t2d_site": {"SELECT": "true"}},
        triggers={"chain_event": "BEFORE INSERT", "only_grows": "BEFORE UPDATE OR DELETE"},
    )

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    stream = models.UUIDField(editable=False)
    position = models.BigIntegerField(editable=False)
    at = models.DateTimeField(default=timezone.now, editable=False)
    actor = models.CharField(max_length=60, blank=True, editable=False)
    action = models.CharField(_("action"), max_length=10, choices=AuditAction, editable=False)
    route = models.CharField(max_length=100, blank=True, editable=False)
    records = ArrayField(models.UUIDField(), default=list, editable=False)
    facts = models.TextField(blank=True, editable=False)
    previous = models.CharField(max_length=64, editable=False)
    hash = models.CharField(max_length=64, editable=False)

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        ordering = ["-position"]
        constraints = [
            models.UniqueConstraint(fields=["stream", "position"], name="audit_position_once"),
        ]

    def __str__(self) -> str:
        return f"event {self.position} of {self.stream}"

    def told(self) -> dict[str, Any]:
        """The facts; empty where somebody made them unreadable."""
        try:
            found = json.loads(self.facts or "{}")
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def expected_hash(self) -> str:
        """What the hash has to be, from everything else that stands in the row."""
        return hashlib.sha256(canonical(self)).hexdigest()


def canonical(event: AuditEvent) -> bytes:
    """An event as bytes that no other event has: each part with its length before it (netstrings)."""
    at = (event.at - EPOCH) // timedelta(microseconds=1)
    parts: Iterable[Any] = (
        CANONICAL, event.previous, event.stream, event.position, at, event.actor, event.action, event.route,
        ",".join(str(pk) for pk in event.records), event.facts, event.id,
    )  # fmt: skip
    texts = [str(part).encode() for part in parts]
    return b"".join(b"%d:%b," % (len(text), text) for text in texts)


class AuditHead(models.Model):
    """Where a chain ends: the last position and hash. Locked while an event is appended. Its id is the stream.

    `told`: of the site stream, up to which refusal teams have been told.
    """

    wall = Wall(
        select=f"id {_OWN}",
        others={**_BY_FUNCTION, "t2d_site": {"SELECT": "true"}},
        columns={"t2d_site": {"SELECT": ("id", "position", "hash")}},
    )

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    position = models.BigIntegerField(default=0, editable=False)
    hash = models.CharField(max_length=64, default=GENESIS, editable=False)
    told = models.BigIntegerField(default=0, editable=False)

    objects = AuditHeadQuerySet.as_manager()

    def __str__(self) -> str:
        return f"head of {self.pk}"


class AuditCheckpoint(models.Model):
    """The heads of all chains that grew since the checkpoint before, signed by the key service. Read by the operator.

    `number` counts from 1. `body` is what was signed: JSON with `version`, `number`, `at`, `previous` (SHA-256 of the
    body before) and `heads` ({stream: [position, hash]}). Worth something only in a copy that lies elsewhere.
    """

    wall = Wall(
        select="",
        others={"t2d_site": {"SELECT": "true", "INSERT": "true"}},
        triggers={"only_grows": "BEFORE UPDATE OR DELETE"},
    )

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.BigIntegerField(editable=False)
    at = models.DateTimeField(default=timezone.now, editable=False)
    body = models.TextField(editable=False)
    signature = models.CharField(max_length=128, editable=False)

    class Meta:
        ordering = ["number"]

    def __str__(self) -> str:
        return f"checkpoint {self.number}"

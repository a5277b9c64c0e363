"""Signed checkpoints: where every chain of the audit stood, hour by hour, for copies that lie elsewhere.

    python manage.py verify_audit --copy FILE      write all checkpoints there are into a file
    python manage.py verify_audit --against FILE   compare the chains with such a file

A file has one checkpoint a line: {"body": text, "signature": hex}. Each names the hash of the one before, so that one
left out shows. Signed by the key service (Ed25519); whoever has the public key can check it without this site.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import IO, Any
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import connection
from django.utils import timezone

from confidentiality import vault
from confidentiality.codes import AuditAction
from confidentiality.models import SITE_STREAM, AuditCheckpoint, AuditEvent, AuditHead
from confidentiality.verification import Finding

VERSION = 1
PURPOSE = b"t2d audit checkpoint "  # What is signed here is nothing else.

Heads = dict[str, list[Any]]


class Broken(Exception):
    """A copied file that cannot be trusted. The message says where."""


def sign_checkpoint() -> AuditCheckpoint:
    """Sign where the chains stand that grew since the last one. Raises KeyServiceAway."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('t2d.checkpoint', 0))")
    known, last = _known(AuditCheckpoint.objects.order_by("number"))
    heads = {str(pk): [position, hash] for pk, position, hash in _standing()}
    body = json.dumps(
        {
            "version": VERSION,
            "number": (last.number if last else 0) + 1,
            "at": timezone.now().isoformat(),
            "previous": digest(last.body) if last else "",
            "heads": {pk: head for pk, head in heads.items() if known.get(pk) != head},
            "ended": sorted(known.keys() - heads.keys()),
        },
        sort_keys=True,
    )
    return AuditCheckpoint.objects.create(
        number=(last.number if last else 0) + 1, body=body, signature=_signed(body).hex()
    )


def _standing() -> Iterable[tuple[UUID, int, str]]:
    return AuditHead.objects.order_by("pk").values_list("pk", "position", "hash")


def _known(checkpoints: Iterable[AuditCheckpoint]) -> tuple[Heads, AuditCheckpoint | None]:
    """The heads as all checkpoints together know them, and the last checkpoint."""
    known: Heads = {}
    last = None
    for last in checkpoints:
        _learn(known, json.loads(last.body))
    return known, last


def _learn(known: Heads, told: dict[str, Any]) -> None:
    known.update(told["heads"])
    for pk in told["ended"]:
        known.pop(pk, None)


def _signed(body: str) -> bytes:
    return vault.key_service().sign(PURPOSE + digest(body).encode())


def digest(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()


# --- Copies ---------------------------------------------------------------------------------------------------


def copy_to(file: IO[str]) -> int:
    """Write every checkpoint there is. How many."""
    lines = [
        json.dumps({"body": checkpoint.body, "signature": checkpoint.signature}) + "\n"
        for checkpoint in AuditCheckpoint.objects.order_by("number")
    ]
    file.writelines(lines)
    return len(lines)


def compare(file: Iterable[str], key: bytes | None = None) -> list[Finding]:
    """What of the chains is not as the file says. `key`: the public key (32 bytes) that was written down elsewhere; by
    default what the key service says. Raises Broken, and KeyServiceAway."""
    ended = _ended()
    findings: list[Finding] = []
    for pk, signed in _copied(file, key or vault.key_service().verifying_key()).items():
        stream, position = UUID(pk), max(signed)
        if ended.get(stream, -1) >= position:
            continue
        there = dict(
            AuditEvent.objects.filter(stream=stream, position__in=signed).values_list("position", "hash")
        )
        for position, hash in signed.items():
            if position and position not in there:
                findings.append(Finding(stream, position, "gone"))
            elif position and there[position] != hash:
                findings.append(Finding(stream, position, "not as copied"))
    return findings


def _copied(file: Iterable[str], key: bytes) -> dict[str, dict[int, str]]:
    """{stream: {position: hash}} of a whole file, every signature and every link of it checked."""
    found: dict[str, dict[int, str]] = {}
    public, previous = Ed25519PublicKey.from_public_bytes(key), ""
    for line, text in enumerate(file, 1):
        try:
            row = json.loads(text)
            public.verify(bytes.fromhex(row["signature"]), PURPOSE + digest(row["body"]).encode())
            told = json.loads(row["body"])
            if told["previous"] != previous or told["number"] != line:
                raise Broken(f"Line {line}: a checkpoint before this one was left out.")
            for pk, (position, hash) in told["heads"].items():
                found.setdefault(pk, {})[int(position)] = hash
        except (ValueError, KeyError, TypeError, AttributeError):
            raise Broken(f"Line {line} is not a checkpoint.") from None
        except InvalidSignature:
            raise Broken(f"Line {line}: the signature does not hold.") from None
        previous = digest(row["body"])
    return found


def _ended() -> dict[UUID, int]:
    """Chains that went with their initiative, and how far they had come; the site's own chain says so."""
    events = AuditEvent.objects.filter(stream=SITE_STREAM, action=AuditAction.PURGE)
    return {event.records[0]: int(event.told().get("position", 0)) for event in events if event.records}

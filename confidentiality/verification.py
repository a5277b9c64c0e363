"""Whether the chains of the audit are whole: every event follows the one before, and the heads are where they end.

Found: an event that was changed, taken out, put in or moved; a tail that was cut while the head stayed. Not found here:
chains that the owner of the tables wrote anew from some event on, heads included, and a chain that is gone with its
head. Only a copy of the checkpoints that lies elsewhere shows these (checkpoints.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from confidentiality.models import GENESIS, AuditEvent, AuditHead

AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not fit. what: a word for programs; position: where in the chain of the stream."""

    stream: UUID
    position: int
    what: str

    def __str__(self) -> str:
        return f"{self.stream} at {self.position}: {WORDS[self.what]}"


WORDS: Mapping[str, str] = {
    "changed": "the event is not what was hashed",
    "missing": "events before this one are missing",
    "twice": "this place is taken twice",
    "unlinked": "the event does not follow the one before",
    "cut": "the chain ends before its head",
    "beyond": "the chain goes on behind its head",
    "headless": "the chain has no head",
    "not as copied": "the event is not the one that was signed",
    "gone": "the chain is shorter than what was signed",
}


@dataclass(frozen=True, slots=True)
class Verified:
    """What was looked at, and what does not fit."""

    streams: int
    events: int
    findings: list[Finding]


def verify(streams: Iterable[UUID] | None = None) -> Verified:
    """Read chains, all or those named, from the first event to the head. As whoever acts: a team sees its own."""
    heads, events = (
        AuditHead.objects.only("id", "position", "hash"),
        AuditEvent.objects.order_by("stream", "position", "id"),
    )
    if streams is not None:
        heads, events = heads.filter(pk__in=streams), events.filter(stream__in=streams)
    # Heads first: what is appended meanwhile lies behind them, and is not judged.
    ends = {head.pk: head for head in heads}
    findings: list[Finding] = []
    ends_left, count = dict(ends), 0
    for stream, chain in _chains(events.iterator(chunk_size=AT_ONCE)):
        walk = _Walk(stream, ends_left.pop(stream, None))
        for event in chain:
            count += 1
            findings += walk.step(event)
        findings += walk.end()
    findings += [Finding(pk, head.position, "cut") for pk, head in ends_left.items() if head.position]
    return Verified(len(ends), count, findings)


def _chains(events: Iterable[AuditEvent]) -> Iterator[tuple[UUID, Iterator[AuditEvent]]]:
    """Events by stream; each chain is read to its end before the next."""
    waiting = iter(events)
    first = next(waiting, None)
    while first is not None:
        stream, following = first.stream, [None]

        def chain(
            start: AuditEvent = first, stream: UUID = stream, following: list = following
        ) -> Iterator[AuditEvent]:
            yield start
            for event in waiting:
                if event.stream != stream:
                    following[0] = event
                    return
                yield event

        yield stream, chain()
        first = following[0]


class _Walk:
    """Along one chain: what the next event has to follow."""

    def __init__(self, stream: UUID, head: AuditHead | None) -> None:
        self.stream, self.head = stream, head
        self.position, self.hash = 0, GENESIS

    def step(self, event: AuditEvent) -> Iterator[Finding]:
        if event.position != self.position + 1:
            what = "missing" if event.position > self.position else "twice"
            yield Finding(self.stream, event.position, what)
        if event.previous != self.hash:
            yield Finding(self.stream, event.position, "unlinked")
        if event.hash != event.expected_hash():
            yield Finding(self.stream, event.position, "changed")
        if self.head and event.position == self.head.position and event.hash != self.head.hash:
            yield Finding(self.stream, event.position, "changed")
        self.position, self.hash = event.position, event.hash

    def end(self) -> Iterator[Finding]:
        if self.head is None:
            yield Finding(self.stream, self.position, "headless")
        elif self.position < self.head.position:
            yield Finding(self.stream, self.position, "cut")

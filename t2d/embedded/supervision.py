"""Keeps worker, beat and web going: what ends by itself is started again; without data services all stops."""

from __future__ import annotations

import contextlib
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from kombu.connection import Connection

from t2d.embedded import folder, processes, stopping

LOOK_EVERY = 0.2  # seconds
LONGEST_PAUSE = 30.0  # seconds between two starts of something that keeps ending
SOUND_AFTER = 60.0  # seconds of running after which an end counts as the first one again


class DataServiceEnded(Exception):
    """PostgreSQL or Valkey ended unasked; nothing can go on without them."""


@dataclass
class Supervised:
    """A part of the application and how to start it. `broker` is set where it alone takes work from there."""

    name: str
    command: list[str]
    environment: dict[str, str]
    path: Path
    pass_fds: tuple[int, ...] = ()
    broker: str = ""
    child: processes.Child | None = None
    failures: int = 0
    start_again_at: float | None = None

    def start(self) -> None:
        if self.broker:
            requeue_unfinished(self.broker)
        self.child = processes.start(
            self.name,
            self.command,
            log=self.path / f"{self.name}.log",
            env=self.environment,
            cwd=folder.PROJECT,
            pass_fds=self.pass_fds,
        )
        self.start_again_at = None

    def look_after(self) -> None:
        """Starts it again when it has ended: at once the first time, later and later when it keeps ending."""
        now = time.monotonic()
        if self.start_again_at is not None:
            if now >= self.start_again_at:
                self.start()
            return
        if self.child is None or not self.child.ended():
            return
        processes.end_group(self.child)
        self.failures = 1 if now - self.child.started_at > SOUND_AFTER else self.failures + 1
        pause = min(LONGEST_PAUSE, 2.0 ** (self.failures - 1) - 1)
        code, log = self.child.process.returncode, self.child.log
        tell(f"{self.name} ended unasked ({code}); starting it again in {pause:.0f} s. See {log}")
        self.start_again_at = now + pause


def supervise(parts: list[Supervised], data_services: list[processes.Child]) -> None:
    """Returns never; leaves by SystemExit on a signal, or by DataServiceEnded."""
    while True:
        for service in data_services:
            if service.ended():
                words = service.last_words(5)
                raise DataServiceEnded(f"{service.name} ended unasked; all stops. In its log:\n{words}")
        for part in parts:
            part.look_after()
        stopping.pause(LOOK_EVERY)


def requeue_unfinished(broker: str) -> None:
    """Puts back what a killed worker had taken and not finished, which the broker would hand out again only
    after its visibility timeout. Right only where no other worker runs, as here."""
    with Connection(broker) as connection, contextlib.closing(connection.channel()) as channel:
        tags = channel.client.zrange(channel.unacked_index_key, 0, -1)
        for tag in tags:
            channel.qos.restore_by_tag(tag, leftmost=True)


def tell(message: str) -> None:
    print(message, file=sys.stderr, flush=True)

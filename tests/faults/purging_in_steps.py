"""A process that carries out purges and dies before a given step of each. Not a test; see test_purge_faults.py.

Steps are statements to the database and file operations in the key store. It reads numbers from standard input: for
each it forks a child, which purges what is due and kills itself (SIGKILL) before so many steps. What became of the
child is written to standard output: `killed`, or `done` when the purge had fewer steps.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

import django
from django.conf import settings

FILES = ("open", "os.rename", "os.remove", "os.link", "os.listdir", "fcntl.flock")


class Steps:
    """Counts, and dies when the number is reached."""

    def __init__(self, number: int) -> None:
        self.left = number

    def take(self) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def statement(self, execute: Any, *rest: Any) -> Any:
        self.take()
        return execute(*rest)

    def file(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "fcntl.flock" or (event in FILES and str(settings.KEY_STORE) in str(arguments[0])):
            self.take()


def purge_and_die(number: int) -> None:
    from django.db import connection

    from initiatives.services import purge_due

    steps = Steps(number)
    sys.addaudithook(steps.file)
    with connection.execute_wrapper(steps.statement):
        purge_due()


def main() -> None:
    django.setup()
    print("ready", flush=True)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            purge_and_die(int(line))
            os._exit(0)
        _pid, status = os.waitpid(child, 0)
        print("killed" if os.WIFSIGNALED(status) else f"done {os.waitstatus_to_exitcode(status)}", flush=True)


if __name__ == "__main__":
    main()

"""Being told to stop: a signal is noted when it comes, and acted upon where the code asks for it.

Not by an exception out of the handler: that strikes wherever Python happens to be. In a `__del__` it is printed
and forgotten (one in fifty, while connections are tried in a loop), and the server goes on, deaf; between the start
of a child and its entry in our list it leaves a child that nobody ends.
"""

from __future__ import annotations

import contextlib
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType

ASK_EVERY = 0.1  # seconds, while we wait for another program
_noted: list[int] = []


@contextlib.contextmanager
def signals_noted() -> Iterator[None]:
    """SIGINT, SIGTERM and SIGHUP end the block at the next `leave_if_told`, and do not disturb its leaving.

    SIGINT even where it was ignored, as it is for background jobs of a script; SIGHUP not under nohup.
    """
    signs = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signs.append(signal.SIGHUP)
    _noted.clear()
    before = {sign: signal.signal(sign, _note) for sign in signs}
    try:
        yield
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler)


def _note(number: int, frame: FrameType | None) -> None:
    _noted.append(number)


def leave_if_told() -> None:
    """Raises SystemExit once a signal has come. Every loop that waits for something asks."""
    if _noted:
        raise SystemExit(0)


def pause(seconds: float) -> None:
    """One turn of a loop that waits."""
    leave_if_told()
    time.sleep(seconds)


def run(
    command: Sequence[str | Path], *, cwd: str | Path, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs a program to its end and returns what it printed; ends it when we are told to stop meanwhile."""
    with subprocess.Popen(  # nosec B603 # our callers' own words, no shell
        command, cwd=cwd, env=env, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        try:
            while True:
                leave_if_told()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    said, complained = process.communicate(timeout=ASK_EVERY)
                    return subprocess.CompletedProcess(process.args, process.returncode, said, complained)
        except BaseException:
            process.kill()
            raise

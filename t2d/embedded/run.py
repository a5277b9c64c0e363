"""One command against the data services: the running ones, or ones started for its time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType

from t2d.embedded import data, folder, keys, serve, stopping

STARTING_PATIENCE = 120  # seconds; a first start includes the demo


def run(path: Path, command: list[str]) -> int:
    """Runs `command` and returns its exit code. Waits for another `run`, joins a `serve`."""
    if all(os.environ.get(name) for name in serve.SERVICE_VARIABLES):
        return _call(command, serve.for_site(serve.common_environment(path) | keys.in_process(path)))
    waiting = False
    while True:
        try:
            lock = folder.claim(path, "run")
        except folder.Busy as busy:
            if busy.purpose == "serve":
                return _call(command, serve.for_site(_environment_of_server(path)))
            if not waiting:
                print("Waiting for another command on the same data folder ...", file=sys.stderr, flush=True)
            waiting = True
            time.sleep(0.2)
            continue
        with (
            lock,
            stopping.signals_noted(),
            data.services(path) as running,
            keys.service(path, running.sockets) as (key_environment, _parts),
        ):
            environment = serve.common_environment(path) | running.environment | key_environment
            return _call(command, serve.for_site(environment))


def run_throwaway(command: list[str]) -> int:
    """Runs `command` on services that are empty, private to it, and gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="t2d-run-") as name, stopping.signals_noted():
        path = Path(name).resolve()
        with folder.claim(path, "run"), data.services(path, losable=True, everything=True) as running:
            environment = serve.common_environment(path) | running.environment | keys.private(path)
            environment |= {"T2D_DATA": name}
            return _call(command, serve.for_site(environment))


def _environment_of_server(path: Path) -> dict[str, str]:
    """Of the server that holds the folder; waits while it is still starting."""
    deadline = time.monotonic() + STARTING_PATIENCE
    while (found := folder.read_environment(path)) is None:
        if time.monotonic() > deadline:
            raise serve.Failed(f"A server holds {path}, but does not say how to reach it.")
        time.sleep(0.2)
    return found


def _call(command: list[str], environment: dict[str, str]) -> int:
    """Runs the command to its end. Ctrl-C reaches it from the terminal; other signals are passed on."""
    child: subprocess.Popen[bytes] | None = None

    def pass_on(number: int, frame: FrameType | None) -> None:
        if child is not None and number != signal.SIGINT:
            child.send_signal(number)

    signs = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {sign: signal.signal(sign, pass_on) for sign in signs}
    try:
        stopping.leave_if_told()
        child = subprocess.Popen(command, env=os.environ | environment)  # nosec B603 # what was asked for
        code = child.wait()
    except FileNotFoundError:
        raise serve.Failed(f"There is no command {command[0]}.") from None
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler)
    return code if code >= 0 else 128 - code

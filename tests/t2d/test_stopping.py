"""A signal ends the block, wherever it strikes. Each case in a process of its own: signals belong to a process."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from t2d.embedded import stopping

PROJECT = Path(__file__).resolve().parents[2]
SIGNS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def told_while(code: str, sign: signal.Signals = signal.SIGTERM) -> int:
    """The exit code of a process that is told to stop while it runs `code`; the code prints one line first."""
    # A shell that starts the suite in the background has it ignore SIGINT, and what it starts does, too.
    begin = (
        "import os, signal, subprocess, sys, time\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
    )
    whole = begin + "from t2d.embedded import stopping\n" + textwrap.dedent(code)
    with subprocess.Popen([sys.executable, "-c", whole], cwd=PROJECT, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        process.send_signal(sign)
        try:
            return process.wait(30)
        finally:
            process.kill()


IN_A_DEL = """
    class Closing:
        def __del__(self):
            print("closing", flush=True)
            time.sleep(0.3)

    with stopping.signals_noted():
        while True:
            Closing()  # an exception raised in its __del__ would be printed and forgotten
            stopping.leave_if_told()
"""
WHILE_A_PROGRAM_RUNS = """
    with stopping.signals_noted():
        print("running", flush=True)
        stopping.run([sys.executable, "-c", "import time; time.sleep(600)"], cwd="/")
"""
WHILE_LEAVING = """
    with stopping.signals_noted():
        try:
            os.kill(os.getpid(), 15)
            stopping.pause(600)
        finally:
            print("leaving", flush=True)
            time.sleep(0.5)
            print("left")
    sys.exit(9)
"""


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("code", [IN_A_DEL, WHILE_A_PROGRAM_RUNS, WHILE_LEAVING])
def test_a_signal_ends_the_block(code: str, sign: signal.Signals) -> None:
    assert told_while(code, sign) == 0


def test_what_a_program_says_is_returned_whole(tmp_path: Path) -> None:
    code = "import sys, time; print('x' * 200_000); time.sleep(0.3); sys.exit('no')"
    done = stopping.run([sys.executable, "-c", code], cwd=tmp_path)

    assert (done.returncode, len(done.stdout), done.stderr) == (1, 200_001, "no\n")

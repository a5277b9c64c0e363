"""The check of pins for known faults says "none" only when somebody who would know was asked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).resolve().parents[2]
FAULT = {"id": "TEST-1", "fix_versions": ["2"]}
SOUND = {"name": "sound", "version": "1", "vulns": []}
FAULTY = {"name": "weak", "version": "1", "vulns": [FAULT]}
UNKNOWN = {"name": "odd", "skip_reason": "not found"}


def checked(tmp_path: Path, *, known: str, pins: str, **environment: str) -> tuple[int, str]:
    """Status and output of the check, with an advisory database that answers so."""
    program = tmp_path / "pip-audit"
    program.write_text(
        "#!/bin/sh\nfor file; do :; done\n"
        f"case $file in *known.txt) cat <<'END'\n{known}\nEND\n;; *) cat <<'END'\n{pins}\nEND\n;; esac\n"
    )
    program.chmod(0o700)
    path = f"{tmp_path}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    clean = {name: value for name, value in os.environ.items() if name != "T2D_REQUIRE_ADVISORIES"}
    done = subprocess.run(
        [PROJECT / "script" / "check-pins"],
        env={**clean, "PATH": path, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def report(*pins: dict[str, Any]) -> str:
    return json.dumps({"dependencies": pins, "fixes": []})


def test_no_known_fault(tmp_path: Path) -> None:
    assert checked(tmp_path, known=report(FAULTY), pins=report(SOUND)) == (0, "")


def test_a_fault_fails_and_is_named(tmp_path: Path) -> None:
    status, said = checked(tmp_path, known=report(FAULTY), pins=report(SOUND, FAULTY))
    assert (status, said.splitlines()[0]) == (1, "weak 1: TEST-1, mended in 2")


@pytest.mark.parametrize("known", ["", report(), report(UNKNOWN), report(SOUND)])
def test_a_database_that_misses_what_everybody_knows_is_no_answer(tmp_path: Path, known: str) -> None:
    status, said = checked(tmp_path, known=known, pins=report(SOUND))
    assert status == 75
    assert said.startswith("skipped: ")
    assert checked(tmp_path, known=known, pins=report(SOUND), T2D_REQUIRE_ADVISORIES="1")[0] == 1


@pytest.mark.parametrize("pins", ["", report(), report(SOUND, UNKNOWN)])
def test_a_pin_that_was_not_judged_fails(tmp_path: Path, pins: str) -> None:
    assert checked(tmp_path, known=report(FAULTY), pins=pins)[0] == 1

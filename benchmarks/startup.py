"""From a fresh copy to READY: with uv and with pip, caches empty, and again when everything is there.

Copies the files that git knows into a temporary folder, runs script/server there, and takes the time until it
prints READY; then stops it and takes that time, too. Needs a package registry. Prints one line per start.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
LIMITS = {"pip, first start": 90.0, "uv, first start": 30.0}  # seconds; later starts: 10


def copy_project(target: Path) -> None:
    told = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for name in filter(None, told.stdout.split("\0")):
        if (PROJECT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, target / name)


def path_without_uv(folder: Path) -> str:
    """A PATH on which this Python is found and uv is not."""
    folder.mkdir()
    (folder / "python3").symlink_to(Path(sys.base_exec_prefix) / "bin" / "python3")
    others = [entry for entry in os.environ["PATH"].split(":") if not (Path(entry) / "uv").exists()]
    return ":".join([str(folder), *others])


def start_and_stop(project: Path, env: dict[str, str]) -> tuple[float, float]:
    """Seconds until READY, and seconds from SIGTERM to the end."""
    began = time.perf_counter()
    server = subprocess.Popen(
        ["script/server"], cwd=project, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    for line in server.stdout:
        if line.startswith("READY"):
            break
    ready = time.perf_counter() - began
    server.send_signal(signal.SIGTERM)
    code = server.wait(60)
    server.stdout.close()
    if code:
        raise SystemExit(f"script/server ended with {code}")
    return ready, time.perf_counter() - began - ready


def measure(tool: str, scratch: Path) -> None:
    project = scratch / tool
    copy_project(project)
    env = {name: value for name, value in os.environ.items() if not name.startswith("T2D_")}
    env |= {"PORT": "8600", "UV_CACHE_DIR": str(scratch / "uv-cache"), "PIP_NO_CACHE_DIR": "1"}
    if tool == "pip":
        env["PATH"] = path_without_uv(scratch / "bin")
    for name in ("first start", "second start", "third start"):
        ready, stopped = start_and_stop(project, env)
        limit = LIMITS.get(f"{tool}, {name}", 10.0)
        print(
            f"{tool}, {name}: READY after {ready:.1f} s (at most {limit:.0f}), stopped in {stopped:.1f} s",
            flush=True,
        )


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="t2d-startup-") as name:
        for tool in ("uv", "pip"):
            if tool == "pip" or shutil.which("uv"):
                measure(tool, Path(name))


if __name__ == "__main__":
    main()

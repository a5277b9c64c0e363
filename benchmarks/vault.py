"""What the vault costs: opening and closing 1 kB, with each key service, with known and unknown data keys; a list
of 2,000 titles read and opened through the models; and a rotation of 10,000 data keys.

Median and 95th percentile of single calls, in one thread, on a key store of the disk that the temporary folder is on.
A known data key is one that the process has used within the last minute; an unknown one is looked up in the key store
and unwrapped by the key service first.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from benchmarks.support.services import migrated_services
from t2d.embedded.folder import PROJECT

KILOBYTE = os.urandom(512).hex().encode()
ROW = UUID(int=1)
CALLS, COLD_CALLS, TITLES, ROTATED, ASKED, THREADS = 20_000, 500, 2_000, 10_000, 5_000, 8
LIMIT = 20e-6  # seconds for one kilobyte with a known key


def main() -> None:
    slow = False
    with tempfile.TemporaryDirectory(prefix="t2d-bench-") as name:
        path = Path(name).resolve()
        with key_services(path) as services:
            for kind, service in services.items():
                slow |= measure_calls(kind, service, path / kind)
            measure_asking(services["process on a socket"])
            for kind, service in services.items():
                measure_rotation(kind, service, path / f"{kind} rotated")
    with migrated_services():
        measure_titles()
    if slow:
        sys.exit(f"Slower than {LIMIT * 1e6:.0f} microseconds for a kilobyte with a known key.")


@contextmanager
def key_services(path: Path) -> Iterator[dict[str, Any]]:
    """Both kinds, on one key file."""
    from confidentiality.keyring import create_file
    from confidentiality.keys import FileKeyService, SocketKeyService

    key_file, socket = path / "keys" / "keys.json", path / "s"
    create_file(key_file)
    command = [
        sys.executable,
        "-m",
        "confidentiality.keyserver",
        "--keys",
        str(key_file),
        "--socket",
        str(socket),
    ]
    process = subprocess.Popen(command, cwd=PROJECT, stderr=subprocess.DEVNULL)
    try:
        yield {"file": FileKeyService(key_file), "process on a socket": SocketKeyService(socket)}
    finally:
        process.kill()
        process.wait()


def make_vault(service: Any, folder: Path) -> Any:
    from confidentiality.keystore import KeyStore
    from confidentiality.vault import Vault

    store = KeyStore(folder)
    store.prepare()
    return Vault(service, store)


def measure_calls(kind: str, service: Any, folder: Path) -> bool:
    """Prints a line for each; whether one with a known key was too slow."""
    vault = make_vault(service, folder)
    place: dict[str, Any] = {"field_id": "bench.text", "row": ROW, "scope": "user:1"}
    sealed = vault.seal(KILOBYTE, **place)
    print(f"key service: {kind}")
    known = [
        timed("  seal 1 kB, known key", lambda: vault.seal(KILOBYTE, pad=64, **place), CALLS),
        timed("  open 1 kB, known key", lambda: vault.unseal(sealed, **place), CALLS),
    ]
    texts = {f"user:{number}": b"" for number in range(COLD_CALLS)}
    scopes = iter(texts)

    def first() -> None:
        scope = next(scopes)
        texts[scope] = vault.seal(KILOBYTE, **{**place, "scope": scope})

    timed("  seal 1 kB, first in its scope", first, COLD_CALLS - 1)
    vault.forget()
    again = iter([(scope, text) for scope, text in texts.items() if text])

    def unknown() -> None:
        scope, text = next(again)
        vault.unseal(text, **{**place, "scope": scope})

    timed("  open 1 kB, unknown key", unknown, COLD_CALLS - 2)
    return max(known) > LIMIT


def measure_asking(service: Any) -> None:
    wrapped = service.wrap(bytes(32))
    with ThreadPoolExecutor(THREADS) as pool:
        began = time.perf_counter()
        list(pool.map(lambda _: service.unwrap(wrapped), range(ASKED)))
        taken = time.perf_counter() - began
    print(f"{THREADS} threads asking the process: {ASKED / taken:,.0f} answers a second")


def measure_rotation(kind: str, service: Any, folder: Path) -> None:
    from confidentiality import rotation

    vault = make_vault(service, folder)
    wrapped = service.wrap(bytes(32))
    for number in range(ROTATED):
        (folder / f"{number:064x}").write_bytes(wrapped)
        (folder / f"{number:064x}").chmod(0o600)
    began = time.perf_counter()
    done = rotation.rotate(service, vault.store, lambda told: None)
    taken = time.perf_counter() - began
    print(f"rotation of {done.rewrapped:,} data keys, {kind}: {taken:.1f} s")


def measure_titles() -> None:
    """A page that lists what somebody is on: the rows, then every title, each under a key of its own."""
    from benchmarks.support import register
    from confidentiality import vault
    from confidentiality.roles import as_owner
    from initiatives.models import Brief, Initiative

    with as_owner():
        register.fill(TITLES)
        initiatives = list(Initiative.objects.values_list("pk", flat=True))
        began = time.perf_counter()
        Brief.objects.bulk_create(
            [
                Brief(id=uuid4(), initiative_id=pk, title=f"Dialogue {number}")
                for number, pk in enumerate(initiatives)
            ]
        )
        print(f"{TITLES:,} briefs written, a new data key for each: {time.perf_counter() - began:.2f} s")

        def rows() -> int:
            return len(list(Brief.objects.only("title", "initiative")))

        def titles() -> int:
            return len([brief.title for brief in Brief.objects.only("title", "initiative")])

        def unknown() -> int:
            vault.configured().forget()
            return titles()

        timed(f"{TITLES:,} rows read, no title opened", rows, 15, unit="ms")
        timed(f"{TITLES:,} titles opened, known keys", titles, 15, unit="ms")
        timed(f"{TITLES:,} titles opened, unknown keys", unknown, 5, unit="ms")


def timed(name: str, act: Callable[[], Any], calls: int, *, unit: str = "us") -> float:
    """The median of single calls, in seconds; the first one does not count."""
    act()
    taken = []
    for _ in range(calls):
        began = time.perf_counter()
        act()
        taken.append(time.perf_counter() - began)
    middle, late = statistics.median(taken), statistics.quantiles(taken, n=20)[-1]
    scale = {"us": 1e6, "ms": 1e3}[unit]
    print(f"{name}: {middle * scale:.1f} {unit} (p95 {late * scale:.1f})", flush=True)
    return middle


if __name__ == "__main__":
    main()

"""What room for frames (t2d/frames.py) saves of a whole answer, with it and without, by turns, in one process.

The application is called as a thread of the web server calls it, on the demonstration, from a stack a little deeper
each time: whether a loop lies over the edge of a piece depends on how deep it begins.
"""

from __future__ import annotations

import io
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from benchmarks.support.services import migrated_services

DEPTHS, ROUNDS = range(0, 40, 4), 8
WHO = "mediator@demo.example"
PATHS = ("/", "/initiatives/", "/calendar/", "/transfer/", "/people/")


def main() -> None:
    with migrated_services():
        from django.core.management import call_command

        call_command("collectstatic", verbosity=0, interactive=False, ignore_patterns=["redoc"])
        call_command("load_demo", stdout=io.StringIO())
        with ThreadPoolExecutor(1) as thread:  # as the web server's, with nothing below it
            for path in PATHS:
                print(thread.submit(_compared, path).result(), flush=True)


def _compared(path: str) -> str:
    from django.test import Client

    from accounts.models import User
    from t2d.frames import with_room

    client = Client()
    client.force_login(User.objects.get(email=WHO))
    plain, roomy = (lambda: _asked(client, path)), with_room(lambda: _asked(client, path))
    times: dict[Callable[[], None], dict[int, float]] = {plain: {}, roomy: {}}
    for depth in DEPTHS:
        for ask in (plain, roomy):
            times[ask][depth] = _at(depth, lambda ask=ask: _median(ask))
    without, given = (sorted(times[ask].values()) for ask in (plain, roomy))
    return (
        f"{path:<20} without {statistics.median(without):6.1f} ms ({without[0]:.1f} to {without[-1]:.1f} by depth), "
        f"with {statistics.median(given):6.1f} ms ({given[0]:.1f} to {given[-1]:.1f}), "
        f"ratio {statistics.median(given) / statistics.median(without):.2f}"
    )


def _at(depth: int, measure: Callable[[], float]) -> float:
    return _at(depth - 1, measure) if depth else measure()


def _median(ask: Callable[[], None]) -> float:
    found = []
    for _round in range(ROUNDS + 1):
        began = time.perf_counter()
        ask()
        found.append(1000 * (time.perf_counter() - began))
    return statistics.median(found[1:])


def _asked(client: Any, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 200, (path, response.status_code)


if __name__ == "__main__":
    main()

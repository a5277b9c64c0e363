"""PostgreSQL goes away under a running site and comes back: the site does too, by itself, and tells nobody anything.

Proved, with script/server on services of somebody else's, as on a server for many: while the database is away pages
and API answer with a fault and no word of content; when it is back the same processes answer as before, to the
same session and the same token, and the worker goes on comparing. What they wrote into their logs meanwhile, faults of
the key store included, holds no word that anybody typed. Where the database is the embedded one, its end is the end
of the whole site: see test_server.py.
"""

from __future__ import annotations

import json
import re
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode

import pytest

from t2d.demo import PASSWORD
from t2d.embedded import data, processes
from tests.faults.test_server import PATIENCE, PROJECT, Server, environment, pid_of, running, wait_until

pytestmark = [pytest.mark.serial, pytest.mark.xdist_group("server")]

TITLE, LINE = "Herons at the fourth weir", "A line for the card, typed today"
SERVICES = ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_WORKER_URL", "CELERY_BROKER_URL", "CACHE_URL")


@pytest.fixture
def services(tmp_path: Path) -> Iterator[data.Services]:
    """Somebody else's, as far as the site knows."""
    path = tmp_path / "services"
    path.mkdir()
    with data.services(path, losable=True, everything=True) as found:
        yield found


def stop_postgres(services: data.Services) -> None:
    (postgres,) = [child for child in services.children if child.name == "postgres"]
    processes.stop([postgres], patience=PATIENCE)
    services.children.remove(postgres)


def start_postgres(services: data.Services) -> None:
    data.start_postgres(services)
    wait_until(lambda: answers(services))


def answers(services: data.Services) -> bool:
    try:
        data.superuser(services, "t2d").close()
    except data.psycopg.OperationalError:
        return False
    return True


def waiting(services: data.Services) -> int:
    with data.superuser(services, "t2d") as asking:
        found = asking.execute("SELECT count(*) FROM coordination_outboxentry").fetchone()
    assert found is not None
    return int(str(found[0]))


class Visitor:
    """A browser that is signed in, and a program with a token."""

    def __init__(self, server: Server, email: str, token: str) -> None:
        self.address, self.token = server.address.rstrip("/"), token
        self.browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        form = self.page("/account/login/")[1]
        (hidden,) = set(re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', form))
        sent = {"login": email, "password": PASSWORD, "csrfmiddlewaretoken": hidden}
        status, _page = self.page("/account/login/", urlencode(sent).encode())
        assert status == 200

    def page(self, path: str, body: bytes | None = None) -> tuple[int, str]:
        return self._heard(urllib.request.Request(self.address + path, body))

    def api(self, path: str, method: str = "GET", **body: str) -> tuple[int, str]:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        sent = json.dumps(body).encode() if body else None
        address = f"{self.address}/api/v1/{path}"
        return self._heard(urllib.request.Request(address, sent, headers, method=method))

    def _heard(self, request: urllib.request.Request) -> tuple[int, str]:
        try:
            with self.browser.open(request, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as fault:
            with fault:
                return fault.code, fault.read().decode()


def signed_in(server: Server, own: dict[str, str], folder: Path) -> Visitor:
    made = subprocess.run(
        ["script/manage", "create_token", "mediator@demo.example", "--scope", "write"], cwd=PROJECT,
        env=environment(folder, **own), capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=PATIENCE,
        check=True,
    )  # fmt: skip
    return Visitor(server, "mediator@demo.example", made.stdout.split()[-1])


def test_the_site_is_back_when_its_database_is(services: data.Services, tmp_path: Path) -> None:
    own, folder = {name: services.environment[name] for name in SERVICES}, tmp_path / "site"
    with running(folder, tmp_path, **own) as server:
        mara = signed_in(server, own, folder)
        brief = json.loads(mara.api("briefs/")[1])["results"][0]
        card, briefs = f"initiatives/{brief['initiative']}/", f"briefs/{brief['initiative']}/"
        assert mara.api(briefs, "PATCH", title=TITLE)[0] == 200
        web, worker = pid_of(server, "gunicorn"), pid_of(server, "celery -A t2d worker")

        stop_postgres(services)
        down = [
            mara.page(f"/{card}brief/"),
            mara.page("/"),
            mara.api(briefs),
            mara.api(briefs, "PATCH", title=TITLE),
        ]
        start_postgres(services)
        wait_until(lambda: mara.page("/healthz/")[0] == 200)
        up = [mara.page(f"/{card}brief/"), mara.api(briefs)]
        assert mara.api(card, "PATCH", public_line=LINE)[0] == 200
        wait_until(lambda: waiting(services) == 0)

        # A fault with the text at hand: the first of an initiative, while the key store is open to others.
        conflict = json.loads(mara.api(card)[1])["conflict"]
        new = {"conflict": conflict, "track_type": "t2_soft", "matching": "off", "began_on": "2026-01-01"}
        opened = json.loads(mara.api("initiatives/", "POST", **new)[1])["id"]
        (folder / "keystore").chmod(0o755)
        fault = mara.api("briefs/", "POST", initiative=opened, title=TITLE)
        (folder / "keystore").chmod(0o700)

        assert {status for status, _text in (*down, fault)} <= {500, 503}
        assert not [text for _status, text in (*down, fault) if TITLE in text or "Traceback" in text]
        assert [(status, TITLE in text) for status, text in up] == [(200, True)] * 2
        assert (pid_of(server, "gunicorn"), pid_of(server, "celery -A t2d worker")) == (web, worker)
    logs = {path.name: path.read_text() for path in (*folder.glob("*.log"), *services.path.glob("*.log"))}

    assert {"web.log", "worker.log", "postgres.log"} <= set(logs)
    assert {"OperationalError", "StoreUnusable"} <= set(re.findall(r"\w+", logs["web.log"]))
    assert [name for name, text in logs.items() if TITLE in text or LINE in text or mara.token in text] == []

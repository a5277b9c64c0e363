"""Every page says who can see it, in words next to its title. Pages are found in the URLconf, so a new one is asked
for its words at once, and so is a new template."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.http import HttpResponse
from django.test import Client

from confidentiality.codes import Visibility
from conftest import World
from participants.models import LiaisonMandate
from t2d.urls import sign_in
from tests.second_factor import OF_SECOND_FACTOR
from tests.security.conftest import Secrets
from tests.security.routes import Route, every_route, flattened

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
READERS = ("alice", "cora", "stella")
# Signing in and out, where nobody is shown anything; what is asked by programs.
NO_PAGES = {route.pattern for route in flattened(sign_in, "account/")} | {
    "healthz/",
    "language/",
    "once/<slug:plain>/",
    "calendar/feed/<slug:plain>.ics",
}
NO_PAGES |= {"account/second-factor/recovery-codes/download/", "files/<slug:resource>/", *OF_SECOND_FACTOR}
# A page that shows something only with a query.
QUERIES = {
    "initiatives/new/": ("", "?conflict={conflict}"),
    "transfers/new/": ("", "?outcome={outcome}"),
}


class Page(HTMLParser):
    """What stands on a page until the first pane: the title, and what is said of who can see it."""

    def __init__(self, body: str) -> None:
        super().__init__()
        self.order: list[str] = []
        self.said, self._inside = "", 0
        self.feed(body)

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        found = dict(attributes)
        if tag == "h1":
            self.order.append("title")
        if "data-who" in found:
            self.order.append(f"who: {found['data-who']}")
            self._inside = 1
        elif self._inside and tag == "div":
            self._inside += 1
        if "pane" in (found.get("class") or "").split():
            self.order.append("pane")

    def handle_endtag(self, tag: str) -> None:
        self._inside -= bool(self._inside and tag == "div")

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.said += data

    def wrong(self) -> str:
        """Why the words are missing or in the wrong place; empty when all is well."""
        head = self.order[: self.order.index("pane")] if "pane" in self.order else self.order
        if len(head) < 2 or head[0] != "title" or head[1] not in RINGS:
            return f"no words on who can see it next to the title: {self.order[:4]}"
        return "" if re.search(r"\w+ \w+ \w+", self.said) else f"too few words: {self.said!r}"


RINGS = {f"who: {visibility}" for visibility in Visibility.values}


def pages() -> list[Route]:
    return [
        route
        for route in every_route()
        if not route.pattern.startswith("api/") and route.pattern not in NO_PAGES
    ]


def asked(client: Client, route: Route, secrets: Secrets, world: World) -> list[HttpResponse]:
    values = {name: secrets.ids().get(kind, uuid4()) for name, kind in route.kinds().items()}
    queries = QUERIES.get(route.pattern, ("",))
    ids = {"conflict": world.conflict.pk, "outcome": secrets.ids()["outcome"]}
    return [client.get(route.path(values) + query.format(**ids)) for query in queries]


def test_every_page_says_who_can_see_it(world: World, secrets: Secrets) -> None:
    wrong, shown = [], set()
    readers = {name: getattr(world, name) for name in READERS}
    for reader, user in {**readers, "liaison": LiaisonMandate.objects.get().user}.items():
        client = Client()
        client.force_login(user)
        for route in pages():
            for response in asked(client, route, secrets, world):
                if response.status_code == 200:
                    shown.add(route.pattern)
                    problem = Page(response.content.decode()).wrong()
                    wrong += [f"{route.pattern} as {reader}: {problem}"] if problem else []
                elif response.status_code in (302, 405):
                    shown.add(route.pattern)  # It is not opened, but sent to; or it leads to another page.

    assert wrong == []
    assert {route.pattern for route in pages()} - shown == set(), "nobody of these readers reads these pages"


def test_every_template_of_a_page_says_it() -> None:
    """Also of those that only answer something that was sent."""
    silent = {
        str(path.relative_to(TEMPLATES))
        for path in TEMPLATES.glob("*/*.html")
        if path.parent.name != "account" and "{% block content %}" in _whole(path) and not _says(path)
    }

    assert silent == set()


def _whole(path: Path) -> str:
    """A template with what it includes."""
    text = path.read_text(encoding="utf-8")
    for name in re.findall(r'{% include "([^"]+)"', text):
        text += _whole(TEMPLATES / name)
    return text


def _says(path: Path) -> bool:
    return bool(re.search(r"{% who |data-who=", _whole(path)))

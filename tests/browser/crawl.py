"""Walks the pages of one reader as a reader would, from link to link, by what the server sends: nothing is drawn,
which takes three times as long. Not a test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import parse_qs, urljoin, urlsplit

from django.urls import Resolver404, resolve
from playwright.sync_api import Page

MOST_PAGES = 400


@dataclass(frozen=True)
class Found:
    """A page that was asked for: its address, its route in the URLconf, where one landed, and what it said."""

    path: str
    route: str
    landed: str
    status: int
    body: str


def crawl(page: Page, starts: list[str], of_a_kind: int = 1) -> Iterator[Found]:
    """Every page that links lead to, at most so many of the same route with the same query names."""
    waiting, seen = list(starts), set(starts)
    taken: dict[tuple[str, tuple[str, ...]], int] = {}
    while waiting and sum(taken.values()) < MOST_PAGES:
        path = waiting.pop(0)
        kind = kind_of(path)
        if kind is None or taken.get(kind, 0) >= of_a_kind:
            continue
        taken[kind] = taken.get(kind, 0) + 1
        response = page.request.get(path, headers={"Accept": "text/html"})
        if "text/html" in response.headers.get("content-type", ""):
            landed, body = (
                local(path, urlsplit(response.url)._replace(scheme="", netloc="").geturl()),
                response.text(),
            )
            yield Found(path, kind[0], landed, response.status, body)
            links = (local(landed, link) for link in Links(body).found)
            fresh = [link for link in dict.fromkeys(links) if link and link not in seen]
            seen |= set(fresh)
            waiting += fresh


class Links(HTMLParser):
    """Where the links of a page lead; without those to files."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a" and given.get("href") is not None and "download" not in given:
            self.found.append(given["href"] or "")


def kind_of(path: str) -> tuple[str, tuple[str, ...]] | None:
    """The route of an address and the names in its query; None for what is no page of ours."""
    parts = urlsplit(path)
    try:
        return resolve(parts.path).route, tuple(sorted(parse_qs(parts.query, keep_blank_values=True)))
    except Resolver404:
        return None


def local(base: str, link: str) -> str:
    """A link as an address of this site without its fragment; empty for one that leads elsewhere."""
    parts = urlsplit(urljoin(base, link))
    if parts.netloc or parts.scheme or parts.path.startswith(("/static/", "/api/")):
        return ""
    return parts._replace(fragment="").geturl()

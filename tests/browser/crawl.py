"""Walks the pages of one reader as a reader would: from link to link. Not a test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qs, urljoin, urlsplit

from django.urls import Resolver404, resolve
from playwright.sync_api import Page

MOST_PAGES = 400


@dataclass(frozen=True)
class Found:
    """A page that was reached: its address, its route in the URLconf, and what it said."""

    path: str
    route: str
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
        response = page.goto(path)
        assert response is not None
        if "text/html" in response.headers.get("content-type", ""):
            yield Found(path, kind[0], response.status, response.text())
            links = page.eval_on_selector_all(
                "a[href]:not([download])", "links => links.map(link => link.getAttribute('href'))"
            )
            fresh = [link for link in (local(path, link) for link in links) if link and link not in seen]
            seen |= set(fresh)
            waiting += fresh


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

"""The forms of a page, as a browser would send them: for proofs that type into whatever can be typed into."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

WRITTEN = {"text", "search", "url", "email", "textarea", ""}


@dataclass
class Form:
    """Where it goes, what it would send as it stands, into which of its fields somebody can write, and its choices."""

    action: str
    method: str
    values: dict[str, list[str]] = field(default_factory=dict)
    written: list[str] = field(default_factory=list)
    chosen: set[str] = field(default_factory=set)

    def filled(self, texts: dict[str, str]) -> dict[str, list[str]]:
        return {**self.values, **{name: [text] for name, text in texts.items()}}


def forms_of(page: str) -> list[Form]:
    """Those that are sent by POST and can be written into."""
    return [form for form in every_form(page) if form.method == "post" and form.written]


def every_form(page: str) -> list[Form]:
    reader = _Reader()
    reader.feed(page)
    return reader.forms


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.inside: Form | None = None
        self.select, self.textarea = "", ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.inside = Form(told.get("action", ""), told.get("method", "get").lower())
            self.forms.append(self.inside)
        elif self.inside is not None and tag in ("input", "textarea", "select", "option"):
            getattr(self, f"_{tag}")(self.inside, told, dict(attrs))

    def _input(self, form: Form, told: dict[str, str], attrs: dict[str, str | None]) -> None:
        kind, name = told.get("type", ""), told.get("name", "")
        if not name or kind in ("submit", "button", "file", "password"):
            return
        if kind in ("checkbox", "radio", "hidden"):
            form.chosen.add(name)
        if kind in ("checkbox", "radio") and "checked" not in attrs:
            return
        form.values.setdefault(name, []).append(told.get("value", "on" if kind == "checkbox" else ""))
        if kind in WRITTEN and "list" not in attrs and "readonly" not in attrs:
            form.written.append(name)

    def _textarea(self, form: Form, told: dict[str, str], attrs: dict[str, str | None]) -> None:
        self.textarea = told.get("name", "")
        if self.textarea:
            form.values[self.textarea] = [""]
            form.written.append(self.textarea)

    def _select(self, form: Form, told: dict[str, str], attrs: dict[str, str | None]) -> None:
        self.select = told.get("name", "")
        form.chosen.add(self.select)

    def _option(self, form: Form, told: dict[str, str], attrs: dict[str, str | None]) -> None:
        if self.select and "selected" in attrs:
            form.values.setdefault(self.select, []).append(told.get("value", ""))

    def handle_data(self, data: str) -> None:
        if self.inside is not None and self.textarea:
            self.inside.values[self.textarea][0] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = None
        elif tag == "textarea":
            self.textarea = ""
        elif tag == "select":
            self.select = ""

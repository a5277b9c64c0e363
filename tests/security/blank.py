"""Templates with nothing in them: whether somebody is let in does not depend on what a page looks like."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.template import Origin
from django.template.loaders.base import Loader

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {"loaders": ["tests.security.blank.Blank"]},
    }
]


class Blank(Loader):
    def get_template_sources(self, template_name: str) -> Iterator[Origin]:
        yield Origin(template_name, template_name, self)

    def get_contents(self, origin: Origin) -> str:
        return ""

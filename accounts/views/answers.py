"""How a form comes back: with which status, and with what was typed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest


def posted_id(request: HttpRequest, name: str) -> UUID | None:
    """An id out of a form; None for what is none, which is then not found."""
    try:
        return UUID(request.POST.get(name, ""))
    except ValueError:
        return None


def answer_of(*forms: Any) -> int:
    """200 for a form to fill in, 422 for one that was refused."""
    return 422 if any(form is not None and form.errors for form in forms) else 200


def keep_typed(form: Any, version: int) -> None:
    """Keep what was typed, on top of the state that stands now."""
    form.data = form.data.copy()
    form.data["version"] = str(version)

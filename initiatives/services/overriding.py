"""Warnings that somebody may override with a reason, since reality is messy. Not for what is never allowed."""

from __future__ import annotations

from collections.abc import Mapping

from django.core.exceptions import ValidationError


class Doubt(ValidationError):
    """What was asked for is unlikely, not impossible: it passes with a reason, which is kept. By field."""


def doubt(errors: Mapping[str, str], reason: str) -> None:
    """Raise what is unlikely, each at its field with the code `confirm`, unless a reason is given."""
    if errors and not reason.strip():
        raise Doubt({name: ValidationError(text, code="confirm") for name, text in errors.items()})

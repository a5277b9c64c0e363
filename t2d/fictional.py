"""Accounts of the demonstration have a password that everybody knows: no server starts with one that signs in."""

from __future__ import annotations

from contextlib import suppress

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, ProgrammingError


def refuse_fictional_accounts() -> None:
    """At the start of a process that serves pages to others. A database that is not there yet holds none."""
    if not settings.PRODUCTION:
        return
    with suppress(OperationalError, ProgrammingError):
        if (
            get_user_model()
            .objects.filter(email__iendswith=f"@{settings.DEMO_DOMAIN}", is_active=True)
            .exists()
        ):
            raise ImproperlyConfigured(
                f"This database holds accounts of the demonstration (@{settings.DEMO_DOMAIN}), whose password"
                " everybody knows. Begin with an empty database, or switch them off."
            )

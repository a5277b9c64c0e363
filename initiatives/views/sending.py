"""A form that is sent twice is done once: after a broken connection, with the back button, by an impatient thumb.

Every page that is opened bears a form token of its own (Django masks it anew each time), which comes back with what was
typed there. Kept for a day in the cache: a keyed digest of it with what was typed, and the address to which the first
answer led. Nothing else. The same page sent again with something else in it, after "back", is something else.
Where the cache is away, a form is taken as it comes: better twice than not at all.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any

import redis
from django.contrib import messages
from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

KEPT_SECONDS = 24 * 3600
# Longer than any request takes; after that, one whose process died may be sent again.
RUNNING_SECONDS = 600
PATIENCE, PAUSE = 5.0, 0.2  # seconds to wait for the first one, and between two looks
TROUBLE = (redis.RedisError, OSError)
RUNNING = ""


def sent_once(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Decorate a view that makes something of a form and then leads elsewhere."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        token = request.POST.get("csrfmiddlewaretoken", "") if request.method == "POST" else ""
        if not token:
            return view(request, *args, **kwargs)
        place = _place(request, token)
        try:
            before = _before(place)
        except TROUBLE:
            return view(request, *args, **kwargs)
        if before is not None:
            return _again(request, before)
        return _first(view, place, request, *args, **kwargs)

    return wrapped


def _first(
    view: Callable[..., HttpResponse], place: str, request: HttpRequest, *args: Any, **kwargs: Any
) -> HttpResponse:
    try:
        response = view(request, *args, **kwargs)
    except BaseException:
        _forget(place)
        raise
    if response.status_code == 302:
        where = response["Location"]
        transaction.on_commit(lambda: cache.set(place, where, KEPT_SECONDS), robust=True)
    else:
        _forget(place)  # Something is to be corrected: the same page may be sent again.
    return response


def _before(place: str) -> str | None:
    """Where the first sending led; RUNNING while that is not known; None if this is the first."""
    end = time.monotonic() + PATIENCE
    while True:
        if cache.add(place, RUNNING, RUNNING_SECONDS):
            return None
        found: str | None = cache.get(place)
        if found or time.monotonic() > end:
            return found or RUNNING
        time.sleep(PAUSE)


def _again(request: HttpRequest, before: str) -> HttpResponse:
    if before == RUNNING:
        text = _("This was sent a moment ago and is still being saved. Look before you send it again.")
        messages.warning(request, text)
        return redirect("home")
    messages.info(request, _("This had been saved already. It was not saved a second time."))
    return redirect(before)


def _forget(place: str) -> None:
    with suppress(*TROUBLE):
        cache.delete(place)


def _place(request: HttpRequest, token: str) -> str:
    text = f"{request.path}\n{token}\n{request.POST.urlencode()}"
    digest = salted_hmac("sent-once", text, algorithm="sha256").hexdigest()
    return f"sent:{request.user.pk}:{digest}"

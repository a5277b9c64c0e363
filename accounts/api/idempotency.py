"""Idempotency-Key: one POST, sent again after a broken connection, is done once.

Kept for a day in the cache: a hash of the request and the ids of what came of it. Never a body: the answer is
rendered again, under the policy of the moment. If the cache is away, a request that asks for this is refused,
since nobody could keep the promise; a request without a key is not concerned.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any

import redis
from django.core.cache import cache
from django.db import transaction
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.response import Response

from accounts.api.refusals import Conflicting, KeyReused, Unavailable

HEADER = "Idempotency-Key"
KEPT_SECONDS = 24 * 3600
# Longer than any request takes; after that, a process that died blocks its key no more.
RUNNING_SECONDS = 600
TROUBLE = (redis.RedisError, OSError)


def once(method: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a POST of a Resource, which answers through `self.written(...)`, with no body at all, or with numbers
    and codes alone that it sets as `self.told`. An answer of another kind wrote nothing, and is not kept."""

    @wraps(method)
    def wrapped(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        if HEADER not in request.headers:
            return method(self, request, *args, **kwargs)
        place, hashed = _place(request), _hash(request)
        try:
            before = None if cache.add(place, {"hash": hashed}, RUNNING_SECONDS) else cache.get(place)
        except TROUBLE as error:
            raise Unavailable from error
        if before is not None:
            return _again(self, before, hashed)
        try:
            response = method(self, request, *args, **kwargs)
        except BaseException:
            with suppress(*TROUBLE):
                cache.delete(place)
            raise
        kept = _kept(self, response)
        if kept is None:
            with suppress(*TROUBLE):
                cache.delete(place)
            return response
        kept["hash"] = hashed
        transaction.on_commit(lambda: cache.set(place, kept, KEPT_SECONDS), robust=True)
        return response

    return wrapped


def _kept(view: Any, response: Any) -> dict[str, Any] | None:
    kept = {"status": response.status_code, "ids": [], "many": False, "told": getattr(view, "told", None)}
    if response.data is None or kept["told"] is not None:
        return kept
    if not hasattr(view, "written_ids"):
        return None
    return {**kept, "ids": view.written_ids, "many": view.written_many}


def _again(view: Any, before: dict[str, Any], hashed: str) -> Any:
    if before["hash"] != hashed:
        raise KeyReused
    if "ids" not in before:
        raise Conflicting(_("The first request with this Idempotency-Key is still running."), "still_running")
    if before["ids"] or before["many"]:
        response = view.written(before["ids"], before["status"], many=before["many"])
    else:
        response = Response(before["told"], status=before["status"])
    response["Idempotency-Replayed"] = "true"
    return response


def _place(request: Any) -> str:
    key = request.headers[HEADER]
    if not 1 <= len(key) <= 255:
        text = _("Idempotency-Key: expected 1 to 255 characters.")
        raise ValidationError({HEADER: [ErrorDetail(text, "idempotency_key")]})
    return f"idempotency:{request.user.pk}:{hashlib.sha256(key.encode()).hexdigest()}"


def _hash(request: Any) -> str:
    text = json.dumps(
        [request.method, request.get_full_path(), request.headers.get("If-Match", ""), request.data],
        sort_keys=True,
    )
    # Keyed: from a plain digest somebody with a copy of the cache could confirm a guess of what was written.
    return salted_hmac("idempotency", text, algorithm="sha256").hexdigest()

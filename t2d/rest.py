"""What the REST framework is told in the settings: pages of a list, problems, and the limit of calls."""

from __future__ import annotations

import base64
import binascii
import json
import logging
import math
import time
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import redis
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.core.exceptions import ValidationError as ModelError
from django.db import DataError, IntegrityError, connections
from django.db.models import Q, QuerySet
from django.http import Http404, QueryDict
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.fields import get_error_detail
from rest_framework.pagination import BasePagination
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from accounts.api.refusals import Conflicting, LostUpdate, Unavailable
from confidentiality.keys import KeyServiceAway
from confidentiality.policy import Forbidden, Hidden
from confidentiality.records import Stale
from initiatives.services.overriding import Confirm

log = logging.getLogger(__name__)

PAGE_LIMIT = 200
# Where a serializer or a model says that nothing in particular is wrong, but the whole.
WHOLE = {"non_field_errors", "__all__"}
CACHE_TROUBLE = (redis.RedisError, OSError)


# --- Problems -------------------------------------------------------------------------------------------------


def problem(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Answer with application/problem+json (RFC 9457). None for what is a fault of ours: that is a 500."""
    refusal = _refusal(exc, context.get("request"))
    if refusal is None:
        return None
    _roll_back()
    detail = refusal.detail
    fields = isinstance(detail, (dict, list))
    body = {
        "type": f"urn:t2d:problem:{'invalid' if fields else refusal.get_codes()}",
        "title": str(type(refusal).default_detail),
        "status": refusal.status_code,
        "detail": str(_("See errors.") if fields else detail),
    }
    if refusal.status_code == 400:
        body["errors"] = _errors(detail) if fields else [_error("", detail)]
    return Response(
        body, refusal.status_code, headers=_headers(refusal), content_type="application/problem+json"
    )


def _refusal(exc: Exception, request: Any) -> exceptions.APIException | None:
    """The policy's and the database's refusals in the words of HTTP. Hidden and missing are one."""
    if isinstance(exc, exceptions.NotFound | Http404 | Hidden):
        return exceptions.NotFound()
    if isinstance(exc, Forbidden | PermissionDenied):
        return exceptions.PermissionDenied(
            getattr(exc, "why", "") or _("You can see this, and may not do that.")
        )
    if isinstance(exc, exceptions.APIException):
        return exc
    if isinstance(exc, Stale):
        matched = request is not None and "If-Match" in request.headers
        return LostUpdate() if matched else Conflicting(LostUpdate.default_detail)
    if isinstance(exc, ModelError):
        return exceptions.ValidationError(get_error_detail(exc))
    if isinstance(exc, IntegrityError):
        # Neutral on purpose: which constraint it was could tell of a record that the caller cannot see.
        return Conflicting()
    if isinstance(exc, DataError):
        return exceptions.ValidationError(_("A value cannot be stored."))
    if isinstance(exc, SuspiciousOperation):
        return exceptions.ParseError()
    if isinstance(exc, KeyServiceAway):
        log.error("%s", exc)
        return Unavailable()
    return None


def _errors(detail: Any, pointer: str = "") -> list[dict[str, str]]:
    """The tree of errors as a flat list, each with the place it belongs to."""
    if isinstance(detail, dict):
        found = []
        for name, inner in detail.items():
            step = "" if name in WHOLE else f"/{name}"
            found += _errors(inner, pointer + step)
        return found
    if isinstance(detail, list):
        found = []
        for index, inner in enumerate(detail):
            nested = isinstance(inner, (dict, list))
            found += _errors(inner, f"{pointer}/{index}") if nested else [_error(pointer, inner)]
        return found
    return [_error(pointer, detail)]


def _error(pointer: str, detail: Any) -> dict[str, str]:
    code = getattr(detail, "code", "invalid")
    asked = {"asked": code.asked} if isinstance(code, Confirm) else {}
    return {"pointer": pointer, "code": str(code), "detail": str(detail), **asked}


def _headers(refusal: exceptions.APIException) -> dict[str, str]:
    headers = {}
    if getattr(refusal, "auth_header", None):
        headers["WWW-Authenticate"] = refusal.auth_header
    if isinstance(refusal, exceptions.Throttled) and refusal.wait is not None:
        headers["Retry-After"] = str(math.ceil(refusal.wait))
    elif refusal.status_code == 503:
        headers["Retry-After"] = "5"
    return headers


def _roll_back() -> None:
    """A refused request leaves nothing behind."""
    for connection in connections.all(initialized_only=True):
        if connection.settings_dict["ATOMIC_REQUESTS"] and connection.in_atomic_block:
            connection.set_rollback(True)


# --- Limits ---------------------------------------------------------------------------------------------------


class UserThrottle(BaseThrottle):
    """So many calls per user and minute, counted in fixed windows; says how many are left on every answer.

    With the cache away it lets everybody pass: a limit is no reason to stop the desk.
    """

    seconds = {"sec": 1, "min": 60, "hour": 3600, "day": 86400}

    def allow_request(self, request: Any, view: Any) -> bool:
        if not request.user or not request.user.is_authenticated:
            return True
        count, _separator, period = settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]["user"].partition("/")
        limit, length = int(count), self.seconds[period]
        now = time.time()
        self.reset = math.ceil(length - now % length)
        try:
            used = self._count(f"throttle:{request.user.pk}:{int(now // length)}", 2 * length)
        except CACHE_TROUBLE:
            return True
        request.rate_limit = {
            "RateLimit-Limit": str(limit),
            "RateLimit-Remaining": str(max(0, limit - used)),
            "RateLimit-Reset": str(self.reset),
        }
        return used <= limit

    def wait(self) -> float:
        return self.reset

    @staticmethod
    def _count(key: str, timeout: int) -> int:
        """One more call; counted by the cache, so that two processes cannot both take the last one."""
        cache.add(key, 0, timeout)
        try:
            return int(cache.incr(key))
        except ValueError:
            # The window ended between the two lines.
            return 1


# --- Pages of a list ------------------------------------------------------------------------------------------


class Pages(BasePagination):
    """A list in pages, by position and not by number: nothing is counted, and nothing skipped or shown twice.

    A position is the value of the ordering field and the id of the last row, so a million rows with one date
    page as well as any. It says nothing that the page did not show.
    """

    def paginate_queryset(self, queryset: QuerySet, request: Any, view: Any = None) -> list[Any]:
        self.request = request
        self.field, self.descending = _ordering(view.ordering)
        self.size = _page_size(request.query_params)
        position = self._position(queryset, request.query_params.get("cursor"))
        self.backward = bool(position and position["back"])
        descending, ids = self.descending != self.backward, "-id" if self.backward else "id"
        if position:
            queryset = queryset.filter(_beyond(self.field, descending, position, self.backward))
        rows = list(queryset.order_by(f"{'-' if descending else ''}{self.field}", ids)[: self.size + 1])
        more, rows = len(rows) > self.size, rows[: self.size]
        if self.backward:
            rows.reverse()
        self.has_next = more if not self.backward else True
        self.has_previous = more if self.backward else position is not None
        self.rows = rows
        return rows

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"next": self._link(-1, False), "previous": self._link(0, True), "results": data})

    def _link(self, index: int, back: bool) -> str | None:
        if not self.rows or not (self.has_previous if back else self.has_next):
            return None
        row = self.rows[index]
        value = getattr(row, self.field)
        value = value if isinstance(value, int) else str(value)
        text = json.dumps({"by": self._name(), "value": value, "id": str(row.pk), "back": back})
        query = self.request.query_params.copy()
        query["cursor"] = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
        parts = urlsplit(self.request.build_absolute_uri())
        return urlunsplit((parts.scheme, parts.netloc, parts.path, query.urlencode(), ""))

    def _name(self) -> str:
        return f"{'-' if self.descending else ''}{self.field}"

    def _position(self, queryset: QuerySet, cursor: str | None) -> dict[str, Any] | None:
        """Read a cursor; nonsense and a cursor of another ordering are refused."""
        if cursor is None:
            return None
        try:
            found = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
            field = queryset.model._meta.get_field(self.field)
            value = field.to_python(found["value"])
            usable = found["by"] == self._name() and value is not None and "\0" not in str(value)
            position = {"value": value, "id": UUID(found["id"]), "back": found["back"] is True}
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError, binascii.Error, ModelError):
            usable = False
        if not usable:
            message = _("Not a cursor of this list. Follow the addresses in next and previous.")
            raise exceptions.ValidationError({"cursor": [exceptions.ErrorDetail(message, "cursor")]})
        return position

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        address = {"type": "string", "format": "uri", "nullable": True}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": address, "previous": dict(address), "results": schema},
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        size = {"type": "integer", "minimum": 1, "maximum": PAGE_LIMIT, "default": _default_size()}
        return [
            {"name": "cursor", "in": "query", "required": False, "schema": {"type": "string"},
             "description": "A position in the list, from `next` or `previous`."},
            {"name": "page_size", "in": "query", "required": False, "schema": size,
             "description": "Rows on a page."},
        ]  # fmt: skip


def _ordering(ordering: str) -> tuple[str, bool]:
    return ordering.lstrip("-"), ordering.startswith("-")


def _beyond(field: str, descending: bool, position: dict[str, Any], backward: bool) -> Q:
    """Rows after the position. Rows with one value stand by id, whichever way the field goes."""
    past, ids = "lt" if descending else "gt", "lt" if backward else "gt"
    value = position["value"]
    return Q(**{f"{field}__{past}": value}) | Q(**{field: value, f"id__{ids}": position["id"]})


def _default_size() -> int:
    return int(settings.REST_FRAMEWORK["PAGE_SIZE"])


def _page_size(query: QueryDict) -> int:
    text = query.get("page_size")
    if text is None:
        return _default_size()
    if text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= PAGE_LIMIT:
        return int(text)
    message = _("Expected a number from 1 to %(limit)s.") % {"limit": PAGE_LIMIT}
    raise exceptions.ValidationError({"page_size": [message]})

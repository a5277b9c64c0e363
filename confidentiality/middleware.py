"""What stands between a request and its view: the transaction, the actor, and the policy's refusals."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from confidentiality import audit
from confidentiality.actor import actor, become, current
from confidentiality.fields import forget_unopened
from confidentiality.keys import KeyServiceAway
from confidentiality.noted import Noted, noting
from confidentiality.policy import Forbidden, Hidden

log = logging.getLogger(__name__)

FIRST_REFUSAL = 400


class ActorMiddleware:
    """Open the request's transaction and set its actor; turn the policy's refusals into 404 and 403.

    Stands after authentication, and before what makes pages. ATOMIC_REQUESTS stays on: it rolls back a view that
    fails, while this transaction still commits what belongs to the request itself: who looked, and who asked in vain
    (audit.py).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = getattr(request, "user", None)
        forget_unopened()
        with actor(user if user is not None and user.is_authenticated else None):
            came = current()
            with noting(Noted()) as noted:
                response = self.get_response(request)
            if current() != came and response.status_code >= FIRST_REFUSAL:
                # Came with a token: what rolled back the view took back in the database who acts.
                become(current())
            # Nothing comes after it: the heads of the chains are locked now.
            _account(request, response, noted)
            return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Hidden equals missing; Forbidden is only for what may be seen. Without keys: later."""
        if isinstance(exception, Hidden):
            raise Http404 from exception
        if isinstance(exception, Forbidden):
            raise PermissionDenied(exception.why) from exception
        if isinstance(exception, KeyServiceAway):
            log.error("%s", exception)
            return later(request)
        return None


def _account(request: HttpRequest, response: HttpResponse, noted: Noted) -> None:
    match = request.resolver_match
    route, asked = (match.view_name, match.kwargs.values()) if match else ("", ())
    audit.account_for(noted, status=response.status_code, route=route, asked=asked)
    if response.streaming:
        response.streaming_content = audit.accounted(
            response.streaming_content, noted, who=current(), route=route
        )


def later(request: HttpRequest) -> HttpResponse:
    """The page that stands where texts would, had they been opened. It opens none itself."""
    response = render(request, "503.html", status=503)
    response["Retry-After"] = "5"
    return response

"""The language of a page, and whether somebody is still there.

The language is the account's for those who signed in, the cookie's or the browser's for visitors.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import translation

from accounts.enums import LANGUAGES
from accounts.sessions import note_use

# Sent by a part of a page that asks for itself by and by, without anybody touching it.
POLLING = "T2D-Polling"


class LanguageMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = translation.get_language_from_request(request)
        if request.user.is_authenticated:
            language = request.user.language
        if language not in dict(LANGUAGES):
            language = "en"
        with translation.override(language):
            request.LANGUAGE_CODE = language  # type: ignore[attr-defined]
            response = self.get_response(request)
            if hasattr(response, "render") and not getattr(response, "is_rendered", True):
                response = response.render()
        response.headers.setdefault("Content-Language", language)
        return response


class UseMiddleware:
    """Remember that a sign-in is used, so that one that is not ends; see accounts/sessions.py.

    What a page asks by itself is no use. When the sign-in has ended it is told to load anew, which leads to the
    sign-in: nothing confidential stays on a screen that nobody looks at, and no sign-in form lands inside a page.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        polling = POLLING in request.headers
        if polling and not request.user.is_authenticated:
            return HttpResponse(status=204, headers={"HX-Refresh": "true"})
        if request.user.is_authenticated and not polling:
            note_use(request.session)
        return self.get_response(request)

"""The language of a page, whether somebody is still there, and whether they have shown a second factor.

The language is the account's for those who signed in, the cookie's or the browser's for visitors.
"""

from __future__ import annotations

from collections.abc import Callable

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import resolve
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.enums import LANGUAGES
from accounts.sessions import has_second_factor, note_use

# Sent by a part of a page that asks for itself by and by, without anybody touching it.
POLLING = "T2D-Polling"

# Whatever the sign-in has shown: the way out, the language, a link that was sent.
FOR_EVERYBODY = {"account_logout", "account_inactive", "accounts:link", "healthz", "set_language"}
# What a user reaches before setting one up: getting a second factor, one's own account.
BEFORE_SECOND_FACTOR = {
    "account_reauthenticate",
    "account_change_password",
    "account_set_password",
    "accounts:account",
    "accounts:end_everything",
}


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


class SecondFactorMiddleware:
    """Whoever is signed in and has shown no second factor is led to setting one up, and reaches nothing else.

    For pages and for what they ask of the API. Programs come with a token instead of a sign-in, and a token is made
    with a second factor only.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *view: object) -> HttpResponse | None:
        name = resolve(request.path_info).view_name
        user = request.user
        if not user.is_authenticated or name in FOR_EVERYBODY:
            return None
        if has_second_factor(request.session, user) or signs_in_without(user):
            return None
        if is_mfa_enabled(user):
            # Set up elsewhere, after this sign-in with a password alone: it is not for this one to add another, nor to
            # change the password, nor to end those that have shown it.
            logout(request)
            return redirect("account_login")
        if name in BEFORE_SECOND_FACTOR or name.startswith("mfa_"):
            return None
        if request.path_info.startswith("/api/"):
            problem = {"title": _("Set up a second factor first."), "status": 403}
            return JsonResponse(problem, status=403, content_type="application/problem+json")
        return redirect("mfa_index")


def signs_in_without(user: object) -> bool:
    """An account of the demonstration, where that is loaded: it holds nothing real."""
    fictional = str(getattr(user, "email", "")).endswith(f"@{settings.DEMO_DOMAIN}")
    return settings.DEMO_WITHOUT_SECOND_FACTOR and fictional

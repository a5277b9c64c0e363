"""The pages that belong to no app: home, health, language."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from accounts.enums import LANGUAGES
from accounts.models import Register
from accounts.services import edit_account
from confidentiality import policy
from confidentiality.codes import Action
from t2d import exposure
from t2d.home import gathered

YEAR = 365 * 24 * 3600


@login_required
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """What needs the reader today."""
    return render(request, "t2d/home.html", gathered(request.user))


@login_required
@require_GET
def what_could_be_read(request: HttpRequest) -> HttpResponse:
    """For stewards: what a thief of a disk, of the keys or of a laptop would read, as the site is set up now."""
    policy.require(request.user, Action.EDIT_ORGANISATION, Register())
    measured = exposure.measure()
    context = {
        "measured": measured,
        "scenarios": exposure.told(measured),
        "inside": exposure.inside(measured),
    }
    return render(request, "t2d/what_could_be_read.html", context)


# Shorter ones are codes, days and marks of a form, which are chosen again in a moment.
WORTH_COPYING, MOST_COPIED = 12, 40


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that comes from a page which is out of date: nothing was saved, and what was typed is shown to its writer.

    Not where another site sent it, whose words have no place on a page of ours.
    """
    own = request.headers.get("Origin", "") == f"{request.scheme}://{request.get_host()}"
    return render(request, "403_csrf.html", {"typed": _typed(request) if own else []}, status=403)


def _typed(request: HttpRequest) -> list[str]:
    found = [
        value
        for name, values in request.POST.lists()
        for value in values
        if "password" not in name and not name.startswith(("csrf", "draft")) and len(value) >= WORTH_COPYING
    ]
    return [value for value in found if not _is_id(value)][:MOST_COPIED]


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


@require_GET
def healthz(request: HttpRequest) -> HttpResponse:
    """For whoever watches the site: 200 when the database answers. Says nothing else."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok", content_type="text/plain")


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Change the language of the pages: on the account, or in a cookie for visitors."""
    language = request.POST.get("language", "")
    if language not in dict(LANGUAGES):
        return HttpResponseBadRequest("language")
    response = redirect(_back(request))
    if request.user.is_authenticated:
        edit_account(by=request.user, user=request.user, language=language)
    else:
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=YEAR,
            secure=request.is_secure(),
            httponly=True,
            samesite="Lax",
        )
    return response


def _back(request: HttpRequest) -> str:
    """Where the reader came from, when that is a page of this site."""
    target = request.POST.get("next", "")
    if target.startswith("/") and url_has_allowed_host_and_scheme(
        target, {request.get_host()}, require_https=request.is_secure()
    ):
        return target
    return "/"

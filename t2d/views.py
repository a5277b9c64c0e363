"""The pages that belong to no app: home, health, language."""

from __future__ import annotations

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

"""One's dates on a phone: a look at what leaves, the address that gives it, and the file that stands there.

The address is a key: nobody signs in to read the file. It is shown once, stands in no log (t2d/logs.py), and opens
nothing else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override
from django.views.decorators.http import require_http_methods, require_safe
from rest_framework.settings import api_settings

from accounts.api.authentication import token_of, touch
from accounts.enums import FeedWording, TokenScope
from accounts.forms import FeedForm, add_errors
from accounts.models import AccessToken
from accounts.services import create_feed
from confidentiality import noted
from confidentiality.codes import Rule
from initiatives.services import icalendar
from initiatives.services.feeds import (
    DAYS_BACK,
    NOT_EXACT,
    POSTPONED,
    entries_of,
    leaving,
    mark_of,
    summary_of,
)
from initiatives.views.cards import answer_of

PREVIEWED = 5
# Never a codename: a list of downloads is read by others.
FILE = "dates.ics"
EXPLAINED: Mapping[str, Any] = {
    FeedWording.BUSY: gettext_lazy(
        "The phone, its maker and whoever sees its screen learn which days are taken, and nothing of what or with whom."
    ),
    FeedWording.CODENAME: gettext_lazy(
        "The phone, its maker and whoever sees its screen learn the codename and the format of each session, and the "
        "address of its page here."
    ),
}
# What keeps a session inside, where it is no rule.
OTHERWISE: Mapping[str, Any] = {
    NOT_EXACT: gettext_lazy("The day is not known: a whole month would stand as taken."),
    POSTPONED: gettext_lazy("Postponed: its day is free again."),
}


# --- The address ----------------------------------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def calendar_feed(request: HttpRequest) -> HttpResponse:
    """What would leave, then an address that gives it. The answer is the page itself, so that it is stored nowhere."""
    form = FeedForm(request.POST if request.method == "POST" else None)
    made: dict[str, Any] = {}
    if request.method == "POST" and form.is_valid():
        try:
            token, plain = create_feed(by=request.user, **form.cleaned_data)
            address = request.build_absolute_uri(reverse("initiatives:feed", args=[plain]))
            made, form = {"token": token, "address": address}, FeedForm()
        except ValidationError as error:
            add_errors(form, error)
    leaves = leaving(by=request.user)
    live = AccessToken.objects.visible_to(request.user).live().filter(scope=TokenScope.CALENDAR)
    context = {
        "form": form,
        "explained": EXPLAINED,
        "number": len(leaves.sessions),
        "first": [
            (session, *(summary_of(session, wording) for wording in FeedWording.values))
            for session in leaves.sessions[:PREVIEWED]
        ],
        "stays": _in_words(leaves.stays),
        "days_back": DAYS_BACK,
        "live": live.count(),
        **made,
    }
    return render(request, "initiatives/calendar_feed.html", context, status=answer_of(form))


def _in_words(stays: Mapping[str, int]) -> list[tuple[str, int]]:
    """(why, how many), the most first."""
    words: Counter[str] = Counter()
    for code, number in stays.items():
        words[str(Rule(code).label if code in Rule.values else OTHERWISE[code])] += number
    return words.most_common()


# --- The file -------------------------------------------------------------------------------------------------


@require_safe
def feed(request: HttpRequest, plain: str) -> HttpResponse:
    """The file, for whoever has the address. Unknown, ended, and the key of something else answer alike."""
    token = token_of(plain, [TokenScope.CALENDAR])
    if token is None:
        return HttpResponseNotFound(
            _("There is no calendar here, or not any more."), content_type="text/plain"
        )
    touch(token)
    request.user = token.user
    throttle = api_settings.DEFAULT_THROTTLE_CLASSES[0]()
    if throttle.allow_request(request, None):
        response = _file(request, token)
    else:
        response = HttpResponse(status=429, headers={"Retry-After": str(throttle.wait())})
    for name, value in getattr(request, "rate_limit", {}).items():
        response[name] = value
    return response


def _file(request: HttpRequest, token: AccessToken) -> HttpResponse:
    """In the words of its owner, who is not there to be asked."""
    leaves, at, mark = leaving(by=token.user), datetime.now(UTC), mark_of(token)

    def url_of(pk: Any) -> str:
        return request.build_absolute_uri(reverse("initiatives:session", args=[pk]))

    with override(token.user.language):
        body = icalendar.written(
            entries_of(token, leaves, url_of),
            name=_("Dates"),
            mark=f"{mark}, {at:%Y-%m-%d %H:%M} UTC",
            at=at,
        )
    # No numbers: they are of all one's teams, and the ledger of each is read by its own.
    noted.exported("calendar", format="ics", mark=mark)
    response = HttpResponse(body, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{FILE}"'
    response["Content-Language"] = token.user.language
    response["Referrer-Policy"] = "no-referrer"
    return response

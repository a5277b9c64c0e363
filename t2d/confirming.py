"""Who takes something out, lets somebody in or destroys confirms who they are, if they did not just now.

Somebody at a screen that was left open, or with a cookie that was taken, reads what its user reads until the sign-in
ends; they shall not carry it off in a file, add themselves, or destroy it. Asked of sign-ins alone: a token is made
behind the same question, and is narrow and named.

A form that comes too late is not lost: the page that asks for the password holds what was sent, and sends it on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from allauth.account.internal.flows import reauthentication
from allauth.core import ratelimit
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.forms import ConfirmForm
from initiatives.views.files import NAMED

# Addresses whose forms let somebody in or destroy: what they do, in words, and by which `act` they do neither, "" where
# they send none.
DELICATE: Mapping[str, tuple[Any, frozenset[str]]] = {
    "accounts:create_token": (gettext_lazy("Make a token"), frozenset()),
    "accounts:change_address": (gettext_lazy("Change your address"), frozenset()),
    "accounts:organisation": (gettext_lazy("Change who belongs to an organisation"), frozenset({"withdraw"})),
    "accounts:emergency": (gettext_lazy("Emergency access"), frozenset({"withdraw"})),
    "accounts:letters": (gettext_lazy("Show a letter"), frozenset({"done"})),
    "accounts:recover": (gettext_lazy("Set up an account anew"), frozenset()),
    "accounts:vet": (gettext_lazy("Let an organisation into the network, or take it out"), frozenset()),
    "initiatives:calendar_feed": (gettext_lazy("Make an address for your calendar"), frozenset()),
    "initiatives:team": (gettext_lazy("Add somebody to the team"), frozenset()),
    "initiatives:admit_lead": (gettext_lazy("Say that it is really them"), frozenset()),
    "initiatives:member": (gettext_lazy("Change somebody's access"), frozenset({"end"})),
    "initiatives:undo_access": (gettext_lazy("Give an ended access back"), frozenset()),
    "initiatives:successor": (gettext_lazy("Name a successor"), frozenset()),
    "initiatives:visibility": (gettext_lazy("Change who sees a card"), frozenset()),
    "initiatives:ask_purge": (gettext_lazy("Ask for a purge"), frozenset()),
    "initiatives:purge": (gettext_lazy("Confirm a purge"), frozenset({"cancel"})),
    "initiatives:retention": (gettext_lazy("Set until when an initiative is kept"), frozenset({"hold"})),
    "initiatives:move_session": (gettext_lazy("Take a session to another initiative"), frozenset()),
    "initiatives:session_details": (
        gettext_lazy("Set until when texts of a session are kept"),
        frozenset({""}),
    ),
    "initiatives:everything": (gettext_lazy("Take everything out"), frozenset()),
    "participants:erase": (gettext_lazy("Forget a person"), frozenset()),
    "participants:liaisons": (gettext_lazy("Change who is liaison"), frozenset()),
}
# A field by which an act that is not asked about lets somebody in, or destroys, all the same.
ALL_THE_SAME: Mapping[str, str] = {
    "initiatives:member": "successor",
    "initiatives:session_details": "keep_texts_until",
}
READING = ("GET", "HEAD", "OPTIONS")
ASKS_AGAIN = 422
PASSWORD = f"{ConfirmForm.prefix}-password"


class ConfirmMiddleware:
    """Stands behind the actor, since its page is made as the reader; and before the view, so that hidden and missing
    are asked alike."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *view: Any) -> HttpResponse | None:
        if not request.user.is_authenticated or not _is_delicate(request):
            return None
        if not reauthentication.is_reauthentication_required(request, app="account"):
            _without_password(request)  # The page that asks, sent a second time.
            return None
        if request.method in READING:
            asked = urlencode({"next": _before_the_file(request)})
            return redirect(f"{reverse('account_reauthenticate')}?{asked}")
        if request.path_info.startswith("/api/"):
            problem = {"title": _("Confirm on the site who you are, or use a token."), "status": 403}
            return JsonResponse(problem, status=403, content_type="application/problem+json")
        return _confirmed_here(request)


def _before_the_file(request: HttpRequest) -> str:
    """The page from which a file is taken, never the file: it would be saved, and the page with the password in its
    field would stay."""
    match = request.resolver_match
    name = (match.url_name or "") if match else ""
    resource = name.removeprefix("api-").removesuffix("-list")
    if resource not in NAMED:
        return reverse("home") if request.path_info.startswith("/api/") else request.get_full_path()
    asked = {key: value for key, value in request.GET.items() if key != "export"}
    return f"{reverse('initiatives:files', args=[resource])}?{urlencode(asked)}"


def _without_password(request: HttpRequest) -> None:
    if PASSWORD in request.POST:
        sent = request.POST.copy()
        sent.pop(PASSWORD)
        request.POST = sent  # type: ignore[misc]


def _is_delicate(request: HttpRequest) -> bool:
    match = request.resolver_match
    name = match.view_name if match else ""
    if request.path_info.startswith("/api/"):
        return request.method not in READING or "export" in request.GET
    if request.method in READING or name not in DELICATE:
        return False
    if request.POST.get(ALL_THE_SAME.get(name, "")):
        return True
    _words, harmless = DELICATE[name]
    return request.POST.get("act", "") not in harmless


def _confirmed_here(request: HttpRequest) -> HttpResponse | None:
    """The page that asks; None once the password was right, and what was sent goes on its way."""
    asked = PASSWORD in request.POST
    if asked and (refused := ratelimit.consume_or_429(request, action="reauthenticate", user=request.user)):
        return refused
    form = ConfirmForm(request.POST if asked else None, user=request.user)
    sent = request.POST.copy()
    sent.pop(PASSWORD, None)
    if asked and form.is_valid():
        reauthentication.reauthenticate_by_password(request)
        _without_password(request)
        return None
    sent.pop("csrfmiddlewaretoken", None)
    held = [(name, value) for name, values in sent.lists() for value in values]
    return render(request, "account/confirm.html", _asking(request, form, held), status=ASKS_AGAIN)


def _asking(request: HttpRequest, form: ConfirmForm, held: list[tuple[str, str]]) -> dict[str, Any]:
    match = request.resolver_match
    words, _harmless = DELICATE[match.view_name if match else ""]
    return {"form": form, "held": held, "what": words}

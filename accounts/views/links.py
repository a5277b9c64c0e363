"""The page that a letter leads to. It names nobody and nothing; looking at it uses nothing up."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import services
from accounts.enums import LinkPurpose
from accounts.forms import JoinForm, PasswordForm, add_errors
from accounts.models import SingleUseLink
from accounts.views.answers import answer_of

GONE = 404


@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest, plain: str) -> HttpResponse:
    """What can be done with it, and, once the form is sent, doing it. Mail scanners only look."""
    found = services.live_link(plain)
    if found is None:
        return render(request, "accounts/link_gone.html", status=GONE)
    if found.purpose == LinkPurpose.RECOVER:
        return _recover(request, found)
    if request.user.is_authenticated:
        return _as_known(request, found)
    if found.purpose == LinkPurpose.ADDRESS:
        return render(request, "accounts/link.html", {"sign_in": True})
    return _as_new(request, found)


def _as_known(request: HttpRequest, found: SingleUseLink) -> HttpResponse:
    """Join, or take on an address, with the account that is signed in."""
    if request.method != "POST":
        return render(request, "accounts/link.html", {"link": found, "known": True})
    try:
        if found.purpose == LinkPurpose.JOIN:
            membership = services.join(user=request.user, link=found)
            text = _("You belong to %(name)s now.") % {"name": membership.organisation.name}
        else:
            services.take_on_address(user=request.user, link=found)
            text = _("You sign in with the new address from now on.")
    except ValidationError as error:
        context = {"link": found, "known": True, "refused": error.messages}
        return render(request, "accounts/link.html", context, status=422)
    messages.success(request, text)
    return redirect("accounts:account")


def _as_new(request: HttpRequest, found: SingleUseLink) -> HttpResponse:
    """Make an account under the address to which the link went."""
    form = JoinForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        language = get_language() or "en"
        try:
            services.join_as_new(
                link=found,
                name=form.cleaned_data["name"],
                password=form.cleaned_data["password"],
                language=language,
            )
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("Your account is there. Sign in with it."))
            return redirect("account_login")
    return render(request, "accounts/link.html", {"link": found, "form": form}, status=answer_of(form))


def _recover(request: HttpRequest, found: SingleUseLink) -> HttpResponse:
    form = PasswordForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            services.take_back_account(link=found, password=form.cleaned_data["password"])
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("Your password is set. Sign in with it."))
            return redirect("account_login")
    return render(request, "accounts/link.html", {"link": found, "form": form}, status=answer_of(form))

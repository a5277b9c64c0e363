"""For stewards: letters to hand over, and setting up an account anew."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import services
from accounts.forms import RecoverForm, add_errors
from accounts.models import Letter, Register
from accounts.views.answers import answer_of, posted_id
from confidentiality import policy
from confidentiality.codes import Action


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def letters(request: HttpRequest) -> HttpResponse:
    """What a site without a mail server has to tell people. One is shown at a time, and gone once handed over."""
    policy.require(request.user, Action.MANAGE_ACCOUNTS, Register())
    waiting = Letter.objects.visible_to(request.user).waiting()
    shown = None
    if request.method == "POST" and "letter" in request.POST:
        letter = get_object_or_404(waiting, pk=posted_id(request, "letter"))
        if request.POST.get("act") == "done":
            letter.delete()
            messages.success(request, _("The letter is gone."))
            return redirect("accounts:letters")
        shown = letter
    context = {"letters": waiting, "shown": shown, "sends_mail": settings.SENDS_MAIL}
    return render(request, "accounts/letters.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def recover(request: HttpRequest) -> HttpResponse:
    """Set up the way into somebody's account anew, or end it; by the address, typed in."""
    policy.require(request.user, Action.MANAGE_ACCOUNTS, Register())
    form = RecoverForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and _done(request, form):
        return redirect("accounts:recover")
    return render(request, "accounts/recover.html", {"form": form}, status=answer_of(form))


def _done(request: HttpRequest, form: Any) -> bool:
    chosen = form.cleaned_data
    user = services.account_of(by=request.user, address=chosen["address"])
    if user is None:
        form.add_error("address", _("Nobody here has this address."))
        return False
    try:
        if chosen["act"] == "end":
            services.end_account(by=request.user, user=user)
            messages.success(request, _("%(name)s cannot sign in any more.") % {"name": user.name})
        else:
            origin = request.build_absolute_uri("/")
            services.recover_account(by=request.user, user=user, address=chosen["new_address"], origin=origin)
            messages.success(request, _("A link for a new password is on its way."))
    except ValidationError as error:
        add_errors(form, error, {"address": "new_address"})
        return False
    return True

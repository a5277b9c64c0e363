"""One's own account: name, language, display, address, tokens, sign-ins."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_http_methods, require_POST

from accounts import services
from accounts.forms import AccountForm, AddressForm, TokenForm, add_errors
from accounts.models import AccessToken, SignIn
from accounts.views.answers import answer_of, keep_typed
from confidentiality.records import Stale
from confidentiality.words import listed
from initiatives.models import Conflict


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """One's own name, language, display and tokens."""
    user = request.user
    initial = {"name": user.name, "language": user.language, "theme": user.theme, "version": user.version}
    form = AccountForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        chosen = dict(form.cleaned_data)
        try:
            services.edit_account(by=user, user=user, **chosen)
            with override(chosen["language"]):
                messages.success(request, _("Saved."))
            return redirect("accounts:account")
        except Stale:
            user.refresh_from_db()
            keep_typed(form, user.version)
            form.add_error(
                None, _("Your account was changed in another window. Save again to keep what stands here.")
            )
        except ValidationError as error:
            add_errors(form, error)
    return _account_page(request, form=form)


def _account_page(request: HttpRequest, **more: Any) -> HttpResponse:
    user = request.user
    initial = {"name": user.name, "language": user.language, "theme": user.theme, "version": user.version}
    context = {
        "form": AccountForm(initial=initial),
        "token_form": TokenForm(prefix="token", conflicts=_conflicts_of(user)),
        "address_form": AddressForm(),
        "tokens": _named(_live_tokens(user)),
        "sign_ins": SignIn.objects.visible_to(user),
        "here": request.session.digest,
        "memberships": user.memberships.active()
        .select_related("organisation")
        .order_by("organisation__name"),
        "mandates": user.mandates.live().select_related("conflict"),
        **more,
    }
    status = answer_of(context["form"], context["token_form"], context["address_form"])
    return render(request, "accounts/account.html", context, status=status)


def _live_tokens(user: Any) -> Any:
    return AccessToken.objects.visible_to(user).live()


def _named(tokens: Iterable[AccessToken]) -> list[AccessToken]:
    """Each with `conflict_names`: on which conflicts it is, in words."""
    listed_tokens = list(tokens)
    wanted = {pk for token in listed_tokens for pk in token.conflicts}
    names = dict(Conflict.objects.filter(pk__in=wanted).values_list("pk", "name")) if wanted else {}
    for token in listed_tokens:
        found = (names.get(pk, _("a conflict that is gone")) for pk in token.conflicts)
        token.conflict_names = listed(sorted(found))  # type: ignore[attr-defined]
    return listed_tokens


def _conflicts_of(user: Any) -> list[tuple[UUID, str]]:
    """On which a token of the user's can be: where they work or coordinate, and what that is part of."""
    worked = user.team_memberships.live().values_list("initiative__conflict__lineage", flat=True)
    mandated = user.mandates.live().exclude(conflict=None).values_list("conflict_id", flat=True)
    ids = {*(pk for lineage in worked for pk in lineage), *mandated}
    return list(Conflict.objects.filter(pk__in=ids).order_by("name").values_list("pk", "name")) if ids else []


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def create_token(request: HttpRequest) -> HttpResponse:
    """Make a token and show it, this once: the answer is the page itself, so that it is stored nowhere.

    Who comes back to its address, by changing the language there for example, gets the account.
    """
    if request.method != "POST":
        return redirect("accounts:account")
    form = TokenForm(request.POST, prefix="token", conflicts=_conflicts_of(request.user))
    if not form.is_valid():
        return _account_page(request, token_form=form)
    try:
        token, plain = services.create_token(by=request.user, **form.cleaned_data)
    except ValidationError as error:
        add_errors(form, error)
        return _account_page(request, token_form=form)
    return _account_page(request, new_token=_named([token])[0], plain=plain)


@login_required
@require_POST
def revoke_token(request: HttpRequest, pk: UUID) -> HttpResponse:
    """End a token at once."""
    token = get_object_or_404(AccessToken.objects.visible_to(request.user), pk=pk)
    services.revoke_token(by=request.user, token=token)
    messages.success(request, _("The token is revoked."))
    return redirect("accounts:account")


@login_required
@require_POST
def end_sign_in(request: HttpRequest) -> HttpResponse:
    """Sign another browser of one's own out. Which one is said in the body: the digest of a key is for no address."""
    which = request.POST.get("sign_in", "")
    own = SignIn.objects.visible_to(request.user).filter(pk=which if which.isalnum() else "")
    services.end_sign_in(by=request.user, sign_in=get_object_or_404(own))
    messages.success(request, _("That sign-in is ended."))
    return redirect("accounts:account")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def end_everything(request: HttpRequest) -> HttpResponse:
    """For whoever lost a device, or fears for one: end every sign-in and every token, this one too."""
    if request.method != "POST":
        return render(request, "accounts/end_everything.html", {"tokens": _live_tokens(request.user).count()})
    services.end_everything(by=request.user, user=request.user)
    logout(request)
    messages.success(
        request, _("All your sign-ins and tokens are ended. If somebody may know your password, change it.")
    )
    return redirect("account_login")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def change_address(request: HttpRequest) -> HttpResponse:
    """Ask for another address. The answer is the same whether or not somebody else has it."""
    if request.method != "POST":
        return redirect("accounts:account")
    form = AddressForm(request.POST)
    if not form.is_valid():
        return _account_page(request, address_form=form)
    try:
        origin = request.build_absolute_uri("/")
        services.ask_for_address(by=request.user, address=form.cleaned_data["address"], origin=origin)
    except ValidationError as error:
        add_errors(form, error)
        return _account_page(request, address_form=form)
    messages.success(
        request, _("A link is on its way to the new address. Until it is opened, nothing changes.")
    )
    return redirect("accounts:account")

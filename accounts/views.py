"""Pages of accounts: organisations to vet, and one's own account with its tokens."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import services
from accounts.forms import AccountForm, TokenForm, VetForm, add_errors
from accounts.models import AccessToken, Organisation, Register, SignIn
from confidentiality import policy
from confidentiality.codes import Action
from confidentiality.records import Stale

PER_PAGE = 25


@login_required
@require_GET
def organisations(request: HttpRequest) -> HttpResponse:
    """For stewards: who waits to be vetted, and who is in the network."""
    policy.require(request.user, Action.EDIT_ORGANISATION, Register())
    vetted = request.GET.get("vetted") == "1"
    text = " ".join(request.GET.get("q", "").split())[:100]
    visible = Organisation.objects.visible_to(request.user)
    members = Count("memberships", filter=Q(memberships__ended_at=None))
    found = visible.filter(vetted_at__isnull=not vetted).annotate(members=members).select_related("vetted_by")
    if text:
        found = found.filter(name__icontains=text)
    page = Paginator(found.order_by("-members", "name"), PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "vetted": vetted, "q": text}
    return render(request, "accounts/organisations.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def vet(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Let an organisation into the network, or take it out again, with a sentence why."""
    organisation = get_object_or_404(Organisation.objects.visible_to(request.user), pk=pk)
    policy.require(request.user, Action.VET_ORGANISATION, organisation)
    form = VetForm(
        request.POST if request.method == "POST" else None, initial={"version": organisation.version}
    )
    if request.method == "POST" and form.is_valid() and _vetted(request, organisation, form):
        return redirect("accounts:organisations")
    people = organisation.memberships.active().select_related("user").order_by("user__name")
    context = {"organisation": organisation, "form": form, "people": people}
    return render(request, "accounts/vet.html", context, status=_answer_of(form))


def _answer_of(*forms: Any) -> int:
    """200 for a form to fill in, 422 for one that was refused."""
    return 422 if any(form.errors for form in forms) else 200


def _vetted(request: HttpRequest, organisation: Organisation, form: VetForm) -> bool:
    into = not organisation.is_vetted
    try:
        services.vet_organisation(
            by=request.user,
            organisation=organisation,
            note=form.cleaned_data["note"],
            vetted=into,
            version=form.cleaned_data["version"],
        )
    except Stale:
        organisation.refresh_from_db()
        keep_typed(form, organisation.version)
        form.add_error(
            None, _("Somebody else decided about this organisation meanwhile. Look again before you do.")
        )
        return False
    except ValidationError as error:
        add_errors(form, error, {"vetting_note": "note"})
        return False
    said = _("%(name)s is in the network.") if into else _("%(name)s is out of the network.")
    messages.success(request, said % {"name": organisation.name})
    return True


def keep_typed(form: Any, version: int) -> None:
    """Keep what was typed, on top of the state that stands now."""
    form.data = form.data.copy()
    form.data["version"] = str(version)


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
        "token_form": TokenForm(prefix="token"),
        "tokens": _live_tokens(user),
        "sign_ins": SignIn.objects.visible_to(user),
        "here": request.session.digest,
        "memberships": user.memberships.active()
        .select_related("organisation")
        .order_by("organisation__name"),
        "mandates": user.mandates.live().select_related("conflict"),
        **more,
    }
    status = _answer_of(context["form"], context["token_form"])
    return render(request, "accounts/account.html", context, status=status)


def _live_tokens(user: Any) -> Any:
    return AccessToken.objects.visible_to(user).live()


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def create_token(request: HttpRequest) -> HttpResponse:
    """Make a token and show it, this once: the answer is the page itself, so that it is stored nowhere.

    Who comes back to its address, by changing the language there for example, gets the account.
    """
    if request.method != "POST":
        return redirect("accounts:account")
    form = TokenForm(request.POST, prefix="token")
    if not form.is_valid():
        return _account_page(request, token_form=form)
    try:
        token, plain = services.create_token(by=request.user, **form.cleaned_data)
    except ValidationError as error:
        add_errors(form, error)
        return _account_page(request, token_form=form)
    return _account_page(request, new_token=token, plain=plain)


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
    own = SignIn.objects.visible_to(request.user)
    services.end_sign_in(by=request.user, sign_in=get_object_or_404(own, pk=request.POST.get("sign_in", "")))
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

"""Forms of accounts, and how a refusal of a service comes back to the field it concerns."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from allauth.account.forms import ReauthenticateForm, ResetPasswordForm
from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as ReauthenticateCodeForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY
from allauth.mfa.utils import decrypt, encrypt
from django import forms
from django.core.cache import cache
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.enums import LANGUAGES, FeedWording, MembershipRole, RecordKind, Theme, TokenScope
from accounts.letters import ask_for_reset

MAX_VERSION = 2**31 - 1
# Seconds for which a code of an app is remembered as used: longer than it can be good, clocks that differ included.
CODE_REMEMBERED = 180


def add_errors(form: forms.BaseForm, error: ValidationError, names: Mapping[str, str] | None = None) -> None:
    """Put what a service refused onto the fields of the form.

    `names` maps a field of the service to a field of the form. What the form does not ask for stands above it,
    with its name, so that no refusal is lost.
    """
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    for field, problems in error.error_dict.items():
        name = (names or {}).get(field, field)
        known = name in form.fields and name != NON_FIELD_ERRORS
        form.add_error(name if known else None, ValidationError(problems))


class VersionedForm(forms.Form):
    """A form about a record as it was when the page was opened: `version` says which state that was."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=MAX_VERSION)


class AccountForm(VersionedForm):
    """One's own account."""

    name = forms.CharField(label=_("Name"), max_length=120, help_text=_("How your colleagues see you."))
    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGES)
    theme = forms.ChoiceField(label=_("Display"), choices=Theme.choices)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].widget.attrs["autocomplete"] = "name"


class DaysField(forms.IntegerField):
    """How long a token works."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            label=_("Valid for how many days"),
            min_value=1,
            max_value=365,
            initial=90,
            help_text=_("At most 365."),
            **kwargs,
        )


class TokenForm(forms.Form):
    """A new token for a REST client."""

    label = forms.CharField(
        label=_("What it is for"), max_length=80, help_text=_("For example: the calendar of our office.")
    )
    # The key of a calendar is made on a page of its own, after a look at what leaves.
    scope = forms.ChoiceField(
        label=_("What it may do"),
        choices=[(scope.value, scope.label) for scope in (TokenScope.READ, TokenScope.WRITE)],
        initial=TokenScope.READ,
    )
    days = DaysField()
    kinds = forms.MultipleChoiceField(
        label=_("For which records"),
        choices=RecordKind.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: for all that you may read. It cannot be changed afterwards."),
    )
    conflicts = forms.TypedMultipleChoiceField(
        label=_("On which conflicts"),
        coerce=UUID,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: on all. Each with everything below it."),
    )

    def __init__(self, *args: Any, conflicts: Iterable[tuple[UUID, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["conflicts"].choices = list(conflicts)
        if not self.fields["conflicts"].choices:
            del self.fields["conflicts"]


class FeedForm(forms.Form):
    """A new address for one's calendar on a phone."""

    wording = forms.ChoiceField(
        label=_("What each entry says"),
        choices=FeedWording.choices,
        initial=FeedWording.BUSY,
        widget=forms.RadioSelect,
    )
    label = forms.CharField(
        label=_("For which device"),
        max_length=80,
        required=False,
        help_text=_("Seen by you alone, so that you know which one to end. For example: my phone."),
    )
    days = DaysField()


class VetForm(VersionedForm):
    """What a steward checked before an organisation joins the network."""

    note = forms.CharField(
        label=_("What was checked"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("One or two sentences: register, address, somebody who vouches."),
    )


class InviteForm(forms.Form):
    """Somebody to be invited into an organisation."""

    address = forms.EmailField(label=_("E-mail address"), max_length=254)
    role = forms.ChoiceField(
        label=_("As"),
        choices=MembershipRole.choices,
        initial=MembershipRole.MEMBER,
        help_text=_(
            "Members work on initiatives. Registrars keep the register of persons. Owners invite, and end memberships."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["address"].widget.attrs |= {"autocomplete": "off", "dir": "ltr"}


class MembershipForm(VersionedForm):
    """What somebody is in an organisation."""

    role = forms.ChoiceField(label=_("Role"), choices=MembershipRole.choices)


class AddressForm(forms.Form):
    """Another address of one's own."""

    address = forms.EmailField(
        label=_("New e-mail address"),
        max_length=254,
        help_text=_("A link goes there; until it is opened nothing changes."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["address"].widget.attrs |= {"autocomplete": "off", "dir": "ltr"}


class PasswordForm(forms.Form):
    """A password of one's own choice, typed once: it can be shown."""

    password = forms.CharField(
        label=_("Password"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 12 characters. A sentence that only you would say is good."),
    )


class JoinForm(PasswordForm):
    """Somebody who is new here."""

    name = forms.CharField(label=_("Name"), max_length=120, help_text=_("How your colleagues see you."))
    field_order = ("name", "password")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].widget.attrs["autocomplete"] = "name"


class RecoverForm(forms.Form):
    """Whose way in is set up anew, or ended."""

    RECOVER, END = "recover", "end"

    address = forms.EmailField(label=_("Address of the account"), max_length=254)
    act = forms.ChoiceField(
        label=_("What is to be done"),
        choices=[(RECOVER, _("Set up the way in anew")), (END, _("End the account"))],
        initial=RECOVER,
    )
    new_address = forms.EmailField(
        label=_("New address"),
        max_length=254,
        required=False,
        help_text=_("Only if the person has lost the old one. The link goes there."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("address", "new_address"):
            self.fields[name].widget.attrs |= {"autocomplete": "off", "dir": "ltr"}


class ForgottenForm(ResetPasswordForm):
    """To what address a link shall go. Answers alike, and takes as long, whether or not anybody has it."""

    def clean_email(self) -> str:
        address: str = self.cleaned_data["email"]
        return address

    def save(self, request: Any, **kwargs: Any) -> str:
        address: str = self.cleaned_data["email"]
        ask_for_reset(address=address, origin=request.build_absolute_uri("/"))
        return address


class ConfirmForm(ReauthenticateForm):
    """The password, asked in the middle of something else, whose fields keep their names."""

    prefix = "confirm"


class _Code:
    """A code as it is typed: in the digits of any script, and good for one sign-in as long as it is good at all.

    allauth remembers a code for thirty seconds and takes it for ninety.
    """

    user: Any
    cleaned_data: dict[str, Any]

    def clean_code(self) -> str:
        typed = "".join(str(unicodedata.digit(sign, sign)) for sign in self.cleaned_data["code"])
        self.cleaned_data["code"] = typed
        used = f"second-factor:{self.user.pk}:{hashlib.sha256(typed.encode()).hexdigest()}"
        if cache.get(used):
            raise get_adapter().validation_error("incorrect_code")
        code: str = super().clean_code()  # type: ignore[misc]
        cache.set(used, True, CODE_REMEMBERED)
        return code


class CodeForm(_Code, AuthenticateForm):
    """The second factor at the sign-in."""


class CodeAgainForm(_Code, ReauthenticateCodeForm):
    """The second factor, asked again."""


class ActivateTOTP(_Code, ActivateTOTPForm):
    """A secret that waits for its first code lies in the session, which is stored: closed, like one in use."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        session = context.request.session
        if sealed := session.get(SECRET_SESSION_KEY):
            session[SECRET_SESSION_KEY] = decrypt(sealed)
        super().__init__(*args, **kwargs)
        session[SECRET_SESSION_KEY] = encrypt(self.secret)

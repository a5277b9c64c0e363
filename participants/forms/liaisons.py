"""Who is liaison of which office."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from participants.models import OfficialBody


class Office(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} ({obj.conflict.name})"


class GrantLiaisonForm(forms.Form):
    """An account, by its address, and an office.

    Stewards run the accounts of the site, so this form tells them that an address has none. Where a member invites a
    colleague, nobody is told that.
    """

    user = forms.EmailField(
        label=_("E-mail address of the account"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off", "dir": "ltr"}),
    )
    body = Office(
        label=_("Official body"), queryset=OfficialBody.objects.none(), empty_label=_("Choose an office")
    )

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offices = OfficialBody.objects.with_liaisons_of(by).select_related("conflict")
        self.fields["body"].queryset = offices.order_by("normalised_name", "pk")

    def clean_user(self) -> User:
        """Sign-in takes addresses in any case, and so does this."""
        found = User.objects.filter(email__iexact=self.cleaned_data["user"], is_active=True).first()
        if found is None:
            raise forms.ValidationError(_("There is no active account with this address. Make it first."))
        return found

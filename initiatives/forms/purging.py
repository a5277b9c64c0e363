"""Forms of a purge: a lead's reason, and the second person's word."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from initiatives.enums import AT_ONCE, PurgeReason
from initiatives.models.brief import TITLE_LENGTH

BEGINS_AT_ONCE = _("Begins as soon as the second person has confirmed. Nobody can stop it then.")
REASONS_EXPLAINED = {reason: BEGINS_AT_ONCE for reason in AT_ONCE}


class OwnerField(forms.ModelChoiceField):
    """One owner of the convening organisation, called by name."""

    def label_from_instance(self, obj: Membership) -> str:
        return obj.user.name


class AskPurgeForm(forms.Form):
    """Why, and where nobody else on the team can confirm it, who is let in on it."""

    reason = forms.ChoiceField(
        label=_("Why"),
        choices=PurgeReason.choices,
        widget=forms.RadioSelect,
        help_text=_(
            "Stays on the tombstone. There is no room for a text, which would outlive what it tells of."
        ),
    )
    asked_of = OwnerField(
        label=_("Whom you let in on it"),
        queryset=Membership.objects.none(),
        empty_label=None,
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, owners: list[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not owners:
            del self.fields["asked_of"]
            return
        chosen = Membership.objects.filter(pk__in=[owner.pk for owner in owners])
        self.fields["asked_of"].queryset = chosen.select_related("user", "organisation").order_by(
            "user__name"
        )


class ConfirmPurgeForm(forms.Form):
    """What the initiative is called, typed by the second person."""

    name = forms.CharField(
        label=_("What it is called"),
        max_length=TITLE_LENGTH,
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, inside: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].help_text = (
            _("Type its codename or its title, so that nobody purges by a slip of the hand.")
            if inside
            else _(
                "Type its codename, which whoever asked tells you: you have to have spoken with each other."
            )
        )

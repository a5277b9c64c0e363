"""The form by which an owner asks to be let into an initiative."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from initiatives.enums import EmergencyReason


class EmergencyForm(forms.Form):
    codename = forms.CharField(
        label=_("Codename of the initiative"),
        max_length=60,
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off", "spellcheck": "false"}),
        help_text=_("As somebody told you. You are not told whether there is one of that name."),
    )
    reason = forms.ChoiceField(label=_("Why"), choices=EmergencyReason.choices)

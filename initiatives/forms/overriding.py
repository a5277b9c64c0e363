"""The field in which somebody says why what a service doubts is right all the same."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from initiatives.services.versions import REASON_LENGTH


class OverrideField(forms.CharField):
    """Not required, since nobody can know beforehand what will be doubted; a page that shows it asks for it."""

    shown_when_needed = True

    def __init__(self, **options: Any) -> None:
        given = {
            "label": _("Why it is right all the same"),
            "help_text": _("A sentence. It stays in the history, for your team to read."),
            "widget": forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
            **options,
        }
        super().__init__(required=False, max_length=REASON_LENGTH, **given)

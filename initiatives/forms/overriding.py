"""Saying why what a service doubts is right all the same: the field, and forms that have it."""

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


class DoubtedForm(forms.Form):
    """A form of which a service may doubt something: then, and only then, it asks why it is right all the same."""

    override_reason = OverrideField()

    @property
    def doubted(self) -> bool:
        codes = {problem.code for problems in self.errors.as_data().values() for problem in problems}
        return "confirm" in codes or bool(self["override_reason"].value())

    def shown_fields(self) -> list[forms.BoundField]:
        """The fields for a page: without the reason, unless something is doubted."""
        asks = self.doubted
        return [field for field in self.visible_fields() if asks or field.name != "override_reason"]

"""Which entries of an initiative's audit to show."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from confidentiality.codes import AuditAction

OUTSIDE = "outside"
# What the site's own chain says stands in no team's.
IN_A_TEAM = [(action.value, action.label) for action in AuditAction if action is not AuditAction.DENY]


def _day(label: Any) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date", "class": "w-auto"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=False, widget=widget, input_formats=["%Y-%m-%d"])


class AuditFilterForm(forms.Form):
    """`people`: (id, name) of everybody who is or was on the team."""

    person = forms.ChoiceField(label=_("Who"), required=False)
    action = forms.ChoiceField(label=_("Did what"), required=False)
    since = _day(_("From"))
    until = _day(_("Until"))
    record = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, people: Iterable[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        every = [("", _("all"))]
        self.fields["person"].choices = [*every, *people, (OUTSIDE, _("somebody outside the team"))]
        self.fields["action"].choices = [*every, *IN_A_TEAM]

    def chosen(self) -> dict[str, Any]:
        """What was asked for; what is no choice is asked for by nobody."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}

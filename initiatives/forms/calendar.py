"""Which month of the calendar to show, and of which initiative."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from initiatives.dates import wrong_with

MONTH = re.compile(r"(?P<year>\d{4})-(?P<month>0[1-9]|1[0-2])", re.ASCII)


class MonthField(forms.CharField):
    """A month as 2026-12: what browsers send that have a control for it, and what is typed in those that have none."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(
            attrs={"type": "month", "autocomplete": "off", "dir": "ltr", "class": "w-auto"}
        )
        super().__init__(max_length=10, widget=widget, **kwargs)

    def clean(self, value: Any) -> date | None:
        text = super().clean(value)
        if not text:
            return None
        found = MONTH.fullmatch(text)
        if found is None:
            message = _("%(text)s is not a month. Write one as 2026-12.")
            raise ValidationError(message, params={"text": text})
        first = date(int(found["year"]) or 1, int(found["month"]), 1)
        if wrong := wrong_with(first):
            raise ValidationError(wrong)
        return first


class CalendarForm(forms.Form):
    """`own`: (id, name) of the reader's initiatives. What is no choice is refused, hidden and missing alike."""

    month = MonthField(label=_("Month"), required=False)
    initiative = forms.ChoiceField(
        label=_("Initiative"),
        required=False,
        error_messages={"invalid_choice": _("That is none of your initiatives. All of them are shown.")},
    )

    def __init__(self, *args: Any, own: Iterable[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["initiative"].choices = [("", _("all of mine")), *own]

    def chosen(self) -> dict[str, Any]:
        """What was asked for and can be shown."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}

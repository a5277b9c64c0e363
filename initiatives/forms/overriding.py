"""Saying why what a service doubts is right all the same: the field, and forms that have it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from initiatives.services.overriding import CODE, Confirm, Reason
from initiatives.services.versions import REASON_LENGTH

ASKED = "_asked"


class AskedField(forms.BoundField):
    """A field that answers questions: it sends along, unseen, the signs of those that the page shows."""

    def as_widget(self, *args: Any, **options: Any) -> SafeString:
        signs = ".".join(sorted(self._signs()))
        control = super().as_widget(*args, **options)
        return format_html('{}<input type="hidden" name="{}" value="{}">', control, self._name, signs)

    @property
    def _name(self) -> str:
        return f"{self.html_name}{ASKED}"

    def _signs(self) -> frozenset[str]:
        """What is asked now, and what was asked before: of that, too, a reason was typed in sight."""
        codes = {one.code for problems in self.form.errors.as_data().values() for one in problems}
        now = [code.asked for code in codes if isinstance(code, Confirm)]
        return Reason("", [*now, *self.field.asked, *self.sent]).asked or frozenset()

    @property
    def sent(self) -> list[str]:
        return sent_with(self.form.data, self.html_name) or []


def sent_with(data: Any, name: str) -> list[str] | None:
    """What came back of what was asked; None from a page that knew of no question."""
    signs = data.get(f"{name}{ASKED}")
    return None if signs is None else [signs]


class _ReasonInput(forms.TextInput):
    """With what was asked, so that the field's value is all that a service needs."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        typed = super().value_from_datadict(data, files, name)
        return None if typed is None else Reason(typed, sent_with(data, name))


class OverrideField(forms.CharField):
    """Not required, since nobody can know beforehand what will be doubted; a page that shows it asks for it. Its value
    is a Reason."""

    shown_when_needed = True
    asked: Iterable[str] = ()

    def __init__(self, **options: Any) -> None:
        given = {
            "label": _("Why it is right all the same"),
            "help_text": _("A sentence. It stays in the history, for your team to read."),
            "widget": _ReasonInput(attrs={"dir": "auto", "autocomplete": "off"}),
            **options,
        }
        super().__init__(required=False, max_length=REASON_LENGTH, **given)

    def get_bound_field(self, form: Any, field_name: str) -> AskedField:
        return AskedField(form, self, field_name)

    def clean(self, value: Any) -> str:
        return Reason(super().clean(value), getattr(value, "asked", None))


class HiddenOverrideField(OverrideField):
    """Shown once something was asked about."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.widget.input_type = "hidden"

    def show(self) -> None:
        self.widget.input_type = "text"


class AllTheSameField(forms.BooleanField):
    """The same as a box to tick, where a reason is asked for anyhow."""

    asked: Iterable[str] = ()

    def get_bound_field(self, form: Any, field_name: str) -> AskedField:
        return AskedField(form, self, field_name)


class DoubtedForm(forms.Form):
    """A form of which a service may doubt something: then, and only then, it asks why it is right all the same."""

    override_reason = OverrideField()

    @property
    def doubted(self) -> bool:
        codes = {problem.code for problems in self.errors.as_data().values() for problem in problems}
        return CODE in codes or bool(self["override_reason"].value())

    def shown_fields(self) -> list[forms.BoundField]:
        """The fields for a page: without the reason, unless something is doubted."""
        asks = self.doubted
        return [field for field in self.visible_fields() if asks or field.name != "override_reason"]

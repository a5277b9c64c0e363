"""Forms of retention: until when an initiative is kept, and why somebody holds it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import MAX_VERSION
from initiatives.forms.sessions import day_field
from initiatives.models.retention import REASON_LENGTH, earliest_end

NO_END, UNTIL = "no_end", "until"


class _OfRetention(forms.Form):
    """`version`: of the record as it was read, 0 for none."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=MAX_VERSION)


class RetentionForm(_OfRetention):
    """No end, or a day."""

    ends = forms.ChoiceField(
        label=_("Until when is it kept?"),
        choices=[(NO_END, _("No end: until somebody purges it")), (UNTIL, _("Until a day"))],
        widget=forms.RadioSelect,
    )
    keep_until = day_field(_("Kept until"), required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["keep_until"].shown_when_needed = True  # With the choice above it; not "optional".
        self.fields["keep_until"].widget.attrs["min"] = earliest_end().isoformat()

    def clean(self) -> dict[str, Any]:
        data = dict(super().clean() or self.cleaned_data)
        chosen = data.get("ends")
        if chosen == UNTIL and not data.get("keep_until") and "keep_until" not in self.errors:
            self.add_error("keep_until", _("Say until which day."))
        return data

    def arguments(self) -> dict[str, Any]:
        data = self.cleaned_data
        kept = data["keep_until"] if data["ends"] == UNTIL else None
        return {"keep_until": kept, "version": data["version"]}


class HoldForm(_OfRetention):
    """Why it is kept all the same."""

    reason = forms.CharField(
        label=_("Why"),
        max_length=REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
        help_text=_("Your team reads it here. It is stored encrypted."),
    )


class ReleaseForm(_OfRetention):
    """That the clocks run again."""

"""Forms of the brief and its ground rules, and of the search."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import MAX_VERSION
from initiatives.forms.overriding import AllTheSameField, DoubtedForm, sent_with
from initiatives.models.brief import NAME_LENGTH, TEXT_LENGTH, TITLE_LENGTH
from initiatives.services.overriding import Reason
from initiatives.services.versions import REASON_LENGTH


class ProseField(forms.CharField):
    """A text of several paragraphs. A line break counts once, however the browser sends it."""

    def __init__(self, *, rows: int = 5, **options: Any) -> None:
        widget = forms.Textarea(attrs={"rows": rows, "dir": "auto"})
        super().__init__(max_length=TEXT_LENGTH, widget=widget, **options)
        # A browser cuts off silently what is pasted over its maxlength; the server says it, and keeps the text.
        self.widget.attrs.pop("maxlength", None)

    def to_python(self, value: Any) -> str:
        text = super().to_python(value)
        return text.replace("\r\n", "\n").replace("\r", "\n")


class SeenForm(forms.Form):
    """A form about a record that may not exist yet: `version` says which state was read, 0 for none."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=MAX_VERSION)


class BringBackForm(SeenForm):
    """Why an older version comes back; `all_the_same` is asked once the service has asked about something."""

    reason = forms.CharField(
        label=_("Why"),
        max_length=REASON_LENGTH,
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
        help_text=_("It stays in the history."),
    )
    all_the_same = AllTheSameField(
        label=_("It is right all the same"), required=False, widget=forms.HiddenInput
    )

    def ask(self) -> None:
        """Show the box that says so."""
        self.fields["all_the_same"].widget = forms.CheckboxInput()

    def override(self) -> str:
        """The reason, as far as it answers what was asked."""
        said = self.cleaned_data["reason"] if self.cleaned_data["all_the_same"] else ""
        return Reason(said, sent_with(self.data, "all_the_same"))


class BriefForm(DoubtedForm, SeenForm):
    """The brief. Nothing in it is required: a first sentence is a beginning."""

    title = forms.CharField(
        label=_("Title"),
        max_length=TITLE_LENGTH,
        required=False,
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
        help_text=_(
            "Your team sees it in place of the codename; everybody else goes on seeing the codename."
        ),
    )
    objective = ProseField(
        label=_("Objective"),
        required=False,
        help_text=_("What should be different when this has worked, and how anybody would notice."),
    )
    guiding_theory = ProseField(
        label=_("Guiding theory"),
        required=False,
        help_text=_("Why you expect these people, in this form, to bring that about."),
    )
    criteria_and_roles = ProseField(
        label=_("Criteria and roles"),
        required=False,
        help_text=_("Whom you invite and why; who does what in the room. Describe, and leave out names."),
    )
    legal_note = ProseField(
        label=_("Legal note"),
        required=False,
        help_text=_("Which law could make contact risky, for whom, and what you do about it."),
    )
    exit_plan = ProseField(
        label=_("Exit plan"),
        required=False,
        help_text=_("How this ends well, and what you do if it must end at once."),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.order_fields(
            [name for name in self.fields if name != "override_reason"]
        )  # It stands at the end.


TEXTS = ("title", "objective", "guiding_theory", "criteria_and_roles", "legal_note", "exit_plan")


class GroundRulesForm(SeenForm):
    """A new version of the ground rules. `version` is the number of the one it follows."""

    text = ProseField(
        label=_("Ground rules"),
        rows=14,
        help_text=_("As they are read out in the room, one rule on a line."),
    )
    adopted_on = forms.DateField(
        label=_("Adopted on"),
        widget=forms.DateInput(attrs={"type": "date", "class": "w-auto"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
    )


class AssentForm(forms.Form):
    """Somebody who said yes to the ground rules."""

    who = forms.CharField(
        label=_("Who"),
        max_length=NAME_LENGTH,
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
        help_text=_("A pseudonym or a function will do. Stored encrypted, seen by your team alone."),
    )
    assented_on = forms.DateField(
        label=_("On"),
        widget=forms.DateInput(attrs={"type": "date", "class": "w-auto"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
    )


class FindForm(forms.Form):
    """Words to search for."""

    q = forms.CharField(required=False, max_length=100)

    def words(self) -> str:
        self.is_valid()
        return str(self.cleaned_data.get("q", ""))

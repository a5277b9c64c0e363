"""Forms of coordination: filters of the queue, and what a coordinator does about a pair."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, TextChoices
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.forms import VersionedForm
from coordination import analysis
from coordination.enums import PUBLIC_RECORD_ASSESSMENTS, Assessment, Band, Depth, Harm, Mechanism
from coordination.models import OverlapFlag
from initiatives.models import Conflict

REVIEW_AFTER = timedelta(days=91)
MOST_AT_ONCE = 100

MEANINGS = {
    Assessment.HARMFUL: _("They get in each other’s way."),
    Assessment.NEUTRAL: _("Side by side, no effect on each other."),
    Assessment.COMPLEMENTARY: _("Each does something the other cannot."),
    Assessment.DELIBERATE_REDUNDANCY: _("Two channels on purpose."),
    Assessment.NOT_AN_OVERLAP: _("The machine is mistaken."),
}


class DismissalReason(TextChoices):
    """Why a pair needs no attention; stored in words, with the sentence that follows."""

    IN_CONTACT = "in_contact", _("Already in contact")
    OTHER_LEVEL = "other_level", _("Different level of society")
    WRONG_DATA = "wrong_data", _("Wrong data on a card")
    PAST = "past", _("Both are over")
    OTHER = "other", _("Another reason, in words")


class QueueForm(forms.Form):
    """Filters of the queue. What is not understood filters nothing.

    Offers conflicts of pairs that the reader may open: any other would tell of a pair that is hidden.
    """

    conflict = forms.ModelChoiceField(
        label=_("Conflict"), required=False, queryset=Conflict.objects.none(), empty_label=_("All of mine")
    )
    band = forms.ChoiceField(
        label=_("Band"),
        required=False,
        choices=[("", _("Flag only")), (Band.WATCH, _("Watch only")), ("all", _("Flag and watch"))],
    )
    state = forms.ChoiceField(
        label=pgettext_lazy("of a flag", "State"),
        required=False,
        choices=[
            ("", _("All but dismissed")),
            ("new", _("To assess")),
            ("assessed", _("Assessed")),
            ("coordinated", _("Coordinated")),
            ("dismissed", _("Dismissed")),
        ],
    )

    STAGES = {
        "": (analysis.WAITING, analysis.ASSESSED, analysis.COORDINATED),
        "new": (analysis.WAITING,),
        "assessed": (analysis.ASSESSED,),
        "coordinated": (analysis.COORDINATED,),
        "dismissed": (analysis.SETTLED,),
    }
    BANDS = {"": (Band.FLAG,), Band.WATCH: (Band.WATCH,), "all": (Band.WATCH, Band.FLAG)}

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        flags = OverlapFlag.objects.visible_to(user).current()
        self.fields["conflict"].queryset = Conflict.objects.filter(
            Q(pk__in=flags.values("first__conflict")) | Q(pk__in=flags.values("second__conflict"))
        )
        self.is_valid()

    @property
    def chosen_conflict(self) -> Conflict | None:
        return self.cleaned_data.get("conflict")

    @property
    def bands(self) -> tuple[str, ...]:
        return self.BANDS[self.cleaned_data.get("band", "")]

    @property
    def stages(self) -> tuple[int, ...]:
        return self.STAGES[self.cleaned_data.get("state", "")]

    @property
    def filters(self) -> bool:
        return any(self.cleaned_data.values())


class AssessForm(VersionedForm):
    """What a coordinator thinks of an overlap. On the public record living organisations are not judged."""

    assessment = forms.ChoiceField(label=_("Your assessment"), widget=forms.RadioSelect)
    harms = forms.MultipleChoiceField(
        label=_("In which way?"), choices=Harm.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    note = forms.CharField(
        label=_("Why, in a sentence"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Read by coordinators of this conflict only."),
    )

    def __init__(self, *args: Any, flag: OverlapFlag, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = PUBLIC_RECORD_ASSESSMENTS if flag.on_public_record else tuple(Assessment)
        self.fields["assessment"].choices = [(choice.value, choice.label) for choice in offered]

    def options(self) -> list[tuple[str, str, str]]:
        """Code, word and meaning of each choice."""
        return [
            (code, label, MEANINGS[Assessment(code)]) for code, label in self.fields["assessment"].choices
        ]

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("assessment") != Assessment.HARMFUL:
            self.cleaned_data["harms"] = []
        return self.cleaned_data


def review_day() -> Any:
    return timezone.localdate() + REVIEW_AFTER


class DismissForm(VersionedForm):
    """Why a pair needs no attention, and when to look again."""

    reason = forms.ChoiceField(
        label=_("Reason"), choices=[("", _("Choose a reason")), *DismissalReason.choices]
    )
    words = forms.CharField(label=_("In a sentence"), max_length=400, required=False)
    review_on = forms.DateField(
        label=_("Look again on"),
        required=False,
        initial=review_day,
        widget=forms.DateInput(attrs={"type": "date", "class": "w-auto"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
    )

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("reason") == DismissalReason.OTHER and not self.cleaned_data.get("words"):
            self.add_error("words", _("Say the reason in a sentence."))
        return self.cleaned_data

    def text(self) -> str:
        """The reason as it is kept: words for people."""
        words = self.cleaned_data["words"]
        if self.cleaned_data["reason"] == DismissalReason.OTHER:
            return words
        label = str(DismissalReason(self.cleaned_data["reason"]).label)
        return f"{label}. {words}" if words else f"{label}."


class Chosen(NamedTuple):
    """A pair that was ticked, in the version that was on the screen."""

    pk: UUID
    version: int


class DismissManyForm(DismissForm):
    """The same for several pairs at once. Each box carries the pair and the version that was seen."""

    version = None  # type: ignore[assignment]

    def chosen(self) -> list[Chosen]:
        """What was ticked; a box that was tampered with is an error, not a guess."""
        chosen = []
        for value in self.data.getlist("pair"):
            pk, _dot, version = value.partition(".")
            try:
                chosen.append(Chosen(UUID(pk), int(version)))
            except ValueError:
                raise ValidationError(_("Select the pairs again.")) from None
        if not chosen:
            raise ValidationError(_("Select at least one pair first."))
        if len(chosen) > MOST_AT_ONCE:
            raise ValidationError(_("At most 100 pairs at once."))
        return chosen


class LinkForm(forms.Form):
    """How the two coordinate from now on."""

    mechanism = forms.ChoiceField(
        label=_("Arrangement"), choices=Mechanism.choices, initial=Mechanism.INFORMATION_SHARING
    )
    depth = forms.ChoiceField(label=_("Depth"), choices=Depth.choices, initial=Depth.AWARE)
    note = forms.CharField(
        label=_("Note"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


class VersionForm(VersionedForm):
    """An act that asks for nothing but the version that was seen."""

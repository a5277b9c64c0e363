"""Forms of cards, teams and circles: what is typed becomes the arguments of a service, refusals come back."""

from __future__ import annotations

import re
from datetime import datetime, time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.forms import VersionedForm
from accounts.models import Organisation, User
from confidentiality.codes import TeamRole, Visibility
from initiatives import dates
from initiatives.enums import (
    Confidence,
    DefinitionSchool,
    InitiativeStatus,
    Matching,
    Modality,
    OfficialRelation,
    Theme,
    TimingBasis,
    TrackType,
)
from initiatives.forms.overriding import DoubtedForm, OverrideField
from initiatives.models import Conflict, Party
from initiatives.services.countries import country_codes

# Fields of services that the forms ask for under another name.
NAMES = {
    "began_on": "began",
    "began_precision": "began",
    "ended_on": "ended",
    "ended_precision": "ended",
    "expires_at": "until",
}

MATCHING_ON = _(
    "The coordinators of this conflict may see, and only if another initiative overlaps, this initiative's codename, "
    "conflict, type, dates, parties and themes (its matching card). Not your organisation, team, public line or "
    "anything from inside."
)
MATCHING_OFF = _("Never compared, and you will not be warned.")
EXPLAINED = {Matching.ON: MATCHING_ON, Matching.OFF: MATCHING_OFF}


class PreciseDateField(forms.CharField):
    """A date known to the day, month, quarter or year; its length says how exactly."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=10, **kwargs)
        self.widget.attrs |= {"autocomplete": "off", "dir": "ltr", "class": "w-auto"}

    def clean(self, value: Any) -> dates.PreciseDate | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            return dates.parse(text)
        except ValueError as error:
            raise ValidationError(str(error)) from None

    def has_changed(self, initial: Any, data: Any) -> bool:
        return (initial or "") != (data or "").strip()


class CountriesField(forms.CharField):
    """Two-letter country codes, separated by spaces or by commas, Arabic ones too."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=200, **kwargs)
        self.widget.attrs |= {"autocomplete": "off", "dir": "ltr"}

    def clean(self, value: Any) -> list[str]:
        codes = re.sub("[,،]", " ", super().clean(value).upper()).split()
        for code in codes:
            if code not in country_codes():
                raise ValidationError(
                    _("“%(code)s” is not a two-letter country code."), params={"code": code}
                )
        return list(dict.fromkeys(codes))


class SearchForm(forms.Form):
    """Filters of the list of initiatives. What is not understood filters nothing."""

    q = forms.CharField(label=_("Search"), required=False, max_length=100)
    scope = forms.ChoiceField(
        label=_("Whose"), required=False, choices=[("", _("All you may see")), ("mine", _("Your teams"))]
    )
    conflict = forms.ModelChoiceField(
        label=_("Conflict"), required=False, queryset=Conflict.objects.none(), empty_label=_("All conflicts")
    )
    track_type = forms.ChoiceField(
        label=_("Track type"), required=False, choices=[("", _("All types")), *TrackType.choices]
    )
    theme = forms.ChoiceField(
        label=_("Theme"), required=False, choices=[("", _("All themes")), *Theme.choices]
    )
    status = forms.ChoiceField(
        label=_("Status"), required=False, choices=[("", _("Any status")), *InitiativeStatus.choices]
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["conflict"].queryset = Conflict.objects.visible_to(user)

    def chosen(self) -> dict[str, Any]:
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


class CardForm(DoubtedForm, VersionedForm):
    """The card of an initiative. `opened` keeps what stood in the form when it was opened, for the case that
    two people edit at the same time; it is shown and compared, never trusted for anything else.
    """

    track_type = forms.ChoiceField(label=_("Track type"), choices=[("", _("Choose")), *TrackType.choices])
    definition_school = forms.ChoiceField(
        label=_("Whose definition of the tracks"),
        choices=DefinitionSchool.choices,
        initial=DefinitionSchool.UN_DPPA,
        help_text=_("Schools disagree about the word; say whose you use."),
    )
    began = PreciseDateField(
        label=_("Began"), help_text=_("As exactly as you know: 2026, 2026-Q3, 2026-07 or 2026-07-15.")
    )
    ended = PreciseDateField(label=_("Ended"), required=False, help_text=_("Empty: still running."))
    themes = forms.MultipleChoiceField(
        label=_("Themes"), choices=Theme.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    parties = forms.ModelMultipleChoiceField(
        label=_("Parties"), queryset=Party.objects.none(), required=False, widget=forms.CheckboxSelectMultiple
    )
    modality = forms.ChoiceField(
        label=_("Main form of work"), choices=Modality.choices, initial=Modality.UNKNOWN
    )
    countries = CountriesField(
        label=_("Countries"), required=False, help_text=_("Two-letter codes, separated by commas: CH, NO.")
    )
    codename = forms.CharField(
        label=_("Codename"),
        max_length=60,
        required=False,
        help_text=_("Empty: two neutral words are drawn for you."),
    )
    public_line = forms.CharField(
        label=_("Public line"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("What you would say to a journalist. Whoever may see the card reads it."),
    )
    convener = forms.ModelChoiceField(label=_("Convener"), queryset=Organisation.objects.none())
    co_conveners = forms.ModelMultipleChoiceField(
        label=_("Co-conveners"), queryset=Organisation.objects.none(), required=False
    )
    funders = forms.ModelMultipleChoiceField(
        label=_("Funders"), queryset=Organisation.objects.none(), required=False
    )
    hosts = forms.ModelMultipleChoiceField(
        label=_("Hosts"), queryset=Organisation.objects.none(), required=False
    )
    official_relation = forms.ChoiceField(
        label=_("What Track One knows of it"),
        choices=OfficialRelation.choices,
        initial=OfficialRelation.UNKNOWN,
    )
    timing_basis = forms.ChoiceField(
        label=_("Why now"), choices=TimingBasis.choices, initial=TimingBasis.UNKNOWN
    )
    matching = forms.ChoiceField(label=_("Comparison"), choices=Matching.choices, widget=forms.RadioSelect)
    override_reason = OverrideField(
        help_text=_("A sentence, so that somebody has looked at it. A card has no history that keeps it.")
    )
    opened = forms.CharField(widget=forms.HiddenInput, required=False)

    ORGANISATIONS = ("convener", "co_conveners", "funders", "hosts")

    def __init__(self, *args: Any, user: User, conflict: Conflict, named: Any = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        parties = Party.objects.visible_to(user).filter(conflict=conflict.root_id)
        self.fields["parties"].queryset = parties
        organisations = organisations_for(user, named)
        for name in self.ORGANISATIONS:
            self.fields[name].queryset = organisations
        for name in ("codename", "public_line", "title", "source"):
            if name in self.fields:
                self.fields[name].widget.attrs["dir"] = "auto"

    def arguments(self, only: Any = None) -> dict[str, Any]:
        """The cleaned values as arguments of a service; `only` names the fields to take."""
        left_out = {"version", "opened", "began", "ended"}
        names = [name for name in self.cleaned_data if only is None or name in only]
        found = {name: self.cleaned_data[name] for name in names if name not in left_out}
        for name in ("began", "ended"):
            if name in names:
                precise = self.cleaned_data[name]
                found[f"{name}_on"] = precise.on if precise else None
                found[f"{name}_precision"] = precise.precision if precise else "day"
        return found


class RecordForm(CardForm):
    """A card of the public record, which alone has a title and says where it was published."""

    title = forms.CharField(label=_("Title"), max_length=300, required=False)
    source = forms.CharField(label=_("Source"), max_length=500, required=False)
    confidence = forms.ChoiceField(
        label=_("How sure"), choices=[("", _("Not said")), *Confidence.choices], required=False
    )


class OpenForm(CardForm):
    """A new card. Its visibility starts with the team alone and is widened on a page of its own."""

    registered_by = forms.ModelChoiceField(label=_("In the name of"), queryset=Organisation.objects.none())
    convener = None  # type: ignore[assignment]
    version = None  # type: ignore[assignment]
    opened = None  # type: ignore[assignment]
    override_reason = None  # type: ignore[assignment]

    ORGANISATIONS = ("co_conveners", "funders", "hosts")

    def __init__(self, *args: Any, user: User, conflict: Conflict, **kwargs: Any) -> None:
        super().__init__(*args, user=user, conflict=conflict, **kwargs)
        own = Organisation.objects.filter(pk__in=user.vetted_organisation_ids())
        self.fields["registered_by"].queryset = own
        if len(user.vetted_organisation_ids()) == 1:
            self.fields["registered_by"].initial = user.vetted_organisation_ids()[0]


def organisations_for(user: User, named: Any = ()) -> QuerySet[Organisation]:
    """Organisations that can be named on a card: the vetted ones, one's own, and those that stand on it."""
    own = Q(pk__in=user.organisation_ids()) | Q(pk__in=list(named))
    return Organisation.objects.visible_to(user).filter(Q(vetted_at__isnull=False) | own)


class StatusForm(VersionedForm):
    status = forms.ChoiceField(label=_("Status"), choices=InitiativeStatus.choices)
    ended = PreciseDateField(
        label=_("Ended"),
        required=False,
        help_text=_("2026, 2026-Q3, 2026-07 or 2026-07-15. Empty: still running."),
    )


class VisibilityForm(VersionedForm):
    """Who may see the card. `named` keeps whom the preview named, so that nobody else gains sight unseen."""

    visibility = forms.ChoiceField(
        label=_("Who may see the card"), choices=Visibility.choices, widget=forms.RadioSelect
    )
    partners = forms.ModelMultipleChoiceField(
        label=_("Partners"),
        queryset=Organisation.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, user: User, named: Any = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["partners"].queryset = organisations_for(user, named)


class UntilField(forms.DateField):
    """The last day of an access; cleaned into the moment at which it ends."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateInput(attrs={"type": "date", "class": "w-auto"}, format="%Y-%m-%d")
        super().__init__(widget=widget, input_formats=["%Y-%m-%d"], **kwargs)

    def clean(self, value: Any) -> datetime | None:
        day = super().clean(value)
        return timezone.make_aware(datetime.combine(day, time.max)) if day else None


class MemberForm(VersionedForm):
    """The role of somebody on the team, and until when."""

    role = forms.ChoiceField(label=_("Role"), choices=[("", _("Choose")), *TeamRole.choices])
    until = UntilField(label=_("Last day"), required=False, help_text=_("Empty: until somebody ends it."))


EXTENSIONS = (30, 90)
NO_END = "none"


class ExtendForm(VersionedForm):
    """How much longer somebody stays on the team: so many days, or without an end."""

    days = forms.ChoiceField(choices=[*((str(days), days) for days in EXTENSIONS), (NO_END, _("No end"))])

    def chosen(self) -> int | None:
        days = self.cleaned_data["days"]
        return None if days == NO_END else int(days)


class NewMemberForm(MemberForm):
    user = forms.ModelChoiceField(
        label=_("Colleague"),
        queryset=User.objects.none(),
        empty_label=_("Choose"),
        help_text=_("People of your own organisations who have an account."),
    )
    version = None  # type: ignore[assignment]
    field_order = ("user", "role", "until")

    def __init__(self, *args: Any, by: User, on_team: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["user"].queryset = colleagues(by).exclude(pk__in=on_team)


class SuccessorForm(VersionedForm):
    """Who takes over when the last lead goes."""

    successor = forms.ModelChoiceField(
        label=_("Successor"), queryset=User.objects.none(), required=False, empty_label=_("Nobody yet")
    )
    # Who stood there when the page was drawn; the card's version says nothing of it.
    seen = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["successor"].queryset = colleagues(by)


def colleagues(user: User) -> QuerySet[User]:
    """Active people of the user's own organisations."""
    return User.objects.visible_to(user).filter(is_active=True).order_by("name")


class DeclareForm(forms.Form):
    """In whose name one declares that it works on the conflict."""

    organisation = forms.ModelChoiceField(
        label=_("Organisation"), queryset=Organisation.objects.none(), empty_label=None
    )

    def __init__(self, *args: Any, organisations: QuerySet[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"].queryset = organisations

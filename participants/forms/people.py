"""Forms of persons, their identity, participation, attendance and ratings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms
from django.core import signing
from django.utils.translation import gettext_lazy as _

from accounts.forms import VersionedForm
from initiatives.forms.brief import ProseField, SeenForm
from initiatives.forms.overriding import DoubtedForm
from initiatives.models import Initiative, Party
from participants.enums import Background, Capacity, Consent, Criterion, ParticipationStatus, RoomRole
from participants.models import Participation, Person
from participants.models.participation import MOST
from participants.models.person import CONTACTS_LENGTH, NAME_LENGTH

PERSON = ("party", "background")
PARTICIPATION = ("role", "capacity", "status", "consents", "withdrew_on", "note")
IDENTITY = ("name", "other_names", "birth_year", "contacts", "affiliation")
OUT_OF_SIGHT = {"dir": "auto", "autocomplete": "off"}


def text(label: Any, **options: Any) -> forms.CharField:
    return forms.CharField(
        label=label, required=False, widget=forms.TextInput(attrs=dict(OUT_OF_SIGHT)), **options
    )


def party_field() -> forms.ModelChoiceField:
    return forms.ModelChoiceField(
        label=_("Side"), queryset=Party.objects.none(), required=False, empty_label=_("No side")
    )


def background_field() -> forms.ChoiceField:
    return forms.ChoiceField(label=_("Background"), choices=Background.choices, initial=Background.UNKNOWN)


class PersonForm(DoubtedForm, VersionedForm):
    """Side and background of a person."""

    party = party_field()
    background = background_field()
    field_order = ("party", "background", "override_reason")

    def __init__(self, *args: Any, parties: Iterable[Party], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_party(self.fields["party"], parties)


def choose_party(field: Any, parties: Iterable[Party]) -> None:
    """Offer these sides, in their order."""
    found = list(parties)
    field.queryset = Party.objects.filter(pk__in=[party.pk for party in found])
    field.choices = [("", field.empty_label), *((str(party.pk), party.name) for party in found)]


class IdentityFields(forms.Form):
    """Who somebody is."""

    name = text(_("Name"), max_length=NAME_LENGTH)
    other_names = forms.CharField(
        label=_("Other names"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, **OUT_OF_SIGHT}),
        help_text=_("One on a line, in any script."),
    )
    birth_year = text(_("Year of birth"), max_length=4)
    contacts = forms.CharField(
        label=_("Contacts"),
        required=False,
        max_length=CONTACTS_LENGTH,
        widget=forms.Textarea(attrs={"rows": 2, **OUT_OF_SIGHT}),
    )
    affiliation = text(_("Affiliation"), max_length=NAME_LENGTH)

    def identity(self) -> dict[str, Any]:
        """As the service takes it."""
        given = {name: self.cleaned_data[name] for name in IDENTITY}
        given["other_names"] = [{"name": line} for line in given["other_names"].splitlines() if line.strip()]
        return given


class IdentityForm(IdentityFields, SeenForm):
    """The identity of a person who is there already; `version` is 0 where none is written down."""


class ParticipationFields(forms.Form):
    """How somebody takes part."""

    role = forms.ChoiceField(label=_("Role in the room"), choices=RoomRole.choices)
    capacity = forms.ChoiceField(label=_("Capacity"), choices=Capacity.choices, initial=Capacity.UNKNOWN)
    status = forms.ChoiceField(label=_("Status"), choices=ParticipationStatus.choices)
    consents = forms.MultipleChoiceField(
        label=_("What this person agreed to"),
        choices=Consent.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    withdrew_on = forms.DateField(
        label=_("Withdrew on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date", "class": "w-auto"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        help_text=_("Only for somebody who withdrew."),
    )
    note = ProseField(label=_("Note"), rows=3, required=False, help_text=_("Leave out names."))

    def participation(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in PARTICIPATION}


class ParticipationForm(ParticipationFields, VersionedForm):
    """How somebody takes part, as it was when the page was opened."""


class InviteForm(ParticipationFields, DoubtedForm):
    """Bringing somebody of the register into an initiative."""

    person = forms.ModelChoiceField(
        label=_("Person"), queryset=Person.objects.none(), empty_label=_("Choose")
    )
    field_order = ("person", *PARTICIPATION, "override_reason")

    def __init__(self, *args: Any, persons: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].queryset = persons


class AddForm(ParticipationFields, IdentityFields, DoubtedForm):
    """A new person; without the participation where no initiative is given."""

    party = party_field()
    background = background_field()

    field_order = (*PERSON, *PARTICIPATION, "name", "override_reason", *IDENTITY[1:])

    def __init__(
        self, *args: Any, parties: Iterable[Party], initiative: Initiative | None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        choose_party(self.fields["party"], parties)
        if initiative is None:
            for name in PARTICIPATION:
                del self.fields[name]

    def first(self) -> list[forms.BoundField]:
        return [self[name] for name in (*PERSON, "role", "status") if name in self.fields]

    def later(self) -> list[forms.BoundField]:
        names = ("capacity", "consents", "withdrew_on", "note")
        return [self[name] for name in names if name in self.fields]

    def who(self) -> list[forms.BoundField]:
        return [field for field in self.shown_fields() if field.name in (*IDENTITY, "override_reason")]


class EraseForm(forms.Form):
    """How much of a person is destroyed, and why."""

    ALL, IDENTITY = "all", "identity"
    what = forms.ChoiceField(
        label=_("What is destroyed"),
        choices=[
            (ALL, _("Everything by which the person could be known")),
            (IDENTITY, _("The identity alone")),
        ],
        initial=ALL,
        widget=forms.RadioSelect,
    )

    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
        help_text=_("Kept in the history of the person. Leave out names."),
    )


ERASED = {
    EraseForm.ALL: _(
        "The identity; every tie to an office, with its history; unfinished forms about either; and the notes on "
        "taking part with the reasons given, of the teams on which you write."
    ),
    EraseForm.IDENTITY: _("Name, other names, year of birth, contacts and affiliation."),
}
RATINGS = [("", _("not rated")), *((str(number), str(number)) for number in range(MOST + 1))]


class RatingsForm(forms.Form):
    """What somebody is weighed by, each from 0 to 4 or not at all."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for code, label in Criterion.choices:
            self.fields[code] = forms.ChoiceField(label=label, choices=RATINGS, required=False)

    def ratings(self) -> dict[str, int | None]:
        return {
            code: int(self.cleaned_data[code]) if self.cleaned_data[code] else None
            for code in Criterion.values
        }


class AttendanceForm(DoubtedForm):
    """Who was there. `seen`: who was ticked when the page was opened, signed."""

    participations = forms.MultipleChoiceField(
        label=_("Who was there"), required=False, widget=forms.CheckboxSelectMultiple
    )
    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    field_order = ("participations", "override_reason", "seen")

    def __init__(self, *args: Any, parts: Iterable[Participation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.parts = {str(part.pk): part for part in parts}
        self.fields["participations"].choices = [
            (key, part.person.pseudonym) for key, part in self.parts.items()
        ]

    def chosen(self) -> list[Participation]:
        return [self.parts[key] for key in self.cleaned_data["participations"]]

    def before(self) -> set[UUID]:
        """Who was ticked when the page was opened; nobody, where that cannot be read."""
        try:
            return {UUID(key) for key in signing.loads(self.cleaned_data["seen"], salt="attendance")}
        except signing.BadSignature:
            return set()

    @staticmethod
    def sealed(keys: Iterable[UUID]) -> str:
        return signing.dumps(sorted(str(key) for key in keys), salt="attendance")


class FindPeopleForm(forms.Form):
    """Which people to show. What is searched for is sent, and never stands in an address."""

    q = forms.CharField(label=_("Search"), required=False, max_length=100)
    initiative = forms.ModelChoiceField(
        label=_("Initiative"), queryset=Initiative.objects.none(), required=False, empty_label=_("All")
    )
    side = forms.ModelChoiceField(
        label=_("Side"), queryset=Party.objects.none(), required=False, empty_label=_("All sides")
    )

    def __init__(self, *args: Any, initiatives: Any, sides: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["initiative"].queryset = initiatives
        self.fields["side"].queryset = sides

    def chosen(self) -> dict[str, Any]:
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}

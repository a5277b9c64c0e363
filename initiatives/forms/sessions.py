"""Forms of sessions: the log of seven fields, the details, and what is done with a session afterwards."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from accounts.forms import VersionedForm
from accounts.models import User
from confidentiality.codes import Audience, Rule
from confidentiality.fields import if_it_opens
from initiatives import dates
from initiatives.enums import Precision, SessionFormat, SessionStatus, Theme
from initiatives.forms.brief import ProseField
from initiatives.forms.overriding import DoubtedForm, OverrideField
from initiatives.models import Initiative, Party, Session
from initiatives.models.session import LINE_LENGTH, MOST_PRESENT, PLACE_LENGTH
from initiatives.services.countries import country_choices
from initiatives.services.versions import REASON_LENGTH

SIDE = "present_"
NOBODYS = f"{SIDE}none"
# Fields of the service that the forms ask for under another name.
SESSION_NAMES = {"began_on": "began", "ended_on": "ended", "present": NOBODYS}
RULES_EXPLAINED = {
    Rule.ON_RECORD: _("Everything may be kept and quoted."),
    Rule.CHATHAM_HOUSE: _("What was said may be used, who said it stays in the room."),
    Rule.NON_ATTRIBUTED_SUMMARY: _("A summary and nothing else; it is not stored who came."),
    Rule.AGREED_TEXT_ONLY: _("Only what at least two sides stand behind leaves the team."),
    Rule.NO_NOTES: _("The fact and the numbers: notes are refused, and it is not stored who came."),
    Rule.PARTICIPANTS_ONLY: _("Observers of your team do not see the session at all."),
}
PRECISIONS = [
    (Precision.DAY, _("this day")),
    (Precision.MONTH, _("in this month")),
    (Precision.QUARTER, _("in this quarter")),
    (Precision.YEAR, _("in this year")),
]


def day_field(label: Any, *, required: bool, help_text: Any = "") -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date", "class": "w-auto"}, format="%Y-%m-%d")
    return forms.DateField(
        label=label, required=required, widget=widget, input_formats=["%Y-%m-%d"], help_text=help_text
    )


def _precision(label: Any) -> forms.ChoiceField:
    widget = forms.Select(attrs={"class": "w-auto"})
    return forms.ChoiceField(
        label=label, choices=PRECISIONS, initial=Precision.DAY, required=False, widget=widget
    )


class LineField(forms.CharField):
    """A line or two. The server says what is too long, and keeps it."""

    def __init__(self, **options: Any) -> None:
        widget = forms.Textarea(attrs={"rows": 2, "dir": "auto"})
        super().__init__(max_length=LINE_LENGTH, widget=widget, **options)
        self.widget.attrs.pop("maxlength", None)

    def to_python(self, value: Any) -> str:
        return super().to_python(value).replace("\r\n", "\n").replace("\r", "\n")


class SessionFields(forms.Form):
    """What is asked of a session at once: dates, format, rule, numbers, purpose, next step.

    `override_reason` is shown once the service has asked about something; it is empty before.
    """

    status = forms.ChoiceField(
        label=_("Was it held?"), choices=SessionStatus.choices, initial=SessionStatus.HELD
    )
    began = day_field(_("Day"), required=True)
    began_precision = _precision(_("How exact"))
    ended = day_field(_("Last day"), required=False)
    ended_precision = _precision(_("How exact"))
    format = forms.ChoiceField(label=_("Format"), choices=[("", _("Choose")), *SessionFormat.choices])
    rule = forms.ChoiceField(
        label=_("Rule of the room"),
        choices=Rule.choices,
        initial=Rule.CHATHAM_HOUSE,
        widget=forms.RadioSelect,
    )
    purpose = LineField(label=_("Purpose, in a line"))
    next_step = LineField(label=_("Next step, in a line"), required=False)
    override_reason = OverrideField()

    def __init__(self, *args: Any, sides: Iterable[Party], **options: Any) -> None:
        super().__init__(*args, **options)
        for party in sides:
            self._ask_number(f"{SIDE}{party.pk}", party.name)
        self._ask_number(NOBODYS, gettext("None of the sides"))

    def _ask_number(self, name: str, label: str) -> None:
        widget = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "dir": "ltr"})
        self.fields[name] = forms.IntegerField(
            label=label, required=False, min_value=0, max_value=MOST_PRESENT, widget=widget
        )

    @property
    def numbers(self) -> list[forms.BoundField]:
        """The fields of the sides, in order."""
        return [self[name] for name in self.fields if name.startswith(SIDE)]

    @property
    def doubted(self) -> bool:
        """Whether something was asked about, so that a reason can be given."""
        asked = any(error.code == "confirm" for errors in self.errors.values() for error in errors.as_data())
        return asked or bool(self["override_reason"].value())

    def clean(self) -> dict[str, Any]:
        data = dict(super().clean() or self.cleaned_data)
        began, ended = data.get("began"), data.get("ended")
        if began and ended and ended < began:
            self.add_error("ended", _("The end lies before the beginning."))
        return data

    def arguments(self) -> dict[str, Any]:
        """The cleaned values as arguments of the service."""
        data = self.cleaned_data
        asked = ("status", "format", "rule", "purpose", "next_step")
        found = {name: data[name] for name in asked if name in data}
        for name in ("began", "ended"):
            on, precision = data[name], data[f"{name}_precision"] or Precision.DAY
            found[f"{name}_on"] = dates.first_day(on, precision) if on else None
            found[f"{name}_precision"] = precision if on else Precision.DAY
        numbers = {name.removeprefix(SIDE): data[name] for name in self.fields if name.startswith(SIDE)}
        present = {"" if party == "none" else party: number for party, number in numbers.items()}
        found["present"] = {party: number for party, number in present.items() if number is not None}
        return {**found, "override_reason": data["override_reason"]}


class LogForm(SessionFields):
    """A session that is not stored yet; the initiative is one of those in which the writer logs sessions."""

    initiative = forms.ModelChoiceField(
        label=_("Initiative"), queryset=Initiative.objects.none(), empty_label=_("Choose")
    )

    def __init__(
        self, *args: Any, choices: list[Initiative], chosen: Initiative | None, **options: Any
    ) -> None:
        super().__init__(*args, sides=sides_of(chosen), **options)
        field = self.fields["initiative"]
        field.queryset = Initiative.objects.filter(pk__in=[card.pk for card in choices])
        field.choices = [("", gettext("Choose")), *((card.pk, card.label) for card in choices)]
        field.initial = chosen.pk if chosen else None
        self.fields["began"].initial = timezone.localdate


class EditForm(SessionFields):
    """The same of a session that is stored. `without`: fields that are not for this reader, or not any more."""

    version = VersionedForm.base_fields["version"]

    def __init__(self, *args: Any, without: Collection[str] = (), **options: Any) -> None:
        super().__init__(*args, **options)
        for name in set(without) & set(self.fields):
            del self.fields[name]


def sides_of(initiative: Initiative | None, session: Session | None = None) -> list[Party]:
    """The sides of an initiative; with those that left it since and have a number in the session."""
    if initiative is None:
        return []
    found = {side.party_id: side.party for side in initiative.sides.select_related("party")}
    counted = [
        key
        for key in ((if_it_opens(session, "present") or {}) if session else {})
        if key and key not in map(str, found)
    ]
    for party in Party.objects.filter(pk__in=counted):
        found[party.pk] = party
    return sorted(found.values(), key=lambda party: party.name.casefold())


class DetailsForm(DoubtedForm, VersionedForm):
    """What is told of a session later. Nothing in it is required. `without`: as in EditForm."""

    agenda_themes = forms.MultipleChoiceField(
        label=_("Agenda themes"), choices=Theme.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    country = forms.ChoiceField(
        label=_("Country"),
        required=False,
        help_text=_("Stored in clear, so that dates that collide can be found."),
    )
    place = forms.CharField(
        label=_("Place"),
        max_length=PLACE_LENGTH,
        required=False,
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
        help_text=_("Stored encrypted, seen by your team alone."),
    )
    notes = ProseField(label=_("Notes"), rows=8, required=False)
    product_made = forms.ChoiceField(
        label=_("Was a product made?"),
        required=False,
        choices=[("", _("Not said")), ("yes", _("Yes")), ("no", _("No"))],
        help_text=_("A text, a map, a list: something that can be handed on."),
    )
    incidents = ProseField(
        label=_("Incidents"),
        rows=3,
        required=False,
        help_text=_("What went wrong: a leak, a walk-out, somebody who was questioned afterwards."),
    )
    embargo_until = day_field(
        _("Embargo until"),
        required=False,
        help_text=_(
            "Before this day no text of it, and nothing that came out of it, leaves the team: not in a file, not to an "
            "office. It ends once the day has begun everywhere, at noon UTC."
        ),
    )
    keep_texts_until = day_field(
        _("Keep its texts until"),
        required=False,
        help_text=_(
            "On this day its texts, its earlier versions and who was there are destroyed, and nobody brings them back. "
            "The facts, the numbers and what came out of it stay. A month from now at the earliest."
        ),
    )
    audience = forms.ChoiceField(
        label=_("Who on the team reads it"), choices=Audience.choices, widget=forms.RadioSelect
    )
    readers = forms.ModelMultipleChoiceField(
        label=_("Observers who read it"),
        queryset=User.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Counts where observers read only what they are named for."),
    )

    def __init__(
        self, *args: Any, observers: QuerySet[User], without: Collection[str] = (), **options: Any
    ) -> None:
        super().__init__(*args, **options)
        countries = country_choices((get_language() or "en").split("-")[0])
        self.fields["country"].choices = [("", gettext("Not said")), *countries]
        self.fields["readers"].queryset = observers
        self.order_fields(
            [name for name in self.fields if name != "override_reason"]
        )  # It stands at the end.
        for name in {*without, *(() if observers else ["readers"])} & set(self.fields):
            del self.fields[name]

    def clean_product_made(self) -> bool | None:
        return {"yes": True, "no": False}.get(self.cleaned_data["product_made"])

    def arguments(self) -> dict[str, Any]:
        return {
            name: value for name, value in self.cleaned_data.items() if name not in ("version", "readers")
        }


class DeleteForm(VersionedForm):
    """Why a session is taken out of the lists."""

    reason = forms.CharField(
        label=_("Why"),
        max_length=REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
        help_text=_("Your team reads it in the history. The session can be brought back."),
    )


class MoveForm(DoubtedForm, VersionedForm):
    """To which initiative a session goes: another one in which the writer logs sessions."""

    initiative = forms.ModelChoiceField(
        label=_("To which initiative"), queryset=Initiative.objects.none(), empty_label=_("Choose")
    )

    def __init__(self, *args: Any, choices: list[Initiative], **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["initiative"]
        field.queryset = Initiative.objects.filter(pk__in=[card.pk for card in choices])
        field.choices = [("", gettext("Choose")), *((card.pk, card.label) for card in choices)]
        self.order_fields(["version", "initiative"])  # The reason stands at the end.


def fields_sent(session: Session) -> dict[str, list[str]]:
    """What stands in a session, as EditForm would send it: every field a list of texts."""
    values = {name: [str(if_it_opens(session, name) or "")] for name in _SENT}
    days = {name: getattr(session, name) for name in _DAYS}
    return values | days_sent(days, if_it_opens(session, "present") or {})


_SENT = ("status", "format", "rule", "purpose", "next_step")
_DAYS = ("began_on", "began_precision", "ended_on", "ended_precision")


def days_sent(days: Mapping[str, Any], present: Mapping[str, int]) -> dict[str, list[str]]:
    """Dates and numbers of a session or of a version of it, as the form would send them."""
    found = {
        "began": [str(days["began_on"] or "")],
        "began_precision": [days["began_precision"]],
        "ended": [str(days["ended_on"] or "")],
        "ended_precision": [days["ended_precision"]],
    }
    return found | {f"{SIDE}{party or 'none'}": [str(number)] for party, number in present.items()}


def kept_sent(fields: Mapping[str, Any]) -> dict[str, list[str]]:
    """The same of a version in the history."""
    if "began_on" not in fields:
        return {}
    values = {name: [str(fields[name] or "")] for name in _SENT}
    return values | days_sent(fields, fields["present"])


def details_sent(values: Mapping[str, Any], readers: Iterable[Any]) -> dict[str, list[str]]:
    """What stands in the details, as DetailsForm would send it."""
    made = {True: "yes", False: "no"}.get(values["product_made"], "")
    return {
        **{
            name: [str(values[name] or "")] for name in ("country", "place", "notes", "incidents", "audience")
        },
        "product_made": [made],
        **{name: [str(values[name] or "")] for name in ("embargo_until", "keep_texts_until")},
        "agenda_themes": list(values["agenda_themes"] or []),
        "readers": sorted(str(pk) for pk in readers),
    }

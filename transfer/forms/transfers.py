"""Forms of transfers, the steps after them, and what a liaison answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from confidentiality.words import listed
from initiatives.dates import PreciseDate
from initiatives.enums import Confidence, Precision, Theme
from initiatives.forms.brief import ProseField, SeenForm
from initiatives.forms.cards import PreciseDateField
from initiatives.forms.overriding import HiddenOverrideField
from participants.enums import LinkType
from participants.models import OfficialBody, OfficialLink, Participation
from transfer.enums import (
    PUBLIC_CHANNELS,
    Agent,
    Channel,
    Direction,
    Evidence,
    Fidelity,
    TransferStatus,
    TravelPermission,
    Uptake,
)
from transfer.models import TEXT_LENGTH, Outcome
from transfer.services.carriers import Way

# Fields of the services that the forms ask for under another name.
NAMES = {"sent_on": "sent", "sent_precision": "sent", "precision": "on"}
STANCE = "stance_"
STANCES = (
    ("", _("says nothing on it")),
    ("-2", _("\u200e−2, against")),
    ("-1", _("\u200e−1, rather against")),
    ("0", _("0, neither")),
    ("1", _("\u200e+1, rather for")),
    ("2", _("\u200e+2, for")),
)
AS_EXACTLY = _("As exactly as you know: 2026, 2026-Q3, 2026-07 or 2026-07-15.")


class Carriers(forms.ModelChoiceField):
    """People who take part, by pseudonym; whom the reader may know to reach which office is said with them, and who
    was in the room from which the outcome came."""

    ways: Mapping[Any, str] = {}
    came: AbstractSet[Any] = frozenset()

    def label_from_instance(self, carrier: Participation) -> str:
        said, reaches = carrier.person.pseudonym, self.ways.get(carrier.pk, "")
        if carrier.pk in self.came:
            said = _("%(person)s (was there)") % {"person": said}
        return f"{said}: {reaches}" if reaches else said


class Links(forms.ModelChoiceField):
    """Links to officials, of those who take part."""

    ways: Mapping[Any, Way] = {}
    bodies: Mapping[Any, str] = {}

    def label_from_instance(self, link: OfficialLink) -> str:
        way = self.ways.get(link.pk)
        if way is None:
            return ""
        kind = way.link.tie["link_type"]
        label = LinkType(kind).label if kind in LinkType.values else kind
        return f"{way.carrier.person.pseudonym}: {self.bodies.get(way.body_id, '')} ({label})"


class TransferForm(SeenForm):
    """A transfer. `version` is 0 for a new one. What the services ask about passes with `override_reason`."""

    status = forms.ChoiceField(
        label=_("Has it happened?"),
        choices=[
            (TransferStatus.DONE, _("Yes, it was carried")),
            (TransferStatus.PLANNED, _("Not yet, it is planned")),
        ],
        widget=forms.RadioSelect,
    )
    body = forms.ModelChoiceField(
        label=_("To which office"),
        queryset=OfficialBody.objects.none(),
        required=False,
        empty_label=_("To no office"),
        help_text=_("The office before the person who holds it. Whatever goes upward goes to one."),
    )
    channel = forms.ChoiceField(label=_("By which way"), choices=[("", _("Choose")), *Channel.choices])
    agent = forms.ChoiceField(label=_("Who carries it"), choices=[("", _("Choose")), *Agent.choices])
    carrier = Carriers(
        label=_("Which participant"),
        queryset=Participation.objects.none(),
        required=False,
        empty_label=_("Nobody in particular"),
    )
    link = Links(
        label=_("Through which link"),
        queryset=OfficialLink.objects.none(),
        required=False,
        empty_label=_("None of these"),
    )
    sent = PreciseDateField(label=_("When"), required=False, help_text=AS_EXACTLY)
    message = ProseField(
        label=_("The message"),
        required=False,
        help_text=_(
            "As it is said there. A liaison of the office reads these words and nothing else of yours: no names."
        ),
    )
    direction = forms.ChoiceField(
        label=_("Which way"), choices=Direction.choices, initial=Direction.UPWARD, required=False
    )
    track = forms.ModelChoiceField(
        label=_("Official track"), queryset=None, required=False, empty_label=_("None in particular")
    )
    fidelity = forms.ChoiceField(
        label=_("How near it is to what was meant"),
        choices=Fidelity.choices,
        initial=Fidelity.UNKNOWN,
        required=False,
    )
    note = ProseField(
        label=_("Note"), rows=3, required=False, help_text=_("For your team alone; the office never sees it.")
    )
    override_reason = HiddenOverrideField()

    def __init__(
        self,
        *args: Any,
        outcome: Outcome,
        bodies: QuerySet,
        tracks: QuerySet,
        carriers: QuerySet,
        ways: Sequence[Way],
        themes: Sequence[str],
        came: AbstractSet[Any] = frozenset(),
        changing: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        names = {body.pk: body.name for body in bodies}
        links = [way.link.pk for way in ways]
        self.fields["body"].queryset = bodies
        self.fields["carrier"].queryset = carriers
        self.fields["link"].queryset = OfficialLink.objects.filter(pk__in=links)
        self.fields["track"].queryset = tracks
        self.fields["carrier"].ways = _reaches(ways, names)
        self.fields["carrier"].came = came
        self.fields["link"].ways = {way.link.pk: way for way in ways}
        self.fields["link"].bodies = names
        if not ways:
            del self.fields["link"]
        if changing:
            del self.fields["status"]
        if outcome.travel_permission != TravelPermission.PUBLIC:
            # Not offered; who sends it all the same is told why.
            shown = [choice for choice in Channel.choices if choice[0] not in PUBLIC_CHANNELS]
            self.fields["channel"].widget.choices = [("", _("Choose")), *shown]
        self.themes = [theme for theme in themes if theme in Theme.values]
        for theme in self.themes:
            self.fields[STANCE + theme] = forms.ChoiceField(
                label=Theme(theme).label, choices=STANCES, required=False
            )

    def ask_for_a_reason(self) -> None:
        self.fields["override_reason"].show()

    def stances(self) -> list[Any]:
        """The bound fields of the stances."""
        return [self[STANCE + theme] for theme in self.themes]

    def arguments(self) -> dict[str, Any]:
        """As the services take them."""
        data = self.cleaned_data
        sent: PreciseDate = data["sent"] or PreciseDate(None, Precision.DAY)  # type: ignore[arg-type]
        found = {
            name: data[name]
            for name in ("body", "channel", "agent", "carrier", "link", "track", "message", "note")
            if name in self.fields
        }
        stances = {theme: int(data[STANCE + theme]) for theme in self.themes if data[STANCE + theme]}
        return {
            **found,
            "direction": data["direction"] or Direction.UPWARD,
            "fidelity": data["fidelity"] or Fidelity.UNKNOWN,
            "sent_on": sent.on,
            "sent_precision": sent.precision,
            "stances": stances,
            "override_reason": data["override_reason"],
        }


def _reaches(ways: Sequence[Way], names: Mapping[Any, str]) -> dict[Any, str]:
    found: dict[Any, list[str]] = {}
    for way in ways:
        name = names.get(way.body_id)
        if name and name not in found.setdefault(way.carrier.pk, []):
            found[way.carrier.pk].append(name)
    return {pk: listed(reached) for pk, reached in found.items()}


def values_of(fields: Mapping[str, Any]) -> dict[str, list[str]]:
    """What stands in a transfer, as the form would send it. `fields`: as a revision keeps them."""
    plain = (
        "body",
        "channel",
        "agent",
        "carrier",
        "link",
        "track",
        "message",
        "direction",
        "fidelity",
        "note",
    )
    values = {name: [str(fields.get(name) or "")] for name in plain}
    stances = {STANCE + theme: [str(stance)] for theme, stance in (fields.get("stances") or {}).items()}
    return {**values, "sent": [str(fields.get("sent_on") or "")], **stances}


class StepForm(forms.Form):
    """A step on the uptake ladder."""

    uptake = forms.ChoiceField(label=_("What happened"), choices=[("", _("Choose")), *Uptake.choices])
    on = PreciseDateField(label=_("When"), help_text=AS_EXACTLY)
    evidence = forms.ChoiceField(
        label=_("On what this rests"), choices=Evidence.choices, initial=Evidence.UNKNOWN
    )
    confidence = forms.ChoiceField(
        label=_("How sure you are"), choices=Confidence.choices, initial=Confidence.MEDIUM
    )
    substantiated = forms.BooleanField(label=_("Somebody independent has confirmed it"), required=False)
    note = ProseField(label=_("Note"), rows=2, required=False)
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=TEXT_LENGTH,
        widget=forms.TextInput(attrs={"dir": "auto"}),
        help_text=_("Needed for a step down the ladder, and for one that lies before the last."),
    )

    def arguments(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        on = data.pop("on")
        return {**data, "on": on.on, "precision": on.precision}


class CarriedForm(forms.Form):
    """A planned transfer that has happened."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    sent = PreciseDateField(label=_("When it was carried"), help_text=AS_EXACTLY)
    override_reason = HiddenOverrideField()

    def ask_for_a_reason(self) -> None:
        self.fields["override_reason"].show()


class WhyForm(forms.Form):
    """Why a transfer is given up or deleted."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.TextInput(attrs={"dir": "auto"}),
        help_text=_("It stays in the history."),
    )


class AcknowledgeForm(forms.Form):
    """When something arrived at the office."""

    on = forms.DateField(
        label=_("It arrived on"),
        initial=timezone.localdate,
        widget=forms.DateInput(attrs={"type": "date", "class": "w-auto"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
    )

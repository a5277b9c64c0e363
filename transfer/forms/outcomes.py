"""Forms of an outcome: individual or collective, each with its own fields, and what stands in them as it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from confidentiality.words import listed
from initiatives.enums import Confidence
from initiatives.forms.brief import ProseField, SeenForm
from initiatives.forms.overriding import OverrideField
from initiatives.services.versions import REASON_LENGTH
from transfer.enums import (
    COLLECTIVE_KINDS,
    INDIVIDUAL_KINDS,
    ContentKind,
    Contribution,
    ObservedBy,
    OutcomeKind,
    TravelPermission,
)

PERSON, SIDE = "person", "side"
# How far it may travel, as an answer to the question that the group was asked.
TRAVEL = {
    TravelPermission.NONE: (_("No: it stays in the room"), _("Nobody carries it anywhere.")),
    TravelPermission.TEAM: (
        _("Only within this team"),
        _("Your team builds on it in its own work; it goes to nobody outside."),
    ),
    TravelPermission.OFFICIALS: (
        _("Yes, to officials"),
        _("It may be carried to official bodies, on ways that are not public."),
    ),
    TravelPermission.PUBLIC: (_("Yes, to anybody"), _("It may be carried to officials, and be published.")),
}
TRAVEL_EXPLAINED = {code: why for code, (_answer, why) in TRAVEL.items()}
SCALE = {
    -2: _("−2 strongly against"),
    -1: _("−1 against"),
    0: _("0 neither"),
    1: _("+1 in favour"),
    2: _("+2 strongly in favour"),
}
ENDS = [("", _("not known")), *((str(number), label) for number, label in SCALE.items())]
GONE = _("no longer here")
RECORDS = ("session", "repeats", "whose", "endorsed_by")
CONSENTED = [("", _("not asked")), ("yes", _("yes")), ("no", _("no"))]
CONSENTS = {"": None, "yes": True, "no": False}
WORDS_OF_CONSENT = {None: "", True: "yes", False: "no"}


@dataclass(frozen=True, slots=True)
class Choices:
    """What an outcome of one initiative can name, each by its id: the records, and how they are called."""

    sessions: Mapping[str, Any] = field(default_factory=dict)
    people: Mapping[str, Any] = field(default_factory=dict)
    sides: Mapping[str, Any] = field(default_factory=dict)
    outcomes: Mapping[str, Any] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)

    def named(self, ids: Any) -> list[tuple[str, Any]]:
        return [(pk, self.label(pk)) for pk in ids]

    def label(self, pk: str) -> Any:
        return self.labels.get(pk, GONE)


def _kinds(codes: Any) -> list[tuple[str, Any]]:
    """In the order of the vocabulary."""
    return [("", _("choose")), *((kind.value, kind.label) for kind in ContentKind if kind in codes)]


class OutcomeForm(SeenForm):
    """An outcome. Which fields it has depends on its kind, see `__init__`."""

    content_kind = forms.ChoiceField(label=_("What it is"))
    statement = ProseField(label=_("What happened, in a sentence or two"), rows=4)
    whose = forms.ChoiceField(
        label=_("Whose change it is"),
        help_text=_("By pseudonym, or the side as a whole. Leave names out of all texts, too."),
    )
    change_from = forms.ChoiceField(label=_("Where it stood before"), choices=ENDS, required=False)
    change_to = forms.ChoiceField(label=_("Where it stands now"), choices=ENDS, required=False)
    observed_by = forms.ChoiceField(
        label=_("Who noticed it"), choices=ObservedBy.choices, initial=ObservedBy.UNKNOWN, required=False
    )
    consented = forms.ChoiceField(
        label=_("Did the participant agree to this being written down?"),
        choices=CONSENTED,
        required=False,
        help_text=_("Not asked where it is a side's."),
    )
    endorsed_by = forms.MultipleChoiceField(
        label=_("Which sides stand behind it"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    session = forms.ChoiceField(label=_("Out of which session"), required=False)
    travel_permission = forms.ChoiceField(
        label=_("Did the group agree that this may travel?"),
        choices=[(code, answer) for code, (answer, _why) in TRAVEL.items()],
        widget=forms.RadioSelect,
    )
    interest_addressed = ProseField(
        label=_("Which interest it serves"),
        rows=2,
        required=False,
        help_text=_("Behind the positions: what somebody needs, and this would give."),
    )
    repeats = forms.ChoiceField(
        label=_("Which earlier outcome it repeats"),
        required=False,
        help_text=_("Proposals come back, in other rooms and other words."),
    )
    contributes_to = forms.ChoiceField(
        label=_("What it contributes to"),
        choices=Contribution.choices,
        initial=Contribution.UNKNOWN,
        help_text=_("To how the official talks go, or to what they agree on."),
    )
    confidence = forms.ChoiceField(
        label=_("How sure you are"), choices=Confidence.choices, initial=Confidence.MEDIUM
    )
    evidence = ProseField(label=_("What it rests on"), rows=2, required=False)
    override_reason = OverrideField()

    INDIVIDUAL_ONLY = ("whose", "change_from", "change_to", "observed_by", "consented")
    COLLECTIVE_ONLY = ("endorsed_by",)

    def __init__(self, *args: Any, kind: str, choices: Choices, **options: Any) -> None:
        self.kind, self.known = kind, choices
        super().__init__(*args, **options)
        individual = kind == OutcomeKind.INDIVIDUAL
        for name in self.COLLECTIVE_ONLY if individual else self.INDIVIDUAL_ONLY:
            del self.fields[name]
        self.fields["content_kind"].choices = _kinds(INDIVIDUAL_KINDS if individual else COLLECTIVE_KINDS)
        none = [("", _("none"))]
        self.fields["session"].choices = none + choices.named(choices.sessions)
        self.fields["repeats"].choices = none + choices.named(choices.outcomes)
        if individual:
            self.fields["whose"].choices = _whose(choices)
        else:
            self.fields["endorsed_by"].choices = choices.named(choices.sides)
        self.doubted = bool(self.data.get("override_reason"))

    @property
    def asked(self) -> list[Any]:
        """Fields in their order; the reason is asked for only where something looks wrong."""
        return [one for one in self.visible_fields() if one.name != "override_reason"]

    def for_service(self) -> dict[str, Any]:
        """What was chosen, as the arguments of a service."""
        chosen = self.cleaned_data
        known = self.known
        plain = ("content_kind", "statement", "travel_permission", "interest_addressed", "contributes_to")
        fields = {name: chosen[name] for name in (*plain, "confidence", "evidence", "override_reason")}
        fields |= {"session": known.sessions.get(chosen["session"])}
        fields |= {"repeats": known.outcomes.get(chosen["repeats"])}
        if self.kind != OutcomeKind.INDIVIDUAL:
            return fields | {"endorsed_by": [known.sides[pk] for pk in chosen["endorsed_by"]]}
        what, _separator, pk = chosen["whose"].partition(":")
        ends = {"from": chosen["change_from"], "to": chosen["change_to"]}
        return fields | {
            "participation": known.people[pk] if what == PERSON else None,
            "party": known.sides[pk] if what == SIDE else None,
            "change": {end: int(number) for end, number in ends.items() if number},
            "observed_by": chosen["observed_by"] or ObservedBy.UNKNOWN,
            "consented": CONSENTS[chosen["consented"]],
        }


# Fields of the service to fields of the form.
NAMES = {"participation": "whose", "party": "whose", "change": "change_to"}


def _whose(choices: Choices) -> list[tuple[Any, Any]]:
    people = [(f"{PERSON}:{pk}", choices.label(pk)) for pk in choices.people]
    sides = [(f"{SIDE}:{pk}", choices.label(pk)) for pk in choices.sides]
    groups = [(_("Participants, by pseudonym"), people), (_("Sides"), sides)]
    return [("", _("choose")), *(group for group in groups if group[1])]


def as_sent(kept: Mapping[str, Any]) -> dict[str, list[str]]:
    """An outcome as its history keeps it, as the form would send it: every field a list of texts."""
    plain = ("content_kind", "statement", "travel_permission", "interest_addressed", "contributes_to")
    sent = {name: [kept.get(name) or ""] for name in (*plain, "confidence", "evidence", "session", "repeats")}
    if kept["kind"] != OutcomeKind.INDIVIDUAL:
        return sent | {"endorsed_by": list(kept.get("endorsed_by") or [])}
    change = kept.get("change") or {}
    person, side = kept.get("participation"), kept.get("party")
    return sent | {
        "whose": [f"{PERSON}:{person}" if person else f"{SIDE}:{side}" if side else ""],
        "change_from": [str(change.get("from", ""))],
        "change_to": [str(change.get("to", ""))],
        "observed_by": [kept.get("observed_by") or ""],
        "consented": [WORDS_OF_CONSENT.get(kept.get("consented"), "")],
    }


def initial_of(sent: Mapping[str, list[str]]) -> dict[str, Any]:
    return {name: value if name == "endorsed_by" else value[0] for name, value in sent.items()}


def in_words(form: OutcomeForm, sent: Mapping[str, list[str]]) -> list[tuple[str, Any, str]]:
    """(field, its name, what stands in it in words) in the order of the form."""
    return [
        (one.name, one.label, listed(_said(one, value) for value in sent[one.name] if value))
        for one in form.asked
        if one.name in sent
    ]


def _said(one: Any, value: str) -> str:
    """What a value is called; a code that nobody knows stands for itself."""
    if not isinstance(one.field, forms.ChoiceField):
        return value
    called: dict[str, Any] = {}
    for code, label in one.field.choices:
        called |= dict(label) if isinstance(label, list | tuple) else {str(code): label}
    return str(called.get(value, GONE if one.name in RECORDS else value))


class OutcomeFilterForm(forms.Form):
    """Which outcomes of an initiative to show."""

    kind = forms.ChoiceField(label=_("Kind"), required=False)
    travel_permission = forms.ChoiceField(label=_("May travel"), required=False)
    session = forms.ChoiceField(label=_("Session"), required=False)
    travelled = forms.ChoiceField(
        label=_("Travelled"),
        required=False,
        choices=[("", _("all")), ("no", _("not yet travelled")), ("yes", _("travelled"))],
    )

    def __init__(self, *args: Any, choices: Choices, **options: Any) -> None:
        super().__init__(*args, **options)
        every = [("", _("all"))]
        self.fields["kind"].choices = every + OutcomeKind.choices
        self.fields["travel_permission"].choices = every + TravelPermission.choices
        self.fields["session"].choices = every + choices.named(choices.sessions)

    def chosen(self) -> dict[str, str]:
        """What was asked for; what is no choice is asked for by nobody."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


class ReasonForm(forms.Form):
    """Why something goes."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1, required=False)
    reason = forms.CharField(
        label=_("Reason"),
        max_length=REASON_LENGTH,
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
        help_text=_("A sentence. It stays in the history, for your team to read."),
    )

"""Forms of ties to official bodies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.forms.models import ModelChoiceIterator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.forms import MAX_VERSION
from accounts.models import User
from initiatives.forms.overriding import OverrideField
from initiatives.models import OfficialTrack
from participants.enums import Authorised, LinkAccess, LinkType
from participants.models import OfficialBody, OfficialLink, Person
from participants.models.links import NOTE_LENGTH, STRONGEST
from participants.querysets import LOGGING

TWO_WAY = {"": None, "yes": True, "no": False}


class _ByConflict(ModelChoiceIterator):
    """Choices in groups: a list of offices is long, and names repeat between conflicts."""

    def __iter__(self) -> Iterator[Any]:
        yield ("", self.field.empty_label)
        groups: dict[str, list[Any]] = {}
        for record in self.queryset.select_related("conflict"):
            groups.setdefault(record.conflict.name, []).append(self.choice(record))
        yield from groups.items()


class OfConflictField(forms.ModelChoiceField):
    iterator = _ByConflict


def _day(**options: Any) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date", "class": "w-auto"}, format="%Y-%m-%d")
    return forms.DateField(widget=widget, input_formats=["%Y-%m-%d"], **options)


class LinkForm(forms.Form):
    """A person's tie to an office. `override_reason` is asked for only where something looks wrong."""

    version = forms.IntegerField(
        widget=forms.HiddenInput, min_value=0, max_value=MAX_VERSION, required=False, initial=0
    )
    person = forms.ModelChoiceField(
        label=_("Who"), queryset=Person.objects.none(), empty_label=_("Choose"), help_text=_("By pseudonym.")
    )
    body = OfConflictField(
        label=_("Official body"), queryset=OfficialBody.objects.none(), empty_label=_("Choose")
    )
    link_type = forms.ChoiceField(
        label=_("What ties them"), choices=LinkType.choices, initial=LinkType.UNKNOWN
    )
    strength = forms.TypedChoiceField(
        label=_("How strong"),
        coerce=int,
        choices=[(number, str(number)) for number in range(STRONGEST + 1)],
        initial=2,
        help_text=_("0: they have met. 2: is listened to. 4: is asked for advice."),
        widget=forms.RadioSelect,
    )
    access = forms.ChoiceField(
        label=_("How they come through"), choices=LinkAccess.choices, initial="unknown"
    )
    two_way = forms.ChoiceField(
        label=_("Do answers come back?"),
        required=False,
        choices=[("", _("Not known")), ("yes", _("Yes")), ("no", _("No"))],
    )
    authorised = forms.ChoiceField(
        label=_("Does the body know?"), choices=Authorised.choices, initial=Authorised.UNKNOWN
    )
    track = OfConflictField(
        label=_("Official track"),
        queryset=OfficialTrack.objects.none(),
        required=False,
        empty_label=_("None in particular"),
    )
    last_confirmed_on = _day(
        label=_("Last confirmed on"), help_text=_("Live for 180 days from then on; later it counts as stale.")
    )
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=NOTE_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
    )
    override_reason = OverrideField()

    def __init__(self, *args: Any, user: User, link: OfficialLink | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["note"].widget.attrs.pop("maxlength", None)
        self.fields["body"].queryset = OfficialBody.objects.visible_to(user).order_by(
            "conflict__normalised_name", "normalised_name"
        )
        self.fields["track"].queryset = OfficialTrack.objects.visible_to(user).order_by(
            "conflict__normalised_name", "name"
        )
        if link is not None:
            del self.fields["person"]
        else:
            self.fields["person"].queryset = Person.objects.visible_to(user).known_to(user, LOGGING)
            self.fields["last_confirmed_on"].initial = timezone.localdate

    def values(self) -> dict[str, Any]:
        """As arguments of the services."""
        chosen = {name: value for name, value in self.cleaned_data.items() if name != "version"}
        return {**chosen, "two_way": TWO_WAY[chosen["two_way"]]}


class EndLinkForm(forms.Form):
    """From when on a person does not reach an office any more."""

    ended_on = _day(label=_("Ended on"))


def link_values(link: OfficialLink, tie: dict[str, Any], note: str) -> dict[str, Any]:
    """What stands there, as initial values of the form."""
    two_way = {True: "yes", False: "no"}.get(tie.get("two_way"), "")  # type: ignore[arg-type]
    known = {
        name: tie.get(name) for name in ("body", "track", "link_type", "access", "authorised", "strength")
    }
    return {
        **known,
        "two_way": two_way,
        "note": note,
        "version": link.version,
        "last_confirmed_on": link.last_confirmed_on,
    }

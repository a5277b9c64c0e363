"""Forms of official bodies."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import MAX_VERSION
from accounts.models import User
from initiatives.enums import Theme
from initiatives.models import Conflict, OfficialTrack, Party
from participants.enums import TrackPart
from participants.models import OfficialBody


class BodyForm(forms.Form):
    """An office, with its parts in each official track of the family. `version`: which state was read, 0 for none."""

    version = forms.IntegerField(
        widget=forms.HiddenInput, min_value=0, max_value=MAX_VERSION, required=False, initial=0
    )
    name = forms.CharField(
        label=_("Name"),
        max_length=200,
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
        help_text=_("The office, not the person who holds it."),
    )
    party = forms.ModelChoiceField(
        label=_("Side"),
        queryset=Party.objects.none(),
        required=False,
        empty_label=_("Of no side, or of several"),
    )
    gatekeeper = forms.ModelChoiceField(
        label=_("Gatekeeper"),
        queryset=OfficialBody.objects.none(),
        required=False,
        empty_label=_("None: it is reached directly"),
        help_text=_("The office through which this one is reached."),
    )
    agenda_themes = forms.MultipleChoiceField(
        label=_("What it decides"),
        choices=Theme.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(
        self, *args: Any, user: User, conflict: Conflict, body: OfficialBody | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        root = conflict.root_id
        self.fields["party"].queryset = Party.objects.visible_to(user).filter(conflict=root)
        others = OfficialBody.objects.visible_to(user).filter(conflict=root)
        self.fields["gatekeeper"].queryset = others.exclude(pk=body.pk) if body else others
        tracks = OfficialTrack.objects.visible_to(user).filter(conflict__root=root)
        self.tracks = list(tracks.select_related("conflict"))
        for track in self.tracks:
            self.fields[f"track-{track.pk}"] = forms.MultipleChoiceField(
                label=_("Its part in: %(name)s") % {"name": track.name},
                choices=TrackPart.choices,
                required=False,
                widget=forms.CheckboxSelectMultiple,
            )

    def values(self) -> dict[str, Any]:
        """As arguments of the services."""
        chosen = self.cleaned_data
        fields = {name: chosen[name] for name in ("name", "party", "gatekeeper", "agenda_themes")}
        parts = [(track, part) for track in self.tracks for part in chosen[f"track-{track.pk}"]]
        return {**fields, "parts": parts}


def body_values(body: OfficialBody) -> dict[str, Any]:
    """What stands there, as initial values of the form."""
    values: dict[str, Any] = {
        "version": body.version,
        "name": body.name,
        "party": body.party_id,
        "gatekeeper": body.gatekeeper_id,
        "agenda_themes": body.agenda_themes,
    }
    for part in body.parts.all():
        values.setdefault(f"track-{part.track_id}", []).append(part.part)
    return values

"""Filters of lists that take nothing for something it is not."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters

WORDS = {"true": True, "1": True, "false": False, "0": False}


class YesNoField(forms.CharField):
    """true or false. The framework's own field takes any other word for "no filter", and shows everything."""

    def clean(self, value: Any) -> bool | None:
        text = super().clean(value).lower()
        if text and text not in WORDS:
            raise forms.ValidationError(_("Expected true or false."), code="invalid")
        return WORDS.get(text)


class YesNo(filters.BooleanFilter):
    field_class = YesNoField

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"widget": forms.TextInput, **options})

"""Pieces of pages: controls tied to what is said about them, dates as exactly as they are known, signed numbers."""

from __future__ import annotations

import re
from datetime import date
from types import SimpleNamespace

import pytest
from django import forms
from django.template.loader import render_to_string
from django.utils import translation

from initiatives.templatetags import desk


class Example(forms.Form):
    began = forms.CharField(label="Began", help_text="As exactly as you know.")
    note = forms.CharField(label="Note", required=False)
    matching = forms.ChoiceField(
        label="Matching", choices=[("on", "Compare"), ("off", "Never")], widget=forms.RadioSelect
    )


def drawn(field: str, form: forms.Form | None = None, **context: object) -> str:
    return render_to_string("_field.html", {"field": (form or Example())[field], **context})


def test_help_and_error_belong_to_the_control() -> None:
    markup = drawn("began", Example({}))

    assert 'aria-describedby="id_began_note"' in markup
    assert 'aria-invalid="true"' in markup
    assert 'class="form-control is-invalid"' in markup
    assert re.search(r'<div id="id_began_note">.*As exactly.*invalid-feedback', markup, re.S)


def test_only_what_may_stay_empty_is_called_optional() -> None:
    assert "(optional)" in drawn("note")
    assert "(optional)" not in drawn("began")


def test_explanation_belongs_to_its_choice() -> None:
    markup = drawn("matching", texts={"on": "Coordinators may compare."})

    assert 'aria-describedby="id_matching_0_more"' in markup
    assert '<span class="more" id="id_matching_0_more">Coordinators may compare.</span>' in markup
    assert "id_matching_1_more" not in markup


def test_summary_leads_to_the_fields() -> None:
    markup = render_to_string("_errors.html", {"form": Example({"began": "2002"})})

    assert re.findall(r'<a href="(#\w+)">', markup) == ["#id_matching"]
    assert 'role="alert"' in markup


def test_no_errors_no_summary() -> None:
    form = Example({"began": "2002", "matching": "on"})

    assert form.is_valid()
    assert render_to_string("_errors.html", {"form": form}).strip() == ""


@pytest.mark.parametrize(("number", "text"), [(8, "\u200e+8"), (0, "\u200e0"), (-3, "\u200e\u22123")])
def test_signed_number_starts_with_its_direction(number: int, text: str) -> None:
    assert desk.signed(number) == text


@pytest.mark.parametrize(
    ("precision", "text"),
    [("day", "15 July 2002"), ("month", "July 2002"), ("quarter", "quarter 3 of 2002"), ("year", "2002")],
)
def test_date_is_told_as_exactly_as_it_is_known(precision: str, text: str) -> None:
    assert desk.when(date(2002, 7, 15), precision) == text


def test_period_of_one_year_is_said_once() -> None:
    record = SimpleNamespace(
        began_on=date(2002, 1, 1), began_precision="year", ended_on=date(2002, 1, 1), ended_precision="year"
    )

    assert desk.period(record) == "2002"


def test_missing_end_is_still_running_in_the_readers_language() -> None:
    with translation.override("fr"):
        assert desk.when(None) != "still running"


def test_every_visibility_has_its_rings() -> None:
    drawings = {str(desk.rings(level)) for level in ("team", "partners", "circle", "network")}

    assert len(drawings) == 4

"""Small pieces of pages: icons, rings, controls, dates with precision, signed numbers. Built into every template."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django import template
from django.forms import BoundField
from django.forms.boundfield import BoundWidget
from django.template import Context
from django.templatetags.static import static
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from confidentiality import words
from confidentiality.fields import something_did_not_open
from initiatives.enums import Precision, Theme, TrackType
from initiatives.forms import EXTENSIONS
from initiatives.models import TeamMember
from initiatives.services.teams import extended
from initiatives.views.files import files_of
from initiatives.views.sight import PAGES, PARTS, Sight

register = template.Library()

RINGS = {"team": "who1", "partners": "who2", "circle": "who3", "network": "who4"}
LEFT_TO_RIGHT_MARK = "\u200e"


@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    """A drawing from the sprite; silent, since a word always stands next to it."""
    return format_html(
        '<svg class="ic {}" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>',
        extra,
        static("sprite.svg"),
        name,
    )


@register.simple_tag
def rings(visibility: str) -> SafeString:
    """The rings that stand for a visibility."""
    return icon(RINGS[str(visibility)])


@register.inclusion_tag("_who.html")
def who(page: Sight | str) -> dict[str, str]:
    """Who can see this page, next to its title: what the view says of the record, or a page of sight.PAGES by name."""
    sight = page if isinstance(page, Sight) else PAGES[page]
    return {"text": str(sight), "visibility": sight.visibility, "url": sight.url}


@register.inclusion_tag("_files.html")
def files(resource: str, **filters: Any) -> dict[str, Any]:
    """The way to a list of the API as a file, filtered as the page is. `searched`: words that it was searched for."""
    filters["searched"] = "yes" if filters.pop("searched", "") else ""
    return files_of(resource, filters)


@register.inclusion_tag("initiatives/_grant.html", takes_context=True)
def grant(context: Context, member: TeamMember, back: str) -> dict[str, Any]:
    """Extend or revoke somebody's access, in two clicks each. `back`: the page to return to (team, who, home)."""
    own = member.user_id == context["request"].user.pk
    return {**extend(context, member, back), "own": own}


@register.inclusion_tag("initiatives/_extend.html", takes_context=True)
def extend(context: Context, member: TeamMember, back: str) -> dict[str, Any]:
    """The choices of how much longer, each with the day to which it leads; nothing for an access without an end."""
    until = member.expires_at
    choices = [(days, extended(until, days)) for days in EXTENSIONS] if until else []
    return {"member": member, "back": back, "choices": choices, "csrf_token": context.get("csrf_token")}


@register.simple_tag
def seen_by(part: str) -> str:
    """Who can see records that stand on a page of others: a sentence of sight.PARTS by name."""
    return str(PARTS[part])


@register.simple_tag
def optional() -> str:
    return _("(optional)")


@register.simple_tag
def control(field: BoundField) -> SafeString:
    """The control of a field in the house's classes, tied to its help and errors."""
    kind = type(field.field.widget).__name__
    classes = {"CheckboxInput": "form-check-input", "Select": "form-select", "SelectMultiple": "form-select"}
    attributes = {
        "class": f"{field.field.widget.attrs.get('class', '')} {classes.get(kind, 'form-control')}".strip()
    }
    if field.errors:
        attributes |= {"class": f"{attributes['class']} is-invalid", "aria-invalid": "true"}
    if field.errors or field.help_text:
        attributes["aria-describedby"] = f"{field.auto_id}_note"
    return field.as_widget(attrs=attributes)


@register.filter
def options(field: BoundField) -> list[BoundWidget]:
    """The choices of a radio or checkbox group, each in the house's class."""
    field.field.widget.attrs["class"] = "form-check-input"
    return field.subwidgets


@register.simple_tag
def choice(option: BoundWidget, explanation: str = "") -> SafeString:
    """One choice of a group, tied to its explanation when there is one."""
    if explanation:
        option.data["attrs"]["aria-describedby"] = f"{option.id_for_label}_more"
    return option.tag()


@register.simple_tag
def unopened() -> bool:
    """Whether a text of this page did not open; stands after everything that could open one."""
    return something_did_not_open()


@register.filter
def widget_is(field: BoundField, names: str) -> bool:
    return type(field.field.widget).__name__ in names.split()


@register.filter
def get(mapping: Mapping[Any, Any] | None, key: Any) -> Any:
    """An entry of a mapping by a key that the template holds in a variable."""
    return (mapping or {}).get(getattr(key, "value", key), "")


@register.filter
def signed(number: int) -> str:
    """+8, 0 or −3; marked left-to-right, or a page in Arabic shows "8+"."""
    sign = "+" if number > 0 else "\u2212" if number < 0 else ""
    return f"{LEFT_TO_RIGHT_MARK}{sign}{abs(number)}"


@register.simple_tag
def when(on: date | None, precision: str = Precision.DAY) -> str:
    """A date in words, as exactly as it is known: "2002", "3rd quarter 2002", "July 2002", "15 July 2002"."""
    if on is None:
        return _("still running")
    if precision == Precision.YEAR:
        return str(on.year)
    if precision == Precision.QUARTER:
        return _("quarter %(quarter)d of %(year)d") % {"quarter": (on.month + 2) // 3, "year": on.year}
    return date_format(on, "F Y" if precision == Precision.MONTH else "j F Y")


@register.simple_tag
def period(record: Any) -> str:
    """The dates of an initiative in words: "March 2024, still running"."""
    began = when(record.began_on, record.began_precision)
    if record.ended_on is None:
        return _("%(began)s, still running") % {"began": began}
    ended = when(record.ended_on, record.ended_precision)
    if began == ended:
        return began
    return _("%(began)s to %(ended)s") % {"began": began, "ended": ended}


@register.simple_tag
def days(session: Any) -> str:
    """The days of a session in words: "4 March 2026", "March 2026", "4 March 2026 to 6 March 2026"."""
    began = when(session.began_on, session.began_precision)
    if session.ended_on is None:
        return began
    ended = when(session.ended_on, session.ended_precision)
    return began if began == ended else _("%(began)s to %(ended)s") % {"began": began, "ended": ended}


@register.filter
def listed(names: Iterable[object]) -> str:
    """Names in a sentence, with the commas of the reader's language."""
    return words.listed(names)


@register.simple_tag
def comma() -> str:
    """Between names that the template marks up one by one."""
    return words.comma()


@register.filter
def theme(code: str) -> str:
    return str(Theme(code).label)


@register.filter
def themes(codes: list[str]) -> list[str]:
    return [str(Theme(code).label) for code in codes]


@register.filter
def track(code: str) -> str:
    return str(TrackType(code).label)

"""When two people edit one card at the same time: what stood in the form, what stands now, what was typed."""

from __future__ import annotations

from typing import Any

from django.core import signing

from initiatives import dates
from initiatives.enums import OrganisationRole
from initiatives.models import Initiative


def card_values(initiative: Initiative) -> dict[str, list[str]]:
    """What stands on the card, as the form would send it: every field a list of texts."""
    named: dict[str, list[str]] = {role: [] for role in OrganisationRole.values}
    for row in initiative.named.all():
        named[row.role].append(str(row.organisation_id))
    values = {
        name: [getattr(initiative, name)]
        for name in (
            "track_type",
            "definition_school",
            "modality",
            "codename",
            "public_line",
            "official_relation",
            "timing_basis",
            "matching",
        )
    }
    if initiative.public_record:
        values |= {name: [getattr(initiative, name)] for name in ("title", "source", "confidence")}
    return values | {
        "began": [dates.text_of(initiative.began_on, initiative.began_precision)],
        "ended": [dates.text_of(initiative.ended_on, initiative.ended_precision)],
        "themes": list(initiative.themes),
        "countries": [", ".join(initiative.countries)],
        "parties": sorted(str(side.party_id) for side in initiative.sides.all()),
        "convener": named[OrganisationRole.CONVENER],
        "co_conveners": sorted(named[OrganisationRole.CO_CONVENER]),
        "funders": sorted(named[OrganisationRole.FUNDER]),
        "hosts": sorted(named[OrganisationRole.HOST]),
    }


MANY = ("themes", "parties", "co_conveners", "funders", "hosts")


def initial_of(values: dict[str, list[str]]) -> dict[str, Any]:
    """`card_values` as initial values of the form."""
    return {name: value if name in MANY else (value[0] if value else "") for name, value in values.items()}


def sealed(values: dict[str, list[str]]) -> str:
    """`card_values` in a hidden field; signed, so that what comes back is what was sent."""
    return signing.dumps(values, salt="card", compress=True)


def unsealed(text: str) -> dict[str, list[str]]:
    try:
        return signing.loads(text, salt="card")
    except signing.BadSignature:
        return {}


def merged(data: Any, current: dict[str, list[str]], version: int) -> tuple[Any, list[str], list[str]]:
    """Bring the form of a card that was overtaken up to date, see `merge`. What stood in it came with it."""
    fresh, taken, disputed = merge(data, unsealed(data.get("opened", "")), current)
    fresh["version"], fresh["opened"] = str(version), sealed(current)
    return fresh, taken, disputed


def merge(
    data: Any, before: dict[str, list[str]], current: dict[str, list[str]]
) -> tuple[Any, list[str], list[str]]:
    """What was typed, what stood in the form when it was opened, what stands now: (data, taken, disputed).

    A field that only the other person changed takes the value that stands now (`taken`); a field that both
    changed keeps what was typed (`disputed`). Nothing typed is lost.
    """
    fresh = data.copy()
    taken, disputed = [], []
    for name, now in current.items():
        then, typed = before.get(name, now), data.getlist(name)
        if sorted(then) == sorted(now) or same(typed, now):
            continue
        if same(typed, then):
            fresh.setlist(name, now)
            taken.append(name)
        else:
            disputed.append(name)
    return fresh, taken, disputed


def same(one: list[str], other: list[str]) -> bool:
    """Whether two fields say the same; browsers send line breaks as two characters."""
    clean = [
        sorted(text.replace("\r\n", "\n").strip() for text in side if text.strip()) for side in (one, other)
    ]
    return clean[0] == clean[1]

"""Ties of persons to official bodies: recorded, confirmed, corrected, ended."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from confidentiality import policy
from confidentiality.codes import Action
from confidentiality.fields import if_it_opens
from confidentiality.records import hold, save
from initiatives.models import OfficialTrack
from initiatives.services.overriding import doubt
from initiatives.services.versions import named_then, needed_reason, older_version, versions_of
from participants.models import OfficialBody, OfficialLink, Participation, Person
from participants.services.history import keep_link

# What is sealed in the tie, beside the body and the track. `reason`: why an unlikely tie was recorded all the same.
TIE = ("link_type", "access", "authorised", "two_way", "strength")
FIELDS = ("body", "track", *TIE, "note", "last_confirmed_on")
NEW: Mapping[str, Any] = {
    "track": "",
    "link_type": "unknown",
    "access": "unknown",
    "authorised": "unknown",
    "two_way": None,
    "strength": 0,
    "reason": "",
}


@transaction.atomic
def record_link(
    *, by: User, person: Person, body: OfficialBody, override_reason: str = "", **fields: Any
) -> OfficialLink:
    """Record that a person is tied to an office: any of FIELDS. Confirmed today unless it is said when.

    Raises Doubt for an office of a conflict with which the person has nothing to do, and for one to which a link of
    this person stands already, unless a reason is given.
    """
    link = OfficialLink(organisation=person.organisation, person=person)
    policy.require(by, Action.EDIT_LINKS, link)
    link.tie = dict(NEW)
    _write(by, link, {**fields, "body": body}, override_reason)
    return link


@transaction.atomic
def edit_link(
    *,
    by: User,
    link: OfficialLink,
    version: int | None = None,
    override_reason: str = "",
    reason: str = "",
    **fields: Any,
) -> OfficialLink:
    """Correct a link: any of FIELDS; what stands there already changes nothing. Raises Doubt like record_link, where
    the office changes."""
    policy.require(by, Action.EDIT_LINKS, link)
    link = _standing(link, version)
    _write(by, link, fields, override_reason, reason)
    return link


@transaction.atomic
def bring_back_link(
    *,
    by: User,
    link: OfficialLink,
    number: int,
    reason: str,
    version: int | None = None,
    override_reason: str = "",
) -> OfficialLink:
    """Write an older version again, as a new one with a reason. When it was confirmed last stays.

    Raises Stale, and Doubt as `edit_link` does.
    """
    policy.require(by, Action.EDIT_LINKS, link)
    link = _standing(link, version)
    then = older_version(versions_of(by, link), number, link).fields
    fields = {name: then[name] for name in (*TIE, "note") if name in then}
    if "body" in then:
        fields["body"] = named_then(by, OfficialBody, then["body"], "body")
        fields["track"] = named_then(by, OfficialTrack, then.get("track"), "track")
    reason = needed_reason(reason)
    return edit_link(by=by, link=link, override_reason=override_reason, reason=reason, **fields)


@transaction.atomic
def confirm_link(*, by: User, link: OfficialLink, version: int | None = None) -> OfficialLink:
    """Say that the link holds today as it stands: it is live for another 180 days."""
    policy.require(by, Action.EDIT_LINKS, link)
    link = _whole(_standing(link, version))
    link.last_confirmed_on = timezone.localdate()
    save(link)
    keep_link(link, by=by, changed=["last_confirmed_on"])
    return link


@transaction.atomic
def end_link(
    *, by: User, link: OfficialLink, ended_on: date | None = None, version: int | None = None
) -> OfficialLink:
    """Say that the person does not reach the office any more, from a day on, by default today."""
    policy.require(by, Action.EDIT_LINKS, link)
    link = _whole(_standing(link, version))
    ended_on = ended_on or timezone.localdate()
    if ended_on > timezone.localdate():
        raise ValidationError({"ended_on": _("This day has not come yet.")})
    if ended_on < link.last_confirmed_on:
        raise ValidationError({"ended_on": _("The link was still confirmed after this day.")})
    link.ended_on = ended_on
    save(link)
    keep_link(link, by=by, changed=["ended_on"])
    return link


def _standing(link: OfficialLink, version: int | None) -> OfficialLink:
    link = hold(OfficialLink, link.pk, version)
    if link.ended_on is not None:
        raise ValidationError(_("This link has ended. Record a new one."), code="ended")
    return link


def _whole(link: OfficialLink) -> OfficialLink:
    if if_it_opens(link, "tie") is None:
        raise ValidationError(_("This tie cannot be opened. Write it anew first."), code="damaged")
    return link


def _write(
    by: User, link: OfficialLink, fields: Mapping[str, Any], override_reason: str, reason: str = ""
) -> None:
    if unknown := sorted(set(fields) - set(FIELDS)):
        raise TypeError(f"unknown fields: {', '.join(unknown)}")
    before = if_it_opens(link, "tie") or {}
    tie = {**NEW, **before, **{name: fields[name] for name in TIE if name in fields}}
    errors = {}
    if type(tie["two_way"]) is not bool and tie["two_way"] is not None:
        errors["two_way"] = _("Expected yes, no or not known.")
    if body := fields.get("body"):
        tie["body"] = str(body.pk)
    if "track" in fields:
        tie["track"] = str(fields["track"].pk) if fields["track"] else ""
    if not tie.get("body"):
        errors["body"] = _("Name the official body.")
    elif not _of_one_conflict(tie):
        errors["track"] = _("This track belongs to another conflict than the body.")
    if errors:
        raise ValidationError(errors)
    if body and before.get("body") != tie["body"]:
        doubt(_unrelated(by, link.person, body), override_reason, by=by, about="tie")
        tie["reason"] = override_reason.strip()
    beside = {name: fields[name] for name in ("note", "last_confirmed_on") if name in fields}
    changed = [name for name in ("body", "track", *TIE) if tie[name] != before.get(name)]
    changed += [name for name, value in beside.items() if if_it_opens(link, name) != value]
    if not changed:
        return
    link.tie = tie
    for name, value in beside.items():
        setattr(link, name, value)
    if link._state.adding and body:
        link.full_clean()  # What cannot be is said before what is unlikely.
        doubt(_known(by, link, body), override_reason, by=by, about="tie")
    save(link)
    keep_link(link, by=by, changed=changed, reason=override_reason or reason)


def _of_one_conflict(tie: Mapping[str, Any]) -> bool:
    if not tie["track"]:
        return True
    root = OfficialBody.objects.filter(pk=tie["body"]).values("conflict__root")
    return OfficialTrack.objects.filter(pk=tie["track"], conflict__root__in=root).exists()


def _unrelated(by: User, person: Person, body: OfficialBody) -> dict[str, str]:
    """A doubt at `body` where its conflict is none that the writer knows the person from."""
    known = _conflicts_of(by, person)
    if not known or body.conflict_id in known:
        return {}
    text = _("This office belongs to a conflict in which this person has no part here. Say why it is right.")
    return {"body": text}


def _known(by: User, link: OfficialLink, body: OfficialBody) -> dict[str, str]:
    """A doubt at `body` where a standing link of this person leads there already: one way in is not two."""
    others = OfficialLink.objects.visible_to(by).filter(person=link.person, ended_on=None).exclude(pk=link.pk)
    if all((if_it_opens(one, "tie") or {}).get("body") != str(body.pk) for one in others):
        return {}
    text = _(
        "A link of this person to this office is on record. Confirm or correct that one, or say why both stand."
    )
    return {"body": text}


def _conflicts_of(by: User, person: Person) -> set[UUID]:
    """The roots of the conflicts of the person's party, and of the initiatives in which the writer sees the person."""
    parts = Participation.objects.visible_to(by).filter(person=person)
    roots = set(parts.values_list("initiative__conflict__root_id", flat=True))
    return roots | ({person.party.conflict_id} if person.party else set())

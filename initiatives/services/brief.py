"""The brief of an initiative, its history, its ground rules and who assented to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from confidentiality import policy
from confidentiality.codes import Action
from confidentiality.fields import if_it_opens
from confidentiality.records import Stale, hold, save
from initiatives.models import Brief, GroundRules, GroundRulesAssent, Initiative
from initiatives.services.overriding import concerning, doubt
from initiatives.services.rules import tells_of_people
from initiatives.services.turns import take_turn
from initiatives.services.versions import keep_version, needed_reason, older_version, versions_of

BRIEF_FIELDS = ("title", "objective", "guiding_theory", "criteria_and_roles", "legal_note", "exit_plan")


@transaction.atomic
def edit_brief(
    *,
    by: User,
    initiative: Initiative,
    version: int | None = None,
    override_reason: str = "",
    reason: str = "",
    **texts: str,
) -> Brief:
    """Write the brief: any of BRIEF_FIELDS. The first text makes it; what stands there already changes nothing.

    `version` is the one that was read, 0 when there was no brief. Raises Stale when it is another one by now, and Doubt
    where a text says who takes part: a brief is what a team shows first.
    """
    policy.require(by, Action.EDIT_BRIEF, Brief(initiative=initiative))
    if unknown := sorted(set(texts) - set(BRIEF_FIELDS)):
        raise TypeError(f"unknown fields: {', '.join(unknown)}")
    take_turn("brief", initiative.pk)
    policy.require(by, Action.EDIT_BRIEF, Brief(initiative=initiative))  # Again: the turn was waited for.
    brief = _brief_for_change(initiative, version)
    stands = {name: if_it_opens(brief, name) for name in BRIEF_FIELDS}
    _refuse_damaged(stands, texts)
    changed = [name for name in BRIEF_FIELDS if name in texts and texts[name] != stands[name]]
    if not changed:
        return brief
    for name in changed:
        setattr(brief, name, texts[name])
    named = tells_of_people(by, initiative, {name: texts[name] for name in changed})
    doubt(named, override_reason, by=by, about=concerning("brief", initiative))
    save(brief)
    fields = {name: getattr(brief, name) for name in BRIEF_FIELDS}
    keep_version(brief, by=by, fields=fields, changed=changed, reason=override_reason or reason)
    return brief


@transaction.atomic
def bring_back_brief(
    *, by: User, brief: Brief, number: int, reason: str, version: int | None = None, override_reason: str = ""
) -> Brief:
    """Write the texts of an older version again, as a new one with a reason. Raises Stale, and Doubt as `edit_brief`
    does."""
    policy.require(by, Action.EDIT_BRIEF, brief)
    take_turn("brief", brief.initiative_id)
    brief = hold(Brief, brief.pk, version)
    texts = older_version(versions_of(by, brief), number, brief).fields
    reason = needed_reason(reason)
    return edit_brief(
        by=by, initiative=brief.initiative, override_reason=override_reason, reason=reason, **texts
    )


def _refuse_damaged(stands: Mapping[str, Any], texts: Mapping[str, str]) -> None:
    """A text that does not open is replaced by a new one, or the brief stays as it is: nothing is lost unnoticed."""
    text = _("This text cannot be opened. Give a new one, or have the site's operator restore it.")
    if damaged := [name for name, value in stands.items() if value is None and not texts.get(name)]:
        raise ValidationError(dict.fromkeys(damaged, text))


def _brief_for_change(initiative: Initiative, version: int | None) -> Brief:
    found = Brief.objects.filter(initiative=initiative).first()
    if found is not None:
        return hold(Brief, found.pk, version)
    if version:
        raise Stale(0)
    return Brief(initiative=initiative)


@transaction.atomic
def adopt_ground_rules(
    *, by: User, initiative: Initiative, text: str, adopted_on: date | None = None, after: int | None = None
) -> GroundRules:
    """Write down a new version of the ground rules. The versions before it, and who assented to them, stay.

    `after` is the number of the version that was read, 0 when there was none. Raises Stale when there is a newer
    one by now.
    """
    policy.require(by, Action.EDIT_BRIEF, Brief(initiative=initiative))
    take_turn("ground_rules", initiative.pk)
    policy.require(by, Action.EDIT_BRIEF, Brief(initiative=initiative))
    latest = current_rules(initiative)
    number = latest.number if latest else 0
    if after is not None and after != number:
        raise Stale(number)
    if latest is not None and if_it_opens(latest, "text") == text:
        raise ValidationError({"text": _("These are the rules as they stand: no new version is needed.")})
    adopted_on = adopted_on or timezone.localdate()
    rules = GroundRules(initiative=initiative, number=number + 1, text=text, adopted_on=adopted_on, by=by)
    save(rules)
    return rules


def current_rules(initiative: Initiative) -> GroundRules | None:
    """The newest version of the ground rules."""
    return GroundRules.objects.filter(initiative=initiative).order_by("-number").first()


@transaction.atomic
def record_assent(
    *, by: User, rules: GroundRules, who: str, assented_on: date | None = None
) -> GroundRulesAssent:
    """Write down that somebody said yes to this version of the ground rules."""
    policy.require(by, Action.EDIT_BRIEF, rules)
    take_turn("assents", rules.pk)
    who = " ".join(who.split())
    standing = GroundRulesAssent.objects.filter(rules=rules, withdrawn_on=None)
    if who.casefold() in {(if_it_opens(assent, "who") or "").casefold() for assent in standing}:
        raise ValidationError({"who": _("This assent has been recorded already.")})
    assented_on = assented_on or timezone.localdate()
    assent = GroundRulesAssent(
        initiative=rules.initiative, rules=rules, who=who, assented_on=assented_on, by=by
    )
    save(assent)
    return assent


@transaction.atomic
def withdraw_assent(*, by: User, assent: GroundRulesAssent, version: int | None = None) -> GroundRulesAssent:
    """Write down that somebody has taken the yes back, or never gave it. Withdrawing twice is once."""
    policy.require(by, Action.EDIT_BRIEF, assent)
    assent = hold(GroundRulesAssent, assent.pk, version)
    if assent.withdrawn_on is None:
        # Without writing the name again, which need not open for this.
        today, rows = timezone.localdate(), GroundRulesAssent.objects.filter(pk=assent.pk)
        rows.update(withdrawn_on=today, version=F("version") + 1, updated_at=timezone.now())
        assent.refresh_from_db()
    return assent


def titles_of(*, by: User, initiatives: Iterable[UUID]) -> dict[UUID, str]:
    """The titles that a team gave its initiatives, of those on whose team the reader is. One query."""
    briefs = Brief.objects.visible_to(by).filter(initiative__in=list(initiatives))
    opened = ((brief, if_it_opens(brief, "title")) for brief in briefs.only("initiative", "title"))
    return {brief.initiative_id: title for brief, title in opened if title}


def entitle(*, by: User, initiatives: Iterable[Initiative]) -> None:
    """Let these cards be called by their title on a page for this reader, where the reader is on the team."""
    listed = list(initiatives)
    titles = titles_of(by=by, initiatives={initiative.pk for initiative in listed})
    for initiative in listed:
        initiative.team_title = titles.get(initiative.pk, "")

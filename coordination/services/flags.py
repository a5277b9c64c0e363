"""What coordinators decide about a flag, and how far behind detection is.

A decision is taken on what stands in the flag at that moment: whoever read an older version is told so. The
detector never takes a decision back; see reconciliation.py for what a change of the cards does to one.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from confidentiality import policy
from confidentiality.codes import Action
from confidentiality.records import hold, save
from confidentiality.words import listed
from coordination.enums import PUBLIC_RECORD_ASSESSMENTS, Assessment, FlagState, Harm
from coordination.models import OverlapFlag
from coordination.services.outbox import oldest_wait

LONGEST_NOTE = 500
BEHIND_AFTER = timedelta(seconds=10)

# States that follow from a decision alone. Later ones (introduction, contact) are left by acts of their own.
DECIDED = (FlagState.NEW, FlagState.ASSESSED, FlagState.DISMISSED)


def assessments_for(flag: OverlapFlag) -> tuple[Assessment, ...]:
    """Which assessments are offered: living organisations are not judged on the public record."""
    return PUBLIC_RECORD_ASSESSMENTS if flag.on_public_record else tuple(Assessment)


@transaction.atomic
def assess_flag(
    *,
    by: User,
    flag: OverlapFlag,
    assessment: str,
    note: str = "",
    harms: Iterable[str] = (),
    version: int | None = None,
) -> OverlapFlag:
    """Say what an overlap is. A harmful one names at least one harm; the others name none."""
    policy.require(by, Action.ASSESS_FLAG, flag)
    flag = _hold(flag, version)
    harms, note = list(harms), note.strip()
    _check_assessment(flag, assessment, harms)
    _check_length("note", note)
    flag.assessment, flag.harms, flag.note = assessment, harms, note
    flag.review_on = None
    if flag.state in DECIDED:
        flag.state = FlagState.ASSESSED
    _sign(flag, by)
    return flag


@transaction.atomic
def dismiss_flag(
    *,
    by: User,
    flag: OverlapFlag,
    reason: str,
    review_on: date | None = None,
    version: int | None = None,
) -> OverlapFlag:
    """Put a flag aside, with the reason and, if wanted, the day to look again.

    Holds until what it rests on changes materially. An earlier assessment goes: a flag says one thing at a time.
    """
    policy.require(by, Action.ASSESS_FLAG, flag)
    flag = _hold(flag, version)
    reason = reason.strip()
    if not reason:
        raise ValidationError({"reason": _("Say in a sentence why this is put aside.")})
    _check_length("reason", reason)
    if review_on is not None and review_on < timezone.localdate():
        raise ValidationError({"review_on": _("Choose today or a later day.")})
    flag.state = FlagState.DISMISSED
    flag.assessment, flag.harms, flag.note, flag.review_on = "", [], reason, review_on
    _sign(flag, by)
    return flag


@transaction.atomic
def reopen_flag(*, by: User, flag: OverlapFlag, version: int | None = None) -> OverlapFlag:
    """Take a decision back: the flag is new again."""
    policy.require(by, Action.ASSESS_FLAG, flag)
    flag = _hold(flag, version)
    flag.state = FlagState.NEW
    flag.assessment, flag.harms, flag.note, flag.review_on = "", [], "", None
    flag.decided_by = flag.decided_at = None
    save(flag)
    return flag


def up_to_date_as_of() -> datetime:
    """Everything saved before this moment has been compared."""
    return oldest_wait() or timezone.now()


def worker_is_behind() -> bool:
    """Whether something has waited so long that the worker is probably not running."""
    oldest = oldest_wait()
    return oldest is not None and oldest < timezone.now() - BEHIND_AFTER


def _hold(flag: OverlapFlag, version: int | None) -> OverlapFlag:
    """The flag, locked; refused where nothing can be decided any more."""
    flag = hold(OverlapFlag, flag.pk, version)
    if flag.superseded:
        raise ValidationError({"state": _("A newer flag of this pair has taken its place: decide there.")})
    if flag.state == FlagState.EXPIRED:
        raise ValidationError({"state": _("The two do not overlap any more: nothing is to be decided.")})
    return flag


def _check_assessment(flag: OverlapFlag, assessment: str, harms: list[str]) -> None:
    errors: dict[str, Any] = {}
    offered = assessments_for(flag)
    if assessment not in offered:
        errors["assessment"] = _("Expected one of: %(codes)s.") % {"codes": listed(offered)}
    if unknown := sorted(set(harms) - set(Harm.values)):
        known = listed(Harm.values)
        errors["harms"] = _("Not a harm: %(unknown)s. Expected some of: %(known)s.") % {
            "unknown": listed(unknown),
            "known": known,
        }
    elif len(set(harms)) != len(harms):
        errors["harms"] = _("Name each harm once.")
    elif assessment == Assessment.HARMFUL and not harms:
        errors["harms"] = _("Name at least one harm.")
    elif assessment != Assessment.HARMFUL and harms:
        errors["harms"] = _("Only a harmful overlap names harms.")
    if errors:
        raise ValidationError(errors)


def _check_length(field: str, text: str) -> None:
    if len(text) > LONGEST_NOTE:
        raise ValidationError({field: _("At most %(most)d characters.") % {"most": LONGEST_NOTE}})


def _sign(flag: OverlapFlag, by: User) -> None:
    flag.decided_by, flag.decided_at = by, timezone.now()
    save(flag)

"""Whether an outcome may go this way, and what of a transfer cannot be right or is to be asked about.

Permission is never overridden. What is merely unlikely, since reality is messy, is a Doubt: it passes with a reason.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from accounts.models import User
from confidentiality.fields import if_it_opens
from confidentiality.policy import AGREED_TO_OFFICIALS, WITHOUT_ATTENDANCE
from initiatives import embargo
from initiatives.dates import first_day, last_day
from initiatives.enums import Precision
from initiatives.services.overriding import concerning, doubt, together
from participants.enums import ParticipationStatus
from participants.models import Attendance
from transfer.enums import LEAVES_THE_TEAM, PUBLIC_CHANNELS, TO_OFFICES, Direction, TransferStatus, Uptake
from transfer.models import Outcome, Transfer
from transfer.services.naming import in_message
from transfer.services.permission import allows, embargo_of, held_back

WAY, WHO, DAY = (
    {"status", "channel", "direction", "body", "message"},
    {"carrier", "link", "body"},
    {"sent_on", "sent_precision"},
)


def refusals(outcome: Outcome, channel: str) -> dict[str, str]:
    """Why an outcome may not travel on a channel, by field; empty where it may. Unknown permission is none."""
    if outcome.travel_permission not in LEAVES_THE_TEAM:
        text = _("The group has not agreed that this may travel. Nothing leaves the room without that.")
        return {"outcome": text}
    if held_back(outcome):
        return {"outcome": _held_back(outcome)}
    if not allows(outcome.travel_permission, channel):
        return {"channel": _("The group agreed that this may go to officials, not to the public.")}
    return {}


def _held_back(outcome: Outcome) -> str:
    rule = {"rule": outcome.session.get_rule_display() if outcome.session else ""}
    if outcome.session and outcome.session.rule in AGREED_TO_OFFICIALS:
        text = _(
            "It came out of a session under the rule “%(rule)s”: it goes out once it is recorded as made by the group "
            "and at least two sides stand behind it."
        )
        return text % rule
    return _("It came out of a session under the rule “%(rule)s”: nothing of it leaves the room.") % rule


def _under_embargo(transfer: Transfer) -> dict[str, str]:
    """It may be planned for a day after the embargo, and is carried on none before."""
    until = embargo_of(transfer.outcome)
    if until is None or not embargo.stands(until):
        return {}
    rule = {"day": formats.date_format(until, "j F Y")}
    if transfer.status == TransferStatus.DONE:
        return {
            "outcome": _("Its session is under an embargo until %(day)s: nothing of it goes out before.")
            % rule
        }
    if transfer.sent_on is not None and _first(transfer, transfer.sent_on) < until:
        return {
            "sent_on": _("Its session is under an embargo until %(day)s. Plan it for then or later.") % rule
        }
    return {}


def check(by: User, transfer: Transfer, *, changed: AbstractSet[str], reason: str) -> None:
    """Raise what cannot be right of what has changed; then, unless a reason is given, what is to be asked about."""
    errors: dict[str, Any] = {}
    if changed & WAY:
        errors |= refusals(transfer.outcome, transfer.channel) | _elsewhere(transfer)
    if changed & (WAY | DAY):
        errors |= _under_embargo(transfer)
    if "body" in changed and _has_steps(transfer):
        errors["body"] = _(
            "Steps say what became of it at this office. Record another transfer for the other one."
        )
    if "message" in changed and _acknowledged(transfer):
        errors["message"] = _(
            "The office has acknowledged what was written here. Record another transfer for other words."
        )
    if "track" in changed:
        errors |= _other_track(transfer)
    if changed & (WHO | {"status"}):
        errors |= _wrong_carrier(transfer)
    if changed & (DAY | {"status"}):
        errors |= _wrong_day(transfer)
    if errors:
        raise ValidationError(errors)
    doubts: dict[str, str] = {}
    if "message" in changed and _has_steps(transfer, Uptake.SENT):
        doubts["message"] = _("Steps say what became of it, as it was written before.")
    if changed & {"message", "status", "body"}:  # Only the office it goes to may be called by its name.
        named = in_message(by=by, transfer=transfer, session=transfer.outcome.session)
        doubts = together(doubts, named)
    if changed & (DAY | {"status"}):
        doubts |= _before_its_outcome(transfer)
    if changed & (DAY | {"carrier", "status"}):
        doubts |= _unlikely_carrier(transfer)
    about = concerning("transfer", transfer, transfer.outcome_id, transfer.body_id)
    doubt(doubts, reason, by=by, about=about)


def _has_steps(transfer: Transfer, *besides: str) -> bool:
    steps = transfer.steps.exclude(uptake__in=[Uptake.NOT_SENT, *besides])
    return not transfer._state.adding and steps.exists()


def _acknowledged(transfer: Transfer) -> bool:
    """By the office itself: by somebody who is not and was not on the team."""
    team = transfer.initiative.members.values("user_id")
    said = transfer.steps.filter(uptake=Uptake.ACKNOWLEDGED).exclude(by__in=team)
    return not transfer._state.adding and said.exists()


def _elsewhere(transfer: Transfer) -> dict[str, str]:
    body = transfer.body
    if body is not None and transfer.direction not in TO_OFFICES:
        text = _(
            "Only what goes up or out goes to an official body. Leave it empty, or correct the direction."
        )
        return {"body": text}
    if body is None:
        named = transfer.direction != Direction.UPWARD or transfer.channel in PUBLIC_CHANNELS
        return {} if named else {"body": _("Say to which official body it goes.")}
    if body.conflict_id != transfer.initiative.conflict.root_id:
        return {"body": _("This body belongs to another conflict.")}
    return {}


def _other_track(transfer: Transfer) -> dict[str, str]:
    track = transfer.track
    if track is not None and track.conflict.root_id != transfer.initiative.conflict.root_id:
        return {"track": _("This track belongs to another conflict.")}
    return {}


def _wrong_carrier(transfer: Transfer) -> dict[str, str]:
    carrier, link = transfer.carrier, transfer.link
    if carrier is not None and carrier.initiative_id != transfer.initiative_id:
        return {"carrier": _("This person takes part in another initiative.")}
    if carrier is not None and _has_withdrawn(transfer) and transfer.status == TransferStatus.PLANNED:
        return {"carrier": _("This person has withdrawn and carries nothing any more.")}
    if link is None:
        return {}
    if carrier is None or link.person_id != carrier.person_id:
        return {"link": _("This link is not the carrier's.")}
    tie = if_it_opens(link, "tie")
    if tie is None:
        return {"link": _("This link cannot be opened: it is damaged, or its key is missing.")}
    if transfer.body_id is None or tie["body"] != str(transfer.body_id):
        return {"link": _("This link leads to another body.")}
    return {}


def _wrong_day(transfer: Transfer) -> dict[str, str]:
    on = transfer.sent_on
    if transfer.status != TransferStatus.DONE:
        return {}
    if on is None:
        return {"sent_on": _("Say when it was carried.")}
    if _first(transfer, on) > timezone.localdate():
        return {"sent_on": _("This day has not come yet. Plan it instead.")}
    return {}


def _before_its_outcome(transfer: Transfer) -> dict[str, str]:
    if transfer.sent_on is None:
        return {}
    last, session = _last(transfer, transfer.sent_on), transfer.outcome.session
    if session is not None and last < session.days.first:
        return {"sent_on": _("This lies before the session from which the outcome came.")}
    if session is None and last < timezone.localdate(transfer.outcome.created_at):
        return {"sent_on": _("This lies before the day on which the outcome was recorded.")}
    return {}


def _unlikely_carrier(transfer: Transfer) -> dict[str, str]:
    carrier = transfer.carrier
    if carrier is None:
        return {}
    if _has_withdrawn(transfer):
        return {"carrier": _("This person had withdrawn by then.")}
    session = transfer.outcome.session
    if session is None or session.rule in WITHOUT_ATTENDANCE:
        return {}
    came = set(Attendance.objects.filter(session=session).values_list("participation_id", flat=True))
    if came and carrier.pk not in came:
        return {"carrier": _("This person was not at the session from which the outcome came.")}
    return {}


def _has_withdrawn(transfer: Transfer) -> bool:
    """By the day of the transfer, as far as that is known."""
    carrier = transfer.carrier
    if carrier is None or carrier.status != ParticipationStatus.WITHDREW:
        return False
    if carrier.withdrew_on is None or transfer.sent_on is None or transfer.status != TransferStatus.DONE:
        return True
    return _last(transfer, transfer.sent_on) >= carrier.withdrew_on


def _first(transfer: Transfer, on: date) -> date:
    return first_day(on, transfer.sent_precision) if transfer.sent_precision in Precision.values else on


def _last(transfer: Transfer, on: date) -> date:
    return last_day(on, transfer.sent_precision) if transfer.sent_precision in Precision.values else on

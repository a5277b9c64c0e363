"""Pages of transfers: those of an initiative, one with its ladder, its history."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from confidentiality import words
from confidentiality.codes import Action
from confidentiality.fields import if_it_opens
from confidentiality.policy import Standing, allows
from initiatives.dates import Days, parse
from initiatives.enums import Precision, Theme
from initiatives.models import Initiative, OfficialTrack, Session
from initiatives.services.versions import Version
from initiatives.templatetags.desk import signed, when
from initiatives.views.inside import entered
from initiatives.views.versions import Told, pages
from participants.models import OfficialBody, OfficialLink, Participation
from transfer import ladder, services
from transfer.drawings import rung_bars
from transfer.enums import LADDER, RANKS, Agent, Channel, Direction, Fidelity, TransferStatus, Uptake
from transfer.forms import CarriedForm, StepForm, WhyForm
from transfer.models import Outcome, Transfer, UptakeStep
from transfer.views.found import context_of

PER_PAGE = 25


@dataclass(frozen=True, slots=True)
class Row:
    """A transfer in a list, with where it stands."""

    transfer: Transfer
    standing: str
    drawing: SafeString


@dataclass(frozen=True, slots=True)
class Rung:
    """A rung as the page draws it. `step` None: not reached."""

    number: int
    label: str
    step: UptakeStep | None
    lag: str
    here: bool


def rows_of(transfers: Iterable[Transfer]) -> list[Row]:
    """For a list: `transfers` with their steps prefetched."""
    found = []
    for transfer in transfers:
        steps = list(transfer.steps.all())
        rung = ladder.rung(transfer.status, steps)
        standing = label_of(Uptake, ladder.standing(transfer.status, steps))
        found.append(Row(transfer, standing, rung_bars(RANKS[rung])))
    return found


def listed(user: Any) -> Any:
    """What a list of transfers reads."""
    return Transfer.objects.visible_to(user).kept().select_related("body").prefetch_related("steps")


def label_of(codes: Any, code: str) -> str:
    """A code in words; itself where nobody knows it."""
    return str(codes(code).label) if code in codes.values else code


@login_required
@require_GET
def transfers(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Every transfer of an initiative, the newest first."""
    shown, standing = entered(request, pk, Action.READ_TRANSFERS)
    mine = listed(request.user).filter(initiative=shown).select_related("body", "outcome")
    page = Paginator(mine.order_by("-sent_on", "-created_at"), PER_PAGE).get_page(request.GET.get("page"))
    rows = [(row, if_it_opens(row.transfer.outcome, "statement")) for row in rows_of(page.object_list)]
    context = {
        **inside(request, shown, standing),
        "page": page,
        "rows": rows,
        "query": "",
        "deleted": Transfer.objects.visible_to(request.user)
        .filter(initiative=shown)
        .exclude(deleted_at=None),
    }
    return render(request, "transfer/transfers.html", context)


@login_required
@require_GET
def transfer(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One transfer: the ladder, its steps, the message, and what can be done next."""
    found, shown, standing = entered_transfer(request, pk)
    return transfer_page(request, found, shown, standing)


def entered_transfer(
    request: HttpRequest, pk: UUID, action: Action = Action.READ_TRANSFERS
) -> tuple[Transfer, Initiative, Standing]:
    """The transfer and how the reader stands to it; 404 for everybody who may not see it."""
    rows = Transfer.objects.visible_to(request.user).select_related(
        "outcome", "outcome__session", "body", "track", "carrier__person", "by"
    )
    found = get_object_or_404(rows, pk=pk)
    shown, standing = entered(request, found.initiative_id, action)
    return found, shown, standing


def inside(
    request: HttpRequest, shown: Initiative, standing: Standing, outcome: Outcome | None = None
) -> dict[str, Any]:
    """What the head of every page of transfers needs; `outcome`: the one that is carried."""
    may_edit = allows(standing, Action.EDIT_TRANSFERS)
    return {**context_of(request, shown, standing, outcome), "may_edit_transfers": may_edit}


def transfer_page(
    request: HttpRequest,
    found: Transfer,
    shown: Initiative,
    standing: Standing,
    *,
    status: int = 200,
    **forms: Any,
) -> HttpResponse:
    """`forms`: those that came back with something wrong."""
    seen = UptakeStep.objects.visible_to(request.user).filter(transfer=found)
    steps = ladder.in_order(seen.select_related("by"))
    team = set(shown.members.values_list("user_id", flat=True))
    blank = {"step_form": StepForm(), "carried_form": CarriedForm(), "why_form": WhyForm()}
    context = {
        **inside(request, shown, standing, found.outcome),
        **blank,
        "transfer": found,
        "statement": if_it_opens(found.outcome, "statement"),
        "message": if_it_opens(found, "message"),
        "note": if_it_opens(found, "note"),
        "link": _link(request, found),
        "stances": [(label_of(Theme, row.theme), row.stance) for row in found.stances.all()],
        "standing": label_of(Uptake, ladder.standing(found.status, steps)),
        "rungs": _rungs(found, steps),
        "to_transfer": _to_transfer(found),
        "steps": [
            (step, _step_of(step), step.by.name if step.by_id in team else "") for step in reversed(steps)
        ],
        "versions": found.revisions.count(),
        **forms,
    }
    return render(request, "transfer/transfer.html", context, status=status)


def _link(request: HttpRequest, found: Transfer) -> OfficialLink | None:
    """For those who may read links, and as long as it is there."""
    if found.link_id is None:
        return None
    return OfficialLink.objects.visible_to(request.user).filter(pk=found.link_id).first()


def _step_of(step: UptakeStep) -> dict[str, Any]:
    return {
        "label": label_of(Uptake, step.uptake),
        "note": if_it_opens(step, "note"),
        "reason": if_it_opens(step, "reason"),
        "rank": ladder.rank_of(step.uptake),
    }


def _ended(session: Session | None) -> Days | None:
    """The days on which a session may have ended."""
    if session is None:
        return None
    on, precision = session.ended_on or session.began_on, session.ended_precision
    return ladder.days_at(on, precision if session.ended_on else session.began_precision)


def _lags(found: Transfer, steps: list[UptakeStep]) -> ladder.Lags:
    sent = ladder.days_at(found.sent_on, found.sent_precision) if found.sent_on else None
    done = found.status == TransferStatus.DONE
    return ladder.lags(session=_ended(found.outcome.session), sent=sent if done else None, steps=steps)


def _to_transfer(found: Transfer) -> str:
    lag = _lags(found, []).to_transfer
    return _("%(days)s from the session to the transfer.") % {"days": in_words(lag)} if lag else ""


def _rungs(found: Transfer, steps: list[UptakeStep]) -> list[Rung]:
    """The ladder from its foot to its top."""
    lags, reached, here = _lags(found, steps), ladder.reached(steps), ladder.rung(found.status, steps)
    rungs = []
    for number, code in enumerate(LADDER):
        lag = lags.to_rungs.get(code)
        text = ""
        if lag is not None:
            since = _("%(days)s after the session") if lags.from_session else _("%(days)s after the transfer")
            text = since % {"days": in_words(lag)}
        rungs.append(Rung(number, str(code.label), reached.get(code), text, code == here))
    return rungs


def in_words(lag: ladder.Lag) -> str:
    """ "33 days", or "2 to 33 days" where a date is known to a month only. Never less than nothing by such doubt."""
    least = max(lag.least, 0) if lag.most >= 0 else lag.least
    if least == lag.most:
        return ngettext("%(days)d day", "%(days)d days", least) % {"days": least}
    return _("%(least)d to %(most)d days") % {"least": least, "most": lag.most}


def _told(request: HttpRequest, pk: UUID) -> Told:
    """A transfer with its versions, for their pages."""
    found, shown, standing = entered_transfer(request, pk)
    versions = services.transfer_versions(by=request.user, transfer=found)
    names, labels = _names_in(request.user, versions), names_of_fields()
    return Told(
        record=found,
        versions=versions,
        headings=(_("History of a transfer"), _("Version %(number)s of the transfer")),
        trail=[
            (reverse("transfer:transfers", args=[shown.pk]), _("Transfers")),
            (reverse("transfer:transfer", args=[pk]), _("Transfer")),
        ],
        history=reverse("transfer:transfer_history", args=[pk]),
        version=lambda key: reverse("transfer:transfer_revision", args=[pk, key]),
        labels=labels,
        tell=lambda fields: [
            (name, labels[name], _told_field(name, fields[name], names)) for name in labels if name in fields
        ],
        write=Action.EDIT_TRANSFERS,
        bring_back=partial(services.bring_back_transfer, transfer=found),
        page={**inside(request, shown, standing, found.outcome), "tab": "transfers"},
    )


history, revision = pages(_told)

_CODES = {
    "status": TransferStatus,
    "direction": Direction,
    "channel": Channel,
    "agent": Agent,
    "fidelity": Fidelity,
    "sent_precision": Precision,
}


def _told_field(name: str, value: Any, names: dict[str, str]) -> str:
    """A value in words; a code that nobody knows stands for itself, a record that is gone for nothing."""
    if name in _CODES:
        return label_of(_CODES[name], value)
    if name == "sent_on":
        return when(*parse(value)) if value else ""
    if name == "stances":
        return words.listed(f"{label_of(Theme, theme)} {signed(stance)}" for theme, stance in value.items())
    return names.get(value, "") if name in ("carrier", "link", "body", "track") else value or ""


def _names_in(user: Any, versions: list[Version]) -> dict[str, str]:
    """What the versions name by their ids, as far as the reader sees it."""
    ids = {one.fields.get(name) for one in versions for name in ("carrier", "link", "body", "track")} - {
        None,
        "",
    }
    people = Participation.objects.visible_to(user).filter(pk__in=ids).select_related("person")
    names = {str(one.pk): one.person.pseudonym for one in people}
    ties = OfficialLink.objects.visible_to(user).filter(pk__in=ids).select_related("person")
    names |= {str(one.pk): _("a tie of %(person)s") % {"person": one.person.pseudonym} for one in ties}
    for model in (OfficialBody, OfficialTrack):
        names |= {str(pk): name for pk, name in model.objects.filter(pk__in=ids).values_list("pk", "name")}
    return names


def names_of_fields() -> dict[str, str]:
    """How pages call the fields of a transfer."""
    return {
        "status": _("Status"),
        "direction": _("Which way"),
        "channel": _("By which way"),
        "agent": _("Who carries it"),
        "carrier": _("Which participant"),
        "link": _("Through which link"),
        "body": _("To which office"),
        "track": _("Official track"),
        "sent_on": _("When"),
        "sent_precision": _("How exactly the day is known"),
        "fidelity": _("How near it is to what was meant"),
        "message": _("The message"),
        "note": _("Note"),
        "stances": _("Stances"),
    }

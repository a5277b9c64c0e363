"""Who looked: the audit chain of an initiative, for those of its team who read it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET

from confidentiality.codes import Action, AuditAction, ExportReason
from confidentiality.models import AuditEvent
from confidentiality.verification import verify
from confidentiality.wall import walled_models
from confidentiality.words import listed
from initiatives.forms.audit import OUTSIDE, AuditFilterForm
from initiatives.models import Initiative
from initiatives.views.files import files_of, kept_by
from initiatives.views.inside import entered, frame
from initiatives.views.purging import words_of
from initiatives.views.sight import of_audit

PER_PAGE = 50
# What is said of kinds that have other words elsewhere, or none.
KINDS: Mapping[str, Any] = {
    "initiative": gettext_lazy("Card"),
    "participation": gettext_lazy("Participations"),
    "teammember": gettext_lazy("Accesses to the team"),
    "receivedtransfer": gettext_lazy("Transfers, by the office they went to"),
    "purgerequest": gettext_lazy("Requests to purge"),
}


@login_required
@require_GET
def audit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Every access, the newest first: who, what kind of record, when; and whether the chain is whole."""
    shown, standing = entered(request, pk, Action.READ_AUDIT)
    people = _people(shown)
    form = AuditFilterForm(request.GET or None, people=sorted(people.items(), key=lambda one: one[1]))
    chosen = form.chosen() if form.is_bound else {}
    events = _filtered(AuditEvent.objects.visible_to(request.user).filter(stream=shown.pk), chosen, people)
    page = Paginator(events, PER_PAGE).get_page(request.GET.get("page"))
    head = frame(request, shown, standing)
    context = {
        **head,
        "sight": of_audit(shown),
        "form": form,
        "chosen": chosen,
        "page": page,
        "rows": [_row(event, people) for event in page.object_list],
        "query": urlencode({name: str(value) for name, value in chosen.items()}),
        **files_of("audit-events", {"initiative": shown.pk, **_for_files(chosen)}),
        "verified": _verified(shown) if "verify" in request.GET else None,
    }
    return render(request, "initiatives/audit.html", context)


def _people(shown: Initiative) -> dict[str, str]:
    """Names of everybody who is or was on the team. Of others a team is not told who they are."""
    return {str(pk): name for pk, name in shown.members.values_list("user", "user__name").distinct()}


def _filtered(
    events: QuerySet[AuditEvent], chosen: Mapping[str, Any], people: Mapping[str, str]
) -> QuerySet[AuditEvent]:
    if who := chosen.get("person"):
        events = events.exclude(actor__in=people) if who == OUTSIDE else events.filter(actor=who)
    asked = {
        "action": chosen.get("action"),
        "at__date__gte": chosen.get("since"),
        "at__date__lte": chosen.get("until"),
        "records__contains": [chosen["record"]] if "record" in chosen else None,
    }
    return events.filter(**{name: value for name, value in asked.items() if value})


def _for_files(chosen: Mapping[str, Any]) -> dict[str, str]:
    """The same filters as the API knows them."""
    names = {"person": "actor", "action": "action", "since": "since", "until": "until", "record": "record"}
    return {names[name]: str(value) for name, value in chosen.items() if value != OUTSIDE}


def _row(event: AuditEvent, people: Mapping[str, str]) -> dict[str, Any]:
    told = event.told()
    kinds = told.get("kinds")
    return {
        "event": event,
        "action": event.get_action_display(),
        "who": people.get(event.actor),
        "what": _what(kinds if isinstance(kinds, dict) else {}, len(event.records)),
        "refused": event.action == AuditAction.REFUSED,
        "file": _file(told) if event.action == AuditAction.EXPORT else "",
    }


def _what(kinds: Mapping[str, Any], number: int) -> str:
    """ "Sessions 3, Brief 1"; where it is not known what was asked for, how many records."""
    if not kinds:
        return ngettext("%(number)d record", "%(number)d records", number) % {"number": number}
    return listed(f"{_kind(name)} {count}" for name, count in kinds.items())


def _kind(name: str) -> str:
    if name in KINDS:
        return str(KINDS[name])
    model = next((model for model in walled_models() if model._meta.model_name == name), None)
    return words_of(model) if model else name


def _file(told: Mapping[str, Any]) -> str:
    """What the ledger says of a file: its format, how many rows, how many stayed inside or lost something, by what.
    Of a calendar no more than that it was one: it spans all the teams of its owner."""
    if told.get("what") == "calendar":
        return _("calendar on a phone")
    # Rows of no one team: a register of persons, or what an office received.
    if "rows" not in told:
        return str(told.get("format", "")).upper()
    stayed, without = _counts(told.get("left_out")), _counts(told.get("without_texts"))
    text = _("%(format)s with %(rows)s rows; kept inside: %(stayed)d rows, and something of %(without)d")
    why = str(told.get("why", ""))
    said = [ExportReason(why).label] if why in ExportReason.values else []
    counted = text % {
        "format": str(told.get("format", "")).upper(),
        "rows": told.get("rows", "?"),
        "stayed": stayed.total(),
        "without": without.total(),
    }
    by = [f"{kept_by(code)}: {number}" for code, number in (stayed + without).most_common() if code]
    return listed([*said, counted, *by], facts=True)


def _counts(found: Any) -> Counter[str]:
    """How many by what kept them. Of a file of several lists there is a number alone."""
    by_code = found if isinstance(found, dict) else {"": found}
    return Counter({code: number for code, number in by_code.items() if isinstance(number, int)})


def _verified(shown: Initiative) -> dict[str, Any]:
    """The chain from its first entry to its last, looked at now."""
    verified = verify([shown.pk])
    text = ngettext(
        "The one entry is as it was written.",
        "All %(number)d entries are as they were written: none is missing, changed or moved.",
        verified.events,
    )
    return {
        "whole": not verified.findings,
        "text": text % {"number": verified.events},
        "places": sorted({finding.position for finding in verified.findings})[:20],
    }

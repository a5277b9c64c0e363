"""Recording, planning and correcting a transfer: the form leads, and asks again where something looks wrong."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.forms import add_errors
from confidentiality.codes import Action, TeamRole
from confidentiality.fields import if_it_opens
from confidentiality.policy import Standing
from confidentiality.records import Stale
from initiatives import services as initiative_services
from initiatives.dates import text_of
from initiatives.enums import DraftPlace, Theme
from initiatives.models import Initiative, OfficialTrack
from initiatives.services.overriding import Doubt
from initiatives.services.versions import numbered
from initiatives.views.concurrency import merge
from initiatives.views.drafts import Kept, Place
from initiatives.views.inside import entered
from initiatives.views.sending import sent_once
from participants.models import Attendance, OfficialBody, OfficialLink, Participation
from transfer import services
from transfer.enums import LEAVES_THE_TEAM, OutcomeKind, TransferStatus
from transfer.forms import NAMES, TransferForm, values_of
from transfer.models import Outcome, Transfer
from transfer.services.carriers import Way, carriers_of, links_of
from transfer.services.transfers import PLAIN, RELATED
from transfer.views.transfers import entered_transfer, inside

REFUSED, OVERTAKEN = 422, 409
WRITING = (TeamRole.LEAD, TeamRole.FACILITATOR)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@sent_once
def new(request: HttpRequest) -> HttpResponse:
    """Which outcome first; then to whom, by which way, by whom, when, and the message."""
    key = request.POST.get("outcome") or request.GET.get("outcome", "")
    if not key:
        return _choose(request)
    outcome, shown, standing = _entered_outcome(request, key)
    place = _place(shown, None)
    if request.method != "POST":
        draft = place.draft_of(request.user)
        if draft is not None and draft.form_data().get("outcome") != str(outcome.pk):
            draft = None
        return _page(
            request, shown, standing, _form(request, shown, outcome, draft=draft), outcome, draft=draft
        )
    form = _form(request, shown, outcome, data=request.POST)
    if form.is_valid():
        done = form.cleaned_data["status"] == TransferStatus.DONE
        make = services.record_transfer if done else services.plan_transfer
        try:
            made = make(by=request.user, outcome=outcome, **form.arguments())
        except ValidationError as error:
            _refuse(form, error)
        else:
            place.saved(request)
            messages.success(request, _("Recorded.") if done else _("Planned."))
            return redirect("transfer:transfer", pk=made.pk)
    return _page(request, shown, standing, form, outcome, status=REFUSED)


def _entered_outcome(request: HttpRequest, key: str) -> tuple[Outcome, Initiative, Standing]:
    kept = Outcome.objects.visible_to(request.user).kept().select_related("session")
    outcome = get_object_or_404(kept, pk=_key(key))
    shown, standing = entered(request, outcome.initiative_id, Action.EDIT_TRANSFERS)
    outcome.initiative = shown
    return outcome, shown, standing


def _key(text: str) -> UUID:
    """What is no key leads nowhere, like a key that nobody has."""
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None


def _choose(request: HttpRequest) -> HttpResponse:
    """The outcomes that may travel, of the teams for which one carries things."""
    own = request.user.team_memberships.live().filter(role__in=WRITING)
    only = request.GET.get("initiative", "")
    if only:
        own = own.filter(initiative=_key(only))
    rows = Outcome.objects.visible_to(request.user).kept().filter(initiative__in=own.values("initiative_id"))
    found = list(rows.select_related("initiative", "session").order_by("initiative", "-created_at"))
    initiative_services.entitle(by=request.user, initiatives={row.initiative for row in found})
    told = [(row, if_it_opens(row, "statement")) for row in found]
    context = {
        "ready": [(row, text) for row, text in told if row.travel_permission in LEAVES_THE_TEAM],
        "staying": len([row for row in found if row.travel_permission not in LEAVES_THE_TEAM]),
        "writes": own.exists(),
        "only": only,
    }
    return render(request, "transfer/transfer_choose.html", context, status=_status(request))


def _status(request: HttpRequest) -> int:
    return REFUSED if request.method == "POST" else 200


def _form(
    request: HttpRequest,
    shown: Initiative,
    outcome: Outcome,
    *,
    data: Any = None,
    draft: Any = None,
    transfer: Transfer | None = None,
) -> TransferForm:
    root = shown.conflict.root_id
    carriers = carriers_of(by=request.user, initiative=shown)
    ways = links_of(by=request.user, carriers=carriers)
    options = {
        "outcome": outcome,
        "bodies": OfficialBody.objects.visible_to(request.user).filter(conflict=root),
        "tracks": OfficialTrack.objects.visible_to(request.user).filter(conflict__root=root),
        "carriers": Participation.objects.filter(pk__in=[carrier.pk for carrier in carriers])
        .select_related("person")
        .order_by("person__pseudonym"),
        "ways": _with_used(request, transfer, ways, carriers),
        "themes": _themes(shown, transfer),
        "came": _came(request, outcome),
        "changing": transfer is not None,
    }
    if data is not None:
        return TransferForm(data, **options)
    form = TransferForm(**options)
    form.initial = {"version": 0, "message": _words(outcome), **_initial(request, ways)}
    if transfer is not None:
        typed = draft.values(form.fields) if draft else {}
        form.initial = {**_flat(values_of(_fields_of(transfer))), **typed, "version": transfer.version}
    elif draft is not None:
        form.initial = {**draft.values(form.fields), **_initial(request, ways), "version": 0}
    return form


def _came(request: HttpRequest, outcome: Outcome) -> set[UUID]:
    """Who was in the room from which the outcome came, as far as that is written down."""
    if outcome.session_id is None:
        return set()
    seen = Attendance.objects.visible_to(request.user).filter(session=outcome.session_id)
    return set(seen.values_list("participation_id", flat=True))


def _words(outcome: Outcome) -> str:
    """To begin with, what the group agreed on, in its words; what is said of one person is not for an office."""
    return (if_it_opens(outcome, "statement") or "") if outcome.kind == OutcomeKind.COLLECTIVE else ""


def _themes(shown: Initiative, transfer: Transfer | None) -> list[str]:
    """Those of the card, and whatever the transfer speaks of already; all, where the card names none."""
    said = list(transfer.stances.values_list("theme", flat=True)) if transfer else []
    return list(dict.fromkeys([*(shown.themes or Theme.values), *said]))


def _with_used(request: HttpRequest, transfer: Transfer | None, ways: list[Way], carriers: Any) -> list[Way]:
    """The link that was used stays on offer, though it is not live any more."""
    used = transfer.link_id if transfer else None
    if used is None or used in {way.link.pk for way in ways}:
        return ways
    link = OfficialLink.objects.visible_to(request.user).filter(pk=used).first()
    here = {carrier.person_id: carrier for carrier in carriers}
    if link is None or link.person_id not in here or if_it_opens(link, "tie") is None:
        return ways
    return [*ways, Way(link, here[link.person_id], link.body_id)]


def _initial(request: HttpRequest, ways: list[Way]) -> dict[str, Any]:
    """A way in that was chosen beside the form."""
    chosen = next((way for way in ways if str(way.link.pk) == request.GET.get("link")), None)
    if chosen is not None:
        found = {"body": chosen.body_id, "carrier": chosen.carrier.pk, "link": chosen.link.pk}
        return {**found, "agent": "participant"}
    return {}


def _page(
    request: HttpRequest,
    shown: Initiative,
    standing: Standing,
    form: TransferForm,
    outcome: Outcome,
    *,
    status: int = 200,
    draft: Any = None,
    transfer: Transfer | None = None,
    **more: Any,
) -> HttpResponse:
    """`transfer`: the one that is corrected; none for a new one. Either is kept as a draft."""
    context = {
        **inside(request, shown, standing, outcome),
        "form": form,
        "outcome": outcome,
        "statement": if_it_opens(outcome, "statement"),
        "transfer": transfer,
        "offices": _offices(form),
        **_place(shown, transfer).fields(request, draft),
        **more,
    }
    return render(request, "transfer/transfer_form.html", context, status=status)


def _place(shown: Initiative, transfer: Transfer | None) -> Place:
    if transfer is None:
        return Place(DraftPlace.TRANSFER, initiative=shown)
    return Place(DraftPlace.EDIT_TRANSFER, initiative=shown, record=transfer.pk)


def _offices(form: TransferForm) -> list[tuple[OfficialBody, list[Way]]]:
    """Each office of the conflict, with who could carry something there."""
    field = form.fields.get("link")
    ways = list(field.ways.values()) if field else []
    return [(body, [way for way in ways if way.body_id == body.pk]) for body in form.fields["body"].queryset]


def _refuse(form: TransferForm, error: ValidationError) -> None:
    if isinstance(error, Doubt):
        form.ask_for_a_reason()
    add_errors(form, error, NAMES)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Correct a transfer. Where somebody was quicker, show both and keep what was typed."""
    found, shown, standing = entered_transfer(request, pk, Action.EDIT_TRANSFERS)
    found.outcome.initiative = shown
    if request.method != "POST":
        draft = _place(shown, found).unsaved(request.user, values_of(_fields_of(found)))
        if draft is not None and draft.version != found.version:
            return _overtaken(request, shown, standing, found, draft.version, draft)
        form = _form(request, shown, found.outcome, transfer=found, draft=draft)
        return _page(request, shown, standing, form, found.outcome, transfer=found, draft=draft)
    form = _form(request, shown, found.outcome, data=request.POST, transfer=found)
    if form.is_valid():
        try:
            given = form.arguments()
            version = form.cleaned_data["version"]
            services.edit_transfer(by=request.user, transfer=found, version=version, **given)
        except Stale:
            return _overtaken(request, shown, standing, found, form.cleaned_data["version"])
        except ValidationError as error:
            _refuse(form, error)
        else:
            _place(shown, found).saved(request)
            messages.success(request, _("Saved."))
            return redirect("transfer:transfer", pk=pk)
    return _page(request, shown, standing, form, found.outcome, status=REFUSED, transfer=found)


def _overtaken(
    request: HttpRequest,
    shown: Initiative,
    standing: Standing,
    found: Transfer,
    version: int,
    draft: Kept | None = None,
) -> HttpResponse:
    """The form brought up to date: what only the other wrote is taken over, what both wrote is shown twice."""
    found = Transfer.objects.visible_to(request.user).select_related("outcome__session").get(pk=found.pk)
    found.outcome.initiative = shown
    versions = services.transfer_versions(by=request.user, transfer=found)
    before = numbered(versions, version)
    now = values_of(_fields_of(found))
    then = values_of(before.fields) if before else now
    data, taken, disputed = merge(draft.form_data() if draft else request.POST, then, now)
    data["version"] = str(found.version)
    form = _form(request, shown, found.outcome, data=data, transfer=found)
    labels = {name: str(field.label) for name, field in form.fields.items()}

    def told(names: list[str]) -> list[tuple[str, str, str]]:
        return [(name, labels[name], _shown(form, name, now[name])) for name in names if name in labels]

    return _page(
        request,
        shown,
        standing,
        form,
        found.outcome,
        status=200 if draft else OVERTAKEN,
        draft=draft,
        transfer=found,
        overtaken=True,
        saved=numbered(versions, found.version),
        taken=told(taken),
        disputed=told(disputed),
    )


def _shown(form: TransferForm, name: str, values: list[str]) -> str:
    """A value in the words of the form."""
    choices = getattr(form.fields[name], "choices", None)
    if choices is None:
        return values[0]
    return next((str(label) for value, label in choices if str(value) == values[0]), values[0])


def _fields_of(transfer: Transfer) -> dict[str, Any]:
    """As a revision keeps them."""
    fields: dict[str, Any] = {name: if_it_opens(transfer, name) for name in PLAIN}
    fields |= {name: str(getattr(transfer, f"{name}_id") or "") for name in RELATED}
    fields["sent_on"] = text_of(transfer.sent_on, transfer.sent_precision)
    fields["stances"] = dict(transfer.stances.values_list("theme", "stance"))
    return fields


def _flat(values: dict[str, list[str]]) -> dict[str, str]:
    return {name: texts[0] for name, texts in values.items()}

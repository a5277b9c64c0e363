"""Pages that show outcomes: those of an initiative, and one with where it came from and how far it may travel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from confidentiality.codes import Action
from confidentiality.fields import if_it_opens
from confidentiality.policy import Standing, allows
from initiatives.enums import TrackType
from initiatives.models import Initiative, Party, Session
from initiatives.services.versions import versions_of
from initiatives.views.inside import entered
from participants.models import Participation
from transfer.enums import LEAVES_THE_TEAM, OutcomeKind, TravelPermission
from transfer.forms import OutcomeFilterForm
from transfer.forms.outcomes import SCALE, Choices
from transfer.models import OUTCOME_TEXTS, Outcome
from transfer.services.permission import gone_out, told
from transfer.views.found import called, context_of, found

PER_PAGE = 25
# How far an outcome may travel, for those who read of it.
FAR: Mapping[str, Any] = {
    TravelPermission.NONE: _("It stays in the room: the group has not agreed that it travels."),
    TravelPermission.TEAM: _("It stays with this team: the group has not agreed that it goes further."),
    TravelPermission.OFFICIALS: _(
        "It may be carried to official bodies, on ways that are not public. It may not be published."
    ),
    TravelPermission.PUBLIC: _("It may be carried to anybody, and be published."),
}
SEALED = (*OUTCOME_TEXTS, "change")


@login_required
@require_GET
def outcomes(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The outcomes of an initiative, filtered; the newest first."""
    shown, standing = entered(request, pk, Action.READ_OUTCOMES)
    sessions = Session.objects.visible_to(request.user).kept().filter(initiative=shown)
    by_id = {str(session.pk): session for session in sessions}
    labels = {key: called(session) for key, session in by_id.items()}
    form = OutcomeFilterForm(request.GET, choices=Choices(sessions=by_id, labels=labels))
    chosen = form.chosen()
    listed = _filtered(request.user, shown, chosen)
    page = Paginator(listed.order_by("-created_at", "pk"), PER_PAGE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        **context_of(request, shown, standing),
        "form": form,
        "chosen": chosen,
        "page": page,
        "rows": _rows(request.user, page.object_list, labels),
        "query": query.urlencode(),
        "changes": _changes(request.user, shown) if shown.track_type == TrackType.T2_SOFT else None,
    }
    return render(request, "transfer/outcomes.html", context)


def _filtered(user: Any, shown: Initiative, chosen: Mapping[str, str]) -> Any:
    found = Outcome.objects.visible_to(user).kept().filter(initiative=shown)
    found = found.with_travelled().with_seen_repeats(user)
    for name in ("kind", "travel_permission", "session"):
        if name in chosen:
            found = found.filter(**{name: chosen[name]})
    return found.filter(travelled=chosen["travelled"] == "yes") if "travelled" in chosen else found


def _changes(user: Any, shown: Initiative) -> int:
    """Soft Track Two owes nobody a conclusion: what changed in people is its headline."""
    kept = Outcome.objects.visible_to(user).kept().filter(initiative=shown)
    return kept.filter(kind=OutcomeKind.INDIVIDUAL).count()


def _rows(user: Any, listed: Any, sessions: Mapping[str, str]) -> list[dict[str, Any]]:
    """What a list says of each outcome: three queries for all of them."""
    records = list(listed)
    names = names_of(user, records)
    return [
        {
            "outcome": one,
            "statement": if_it_opens(one, "statement"),
            "names": [names[key] for key in _named_in(one) if key in names],
            "session": sessions.get(str(one.session_id), ""),
            "change": ends(if_it_opens(one, "change")),
        }
        for one in records
    ]


def names_of(user: Any, records: list[Outcome]) -> dict[UUID, str]:
    """Pseudonyms and names of the sides that outcomes speak of."""
    people = {one.participation_id for one in records if one.participation_id}
    sides = {key for one in records for key in (one.party_id, *one.endorsed_by) if key}
    present = Participation.objects.visible_to(user).filter(pk__in=people).select_related("person")
    names = {one.pk: one.person.pseudonym for one in present} if people else {}
    return names | (dict(Party.objects.filter(pk__in=sides).values_list("pk", "name")) if sides else {})


def _named_in(one: Outcome) -> list[UUID]:
    return [key for key in (one.participation_id, one.party_id, *one.endorsed_by) if key]


def ends(change: Mapping[str, int] | None) -> tuple[Any, Any] | None:
    """From where to where, in words; None where that is not known."""
    if not change:
        return None
    first, last = (SCALE.get(change.get(end), change.get(end, "")) for end in ("from", "to"))
    return first, last


@login_required
@require_GET
def outcome(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One outcome: what changed, where it came from, how far it may travel, what it repeats."""
    shown, initiative, standing = found(request, pk)
    names = names_of(request.user, [shown])
    texts = {name: if_it_opens(shown, name) for name in SEALED}
    origin = Session.objects.visible_to(request.user).kept().filter(pk=shown.session_id).first()
    gone = gone_out(by=request.user, outcome=shown)
    context = {
        **context_of(request, initiative, standing, shown),
        "outcome": shown,
        "texts": texts,
        "names": [(key == shown.participation_id, names[key]) for key in _named_in(shown) if key in names],
        "change": ends(texts["change"]),
        "session": origin,
        "session_label": called(origin) if origin else "",
        "far": FAR.get(shown.travel_permission, ""),
        "may_transfer": _may_transfer(shown, standing),
        "gone": gone,
        "returns": told(gone) if shown.deleted_at else "",
        "chain": _chain(request.user, shown),
        "saved": next(iter(versions_of(request.user, shown, most=1)), None),
    }
    return render(request, "transfer/outcome.html", context)


def _may_transfer(shown: Outcome, standing: Standing) -> bool:
    """Whether carrying it is the reader's next step."""
    travels = shown.deleted_at is None and shown.travel_permission in LEAVES_THE_TEAM
    return travels and allows(standing, Action.EDIT_TRANSFERS)


def _chain(user: Any, shown: Outcome) -> list[dict[str, Any]]:
    """The outcomes that this one repeats and that repeat it, at whatever remove: the first first."""
    inside = list(Outcome.objects.visible_to(user).kept().filter(initiative=shown.initiative_id))
    by_id = {one.pk: one for one in inside} | {shown.pk: shown}
    first, seen = shown, {shown.pk}
    while first.repeats_id in by_id and first.repeats_id not in seen:
        first = by_id[first.repeats_id]
        seen.add(first.pk)
    followers: dict[UUID | None, list[Outcome]] = {}
    for one in by_id.values():
        followers.setdefault(one.repeats_id, []).append(one)
    chain, waiting = [], [first]
    while waiting:
        one = waiting.pop(0)
        chain.append({"outcome": one, "statement": if_it_opens(one, "statement"), "here": one.pk == shown.pk})
        waiting += sorted(followers.get(one.pk, []), key=lambda each: each.created_at)
    return chain if len(chain) > 1 else []

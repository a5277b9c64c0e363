"""Pages of conflicts: the tree, one conflict with its timeline, and its circle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.models import Organisation
from confidentiality.words import listed
from initiatives import services
from initiatives.drawings import Band, Bar, Mark, Tick, TrackRow, timeline
from initiatives.enums import Phase, Precision, Theme
from initiatives.forms import DeclareForm
from initiatives.models import CircleDeclaration, Conflict, Deadline, Initiative, OfficialTrack, Party
from initiatives.views import inner
from initiatives.views.chronicle import events
from participants.services import reach_on
from participants.views.ways import reads_links

FAMILIES_PER_PAGE = 40
DRAWN_AT_MOST = 40


@login_required
@require_GET
def conflicts(request: HttpRequest) -> HttpResponse:
    """The tree of conflicts, with what one may see of each."""
    text = " ".join(request.GET.get("q", "").split())[:100]
    trees = families(list(Conflict.objects.visible_to(request.user)), text)
    page = Paginator(trees, FAMILIES_PER_PAGE).get_page(request.GET.get("page"))
    rows = [row for family in page.object_list for row in family]
    _describe(request.user, rows)
    return render(request, "initiatives/conflicts.html", {"rows": rows, "page": page, "q": text})


def in_tree(found: Iterable[Conflict], text: str = "") -> list[dict[str, Any]]:
    """Conflicts as rows in reading order, each with its depth below the root."""
    return [row for family in families(list(found), text) for row in family]


def families(found: list[Conflict], text: str) -> list[list[dict[str, Any]]]:
    """Every tree as rows in reading order, each with its depth; with a text, only what leads to a match."""
    below: dict[UUID | None, list[Conflict]] = {}
    for conflict in found:
        below.setdefault(conflict.parent_id, []).append(conflict)
    wanted = {pk for conflict in found if _matches(conflict, text) for pk in conflict.lineage}

    def walk(conflict: Conflict) -> list[dict[str, Any]]:
        if conflict.pk not in wanted:
            return []
        depth = len(conflict.lineage) - 1
        row = {"conflict": conflict, "depth": depth, "level": min(depth, 3), "indent": range(depth)}
        return [row, *(under for child in below.get(conflict.pk, []) for under in walk(child))]

    return [rows for root in below.get(None, []) if (rows := walk(root))]


def _matches(conflict: Conflict, text: str) -> bool:
    names = [conflict.name, *(other.get("name", "") for other in conflict.alternative_names)]
    return any(text.casefold() in name.casefold() for name in names)


def _describe(user: Any, rows: list[dict[str, Any]]) -> None:
    """Add to each row the number of initiatives one may see, the official phases, and the next deadline."""
    ids = [row["conflict"].pk for row in rows]
    counts: Counter[UUID] = Counter()
    for lineage, number in _numbers(user, {row["conflict"].root_id for row in rows}):
        counts.update(dict.fromkeys(lineage, number))
    tracks: dict[UUID, list[OfficialTrack]] = {}
    for track in OfficialTrack.objects.visible_to(user).filter(conflict__in=ids).prefetch_related("phases"):
        tracks.setdefault(track.conflict_id, []).append(with_phase(track))
    due: dict[UUID, Deadline] = {}
    today = timezone.localdate()
    for deadline in (
        Deadline.objects.visible_to(user).filter(conflict__in=ids, due_on__gte=today).order_by("-due_on")
    ):
        due[deadline.conflict_id] = deadline
    for row in rows:
        pk = row["conflict"].pk
        row |= {"initiatives": counts[pk], "tracks": tracks.get(pk, []), "deadline": due.get(pk)}


def _numbers(user: Any, roots: set[UUID]) -> QuerySet:
    """How many initiatives one may see on each conflict, with the path to it: a conflict counts its parts, too."""
    seen = Initiative.objects.visible_to(user).filter(conflict__root__in=roots).order_by()
    return seen.values_list("conflict__lineage").annotate(number=Count("pk"))


def visible_conflict(request: HttpRequest, pk: UUID) -> Conflict:
    return get_object_or_404(
        Conflict.objects.visible_to(request.user).select_related("parent", "root"), pk=pk
    )


@login_required
@require_GET
def conflict(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One conflict: timeline, countdown, official tracks, parties, circle, and the initiatives one may see."""
    shown = visible_conflict(request, pk)
    line = list(Conflict.objects.visible_to(request.user).on_line_of([shown.lineage]))
    initiatives = (
        Initiative.objects.visible_to(request.user)
        .on_conflicts([shown.pk])
        .select_related("conflict")
        .order_by("-began_on", "pk")
    )
    drawn = list(initiatives[: DRAWN_AT_MOST + 1])
    tracks = (
        OfficialTrack.objects.visible_to(request.user).filter(conflict__in=line).prefetch_related("phases")
    )
    deadlines = (
        Deadline.objects.visible_to(request.user)
        .filter(conflict__in=line)
        .select_related("conflict", "track")
    )
    own = set(Initiative.objects.of_team(request.user).values_list("pk", flat=True))
    services.entitle(by=request.user, initiatives=drawn)
    today = timezone.localdate()
    dated = (list(tracks), drawn[:DRAWN_AT_MOST], list(deadlines))
    coming, past = events(*dated, today)
    happened, earlier = inner.inside(request.user, dated[1])
    context = {
        "conflict": shown,
        "ancestors": [other for other in line if other.pk in shown.lineage[:-1]],
        "children": [other for other in line if other.parent_id == shown.pk],
        "parties": _parties(request.user, shown),
        "tracks": [with_phase(track) for track in tracks],
        "initiatives": drawn[:DRAWN_AT_MOST],
        "more": len(drawn) > DRAWN_AT_MOST,
        "own": own,
        "countdown": [
            (deadline, (deadline.due_on - today).days) for deadline in deadlines if deadline.due_on >= today
        ],
        "may_open": request.user.is_vetted(),
        "drawing": drawing(shown, *dated, own, inner.ticks(happened)),
        "happened": happened,
        "earlier": earlier,
        "coming": coming,
        "past": past,
        "bodies": reach_on(request.user, shown),
        "knows": reads_links(request.user),
        **_circle(request.user, shown, line),
    }
    return render(request, "initiatives/conflict.html", context)


def with_phase(track: OfficialTrack) -> OfficialTrack:
    """The track with its phase in words."""
    track.phase_label = str(Phase(track.phase).label)
    track.theme_labels = [str(Theme(code).label) for code in track.agenda_themes]
    return track


def _parties(user: Any, shown: Conflict) -> list[Party]:
    """The parties at the root, each followed by its factions."""
    found = list(Party.objects.visible_to(user).filter(conflict=shown.root_id))
    return [
        party
        for side in found
        if side.parent_id is None
        for party in (side, *(faction for faction in found if faction.parent_id == side.pk))
    ]


def drawing(
    shown: Conflict,
    tracks: list[OfficialTrack],
    drawn: list[Initiative],
    deadlines: list[Deadline],
    own: set[UUID],
    ticks: dict[UUID, tuple[Tick, ...]],
) -> SafeString:
    """The timeline. It draws what it is given, and it is given only what the reader may see."""
    return timeline(
        prefix="ct",
        title=_("Timeline of %(name)s") % {"name": shown.name},
        tracks=[TrackRow(track.name, _bands(track)) for track in tracks if track.phases.all()],
        bars=[_bar(initiative, shown, own, ticks.get(initiative.pk, ())) for initiative in drawn],
        deadlines=[Mark(deadline.name, deadline.due_on) for deadline in deadlines],
        today=timezone.localdate(),
    )


def _bands(track: OfficialTrack) -> tuple[Band, ...]:
    phases = sorted(track.phases.all(), key=lambda phase: phase.began_on)
    ends = [phase.began_on for phase in phases[1:]] + [track.ended_on]
    return tuple(
        Band(phase.phase, str(Phase(phase.phase).label), phase.began_on, end)
        for phase, end in zip(phases, ends, strict=True)
    )


def _bar(initiative: Initiative, shown: Conflict, own: set[UUID], ticks: tuple[Tick, ...]) -> Bar:
    sure = (
        initiative.ended_on if initiative.ended_on and initiative.ended_precision != Precision.DAY else None
    )
    if initiative.began_precision == Precision.YEAR and initiative.ended_on:
        sure = initiative.began_on
    note = "" if initiative.pk in own else str(initiative.get_visibility_display())
    if initiative.public_record:
        note = _("public record")
    if initiative.conflict_id != shown.pk:
        note = listed(filter(None, [note, initiative.conflict.name]))
    return Bar(
        name=initiative.card_label,
        kind=str(initiative.get_track_type_display()),
        first=initiative.days.first,
        last=initiative.days.last,
        sure_until=sure,
        own=initiative.pk in own,
        note=note,
        ticks=ticks,
    )


def _circle(user: Any, shown: Conflict, line: list[Conflict]) -> dict[str, Any]:
    """Who has declared that it works here, as far as the reader may know, and what the reader may do about it."""
    declared = list(
        CircleDeclaration.objects.visible_to(user)
        .filter(withdrawn_at=None, conflict__in=line)
        .select_related("organisation", "conflict")
        .order_by("organisation__name")
    )
    covered = set(
        Conflict.objects.covered_by(user)
        .filter(pk__in=[other.pk for other in line])
        .values_list("pk", flat=True)
    )
    owned = set(user.owned_organisation_ids())
    for declaration in declared:
        own = declaration.organisation_id in user.organisation_ids()
        coordinates = declaration.conflict_id in covered
        declaration.may_confirm = coordinates and not own and declaration.confirmed_at is None
        declaration.may_withdraw = coordinates or declaration.organisation_id in owned
    here = {declaration.organisation_id for declaration in declared if declaration.conflict_id == shown.pk}
    free = owned & set(user.vetted_organisation_ids()) - here
    form = DeclareForm(organisations=Organisation.objects.filter(pk__in=free)) if free else None
    return {"declarations": declared, "declare": form}


@login_required
@require_POST
def declare(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Say, as an owner of a vetted organisation, that it works on the conflict."""
    shown = visible_conflict(request, pk)
    owned = Organisation.objects.filter(pk__in=request.user.owned_organisation_ids())
    form = DeclareForm(request.POST, organisations=owned)
    if form.is_valid():
        try:
            services.declare_for_circle(
                by=request.user, organisation=form.cleaned_data["organisation"], conflict=shown
            )
            messages.success(request, _("Declared. A coordinator of this conflict confirms it."))
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
    else:
        messages.error(request, _("Choose one of your organisations."))
    return redirect("initiatives:conflict", pk=shown.pk)


@login_required
@require_POST
def confirm(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Confirm a declaration as a coordinator."""
    declaration = _visible_declaration(request, pk)
    try:
        services.confirm_declaration(by=request.user, declaration=declaration)
        messages.success(
            request, _("Confirmed: %(name)s is in the circle.") % {"name": declaration.organisation.name}
        )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("initiatives:conflict", pk=declaration.conflict_id)


@login_required
@require_POST
def withdraw(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take a declaration back, or refuse it as a coordinator."""
    declaration = _visible_declaration(request, pk)
    services.withdraw_declaration(by=request.user, declaration=declaration)
    messages.success(request, _("%(name)s is not in the circle.") % {"name": declaration.organisation.name})
    return redirect("initiatives:conflict", pk=declaration.conflict_id)


def _visible_declaration(request: HttpRequest, pk: UUID) -> CircleDeclaration:
    visible = CircleDeclaration.objects.visible_to(request.user).select_related("organisation")
    return get_object_or_404(visible, pk=pk)

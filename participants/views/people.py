"""Pages of persons: the list, one person, adding and editing. By pseudonym; who they are is on identity.py's."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.enums import MembershipRole
from accounts.forms import add_errors
from accounts.models import Organisation
from confidentiality import policy
from confidentiality.codes import Access, Action
from confidentiality.fields import if_it_opens
from confidentiality.policy import allows, team_access
from confidentiality.records import Stale
from initiatives.enums import DraftPlace
from initiatives.models import Initiative, Party
from initiatives.services import entitle
from initiatives.services.search import fold, words_of
from initiatives.services.versions import Version
from initiatives.views.drafts import Place
from initiatives.views.inside import entered, frame
from initiatives.views.sending import sent_once
from initiatives.views.sight import PAGES, of_person
from participants import services
from participants.forms import AddForm, FindPeopleForm, PersonForm
from participants.models import Participation, Person, PersonIdentity
from participants.querysets import LOGGING
from participants.views.links import links_of_person

REFUSED, OVERTAKEN = 422, 409
PER_PAGE = 50


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def people(request: HttpRequest) -> HttpResponse:
    """Everybody whom one may see, with the initiatives that one may see them in. A search is sent, and not paged."""
    found = Person.objects.visible_to(request.user)
    mine = Initiative.objects.of_team(request.user).order_by("codename")
    sides = Party.objects.filter(pk__in=found.values("party_id")).order_by("normalised_name")
    form = FindPeopleForm(request.POST or request.GET, initiatives=mine, sides=sides)
    chosen = form.chosen()
    if "initiative" in chosen:
        inside = Participation.objects.visible_to(request.user).filter(initiative=chosen["initiative"])
        found = found.filter(pk__in=inside.values("person_id"))
    if "side" in chosen:
        found = found.filter(party=chosen["side"])
    rows: Any = found.select_related("party", "organisation").order_by("pseudonym", "pk")
    if words := words_of(chosen.get("q", "")):
        rows = [row for row in rows if all(word in fold(_said_of(row)) for word in words)]
    page = Paginator(rows, max(PER_PAGE, len(rows)) if words else PER_PAGE).get_page(request.GET.get("page"))
    query = "&".join(f"{name}={chosen[name].pk}" for name in ("initiative", "side") if name in chosen)
    context = {
        "form": form,
        "chosen": chosen,
        "page": page,
        "rows": _with_parts(request, list(page.object_list)),
        "query": query,
        "adds": bool(_places(request.user) or _registers(request.user)),
    }
    return render(request, "participants/people.html", context)


def _said_of(person: Person) -> str:
    side = person.party.name if person.party else ""
    return f"{person.pseudonym} {side} {person.get_background_display()}"


def _with_parts(request: HttpRequest, persons: list[Person]) -> list[tuple[Person, list[Participation]]]:
    """Each person with the participations that the reader may see, initiatives called by their titles."""
    parts = Participation.objects.visible_to(request.user).filter(person__in=persons)
    by_person: dict[UUID, list[Participation]] = {}
    listed = list(parts.select_related("initiative").order_by("created_at"))
    entitle(by=request.user, initiatives=[part.initiative for part in listed])
    for part in listed:
        by_person.setdefault(part.person_id, []).append(part)
    return [(person, by_person.get(person.pk, [])) for person in persons]


def visible_person(request: HttpRequest, pk: UUID) -> Person:
    return get_object_or_404(
        Person.objects.visible_to(request.user).select_related("party", "organisation"), pk=pk
    )


def head_of(request: HttpRequest, person: Person) -> dict[str, Any]:
    """What every page of a person begins with."""
    standing = person.standing_of(request.user)
    return {
        "person": person,
        "sight": of_person(person.organisation.name),
        "may_edit": allows(standing, Action.EDIT_PEOPLE),
        "may_open": allows(standing, Action.OPEN_IDENTITY),
        "may_read_links": allows(standing, Action.READ_LINKS),
    }


@login_required
@require_GET
def person(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One person by pseudonym: side, background, and where they take part as far as the reader sees it."""
    shown = visible_person(request, pk)
    ((_shown, parts),) = _with_parts(request, [shown])
    head = head_of(request, shown)
    context = {
        **head,
        **links_of_person(request.user, shown),
        # An observer knows pseudonyms; what is noted of somebody is for those who write it.
        "parts": [(part, if_it_opens(part, "note") if head["may_edit"] else "") for part in parts],
        # Whoever adds people to a team writes its outcomes, too.
        "records": {place.pk for place in _places(request.user)},
        "history": _history(request, shown),
        "audited": _audited(request.user),
        "known": PersonIdentity.objects.visible_to(request.user).filter(person=shown).exists(),
    }
    return render(request, "participants/person.html", context)


def _audited(user: Any) -> set[UUID]:
    """Initiatives whose chain the user reads."""
    roles = user.team_memberships.live().values_list("initiative_id", "role")
    return {pk for pk, role in roles if team_access(role, "audit") is not Access.NONE}


def _history(request: HttpRequest, shown: Person) -> list[tuple[Version, list[str]]]:
    labels = {"party": _("Side"), "background": _("Background"), "identity": _("Identity")}
    rows = services.versions_in_register(by=request.user, record=shown, most=PER_PAGE)
    return [(row, [labels.get(name, name) for name in row.changed]) for row in rows]


# --- Adding ----------------------------------------------------------------------------------------------------


def _places(user: Any) -> list[Initiative]:
    """Initiatives in which the user may add people."""
    own = user.team_memberships.live().filter(role__in=LOGGING).values("initiative_id")
    return list(Initiative.objects.of_team(user).filter(pk__in=own).order_by("codename"))


def _registers(user: Any) -> list[Organisation]:
    """Registers that the user keeps."""
    kept = user.memberships.standing().filter(role=MembershipRole.REGISTRAR).values("organisation_id")
    return list(Organisation.objects.filter(pk__in=kept).order_by("name"))


def _named(request: HttpRequest, name: str) -> UUID | None:
    """An id in the address or the form; what is no id leads nowhere."""
    value = request.POST.get(name) or request.GET.get(name)
    try:
        return UUID(value) if value else None
    except ValueError:
        raise Http404 from None


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@sent_once
def add(request: HttpRequest) -> HttpResponse:
    """A new person: first where, then who. The identity is written down here, and not shown again."""
    initiative_id, register_id = _named(request, "initiative"), _named(request, "organisation")
    if initiative_id is not None:
        shown, standing = entered(request, initiative_id, Action.EDIT_PEOPLE)
        return _add(request, frame(request, shown, standing), initiative=shown)
    if register_id is not None:
        register = get_object_or_404(Organisation.objects.visible_to(request.user), pk=register_id)
        policy.require(request.user, Action.EDIT_PEOPLE, Person(organisation=register))
        return _add(request, {"sight": PAGES["adding"]}, register=register)
    places = _places(request.user)
    entitle(by=request.user, initiatives=places)
    context = {"places": places, "registers": _registers(request.user), "sight": PAGES["nothing yet"]}
    status = REFUSED if request.method == "POST" else 200
    return render(request, "participants/add_where.html", context, status=status)


def _add(
    request: HttpRequest,
    context: dict[str, Any],
    initiative: Initiative | None = None,
    register: Organisation | None = None,
) -> HttpResponse:
    parties = services.sides_of(initiative) if initiative else Party.objects.visible_to(request.user)
    place = Place(DraftPlace.PERSON, initiative=initiative) if initiative else None
    draft = None
    if request.method == "POST":
        form = AddForm(request.POST, parties=parties, initiative=initiative)
        if form.is_valid():
            made = _added(request, form, initiative, register)
            if made is not None:
                if place:
                    place.saved(request)
                messages.success(
                    request, _("%(person)s stands in the register.") % {"person": made.pseudonym}
                )
                return redirect("participants:person", pk=made.pk)
    else:
        draft = place.draft_of(request.user) if place else None
        empty = AddForm(parties=parties, initiative=initiative)
        initial = draft.values(empty.fields) if draft else None
        form = AddForm(initial=initial, parties=parties, initiative=initiative) if initial else empty
    context |= {"form": form, "register": register, "initiative": initiative}
    context |= place.fields(request, draft) if place else {}
    status = REFUSED if form.is_bound else 200
    return render(request, "participants/add.html", context, status=status)


def _added(
    request: HttpRequest, form: AddForm, initiative: Initiative | None, register: Organisation | None
) -> Person | None:
    identity = form.identity()
    try:
        return services.add_person(
            by=request.user,
            initiative=initiative,
            organisation=register,
            party=form.cleaned_data["party"],
            background=form.cleaned_data["background"],
            identity=identity if any(identity.values()) else None,
            override_reason=form.cleaned_data["override_reason"],
            **(form.participation() if initiative else {}),
        )
    except ValidationError as error:
        add_errors(form, error)
        return None


# --- Editing ---------------------------------------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Side and background. What is unlikely asks for a reason."""
    shown = visible_person(request, pk)
    policy.require(request.user, Action.EDIT_PEOPLE, shown)
    parties = _sides_for(request, shown)
    stands = {"party": shown.party_id, "background": shown.background, "version": shown.version}
    if request.method != "POST":
        return _edit_page(request, shown, PersonForm(initial=stands, parties=parties))
    form = PersonForm(request.POST, parties=parties)
    if not form.is_valid():
        return _edit_page(request, shown, form, REFUSED)
    try:
        services.edit_person(by=request.user, person=shown, **form.cleaned_data)
    except Stale as stale:
        data = request.POST.copy()
        data["version"] = str(stale.current)
        now = [
            (_("Side"), shown.party.name if shown.party else ""),
            (_("Background"), shown.get_background_display()),
        ]
        return _edit_page(request, shown, PersonForm(data, parties=parties), OVERTAKEN, now)
    except ValidationError as error:
        add_errors(form, error)
        return _edit_page(request, shown, form, REFUSED)
    messages.success(request, _("Saved."))
    return redirect("participants:person", pk=pk)


def _sides_for(request: HttpRequest, shown: Person) -> list[Party]:
    """Sides of the conflicts in which the reader sees the person take part; all, where that is none."""
    parts = Participation.objects.visible_to(request.user).filter(person=shown)
    roots = set(parts.values_list("initiative__conflict__root_id", flat=True))
    parties = Party.objects.visible_to(request.user)
    found = parties.filter(conflict__in=roots) if roots else parties
    listed = list(found.order_by("normalised_name"))
    return listed if shown.party is None or shown.party in listed else [shown.party, *listed]


def _edit_page(
    request: HttpRequest, shown: Person, form: PersonForm, status: int = 200, now: Any = ()
) -> HttpResponse:
    context = {
        **head_of(request, shown),
        "form": form,
        "fields": form.shown_fields(),
        "heading": _("Edit %(person)s") % {"person": shown.pseudonym},
        "now": now,
    }
    return render(request, "participants/form.html", context, status=status)

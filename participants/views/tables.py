"""Importing the people of one initiative from a table."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from confidentiality.codes import Action
from confidentiality.words import listed
from initiatives.views.inside import entered, frame
from initiatives.views.sending import sent_once
from initiatives.views.tables import ImportedTable, import_table
from participants.enums import Capacity, Consent, ParticipationStatus, RoomRole
from participants.services.importing import import_people, people_columns
from participants.services.people import sides_of


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@sent_once
def people(request: HttpRequest, pk: UUID) -> HttpResponse:
    """People whom somebody kept in a spreadsheet until now; each gets a pseudonym."""
    shown, standing = entered(request, pk, Action.EDIT_PEOPLE)
    who = _("Who they are (name, other_names, birth_year, affiliation, contacts) may be left out. It is encrypted, and "
            "opened one at a time by leads and facilitators.")  # fmt: skip
    codes = _("A role is one of %(roles)s; a capacity one of %(capacities)s; a status one of %(statuses)s; consents "
              "are some of %(consents)s.")  # fmt: skip
    values = {
        "roles": listed(RoomRole.values),
        "capacities": listed(Capacity.values),
        "statuses": listed(ParticipationStatus.values),
        "consents": listed(Consent.values),
    }
    sides = _("A side is one of: %(sides)s; empty for who belongs to none.")
    table = ImportedTable(
        heading=_("Import people"),
        tab="people",
        crumb=_("People"),
        here=reverse("participants:import_people", args=[pk]),
        back=reverse("participants:initiative_people", args=[pk]),
        columns=people_columns(shown),
        hints=[sides % {"sides": listed(party.name for party in sides_of(shown))}, codes % values, who],
        known_again=_(
            "A row with the name of somebody who takes part is not added again, where you may open who they are. "
            "Others are added each time."
        ),
        frame=frame(request, shown, standing),
        run=lambda **given: import_people(by=request.user, initiative=shown, **given),
    )
    return import_table(request, table)

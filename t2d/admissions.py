"""Who waits for a word that it is really them, and who was let in without the team: told on the home page."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from accounts.models import Membership
from confidentiality import policy
from confidentiality.codes import Action
from initiatives.models import EmergencyAccess, TeamMember
from initiatives.services import entitle, leads_to_admit

# Emergency access is for teams that nobody reaches: whoever comes back later is told all the same.
TOLD_DAYS = 14
# What the home page counts among the things that wait.
LISTS = ("to_admit", "leads_to_admit", "members_to_admit", "emergencies", "let_in")


def of_admissions(user: Any, led: list[Any]) -> dict[str, Any]:
    """`led`: ids of the initiatives that the user leads."""
    waits, came = Q(pk__in=TeamMember.objects.waiting(), initiative__in=led), Q(in_emergency=True)
    teams = TeamMember.objects.visible_to(user).recent(TOLD_DAYS).exclude(user=user).filter(waits | came)
    told = list(teams.select_related("user", "initiative").order_by("began_at", "pk"))
    found: dict[str, Any] = {
        "to_admit": [member for member in told if member.waits and user.vouches_for(member.user)],
        "let_in": [member for member in told if not member.waits],
        "leads_to_admit": leads_to_admit(),
    }
    entitle(by=user, initiatives=[member.initiative for member in (*found["to_admit"], *found["let_in"])])
    if owned := user.owned_organisation_ids():
        places = (
            Membership.objects.visible_to(user).waiting().filter(organisation__in=owned).exclude(user=user)
        )
        places = places.select_related("user", "organisation")
        found["members_to_admit"] = [place for place in places if user.vouches_for(place.user)]
        asked = EmergencyAccess.objects.visible_to(user).filter(confirmed_by=None, withdrawn_at=None)
        found["emergencies"] = [
            each
            for each in asked.select_related("organisation", "asked_by")
            if policy.may(user, Action.CONFIRM_EMERGENCY, each)
        ]
    return found

"""An organisation of a test's own on the running server, with an initiative in it: what one journey changes, no other
test reads. Not of the demonstration, whose steward is all that it borrows.

What stands in the first half runs beside the server, in script/manage; a test calls the second half.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.db.models import F
from django.utils import timezone

from accounts.models import Membership, Organisation, User
from accounts.services import add_membership, create_organisation, vet_organisation
from confidentiality.actor import SETUP, actor
from confidentiality.roles import as_owner
from initiatives.models import Conflict, EmergencyAccess, TeamMember
from initiatives.services import add_team_member, edit_brief, open_initiative
from t2d.demo import DOMAIN, PASSWORD, VALLEY
from tests.faults.test_server import manage

# Who is there, and as what in the organisation. The lead leads; the guest keeps its record.
PEOPLE = {"first": "owner", "second": "owner", "lead": "member", "guest": "member"}
INSIDE = "What only the team of this house reads"


def account(house: str, who: str) -> str:
    """The part before the @ of somebody's address, which is their name as well."""
    return f"{house.split()[0]}-{who}".lower()


def build(house: str, codename: str, elsewhere: Mapping[str, str]) -> None:
    """Make it, and print the keys of its pages. `elsewhere`: whose address is not of the demonstration, and whom the
    product treats as it treats everybody: with a second factor."""
    with actor(SETUP):
        steward = User.objects.get(email=f"steward@{DOMAIN}")
        people = {
            who: User.objects.create_user(
                email=elsewhere.get(who, f"{account(house, who)}@{DOMAIN}"),
                password=PASSWORD,
                name=account(house, who),
            )
            for who in PEOPLE
        }
    with actor(steward):
        organisation = create_organisation(by=steward, name=house, kind="ngo")
        organisation = vet_organisation(by=steward, organisation=organisation, note="Invented for a test.")
        for who, role in PEOPLE.items():
            add_membership(by=steward, organisation=organisation, user=people[who], role=role)
        # For long: new owners open nothing in an emergency.
        Membership.objects.filter(organisation=organisation).update(updated_at=timezone.now() - timedelta(30))
    print(
        json.dumps(
            {"organisation": str(organisation.pk), "initiative": _open(people, organisation, codename)}
        )
    )


def _open(people: Mapping[str, User], organisation: Organisation, codename: str) -> str:
    lead = people["lead"]
    with actor(lead):
        initiative = open_initiative(
            by=lead,
            registered_by=organisation,
            conflict=Conflict.objects.visible_to(lead).get(name=VALLEY),
            codename=codename,
            track_type="t2_hard",
            modality="consultation",
            matching="off",
            status="active",
            began_on=timezone.localdate(),
        )
        add_team_member(by=lead, initiative=initiative, user=people["guest"], role="rapporteur")
        edit_brief(by=lead, initiative=initiative, title="", objective=INSIDE)
    return str(initiative.pk)


def pass_time(hours: float) -> None:
    """Emergency accesses of every house began so much earlier, and end so much earlier."""
    gone = timedelta(hours=hours)
    with as_owner():
        EmergencyAccess.objects.update(asked_at=F("asked_at") - gone, confirmed_at=F("confirmed_at") - gone)
        TeamMember.objects.filter(in_emergency=True).update(
            began_at=F("began_at") - gone,
            expires_at=F("expires_at") - gone,
            admitted_at=F("admitted_at") - gone,
        )


# --- Called by tests --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class House:
    """Its name and its initiative's, and the addresses of their pages."""

    name: str
    codename: str
    organisation: str
    initiative: str

    def account(self, who: str) -> str:
        return account(self.name, who)

    @property
    def people(self) -> str:
        """What those who work there are called."""
        return " ".join(self.account(who) for who in PEOPLE)


def found_house(folder: Path, name: str, codename: str, **elsewhere: str) -> House:
    made = json.loads(_beside(folder, f"build({name!r}, {codename!r}, {elsewhere!r})"))
    organisation, initiative = made["organisation"], made["initiative"]
    return House(name, codename, f"/organisations/{organisation}/", f"/initiatives/{initiative}/")


def let_time_pass(folder: Path, hours: float) -> None:
    _beside(folder, f"pass_time({hours})")


def _beside(folder: Path, call: str) -> str:
    name = call.partition("(")[0]
    run = manage(folder / "data", "shell", "-v0", "-c", f"from tests.browser.house import {name}\n{call}")
    assert run.returncode == 0, run.stderr
    return run.stdout

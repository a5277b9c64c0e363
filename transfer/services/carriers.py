"""Who of an initiative could carry something, and to which office. Ties are opened, for those who may read them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import connection

from accounts.models import User
from confidentiality.fields import if_it_opens
from initiatives.models import Initiative
from participants.enums import OUT
from participants.models import OfficialLink, Participation


@dataclass(frozen=True, slots=True)
class Way:
    """A live link of somebody who takes part: through whom something could reach a body."""

    link: OfficialLink
    carrier: Participation
    body_id: UUID


def unlink_ties(person_id: UUID) -> None:
    """No transfer, on whichever team, says any more by whose tie it went. For whoever may erase the person."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT unlink_ties(%s)", [person_id])


def carriers_of(*, by: User, initiative: Initiative) -> list[Participation]:
    """Everybody who takes part, by pseudonym."""
    inside = Participation.objects.visible_to(by).filter(initiative=initiative).select_related("person")
    return sorted(inside, key=lambda carrier: carrier.person.pseudonym)


def links_of(*, by: User, carriers: list[Participation], on: date | None = None) -> list[Way]:
    """Links of these people that are live on that day (today by default), the strongest first.

    Of people who are gone none, and none that does not open.
    """
    here = {carrier.person_id: carrier for carrier in carriers if carrier.status not in OUT}
    links = OfficialLink.objects.visible_to(by).filter(person__in=here)
    live = [link for link in links if link.is_live(on) and if_it_opens(link, "tie")]
    live.sort(key=lambda link: (-link.strength, link.pk))
    return [Way(link, here[link.person_id], link.body_id) for link in live]

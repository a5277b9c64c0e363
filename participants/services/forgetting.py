"""Forgetting a person on request: everything goes by which somebody could be known, and what was counted stays.

Not a purge: the pseudonym stays, with where it took part and at which sessions it was, since without it the numbers of
a team would change under its hands. What texts say of somebody is found and shown, and corrected by who wrote them.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.db import connection, transaction

from accounts.models import User
from confidentiality import policy
from confidentiality.codes import Action
from confidentiality.records import hold, save
from initiatives.services.versions import Fields, change_versions
from participants.models import Participation, Person
from participants.services.history import keep_participation
from participants.services.identities import erase_identity

_rest_on_ties: list[Callable[[UUID], None]] = []


def lets_go_of_ties(let_go: Callable[[UUID], None]) -> None:
    """Said by an app above, when the program starts: what names a tie of this person names none any more."""
    _rest_on_ties.append(let_go)


@transaction.atomic
def forget_person(*, by: User, person: Person, reason: str) -> None:
    """Destroy who somebody is, every tie to an office with its history, what anybody left unfinished about the person,
    and the notes on taking part with the reasons given, in all versions, of the teams on which `by` writes. Other teams
    read in the history of the person that the identity is gone.

    Raises ValidationError where another team brought the person in, as `erase_identity` does.
    """
    erase_identity(by=by, person=person, reason=reason)
    for let_go in _rest_on_ties:
        let_go(person.pk)
    with connection.cursor() as cursor:
        cursor.execute("SELECT forget_drafts_about(%s)", [person.pk])
        # By the database: a tie takes its versions along, and nothing is opened that goes.
        cursor.execute("DELETE FROM participants_officiallink WHERE person_id = %s", [person.pk])
    parts = Participation.objects.visible_to(by).filter(person=person).select_related("initiative")
    for part in parts.order_by("pk"):
        if policy.may(by, Action.EDIT_PEOPLE, part):
            _forget_note(hold(Participation, part.pk, None), by)


def _forget_note(part: Participation, by: User) -> None:
    part.note = ""
    save(part)
    change_versions(part, _without_note, with_reasons=False)
    keep_participation(part, by=by, changed=["note"])


def _without_note(fields: Fields) -> Fields:
    return {**fields, "note": ""} if "note" in fields else fields

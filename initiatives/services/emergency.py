"""Emergency access: asked by an owner of the convening organisation, confirmed by a second one, for a day."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import letters
from accounts.models import Organisation, User
from confidentiality import policy
from confidentiality.codes import Action
from confidentiality.records import hold, save
from initiatives.models import EmergencyAccess

# An organisation asks so often at most within a day: names are not to be guessed.
ASKED_AT_MOST = 5
# Somebody who owns the organisation since yesterday is nobody's second word: an owner could have made them. Counted
# from the last change of the membership, a new role and a readmission among them; open_in_emergency() says it too.
SETTLED = timedelta(days=7)


@transaction.atomic
def ask_emergency(*, by: User, organisation: Organisation, codename: str, reason: str) -> EmergencyAccess:
    """Ask to be let into an initiative of the organisation. The answer never tells whether there is one so called."""
    policy.require(by, Action.ASK_EMERGENCY, organisation)
    hold(Organisation, organisation.pk, None)
    _require_settled(by, organisation)
    since = timezone.now() - timedelta(days=1)
    asked = EmergencyAccess.objects.visible_to(by).filter(organisation=organisation, asked_at__gt=since)
    if asked.count() >= ASKED_AT_MOST:
        raise ValidationError(_("This was asked often enough today. Ask whoever told you the codename."))
    request = EmergencyAccess(
        organisation=organisation, codename=" ".join(codename.split()), reason=reason, asked_by=by
    )
    save(request)
    return request


@transaction.atomic
def confirm_emergency(
    *, by: User, request: EmergencyAccess, origin: str, version: int | None = None
) -> EmergencyAccess:
    """The second owner's word. Whoever is on the team is told at once; the two learn nothing by the answer."""
    policy.require(by, Action.CONFIRM_EMERGENCY, request)
    request = hold(EmergencyAccess, request.pk, version)
    policy.require(by, Action.CONFIRM_EMERGENCY, request)  # Again: the lock may have been waited for.
    _require_settled(by, request.organisation)
    request.confirmed_by, request.confirmed_at = by, timezone.now()
    save(request)
    letters.tell(by=by, user_ids=_opened(request), origin=origin)
    return request


def _require_settled(user: User, organisation: Organisation) -> None:
    places = user.memberships.active().filter(organisation=organisation)
    if not places.filter(updated_at__lte=timezone.now() - SETTLED).exists():
        raise ValidationError(
            _("An owner opens nothing before seven days have passed: ask one who has been it longer.")
        )


def _opened(request: EmergencyAccess) -> set[UUID]:
    """Who is on the teams that were opened. The database lets in; nobody here sees which initiatives they are."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT told FROM open_in_emergency(%s)", [request.pk])
        return {told for (told,) in cursor.fetchall()}


@transaction.atomic
def withdraw_emergency(*, by: User, request: EmergencyAccess, version: int | None = None) -> EmergencyAccess:
    """Let a request go that nobody confirmed: by whoever asked, or by another owner who says no."""
    policy.require(by, Action.WITHDRAW_EMERGENCY, request)
    request = hold(EmergencyAccess, request.pk, version)
    if request.is_open:
        request.withdrawn_at = timezone.now()
        save(request)
    return request


def leads_to_admit() -> list[tuple[UUID, str]]:
    """(access, name) of leads whose account was recovered and of whom the acting user, their successor, may say that
    it is really them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT member, name FROM leads_to_admit() ORDER BY name, member")
        return [(member, name) for member, name in cursor.fetchall()]


@transaction.atomic
def admit_lead(*, by: User, member: UUID) -> None:
    """The successor's word on the only lead. Raises Hidden where the acting user may not give it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT admit_lead(%s)", [member])
        (counted,) = cursor.fetchone()
    if not counted:
        raise policy.Hidden

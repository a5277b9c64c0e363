"""Who coordinates which conflicts. Given by stewards."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from accounts.models import Register, User
from confidentiality import policy
from confidentiality.codes import Action
from confidentiality.records import hold, save
from initiatives.models import Conflict, CoordinatorMandate


@transaction.atomic
def grant_mandate(*, by: User, user: User, conflict: Conflict | None) -> CoordinatorMandate:
    """Let a user coordinate a conflict and all below it, or all conflicts (None)."""
    policy.require(by, Action.GRANT_MANDATE, Register())
    mandate = CoordinatorMandate(user=user, conflict=conflict)
    save(mandate)
    return mandate


@transaction.atomic
def end_mandate(*, by: User, mandate: CoordinatorMandate) -> CoordinatorMandate:
    """End a mandate at once."""
    policy.require(by, Action.GRANT_MANDATE, Register())
    mandate = hold(CoordinatorMandate, mandate.pk, None)
    mandate.ended_at = mandate.ended_at or timezone.now()
    save(mandate)
    return mandate

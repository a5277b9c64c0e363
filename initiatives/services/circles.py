"""The circle of a conflict: organisations that say they work on it, confirmed by a coordinator."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Organisation, User
from confidentiality import policy
from confidentiality.codes import Action
from confidentiality.records import hold, save
from initiatives.models import CircleDeclaration, Conflict
from initiatives.services.reach import require_reach


@transaction.atomic
def declare_for_circle(*, by: User, organisation: Organisation, conflict: Conflict) -> CircleDeclaration:
    """Say, as an owner, that the organisation works on the conflict. Says nothing of any initiative."""
    policy.require(by, Action.DECLARE_CIRCLE, organisation)
    policy.require(by, Action.READ_REFERENCE, conflict)
    require_reach(by, conflict)
    if not organisation.is_vetted:
        raise ValidationError({"organisation": _("Only a vetted organisation can declare for a circle.")})
    declared = CircleDeclaration.objects.filter(
        organisation=organisation, conflict=conflict, withdrawn_at=None
    )
    if declared.exists():
        raise ValidationError({"conflict": _("Your organisation has declared for this conflict already.")})
    declaration = CircleDeclaration(organisation=organisation, conflict=conflict, declared_by=by)
    save(declaration)
    return declaration


@transaction.atomic
def confirm_declaration(*, by: User, declaration: CircleDeclaration) -> CircleDeclaration:
    """Confirm, as a coordinator of the conflict who is not of that organisation. Confirming twice is once."""
    policy.require(by, Action.CONFIRM_CIRCLE, declaration)
    declaration = hold(CircleDeclaration, declaration.pk, None)
    if declaration.organisation_id in by.organisation_ids():
        raise ValidationError(
            {"organisation": _("A coordinator of another organisation has to confirm this.")}
        )
    if declaration.withdrawn_at:
        raise ValidationError({"conflict": _("This declaration has been withdrawn.")})
    if declaration.confirmed_at is None:
        declaration.confirmed_at, declaration.confirmed_by = timezone.now(), by
        save(declaration)
    return declaration


@transaction.atomic
def withdraw_declaration(*, by: User, declaration: CircleDeclaration) -> CircleDeclaration:
    """Take the organisation's word back, or refuse it as a coordinator."""
    standing = declaration.standing_of(by)
    refuses = Action.CONFIRM_CIRCLE in standing.grants
    policy.require(by, Action.CONFIRM_CIRCLE if refuses else Action.DECLARE_CIRCLE, declaration)
    declaration = hold(CircleDeclaration, declaration.pk, None)
    if declaration.withdrawn_at is None:
        declaration.withdrawn_at = timezone.now()
        save(declaration)
    return declaration

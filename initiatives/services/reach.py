"""For which conflicts a token is, where something is about to be written on one."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.models import User
from initiatives.models import Conflict


def require_reach(by: User, conflict: Conflict) -> None:
    """A token that is for some conflicts opens nothing on others, and carries nothing there."""
    if by.narrowed_to and not set(by.narrowed_to) & set(conflict.lineage):
        raise ValidationError({"conflict": _("This token is for other conflicts.")})

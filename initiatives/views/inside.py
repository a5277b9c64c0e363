"""What every page inside an initiative begins with: the card, the reader's role, and who can see the page."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from confidentiality import policy
from confidentiality.codes import Action
from confidentiality.policy import Standing, allows
from initiatives import services
from initiatives.models import Brief, Initiative
from initiatives.views.sight import of_team


def entered(
    request: HttpRequest, pk: UUID, action: Action = Action.READ_BRIEF
) -> tuple[Initiative, Standing]:
    """The initiative and how the reader stands inside it, or 404 for everybody who is not on the team.

    Raises Forbidden where the role does not include the act.
    """
    cards = Initiative.objects.visible_to(request.user).select_related("conflict", "successor")
    shown = get_object_or_404(cards, pk=pk)
    standing = policy.require(request.user, action, Brief(initiative=shown))
    services.entitle(by=request.user, initiatives=[shown])
    return shown, standing


def frame(request: HttpRequest, shown: Initiative, standing: Standing) -> dict[str, Any]:
    """What the head of such a page needs."""
    return {
        "initiative": shown,
        "role": standing.team_role,
        "may_edit_brief": allows(standing, Action.EDIT_BRIEF),
        "may_read_audit": allows(standing, Action.READ_AUDIT),
        "sight": of_team(shown, shown.members.live().count()),
        "purge": services.open_request(by=request.user, initiative=shown),
        **services.near_ends(by=request.user, initiative=shown),
    }

"""What is done to initiatives, their teams and visibility, circles, and the shared reference.

One file per concern; the names are collected here, so that callers need not know in which file a service lives.
"""

from initiatives.services.cards import change_status, edit_initiative, open_initiative
from initiatives.services.circles import confirm_declaration, declare_for_circle, withdraw_declaration
from initiatives.services.mandates import end_mandate, grant_mandate
from initiatives.services.reference import (
    create_conflict,
    create_deadline,
    create_party,
    create_track,
    edit_conflict,
    edit_deadline,
    edit_party,
    edit_track,
    record_phase,
)
from initiatives.services.teams import (
    add_team_member,
    change_team_member,
    extend_access,
    hand_over_to_successors,
    name_successor,
    remove_team_member,
)
from initiatives.services.visibility import (
    VisibilityPreview,
    WhoCanSee,
    change_visibility,
    preview_visibility,
    who_can_see,
)

__all__ = [
    "VisibilityPreview",
    "WhoCanSee",
    "add_team_member",
    "change_status",
    "change_team_member",
    "change_visibility",
    "confirm_declaration",
    "create_conflict",
    "create_deadline",
    "create_party",
    "create_track",
    "declare_for_circle",
    "edit_conflict",
    "edit_deadline",
    "edit_initiative",
    "edit_party",
    "edit_track",
    "end_mandate",
    "extend_access",
    "grant_mandate",
    "hand_over_to_successors",
    "name_successor",
    "open_initiative",
    "preview_visibility",
    "record_phase",
    "remove_team_member",
    "who_can_see",
    "withdraw_declaration",
]

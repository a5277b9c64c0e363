"""What is done to initiatives, their teams and visibility, circles, and the shared reference.

One file per concern; the names are collected here, so that callers need not know in which file a service lives.
"""

from initiatives.services.brief import (
    adopt_ground_rules,
    bring_back_brief,
    edit_brief,
    entitle,
    record_assent,
    titles_of,
    withdraw_assent,
)
from initiatives.services.cards import change_status, edit_initiative, open_initiative
from initiatives.services.circles import confirm_declaration, declare_for_circle, withdraw_declaration
from initiatives.services.drafts import discard_draft, draft_in, keep_draft, purge_drafts
from initiatives.services.emergency import (
    admit_lead,
    ask_emergency,
    confirm_emergency,
    leads_to_admit,
    withdraw_emergency,
)
from initiatives.services.leaving import end_membership
from initiatives.services.mandates import end_mandate, grant_mandate
from initiatives.services.moving import move_session
from initiatives.services.purge_requests import (
    SecondPersons,
    ask_purge,
    begins_at,
    cancel_purge,
    confirm_purge,
    open_request,
    second_persons,
    waiting_for,
    what_would_go,
    with_cards,
)
from initiatives.services.purging import purge_due, purge_now
from initiatives.services.readers import EffectiveAccess, MemberAccess, Reader, areas_of, effective_access
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
from initiatives.services.search import briefs_with, find, find_records
from initiatives.services.sessions import (
    bring_back_session,
    delete_session,
    edit_session,
    log_session,
    name_reader,
    restore_session,
    session_versions,
    unname_reader,
    writes_sessions_in,
)
from initiatives.services.teams import (
    add_team_member,
    admit_again,
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
    "EffectiveAccess",
    "MemberAccess",
    "Reader",
    "SecondPersons",
    "VisibilityPreview",
    "WhoCanSee",
    "add_team_member",
    "admit_again",
    "admit_lead",
    "adopt_ground_rules",
    "areas_of",
    "ask_emergency",
    "ask_purge",
    "begins_at",
    "briefs_with",
    "bring_back_brief",
    "bring_back_session",
    "cancel_purge",
    "change_status",
    "change_team_member",
    "change_visibility",
    "confirm_declaration",
    "confirm_emergency",
    "confirm_purge",
    "create_conflict",
    "create_deadline",
    "create_party",
    "create_track",
    "declare_for_circle",
    "delete_session",
    "discard_draft",
    "draft_in",
    "edit_brief",
    "edit_conflict",
    "edit_deadline",
    "edit_initiative",
    "edit_party",
    "edit_session",
    "edit_track",
    "effective_access",
    "end_mandate",
    "end_membership",
    "entitle",
    "extend_access",
    "find",
    "find_records",
    "grant_mandate",
    "hand_over_to_successors",
    "keep_draft",
    "leads_to_admit",
    "log_session",
    "move_session",
    "name_reader",
    "name_successor",
    "open_initiative",
    "open_request",
    "preview_visibility",
    "purge_drafts",
    "purge_due",
    "purge_now",
    "record_assent",
    "record_phase",
    "remove_team_member",
    "restore_session",
    "second_persons",
    "session_versions",
    "titles_of",
    "unname_reader",
    "waiting_for",
    "what_would_go",
    "who_can_see",
    "with_cards",
    "withdraw_assent",
    "withdraw_declaration",
    "withdraw_emergency",
    "writes_sessions_in",
]

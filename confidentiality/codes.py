"""Codes of the confidentiality policy, stored and sent as they stand.

The words are those of docs/glossary.md. They carry no logic: what a code allows is in policy.py.
"""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class TeamRole(TextChoices):
    """What a member of an initiative's team may do; the table is policy.TEAM."""

    LEAD = "lead", _("Lead")
    FACILITATOR = "facilitator", _("Facilitator")
    RAPPORTEUR = "rapporteur", _("Rapporteur")
    OBSERVER = "observer", _("Observer")


class Visibility(TextChoices):
    """Who may read an initiative's card, beyond its team. Never who may read its content."""

    TEAM = "team", _("Your team only")
    PARTNERS = "partners", _("Partners named on the card")
    CIRCLE = "circle", _("Circle of the conflict")
    NETWORK = "network", _("Whole network")


class Relation(TextChoices):
    """How a user stands to an initiative. A user may stand in several relations at once.

    `recorder` is an active member of the organisation that registered a card of the public record
    (a card without a team); it exists so that such cards can be corrected by somebody.
    """

    TEAM = "team", _("Team")
    RECORDER = "recorder", _("Recorder")
    HOUSE = "house", _("Convening organisation")
    PARTNER = "partner", _("Partner")
    CIRCLE = "circle", _("Circle")
    NETWORK = "network", _("Network")
    COORDINATOR = "coordinator", _("Coordinator")
    STEWARD = "steward", _("Steward")
    STRANGER = "stranger", _("Stranger")
    ANONYMOUS = "anonymous", _("Anonymous")


class Action(TextChoices):
    """Everything a service can be asked to do. policy.require answers yes, no, or "what initiative?"."""

    READ_CARD = "read_card"
    EDIT_CARD = "edit_card"
    CHANGE_VISIBILITY = "change_visibility"
    READ_TEAM = "read_team"
    MANAGE_TEAM = "manage_team"
    OPEN_INITIATIVE = "open_initiative"
    IMPORT_INITIATIVES = "import_initiatives"
    EDIT_REFERENCE = "edit_reference"
    READ_REFERENCE = "read_reference"
    DECLARE_CIRCLE = "declare_circle"
    CONFIRM_CIRCLE = "confirm_circle"
    ASSESS_FLAG = "assess_flag"
    READ_LINK = "read_link"
    ARRANGE_COORDINATION = "arrange_coordination"
    READ_BRIEF = "read_brief"
    EDIT_BRIEF = "edit_brief"
    READ_SESSIONS = "read_sessions"
    EDIT_SESSIONS = "edit_sessions"
    MOVE_SESSION = "move_session"
    END_TEXTS = "end_texts"
    READ_PEOPLE = "read_people"
    EDIT_PEOPLE = "edit_people"
    OPEN_IDENTITY = "open_identity"
    EDIT_IDENTITY = "edit_identity"
    READ_LINKS = "read_links"
    EDIT_LINKS = "edit_links"
    READ_OUTCOMES = "read_outcomes"
    EDIT_OUTCOMES = "edit_outcomes"
    READ_TRANSFERS = "read_transfers"
    EDIT_TRANSFERS = "edit_transfers"
    READ_RECEIVED = "read_received"
    ACKNOWLEDGE_TRANSFER = "acknowledge_transfer"
    READ_AUDIT = "read_audit"
    EDIT_DRAFT = "edit_draft"
    READ_PURGE = "read_purge"
    HOLD_RETENTION = "hold_retention"
    ASK_PURGE = "ask_purge"
    CONFIRM_PURGE = "confirm_purge"
    CANCEL_PURGE = "cancel_purge"
    TAKE_OUT = "take_out"
    READ_ORGANISATION = "read_organisation"
    EDIT_ORGANISATION = "edit_organisation"
    VET_ORGANISATION = "vet_organisation"
    MANAGE_MEMBERS = "manage_members"
    MANAGE_ACCOUNTS = "manage_accounts"
    ASK_EMERGENCY = "ask_emergency"
    CONFIRM_EMERGENCY = "confirm_emergency"
    WITHDRAW_EMERGENCY = "withdraw_emergency"
    GRANT_MANDATE = "grant_mandate"
    EDIT_ACCOUNT = "edit_account"


class AuditAction(TextChoices):
    """What an event of the audit says was done. `refused` is in a team's own chain, `deny` in the site's."""

    OPEN = "open", _("Opened")
    SEARCH = "search", _("Found by a search")
    EXPORT = "export", _("Taken out in a file")
    WRITE = "write", _("Changed")
    DENY = "deny", _("Asked for in vain")
    REFUSED = "refused", _("Refused")
    PURGE = "purge", _("Purged")


class ExportReason(TextChoices):
    """For what a list is taken out in a file, as whoever does it says; a code, since the ledger holds no words."""

    TEAM = "team", _("For the team's own work")
    REPORT = "report", _("To report to a funder or a board")
    PARTNER = "partner", _("For a partner or an official")
    COPY = "copy", _("A copy to keep")
    HAND_OVER = "hand_over", _("To hand over to the convening organisation")
    OTHER = "other", _("Something else")


class KeptBy(TextChoices):
    """What keeps a row or a part of it out of a file, where it is not the rule of its session."""

    EMBARGO = "embargo", _("the embargo of the session")
    PERMISSION = "permission", _("the group did not agree that it travels, or not yet")
    PEOPLE = "people", _("who it was: only of a session on the record does a file say so")
    LINK = "link", _("by whose tie it went: no file says so")
    DELETED = "deleted", _("it was deleted")


class Rule(TextChoices):
    """What may be done with what was said in a session; the effects are in policy.py."""

    ON_RECORD = "on_record", _("On the record")
    CHATHAM_HOUSE = "chatham_house", _("Chatham House rule")
    NON_ATTRIBUTED_SUMMARY = "non_attributed_summary", _("Non-attributed summary")
    AGREED_TEXT_ONLY = "agreed_text_only", _("Agreed text only")
    NO_NOTES = "no_notes", _("No notes")
    PARTICIPANTS_ONLY = "participants_only", _("Participants only")


class Audience(TextChoices):
    """Who on the team reads a session. `named`: observers only where they are listed."""

    TEAM = "team", _("The whole team")
    NAMED = "named", _("Observers only where named")


class Access(TextChoices):
    """What a team role may do in one area of an initiative."""

    NONE = "none"
    READ = "read"
    WRITE = "write"


class CardView(TextChoices):
    """How much of a card a reader gets.

    `in_flag`: the matching card alone (codename, conflict, type, dates, parties, themes), and only
    inside a flag that the reader may open. It is not a reading of the card.
    """

    NONE = "none"
    IN_FLAG = "in_flag"
    FULL = "full"

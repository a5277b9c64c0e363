"""Vocabularies of accounts."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class MembershipRole(TextChoices):
    OWNER = "owner", _("Owner")
    REGISTRAR = "registrar", _("Registrar")
    MEMBER = "member", _("Member")


class OrganisationKind(TextChoices):
    """What an organisation is."""

    NGO = "ngo", _("Non-governmental organisation")
    UNIVERSITY = "university", _("University or research institute")
    FAITH = "faith", _("Religious body")
    FOUNDATION = "foundation", _("Foundation")
    STATE = "state", _("State")
    INTERGOVERNMENTAL = "intergovernmental", _("Intergovernmental organisation")
    OTHER = "other", _("Other")
    UNKNOWN = "unknown", _("Not known")


class LinkPurpose(TextChoices):
    """What a link that is sent lets its reader do, once."""

    JOIN = "join", _("Join an organisation")
    RECOVER = "recover", _("Set up an account anew")
    ADDRESS = "address", _("Take on an address")


class TokenScope(TextChoices):
    """What a token may do; write includes read. `calendar` opens one's calendar as a file, and nothing of the API."""

    READ = "read", _("Read")
    WRITE = "write", _("Read and write")
    CALENDAR = "calendar", _("Dates for a calendar, and nothing else")


class FeedWording(TextChoices):
    """What a calendar on a phone says of a session."""

    BUSY = "busy", _("Busy, and nothing else")
    CODENAME = "codename", _("Codename and format")


class RecordKind(TextChoices):
    """What a token is for, in the areas of the table of roles (confidentiality/policy.py). Reference is of none."""

    CARD = "card", _("Cards and declarations")
    TEAM = "team", _("Teams, until when it is kept, and purging")
    BRIEF = "brief", _("Briefs and ground rules")
    SESSIONS = "sessions", _("Sessions")
    PEOPLE = "people", _("People, by pseudonym")
    IDENTITY = "identity", _("Who people are")
    LINKS = "links", _("Ties to officials")
    OUTCOMES = "outcomes", _("Outcomes")
    TRANSFERS = "transfers", _("Transfers and what became of them")
    COORDINATION = "coordination", _("Overlaps and arrangements")
    AUDIT = "audit", _("Who looked")


class Theme(TextChoices):
    """How the pages are lit; auto follows the device."""

    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")


LANGUAGES = [("en", "English"), ("fr", "Français"), ("ar", "العربية")]

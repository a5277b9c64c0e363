"""Vocabularies of initiatives and their conflicts: codes stored and sent as they stand."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class TrackType(TextChoices):
    """How official a dialogue is. t1_5_cc: an unofficial intermediary between official representatives,
    as The Carter Center uses the term. backchannel is a marker only, never content. Schools disagree: see
    DefinitionSchool.
    """

    T1_5 = "t1_5", _("Track 1.5")
    T1_5_CC = "t1_5_cc", _("Track 1.5 (Carter Center usage)")
    T2_HARD = "t2_hard", _("Track Two, hard")
    T2_SOFT = "t2_soft", _("Track Two, soft")
    T2_INTRA = "t2_intra", _("Track Two, within one side")
    T3 = "t3", _("Track Three")
    BACKCHANNEL = "backchannel", _("Back channel")


class DefinitionSchool(TextChoices):
    """Whose definition of the tracks the convener follows."""

    UN_DPPA = "un_dppa", _("UN DPPA")
    JONES = "jones", _("Jones")
    MAPENDERE = "mapendere", _("Mapendere")
    MONTVILLE = "montville", _("Montville")
    OWN = "own", _("Own definition")


class Modality(TextChoices):
    """What the dialogue mainly does."""

    PROBLEM_SOLVING_WORKSHOP = "problem_solving_workshop", _("Problem solving workshop")
    SUSTAINED_DIALOGUE = "sustained_dialogue", _("Sustained dialogue")
    EXPERT_WORKING_GROUP = "expert_working_group", _("Expert working group")
    SHUTTLE_CONTACT = "shuttle_contact", _("Shuttle contact")
    BILATERAL_MEETING = "bilateral_meeting", _("Bilateral meeting")
    CONFERENCE = "conference", _("Conference")
    TRAINING_WITH_DIALOGUE = "training_with_dialogue", _("Training with dialogue")
    NATIONAL_DIALOGUE = "national_dialogue", _("National dialogue")
    CONSULTATION = "consultation", _("Consultation")
    COMMISSION = "commission", _("Commission")
    SIMULATION = "simulation", _("Simulation")
    DRAFTING_GROUP = "drafting_group", _("Drafting group")
    ONLINE_SESSION = "online_session", _("Online session")
    STUDY_VISIT = "study_visit", _("Study visit")
    OTHER = "other", _("Other")
    UNKNOWN = "unknown", _("Unknown")


class InitiativeStatus(TextChoices):
    """Where an initiative stands in its life."""

    IDEA = "idea", _("Idea")
    ASSESSING = "assessing", _("Assessing")
    SEEKING_CONSENT = "seeking_consent", _("Seeking consent")
    ACTIVE = "active", _("Active")
    PAUSED = "paused", _("Paused")
    HANDED_OVER = "handed_over", _("Handed over")
    MERGED = "merged", _("Merged")
    GRADUATED_TO_T1 = "graduated_to_t1", _("Graduated to Track One")
    CLOSED = "closed", _("Closed")
    ARCHIVED = "archived", _("Archived")


class TimingBasis(TextChoices):
    """Why now."""

    RIPE_MOMENT = "ripe_moment", _("Ripe moment")
    READINESS = "readiness", _("Readiness of the parties")
    ALONGSIDE_T1 = "alongside_t1", _("Alongside Track One")
    AT_ROADBLOCK = "at_roadblock", _("At a roadblock of Track One")
    AFTER_BREAKDOWN = "after_breakdown", _("After a breakdown of Track One")
    OTHER = "other", _("Other")
    UNKNOWN = "unknown", _("Not known")


class OfficialRelation(TextChoices):
    """What Track One knows of an initiative and has said to it."""

    UNAWARE = "unaware", _("Unaware")
    INFORMED = "informed", _("Informed")
    CONSULTED = "consulted", _("Consulted")
    REQUESTED = "requested", _("Requested")
    EMBEDDED = "embedded", _("Embedded")
    UNKNOWN = "unknown", _("Not known")


class Phase(TextChoices):
    """Phase of an official track."""

    NONE = "none", _("No talks")
    COVERT_CONTACTS = "covert_contacts", _("Covert contacts")
    PRENEGOTIATION = "prenegotiation", _("Pre-negotiation")
    NEGOTIATION = "negotiation", _("Negotiation")
    STALLED = "stalled", _("Stalled")
    AGREEMENT = "agreement", _("Agreement")
    IMPLEMENTATION = "implementation", _("Implementation")
    COLLAPSED = "collapsed", _("Collapsed")


class Theme(TextChoices):
    """What a dialogue is about."""

    STATUS_SOVEREIGNTY = "status_sovereignty", _("Status and sovereignty")
    RECOGNITION = "recognition", _("Recognition")
    BORDERS_TERRITORY = "borders_territory", _("Borders and territory")
    SECURITY_ARRANGEMENTS = "security_arrangements", _("Security arrangements")
    CEASEFIRE = "ceasefire", _("Ceasefire")
    DDR_SECURITY_REFORM = "ddr_security_reform", _("Disarmament and security reform")
    CONSTITUTIONAL_DESIGN = "constitutional_design", _("Constitutional design")
    POWER_SHARING = "power_sharing", _("Power sharing")
    POWER_TRANSITION = "power_transition", _("Transition of power")
    ELECTIONS = "elections", _("Elections")
    REFUGEES_RETURN = "refugees_return", _("Refugees and return")
    PRISONERS_MISSING = "prisoners_missing", _("Prisoners and missing persons")
    HUMANITARIAN_ACCESS = "humanitarian_access", _("Humanitarian access")
    HUMAN_RIGHTS = "human_rights", _("Human rights")
    JUSTICE_RECONCILIATION = "justice_reconciliation", _("Justice and reconciliation")
    RELIGION_HOLY_SITES = "religion_holy_sites", _("Religion and holy sites")
    LANGUAGE_IDENTITY = "language_identity", _("Language and identity")
    EDUCATION_HISTORY = "education_history", _("Education and history")
    MEDIA_NARRATIVES = "media_narratives", _("Media and narratives")
    PUBLIC_OPINION = "public_opinion", _("Public opinion")
    NATURAL_RESOURCES_WATER = "natural_resources_water", _("Natural resources and water")
    LAND_GRAZING = "land_grazing", _("Land and grazing")
    TRADE_ECONOMY = "trade_economy", _("Trade and economy")
    CROSS_BORDER_MOVEMENT = "cross_border_movement", _("Cross-border movement")
    CONFIDENCE_BUILDING = "confidence_building", _("Confidence building")
    NUCLEAR_RISK = "nuclear_risk", _("Nuclear risk")
    INCLUSION_WOMEN_YOUTH = "inclusion_women_youth", _("Inclusion of women and youth")
    THIRD_PARTY_GUARANTEES = "third_party_guarantees", _("Third-party guarantees")
    IMPLEMENTATION_MONITORING = "implementation_monitoring", _("Implementation and monitoring")
    OTHER = "other", _("Other")


class PartyKind(TextChoices):
    """What a side is."""

    STATE = "state", _("State or government")
    ARMED_GROUP = "armed_group", _("Armed group")
    POLITICAL_MOVEMENT = "political_movement", _("Political movement")
    COMMUNITY = "community", _("Community")
    CIVIL_SOCIETY = "civil_society", _("Civil society")
    OTHER = "other", _("Other")
    UNKNOWN = "unknown", _("Not known")


class Openness(TextChoices):
    """How far the political system of a party lets unofficial actors act."""

    CLOSED = "closed", _("Closed")
    NARROW = "narrow", _("Narrow")
    MIXED = "mixed", _("Mixed")
    OPEN = "open", _("Open")
    UNKNOWN = "unknown", _("Not known")


class DeadlineKind(TextChoices):
    """What presses from outside."""

    MILITARY_OPTION = "military_option", _("Military option authorised")
    ELECTION = "election", _("Election")
    MANDATE_EXPIRY = "mandate_expiry", _("Mandate expires")
    AGREEMENT_LAPSES = "agreement_lapses", _("Agreement lapses")
    SUMMIT = "summit", _("Summit")
    OTHER = "other", _("Other")


class OrganisationRole(TextChoices):
    """What an organisation is to an initiative. Partners may read a card of visibility partners or wider."""

    CONVENER = "convener", _("Convener")
    CO_CONVENER = "co_convener", _("Co-convener")
    FUNDER = "funder", _("Funder")
    HOST = "host", _("Host")
    PARTNER = "partner", _("Partner")


class Matching(TextChoices):
    """Whether an initiative is compared with others. A required choice without default."""

    ON = "on", _("Compare with other initiatives")
    OFF = "off", _("Never compare")


class Confidence(TextChoices):
    """How sure a row of the public record is."""

    HIGH = "high", _("High")
    MEDIUM = "medium", _("Medium")
    LOW = "low", _("Low")


class DraftPlace(TextChoices):
    """Which form a draft was typed into."""

    BRIEF = "brief", _("Brief")
    GROUND_RULES = "ground_rules", _("Ground rules")
    OPEN_INITIATIVE = "open_initiative", _("Opening an initiative")
    SESSION = "session", _("Session")
    PERSON = "person", _("Person")
    OFFICIAL_LINK = "official_link", _("Official link")
    OUTCOME = "outcome", _("Outcome")
    TRANSFER = "transfer", _("Transfer")
    EDIT_SESSION = "edit_session", _("Session, corrected")
    SESSION_DETAILS = "session_details", _("Details of a session")
    EDIT_OUTCOME = "edit_outcome", _("Outcome, corrected")
    EDIT_TRANSFER = "edit_transfer", _("Transfer, corrected")


class SessionStatus(TextChoices):
    """Whether a session took place."""

    PLANNED = "planned", _("Planned")
    HELD = "held", _("Held")
    POSTPONED = "postponed", _("Postponed")
    CANCELLED = "cancelled", _("Cancelled")


class SessionFormat(TextChoices):
    """In what form people met."""

    PLENARY = "plenary", _("Plenary")
    WORKING_GROUP = "working_group", _("Working group")
    WORKSHOP = "workshop", _("Workshop")
    SHUTTLE = "shuttle", _("Shuttle")
    BILATERAL = "bilateral", _("Bilateral")
    ONLINE = "online", _("Online")
    RECEPTION = "reception", _("Reception")
    SITE_VISIT = "site_visit", _("Site visit")
    OTHER = "other", _("Other")
    UNKNOWN = "unknown", _("Not known")


class PurgeReason(TextChoices):
    """Why an initiative is purged. A code and no text: it outlives everything that it could tell of."""

    RETENTION_ENDED = "retention_ended", _("The time for which it was to be kept is over")
    RISK_TO_PARTICIPANTS = "risk_to_participants", _("It puts participants at risk")
    ASKED_BY_PARTICIPANTS = "asked_by_participants", _("Participants asked for it")
    ASKED_BY_CONVENER = "asked_by_convener", _("The convener asked for it")
    ENTERED_IN_ERROR = "entered_in_error", _("It was entered in error")
    LEGAL_ORDER = "legal_order", _("A court or an authority ordered it")
    OTHER = "other", _("Another reason")


class EmergencyReason(TextChoices):
    """Why owners open an initiative whose team they are not on. A code, and no text about what may not be theirs."""

    TEAM_UNREACHABLE = "team_unreachable", _("Nobody on the team can be reached")
    LEAD_GONE = "lead_gone", _("Nobody leads the team any more")
    SAFETY = "safety", _("Somebody's safety depends on it")
    LEGAL_ORDER = "legal_order", _("A court or an authority ordered it")
    OTHER = "other", _("Another reason")


class PurgeState(TextChoices):
    """How far a purge is. Until `confirmed` it is a request, from `running` on a tombstone."""

    ASKED = "asked", _("Waits for a second person")
    CONFIRMED = "confirmed", _("Confirmed")
    CANCELLED = "cancelled", _("Cancelled")
    RUNNING = "running", _("Being purged")
    DONE = "done", _("Purged")


class Precision(TextChoices):
    """How exactly a date is known. A date is stored as the first day of its period."""

    DAY = "day", _("Day")
    MONTH = "month", _("Month")
    QUARTER = "quarter", _("Quarter")
    YEAR = "year", _("Year")


RUNNING = frozenset(
    {
        InitiativeStatus.IDEA,
        InitiativeStatus.ASSESSING,
        InitiativeStatus.SEEKING_CONSENT,
        InitiativeStatus.ACTIVE,
        InitiativeStatus.PAUSED,
    }
)

# What cannot wait until tomorrow: see docs/decisions.
AT_ONCE = frozenset({PurgeReason.RISK_TO_PARTICIPANTS})

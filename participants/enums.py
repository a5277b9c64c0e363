"""Vocabularies of participants, official bodies and the ties between them: codes stored and sent as they stand."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Background(TextChoices):
    """Where a participant comes from, in a word."""

    SCHOLAR = "scholar", _("Scholar")
    FORMER_OFFICIAL = "former_official", _("Former official")
    SERVING_OFFICIAL = "serving_official", _("Serving official")
    POLITICIAN = "politician", _("Politician")
    MILITARY = "military", _("Military")
    RELIGIOUS = "religious", _("Religious")
    BUSINESS = "business", _("Business")
    MEDIA = "media", _("Media")
    LAWYER = "lawyer", _("Lawyer")
    CIVIL_SOCIETY = "civil_society", _("Civil society")
    COMMUNITY = "community", _("Community leader")
    YOUTH = "youth", _("Youth")
    DIASPORA = "diaspora", _("Diaspora")
    EXPERT = "expert", _("Technical expert")
    OTHER = "other", _("Other")
    UNKNOWN = "unknown", _("Not known")


class RoomRole(TextChoices):
    """What somebody is in the room. Not a role on the team."""

    PARTICIPANT = "participant", _("Participant")
    LEAD_FACILITATOR = "lead_facilitator", _("Lead facilitator")
    CO_FACILITATOR = "co_facilitator", _("Co-facilitator")
    THIRD_PARTY_PANEL = "third_party_panel", _("Third party panel")
    INSIDER_MEDIATOR = "insider_mediator", _("Insider mediator")
    RESOURCE_EXPERT = "resource_expert", _("Resource expert")
    OFFICIAL_OBSERVER = "official_observer", _("Official observer")
    NOTE_TAKER = "note_taker", _("Note taker")
    INTERPRETER = "interpreter", _("Interpreter")
    HOST = "host", _("Host")


class Capacity(TextChoices):
    """In what capacity somebody takes part."""

    PERSONAL = "personal", _("Personal")
    ADVISORY = "advisory", _("Advisory")
    INSTRUCTED = "instructed", _("Instructed")
    OFFICIAL = "official", _("Official")
    UNKNOWN = "unknown", _("Not known")


class ParticipationStatus(TextChoices):
    """How far an invitation has come."""

    CONSIDERED = "considered", _("Considered")
    INVITED = "invited", _("Invited")
    ACCEPTED = "accepted", _("Accepted")
    ATTENDED = "attended", _("Attended")
    DECLINED = "declined", _("Declined")
    WITHDREW = "withdrew", _("Withdrew")
    BLOCKED = "blocked", _("Blocked")


# Of a participation: whoever is out of it is invited to nothing, and reaches nobody for this initiative.
OUT = frozenset({ParticipationStatus.DECLINED, ParticipationStatus.WITHDREW, ParticipationStatus.BLOCKED})


class Consent(TextChoices):
    """What a participant has agreed to."""

    TO_BE_RECORDED = "to_be_recorded", _("To be on record here")
    TO_BE_CONTACTED = "to_be_contacted", _("To be contacted between sessions")
    TO_CARRY = "to_carry", _("To carry outcomes to officials")
    TO_BE_NAMED_TO_OFFICIALS = "to_be_named_to_officials", _("To be named to officials")


class Criterion(TextChoices):
    """What a participant is weighed by; the last two speak against inviting somebody, for their own safety."""

    SUBSTANTIVE_COMPETENCE = "substantive_competence", _("Substantive competence")
    POLITICAL_KNOWLEDGE = "political_knowledge", _("Political knowledge")
    TECHNICAL_KNOWLEDGE = "technical_knowledge", _("Technical knowledge")
    CREATIVITY_FLEXIBILITY = "creativity_flexibility", _("Creativity and flexibility")
    INFLUENCE_IN_CONSTITUENCY = "influence_in_constituency", _("Influence in the constituency")
    CREDIBILITY_WITH_OTHER_SIDE = "credibility_with_other_side", _("Credibility with the other side")
    OPENNESS_TO_LEARNING = "openness_to_learning", _("Openness to learning")
    ANALYTICAL_ABILITY = "analytical_ability", _("Analytical ability")
    DISCRETION_RECORD = "discretion_record", _("Record of discretion")
    REPRESENTATIVENESS = "representativeness", _("Representativeness")
    WILLINGNESS_TO_RISK = "willingness_to_risk", _("Willingness to take risks")
    LANGUAGE = "language", _("Language")
    AVAILABILITY = "availability", _("Availability")
    SECURITY_EXPOSURE = "security_exposure", _("Security exposure")
    LEGAL_EXPOSURE = "legal_exposure", _("Legal exposure")


# What speaks against somebody, and says of what to be afraid.
EXPOSURE = frozenset({Criterion.SECURITY_EXPOSURE, Criterion.LEGAL_EXPOSURE})


COMPETENCE = (
    Criterion.SUBSTANTIVE_COMPETENCE,
    Criterion.POLITICAL_KNOWLEDGE,
    Criterion.TECHNICAL_KNOWLEDGE,
    Criterion.CREATIVITY_FLEXIBILITY,
)


class LinkType(TextChoices):
    """What ties a person to an official body."""

    SERVING_OFFICIAL = "serving_official", _("Serving official")
    FORMER_OFFICIAL = "former_official", _("Former official")
    CURRENT_ADVISER = "current_adviser", _("Current adviser")
    PARTY_COLLEAGUE = "party_colleague", _("Party colleague")
    KINSHIP = "kinship", _("Kinship")
    MILITARY_COMRADE = "military_comrade", _("Military comrade")
    CLAN_OR_TRIBAL = "clan_or_tribal", _("Clan or tribe")
    RELIGIOUS = "religious", _("Religious")
    BUSINESS = "business", _("Business")
    ACADEMIC = "academic", _("Academic")
    MEDIA = "media", _("Media")
    DIASPORA = "diaspora", _("Diaspora")
    FRIENDSHIP = "friendship", _("Friendship")
    OTHER = "other", _("Other")
    UNKNOWN = "unknown", _("Not known")


class LinkAccess(TextChoices):
    """How somebody comes through to the body."""

    CAN_CALL = "can_call", _("Can call")
    CAN_MEET = "can_meet", _("Can meet")
    VIA_GATEKEEPER = "via_gatekeeper", _("Through a gatekeeper")
    FORMAL_ONLY = "formal_only", _("Formally only")
    UNKNOWN = "unknown", _("Not known")


class Authorised(TextChoices):
    """What the body knows and thinks of the tie being used."""

    KNOWS = "knows", _("Knows")
    ENCOURAGED = "encouraged", _("Encouraged it")
    UNAWARE = "unaware", _("Is unaware")
    FORBIDDEN = "forbidden", _("Has forbidden it")
    UNKNOWN = "unknown", _("Not known")


class TrackPart(TextChoices):
    """The part of an official body in an official track."""

    NEGOTIATES = "negotiates", _("Negotiates")
    ADVISES = "advises", _("Advises")
    DECIDES = "decides", _("Decides")
    BLOCKS = "blocks", _("Blocks")
    OTHER = "other", _("Other")
    UNKNOWN = "unknown", _("Not known")


class Quadrant(TextChoices):
    """Competence against access; never a judgement of a person (see analysis.py)."""

    BRIDGE = "bridge", _("Bridge")
    EXPERT_UNLINKED = "expert_unlinked", _("Expert without a link")
    CONNECTOR_UNVERSED = "connector_unversed", _("Linked, less versed")
    NEITHER = "neither", _("Neither yet")

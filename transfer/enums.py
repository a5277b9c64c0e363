"""Vocabularies of outcomes, their transfer and their uptake: codes stored and sent as they stand."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class OutcomeKind(TextChoices):
    """Whether something changed in people or was made by the group."""

    INDIVIDUAL = "individual", _("Individual")
    COLLECTIVE = "collective", _("Collective")


class ContentKind(TextChoices):
    """What the outcome is."""

    ATTITUDE_CHANGE = "attitude_change", _("Change of attitude")
    PERCEPTION_CHANGE = "perception_change", _("Change of perception")
    EMPATHY_RECOGNITION = "empathy_recognition", _("Empathy, recognition")
    TRUST_RELATIONSHIP = "trust_relationship", _("Trust, relationship")
    SKILL_KNOWLEDGE = "skill_knowledge", _("Skill, knowledge")
    NETWORK_TIE = "network_tie", _("Tie in a network")
    WILLINGNESS_TO_TALK = "willingness_to_talk", _("Willingness to talk")
    JOINT_ANALYSIS = "joint_analysis", _("Joint analysis")
    FRAMEWORK = "framework", _("Framework")
    RESOLUTION_PRINCIPLES = "resolution_principles", _("Principles of a resolution")
    OPTION_OR_PROPOSAL = "option_or_proposal", _("Option or proposal")
    TEXT_DRAFT = "text_draft", _("Draft of a text")
    AGREED_FACTS = "agreed_facts", _("Agreed facts")
    PROCESS_DESIGN = "process_design", _("Design of a process")
    CONFIDENCE_BUILDING_MEASURE = "confidence_building_measure", _("Confidence building measure")
    ROADMAP = "roadmap", _("Roadmap")
    JOINT_STATEMENT = "joint_statement", _("Joint statement")
    REFRAMED_ISSUE = "reframed_issue", _("Reframed issue")
    OTHER = "other", _("Other")


INDIVIDUAL_KINDS = frozenset(
    {
        ContentKind.ATTITUDE_CHANGE,
        ContentKind.PERCEPTION_CHANGE,
        ContentKind.EMPATHY_RECOGNITION,
        ContentKind.TRUST_RELATIONSHIP,
        ContentKind.SKILL_KNOWLEDGE,
        ContentKind.NETWORK_TIE,
        ContentKind.WILLINGNESS_TO_TALK,
        ContentKind.OTHER,
    }
)
COLLECTIVE_KINDS = (frozenset(ContentKind) - INDIVIDUAL_KINDS) | {ContentKind.OTHER}


class Contribution(TextChoices):
    """What an outcome contributes to."""

    PROCESS = "process", _("Process")
    OUTCOME = "outcome", _("Outcome")
    BOTH = "both", _("Both")
    UNKNOWN = "unknown", _("Not known")


class TravelPermission(TextChoices):
    """How far the group agreed that an outcome may travel."""

    NONE = "none", _("Stays in the room")
    TEAM = "team", _("Team only")
    OFFICIALS = "officials", _("Officials")
    PUBLIC = "public", _("Public")


# Under "agreed text only" an outcome is agreed when so many sides stand behind it.
SIDES_THAT_AGREE = 2
# An outcome with one of these may be told to somebody outside.
LEAVES_THE_TEAM = frozenset({TravelPermission.OFFICIALS, TravelPermission.PUBLIC})


class ObservedBy(TextChoices):
    """Who noticed a change in somebody."""

    SELF = "self", _("The participant")
    OTHER_PARTICIPANT = "other_participant", _("Another participant")
    FACILITATOR = "facilitator", _("A facilitator")
    THIRD_PARTY = "third_party", _("Somebody outside")
    UNKNOWN = "unknown", _("Not known")


class TransferStatus(TextChoices):
    """Whether an outcome was carried."""

    PLANNED = "planned", _("Planned")
    DONE = "done", _("Done")
    ABANDONED = "abandoned", _("Abandoned")


class Direction(TextChoices):
    """Which way it was carried."""

    UPWARD = "upward", _("Upward")
    DOWNWARD = "downward", _("Downward")
    LATERAL = "lateral", _("Lateral")
    OUTWARD = "outward", _("Outward")
    INWARD = "inward", _("Inward")


# Down to participants, across to other dialogues and into the room nothing reaches an office.
TO_OFFICES = frozenset({Direction.UPWARD, Direction.OUTWARD})


class Agent(TextChoices):
    """Who carried it."""

    PARTICIPANT = "participant", _("A participant")
    FACILITATOR = "facilitator", _("A facilitator")
    CONVENER_ORG = "convener_org", _("The convening organisation")
    PARTICIPANTS_JOINTLY = "participants_jointly", _("Participants jointly")
    INSIDER_MEDIATOR = "insider_mediator", _("An insider mediator")
    OFFICIAL_OBSERVER = "official_observer", _("An official observer")
    THIRD_PARTY_STATE = "third_party_state", _("A third state")
    DOCUMENT_ONLY = "document_only", _("A document alone")


class Channel(TextChoices):
    """On which way it was carried."""

    PARTICIPANT_BECOMES_NEGOTIATOR = "participant_becomes_negotiator", _("Participant becomes negotiator")
    PARTICIPANT_ADVISES_NEGOTIATOR = "participant_advises_negotiator", _("Participant advises negotiator")
    ORAL_BRIEFING_ONE_SIDE = "oral_briefing_one_side", _("Oral briefing of one side")
    JOINT_BRIEFING_BOTH_SIDES = "joint_briefing_both_sides", _("Joint briefing of both sides")
    PRIVATE_MEMO = "private_memo", _("Private memo")
    NON_PAPER = "non_paper", _("Non-paper")
    JOINT_PAPER = "joint_paper", _("Joint paper")
    FACILITATOR_SHUTTLE = "facilitator_shuttle", _("Facilitator's shuttle")
    BRIEFING_TO_LEAD_MEDIATOR = "briefing_to_lead_mediator", _("Briefing of the lead mediator")
    BRIEFING_TO_FRIENDS_GROUP = "briefing_to_friends_group", _("Briefing of a group of friends")
    EMBASSY_BRIEFING = "embassy_briefing", _("Briefing of an embassy")
    OFFICIAL_OBSERVER_IN_ROOM = "official_observer_in_room", _("Official observer in the room")
    PARLIAMENT_OR_PARTY_CAUCUS = "parliament_or_party_caucus", _("Parliament or party caucus")
    RELIGIOUS_OR_TRIBAL_CHANNEL = "religious_or_tribal_channel", _("Religious or tribal channel")
    SECURITY_CHANNEL = "security_channel", _("Security channel")
    MEDIA_OPED = "media_oped", _("Opinion piece")
    PUBLICATION = "publication", _("Publication")
    PUBLIC_EVENT = "public_event", _("Public event")
    RE_ENTRY_TALK = "re_entry_talk", _("Re-entry talk")
    COMMISSIONED_BY_T1 = "commissioned_by_t1", _("Commissioned by Track One")
    TABLED_TEXT = "tabled_text", _("Tabled text")
    OTHER = "other", _("Other")
    UNKNOWN = "unknown", _("Not known")


# Whatever goes these ways can be read by everybody.
PUBLIC_CHANNELS = frozenset({Channel.MEDIA_OPED, Channel.PUBLICATION, Channel.PUBLIC_EVENT})


class Fidelity(TextChoices):
    """How near what arrived is to what was meant."""

    VERBATIM = "verbatim", _("Verbatim")
    FAITHFUL = "faithful", _("Faithful")
    PARTIAL = "partial", _("Partial")
    DISTORTED = "distorted", _("Distorted")
    UNKNOWN = "unknown", _("Not known")


class Uptake(TextChoices):
    """How far an official body took something up. The first ten are rungs of a ladder, in their order."""

    NOT_SENT = "not_sent", _("Not sent")
    SENT = "sent", _("Sent")
    RECEIVED_CONFIRMED = "received_confirmed", _("Receipt confirmed")
    ACKNOWLEDGED = "acknowledged", _("Acknowledged")
    DISCUSSED_INTERNALLY = "discussed_internally", _("Discussed internally")
    MORE_REQUESTED = "more_requested", _("More requested")
    USED_IN_POSITION = "used_in_position", _("Used in a position")
    TABLED_IN_T1 = "tabled_in_t1", _("Tabled in Track One")
    REFLECTED_IN_AGREED_TEXT = "reflected_in_agreed_text", _("Reflected in an agreed text")
    IMPLEMENTED = "implemented", _("Implemented")
    REJECTED = "rejected", _("Rejected")
    IGNORED = "ignored", _("Ignored")
    DISTORTED = "distorted", _("Distorted")
    LEAKED = "leaked", _("Leaked")
    OVERTAKEN = "overtaken", _("Overtaken")
    BLOCKED_BY_GATEKEEPER = "blocked_by_gatekeeper", _("Blocked by a gatekeeper")

    @property
    def rank(self) -> int | None:
        """The rung, 0 for not sent to 9 for implemented; None off the ladder."""
        return RANKS.get(self)


OFF_THE_LADDER = frozenset(
    {
        Uptake.REJECTED,
        Uptake.IGNORED,
        Uptake.DISTORTED,
        Uptake.LEAKED,
        Uptake.OVERTAKEN,
        Uptake.BLOCKED_BY_GATEKEEPER,
    }
)
LADDER = tuple(step for step in Uptake if step not in OFF_THE_LADDER)
RANKS: Mapping[Uptake, int] = {step: rank for rank, step in enumerate(LADDER)}


class Evidence(TextChoices):
    """On what a claim of uptake rests."""

    OFFICIAL_SAID = "official_said", _("An official said so")
    PARTICIPANT_SAID = "participant_said", _("A participant said so")
    FACILITATOR_OBSERVED = "facilitator_observed", _("A facilitator observed it")
    PUBLIC_TEXT_MATCH = "public_text_match", _("It matches a public text")
    THIRD_SOURCE = "third_source", _("A third source")
    UNKNOWN = "unknown", _("Not known")

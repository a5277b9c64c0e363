"""Vocabularies of coordination: codes stored and sent as they stand."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class OverlapKind(TextChoices):
    """In which way two initiatives may be in each other's way."""

    SAME_CONFLICT_SAME_GOAL = "same_conflict_same_goal", _("Same conflict same goal")
    SHARED_PEOPLE = "shared_people", _("Shared people")
    SHARED_OFFICIAL = "shared_official", _("Shared official")
    DATE_COLLISION = "date_collision", _("Date collision")
    CONTRADICTORY_MESSAGES = "contradictory_messages", _("Contradictory messages")
    DUPLICATE_RECORD = "duplicate_record", _("Duplicate record")


class Band(TextChoices):
    """How many points: watch 8 to 11, flag 12 and more."""

    WATCH = "watch", _("Watch")
    FLAG = "flag", _("Flag")


class FlagState(TextChoices):
    """Where a flag stands in its life."""

    NEW = "new", _("New")
    ASSESSED = "assessed", _("Assessed")
    INTRODUCTION_ASKED = "introduction_asked", _("Introduction asked")
    IN_CONTACT = "in_contact", _("In contact")
    COORDINATED = "coordinated", _("Coordinated")
    DISMISSED = "dismissed", _("Dismissed")
    EXPIRED = "expired", _("Expired")


class Assessment(TextChoices):
    """What a coordinator thinks of an overlap. Overlap is not a defect by itself."""

    HARMFUL = "harmful", _("Harmful")
    NEUTRAL = "neutral", _("Neutral")
    COMPLEMENTARY = "complementary", _("Complementary")
    DELIBERATE_REDUNDANCY = "deliberate_redundancy", _("Deliberate redundancy")
    NOT_AN_OVERLAP = "not_an_overlap", _("Not an overlap")


class Harm(TextChoices):
    """In which way an overlap does harm."""

    FORUM_SHOPPING = "forum_shopping", _("Forum shopping")
    MIXED_MESSAGES = "mixed_messages", _("Mixed messages")
    PARTICIPANT_FATIGUE = "participant_fatigue", _("Participant fatigue")
    DECISION_MAKER_BURDEN = "decision_maker_burden", _("Decision maker burden")
    FUNDING_COMPETITION = "funding_competition", _("Funding competition")
    MANDATE_CLASH = "mandate_clash", _("Mandate clash")
    UNDERMINES_T1 = "undermines_t1", _("Undermines Track One")
    LEAK_SURFACE = "leak_surface", _("Leak surface")
    DUPLICATION_COST = "duplication_cost", _("Duplication cost")
    SIDE_ASYMMETRY = "side_asymmetry", _("Side asymmetry")
    OTHER = "other", _("Other")


class Mechanism(TextChoices):
    """How two initiatives coordinate."""

    INFORMATION_SHARING = "information_sharing", _("Information sharing")
    JOINT_ANALYSIS = "joint_analysis", _("Joint analysis")
    SHARED_PLANNING = "shared_planning", _("Shared planning")
    SEQUENCING = "sequencing", _("Sequencing")
    DIVISION_OF_LABOUR = "division_of_labour", _("Division of labour")
    LEAD_AND_SUPPORT = "lead_and_support", _("Lead and support")
    NETWORK = "network", _("Network")
    CONTACT_GROUP = "contact_group", _("Contact group")
    SHARED_CALENDAR = "shared_calendar", _("Shared calendar")
    COMMON_MESSAGES = "common_messages", _("Common messages")
    PARTICIPANT_RELEASE = "participant_release", _("Participant release")
    OBSERVER_EXCHANGE = "observer_exchange", _("Observer exchange")
    HANDOVER = "handover", _("Handover")
    MERGE = "merge", _("Merge")
    PAUSE = "pause", _("Pause")
    AGREED_NON_COORDINATION = "agreed_non_coordination", _("Agreed non coordination")
    OTHER = "other", _("Other")


class Depth(TextChoices):
    """How far two initiatives coordinate."""

    AWARE = "aware", _("Aware")
    INFORM = "inform", _("Inform")
    COORDINATE = "coordinate", _("Coordinate")
    COOPERATE = "cooperate", _("Cooperate")
    INTEGRATE = "integrate", _("Integrate")


# Living organisations are not judged in public: on the public record only these are offered.
PUBLIC_RECORD_ASSESSMENTS = (Assessment.COMPLEMENTARY, Assessment.NEUTRAL, Assessment.NOT_AN_OVERLAP)

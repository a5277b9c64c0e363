"""Conflicts and their official side; initiatives, their teams and briefs, and who is named on them."""

from initiatives.models.brief import Brief, BriefRevision, GroundRules, GroundRulesAssent
from initiatives.models.conflict import Conflict, ConflictTree, Deadline, OfficialTrack, Party, TrackPhase
from initiatives.models.draft import Draft
from initiatives.models.emergency import EmergencyAccess
from initiatives.models.initiative import Initiative, InitiativeOrganisation, InitiativeParty
from initiatives.models.people import CircleDeclaration, CoordinatorMandate, TeamMember
from initiatives.models.purging import PurgeRequest, Tombstone
from initiatives.models.retention import Retention
from initiatives.models.session import Session, SessionReader, SessionRevision

__all__ = [
    "Brief",
    "BriefRevision",
    "CircleDeclaration",
    "Conflict",
    "ConflictTree",
    "CoordinatorMandate",
    "Deadline",
    "Draft",
    "EmergencyAccess",
    "GroundRules",
    "GroundRulesAssent",
    "Initiative",
    "InitiativeOrganisation",
    "InitiativeParty",
    "OfficialTrack",
    "Party",
    "PurgeRequest",
    "Retention",
    "Session",
    "SessionReader",
    "SessionRevision",
    "TeamMember",
    "Tombstone",
    "TrackPhase",
]

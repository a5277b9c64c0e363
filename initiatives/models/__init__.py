"""Conflicts and their official side; initiatives, their teams, and who is named on them."""

from initiatives.models.conflict import Conflict, ConflictTree, Deadline, OfficialTrack, Party, TrackPhase
from initiatives.models.initiative import Initiative, InitiativeOrganisation, InitiativeParty
from initiatives.models.people import CircleDeclaration, CoordinatorMandate, TeamMember

__all__ = [
    "CircleDeclaration",
    "Conflict",
    "ConflictTree",
    "CoordinatorMandate",
    "Deadline",
    "Initiative",
    "InitiativeOrganisation",
    "InitiativeParty",
    "OfficialTrack",
    "Party",
    "TeamMember",
    "TrackPhase",
]

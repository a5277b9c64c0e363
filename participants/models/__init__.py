"""Participants of initiatives, the official bodies that decide, and who can reach whom."""

from participants.models.bodies import BodyTrack, LiaisonMandate, OfficialBody
from participants.models.history import OfficialLinkRevision, ParticipationRevision, PersonRevision
from participants.models.links import OfficialLink
from participants.models.participation import Attendance, Participation, SelectionRating
from participants.models.person import Person, PersonIdentity

__all__ = [
    "Attendance",
    "BodyTrack",
    "LiaisonMandate",
    "OfficialBody",
    "OfficialLink",
    "OfficialLinkRevision",
    "Participation",
    "ParticipationRevision",
    "Person",
    "PersonIdentity",
    "PersonRevision",
    "SelectionRating",
]

"""Drawings of people: the quadrant of an initiative, and the network of people, initiatives and official bodies."""

from participants.drawings.network import BodyBar, Edge, InitiativeBox, PersonDot, network
from participants.drawings.quadrant import FIELDS, NARROW, WIDE, Dot, quadrant_chart

__all__ = [
    "FIELDS",
    "NARROW",
    "WIDE",
    "BodyBar",
    "Dot",
    "Edge",
    "InitiativeBox",
    "PersonDot",
    "network",
    "quadrant_chart",
]

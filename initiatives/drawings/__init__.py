"""Timelines as inline SVG."""

from confidentiality.words import isolated
from initiatives.drawings.sheet import Axis, Sheet, text_width, wrapped
from initiatives.drawings.ticks import Tick
from initiatives.drawings.timeline import Band, Bar, Mark, TrackRow, days_left, timeline

__all__ = [
    "Axis",
    "Band",
    "Bar",
    "Mark",
    "Sheet",
    "Tick",
    "TrackRow",
    "days_left",
    "isolated",
    "text_width",
    "timeline",
    "wrapped",
]

"""What is done to outcomes: one file per concern; the names are collected here."""

from transfer.services.outcomes import delete_outcome, edit_outcome, record_outcome, restore_outcome
from transfer.services.permission import gone_out

__all__ = [
    "delete_outcome",
    "edit_outcome",
    "gone_out",
    "record_outcome",
    "restore_outcome",
]

"""What is done to outcomes, their transfer and their uptake: one file per concern; the names are collected here."""

from transfer.services.outcomes import (
    bring_back_outcome,
    delete_outcome,
    edit_outcome,
    outcome_versions,
    record_outcome,
    restore_outcome,
)
from transfer.services.overview import (
    Overview,
    Part,
    statements_of,
    transfer_overview,
    what_waits,
)
from transfer.services.permission import gone_out
from transfer.services.received import acknowledge, message_of
from transfer.services.transfers import (
    abandon_transfer,
    bring_back_transfer,
    carry_out,
    delete_transfer,
    edit_transfer,
    plan_transfer,
    record_transfer,
    restore_transfer,
    transfer_versions,
)
from transfer.services.uptake import record_step

__all__ = [
    "Overview",
    "Part",
    "abandon_transfer",
    "acknowledge",
    "bring_back_outcome",
    "bring_back_transfer",
    "carry_out",
    "delete_outcome",
    "delete_transfer",
    "edit_outcome",
    "edit_transfer",
    "gone_out",
    "message_of",
    "outcome_versions",
    "plan_transfer",
    "record_outcome",
    "record_step",
    "record_transfer",
    "restore_outcome",
    "restore_transfer",
    "statements_of",
    "transfer_overview",
    "transfer_versions",
    "what_waits",
]

"""Forms of outcomes: what is typed becomes the arguments of a service."""

from transfer.forms.outcomes import OutcomeFilterForm, OutcomeForm, ReasonForm

__all__ = [
    "OutcomeFilterForm",
    "OutcomeForm",
    "ReasonForm",
]

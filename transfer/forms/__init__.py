"""Forms of outcomes, transfers and steps: what is typed becomes the arguments of a service."""

from transfer.forms.outcomes import OutcomeFilterForm, OutcomeForm, ReasonForm
from transfer.forms.transfers import (
    NAMES,
    AcknowledgeForm,
    CarriedForm,
    StepForm,
    TransferForm,
    WhyForm,
    values_of,
)

__all__ = [
    "NAMES",
    "AcknowledgeForm",
    "CarriedForm",
    "OutcomeFilterForm",
    "OutcomeForm",
    "ReasonForm",
    "StepForm",
    "TransferForm",
    "WhyForm",
    "values_of",
]

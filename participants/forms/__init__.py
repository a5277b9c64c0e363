"""Forms of people, official bodies and the ties between them: what is typed becomes the arguments of a service."""

from participants.forms.bodies import BodyForm, body_values
from participants.forms.liaisons import GrantLiaisonForm
from participants.forms.links import EndLinkForm, LinkForm, link_values
from participants.forms.people import (
    ERASED,
    AddForm,
    AttendanceForm,
    EraseForm,
    FindPeopleForm,
    IdentityForm,
    InviteForm,
    ParticipationForm,
    PersonForm,
    RatingsForm,
)

__all__ = [
    "ERASED",
    "AddForm",
    "AttendanceForm",
    "BodyForm",
    "EndLinkForm",
    "EraseForm",
    "FindPeopleForm",
    "GrantLiaisonForm",
    "IdentityForm",
    "InviteForm",
    "LinkForm",
    "ParticipationForm",
    "PersonForm",
    "RatingsForm",
    "body_values",
    "link_values",
]

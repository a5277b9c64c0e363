"""Forms of conflicts, initiatives, briefs, sessions and purges: what is typed becomes the arguments of a service."""

from initiatives.forms.brief import AssentForm, BriefForm, BringBackForm, FindForm, GroundRulesForm
from initiatives.forms.cards import (
    EXPLAINED,
    EXTENSIONS,
    NAMES,
    CardForm,
    DeclareForm,
    ExtendForm,
    MemberForm,
    NewMemberForm,
    OpenForm,
    RecordForm,
    SearchForm,
    StatusForm,
    SuccessorForm,
    VisibilityForm,
)
from initiatives.forms.emergency import EmergencyForm
from initiatives.forms.purging import REASONS_EXPLAINED, AskPurgeForm, ConfirmPurgeForm
from initiatives.forms.sessions import (
    RULES_EXPLAINED,
    SESSION_NAMES,
    DeleteForm,
    DetailsForm,
    EditForm,
    LogForm,
    MoveForm,
)

__all__ = [
    "EXPLAINED",
    "EXTENSIONS",
    "NAMES",
    "REASONS_EXPLAINED",
    "RULES_EXPLAINED",
    "SESSION_NAMES",
    "AskPurgeForm",
    "AssentForm",
    "BriefForm",
    "BringBackForm",
    "CardForm",
    "ConfirmPurgeForm",
    "DeclareForm",
    "DeleteForm",
    "DetailsForm",
    "EditForm",
    "EmergencyForm",
    "ExtendForm",
    "FindForm",
    "GroundRulesForm",
    "LogForm",
    "MemberForm",
    "MoveForm",
    "NewMemberForm",
    "OpenForm",
    "RecordForm",
    "SearchForm",
    "StatusForm",
    "SuccessorForm",
    "VisibilityForm",
]

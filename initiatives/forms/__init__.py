"""Forms of conflicts, initiatives, briefs and purges: what is typed becomes the arguments of a service."""

from initiatives.forms.brief import AssentForm, BriefForm, FindForm, GroundRulesForm
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
from initiatives.forms.purging import REASONS_EXPLAINED, AskPurgeForm, ConfirmPurgeForm

__all__ = [
    "EXPLAINED",
    "EXTENSIONS",
    "NAMES",
    "REASONS_EXPLAINED",
    "AskPurgeForm",
    "AssentForm",
    "BriefForm",
    "CardForm",
    "ConfirmPurgeForm",
    "DeclareForm",
    "ExtendForm",
    "FindForm",
    "GroundRulesForm",
    "MemberForm",
    "NewMemberForm",
    "OpenForm",
    "RecordForm",
    "SearchForm",
    "StatusForm",
    "SuccessorForm",
    "VisibilityForm",
]

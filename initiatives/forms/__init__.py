"""Forms of conflicts, initiatives and their briefs: what is typed becomes the arguments of a service."""

from initiatives.forms.brief import AssentForm, BriefForm, FindForm, GroundRulesForm
from initiatives.forms.cards import (
    EXPLAINED,
    NAMES,
    CardForm,
    DeclareForm,
    MemberForm,
    NewMemberForm,
    OpenForm,
    RecordForm,
    SearchForm,
    StatusForm,
    SuccessorForm,
    VisibilityForm,
)

__all__ = [
    "EXPLAINED",
    "NAMES",
    "AssentForm",
    "BriefForm",
    "CardForm",
    "DeclareForm",
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

"""Forms of conflicts and initiatives: what is typed becomes the arguments of a service."""

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
    "CardForm",
    "DeclareForm",
    "MemberForm",
    "NewMemberForm",
    "OpenForm",
    "RecordForm",
    "SearchForm",
    "StatusForm",
    "SuccessorForm",
    "VisibilityForm",
]

"""What is done to organisations, memberships, accounts, tokens and the links by which people come in.

One file per concern; the names are collected here, so that callers need not know in which file a service lives.
"""

from accounts.services.invitations import invite, join, join_as_new
from accounts.services.links import (
    forget_old_letters,
    live_link,
    withdraw_invitation,
    withdraw_invitations_by,
)
from accounts.services.organisations import (
    add_membership,
    admit_member_again,
    change_membership_role,
    create_organisation,
    edit_organisation,
    require_another_owner,
    vet_organisation,
)
from accounts.services.own import (
    TOKEN_DAYS,
    create_feed,
    create_token,
    edit_account,
    end_everything,
    end_sign_in,
    forget_sign_ins,
    revoke_token,
)
from accounts.services.recovery import (
    account_of,
    ask_for_address,
    end_account,
    goes_with_recovery,
    mark_recovered,
    recover_account,
    set_up_steward_anew,
    take_back_account,
    take_on_address,
)

__all__ = [
    "TOKEN_DAYS",
    "account_of",
    "add_membership",
    "admit_member_again",
    "ask_for_address",
    "change_membership_role",
    "create_feed",
    "create_organisation",
    "create_token",
    "edit_account",
    "edit_organisation",
    "end_account",
    "end_everything",
    "end_sign_in",
    "forget_old_letters",
    "forget_sign_ins",
    "goes_with_recovery",
    "invite",
    "join",
    "join_as_new",
    "live_link",
    "mark_recovered",
    "recover_account",
    "require_another_owner",
    "revoke_token",
    "set_up_steward_anew",
    "take_back_account",
    "take_on_address",
    "vet_organisation",
    "withdraw_invitation",
    "withdraw_invitations_by",
]

"""Links that one person may use once: made, looked up, used. What they hold is stored as a digest."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.enums import LinkPurpose
from accounts.models import AccessToken, Letter, Organisation, SingleUseLink, User
from confidentiality import policy
from confidentiality.codes import Action
from confidentiality.records import hold, save

LIVES = {
    LinkPurpose.JOIN: timedelta(days=7),
    LinkPurpose.RECOVER: timedelta(days=2),
    LinkPurpose.ADDRESS: timedelta(days=1),
}


def make_link(
    *, purpose: LinkPurpose, address: str, made_by: User, **about: Any
) -> tuple[SingleUseLink, str]:
    """A link and what it holds, which is stored nowhere. For services, which have asked the policy."""
    plain = secrets.token_urlsafe(32)
    dead = SingleUseLink.objects.filter(expires_at__lte=timezone.now()).exclude(address="")
    dead.update(address="")
    link = SingleUseLink(
        purpose=purpose,
        digest=AccessToken.digest_of(plain),
        address=address,
        made_by=made_by,
        expires_at=timezone.now() + LIVES[purpose],
        **about,
    )
    save(link)
    return link, plain


def path_of(plain: str) -> str:
    return reverse("accounts:link", args=[plain])


def live_link(plain: str) -> SingleUseLink | None:
    """What somebody holds who opens a link; None when it was used, withdrawn, is too old, or never was one."""
    found = SingleUseLink.objects.live().filter(digest=AccessToken.digest_of(plain))
    return found.select_related("organisation", "user").first()


def take(link: SingleUseLink) -> SingleUseLink:
    """Use it up, within the transaction that does what it is for. Raises ValidationError for whoever comes second."""
    link = hold(SingleUseLink, link.pk, None)
    if not link.is_live:
        raise ValidationError(_("This link was used already, or is too old. Ask for a new one."))
    link.used_at = timezone.now()
    link.address = ""
    save(link)
    return link


def withdraw_links_of(user: User) -> None:
    """Links about somebody, and those by which they let others in: nothing opens any more that they began."""
    theirs = Q(user=user) | Q(made_by=user, purpose=LinkPurpose.JOIN)
    SingleUseLink.objects.live().filter(theirs).update(withdrawn_at=timezone.now(), address="")


def withdraw_invitations_by(user: User, organisation: Organisation) -> None:
    """Those into one organisation, which somebody leaves."""
    live = SingleUseLink.objects.live().filter(purpose=LinkPurpose.JOIN)
    live.filter(made_by=user, organisation=organisation).update(withdrawn_at=timezone.now(), address="")


def forget_old_letters() -> None:
    """The site's own work: letters that nobody handed over before their links were dead."""
    Letter.objects.filter(expires_at__lte=timezone.now()).delete()


@transaction.atomic
def withdraw_invitation(*, by: User, link: SingleUseLink) -> SingleUseLink:
    """Take an invitation back: the link in the letter opens nothing any more."""
    policy.require(by, Action.MANAGE_MEMBERS, link)
    link = hold(SingleUseLink, link.pk, None)
    if link.is_live:
        link.withdrawn_at = timezone.now()
        link.address = ""
        save(link)
    return link

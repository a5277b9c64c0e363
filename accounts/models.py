"""Who works here: users, organisations, memberships, tokens."""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import Any
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.postgres.fields import ArrayField
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from accounts.enums import (
    LANGUAGES,
    FeedWording,
    LinkPurpose,
    MembershipRole,
    OrganisationKind,
    RecordKind,
    Theme,
    TokenScope,
)
from accounts.querysets import (
    AccessTokenQuerySet,
    LetterQuerySet,
    MembershipQuerySet,
    OrganisationQuerySet,
    SignInQuerySet,
    SingleUseLinkQuerySet,
    UserManager,
)
from accounts.sessions import SessionStore
from confidentiality.codes import Action, Relation
from confidentiality.fields import EncryptedTextField
from confidentiality.policy import Standing
from confidentiality.records import Record
from confidentiality.wall import DATABASE_CASCADE, ME, Confidential, Wall, same_for_all
from confidentiality.words import listed


class User(AbstractBaseUser, Record):
    """Somebody who signs in with an e-mail address. Not a participant of a dialogue: those are Persons.

    `is_steward` lets a user run the site (accounts, organisations, vetting) and opens no dialogue content.
    There is no superuser.
    """

    open_because = (
        "asked before anybody acts: signing in is how somebody comes to act; pages go by visible_to"
    )
    # Who may sign in is asked for a successor; all else of an account, the digest of its password too, stays closed.
    open_to = ("t2d_site", "t2d_purge")
    open_columns = {"t2d_site": ("id", "is_active", "recovered_at"), "t2d_purge": ("id",)}

    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    is_active = models.BooleanField(_("may sign in"), default=True)
    is_steward = models.BooleanField(_("steward"), default=False)
    language = models.CharField(_("language"), max_length=2, choices=LANGUAGES, default="en")
    theme = models.CharField(_("display"), max_length=5, choices=Theme, default=Theme.LIGHT)
    # How often all sign-ins were ended at once. A sign-in holds for the round in which it was made.
    round = models.PositiveIntegerField(default=0, editable=False)
    # When somebody else last set up the way in (password, second factor, address), and who. What was granted before
    # opens nothing until it is granted again: see Membership.admitted_at, TeamMember.admitted_at.
    recovered_at = models.DateTimeField(null=True, blank=True, editable=False)
    recovered_by = models.ForeignKey("self", models.SET_NULL, null=True, editable=False, related_name="+")
    # Whether the link went through the hands of stewards, any of whom could have used it, at this time or an earlier
    # one: of such an account no steward says any more that it is really its user.
    recovered_by_hand = models.BooleanField(default=False, editable=False)
    # Conflicts to which the token is narrowed with which this user acts now; none: not narrowed. Not of the account:
    # set where the token is read, and asked by every `visible_to`.
    narrowed_to: tuple[UUID, ...] = ()
    # And kinds of record for which that token is; none: all.
    only_kinds: tuple[str, ...] = ()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    objects = UserManager()

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_once")]

    def __str__(self) -> str:
        return self.name

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What a sign-in is compared with at every request: of the password, and of the round."""
        salt = "accounts.User.session"
        return salted_hmac(
            salt, f"{self.round}:{self.password}", secret=secret, algorithm="sha256"
        ).hexdigest()

    @cached_property
    def _standing_memberships(self) -> list[tuple[UUID, str, bool]]:
        """(organisation, role, vetted) of the active memberships; read once per request."""
        rows = self.memberships.standing().values_list("organisation_id", "role", "organisation__vetted_at")
        return [(organisation, role, vetted is not None) for organisation, role, vetted in rows]

    def organisation_ids(self) -> list[UUID]:
        """Organisations of which the user is an active member."""
        return [organisation for organisation, _role, _vetted in self._standing_memberships]

    def vetted_organisation_ids(self) -> list[UUID]:
        return [organisation for organisation, _role, vetted in self._standing_memberships if vetted]

    def owned_organisation_ids(self) -> list[UUID]:
        """Organisations in whose name the user may speak."""
        return [pk for pk, role, _vetted in self._standing_memberships if role == MembershipRole.OWNER]

    def is_vetted(self) -> bool:
        """Whether the user belongs to a vetted organisation, and so to the network."""
        return bool(self.vetted_organisation_ids())

    def vouches_for(self, other: User) -> bool:
        """Whether this user's word counts that it is really the other, after that account was set up anew.

        Not for oneself, and not of whoever set it up: one hand would be two people. Where it is not known through whose
        hands the link went, of no steward; vouches_for() in functions.sql says it too.
        """
        unknown = other.recovered_by_hand or other.recovered_by_id is None
        return self.pk not in (other.pk, other.recovered_by_id) and not (unknown and self.is_steward)

    @property
    def runs_the_site(self) -> bool:
        """Whether this is a steward, and acts as one: a token for some conflicts runs no site, which is of all of them.

        actor_is_steward() in functions.sql says it too.
        """
        return self.is_steward and not self.narrowed_to

    def opens(self, kind: str | None) -> bool:
        """Whether the token with which this user acts is for this kind of record. None: shared reference, and what is
        one's own. Says nothing of what the user may read: that is the policy's."""
        return kind is None or not self.only_kinds or kind in self.only_kinds

    def forget_standing(self) -> None:
        """Read the memberships again: they were changed in this very request."""
        self.__dict__.pop("_standing_memberships", None)

    def standing_of(self, user: Any) -> Standing:
        """An account is edited by its own user."""
        own = user.is_authenticated and user.pk == self.pk
        return Standing(visible=own, grants=frozenset({Action.EDIT_ACCOUNT}) if own else frozenset())


class Organisation(Record):
    """A body that convenes, funds, hosts or takes part. Not a party to a conflict.

    Vetted once a steward has checked it (`vetted_at`). Imported ones are unvetted and have no members.
    """

    open_because = "names of organisations are reference data; that one convenes something stands on cards"

    name = models.CharField(_("name"), max_length=200)
    kind = models.CharField(
        _("kind"), max_length=20, choices=OrganisationKind, default=OrganisationKind.UNKNOWN
    )
    country = models.CharField(_("country"), max_length=2, blank=True)
    website = models.URLField(_("website"), blank=True)
    vetted_at = models.DateTimeField(_("vetted at"), null=True, blank=True, editable=False)
    vetted_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, editable=False, related_name="vetted_organisations"
    )
    vetting_note = models.CharField(_("what was checked"), max_length=500, blank=True)

    objects = OrganisationQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(Lower("name"), name="organisation_name_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_vetted(self) -> bool:
        return self.vetted_at is not None

    def standing_of(self, user: Any) -> Standing:
        if not user.is_authenticated:
            return Standing(relations=frozenset({Relation.ANONYMOUS}))
        grants = {Action.READ_ORGANISATION}
        # An organisation is of no conflict: a token that is for some changes none.
        if user.runs_the_site:
            grants |= {Action.VET_ORGANISATION, Action.EDIT_ORGANISATION, Action.MANAGE_MEMBERS}
        if self.pk in user.owned_organisation_ids():
            grants.add(Action.DECLARE_CIRCLE)
            if not user.narrowed_to:
                grants |= {Action.EDIT_ORGANISATION, Action.MANAGE_MEMBERS, Action.ASK_EMERGENCY}
        own = self.pk in user.organisation_ids()
        if own and self.is_vetted:
            grants.add(Action.OPEN_INITIATIVE)
        return Standing(visible=own or user.is_steward or user.is_vetted(), grants=frozenset(grants))


class Membership(Record):
    """A user's place in an organisation. Ending it closes everything that came with it the same minute.

    `admitted_at`: since when it counts. After a recovery of the account it counts again once it is admitted again.
    """

    open_because = "tells where somebody works, not on what; asked while signing in"

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=10, choices=MembershipRole, default=MembershipRole.MEMBER)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    admitted_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "user"], condition=Q(ended_at=None), name="membership_active_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.role} {self.organisation_id}"

    @property
    def waits(self) -> bool:
        """Whether it opens nothing until it is admitted again."""
        recovered = self.user.recovered_at
        return self.ended_at is None and recovered is not None and recovered >= self.admitted_at


class SignIn(AbstractBaseSession):
    """A browser in which somebody is signed in, or began to. Its key is stored as a digest (sessions.py).

    Not a record of when somebody was here: the row goes when the sign-in ends. No address of a network is kept.
    """

    open_because = "read before anybody acts, to know who does; says nothing of any initiative"

    user = models.ForeignKey(User, models.CASCADE, null=True, editable=False, related_name="sign_ins")
    device = models.CharField(max_length=60, blank=True, editable=False)
    began_at = models.DateTimeField(null=True, editable=False)
    used_at = models.DateTimeField(null=True, editable=False)

    objects = SignInQuerySet.as_manager()  # type: ignore[assignment, misc]

    def __str__(self) -> str:
        return f"sign-in of {self.user_id}"

    @classmethod
    def get_session_store_class(cls) -> Any:
        return SessionStore


class AccessToken(Record):
    """A key for a REST client, or in the address of a calendar. Only its SHA-256 digest is stored; the token itself is
    shown once.

    Like a sign-in it holds for the round of its user's account in which it was made.
    """

    wall = same_for_all(
        f"user_id = {ME}",
        kept=("digest", "scope", "kinds", "conflicts", "wording", "expires_at", "round"),
    )

    user = models.ForeignKey(User, DATABASE_CASCADE, related_name="access_tokens")
    label = models.CharField(_("label"), max_length=80, blank=True)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scope = models.CharField(_("scope"), max_length=8, choices=TokenScope)
    # What a calendar says; empty for every other token.
    wording = models.CharField(_("what it says"), max_length=8, choices=FeedWording, blank=True)
    # Which records it is for; none said: all.
    kinds = ArrayField(
        models.CharField(max_length=15, choices=RecordKind), verbose_name=_("kinds"), default=list, blank=True
    )
    # On which conflicts, with all below them; none said: on all. Ids of what lies above this app, and no relation.
    conflicts = ArrayField(models.UUIDField(), verbose_name=_("conflicts"), default=list, blank=True)
    round = models.PositiveIntegerField(default=0, editable=False)
    expires_at = models.DateTimeField(_("expires at"))
    last_used_at = models.DateTimeField(_("last used at"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)

    objects = AccessTokenQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(scope=TokenScope.CALENDAR) & ~Q(wording="")
                | ~Q(scope=TokenScope.CALENDAR) & Q(wording=""),
                name="calendar_alone_has_wording",
            )
        ]

    def __str__(self) -> str:
        return f"{self.scope} {self.pk}"

    @staticmethod
    def digest_of(token: str) -> str:
        """SHA-256 is enough here: the token is 256 random bits, not a password."""
        return hashlib.sha256(token.encode()).hexdigest()

    def standing_of(self, user: Any) -> Standing:
        own = user.is_authenticated and user.pk == self.user_id
        return Standing(visible=own, grants=frozenset({Action.EDIT_ACCOUNT}) if own else frozenset())

    @property
    def kinds_in_words(self) -> str:
        """Empty where it is for all."""
        return listed(str(RecordKind(kind).label) for kind in self.kinds if kind in RecordKind.values)


class SingleUseLink(Record):
    """Something that one person may do once, whoever opens the link that was sent: join an organisation, set up an
    account anew, take on an address. Not a token: it opens nothing by itself.

    Only the digest of what the link holds is stored. `address` says where it went, and is forgotten when the link is
    used, withdrawn or dead.
    """

    open_because = (
        "asked before anybody acts, by whoever opens a link; tells of an organisation and an address, "
        "of no initiative"
    )

    purpose = models.CharField(max_length=10, choices=LinkPurpose, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    address = models.EmailField(blank=True, editable=False)
    # To join: where, as what. Else: whose account it is about.
    organisation = models.ForeignKey(
        Organisation, models.CASCADE, null=True, editable=False, related_name="invitations"
    )
    role = models.CharField(_("role"), max_length=10, choices=MembershipRole, blank=True)
    user = models.ForeignKey(User, models.CASCADE, null=True, editable=False, related_name="+")
    made_by = models.ForeignKey(User, models.CASCADE, null=True, editable=False, related_name="+")
    expires_at = models.DateTimeField(editable=False)
    used_at = models.DateTimeField(null=True, editable=False)
    withdrawn_at = models.DateTimeField(null=True, editable=False)

    objects = SingleUseLinkQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.purpose} {self.pk}"

    @property
    def is_live(self) -> bool:
        return self.used_at is None and self.withdrawn_at is None and self.expires_at > timezone.now()

    def standing_of(self, user: Any) -> Standing:
        """An invitation is withdrawn by whoever manages the members there."""
        if self.organisation is None:
            return Standing()
        return self.organisation.standing_of(user)


class Letter(Confidential):
    """What a site without a mail server has to tell somebody: a steward hands it over. Not kept once that is done.

    Its text holds a link, which is as good as what the link opens: it lies under a key of its own.
    """

    scope = "written_by"
    audited = False
    wall = Wall(
        select="(SELECT actor_is_steward())",
        insert=f"written_by_id = {ME}",
        delete="(SELECT actor_is_steward())",
        others={"t2d_site": {"SELECT": "expires_at <= now()", "DELETE": "expires_at <= now()"}},
        columns={"t2d_site": {"SELECT": ("id", "expires_at")}},
    )

    written_by = models.ForeignKey(User, DATABASE_CASCADE, related_name="+", editable=False)
    address = EncryptedTextField(field_id="letter.address", max_length=254, editable=False)
    subject = models.CharField(max_length=39, editable=False)
    text = EncryptedTextField(field_id="letter.text", max_length=2000, editable=False)
    expires_at = models.DateTimeField(editable=False)

    objects = LetterQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["expires_at"], name="letter_by_end")]

    def __str__(self) -> str:
        return f"letter {self.pk}"

    @property
    def key_scope(self) -> str:
        return "letters"

    def standing_of(self, user: Any) -> Standing:
        return Register().standing_of(user)


_STEWARD = frozenset({Action.EDIT_ORGANISATION, Action.GRANT_MANDATE, Action.MANAGE_ACCOUNTS})


class Register:
    """The list of organisations as a whole, for acts that no single one of them governs. Not stored."""

    def standing_of(self, user: Any) -> Standing:
        steward = user.is_authenticated and user.runs_the_site
        return Standing(visible=steward, grants=_STEWARD if steward else frozenset())

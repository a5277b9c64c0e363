"""Which accounts and organisations a user may see."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Self

from django.contrib.auth.base_user import BaseUserManager
from django.db import models
from django.db.models import F, Q
from django.utils import timezone


class MembershipQuerySet(models.QuerySet):
    def active(self) -> Self:
        """Memberships that have not ended."""
        return self.filter(ended_at=None)

    def standing(self) -> Self:
        """Active, and granted since the account was last recovered: what counts."""
        recovered = F("user__recovered_at")
        return self.active().filter(Q(user__recovered_at=None) | Q(admitted_at__gt=recovered))

    def waiting(self) -> Self:
        """Active, and to be admitted again, since the account was recovered."""
        return self.active().filter(user__recovered_at__gte=F("admitted_at"))

    def recent(self, days: int) -> Self:
        """Memberships that are active or ended within so many days."""
        since = timezone.now() - timedelta(days=days)
        return self.filter(Q(ended_at=None) | Q(ended_at__gte=since))

    def visible_to(self, user: Any) -> Self:
        """One's own, those of one's organisations, and all for a steward."""
        if not user.is_authenticated:
            return self.none()
        if user.runs_the_site:
            return self
        return self.filter(organisation__in=user.organisation_ids())


class OrganisationQuerySet(models.QuerySet):
    def vetted(self) -> Self:
        return self.filter(vetted_at__isnull=False)

    def visible_to(self, user: Any) -> Self:
        """One's own always; every other one for members of a vetted organisation; all for a steward.

        An organisation's name is reference data. That it convenes something is on cards, which have a door of
        their own.
        """
        if not user.is_authenticated:
            return self.none()
        if user.is_steward or user.is_vetted():
            return self
        return self.filter(pk__in=user.organisation_ids())


class UserQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> Self:
        """Oneself and the active colleagues of one's own organisations; nobody else has a list of people."""
        if not user.is_authenticated:
            return self.none()
        colleagues = Q(memberships__organisation__in=user.organisation_ids(), memberships__ended_at=None)
        return self.filter(
            Q(pk=user.pk) | Q(pk__in=self.model._default_manager.filter(colleagues).values("pk"))
        )


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> Any:
        """Store a user under a lower-case address; a user without password cannot sign in."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.full_clean()
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, email: str | None) -> Any:
        return self.get(email__iexact=email)


class AccessTokenQuerySet(models.QuerySet):
    def live(self) -> Self:
        return self.filter(expires_at__gt=timezone.now(), revoked_at=None, round=F("user__round"))

    def visible_to(self, user: Any) -> Self:
        """One's own."""
        return self.filter(user=user) if user.is_authenticated else self.none()


class SignInQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> Self:
        """One's own that have not ended, the last used first."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(user=user, expire_date__gt=timezone.now()).order_by("-used_at", "pk")


class SingleUseLinkQuerySet(models.QuerySet):
    def live(self) -> Self:
        return self.filter(used_at=None, withdrawn_at=None, expires_at__gt=timezone.now())

    def visible_to(self, user: Any) -> Self:
        """Invitations into organisations that one owns, and all of them for a steward."""
        if not user.is_authenticated:
            return self.none()
        invitations = self.exclude(organisation=None)
        return (
            invitations
            if user.runs_the_site
            else invitations.filter(organisation__in=user.owned_organisation_ids())
        )


class LetterQuerySet(models.QuerySet):
    def waiting(self) -> Self:
        """What in them still opens something."""
        return self.filter(expires_at__gt=timezone.now())

    def visible_to(self, user: Any) -> Self:
        """Stewards hand letters over."""
        return self if user.is_authenticated and user.runs_the_site else self.none()

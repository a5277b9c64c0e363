"""What every page's frame needs to know of its reader; asked of the database only when a template uses it."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.conf import settings
from django.db.models import Exists
from django.http import HttpRequest
from django.utils import timezone, translation
from django.utils.crypto import salted_hmac

from accounts.enums import LANGUAGES
from accounts.middleware import signs_in_without
from accounts.models import User


class Desk:
    """The reader's frame: language, direction, display, role, place in the navigation.

    Not a permission: it shows or leaves out ways to pages, which ask the policy themselves. Every value is
    computed once, on first use, so that a page without the frame costs no query.
    """

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.user: Any = getattr(request, "user", None)

    @cached_property
    def signed_in(self) -> bool:
        return bool(self.user is not None and self.user.is_authenticated)

    @cached_property
    def reader(self) -> str:
        """By which a page knows whether it is still the same person who is signed in; says nothing of who."""
        return salted_hmac("t2d.reader", str(self.user.pk)).hexdigest()[:16] if self.signed_in else ""

    @cached_property
    def language(self) -> str:
        return (translation.get_language() or settings.LANGUAGE_CODE).split("-")[0]

    @property
    def languages(self) -> list[tuple[str, str]]:
        return LANGUAGES

    @cached_property
    def direction(self) -> str:
        return "rtl" if translation.get_language_bidi() else "ltr"

    @cached_property
    def theme(self) -> str:
        return self.user.theme if self.signed_in else "light"

    @cached_property
    def here(self) -> str:
        """Name of the page, such as `initiatives:conflict`; empty for an address that leads nowhere."""
        match = self.request.resolver_match
        return match.view_name if match else ""

    @cached_property
    def section(self) -> str:
        """Which entry of the navigation stands out."""
        for section, names in _SECTIONS.items():
            if self.here in names:
                return section
        return ""

    @cached_property
    def organisations(self) -> list[str]:
        """Names of the organisations that the reader belongs to."""
        if not self.signed_in:
            return []
        active = self.user.memberships.active().order_by("organisation__name")
        return list(active.values_list("organisation__name", flat=True))

    @cached_property
    def _mandates(self) -> tuple[bool, bool]:
        """Whether the reader holds a coordinator's, a liaison's mandate.

        Stewards and members of organisations are no liaisons (see `serving`): for most readers there is little to ask.
        Of others both are asked at once.
        """
        if not self.signed_in:
            return (False, False)
        live = self.user.mandates.live()
        if self.user.is_steward or self.user.organisation_ids():
            return (live.exists(), False)
        held = Exists(live), Exists(self.user.liaison_mandates.serving())
        return User.objects.filter(pk=self.user.pk).values_list(*held).get()

    @property
    def is_coordinator(self) -> bool:
        return self._mandates[0]

    @property
    def is_liaison(self) -> bool:
        return self._mandates[1]

    @property
    def signs_in_without(self) -> bool:
        """Whether this is an account of the demonstration, which needs no second factor."""
        return self.signed_in and signs_in_without(self.user)

    @cached_property
    def is_steward(self) -> bool:
        return self.signed_in and self.user.is_steward

    @cached_property
    def opens_initiatives(self) -> bool:
        """Whether the reader belongs to an organisation in whose name an initiative can be opened."""
        return self.signed_in and self.user.is_vetted()

    @property
    def logs_sessions(self) -> bool:
        """Whether logging a session is what the reader most often begins: not for coordinators, who read flags."""
        return self.opens_initiatives and not self.is_coordinator

    @cached_property
    def today(self) -> Any:
        return timezone.localdate()


_SECTIONS = {
    "liaisons": {"participants:liaisons", "participants:end_liaison"},
    "accounts": {"accounts:recover"},
    "letters": {"accounts:letters"},
    "home": {"home"},
    "conflicts": {
        "initiatives:conflicts",
        "initiatives:conflict",
        "initiatives:declare",
        "initiatives:confirm",
    },
    "initiatives": {
        "initiatives:initiatives",
        "initiatives:initiative",
        "initiatives:edit",
        "initiatives:status",
        "initiatives:visibility",
        "initiatives:team",
        "initiatives:member",
        "initiatives:successor",
        "initiatives:who",
        "initiatives:brief",
        "initiatives:edit_brief",
        "initiatives:brief_history",
        "initiatives:brief_revision",
        "initiatives:ground_rules",
        "initiatives:adopt_rules",
        "initiatives:ground_rules_version",
        "initiatives:assent",
        "initiatives:sessions",
        "initiatives:session",
        "initiatives:edit_session",
        "initiatives:session_details",
        "initiatives:session_history",
        "initiatives:move_session",
        "initiatives:delete_session",
        "initiatives:ask_purge",
        "initiatives:purge",
        "initiatives:purges",
        "transfer:outcomes",
        "transfer:new_outcome",
        "transfer:outcome",
        "transfer:edit_outcome",
        "transfer:outcome_history",
        "transfer:outcome_revision",
        "transfer:delete_outcome",
        "transfer:transfers",
        "transfer:transfer",
        "transfer:edit_transfer",
        "transfer:transfer_history",
    },
    "calendar": {"initiatives:calendar", "initiatives:calendar_feed"},
    "bodies": {
        "participants:bodies",
        "participants:body",
        "participants:new_body",
        "participants:edit_body",
        "participants:network",
        "participants:new_link",
        "participants:edit_link",
    },
    "people": {
        "participants:people",
        "participants:person",
        "participants:add",
        "participants:edit",
        "participants:identity",
        "participants:write_identity",
        "participants:erase",
        "participants:initiative_people",
        "participants:invite",
        "participants:participation",
        "participants:ratings",
        "participants:attendance",
    },
    "received": {"transfer:received", "transfer:received_transfer", "transfer:acknowledge"},
    "open": {"initiatives:open"},
    "transfer": {"transfer:overview"},
    "overlaps": {
        "coordination:overlaps",
        "coordination:overlap",
        "coordination:assess",
        "coordination:dismiss",
        "coordination:link",
    },
    "import": {"initiatives:import"},
    "organisations": {"accounts:organisations", "accounts:vet"},
    "exposure": {"what_could_be_read"},
    "account": {"accounts:account", "accounts:end_everything"},
}


def desk(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `desk` in every template."""
    return {"desk": Desk(request)}

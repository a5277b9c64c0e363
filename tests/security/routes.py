"""Every address of the site, from the URLconf, and what stands in for each of its parameters.

Nothing is listed by hand but the parameters: an address that is new is walked at once, and one whose parameter
has no row in KINDS fails the walk until it gets one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.urls import URLPattern, URLResolver, get_resolver

# What a parameter stands for, by route (a regular expression over the whole route) and parameter name. The value
# names a record of the Hidden fixture; "-" stands for a parameter that identifies no record.
KINDS: tuple[tuple[str, str, str], ...] = (
    (r"initiatives/.*/team/.*", "member", "member"),
    (r"initiatives/.*/history/.*", "revision", "revision"),
    (r"initiatives/.*/rules/.*", "rules", "rules"),
    (r"initiatives/.*/assents/.*", "assent", "assent"),
    (r"initiatives/.*", "pk", "initiative"),
    (r"teams/.*", "member", "member"),
    (r"sessions/.*", "revision", "session_revision"),
    (r"sessions/.*", "attendance", "attendance"),
    (r"sessions/.*", "pk", "session"),
    (r"people/.*", "tie", "tie"),
    (r"people/.*", "pk", "person"),
    (r"participations/.*", "pk", "participation"),
    (r"bodies/.*", "pk", "body"),
    (r"official-links/.*", "revision", "tie_revision"),
    (r"official-links/.*", "pk", "tie"),
    (r"liaisons/.*", "pk", "liaison"),
    (r"outcomes/.*", "revision", "outcome_revision"),
    (r"outcomes/.*", "pk", "outcome"),
    (r"transfers/.*", "revision", "transfer_revision"),
    (r"transfers/.*", "pk", "transfer"),
    (r"received/.*", "pk", "transfer"),
    (r"conflicts/.*", "pk", "conflict"),
    (r"purges/.*", "pk", "purge"),
    (r"circle/.*", "pk", "declaration"),
    (r"overlaps/.*", "pk", "flag"),
    (r"links/.*", "pk", "link"),
    (r"organisations/.*", "pk", "organisation"),
    (r"account/tokens/.*", "pk", "token"),
    # A passkey's number; nobody has one here.
    (r"account/second-factor/.*", "pk", "-"),
    (r"api/v1/initiatives/.*", "pk", "initiative"),
    (r"api/v1/briefs/.*", "pk", "initiative"),
    (r"api/v1/retentions/.*", "pk", "initiative"),
    (r"api/v1/ground-rules/.*", "pk", "rules"),
    (r"api/v1/ground-rules-assents/.*", "pk", "assent"),
    (r"api/v1/purge-requests/.*", "pk", "purge"),
    (r"api/v1/tombstones/.*", "pk", "tombstone"),
    (r"api/v1/audit-events/.*", "pk", "event"),
    (r"api/v1/team-members/.*", "pk", "member"),
    (r"api/v1/overlaps/.*", "pk", "flag"),
    (r"api/v1/coordination-links/.*", "pk", "link"),
    (r"api/v1/circle-declarations/.*", "pk", "declaration"),
    (r"api/v1/sessions/.*", "pk", "session"),
    (r"api/v1/people/.*", "pk", "person"),
    (r"api/v1/participations/.*", "pk", "participation"),
    (r"api/v1/attendances/.*", "pk", "attendance"),
    (r"api/v1/selection-ratings/.*", "pk", "rating"),
    (r"api/v1/official-bodies/.*", "pk", "body"),
    (r"api/v1/official-links/.*", "pk", "tie"),
    (r"api/v1/outcomes/.*", "pk", "outcome"),
    (r"api/v1/transfers/.*", "pk", "transfer"),
    (r"api/v1/uptake-steps/.*", "pk", "step"),
    (r"api/v1/received-transfers/.*", "pk", "transfer"),
    (r"api/v1/conflicts/.*", "pk", "conflict"),
    (r"api/v1/parties/.*", "pk", "party"),
    (r"api/v1/official-tracks/.*", "pk", "track"),
    (r"api/v1/deadlines/.*", "pk", "deadline"),
    (r"api/v1/organisations/.*", "pk", "organisation"),
    # A mailed key, never a record: ours, and allauth's.
    (r"once/.*", "plain", "-"),
    # The key of a calendar.
    (r"calendar/feed/.*", "plain", "-"),
    # The name of a list.
    (r"files/.*", "resource", "-"),
    (r"account/confirm-email/.*", "key", "-"),
    (r"account/password/reset/key/.*", "uidb36", "-"),
    (r"account/password/reset/key/.*", "key", "-"),
)
CONVERTER = re.compile(r"<(?:\w+:)?(\w+)>")
GROUP = re.compile(r"\(\?P<(\w+)>[^)]*\)")


@dataclass(frozen=True)
class Route:
    """One address: its pattern as text, and the parameters in it."""

    pattern: str
    parameters: tuple[str, ...]

    def kinds(self) -> dict[str, str]:
        """What each parameter stands for; LookupError when nobody said so."""
        return {name: self._kind(name) for name in self.parameters}

    def _kind(self, name: str) -> str:
        for expression, parameter, kind in KINDS:
            if parameter == name and re.fullmatch(expression, self.pattern):
                return kind
        raise LookupError(f"{self.pattern}: say in tests/security/routes.py what <{name}> stands for")

    def path(self, values: Mapping[str, UUID | str]) -> str:
        def fill(match: re.Match[str]) -> str:
            value = values[match[1]]
            return (
                str(value.int % 1000)
                if match[0].startswith("<int:") and isinstance(value, UUID)
                else str(value)
            )

        return "/" + CONVERTER.sub(fill, self.pattern)


def every_route() -> list[Route]:
    """All addresses of the URLconf, flattened, each once."""
    return sorted(set(flattened(get_resolver().url_patterns, "")), key=lambda route: route.pattern)


def flattened(patterns: list[URLPattern | URLResolver], prefix: str) -> Iterator[Route]:
    for pattern in patterns:
        text = prefix + _text(pattern)
        if isinstance(pattern, URLResolver):
            yield from flattened(pattern.url_patterns, text)
        elif "format" not in pattern.pattern.converters and "(?P<format>" not in str(pattern.pattern):
            yield Route(text, tuple(CONVERTER.findall(text)))


def _text(pattern: URLPattern | URLResolver) -> str:
    """A route as a template with <name> for each parameter, whether it was a path or a regular expression."""
    text = GROUP.sub(r"<\1>", str(pattern.pattern))
    return text.replace("^", "").replace("$", "").replace(r"\Z", "").replace(r"\.", ".").replace("\\", "")

"""Who can see a card, put into words: one sentence under the name of every record."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from confidentiality.codes import Visibility
from confidentiality.words import listed
from initiatives.models import Initiative
from initiatives.services import WhoCanSee


def sentence(shown: Initiative, who: WhoCanSee) -> str:
    """For the strip: what this reader may know of who sees the card, and the content."""
    if shown.public_record:
        return _("Public record: members of every vetted organisation see it. It has no team and no content.")
    if not who.team_size:
        return _OTHERS[Visibility(who.visibility)]()
    partners = [organisation.name for organisation in who.organisations]
    return for_team(who.visibility, who.team_size, partners if who.visibility == Visibility.PARTNERS else [])


def for_team(visibility: str, team_size: int, partners: list[str] | None = None) -> str:
    """What a member of the team is told."""
    team = ngettext("you alone", "your team of %(number)d", team_size) % {"number": team_size}
    if visibility == Visibility.TEAM:
        return _("Who can see this: %(team)s.") % {"team": team}
    if visibility == Visibility.PARTNERS and partners:
        return _("Card seen by %(partners)s; content by %(team)s.") % {
            "partners": listed(partners),
            "team": team,
        }
    card = {
        Visibility.PARTNERS: _("the partners named on it"),
        Visibility.CIRCLE: _("the circle of the conflict and its coordinators"),
        Visibility.NETWORK: _("the whole network"),
    }[Visibility(visibility)]
    return _("Card seen by %(card)s; content by %(team)s.") % {"card": card, "team": team}


_OTHERS = {
    Visibility.TEAM: lambda: _("Who can see this card: its team alone."),
    Visibility.PARTNERS: lambda: _("Who can see this card: its team and the partners named on it."),
    Visibility.CIRCLE: lambda: _(
        "Who can see this card: its team, the circle of the conflict and its coordinators."
    ),
    Visibility.NETWORK: lambda: _("Who can see this card: members of every vetted organisation."),
}

"""Who can see this, put into words: one sentence next to the title of every page, and the words of the list behind it.

Everything that is said about sight is said here. A template shows it with `{% who sight %}`, for what depends on the
record, or `{% who "account" %}`, for pages that are seen alike whatever they show.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from confidentiality.codes import Access, Relation, Visibility
from confidentiality.words import listed
from initiatives.models import Initiative, PurgeRequest, Session, Tombstone
from initiatives.services import EffectiveAccess, MemberAccess, Reader, WhoCanSee, areas_of


@dataclass(frozen=True, slots=True)
class Sight:
    """Who can see a page. `visibility` chooses the rings that stand for it; `url` leads to the list behind it."""

    text: Any
    visibility: str = Visibility.TEAM
    url: str = ""

    def __str__(self) -> str:
        return str(self.text)


def of_card(shown: Initiative, who: WhoCanSee) -> Sight:
    """Pages that show the card: what this reader may know of who sees it, and the content."""
    return Sight(_of_card(shown, who), shown.visibility, reverse("initiatives:who", args=[shown.pk]))


def of_team(shown: Initiative, number: int) -> Sight:
    """Pages that show what is the team's alone, however far the card is seen."""
    url = reverse("initiatives:who", args=[shown.pk])
    return Sight(for_team(Visibility.TEAM, number), Visibility.TEAM, url)


def of_audit(shown: Initiative) -> Sight:
    """Who looked: for those who answer for the team."""
    url = reverse("initiatives:who", args=[shown.pk])
    text = _("Who can see this page: leads and facilitators of this initiative, and nobody else.")
    return Sight(text, Visibility.TEAM, url)


def of_person(register: str) -> Sight:
    """A person of a register: by pseudonym for many, and who they are for few."""
    text = _(
        "Who can see this: the teams of the initiatives in which this person takes part, and who keeps the register of "
        "%(register)s. Who it is: leads, facilitators and the register alone."
    )
    return Sight(text % {"register": register})


def of_identity(register: str, names: list[str]) -> Sight:
    """Who else opens the identity that stands on the page; `names`: those whom this reader may know of."""
    if names:
        text = _(
            "Who else can open this: who keeps the register of %(register)s, leads and facilitators of every "
            "initiative in which this person takes part; of your teams %(names)s."
        )
        return Sight(text % {"register": register, "names": listed(names)})
    text = _(
        "Who else can open this: who keeps the register of %(register)s, leads and facilitators of every initiative "
        "in which this person takes part."
    )
    return Sight(text % {"register": register})


def of_session(session: Session, readers: int, closed_to: int) -> Sight:
    """A session: the team, without the observers to whom it is closed."""
    url = reverse("initiatives:who", args=[session.initiative_id])
    if not closed_to:
        return Sight(for_team(Visibility.TEAM, readers), Visibility.TEAM, url)
    text = ngettext(
        "Who can see this: you alone; it is closed to observers of your team.",
        "Who can see this: %(number)d of your team; it is closed to its other observers.",
        readers,
    )
    return Sight(text % {"number": readers}, Visibility.TEAM, url)


def of_purge(purge: PurgeRequest, reader: Any, team_size: int) -> Sight:
    """A request to purge: the team, and the owner who was let in on it, if there is one."""
    if purge.asked_of is None:
        return Sight(for_team(Visibility.TEAM, team_size))
    if purge.asked_of_id == reader.pk and not team_size:
        return Sight(
            _("Who can see this request: you, who were let in on it, and the team of the initiative.")
        )
    team = ngettext("you alone", "your team of %(number)d", team_size) % {"number": team_size}
    text = _("Who can see this request: %(team)s, and %(name)s, who was let in on it.")
    return Sight(text % {"team": team, "name": purge.asked_of.name})


def of_tombstone(tombstone: Tombstone) -> Sight:
    """What is left of a purged initiative: for those who knew of it."""
    text = ngettext(
        "Who can see this: you alone.",
        "Who can see this: you and whoever else led it at the end or decided on this, %(number)d people in all.",
        len(tombstone.readers),
    )
    return Sight(text % {"number": len(tombstone.readers)})


def _of_card(shown: Initiative, who: WhoCanSee) -> str:
    if shown.public_record:
        return _("Public record: members of every vetted organisation see it. It has no team and no content.")
    if not who.team_size:
        return str(_OTHERS[Visibility(who.visibility)])
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
    Visibility.TEAM: gettext_lazy("Who can see this card: its team alone."),
    Visibility.PARTNERS: gettext_lazy("Who can see this card: its team and the partners named on it."),
    Visibility.CIRCLE: gettext_lazy(
        "Who can see this card: its team, the circle of the conflict and its coordinators."
    ),
    Visibility.NETWORK: gettext_lazy("Who can see this card: members of every vetted organisation."),
}

# Pages that are seen alike whatever they show.
PAGES: Mapping[str, Sight] = {
    "home": Sight(
        gettext_lazy("Who can see this page: only you. Each record says on its own page who can see it.")
    ),
    "list": Sight(
        gettext_lazy(
            "Who can see this list: only you; it holds what you may see. The rings say who else sees a card."
        )
    ),
    "calendar": Sight(
        gettext_lazy(
            "Who can see this page: only you. A session or a transfer on it is seen by its team, a deadline by the "
            "whole network."
        )
    ),
    "feed": Sight(
        gettext_lazy(
            "Who can see this page: only you. What an address made here gives is seen by whoever has the address, "
            "without signing in."
        )
    ),
    "people": Sight(
        gettext_lazy(
            "Who can see this list: only you. It holds, by pseudonym, people of your teams' initiatives and of "
            "registers that you keep. Who they are stands on no list."
        )
    ),
    "adding": Sight(
        gettext_lazy(
            "Who will see this: by pseudonym, the team of the initiative; who it is, leads, facilitators and whoever "
            "keeps the register."
        )
    ),
    "reference": Sight(
        gettext_lazy(
            "Who can see this page: members of every vetted organisation, and coordinators. Initiatives are drawn, "
            "listed and counted for each reader as far as that reader may see them."
        ),
        Visibility.NETWORK,
    ),
    "bodies": Sight(
        gettext_lazy(
            "Who can see this page: members of every vetted organisation, and coordinators. Ties of people are shown "
            "and counted for each reader as far as that reader may see them."
        ),
        Visibility.NETWORK,
    ),
    "link": Sight(
        gettext_lazy(
            "Who can see this: whoever keeps the register of the person, and leads, facilitators and rapporteurs of "
            "the initiatives in which the person takes part. No observer, no coordinator and no steward."
        )
    ),
    "network": Sight(
        gettext_lazy(
            "Who can see this page: only you. It draws the people of your teams and registers, and the ties that you "
            "may see."
        )
    ),
    "nothing yet": Sight(gettext_lazy("Who can see this: nobody. Nothing is stored in this step.")),
    "opening": Sight(
        gettext_lazy(
            "Who will see this: you alone, as the first of its team. You widen it later, on a page that names "
            "everybody first."
        )
    ),
    "log": Sight(
        gettext_lazy("Who will see this: the team of the initiative that you choose, and nobody else.")
    ),
    "pair": Sight(
        gettext_lazy(
            "Who can see this page: coordinators whose mandate covers both and nobody else, and none of them who "
            "mediates on this conflict or belongs to a convener of the two. Neither team sees it."
        )
    ),
    "queue": Sight(
        gettext_lazy(
            "Who can see this list: only you. Each pair is seen by coordinators whose mandate covers both, and by "
            "neither team."
        )
    ),
    "import": Sight(
        gettext_lazy(
            "Who will see the cards: members of every vetted organisation. Nothing secret belongs in this file. The "
            "file itself is seen by you alone, and is not kept."
        ),
        Visibility.NETWORK,
    ),
    "received": Sight(
        gettext_lazy(
            "Who can see this: you and the other liaisons of the same office, and the team that sent it. It is not "
            "said which team that is, nor who carried it."
        )
    ),
    "vetting": Sight(
        gettext_lazy(
            "Who can see this page: stewards and nobody else. It shows no initiative and no content. The names of "
            "organisations are seen by the whole network, their people by colleagues."
        )
    ),
    "liaisons": Sight(
        gettext_lazy(
            "Who can see this page: stewards and nobody else. Each liaison sees their own offices. It shows no "
            "transfer and nothing else of any initiative."
        )
    ),
    "purges": Sight(
        gettext_lazy(
            "Who can see this list: only you. It holds requests of your teams, or to which you were let in, and what "
            "is left of initiatives that you led or decided on."
        )
    ),
    "transfer": Sight(
        gettext_lazy(
            "Who can see this page: only you. It adds up what the teams that you are on have written down; each team "
            "sees its own part."
        )
    ),
    "organisation": Sight(
        gettext_lazy(
            "Who can see this page: the name, everybody in the network; who works here, colleagues and stewards; "
            "addresses and invitations, owners and stewards. Emergency accesses are seen by owners alone."
        )
    ),
    "files": Sight(
        gettext_lazy(
            "Who can see this page: only you. It holds what you may see, as far as it may leave the team."
        )
    ),
    "link_opened": Sight(gettext_lazy("Who can see this page: whoever has the link.")),
    "letters": Sight(
        gettext_lazy(
            "Who can see this page: stewards and nobody else. That a letter was shown is not written down."
        )
    ),
    "recover": Sight(
        gettext_lazy(
            "Who can see this page: stewards and nobody else. It lists nobody; an address is typed in."
        )
    ),
    "account": Sight(
        gettext_lazy(
            "Who can see this page: only you. Your name is seen by your colleagues and your teams, with your address "
            "by stewards. Leads of your teams are told whether you have a token, never which."
        )
    ),
}

# Records that stand on a page of others.
PARTS: Mapping[str, Any] = {
    "liaisons": gettext_lazy("Who can see who is liaison: stewards, and each liaison for their own offices."),
    "arrangements": gettext_lazy(
        "Who can see an arrangement: leads and facilitators of the two, where they may read both cards, and "
        "coordinators who know of the pair."
    ),
    "ties": gettext_lazy(
        "Who can see a tie: whoever keeps the register of the person, and leads, facilitators and rapporteurs of the "
        "initiatives in which the person takes part."
    ),
    "declarations": gettext_lazy(
        "Who can see a declaration: the organisation that made it and the coordinators of this conflict; once it is "
        "confirmed, the circle too."
    ),
}

# --- The list behind the sentence -------------------------------------------------------------------------

AREAS: Mapping[str, Any] = {
    "card": gettext_lazy("the card and the team"),
    "brief": gettext_lazy("the brief"),
    "sessions": gettext_lazy("sessions"),
    "people": gettext_lazy("people"),
    "identity": gettext_lazy("the names behind pseudonyms"),
    "links": gettext_lazy("ties to officials"),
    "outcomes": gettext_lazy("outcomes"),
    "transfers": gettext_lazy("transfers"),
    "coordination": gettext_lazy("arrangements with others"),
    "audit": gettext_lazy("who looked"),
}
ACCESSES: Mapping[Access, Any] = {
    Access.WRITE: gettext_lazy("writes %(areas)s"),
    Access.READ: gettext_lazy("reads %(areas)s"),
}


def list_of(access: EffectiveAccess) -> dict[str, Any]:
    """The list for a page: organisations one by one unless they read as part of the network, and the team."""
    closer = [reader for reader in access.readers if not reader.only_network]
    return {
        "readers": [(reader.organisation, of_reader(reader)) for reader in closer],
        "network": [reader.organisation for reader in access.readers if reader.only_network],
        "members": [(each.member, of_role(each.member.role), of_doors(each)) for each in access.members],
    }


def of_role(role: str) -> str:
    """What a role on the team opens: "writes the card and the team; reads the brief"."""
    areas = areas_of(role)
    clauses = []
    for access, words in ACCESSES.items():
        if names := [AREAS[area] for area in areas if areas[area] is access]:
            clauses.append(str(words) % {"areas": listed(names)})
    return listed(clauses, facts=True)


def of_reader(reader: Reader) -> str:
    """Why the members of an organisation read the card: "partner; circle, by its declaration for Lower Ford"."""
    reasons = {
        Relation.HOUSE: _("convenes it"),
        Relation.PARTNER: _("partner"),
        Relation.NETWORK: _("in the network"),
    }
    if Relation.CIRCLE in reader.relations:
        names = listed(conflict.name for conflict in reader.declared_for)
        reasons[Relation.CIRCLE] = _("circle, by its declaration for %(conflicts)s") % {"conflicts": names}
    closer = [relation for relation in reader.relations if relation is not Relation.NETWORK]
    return listed((reasons[relation] for relation in closer or reader.relations), facts=True)


def of_doors(access: MemberAccess) -> str:
    """Through what somebody reads: signed in, and by a program with a token of theirs."""
    if not access.member.user.is_active:
        return _("cannot sign in")
    if not access.own_tokens:
        return _("signed in, and by an API token") if access.by_token else _("signed in only; no API token")
    number = sum(access.own_tokens.values())
    writing = access.own_tokens.get("write", 0)
    text = ngettext(
        "signed in, and by %(number)d token of yours, of which %(writing)d may write",
        "signed in, and by %(number)d tokens of yours, of which %(writing)d may write",
        number,
    )
    return text % {"number": number, "writing": writing}

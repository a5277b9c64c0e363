"""The two walls say the same: `visible_to` in Python and the row policies in PostgreSQL, in random worlds.

Proved, for every confidential model that has a `visible_to`: the rows that Python returns while the database hides
nothing are the rows that the database returns to plain SQL of that user while Python filters nothing, and those
that both return together. So neither rests on the other. Where the database shows more, SUPERSETS says which rows
and why. For cards a third opinion is written out here: the relations, and the table of who reads what.
Not proved: that pages ask `visible_to` at all (test_either_wall.py), nor what the roles of the site's own work see
(test_row_security.py, tests/coordination).
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection, models, transaction
from django.db.models import Q
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from psycopg import errors

from accounts.models import User
from confidentiality.actor import actor, become
from confidentiality.models import AuditCheckpoint
from confidentiality.wall import walled_models
from coordination.enums import FlagState
from coordination.models import MatchingCard, OutboxEntry, OverlapFlag
from initiatives.models import Initiative, TeamMember
from tests.security.random_worlds import PARENTS, PLAIN, Card, Spec, build, specs

pytestmark = pytest.mark.django_db

LONG = bool(os.environ.get("T2D_LONG"))
EXAMPLES = 500 if LONG else 20
# Making a counterexample smaller takes minutes.
PHASES = [phase for phase in Phase if LONG or phase is not Phase.shrink]
# Rows that the database shows beyond what Python shows, as a condition on them, with the reason.
SUPERSETS: dict[type[models.Model], tuple[Callable[[User], Q], str]] = {
    TeamMember: (lambda user: Q(user=user), "one's own ended access keeps a former mediator from brokering"),
}
# Nobody but the site itself reads these, so there is nothing to ask for.
UNREADABLE = {OutboxEntry, AuditCheckpoint}
WALLED = sorted(walled_models(), key=lambda model: model._meta.label)
READABLE = [model for model in WALLED if model not in UNREADABLE]

# The table of who reads a card, written out again.
READERS = {
    "team": {"team"},
    "partners": {"team", "partner"},
    "circle": {"team", "partner", "circle", "coordinator"},
    "network": {"team", "recorder", "house", "partner", "circle", "network", "coordinator"},
}


def test_both_walls_show_the_same_rows(db: None) -> None:
    shown, hidden = Counter[type[models.Model]](), Counter[type[models.Model]]()

    @example(spec=PLAIN, reach={0})
    @given(spec=specs(), reach=st.sets(st.integers(0, len(PARENTS) - 1), min_size=1, max_size=2))
    @settings(max_examples=EXAMPLES, phases=PHASES, deadline=None)
    def hold(spec: Spec, reach: set[int]) -> None:
        with transaction.atomic():
            built = build(spec)
            there = {model: model._default_manager.count() for model in READABLE}
            sights = []
            for user in (*built.users, AnonymousUser()):
                sights.append({model: both_see(model, user) for model in READABLE})
                for model, seen in sights[-1].items():
                    shown[model] += len(seen)
                    hidden[model] += there[model] - len(seen)
                assert raw_ids(MatchingCard, user) == sides_of_open_flags(user)
            for number in range(len(built.users)):
                expected = {
                    card.pk
                    for card, drawn in zip(built.cards, spec.cards, strict=True)
                    if reads(spec, number, drawn)
                }
                assert sights[number][Initiative] == expected
            for user, whole in zip(built.users[:2], sights, strict=False):
                narrowed_sees(spec, built, user, whole, reach)
            transaction.set_rollback(True)

    hold()
    # The worlds were worth comparing.
    assert [model for model in READABLE if not shown[model]] == []
    assert [model for model in READABLE if not hidden[model]] == []


def narrowed_sees(spec: Spec, built: Any, user: Any, whole: Mapping[Any, set[Any]], reach: set[int]) -> None:
    """With a token for some conflicts: no more than the `whole` that they see without, both walls alike, and nothing of
    another conflict."""
    user.narrowed_to = tuple(built.conflicts[index].pk for index in sorted(reach))
    for model in READABLE:
        assert both_see(model, user) <= whole[model], model._meta.label
    within = {
        card.pk
        for card, drawn in zip(built.cards, spec.cards, strict=True)
        if spec.path_to(drawn.conflict) & reach
    }
    assert _ids(Initiative.objects.visible_to(user)) == whole[Initiative] & within
    for model in READABLE:
        if any(field.name == "initiative" for field in model._meta.concrete_fields):
            seen = model.objects.visible_to(user).exclude(initiative=None)
            assert set(seen.values_list("initiative", flat=True)) <= within, model._meta.label
    user.narrowed_to = ()


def both_see(model: Any, user: Any) -> set[Any]:
    """The rows that Python shows to the user; fails where the database or both together show others."""
    python = _ids(model.objects.visible_to(user))
    database = raw_ids(model, user)
    with actor(_who(user)):
        become(_who(user), conflicts=_reach(user))
        both = _ids(model.objects.visible_to(user)) if user.is_authenticated else set()
    further: set[Any] = set()
    if model in SUPERSETS and user.is_authenticated and not _reach(user):
        further = _ids(model.objects.filter(SUPERSETS[model][0](user))) - python

    assert database == python | further, f"{model._meta.label}: the database against Python"
    assert both == python, f"{model._meta.label}: Python rests on rows that the database hides"
    return python


def _ids(rows: Any) -> set[Any]:
    return set(rows.order_by().values_list("pk", flat=True))


def _who(user: Any) -> User | None:
    return user if user.is_authenticated else None


def _reach(user: Any) -> tuple[Any, ...]:
    return getattr(user, "narrowed_to", ())


def raw_ids(model: Any, user: Any) -> set[Any]:
    """What the database shows to plain SQL, past the guard."""
    with actor(_who(user)), connection.connection.cursor() as cursor:
        become(_who(user), conflicts=_reach(user))
        return {pk for (pk,) in cursor.execute(f'SELECT id FROM "{model._meta.db_table}"').fetchall()}


def sides_of_open_flags(user: Any) -> set[Any]:
    """What a coordinator meets inside flags, and nobody anywhere else."""
    flags = OverlapFlag.objects.visible_to(user).filter(superseded=False).exclude(state=FlagState.EXPIRED)
    return {pk for pair in flags.values_list("first_id", "second_id") for pk in pair}


def reads(spec: Spec, user: int, card: Card) -> bool:
    """The third opinion: the relations of a user to a card, and the table."""
    own = {place.organisation for place in spec.memberships if place.user == user and place.state == "active"}
    vetted = {organisation for organisation in own if spec.vetted[organisation]}
    line = spec.line_of(card.conflict)
    declared = {
        said.conflict
        for said in spec.declarations
        if said.organisation in vetted and said.state == "confirmed"
    }
    mandated = {given.conflict for given in spec.mandates if given.user == user and not given.ended}
    relations = {
        "team": any(member.user == user and member.is_live for member in card.team),
        "recorder": card.public_record and card.registered_by in own,
        "house": bool({card.convener, card.co_convener} & own),
        "partner": bool(set(card.partners) & own),
        "circle": bool(declared & line),
        "network": bool(vetted),
        "coordinator": None in mandated or bool(mandated & spec.path_to(card.conflict)),
    }
    return any(relations[relation] for relation in READERS[card.visibility])


@pytest.mark.parametrize("model", WALLED, ids=lambda model: model._meta.label)
def test_every_confidential_model_has_a_door_or_is_read_by_nobody(model: Any) -> None:
    if model not in UNREADABLE:
        assert callable(getattr(model.objects.all(), "visible_to", None)), (
            "give its queryset a visible_to(user)"
        )
        return
    with pytest.raises(errors.InsufficientPrivilege), transaction.atomic():
        raw_ids(model, AnonymousUser())

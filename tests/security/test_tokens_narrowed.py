"""A token that is for some kinds of record, or for some conflicts, opens no other: every address of the API, found by
introspection."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import pytest
from django.core.exceptions import ValidationError
from django.db import ProgrammingError, transaction
from django.test import Client
from django.urls import reverse

from accounts.api.resource import Endpoint
from accounts.enums import RecordKind
from accounts.models import AccessToken
from accounts.services import create_feed, create_token
from confidentiality.actor import actor
from conftest import World
from initiatives.models import Initiative
from participants.models import PersonIdentity
from t2d.api import router
from tests.factories import make_conflict, make_flag, make_link
from tests.record import make_body, make_participation, make_person, make_session, make_tie
from tests.security.asking import routes
from tests.security.conftest import Secrets

pytestmark = pytest.mark.django_db
# What is of no kind: shared reference, and what is one's own.
OF_NO_KIND = {
    "conflicts",
    "parties",
    "official-tracks",
    "deadlines",
    "official-bodies",
    "organisations",
    "me",
}


def token_for(user: Any, *kinds: str, conflicts: Iterable[UUID] = ()) -> dict[str, Any]:
    with actor(user):
        _token, plain = create_token(by=user, scope="write", kinds=kinds, conflicts=conflicts)
    return {"HTTP_AUTHORIZATION": f"Bearer {plain}"}


def kind_at(pattern: str) -> str | None:
    """Of which kind the records at an address of the API are."""
    view, act = view_at(pattern)
    return view.kind_of(act)


def further_at(pattern: str) -> str | None:
    """For which kind a token has to be besides."""
    view, act = view_at(pattern)
    return view.further_kinds.get(act or "") if hasattr(view, "further_kinds") else None


def view_at(pattern: str) -> tuple[Any, str | None]:
    name = pattern.removeprefix("api/v1/").split("/")[0]
    view: type[Endpoint] = {name: view for name, view, _base in router.registry}[name]
    return view, pattern.rstrip("/").rpartition("/")[2] if "<pk>/" in pattern else None


def addresses() -> list[Any]:
    known = {name for name, _view, _base in router.registry}
    return [
        route
        for route in routes()
        if route.pattern.startswith("api/v1/")
        and route.pattern.removeprefix("api/v1/").split("/")[0] in known
    ]


def test_every_list_says_of_which_kind_it_is() -> None:
    without = {name for name, view, _base in router.registry if view.kind is None}
    assert without | {"me"} == OF_NO_KIND
    assert len(addresses()) > 60


def test_no_address_opens_what_the_token_is_not_for(world: World, secrets: Secrets) -> None:
    """With the control: with a token for all, the same address answers otherwise."""
    whole, narrow = token_for(world.alice), {kind: token_for(world.alice, kind) for kind in RecordKind.values}
    words = secrets.words()
    wrong, opened = [], Counter[str]()
    for route in addresses():
        ids: dict[str, UUID] = {name: secrets.ids()[what] for name, what in route.kinds().items()}
        path, of = route.path(ids), kind_at(route.pattern)
        control = Client().get(path, **whole)
        assert control.status_code != 403, path
        for kind, token in narrow.items():
            closed = of is not None and {kind} != {of, further_at(route.pattern) or of}
            if control.status_code == 405:
                # An act alone: never tried with the token that may, which would do it.
                answer = Client().post(path, **token) if closed else control
            else:
                answer = Client().get(path, **token)
            if closed and answer.status_code != 403:
                wrong.append((kind, path, of, answer.status_code))
            if closed and any(word in answer.content.decode() for word in words if word not in path):
                wrong.append((kind, path, of, "words"))
            if not closed and answer.status_code != control.status_code:
                wrong.append((kind, path, of, answer.status_code, control.status_code))
            opened[kind] += answer.status_code == 200
    assert wrong == []
    assert [kind for kind in narrow if opened[kind] <= 10] == []


def test_the_key_of_a_calendar_is_no_token_at_any_address(world: World, secrets: Secrets) -> None:
    """Answered like one that nobody has: whoever finds an address does not learn that it is a key to anything else."""
    with actor(world.alice):
        _token, plain = create_feed(by=world.alice, wording="codename")
    client, wrong = Client(), []
    for route in (route for route in routes() if route.pattern.startswith("api/v1/")):
        path = route.path(
            {name: secrets.ids().get(what, UUID(int=7)) for name, what in route.kinds().items()}
        )
        for method in ("get", "post", "patch", "delete"):
            found, unknown = (
                getattr(client, method)(path, HTTP_AUTHORIZATION=f"Bearer {key}") for key in (plain, "t2d_x")
            )
            if (found.status_code, found.content) != (401, unknown.content):
                wrong.append((path, method, found.status_code))
    assert wrong == []


def test_hidden_and_missing_are_refused_alike(world: World, secrets: Secrets) -> None:
    """By what the token is for, before anything is looked for."""
    client, narrow = Client(), token_for(world.alice, "transfers")
    session = secrets.ids()["session"]
    answers = {
        client.get(f"/api/v1/sessions/{pk}/", **narrow).content.replace(str(pk).encode(), b"")
        for pk in (session, UUID(int=7))
    }
    assert len(answers) == 1
    assert b"other kinds of record" in answers.pop()


def test_what_is_expanded_stays_an_id(world: World, secrets: Secrets) -> None:
    client, path = Client(), f"/api/v1/outcomes/{secrets.ids()['outcome']}/?expand=initiative,participation"
    narrow = client.get(path, **token_for(world.alice, "outcomes")).json()
    assert narrow["initiative"] == str(world.secret.pk)
    both = client.get(path, **token_for(world.alice, "outcomes", "card")).json()
    assert both["initiative"]["id"] == str(world.secret.pk)
    assert both["participation"] is None or isinstance(both["participation"], str)


def test_it_is_written_no_more_than_read(world: World, secrets: Secrets) -> None:
    client, narrow = Client(), token_for(world.alice, "transfers")
    path = f"/api/v1/sessions/{secrets.ids()['session']}/"
    sent = client.patch(path, {"next_step": "Mine"}, content_type="application/json", **narrow)
    assert sent.status_code == 403
    made = client.post("/api/v1/sessions/", {}, content_type="application/json", **narrow)
    assert made.status_code == 403


@pytest.mark.parametrize("kinds", [["people"], ["people", "identity"], []])
def test_names_need_the_kind_of_identities_in_every_body(
    world: World, secrets: Secrets, kinds: list[str]
) -> None:
    """Pseudonyms do not: a token for people alone adds them still."""
    client, token = Client(), token_for(world.alice, *kinds)
    told = kinds != ["people"]
    person = {"initiative": str(world.secret.pk), "background": "other"}
    table = {
        "initiative": str(world.secret.pk),
        "table": "name,background\nZed Quux,other\n",
        "dry_run": True,
    }
    sent: dict[str, Any] = {"content_type": "application/json", **token}
    assert client.post("/api/v1/people/", person, **sent).status_code == 201
    named = client.post("/api/v1/people/", {**person, "identity": {"name": "Zed Quux"}}, **sent)
    assert named.status_code == (201 if told else 403)
    assert client.post("/api/v1/people/import/", table, **sent).status_code == (200 if told else 403)


def test_the_token_says_for_what_it_is_and_stays_so(world: World) -> None:
    client, narrow = Client(), token_for(world.alice, "sessions", "card")
    assert client.get("/api/v1/me/", **narrow).json()["kinds"] == ["card", "sessions"]
    assert client.get("/api/v1/me/", **token_for(world.alice)).json()["kinds"] == []
    with pytest.raises(ValidationError) as refused:
        create_token(by=world.alice, scope="read", kinds=["everything"])
    assert set(refused.value.message_dict) == {"kinds"}
    with actor(world.alice), pytest.raises(ProgrammingError, match="keeps its value"), transaction.atomic():
        AccessToken.objects.filter(user=world.alice).update(kinds=[])


def test_on_the_account_page(world: World) -> None:
    browser = Client()
    browser.force_login(world.alice)
    form = {
        "token-label": "Calendar",
        "token-scope": "read",
        "token-days": "9",
        "token-kinds": ["sessions"],
        "token-conflicts": [str(world.secret.conflict_id)],
    }
    made = browser.post(reverse("accounts:create_token"), form)
    assert made.status_code == 200
    token = AccessToken.objects.get()
    assert (token.kinds, token.conflicts) == (["sessions"], [world.secret.conflict_id])
    said = f"Read · Sessions · <bdi>{world.secret.conflict.name}</bdi>"
    assert said in browser.get(reverse("accounts:account")).content.decode()


def test_another_conflict_is_not_offered(world: World) -> None:
    """Only where one works, and what that is part of; whatever is sent instead is refused by its name."""
    browser = Client()
    browser.force_login(world.alice)
    form = {"token-label": "Mine", "token-scope": "read", "token-days": "9"}
    refused = browser.post(
        reverse("accounts:create_token"), {**form, "token-conflicts": [str(make_conflict().pk)]}
    )
    assert refused.status_code == 422
    assert not AccessToken.objects.exists()


def elsewhere(world: World) -> dict[str, Any]:
    """A token of somebody who leads the secret initiative, for a conflict that has nothing to do with it."""
    return token_for(world.alice, conflicts=[make_conflict().pk])


def test_on_another_conflict_everything_inside_is_missing(world: World, secrets: Secrets) -> None:
    """With two controls: a token for all, and one for the very conflict, which answer alike."""
    client, wrong, opened = Client(), [], 0
    other, whole = elsewhere(world), token_for(world.alice)
    same = token_for(world.alice, conflicts=[world.secret.conflict.lineage[0]])
    for route in addresses():
        ids: dict[str, UUID] = {name: secrets.ids()[what] for name, what in route.kinds().items()}
        path = route.path(ids)
        inside = kind_at(route.pattern) is not None
        answer, control = client.get(path, **other), client.get(path, **whole)
        if any(word in answer.content.decode() for word in secrets.words() if word not in path):
            wrong.append((path, "words"))
        if inside and control.status_code == 200:
            opened += 1
            found = answer.json()["results"] if "results" in control.json() else answer.status_code
            if found not in ([], 404):
                wrong.append((path, found))
            # A declaration is on a conflict of its own, and a tombstone on none any more.
            if "tombstone" in path or "declaration" in path:
                continue
            if client.get(path, **same).content != control.content:
                wrong.append((path, "another answer"))
    assert wrong == []
    assert opened > 20


def test_nothing_is_written_on_another_conflict(world: World, secrets: Secrets) -> None:
    client, other = Client(), elsewhere(world)
    sent: dict[str, Any] = {"content_type": "application/json", **other}
    session = client.patch(f"/api/v1/sessions/{secrets.ids()['session']}/", {"next_step": "Mine"}, **sent)
    assert session.status_code == 404
    card = {
        "conflict": str(world.secret.conflict_id),
        "registered_by": str(world.secret.registered_by_id),
        "track_type": "t2_hard",
        "matching": "off",
        "began_on": "2026-01-01",
    }
    opened = client.post("/api/v1/initiatives/", card, **sent)
    assert opened.status_code == 400
    assert opened.json()["errors"][0]["pointer"] == "/conflict"
    declared = {"organisation": card["registered_by"], "conflict": card["conflict"]}
    assert client.post("/api/v1/circle-declarations/", declared, **sent).status_code == 400


def test_a_card_is_not_carried_out_of_reach(world: World) -> None:
    """Its own conflict, then another one: refused by the name of the field, with nothing changed."""
    narrow = token_for(world.alice, conflicts=[world.secret.conflict_id])
    client, path = Client(), f"/api/v1/initiatives/{world.secret.pk}/"
    moved = client.patch(
        path, {"conflict": str(make_conflict().pk)}, content_type="application/json", **narrow
    )
    assert moved.status_code == 400
    assert moved.json()["errors"][0]["pointer"] == "/conflict"
    assert client.get(path, **narrow).json()["conflict"] == str(world.secret.conflict_id)


def test_me_says_on_which_conflicts(world: World) -> None:
    client, conflict = Client(), world.secret.conflict_id
    assert client.get("/api/v1/me/", **token_for(world.alice)).json()["conflicts"] == []
    narrow = token_for(world.alice, conflicts=[conflict])
    assert client.get("/api/v1/me/", **narrow).json()["conflicts"] == [str(conflict)]
    with actor(world.alice), pytest.raises(ProgrammingError, match="keeps its value"), transaction.atomic():
        AccessToken.objects.filter(conflicts=[conflict]).update(conflicts=[])


def test_me_tells_of_no_other_conflict(world: World) -> None:
    """Nor where the row of the user was loaded anew, as after a change."""
    client, conflict = Client(), world.secret.conflict_id
    narrow = token_for(world.cora, conflicts=[conflict])
    assert client.get("/api/v1/me/", **token_for(world.cora)).json()["mandates"] != []
    assert client.get("/api/v1/me/", **narrow).json()["mandates"] == []
    changed = client.patch("/api/v1/me/", {"language": "fr"}, content_type="application/json", **narrow)
    assert changed.status_code == 200
    assert (changed.json()["mandates"], changed.json()["conflicts"]) == ([], [str(conflict)])


def test_a_steward_vets_nobody_with_a_narrowed_token(world: World) -> None:
    client = Client()
    path = f"/api/v1/organisations/{world.secret.registered_by_id}/vet/"
    for narrow in (token_for(world.stella, "sessions"), token_for(world.stella, conflicts=[UUID(int=7)])):
        vetted = client.post(path, {"vetted": False, "note": "No"}, content_type="application/json", **narrow)
        assert vetted.status_code == 403


def test_a_token_for_cards_lets_nobody_onto_a_team(world: World) -> None:
    client, narrow = Client(), token_for(world.alice, "card", "sessions")
    member = {"initiative": str(world.secret.pk), "user": str(world.bob.pk), "role": "lead"}
    added = client.post("/api/v1/team-members/", member, content_type="application/json", **narrow)
    assert added.status_code == 403


@pytest.mark.parametrize(
    ("kinds", "asked"),
    [
        (["sessions"], ""),
        (["sessions", "links"], "water ministry"),
        (["sessions", "identity"], "haddad"),
        ([], "water ministry, haddad"),
    ],
)
def test_a_question_about_names_tells_no_kind_that_the_token_is_not_for(
    world: World, kinds: list[str], asked: str
) -> None:
    """It would answer, name by name, who was there."""
    person = make_person(world.house, party=world.up)
    PersonIdentity(organisation=world.house, person=person, name="Amina Haddad").save()
    make_participation(world.secret, person)
    make_tie(person, make_body(world.conflict, "Water Ministry"))
    session = make_session(world.secret, world.alice, rule="chatham_house")
    sent = Client().patch(
        f"/api/v1/sessions/{session.pk}/",
        {"notes": "Haddad spoke for the Water Ministry."},
        content_type="application/json",
        **token_for(world.alice, *kinds),
    )
    if not asked:
        assert sent.status_code == 200
        return
    assert sent.status_code == 400
    said = sent.json()["errors"][0]["detail"]
    assert [word for word in ("water ministry", "haddad") if word in said] == asked.split(", ")


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_token_for_cards_tells_nothing_of_the_team_and_names_nobody(world: World, method: str) -> None:
    path = {"get": "who", "post": "successor"}[method]
    body = (
        {"data": {"successor": str(world.bob.pk)}, "content_type": "application/json"}
        if method == "post"
        else {}
    )
    for kinds, status in ((["card"], 403), (["card", "team"], 200)):
        narrow = token_for(world.alice, *kinds)
        answer = getattr(Client(), method)(f"/api/v1/initiatives/{world.secret.pk}/{path}/", **body, **narrow)
        assert answer.status_code == status, kinds


@pytest.mark.parametrize("pairs", ["overlaps", "coordination-links"])
def test_a_token_for_coordination_alone_meets_matching_cards(world: World, pairs: str) -> None:
    make_flag(world.secret, world.rival)
    make_link(world.secret, world.rival)
    Initiative.objects.update(visibility="network", public_line="For readers of the card")
    for kinds, whole in ((["coordination"], False), (["coordination", "card"], True)):
        answer = Client().get(f"/api/v1/{pairs}/?expand=first,second", **token_for(world.cora, *kinds))
        assert answer.status_code == 200
        assert (b"For readers of the card" in answer.content) is whole

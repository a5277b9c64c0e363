"""Pages of transfers: recorded by a form that leads, carried out, corrected by two at once; who opens what."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from conftest import World
from initiatives.models import Draft
from tests import factories as make
from tests import record
from transfer.enums import PUBLIC_CHANNELS, Channel, TravelPermission
from transfer.models import Outcome, Transfer, UptakeStep

pytestmark = pytest.mark.django_db

LIST_QUERIES, PAGE_QUERIES, RECEIVED_QUERIES = 24, 26, 15
OUTSIDERS = ["harry", "rita", "cora", "stella", "sam"]


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def alice(world: World) -> Client:
    return signed_in(world.alice)


@pytest.fixture
def made(world: World) -> dict[str, Any]:
    body = record.make_body(world.conflict, "Ministry of Water", party=world.up)
    return {**record.make_record(world.secret, world.alice, body, "Heard"), "body": body}


def text_of(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, path
    return answer.content.decode()


def at(name: str, transfer: Transfer) -> str:
    return reverse(f"transfer:{name}", args=[transfer.pk])


def typed(outcome: Outcome, body: Any, **more: Any) -> dict[str, str]:
    given = {
        "version": "0",
        "outcome": str(outcome.pk),
        "status": "done",
        "body": str(body.pk) if body else "",
        "channel": "private_memo",
        "agent": "facilitator",
        "sent": "2026-04",
        "message": "One gauge",
    }
    return given | {name: str(value) for name, value in more.items()}


NEW = "/transfers/new/"


# Recording


def test_the_form_leads_from_the_outcome_to_the_page(
    world: World, alice: Client, made: dict[str, Any]
) -> None:
    outcome, body = made["outcome"], made["body"]
    staying = record.make_outcome(
        world.secret, world.alice, travel_permission="team", statement="Not this one"
    )
    chosen = text_of(alice, NEW)
    form = text_of(alice, f"{NEW}?outcome={outcome.pk}&link={made['tie'].pk}")
    sent = alice.post(
        f"{NEW}?outcome={outcome.pk}",
        typed(
            outcome, body, agent="participant", carrier=made["participation"].pk, link=made["tie"].pk,
            stance_ceasefire=2, stance_elections=-1,
        ),
    )  # fmt: skip
    transfer = Transfer.objects.exclude(pk=made["transfer"].pk).get()
    page = text_of(alice, sent["Location"])

    assert "Heard statement" in chosen
    assert "Not this one" not in chosen
    assert str(staying.pk) not in chosen
    assert "1 more outcome stays in the room" in chosen
    assert f'<option value="{body.pk}" selected>' in form
    assert f'<option value="{made["participation"].pk}" selected>' in form
    assert sent["Location"] == at("transfer", transfer)
    assert (transfer.status, transfer.sent_on, transfer.sent_precision) == ("done", date(2026, 4, 1), "month")
    assert dict(transfer.stances.values_list("theme", "stance")) == {"ceasefire": 2, "elections": -1}
    assert "To Ministry of Water" in page
    assert "0 to 57 days" not in page  # From 4 March to some day in April: 28 to 57.
    assert "28 to 57 days from the session to the transfer" in page


def test_a_plan_is_carried_out_and_gets_its_steps(world: World, alice: Client, made: dict[str, Any]) -> None:
    alice.post(NEW, typed(made["outcome"], made["body"], status="planned", sent=""))
    transfer = Transfer.objects.exclude(pk=made["transfer"].pk).get()
    early = alice.post(at("add_step", transfer), {"uptake": "acknowledged", "on": "2026-04-06",
                                                 "evidence": "unknown", "confidence": "medium"})  # fmt: skip
    alice.post(at("carry_out", transfer), {"sent": "2026-04-05"})
    for uptake, on in (("received_confirmed", "2026-04-06"), ("discussed_internally", "2026-05")):
        step = {"uptake": uptake, "on": on, "evidence": "official_said", "confidence": "high"}
        assert alice.post(at("add_step", transfer), step).status_code == 302
    back = alice.post(at("add_step", transfer), {"uptake": "acknowledged", "on": "2026-06-01",
                                                "evidence": "unknown", "confidence": "low"})  # fmt: skip
    page = text_of(alice, at("transfer", transfer))

    assert (early.status_code, back.status_code) == (422, 422)
    assert "This has not been carried yet" in early.content.decode()
    assert "This leads down the ladder" in back.content.decode()
    assert UptakeStep.objects.filter(transfer=transfer).count() == 2
    assert "33 days after the session" in page  # 4 March to 6 April.
    assert "58 to 88 days after the session" in page
    assert page.count('aria-current="step"') == 1


def test_the_form_begins_with_what_is_known(world: World, alice: Client, made: dict[str, Any]) -> None:
    """The words of the group, and who was in the room; what changed in one person is not what an office reads."""
    outcome = made["outcome"]
    person = record.make_person(world.house, "Nobody", party=world.up)
    absent = record.make_participation(world.secret, person)
    form = text_of(alice, f"{NEW}?outcome={outcome.pk}")
    message = form.split('name="message"')[1].split("</textarea>")[0]
    assert "Heard statement" in message
    assert f"{made['participation'].person.pseudonym} (was there): " in form
    assert f"{absent.person.pseudonym} (was there)" not in form
    outcome.kind, outcome.content_kind = "individual", "attitude_change"
    outcome.party = world.up
    outcome.save()
    form = text_of(alice, f"{NEW}?outcome={outcome.pk}")
    assert "Heard statement" not in form.split('name="message"')[1].split("</textarea>")[0]


def test_outcomes_of_one_initiative_are_asked_for(world: World, alice: Client, made: dict[str, Any]) -> None:
    other = make.make_initiative(world.conflict, world.house, lead=world.alice)
    path = reverse("transfer:transfers", args=[other.pk])
    assert f"{NEW}?initiative={other.pk}" in text_of(alice, path)
    chosen = text_of(alice, f"{NEW}?initiative={other.pk}")
    assert "Nothing that may travel" in chosen
    assert f"/outcomes/new/?initiative={other.pk}" in chosen
    assert "Heard statement" in text_of(alice, f"{NEW}?initiative={world.secret.pk}")
    assert alice.get(f"{NEW}?initiative=none").status_code == 404


def test_each_page_offers_the_next_step(world: World, alice: Client, made: dict[str, Any]) -> None:
    outcome, bob = made["outcome"], signed_in(world.bob)
    page = reverse("transfer:outcome", args=[outcome.pk])
    further = f"/outcomes/new/?initiative={world.secret.pk}&amp;session={outcome.session_id}"
    for client in (alice, bob):
        assert f"{NEW}?outcome={outcome.pk}" in text_of(client, page)
        assert further in text_of(client, page)
    writer = make.make_member_of(world.house, "Writer")
    make.make_member(world.secret, writer, "rapporteur")
    assert f"{NEW}?outcome={outcome.pk}" not in text_of(signed_in(writer), page)
    assert further in text_of(signed_in(writer), page)
    assert 'href="#id_uptake"' in text_of(alice, at("transfer", made["transfer"]))
    plan = record.make_transfer(outcome, world.alice, made["body"], status="planned")
    assert 'href="#next"' in text_of(alice, at("transfer", plan))
    outcome.travel_permission = "none"
    outcome.save()
    assert f"{NEW}?outcome={outcome.pk}" not in text_of(alice, page)


def test_giving_up_deleting_and_bringing_back(world: World, alice: Client, made: dict[str, Any]) -> None:
    plan = record.make_transfer(made["outcome"], world.alice, made["body"], status="planned")
    refused = alice.post(at("abandon_transfer", plan), {"reason": ""})
    alice.post(at("abandon_transfer", plan), {"reason": "The office closed"})
    alice.post(at("delete_transfer", plan), {"reason": "Never meant"})
    listed = text_of(alice, reverse("transfer:transfers", args=[world.secret.pk]))
    deleted = text_of(alice, at("transfer", plan))
    alice.post(at("restore_transfer", plan))
    history = text_of(alice, at("transfer_history", plan))

    assert refused.status_code == 422
    assert "Deleted" in listed
    assert "Bring it back" in deleted
    assert Transfer.objects.get(pk=plan.pk).deleted_at is None
    assert "The office closed" in history
    assert "Never meant" in history


def test_what_looks_wrong_is_asked_about_and_passes_with_a_reason(
    world: World, alice: Client, made: dict[str, Any]
) -> None:
    absent = record.make_participation(world.secret)
    asked = alice.post(NEW, typed(made["outcome"], made["body"], carrier=absent.pk))
    told = alice.post(
        NEW, typed(made["outcome"], made["body"], carrier=absent.pk, override_reason="She read the notes")
    )

    assert asked.status_code == 422
    text = asked.content.decode()
    assert "This person was not at the session from which the outcome came." in text
    assert "Why it is right all the same" in text
    assert "One gauge" in text
    assert told.status_code == 302


@pytest.mark.parametrize("permission", TravelPermission.values)
def test_no_page_lets_anything_travel_beyond_its_permission(
    world: World, alice: Client, made: dict[str, Any], permission: str
) -> None:
    outcome = record.make_outcome(world.secret, world.alice, travel_permission=permission)
    office = make.make_user("Lina")
    record.make_liaison(office, made["body"])
    Outcome.objects.filter(pk=made["outcome"].pk).update(travel_permission=permission)
    for channel in Channel.values:
        allowed = permission == "public" or (permission == "officials" and channel not in PUBLIC_CHANNELS)
        sent = typed(outcome, made["body"], channel=channel, sent="2026-11-22", override_reason="We insist")
        answer = alice.post(NEW, sent)
        assert (answer.status_code == 302) is allowed, (permission, channel, answer.content.decode()[-900:])
    seen = text_of(signed_in(office), "/received/")
    assert ("Ministry of Water ·" in seen.replace("</bdi>", "").replace("<bdi>", "")) is (
        permission in {"officials", "public"}
    )


def test_two_at_once_lose_nothing(world: World, alice: Client, made: dict[str, Any]) -> None:
    transfer, outcome, body = made["transfer"], made["outcome"], made["body"]
    base = {
        "carrier": made["participation"].pk, "agent": "facilitator", "channel": "private_memo",
        "sent": "2026-04-05", "stance_ceasefire": 1,
    }  # fmt: skip
    first = typed(outcome, body, **base, note="Bob's") | {"version": "1", "message": "Heard message"}
    second = typed(outcome, body, **base) | {"version": "1", "message": "Alice's"}
    assert signed_in(world.bob).post(at("edit_transfer", transfer), first).status_code == 302
    late = alice.post(at("edit_transfer", transfer), second)
    text = late.content.decode()
    again = alice.post(at("edit_transfer", transfer), second | {"version": "2", "note": "Bob's"})

    assert late.status_code == 409
    assert "Alice&#x27;s" in text
    assert again.status_code == 302
    stored = Transfer.objects.get(pk=transfer.pk)
    assert (stored.message, stored.note) == ("Alice's", "Bob's")


def test_a_draft_is_kept_restored_and_goes_with_the_save(
    world: World, alice: Client, made: dict[str, Any]
) -> None:
    outcome, body = made["outcome"], made["body"]
    kept = typed(outcome, body, message="Half a message", draft=f"transfer:{world.secret.pk}", draft_seen=0)
    assert alice.post("/drafts/", kept).status_code == 200
    other = record.make_outcome(world.secret, world.alice)
    restored = text_of(alice, f"{NEW}?outcome={outcome.pk}")
    elsewhere = text_of(alice, f"{NEW}?outcome={other.pk}")
    alice.post(NEW, typed(outcome, body, draft=f"transfer:{world.secret.pk}", draft_seen=1))

    assert "Half a message" in restored
    assert "Half a message" not in elsewhere
    assert Draft.objects.count() == 0


# Who opens what


@pytest.mark.parametrize("role", ["facilitator", "rapporteur", "observer"])
def test_roles_read_and_facilitators_write(world: World, made: dict[str, Any], role: str) -> None:
    user = make.make_member_of(world.house, role.title())
    make.make_member(world.secret, user, role)
    client, transfer, writes = signed_in(user), made["transfer"], role == "facilitator"
    for path in (at("transfer", transfer), at("transfer_history", transfer)):
        assert client.get(path).status_code == 200
    assert client.get(reverse("transfer:transfers", args=[world.secret.pk])).status_code == 200
    expected = 200 if writes else 403
    assert client.get(at("edit_transfer", transfer)).status_code == expected
    assert client.get(f"{NEW}?outcome={made['outcome'].pk}").status_code == expected
    page = text_of(client, at("transfer", transfer))
    assert ("Record a step" in page) is writes
    assert ("Correct it" in page) is writes
    acts = {
        "add_step": {
            "uptake": "acknowledged",
            "on": "2026-04-09",
            "evidence": "unknown",
            "confidence": "low",
        },
        "delete_transfer": {"reason": "Mine"},
    }
    answers = [client.post(at(name, transfer), body).status_code for name, body in acts.items()]
    assert answers == [302 if writes else 403] * 2


@pytest.mark.parametrize("who", OUTSIDERS)
def test_outsiders_find_nothing(world: World, made: dict[str, Any], who: str) -> None:
    client, transfer = signed_in(getattr(world, who)), made["transfer"]
    paths = [at(name, transfer) for name in ("transfer", "edit_transfer", "transfer_history")]
    paths.append(reverse("transfer:transfers", args=[world.secret.pk]))
    paths.append(f"{NEW}?outcome={made['outcome'].pk}")
    paths.append(reverse("transfer:received_transfer", args=[transfer.pk]))
    for path in paths:
        assert "Heard" not in text_of(client, path, 404)
    for name in (
        "add_step",
        "carry_out",
        "abandon_transfer",
        "delete_transfer",
        "restore_transfer",
        "acknowledge",
    ):
        assert client.post(at(name, transfer), {"reason": "Mine"}).status_code == 404
    assert "Heard" not in text_of(client, NEW)


def test_what_is_no_outcome_leads_nowhere(alice: Client, world: World) -> None:
    for key in ("nonsense", str(uuid4())):
        assert alice.get(f"{NEW}?outcome={key}").status_code == 404
    assert alice.post(NEW, {}).status_code == 422


# The liaison


def test_a_liaison_reads_the_message_and_acknowledges_for_the_office(
    world: World, alice: Client, made: dict[str, Any]
) -> None:
    lina = make.make_user("Lina")
    record.make_liaison(lina, made["body"])
    client, transfer = signed_in(lina), made["transfer"]
    home, listed = text_of(client, "/"), text_of(client, "/received/")
    page = text_of(client, f"/received/{transfer.pk}/")
    refused = client.post(f"/received/{transfer.pk}/acknowledge/", {"on": "2026-04-01"})
    done = client.post(f"/received/{transfer.pk}/acknowledge/", {"on": "2026-04-09"})
    client.post(f"/received/{transfer.pk}/acknowledge/", {"on": "2026-04-10"})
    team = text_of(alice, at("transfer", transfer))

    assert "/received/" in home
    assert "Heard message" in listed  # Two of one day and one way are told apart.
    assert "Heard message" in page
    assert "Valley of Test" in page
    inner = ("Secret Heron", str(world.secret.pk), str(made["outcome"].pk), "Heard statement", "Heard note",
             made["person"].pseudonym, "Alice", "House of Alice")  # fmt: skip
    for text in inner:
        assert text not in home + listed + page + refused.content.decode()
    assert (refused.status_code, done.status_code) == (422, 302)
    assert UptakeStep.objects.filter(uptake="acknowledged").count() == 1
    assert "said by the office: Ministry of Water" in team
    assert "Lina" not in team
    assert client.get(at("transfer", transfer)).status_code == 404


# How much it costs


@pytest.mark.parametrize("number", [1, 3])
def test_lists_cost_the_same_whatever_their_length(
    world: World, made: dict[str, Any], number: int, django_assert_num_queries: Any
) -> None:
    lina = make.make_user("Lina")
    record.make_liaison(lina, made["body"])
    for _ in range(number - 1):
        more = record.make_transfer(made["outcome"], world.alice, made["body"])
        record.make_step(more, world.alice)
    alice, office = signed_in(world.alice), signed_in(lina)
    for client, path, queries in (
        (alice, reverse("transfer:transfers", args=[world.secret.pk]), LIST_QUERIES),
        (office, "/received/", RECEIVED_QUERIES),
    ):
        client.get(path)
        with django_assert_num_queries(queries):
            assert client.get(path).status_code == 200


@pytest.mark.parametrize("number", [1, 3])
def test_a_page_costs_the_same_whatever_its_steps(
    world: World, made: dict[str, Any], number: int, django_assert_num_queries: Any
) -> None:
    for _ in range(number - 1):
        record.make_step(made["transfer"], world.alice)
    alice = signed_in(world.alice)
    alice.get(at("transfer", made["transfer"]))
    with django_assert_num_queries(PAGE_QUERIES):
        alice.get(at("transfer", made["transfer"]))

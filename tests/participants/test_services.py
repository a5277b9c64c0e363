"""The register: who adds, opens, changes, marks and weighs whom; and what is refused, doubted and kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.models import User
from confidentiality.actor import actor
from confidentiality.policy import Forbidden, Hidden
from confidentiality.records import Stale
from confidentiality.wall import content_opened
from conftest import World
from initiatives.models import Initiative, TeamMember
from initiatives.services.overriding import Doubt
from participants import pseudonyms
from participants.models import (
    Attendance,
    Participation,
    ParticipationRevision,
    Person,
    PersonIdentity,
    PersonRevision,
    SelectionRating,
)
from participants.services import (
    add_person,
    change_participation,
    edit_person,
    erase_identity,
    invitable,
    mark_attendance,
    open_identity,
    participate,
    picture_of,
    rate,
    script_of,
    versions_in_register,
    write_identity,
)
from tests import factories as make
from tests import record

pytestmark = pytest.mark.django_db


@dataclass
class Register:
    """`secret` with somebody in it whose identity is written down, and everybody in a relation to them."""

    world: World
    person: Person
    part: Participation
    users: dict[str, User]


@pytest.fixture
def register(world: World) -> Register:
    users = {"lead": world.alice, "facilitator": world.bob, "house": world.harry, "rival": world.rita}
    users |= {"coordinator": world.cora, "steward": world.stella}
    for role in ("rapporteur", "observer"):
        users[role] = make.make_member_of(world.house, role.title())
        make.make_member(world.secret, users[role], role)
    users["registrar"] = make.make_member_of(world.house, "Reggie", "registrar")
    users["other registrar"] = make.make_member_of(world.other, "Otto", "registrar")
    person = record.make_person(world.house, "Kestrel of the mill", party=world.up)
    return Register(world, person, record.make_participation(world.secret, person), users)


def second(world: World, lead: User) -> Initiative:
    """Another initiative of the house."""
    return make.make_initiative(world.conflict, world.house, lead=lead, parties=(world.up, world.down))


# o opens and writes identities, w writes persons, r reads pseudonyms, - learns nothing.
ROLES = {
    "lead": "o",
    "facilitator": "o",
    "registrar": "o",
    "rapporteur": "w",
    "observer": "r",
    "house": "-",
    "rival": "-",
    "coordinator": "-",
    "steward": "-",
    "other registrar": "-",
}


def acts(register: Register) -> dict[str, Callable[[User], Any]]:
    return {
        "edit": lambda by: edit_person(by=by, person=register.person, background="scholar"),
        "open": lambda by: open_identity(by=by, person=register.person),
        "write": lambda by: write_identity(by=by, person=register.person, name="Another kestrel"),
        "erase": lambda by: erase_identity(by=by, person=register.person, reason="Asked for it"),
    }


@pytest.mark.parametrize("who", ROLES)
def test_each_relation_may_what_the_table_says(register: Register, who: str) -> None:
    for name, act in acts(register).items():
        allowed = ROLES[who] == "o" or (ROLES[who] == "w" and name == "edit")
        with actor(register.users[who]):
            if allowed:
                act(register.users[who])
                continue
            with pytest.raises(Hidden if ROLES[who] == "-" else Forbidden):
                act(register.users[who])


def test_a_team_that_was_lent_a_person_does_not_erase_who_it_is(register: Register) -> None:
    lead, borrower = register.users["facilitator"], make.make_member_of(register.world.house, "Col")
    lent = second(register.world, borrower)
    make.make_member(lent, lead, "facilitator")
    with actor(lead):
        participate(by=lead, initiative=lent, person=register.person)
    with actor(borrower):
        with pytest.raises(ValidationError, match="would lose the identity as well"):
            erase_identity(by=borrower, person=register.person, reason="Not needed")
        # Without the one door, by the wall alone.
        PersonIdentity.objects.filter(person=register.person).delete()
    assert PersonIdentity.objects.filter(person=register.person).exists()
    for who in ("lead", "registrar"):
        with actor(user := register.users[who]):
            erase_identity(by=user, person=register.person, reason="Asked for it")


def test_who_worked_on_the_team_is_named_when_they_have_left(register: Register) -> None:
    col = register.users["facilitator"]
    with actor(col):
        edit_person(by=col, person=register.person, background="scholar")
    TeamMember.objects.filter(user=col).update(expires_at=timezone.now())
    with actor(lead := register.users["lead"]):
        told = versions_in_register(by=lead, record=register.person)

    assert told[0].by == col


@pytest.mark.parametrize("who", ROLES)
def test_who_sees_persons_and_who_sees_identities(register: Register, who: str) -> None:
    user = register.users[who]
    with actor(user):
        assert Person.objects.visible_to(user).count() == (ROLES[who] != "-")
        assert PersonIdentity.objects.visible_to(user).count() == (ROLES[who] == "o")
        # Without the one door, by the wall alone.
        assert PersonIdentity.objects.count() == (ROLES[who] == "o")


# --- Adding ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["lead", "facilitator", "rapporteur"])
def test_whoever_logs_adds_a_person_with_an_identity(register: Register, who: str) -> None:
    """A rapporteur, too, who then does not find the identity again."""
    user = register.users[who]
    with actor(user):
        person = add_person(
            by=user, initiative=register.world.secret, party=register.world.up, background="scholar",
            role="insider_mediator", status="invited", note="Heard of the weir",
            identity={"name": "Merlin of the sluice", "other_names": [{"name": "مرلين"}], "birth_year": "1971"},
        )  # fmt: skip
        assert PersonIdentity.objects.filter(person=person).exists() == (who != "rapporteur")

    part = Participation.objects.get(person=person)
    assert (part.role, part.status, part.note) == ("insider_mediator", "invited", "Heard of the weir")
    assert person.organisation == register.world.house
    identity = PersonIdentity.objects.get(person=person)
    assert identity.name == "Merlin of the sluice"
    assert identity.other_names == [{"name": "مرلين", "script": "Arab"}]
    assert PersonRevision.objects.get(person=person).kept["changed"] == ["party", "background", "identity"]
    assert "Merlin" not in str(PersonRevision.objects.get(person=person).kept)


def test_a_name_that_somebody_bears_already_is_doubted_for_whoever_may_read_it(register: Register) -> None:
    """On another side, too; a rapporteur hears nothing, who could ask for one name after the other."""
    world = register.world
    twice: dict[str, Any] = {
        "initiative": world.secret,
        "party": world.down,
        "identity": {"name": " MERLIN "},
    }
    lead, rapporteur = register.users["lead"], register.users["rapporteur"]
    with actor(lead):
        first = add_person(by=lead, initiative=world.secret, party=world.up, identity={"name": "Merlin"})
        with pytest.raises(Doubt) as doubted:
            add_person(by=lead, **twice)
    with actor(rapporteur):
        add_person(by=rapporteur, **twice)
    with actor(lead):
        made = add_person(by=lead, override_reason="Her cousin", **twice)

    assert list(doubted.value.message_dict) == ["name"]
    assert first.pseudonym in doubted.value.message_dict["name"][0]
    assert Participation.objects.filter(initiative=world.secret).count() == 4
    told = ParticipationRevision.objects.get(participation__person=made)
    assert told.kept["reason"] == "Her cousin"


@pytest.mark.parametrize(("who", "refusal"), [("observer", Forbidden), ("house", Hidden), ("rival", Hidden)])
def test_nobody_else_adds(register: Register, who: str, refusal: type[Exception]) -> None:
    user = register.users[who]
    with actor(user), pytest.raises(refusal):
        add_person(by=user, initiative=register.world.secret)


def test_who_keeps_the_register_adds_without_an_initiative(register: Register) -> None:
    registrar = register.users["registrar"]
    with actor(registrar):
        person = add_person(
            by=registrar, organisation=register.world.house, identity={"name": "Wren of the bank"}
        )
        opened = open_identity(by=registrar, person=person)

    assert opened is not None
    assert opened.name == "Wren of the bank"
    for who in ("lead", "other registrar"):
        user = register.users[who]
        with actor(user), pytest.raises(Hidden):
            add_person(by=user, organisation=register.world.house)


def test_the_side_belongs_to_the_conflict(register: Register) -> None:
    world, lead = register.world, register.users["lead"]
    stray = make.make_party(make.make_conflict("Elsewhere"), "A side elsewhere")
    with actor(lead):
        with pytest.raises(ValidationError) as refused:
            add_person(by=lead, initiative=world.secret, party=stray)
        assert set(refused.value.message_dict) == {"party"}
        with pytest.raises(ValidationError) as refused:
            edit_person(by=lead, person=register.person, party=stray, override_reason="Because")
        assert set(refused.value.message_dict) == {"party"}


@pytest.mark.parametrize("year", ["71", "19711", "3000", "abcd", "١٩٧١"])
def test_a_year_of_birth_is_a_year(register: Register, year: str) -> None:
    lead = register.users["lead"]
    with actor(lead), pytest.raises(ValidationError) as refused:
        write_identity(by=lead, person=register.person, birth_year=year)
    assert set(refused.value.message_dict) == {"birth_year"}


def test_pseudonyms_avoid_those_that_the_writer_sees() -> None:
    taken = {f"{word} {number}" for word in pseudonyms.WORDS for number in range(10, 100)} - {"Dipper 11"}

    assert pseudonyms.draw(taken) not in taken
    assert not set(pseudonyms.WORDS) & set(make.codenames.FIRST + make.codenames.SECOND)


def test_scripts_are_told_by_the_first_letter() -> None:
    names = ["Kestrel", "صقر", "Сокол", "נץ", "12", "鷹"]

    assert [script_of(name) for name in names] == ["Latn", "Arab", "Cyrl", "Hebr", "", "Hani"]


# --- Identity --------------------------------------------------------------------------------------------------


def test_opening_is_told_of_and_lists_open_nothing(register: Register) -> None:
    heard: list[Any] = []

    def hear(sender: Any, record_id: Any, **more: Any) -> None:
        heard.append((sender, record_id))

    lead = register.users["lead"]
    content_opened.connect(hear)
    try:
        with actor(lead):
            list(Person.objects.visible_to(lead))
            assert heard == []
            opened = open_identity(by=lead, person=register.person)
    finally:
        content_opened.disconnect(hear)

    assert opened is not None
    assert heard == [(PersonIdentity, opened.pk)]


def test_an_identity_is_corrected_by_version_and_leaves_no_trace(register: Register) -> None:
    lead = register.users["lead"]
    with actor(lead):
        with pytest.raises(Stale):
            write_identity(by=lead, person=register.person, version=7, name="Another kestrel")
        write_identity(by=lead, person=register.person, version=1, name="Another kestrel")
        revision = PersonRevision.objects.get(person=register.person)

    assert PersonIdentity.objects.get(person=register.person).name == "Another kestrel"
    assert revision.kept["changed"] == ["identity"]
    assert "estrel" not in str(revision.kept)


def test_erasing_needs_a_reason_and_keeps_the_person(register: Register) -> None:
    lead = register.users["lead"]
    with actor(lead):
        with pytest.raises(ValidationError) as refused:
            erase_identity(by=lead, person=register.person, reason="  ")
        assert set(refused.value.message_dict) == {"reason"}
        erase_identity(by=lead, person=register.person, reason="Asked for it")
        assert open_identity(by=lead, person=register.person) is None

    assert not PersonIdentity.objects.filter(person=register.person).exists()
    assert PersonRevision.objects.get(person=register.person).kept["reason"] == "Asked for it"
    assert Participation.objects.filter(person=register.person).exists()


# --- Participation ---------------------------------------------------------------------------------------------


def test_a_lead_brings_somebody_known_into_another_initiative(register: Register) -> None:
    lead = register.users["lead"]
    other = second(register.world, lead)
    with actor(lead):
        assert list(invitable(by=lead, initiative=other)) == [register.person]
        participate(by=lead, initiative=other, person=register.person, status="invited")
        assert list(invitable(by=lead, initiative=other)) == []
        with pytest.raises(ValidationError) as refused:
            participate(by=lead, initiative=other, person=register.person)

    assert set(refused.value.message_dict) == {"person"}


def test_an_invitation_is_no_key_to_an_identity(register: Register) -> None:
    """A rapporteur here who leads elsewhere knows the pseudonym, and does not open the identity by inviting."""
    rapporteur = register.users["rapporteur"]
    other = second(register.world, rapporteur)
    with actor(rapporteur):
        assert list(invitable(by=rapporteur, initiative=other)) == []
        with pytest.raises(Forbidden):
            participate(by=rapporteur, initiative=other, person=register.person)


def test_nor_is_it_one_for_whoever_leads_there(register: Register) -> None:
    """A rapporteur of both brings in nobody whose identity would be open to the lead of the other."""
    world, rapporteur = register.world, register.users["rapporteur"]
    other = second(world, make.make_member_of(world.house, "Colleague"))
    make.make_member(other, rapporteur, "rapporteur")
    with actor(rapporteur):
        assert list(invitable(by=rapporteur, initiative=other)) == []
        with pytest.raises(Forbidden):
            participate(by=rapporteur, initiative=other, person=register.person)


def test_an_overheard_id_opens_and_invites_nobody(register: Register) -> None:
    """Of another register, and of one's own house but another team."""
    world = register.world
    harry, rita = world.harry, world.rita
    own = second(world, harry)
    for user, initiative in ((harry, own), (rita, world.rival)):
        with actor(user):
            with pytest.raises(Hidden):
                participate(by=user, initiative=initiative, person=register.person)
            with pytest.raises(Hidden):
                open_identity(by=user, person=register.person)


def test_persons_of_another_register_do_not_take_part(register: Register) -> None:
    """Not even where one knows them: each register has a key of its own."""
    world, lead = register.world, register.users["lead"]
    make.make_member(world.rival, lead, "lead")
    with actor(lead), pytest.raises(ValidationError) as refused:
        participate(by=lead, initiative=world.rival, person=register.person)
    assert set(refused.value.message_dict) == {"person"}


def test_a_side_that_the_card_does_not_name_is_doubted(register: Register) -> None:
    world, lead = register.world, register.users["lead"]
    other = make.make_initiative(world.conflict, world.house, lead=lead, parties=(world.down,))
    with actor(lead):
        with pytest.raises(Doubt):
            participate(by=lead, initiative=other, person=register.person)
        part = participate(
            by=lead, initiative=other, person=register.person, override_reason="Comes as a guest"
        )
        assert ParticipationRevision.objects.get(participation=part).kept["reason"] == "Comes as a guest"


def test_changing_sides_while_taking_part_is_doubted(register: Register) -> None:
    world, lead = register.world, register.users["lead"]
    with actor(lead):
        with pytest.raises(Doubt) as doubted:
            edit_person(by=lead, person=register.person, party=world.down)
        assert set(doubted.value.message_dict) == {"party"}
        assert doubted.value.error_dict["party"][0].code == "confirm"
        edit_person(by=lead, person=register.person, party=world.down, override_reason="It was a mistake")
        assert PersonRevision.objects.get(person=register.person).kept["reason"] == "It was a mistake"

    register.person.refresh_from_db()
    assert register.person.party == world.down


def test_nothing_is_doubted_of_who_does_not_take_part_yet(register: Register) -> None:
    world, lead = register.world, register.users["lead"]
    Participation.objects.filter(pk=register.part.pk).update(status="considered")
    with actor(lead):
        assert edit_person(by=lead, person=register.person, party=world.down).party == world.down


def test_a_participation_changes_with_history(register: Register) -> None:
    rapporteur = register.users["rapporteur"]
    with actor(rapporteur):
        with pytest.raises(ValidationError) as refused:
            change_participation(by=rapporteur, participation=register.part, withdrew_on=date(2026, 1, 1))
        assert set(refused.value.message_dict) == {"withdrew_on"}
        changed = change_participation(
            by=rapporteur, participation=register.part, status="withdrew", withdrew_on=date(2026, 1, 1)
        )
        assert change_participation(by=rapporteur, participation=changed, status="withdrew").version == 2
        back = change_participation(by=rapporteur, participation=changed, version=2, status="accepted")
        with pytest.raises(Stale):
            change_participation(by=rapporteur, participation=changed, version=2, status="blocked")
        kept = [row.kept["changed"] for row in ParticipationRevision.objects.order_by("number")]

    assert back.withdrew_on is None
    assert kept == [["status", "withdrew_on"], ["status", "withdrew_on"]]


# --- Attendance ------------------------------------------------------------------------------------------------


def there(session: Any) -> set[Any]:
    return set(Attendance.objects.filter(session=session).values_list("participation_id", flat=True))


def test_attendance_is_written_as_a_set(register: Register) -> None:
    world, rapporteur = register.world, register.users["rapporteur"]
    session = record.make_session(world.secret, world.alice)
    others = [record.make_participation(world.secret) for _number in range(2)]
    with actor(rapporteur):
        mark_attendance(by=rapporteur, session=session, participations=[register.part, others[0]])
        assert there(session) == {register.part.pk, others[0].pk}
        mark_attendance(by=rapporteur, session=session, participations=[others[0], others[1]])
        assert there(session) == {others[0].pk, others[1].pk}


def test_two_who_tick_at_the_same_time_lose_nothing(register: Register) -> None:
    world, lead = register.world, register.users["lead"]
    session = record.make_session(world.secret, world.alice)
    first, mine, theirs = register.part, *(record.make_participation(world.secret) for _number in range(2))
    with actor(lead):
        mark_attendance(by=lead, session=session, participations=[first], seen=[])
        mark_attendance(by=lead, session=session, participations=[first, theirs], seen=[first.pk])
        mark_attendance(by=lead, session=session, participations=[mine], seen=[first.pk])

        assert there(session) == {mine.pk, theirs.pk}


@pytest.mark.parametrize("rule", ["no_notes", "non_attributed_summary"])
def test_some_rules_store_nobody(register: Register, rule: str) -> None:
    world, lead = register.world, register.users["lead"]
    session = record.make_session(world.secret, world.alice, rule=rule)
    with actor(lead):
        with pytest.raises(ValidationError, match="not stored who was there"):
            mark_attendance(by=lead, session=session, participations=[register.part])
        # What was stored before the rule was changed can be taken out.
        record.make_attendance(session, register.part)
        mark_attendance(by=lead, session=session, participations=[])
        assert there(session) == set()


@pytest.mark.parametrize("status", ["cancelled", "postponed", "planned"])
def test_nobody_was_at_what_did_not_take_place(register: Register, status: str) -> None:
    world, lead = register.world, register.users["lead"]
    on = timezone.localdate() + timedelta(days=9)
    session = record.make_session(world.secret, world.alice, status=status, began_on=on)
    with actor(lead), pytest.raises(ValidationError, match="not held"):
        mark_attendance(by=lead, session=session, participations=[register.part])


def test_who_takes_part_elsewhere_was_not_here(register: Register) -> None:
    world, lead = register.world, register.users["lead"]
    session = record.make_session(world.secret, world.alice)
    elsewhere = record.make_participation(second(world, lead))
    with actor(lead), pytest.raises(ValidationError) as refused:
        mark_attendance(by=lead, session=session, participations=[elsewhere])
    assert set(refused.value.message_dict) == {"participations"}


@pytest.mark.parametrize("withdrew_on", [None, date(2026, 3, 3)])
def test_who_had_withdrawn_is_doubted(register: Register, withdrew_on: date | None) -> None:
    world, lead = register.world, register.users["lead"]
    session = record.make_session(world.secret, world.alice)  # On 4 March.
    Participation.objects.filter(pk=register.part.pk).update(status="withdrew", withdrew_on=withdrew_on)
    register.part.refresh_from_db()
    with actor(lead):
        with pytest.raises(Doubt, match="before this session"):
            mark_attendance(by=lead, session=session, participations=[register.part])
        mark_attendance(
            by=lead, session=session, participations=[register.part], override_reason="Came once more"
        )
        assert there(session) == {register.part.pk}
        kept = ParticipationRevision.objects.get(participation=register.part).kept

    assert (kept["changed"], kept["reason"]) == (["attendance"], "Came once more")


def test_who_withdrew_on_the_day_or_later_was_there(register: Register) -> None:
    world, lead = register.world, register.users["lead"]
    session = record.make_session(world.secret, world.alice)
    Participation.objects.filter(pk=register.part.pk).update(status="withdrew", withdrew_on=date(2026, 3, 4))
    register.part.refresh_from_db()
    with actor(lead):
        mark_attendance(by=lead, session=session, participations=[register.part])
        assert there(session) == {register.part.pk}


@pytest.mark.parametrize(
    ("who", "refusal"), [("observer", Forbidden), ("registrar", Hidden), ("rival", Hidden)]
)
def test_who_does_not_log_marks_nobody(register: Register, who: str, refusal: type[Exception]) -> None:
    session = record.make_session(register.world.secret, register.world.alice)
    user = register.users[who]
    with actor(user), pytest.raises(refusal):
        mark_attendance(by=user, session=session, participations=[register.part])


# --- Selection -------------------------------------------------------------------------------------------------


def test_a_rating_is_given_changed_and_taken_back(register: Register) -> None:
    rapporteur, lead = register.users["rapporteur"], register.users["lead"]
    with actor(rapporteur):
        rate(by=rapporteur, participation=register.part, criterion="language", rating=3)
    with actor(lead):
        stored = rate(by=lead, participation=register.part, criterion="language", rating=0)
        assert stored is not None
        assert (stored.rating, stored.by) == (0, lead)
        for rating, criterion in ((5, "language"), (3, "charm"), (-1, "language")):
            with pytest.raises(ValidationError):
                rate(by=lead, participation=register.part, criterion=criterion, rating=rating)
        assert rate(by=lead, participation=register.part, criterion="language", rating=None) is None
        assert not SelectionRating.objects.exists()


def test_the_picture_is_for_those_who_read_links(register: Register) -> None:
    world, lead = register.world, register.users["lead"]
    body = record.make_body(world.conflict)
    expert = record.make_participation(world.secret, record.make_person(world.house, party=world.up))
    gone = record.make_participation(world.secret, status="withdrew")
    record.make_tie(register.person, body, strength=2)
    record.make_tie(expert.person, body, strength=4, last_confirmed_on=date(2020, 1, 1))
    record.make_rating(expert, lead, "political_knowledge", 4)
    for who in ("lead", "rapporteur"):
        user = register.users[who]
        with actor(user):
            picture = picture_of(by=user, initiative=world.secret)
        found = {part.pk: each.quadrant for part, each in picture.standpoints}
        assert found == {register.part.pk: "connector_unversed", expert.pk: "expert_unlinked"}
        assert gone.pk not in found
        assert picture.suggestions == [("Upstream", [expert], [register.part])]
    for who, refusal in (("observer", Forbidden), ("registrar", Hidden), ("house", Hidden)):
        user = register.users[who]
        with actor(user), pytest.raises(refusal):
            picture_of(by=user, initiative=world.secret)

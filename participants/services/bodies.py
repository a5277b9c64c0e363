"""Official bodies and their parts in official tracks: shared reference, written by coordinators. And who is their
liaison, which stewards say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Register, User
from confidentiality import policy
from confidentiality.codes import Action
from confidentiality.records import hold, save
from initiatives.models import Conflict, OfficialTrack
from initiatives.services.turns import take_turn
from participants.enums import TrackPart
from participants.models import BodyTrack, LiaisonMandate, OfficialBody

BODY = ("name", "party", "agenda_themes", "gatekeeper")
Parts = Iterable[tuple[OfficialTrack, str]]


@transaction.atomic
def create_body(*, by: User, conflict: Conflict, parts: Parts | None = None, **fields: Any) -> OfficialBody:
    """Add an office at the root of a conflict tree. `parts`: (track, TrackPart) of each part it has in a track."""
    policy.require(by, Action.EDIT_REFERENCE, conflict)
    body = OfficialBody(conflict=conflict)
    _write(body, fields, parts)
    return body


@transaction.atomic
def edit_body(
    *,
    by: User,
    body: OfficialBody,
    version: int | None = None,
    parts: Parts | None = None,
    **fields: Any,
) -> OfficialBody:
    """Change an office: any of BODY, and all its parts in tracks where `parts` is given."""
    policy.require(by, Action.EDIT_REFERENCE, body)
    body = hold(OfficialBody, body.pk, version)
    _write(body, fields, parts)
    return body


def _write(body: OfficialBody, fields: Mapping[str, Any], parts: Parts | None) -> None:
    if unknown := sorted(set(fields) - set(BODY)):
        raise TypeError(f"unknown fields: {', '.join(unknown)}")
    for name, value in fields.items():
        setattr(body, name, value)
    # One change of the gates of a conflict at a time: two at once could close a circle together.
    take_turn("gatekeepers", body.conflict_id)
    _refuse_circle(body)
    wanted = None if parts is None else _checked(body, parts)
    save(body)
    if wanted is not None:
        _set_parts(body, wanted)


def _refuse_circle(body: OfficialBody) -> None:
    """Whoever is sent from gatekeeper to gatekeeper must arrive."""
    if body.gatekeeper_id is None:
        return
    gates = dict(OfficialBody.objects.filter(conflict=body.conflict_id).values_list("pk", "gatekeeper_id"))
    gates[body.pk] = body.gatekeeper_id
    if body.pk in gates_above(body.pk, gates):
        text = _("These gatekeepers would lead in a circle: nobody would ever be let in.")
        raise ValidationError({"gatekeeper": text})


def gates_above(body: UUID, gates: Mapping[UUID, UUID | None]) -> list[UUID]:
    """The gatekeeper of a body, the gatekeeper's own, and so on. Ends where a circle closes.

    `gates`: each body's gatekeeper.
    """
    above: list[UUID] = []
    step = gates.get(body)
    while step is not None and step not in above:
        above.append(step)
        step = gates.get(step)
    return above


def _checked(body: OfficialBody, parts: Parts) -> set[tuple[UUID, str]]:
    wanted = list(parts)
    root = body.conflict.root_id
    if any(track.conflict.root_id != root for track, _part in wanted):
        raise ValidationError({"parts": _("This track belongs to another conflict.")})
    if any(part not in TrackPart.values for _track, part in wanted):
        raise ValidationError({"parts": _("Expected one of the codes.")})
    keys = {(track.pk, part) for track, part in wanted}
    if len(keys) != len(wanted):
        raise ValidationError({"parts": _("Name each part in a track once.")})
    return keys


def _set_parts(body: OfficialBody, wanted: set[tuple[UUID, str]]) -> None:
    standing = {(part.track_id, part.part): part for part in body.parts.all()}
    for key, part in standing.items():
        if key not in wanted:
            part.delete()
    for track_id, code in sorted(wanted - set(standing)):
        save(BodyTrack(body=body, track_id=track_id, part=code))


@transaction.atomic
def grant_liaison(*, by: User, user: User, body: OfficialBody) -> LiaisonMandate:
    """Let a user receive what is transferred to an office, and answer for it.

    An account that works here in another way is refused: a steward, a member of an organisation, a coordinator would
    read what rival teams say to the office.
    """
    policy.require(by, Action.GRANT_MANDATE, Register())
    works_here = (
        user.organisation_ids() or user.team_memberships.current().exists() or user.mandates.live().exists()
    )
    if user.is_steward or works_here:
        text = _(
            "This account is a steward's, a coordinator's or that of a member of an organisation or a team. A "
            "liaison is somebody of the office, with an account for nothing else."
        )
        raise ValidationError({"user": text})
    if LiaisonMandate.objects.visible_to(by).live().filter(user=user, body=body).exists():
        raise ValidationError({"user": _("This person is liaison of this office already.")})
    mandate = LiaisonMandate(user=user, body=body, granted_by=by)
    save(mandate)
    return mandate


@transaction.atomic
def end_liaison(*, by: User, mandate: LiaisonMandate) -> LiaisonMandate:
    """End a mandate at once. Ending it twice is once."""
    policy.require(by, Action.GRANT_MANDATE, Register())
    mandate = hold(LiaisonMandate, mandate.pk, None)
    if mandate.ended_at is None:
        mandate.ended_at, mandate.ended_by = timezone.now(), by
        save(mandate)
    return mandate

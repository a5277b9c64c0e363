"""Importing a register of public initiatives: the public record.

All or nothing: with one bad row nothing is written. The same file again changes nothing. Rows are known again by
their `ref` within the organisation in whose name the register is kept.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, BinaryIO
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import Organisation, User
from confidentiality import policy
from confidentiality.codes import Action
from confidentiality.policy import Standing
from initiatives.models import Conflict, ConflictTree, Initiative
from initiatives.querysets import reads_reference
from initiatives.services.importing.planning import Plan, Progress, make_plan
from initiatives.services.importing.reading import COLUMNS, read
from initiatives.services.importing.table import Problem
from initiatives.services.importing.writing import write
from initiatives.services.reference import lock_tree
from initiatives.signals import initiative_changed

__all__ = ["COLUMNS", "ImportReport", "Problem", "import_initiatives"]


class PublicRecord:
    """The public record as a whole: open to every coordinator; each row then asks for its conflict. Not stored."""

    def standing_of(self, user: Any) -> Standing:
        if not reads_reference(user):
            return Standing()
        coordinates = not user.narrowed_to and user.mandates.live().exists()
        grants = {Action.IMPORT_INITIATIVES} if coordinates else set()
        return Standing(visible=True, grants=frozenset(grants))


@dataclass(slots=True)
class ImportReport:
    """What an import did, or with dry_run would do."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    made: dict[str, int] = field(default_factory=lambda: {"organisations": 0, "conflicts": 0, "parties": 0})
    rejected: list[Problem] = field(default_factory=list)
    dry_run: bool = False

    @property
    def ok(self) -> bool:
        return not self.rejected

    def as_dict(self) -> dict[str, Any]:
        return {
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "made": self.made,
            "rejected": [asdict(problem) for problem in self.rejected],
        }


@transaction.atomic
def import_initiatives(
    *,
    by: User,
    lines: BinaryIO,
    dry_run: bool = False,
    organisation: Organisation | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """Read a register and store it as the public record; with `dry_run` say what that would do.

    Open to coordinators, for conflicts that their mandate covers. The cards have no team, so the coordinator can
    open their flags. `organisation`: the one of the coordinator's own that keeps the register; by default the
    one joined first.
    """
    policy.require(by, Action.IMPORT_INITIATIVES, PublicRecord())
    register = _register_of(by, organisation)
    rows, problems = read(lines, settings.IMPORT_LIMIT_BYTES)
    if problems:
        return ImportReport(rejected=problems, dry_run=dry_run)
    # From here to the end nobody else makes conflicts or imports, so that what is not there stays so.
    lock_tree()
    plan = make_plan(rows=rows, by=by, register=register, lock=not dry_run, progress=progress)
    plan.problems += _not_covered(by, plan)
    if plan.problems:
        return ImportReport(rejected=sorted(plan.problems, key=lambda problem: problem.row), dry_run=dry_run)
    if not dry_run and (changed := _store(plan, progress)):
        initiative_changed.send(Initiative, initiative_ids=changed)
    return _report(plan, dry_run)


def _store(plan: Plan, progress: Progress | None) -> list[UUID]:
    """Write, unless somebody made one of the new organisations or parties in the same seconds."""
    try:
        with transaction.atomic():
            return write(plan, progress)
    except IntegrityError as error:
        text = _(
            "Somebody else has just added what this register names. Nothing was written; import it again."
        )
        raise ValidationError({"file": text}) from error


def _register_of(by: User, organisation: Organisation | None) -> Organisation:
    """The organisation that keeps the register."""
    own = Organisation.objects.filter(memberships__in=by.memberships.standing()).order_by(
        "memberships__created_at"
    )
    if organisation is not None:
        own = own.filter(pk=organisation.pk)
    if (register := own.first()) is None:
        text = _("You need to be a member of the organisation that keeps the register.")
        raise ValidationError({"organisation": text})
    return register


def _not_covered(by: User, plan: Plan) -> list[Problem]:
    """Rows on conflicts that the coordinator's mandate does not cover; a new root needs one for all conflicts."""
    if policy.may(by, Action.IMPORT_INITIATIVES, ConflictTree()):
        return []
    made = {conflict.pk for conflict in plan.conflicts}
    answers: dict[Any, bool] = {}
    problems = []
    for number, conflict in plan.touched.items():
        if conflict.pk not in answers:
            answers[conflict.pk] = _covers(by, conflict, made)
        if not answers[conflict.pk]:
            problems.append(Problem(number, "conflict", _("Your mandate does not cover this conflict.")))
    return problems


def _covers(by: User, conflict: Conflict, made: set[Any]) -> bool:
    """What is to be made is covered when what it will be part of is."""
    standing: Conflict | None = conflict
    while standing is not None and standing.pk in made:
        standing = standing.parent
    return standing is not None and policy.may(by, Action.IMPORT_INITIATIVES, standing)


def _report(plan: Plan, dry_run: bool) -> ImportReport:
    made = {
        "organisations": len(plan.organisations),
        "conflicts": len(plan.conflicts),
        "parties": len(plan.parties),
    }
    return ImportReport(
        created=len(plan.created),
        updated=len(plan.updated),
        unchanged=plan.unchanged,
        made=made,
        dry_run=dry_run,
    )

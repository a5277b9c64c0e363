"""Which conflict a row means, and which conflicts have to be made. Pure: given the tree, it asks no database.

Identity is the normalised name within the parent. A row that names a parent means exactly that conflict. A row
that names none means, in this order: the one conflict for which another row of the file names a parent; the root
of that name; the one conflict of that name anywhere in the tree; else a new root. So a parent needs to be
written once, and a register that leaves it out does not make a second Kashmir. Where two would fit, nobody
guesses: the row is a problem. Parents are found by the same rule.

A conflict that would stand below one of its own name is a circle. Conflicts that exist are never moved or
changed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from django.utils.translation import gettext as _

from confidentiality.words import listed
from initiatives.models import Conflict
from initiatives.models.conflict import normalised
from initiatives.services.importing.reading import Row
from initiatives.services.importing.table import Problem

DEEPEST = 12


class Unclear(ValueError):
    """A row's conflict cannot be told; `column` says which cell to correct."""

    def __init__(self, column: str, text: str) -> None:
        super().__init__(text)
        self.column = column


@dataclass(slots=True)
class Tree:
    """The conflicts that exist, those to be made (parents first), and what the file says of parents."""

    by_place: dict[tuple[UUID | None, str], Conflict] = field(default_factory=dict)
    by_name: dict[str, list[Conflict]] = field(default_factory=lambda: defaultdict(list))
    by_id: dict[UUID, Conflict] = field(default_factory=dict)
    made: list[Conflict] = field(default_factory=list)
    parents: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))

    def add(self, conflict: Conflict) -> None:
        self.by_place[conflict.parent_id, conflict.normalised_name] = conflict
        self.by_name[conflict.normalised_name].append(conflict)
        self.by_id[conflict.pk] = conflict

    def find(self, name: str, parent_name: str, column: str, asked: tuple[str, ...] = ()) -> Conflict:
        """The conflict of that name, made if need be. `asked`: the names below it, on the way here."""
        key = normalised(name)
        if key in asked:
            raise Unclear(
                "parent_conflict", _("This is a circle of conflicts: “%s” is part of itself.") % name
            )
        if not parent_name:
            if (found := self._without_parent(key, column, asked)) is not None:
                return found
            parent_name = next(iter(self.parents[key].values()), "")
        if not parent_name:
            return self._make(name, key, None)
        if len(asked) >= DEEPEST:
            raise Unclear("parent_conflict", _("Conflicts are nested at most %d deep.") % DEEPEST)
        parent = self.find(parent_name, "", "parent_conflict", (*asked, key))
        if any(self.by_id[above].normalised_name == key for above in parent.lineage):
            raise Unclear(
                "parent_conflict", _("This is a circle of conflicts: “%s” is part of itself.") % name
            )
        return self.by_place.get((parent.pk, key)) or self._make(name, key, parent)

    def _without_parent(self, key: str, column: str, asked: tuple[str, ...]) -> Conflict | None:
        """A conflict that exists, unless the file itself says what it is part of."""
        parents = self.parents[key]
        if len(parents) > 1:
            raise Unclear(column, _several(parents.values()))
        if parents:
            return None
        if root := self.by_place.get((None, key)):
            return root
        candidates = self.by_name[key]
        if len(candidates) > 1:
            raise Unclear(
                column, _several(self.by_id[one.parent_id].name for one in candidates if one.parent_id)
            )
        return candidates[0] if candidates else None

    def _make(self, name: str, key: str, parent: Conflict | None) -> Conflict:
        conflict = Conflict(name=name, parent=parent)
        conflict.place()
        self.add(conflict)
        self.made.append(conflict)
        return conflict


def _several(parents: Iterable[str]) -> str:
    names = listed(sorted(parents))
    return _("Several conflicts bear this name. Say of which it is part: %(names)s.") % {"names": names}


def place_rows(
    rows: list[Row], existing: Iterable[Conflict]
) -> tuple[Tree, dict[int, Conflict], list[Problem]]:
    """The tree with what has to be made, the conflict of each row by its number, and the problems."""
    tree = Tree()
    for conflict in existing:
        tree.add(conflict)
    for row in rows:
        if row.parent_conflict:
            parent = normalised(row.parent_conflict)
            tree.parents[normalised(row.conflict)].setdefault(parent, row.parent_conflict)
    placed: dict[int, Conflict] = {}
    problems: list[Problem] = []
    for row in rows:
        try:
            placed[row.number] = tree.find(row.conflict, row.parent_conflict, "conflict")
        except Unclear as error:
            problems.append(Problem(row.number, error.column, str(error)))
    if not problems:
        problems += _describe(rows, placed, tree)
    return tree, placed, problems


def _describe(rows: list[Row], placed: dict[int, Conflict], tree: Tree) -> list[Problem]:
    """Give the new conflicts their UCDP id, and the countries that all of their rows share."""
    made = {conflict.pk: conflict for conflict in tree.made}
    named: dict[UUID, tuple[int, int]] = {}
    shared: dict[UUID, list[str]] = {}
    problems = []
    for row in rows:
        conflict = placed[row.number]
        if conflict.pk not in made:
            continue
        shared[conflict.pk] = [
            code for code in shared.get(conflict.pk, list(row.countries)) if code in row.countries
        ]
        if row.ucdp_conflict_id is None:
            continue
        first, number = named.setdefault(conflict.pk, (row.ucdp_conflict_id, row.number))
        if first != row.ucdp_conflict_id:
            text = _("Row %(row)d gives this conflict the id %(id)d.") % {"row": number, "id": first}
            problems.append(Problem(row.number, "ucdp_conflict_id", text))
    for pk, countries in shared.items():
        made[pk].countries = countries
    for pk, (ucdp_conflict_id, _number) in named.items():
        made[pk].ucdp_conflict_id = ucdp_conflict_id
    return problems

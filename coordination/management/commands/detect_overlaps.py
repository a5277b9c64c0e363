"""Compares every initiative with every other; the same as the nightly run."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand

from coordination.services.comparison import compare_everything


class Command(BaseCommand):
    help = (
        "Compare everything. Progress goes to stderr, counts as JSON to stdout. `faults` are pairs that differed "
        "although nothing was waiting to be compared: more than 0 means that changes had been missed."
    )
    requires_migrations_checks = True

    def handle(self, *args: Any, **options: Any) -> None:
        self._shown = -1
        counts = compare_everything(progress=self._progress if options["verbosity"] else None)
        self.stdout.write(json.dumps(counts.as_dict()))

    def _progress(self, done: int, total: int) -> None:
        """A line for every further hundredth of the way, so that a log stays readable."""
        percent = 100 * done // total if total else 100
        if percent != self._shown:
            self._shown = percent
            self.stderr.write(f"{done} of {total} initiatives compared ({percent} %)")

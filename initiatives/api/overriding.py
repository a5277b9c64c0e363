"""How a program says why what was doubted is right all the same, and of which questions it knows."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from initiatives.services.overriding import Reason
from initiatives.services.versions import REASON_LENGTH

OVERRIDE = _(
    "Why what looks unlikely is right; kept in the history. Needed where the code `confirm` was answered. By itself it "
    "covers everything but whether a text names somebody: for that, send `asked` as well."
)
ASKED = _(
    "The `asked` of the errors that were answered with the code `confirm`, once a person has looked at them. The "
    "reason then covers these questions and no others."
)
# Rows of a table that is imported, with a question at each of a few columns.
MOST_ASKED, LONGEST_ASKED = 5_000, 20_000
FIELDS = ("override_reason", "asked")


class Overridable(serializers.Serializer):
    """Beside a serializer of a record or of an act: its service gets a Reason."""

    override_reason = serializers.CharField(
        max_length=REASON_LENGTH, required=False, allow_blank=True, write_only=True, help_text=OVERRIDE
    )
    asked = serializers.ListField(
        child=serializers.CharField(max_length=LONGEST_ASKED, allow_blank=True),
        max_length=MOST_ASKED,
        required=False,
        write_only=True,
        help_text=ASKED,
    )

    def to_internal_value(self, data: Any) -> Any:
        found = super().to_internal_value(data)
        asked = found.pop("asked", None)
        if asked is not None:
            found["override_reason"] = Reason(found.get("override_reason", ""), asked)
        return found

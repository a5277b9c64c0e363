"""Lists as files: where a page's list is to be had as CSV or XLSX, and what such a file leaves out and why.

The API writes them: one place decides what leaves the room. An address holds codes and ids, and never words that were
searched for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.api.export import FORMATS
from confidentiality.codes import ExportReason

PSEUDONYMS = _("By pseudonym: who people are is in no file.")
LEFT_OUT: Mapping[str, Any] = {
    "sessions": _(
        "Left out, because a file leaves the room: sessions for participants only, and every text of sessions "
        "without notes or with agreed texts only."
    ),
    "people": PSEUDONYMS,
    "participations": PSEUDONYMS,
    "official-bodies": _(
        "Left out: who can reach these offices. It is in the file of ties, for those who see them."
    ),
    "official-links": _("The ties that you may see, by pseudonym: who people are is in no file."),
    "outcomes": _(
        "Left out, because a file leaves the room: every text that the group did not agree to let travel, or whose "
        "session was without notes or for agreed texts only; what came out of sessions for participants only; and "
        "whose change it was, unless the session was on the record."
    ),
    "transfers": _(
        "Left out, because a file leaves the room: transfers on a way that their outcome may not travel, by agreement "
        "or by the rule of its session; by whose link they went; and who carried them, unless the session was on the "
        "record."
    ),
    "received-transfers": _("Nothing is left out: the file says what this page says."),
}
YES_NO = {"yes": "true", "no": "false"}


def files_of(resource: str, filters: Mapping[str, Any], left_out: str = "") -> dict[str, Any]:
    """What a form needs that asks for what, and answers with a file; and the sentence of what stays. `filters`: of the
    API; empty ones are none."""
    return {
        "resource": resource,
        "address": reverse(f"api-{resource}-list"),
        "chosen": {name: YES_NO.get(str(value), value) for name, value in filters.items() if value},
        "formats": [(name, name.upper()) for name in FORMATS],
        "reasons": ExportReason.choices,
        "left_out": left_out or str(LEFT_OUT[resource]),
    }

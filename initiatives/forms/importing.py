"""Forms of imports: a file is chosen, looked at, and sent back by the page that showed what it would do.

Between the two steps the file travels in the page itself, compressed, and is checked anew when it comes back. So
the server keeps no copy, on disk or in the cache, and what is imported is what was shown.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Organisation
from initiatives.forms.overriding import OverrideField
from initiatives.services.importing.records import LIMIT_BYTES


class FileForm(forms.Form):
    """A table as a file, or as the page before sent it back. Leaves its bytes in `content`."""

    file = forms.FileField(
        label=gettext_lazy("CSV file"),
        required=False,
        help_text=gettext_lazy("UTF-8, with the columns named below. At most 30 MB."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"}),
    )
    register = forms.CharField(required=False, widget=forms.HiddenInput)

    def largest(self) -> int:
        """In bytes."""
        return settings.IMPORT_LIMIT_BYTES

    def clean(self) -> dict[str, Any]:
        file, register = self.cleaned_data.get("file"), self.cleaned_data.get("register")
        if file is None and not register and "file" not in self.errors:
            self.add_error("file", _("Choose a file."))
        elif file is not None and file.size > self.largest():
            text = _("The file is larger than %(limit)d MB. Split it.")
            self.add_error("file", text % {"limit": max(1, self.largest() // 2**20)})
        elif file is not None:
            self.cleaned_data["content"] = file.read()
        elif register:
            self.cleaned_data["content"] = self._unpacked(register)
        return self.cleaned_data

    def _unpacked(self, register: str) -> bytes:
        try:
            return unpacked(register, self.largest())
        except ValueError:
            self.add_error("file", _("The file got lost on the way. Choose it again."))
            return b""


class ImportForm(FileForm):
    """A register of public initiatives, and in whose name it is kept."""

    organisation = forms.ModelChoiceField(
        label=gettext_lazy("Kept by"),
        queryset=Organisation.objects.none(),
        required=False,
        empty_label=None,
        help_text=gettext_lazy("Its members can correct the cards later."),
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = Organisation.objects.filter(memberships__in=user.memberships.standing())
        self.fields["organisation"].queryset = own.order_by("memberships__created_at")


class TableForm(FileForm):
    """A table of the record of one initiative. What is unlikely in it passes with a reason."""

    override_reason = OverrideField(
        help_text=gettext_lazy("Kept in the history of each row that was asked about.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].help_text = _("UTF-8, at most 5 MB and 500 rows.")

    def largest(self) -> int:
        return LIMIT_BYTES


def packed(content: bytes) -> str:
    return base64.b64encode(zlib.compress(content)).decode()


def unpacked(text: str, largest: int) -> bytes:
    """The inverse of `packed`; ValueError for anything else, also for what would unpack to more than is allowed."""
    try:
        unpacking = zlib.decompressobj()
        content = unpacking.decompress(base64.b64decode(text, validate=True), largest)
    except (binascii.Error, zlib.error) as error:
        raise ValueError("not a packed register") from error
    if not unpacking.eof:
        raise ValueError("too large, or cut off")
    return content

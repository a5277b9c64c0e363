"""How uploaded files are received: in memory alone, and no more of them than the largest that is taken.

Django's own handlers write what is larger than a limit to a temporary file, unencrypted, before any form could refuse
it; and each file of a request may be as large as the limit.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import InMemoryUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler


class InMemory(FileUploadHandler):
    """Keeps the files of one request, together one byte more than the limit at most; the rest is read and dropped.

    So a file that is too large arrives at its form larger than the limit, and is refused there with the form's words.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.left = settings.IMPORT_LIMIT_BYTES + 1
        self.kept = BytesIO()

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.kept = BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.left -= self.kept.write(raw_data[: self.left])

    def file_complete(self, file_size: int) -> UploadedFile:
        size = self.kept.tell()
        self.kept.seek(0)
        return InMemoryUploadedFile(
            self.kept, self.field_name, self.file_name, self.content_type, size, self.charset
        )

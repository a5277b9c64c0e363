"""Sessions whose keys are stored as digests: whoever reads the database cannot take over a sign-in.

Django stores the key of a session as it stands in the cookie, so that a stolen dump opens every session that still
lives. Not encryption: that a session is there, and of which user, is read from the row.
"""

from __future__ import annotations

import hashlib
from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.base_session import AbstractBaseSession
from django.utils import timezone


def digest_of(key: str) -> str:
    """160 of SHA-256's 256 bits, which is what the column holds. The key has as many: it needs no salt."""
    return hashlib.sha256(key.encode()).hexdigest()[:40]


class SessionStore(db.SessionStore):
    def _get_session_from_db(self) -> AbstractBaseSession | None:
        found = None
        if key := self.session_key:
            live = self.model.objects.filter(session_key=digest_of(key), expire_date__gt=timezone.now())
            found = live.first()
        if found is None:
            self._session_key = None
        return found

    def exists(self, session_key: str) -> bool:
        return bool(super().exists(digest_of(session_key)))

    def create_model_instance(self, data: dict[str, Any]) -> AbstractBaseSession:
        session = super().create_model_instance(data)
        session.session_key = digest_of(session.session_key)
        return session

    def delete(self, session_key: str | None = None) -> None:
        if key := session_key or self.session_key:
            super().delete(digest_of(key))

    async def acreate_model_instance(self, data: dict[str, Any]) -> AbstractBaseSession:
        """Django would store the key itself here."""
        raise NotImplementedError("This site answers from synchronous views only.")

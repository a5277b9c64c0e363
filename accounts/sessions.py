"""Sessions whose keys are stored as digests: whoever reads the database cannot take over a sign-in.

Django stores the key of a session as it stands in the cookie, so that a stolen dump opens every session that still
lives. Not encryption: that a session is there, and of which user, is read from the row.

A session ends when nobody has used it for a while, and at the latest some hours after the sign-in. Both are counted
from what the session itself says (`note_sign_in`, `note_use`), never from the moment at which it is written: a page
that asks again and again by itself keeps nobody signed in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.contrib.sessions.base_session import AbstractBaseSession
from django.utils import timezone


def digest_of(key: str) -> str:
    """160 of SHA-256's 256 bits, which is what the column holds. The key has as many: it needs no salt."""
    return hashlib.sha256(key.encode()).hexdigest()[:40]


BEGAN, USED = "signed_in_at", "used_at"
DEVICE = "device"
# What stands in a browser's word of itself; many claim to be others as well, so the first counts.
BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("FxiOS", "Firefox"), ("CriOS", "Chrome"),
            ("Chrome", "Chrome"), ("Safari", "Safari"))  # fmt: skip
SYSTEMS = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"),
           ("Macintosh", "Mac"), ("CrOS", "ChromeOS"), ("Linux", "Linux"))  # fmt: skip
# Whose second factor this session has seen.
PROVED = "second_factor_of"
# A session is written anew at most this often for having been used.
NOTED_EVERY = timedelta(minutes=1)


def note_sign_in(session: Any, agent: str = "") -> None:
    """From now on the hours count. `agent`: what the browser says of itself."""
    session[BEGAN] = session[USED] = timezone.now().timestamp()
    session[DEVICE] = device_of(agent)


def device_of(agent: str) -> str:
    """A browser and a system in words that somebody knows their own by; empty where neither is known. What else a
    browser says would tell people apart, and is not kept."""
    browser, system = (
        next((name for mark, name in known if mark in agent), "") for known in (BROWSERS, SYSTEMS)
    )
    return f"{browser} ({system})" if browser and system else browser or system


def note_use(session: Any) -> None:
    """Its user did something. At most once a minute: not a write for every page."""
    used = session.get(USED)
    if used is None or timezone.now() - _moment(used) >= NOTED_EVERY:
        session[USED] = timezone.now().timestamp()


def note_second_factor(session: Any, user: Any) -> None:
    """The user showed a second factor, or set one up, within this session."""
    session[PROVED] = str(user.pk)


def forget_second_factor(session: Any) -> None:
    session.pop(PROVED, None)


def has_second_factor(session: Any, user: Any) -> bool:
    """Of this very user: a session that began with somebody else's proves nothing."""
    return session.get(PROVED) == str(user.pk)


def ends_at(data: Mapping[str, Any]) -> datetime:
    """When a session ends if nothing more is done with it."""
    now = timezone.now()
    used, began = data.get(USED), data.get(BEGAN)
    idle = (now if used is None else _moment(used)) + settings.SESSION_IDLE
    whole = (now if began is None else _moment(began)) + settings.SESSION_WHOLE
    return min(idle, whole)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


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

    @classmethod
    def get_model_class(cls) -> Any:
        return apps.get_model("accounts", "SignIn")

    def create_model_instance(self, data: dict[str, Any]) -> AbstractBaseSession:
        session: Any = super().create_model_instance(data)
        session.session_key = digest_of(session.session_key)
        session.expire_date = ends_at(data)
        session.user_id, session.device = data.get(SESSION_KEY), data.get(DEVICE, "")
        session.began_at, session.used_at = (
            _moment(data[name]) if data.get(name) is not None else None for name in (BEGAN, USED)
        )
        return session

    @property
    def digest(self) -> str:
        """By which its row is named."""
        return digest_of(self.session_key) if self.session_key else ""

    def delete(self, session_key: str | None = None) -> None:
        if key := session_key or self.session_key:
            super().delete(digest_of(key))

    async def acreate_model_instance(self, data: dict[str, Any]) -> AbstractBaseSession:
        """Django would store the key itself here."""
        raise NotImplementedError("This site answers from synchronous views only.")

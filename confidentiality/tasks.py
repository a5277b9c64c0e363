"""Handlers of queued work: three lines each, safe to run twice."""

from __future__ import annotations

import logging

from celery import shared_task

from confidentiality import checkpoints
from confidentiality.actor import SITE, actor
from confidentiality.keys import KeyServiceAway

log = logging.getLogger(__name__)


@shared_task(name="confidentiality.tasks.sign_checkpoint")
def sign_checkpoint() -> None:
    """Sign where the chains of the audit stand. Without keys: in the next hour."""
    try:
        with actor(SITE):
            checkpoints.sign_checkpoint()
    except KeyServiceAway as error:
        log.warning("no checkpoint of the audit: %s", error)

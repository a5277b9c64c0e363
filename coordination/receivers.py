"""Writes the outbox in the transaction of the change. If this fails, the save fails."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.dispatch import receiver

from coordination.services.outbox import enqueue
from initiatives.signals import initiative_changed


@receiver(initiative_changed, dispatch_uid="coordination.outbox")
def remember_to_compare(
    sender: Any, initiative_ids: Collection[UUID] = (), family_ids: Collection[UUID] = (), **kwargs: Any
) -> None:
    enqueue(initiative_ids=initiative_ids, family_ids=family_ids)

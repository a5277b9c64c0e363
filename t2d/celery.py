"""The Celery application and its schedule. Queues carry ids only."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "t2d.settings")

app = Celery("t2d")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_schedule = {
    # Rescues what was never published, whatever the broker did meanwhile.
    "compare waiting initiatives": {
        "task": "coordination.tasks.compare_waiting",
        "schedule": 3.0,
        "options": {"expires": 3.0},
    },
    "hand over to successors": {
        "task": "initiatives.tasks.hand_over_to_successors",
        "schedule": 300.0,
        "options": {"expires": 300.0},
    },
    "purge old drafts": {
        "task": "initiatives.tasks.purge_old_drafts",
        "schedule": 24 * 3600.0,
        "options": {"expires": 3600.0},
    },
    "forget old letters": {
        "task": "accounts.tasks.forget_old_letters",
        "schedule": 3600.0,
        "options": {"expires": 1800.0},
    },
    "purge what is due": {
        "task": "initiatives.tasks.purge_due",
        "schedule": 15.0,
        "options": {"expires": 15.0},
    },
    "forget what was to be kept until now": {
        "task": "initiatives.tasks.forget_ended_texts",
        "schedule": 900.0,
        "options": {"expires": 900.0},
    },
    "destroy returned keys": {
        "task": "initiatives.tasks.destroy_returned_keys",
        "schedule": 300.0,
        "options": {"expires": 300.0},
    },
    "tell teams who asked in vain": {
        "task": "initiatives.tasks.tell_of_denials",
        "schedule": 60.0,
        "options": {"expires": 60.0},
    },
    "sign where the audit stands": {
        "task": "confidentiality.tasks.sign_checkpoint",
        "schedule": 3600.0,
        "options": {"expires": 1800.0},
    },
    "compare everything": {
        "task": "coordination.tasks.compare_everything",
        "schedule": 24 * 3600.0,
        "options": {"expires": 3600.0},
    },
}


@worker_init.connect
def refuse_to_start_unsafe(**kwargs: Any) -> None:
    """Before the first task: a worker whose database role no wall stops, or whose keys others can read, does not
    start."""
    from confidentiality.keyring import Unusable
    from confidentiality.keystore import StoreUnusable
    from confidentiality.roles import CanBypass, meet_the_database
    from confidentiality.vault import meet_the_keys

    try:
        meet_the_database()
        meet_the_keys()
    except (CanBypass, Unusable, StoreUnusable) as reason:
        # Any other exception of a receiver Celery logs, and goes on.
        raise SystemExit(str(reason)) from None

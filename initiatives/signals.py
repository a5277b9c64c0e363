"""The one signal by which news travels up the line of apps.

Sent by services inside their transaction, with `initiative_ids`: the initiatives whose matching card, links or
place in the tree of conflicts may have changed. A receiver that fails fails the save.
"""

from __future__ import annotations

from django.dispatch import Signal

initiative_changed = Signal()

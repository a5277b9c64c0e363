"""The one signal by which news travels up the line of apps.

Sent by services inside their transaction, with `initiative_ids`: the initiatives whose matching card or links may
have changed; or with `family_ids`: the root conflicts in whose families anything may have, on initiatives, too,
that the sender cannot see. A receiver that fails fails the save.
"""

from __future__ import annotations

from django.dispatch import Signal

initiative_changed = Signal()

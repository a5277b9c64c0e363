"""How often a server looks for values that hold each other in a circle (Python's cyclic garbage collector).

Values outside a circle are let go of at once, without it. Looking through the whole program, which stays anyway, took
up to a third of the time of a page that counts tens of thousands of small values.
"""

from __future__ import annotations

import gc

from django.urls import get_resolver

# New containers before the youngest are looked through; a page that counts much makes about twenty thousand at once.
NEW = 50_000


def settle() -> None:
    """Once, when the program is loaded: what is there by now is never looked through again, and the rest seldom."""
    _ = get_resolver().url_patterns  # with it come all views, forms and serializers
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW, 10, 10)

"""Garbage collection, paused while many objects are made that stay: looking through them again would find nothing."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

LOOK_AFTER = 2_000_000
"""Objects made in pauses after which garbage is looked for, so that models no longer used do not add up."""
_unseen = 0


@contextmanager
def pause_gc() -> Iterator[None]:
    """No collection of garbage in the block, or in the function that this decorates; pauses nest.

    What was made in it and is still there counts as old, so that the next collection does not look through it.
    """
    global _unseen
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        _unseen += gc.get_count()[0]
        if _unseen > LOOK_AFTER:
            gc.collect()
            _unseen = 0
        gc.freeze()
        gc.unfreeze()
        gc.enable()


def collect_dropped() -> None:
    """Takes away in a pause what was dropped; what is still there is not looked through again before the pause ends."""
    gc.collect()
    gc.freeze()

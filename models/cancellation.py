"""Cancellation: reading, checking and building ask between their steps whether anybody still waits for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_asked: ContextVar[Callable[[], object]] = ContextVar("asked", default=lambda: None)


@contextmanager
def cancelled_by(check: Callable[[], object]) -> Iterator[None]:
    """Within the block `check` is called before each step; what it raises ends the work."""
    token = _asked.set(check)
    try:
        yield
    finally:
        _asked.reset(token)


def check_cancelled() -> None:
    """Calls the check in force, which raises where the work is to end."""
    _asked.get()()

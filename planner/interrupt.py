"""Ctrl-C and SIGTERM: what a run does when asked to stop."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType, TracebackType
from typing import Any

from planner.errors import Interrupted

SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name)]
"""Ctrl-C, the system's request to end, and on Windows that of whoever started the process."""


class Stop:
    """Notes the first signal; while `draining`, work in hand is finished, otherwise the run ends at once.

    A second Ctrl-C always ends the run at once. Used as a context it takes the signals over, which
    only the main thread can do; elsewhere it is a plain flag. Contexts of it may lie in one another.

    Parameters
    ----------
    answer : str
        What is said at once on standard error when work in hand is to be finished; "" where that work says it itself.
    """

    def __init__(self, answer: str = "") -> None:
        self._answer = answer
        self.signal_number = 0
        self.draining = False
        self._before: list[dict[signal.Signals, Any]] = []

    @property
    def requested(self) -> bool:
        """Whether somebody asked for the run to stop."""
        return self.signal_number != 0

    def __enter__(self) -> Stop:
        if threading.current_thread() is threading.main_thread():
            self._before.append({each: signal.signal(each, self._handle) for each in SIGNALS})
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._before:
            for each, handler in self._before.pop().items():
                signal.signal(each, handler)

    @contextmanager
    def ending(self) -> Iterator[None]:
        """Say of a block that a signal ended it, whatever the libraries in it made of the signal.

        Raises
        ------
        Interrupted
            A signal came, and there was no work in hand to finish.
        """
        try:
            yield
        except Exception:
            self.check()
            raise
        self.check()

    def check(self) -> None:
        """Raises Interrupted where a signal came and there is no work in hand to finish."""
        if self.requested and not self.draining:
            raise Interrupted(self.signal_number)

    def _handle(self, signal_number: int, _frame: FrameType | None) -> None:
        again = self.requested
        self.signal_number = self.signal_number or signal_number
        if not self.draining or (again and signal_number == signal.SIGINT):
            raise Interrupted(self.signal_number)
        if self._answer and not again:
            with suppress(OSError):  # past the stream, which this may have interrupted
                os.write(2, f"\n{self._answer}\n".encode())

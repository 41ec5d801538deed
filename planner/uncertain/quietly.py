"""mpi-sppy prints; what it prints goes to the log instead."""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Iterator


class _ToLog(io.TextIOBase):
    """A stream whose lines are log lines."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._rest = ""

    def write(self, text: str) -> int:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            if line.strip():
                self._log.debug("mpi-sppy: %s", line.rstrip())
        return len(text)


@contextlib.contextmanager
def quietly(log: logging.Logger) -> Iterator[None]:
    """Takes standard output over while mpi-sppy is imported and runs; a handler of its own that prints is taken off."""
    with contextlib.redirect_stdout(_ToLog(log)):
        import mpisppy.log

        for handler in list(mpisppy.log.logger.handlers):
            mpisppy.log.logger.removeHandler(handler)
        mpisppy.tt_timer.logger, mpisppy.tt_timer.level, mpisppy.tt_timer.ostream = log, logging.DEBUG, None
        yield

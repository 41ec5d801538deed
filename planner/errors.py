"""What stops the planner, said in one sentence to the person who can mend it, with the exit code it ends in.

Faults of a workbook are `models.faults.FaultyWorkbook`; everything else that is not a fault of this
software is one of these.
"""

from __future__ import annotations

import os
import signal
from enum import IntEnum

PathLike = str | os.PathLike[str]


class ExitCode(IntEnum):
    """What a finished `planner` process tells the one who started it."""

    OK = 0
    INTERNAL_FAULT = 1
    WRONG_INPUT = 2
    INFEASIBLE = 3
    STOPPED_WITH_PLAN = 4
    STOPPED_WITHOUT_PLAN = 5
    REJECTED_BY_AUDIT = 6
    CANNOT_WRITE = 7
    LOCKED = 8
    JOBS_FAILED = 9
    INTERRUPTED = 130
    TERMINATED = 143


class PlannerError(Exception):
    """Ends the command with `exit_code`; the message names what to do."""

    exit_code = ExitCode.INTERNAL_FAULT


class WrongUsage(PlannerError):
    """The command was asked for something that cannot be: a missing file, a value that fits no option."""

    exit_code = ExitCode.WRONG_INPUT


class ModelRefused(PlannerError):
    """The solver does not take the model's numbers; `coefficient` is the largest of them, with its row and column."""

    exit_code = ExitCode.WRONG_INPUT

    def __init__(self, coefficient: str) -> None:
        super().__init__(
            f"The figures of the workbook are too large for the solver: the largest coefficient is {coefficient}. "
            "Check the figures behind it, such as a price or a number of accelerators with too many digits."
        )


class CannotWrite(PlannerError):
    """A file cannot be written: open elsewhere, no right, no space, or not ours to replace.

    `reason` is a clause such as "it is open in another program; close it and run again".
    """

    exit_code = ExitCode.CANNOT_WRITE

    def __init__(self, path: PathLike, reason: str) -> None:
        self.path = os.fspath(path)
        self.reason = reason
        super().__init__(f"Cannot write {self.path}: {reason}.")


class Locked(PlannerError):
    """Another run is at work in the same folder; `holder` says which process, on which host, since when."""

    exit_code = ExitCode.LOCKED

    def __init__(self, folder: PathLike, holder: str) -> None:
        self.holder = holder
        told = f"Another run is at work in {os.fspath(folder)}: {holder}."
        super().__init__(f"{told} Wait for it to end, stop it, or give -o another folder.")


class InternalFault(PlannerError):
    """A fault of this software; the traceback is in the log."""

    def __init__(self, what: str, log_path: PathLike) -> None:
        self.log_path = os.fspath(log_path)
        super().__init__(f"Internal fault ({what}). Please report it, with the log {self.log_path}.")


class Interrupted(PlannerError):
    """A signal ended the run before there was a plan."""

    def __init__(self, signal_number: int) -> None:
        self.exit_code = ExitCode.TERMINATED if signal_number == signal.SIGTERM else ExitCode.INTERRUPTED
        super().__init__(f"{'Terminated' if signal_number == signal.SIGTERM else 'Interrupted'}: no plan was written.")


def why_not(error: OSError) -> str:
    """The reason in an OSError as a clause for `CannotWrite`, with what to do about it."""
    if isinstance(error, PermissionError):
        return "it is open in another program, or you may not write there; close it, or choose another place"
    if isinstance(error, FileNotFoundError):
        return "its folder does not exist; make the folder first, or choose another place"
    if isinstance(error, (NotADirectoryError, IsADirectoryError)):
        return "its path names a folder where a file is meant, or a file where a folder is; choose another place"
    return f"{(error.strerror or str(error)).lower()}; make room or choose another place"

"""The errors of the planner: each ends a command with its exit code and says in one sentence what to do.

::

    PlannerError
        WrongUsage            2  the request cannot be carried out as it was made
            MissingLibrary    2  an optional library is not installed
        ModelRefused          2  the solver does not accept the numbers of the model
        OutOfTime             5  the time limit passed before a search could begin
        RejectedByAudit       6  the audit rejects a plan that was found
        CannotWrite           7  an output cannot be written
        Locked                8  another run is at work in the same folder, or on the same plan
        InternalFault         1  a fault of this software

    Interrupted        130, 143  a signal ended the run before there was a plan

Faults of a workbook are listed in `models.faults.FaultyWorkbook`, which ends a command with exit code 2.
"""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path

PathLike = str | os.PathLike[str]


class ExitCode(IntEnum):
    """Exit codes of the `planner` command."""

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

    @property
    def is_failure(self) -> bool:
        """Whether a command that ends with this code has no usable result."""
        return self not in (ExitCode.OK, ExitCode.STOPPED_WITH_PLAN)


class PlannerError(Exception):
    """Base of all errors that end a command; the message says what to do.

    Attributes
    ----------
    exit_code : ExitCode
        The exit code of the command that the error ends.
    """

    exit_code = ExitCode.INTERNAL_FAULT


class WrongUsage(PlannerError):
    """The request cannot be carried out: a file is missing, or a value fits no option."""

    exit_code = ExitCode.WRONG_INPUT


class MissingLibrary(WrongUsage):
    """An optional library is not installed.

    Parameters
    ----------
    need : str
        What needs which library, such as "--run needs the library APScheduler".
    extra : str
        The extra of this package that installs it.
    """

    def __init__(self, need: str, extra: str) -> None:
        super().__init__(f"{need}. Install it with: pip install 'capacity-planner[{extra}]'")


class ModelRefused(PlannerError):
    """The solver does not accept the numbers of the model.

    Parameters
    ----------
    coefficient : str
        The largest of them, with its row and column.
    """

    exit_code = ExitCode.WRONG_INPUT

    def __init__(self, coefficient: str) -> None:
        super().__init__(
            f"The figures of the workbook are too large for the solver: the largest coefficient is {coefficient}. "
            "Check the figures behind it, such as a price or a number of accelerators with too many digits."
        )


class OutOfTime(PlannerError):
    """The time limit passed, or the run was stopped, before there was anything to search."""

    exit_code = ExitCode.STOPPED_WITHOUT_PLAN


class CannotWrite(PlannerError):
    """An output cannot be written: the file is open, protected or not a file of this planner, or the disk is full.

    Parameters
    ----------
    path : path-like
        The file or folder.
    reason : str
        A clause such as "it is open in another program; close it and run again".
    """

    exit_code = ExitCode.CANNOT_WRITE

    def __init__(self, path: PathLike, reason: str) -> None:
        self.path = os.fspath(path)
        self.reason = reason
        super().__init__(f"Cannot write {self.path}: {reason}.")


class Locked(PlannerError):
    """Another run is at work in the same folder, or on the same plan.

    Parameters
    ----------
    held : path-like
        The folder or plan.
    holder : str
        Which process runs there, on which host, and since when.
    instead : str
        What to choose to run beside it.
    """

    exit_code = ExitCode.LOCKED

    def __init__(self, held: PathLike, holder: str, instead: str = "another place with -o") -> None:
        self.holder = holder
        super().__init__(
            f"Another run is at work on {os.fspath(held)}: {holder}. Wait until it ends, stop it, or choose {instead}."
        )


class Interrupted(BaseException):
    """A signal ended the run before there was a plan.

    As `KeyboardInterrupt` it is no `Exception`: a reader that takes whatever a damaged file makes a library raise for a
    fault of that file does not take this for one.

    Parameters
    ----------
    signal_number : int
        The signal; SIGTERM has an exit code of its own.
    """

    def __init__(self, signal_number: int) -> None:
        terminated = signal_number == signal.SIGTERM
        self.exit_code = ExitCode.TERMINATED if terminated else ExitCode.INTERRUPTED
        super().__init__(f"{'Terminated' if terminated else 'Interrupted'}: no result was written.")


class RejectedByAudit(PlannerError):
    """The audit finds that a plan breaks a rule or that its costs are wrong: nothing is published."""

    exit_code = ExitCode.REJECTED_BY_AUDIT


class InternalFault(PlannerError):
    """A fault of this software.

    Parameters
    ----------
    fault : str
        Type and message of the unforeseen exception.
    log_path : path-like, optional
        The log with its traceback; without one it was told on standard error.
    """

    def __init__(self, fault: str, log_path: PathLike | None) -> None:
        self.log_path = None if log_path is None else os.fspath(log_path)
        attached = "what stands above" if log_path is None else f"the log {self.log_path}"
        super().__init__(f"Internal fault ({fault}). Please report it and attach {attached}.")


def os_error_reason(error: OSError) -> str:
    """Return the reason of an OSError as a clause for `CannotWrite`, with what to do about it."""
    if isinstance(error, PermissionError):
        return "the file is open in another program, or you may not write there; close it or choose another place"
    if isinstance(error, FileNotFoundError):
        return "the folder does not exist; create it first, or choose another place"
    if isinstance(error, (NotADirectoryError, IsADirectoryError)):
        return "there is a folder where a file is expected, or a file where a folder is expected; choose another place"
    if isinstance(error, FileExistsError):
        return "a file of that name is there; choose another place"
    if error.errno == errno.EROFS:
        return "the file system can only be read; choose another place"
    if error.errno == errno.ENAMETOOLONG:
        return "the name is longer than the file system takes; choose a shorter one"
    return f"{(error.strerror or str(error)).lower()}; free some space or choose another place"


@contextmanager
def writing(path: PathLike) -> Iterator[None]:
    """Say of whatever the operating system refuses in the block that `path` cannot be written.

    Raises
    ------
    CannotWrite
        The operating system refuses something.
    """
    try:
        yield
    except OSError as error:
        raise CannotWrite(path, os_error_reason(error)) from None


def refuse_link(path: Path) -> None:
    """Check that no link is in the place of a file or folder that is written.

    Raises
    ------
    CannotWrite
        One is: what it leads to would be written over.
    """
    if path.is_symlink():
        raise CannotWrite(path, "a link is in its place, and what it leads to would be written over; remove the link")


def make_folder(folder: Path) -> None:
    """Create a folder with the folders above it, where it does not exist.

    Raises
    ------
    CannotWrite
        The operating system refuses it.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)

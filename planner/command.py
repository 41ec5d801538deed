"""The frame that every command runs in: it reads options, prints results and turns errors into exit codes.

A command is a function of a `Console` and its arguments and options, declared with `command`. It returns a
`CommandResult`. Faults of a workbook that it raises are listed, with exit code 2.
"""

from __future__ import annotations

import errno
import functools
import io
import json
import logging
import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar

import click

from models.faults import Fault, FaultyWorkbook
from planner.console import (
    OutputClosed,
    flush_standard_streams,
    only_ours_on_stdout,
    open_console,
    open_standard_streams,
    run_log,
    save_traceback,
    say,
)
from planner.errors import ExitCode, Interrupted, OutOfTime, PlannerError
from planner.files.atomic import json_bytes, written_together
from planner.files.lock import run_lock
from planner.files.outputs import Outputs
from planner.formatting import count_of_faults, fault_lines, faults_json, quoted
from planner.interrupt import Stop
from planner.options.shared import COMMON_OPTIONS, option_name, unread_variables
from planner.options.values import source_of
from planner.text_table import Line
from planner.version import __version__

Request = TypeVar("Request")
NO_OUTPUT = (errno.ENOSPC, errno.EPIPE, errno.EIO, errno.EBADF)
"""What the system says of a standard output that takes no more."""


@dataclass(frozen=True, slots=True)
class CommandResult:
    """What a command found.

    Parameters
    ----------
    lines : sequence of str and TextTable
        The result for people. A failed command prints them in spite of --quiet.
    document : mapping
        The result for programs, printed as JSON with --json.
    exit_code : ExitCode
        How the command ended.
    files : mapping of Path to bytes
        Workbooks to be written, together with the log and run.json of the command.
    """

    lines: Sequence[Line]
    document: Mapping[str, Any]
    exit_code: ExitCode = ExitCode.OK
    files: Mapping[Path, bytes] = field(default_factory=dict)


class Refused(Exception):
    """Ends a command early with a result, such as a plan that its audit rejects."""

    def __init__(self, result: CommandResult) -> None:
        super().__init__()
        self.result = result


def faults_result(faults: Iterable[Fault], **document: Any) -> CommandResult:
    """Return the result of a command whose input has faults: all of them are listed."""
    listed = tuple(faults)
    return CommandResult(list(fault_lines(listed)), {**document, "faults": faults_json(listed)}, ExitCode.WRONG_INPUT)


def problem_written(
    path: Path, faults: Sequence[Fault], lines: Iterable[Line], document: Mapping[str, Any], next_command: str
) -> CommandResult:
    """Return the result of a command that wrote a workbook or folder.

    Parameters
    ----------
    path : Path
        What was written.
    faults : sequence of Fault
        Its faults; errors among them must be corrected before solving, and make the exit code 2.
    lines, document
        What else the command found, for people and for programs.
    next_command : str
        What to run on it next, such as "solve".
    """
    result = faults_result(faults)
    failed = any(fault.severity == "error" for fault in faults)
    count = [f"{path}: {count_of_faults(tuple(faults))}; correct them before solving."] if failed else []
    written = f"Written: {path}. Next, run: planner {next_command} {quoted(path)}"
    return CommandResult(
        [*lines, *result.lines, *count, written],
        {**document, "path": str(path), **result.document},
        ExitCode.WRONG_INPUT if failed else ExitCode.OK,
    )


def subject(**paths: Path | None) -> dict[str, Any]:
    """Return what the JSON of a command begins with: the files it is about and the version of the planner."""
    return {**{name: str(path or "") for name, path in paths.items()}, "planner_version": __version__}


def command(name: str | None = None, **settings: Any) -> Callable[[Callable[..., CommandResult]], click.Command]:
    """Make a click command of a function of a console, arguments and options that returns a `CommandResult`.

    Faults of a workbook and a `Refused` that the function raises become results too.

    Parameters
    ----------
    name : str, optional
        The name of the command; that of the function by default.
    **settings
        As for `click.command`. The common options are added.
    """

    def decorate(function: Callable[..., CommandResult]) -> click.Command:
        @functools.wraps(function)
        def run(as_json: bool, quiet: bool, log_file: Path | None, config: Path | None, **values: Any) -> ExitCode:
            stop = click.get_current_context().find_object(Stop) or Stop()
            with open_console(as_json, quiet, log_file, stop) as console:
                for words in unread_variables(click.get_current_context(), os.environ):
                    logging.getLogger("planner").warning("warning: %s", words)
                try:
                    with stop.ending():
                        result = function(console, **values)
                except Refused as refused:
                    result = refused.result
                except FaultyWorkbook as error:
                    files = {name: values[name] for name in ("input_path", "plan_path") if name in values}
                    result = faults_result(error.faults, path="", **subject(**files))
                stop.draining = True  # the work is done, and is to be told
                try:
                    console.print_lines(result.lines, always=result.exit_code.is_failure)
                    console.print_json(result.document)
                except OutputClosed:
                    if not result.exit_code.is_failure:
                        raise
                return result.exit_code

        declare: Callable[..., click.Command] = click.command(name or function.__name__, **settings)
        made = declare(run)
        made.params += COMMON_OPTIONS
        return made

    return decorate


def run_and_record(outputs: Outputs, files: Mapping[str, Any], work: Callable[[], CommandResult]) -> CommandResult:
    """Run the work of a command with a log of its own, and write its result to run.json, however it ends.

    Parameters
    ----------
    outputs : Outputs
        Where the log and run.json are written.
    files : mapping
        What the JSON begins with, as made by `subject`.
    work : callable
        The work; it may raise `Refused`, `FaultyWorkbook` and `OutOfTime`.

    Raises
    ------
    CannotWrite
        run.json cannot be written.
    """
    with run_lock(outputs), run_log(outputs.log) as place_log:
        try:
            result = work()
        except Refused as refused:
            result = refused.result
        except FaultyWorkbook as error:
            result = faults_result(error.faults, status="invalid")
        except OutOfTime as late:
            lines = [f"{late}. Raise --time-limit."]
            result = CommandResult(lines, {"status": "no_plan"}, ExitCode.STOPPED_WITHOUT_PLAN)
        document = {**files, **result.document}
        with written_together({**result.files, outputs.json: json_bytes(document)}):
            place_log()
        return replace(result, document=document)


def take(kind: type[Request], values: dict[str, Any], **more: Any) -> Request:
    """Make a dataclass of those values that are its fields, and of `more`; remove them from the values."""
    names = [each.name for each in fields(kind) if each.name in values]  # type: ignore[arg-type]
    return kind(**{name: values.pop(name) for name in names}, **more)


def take_given(kind: type[Any], values: dict[str, Any]) -> dict[str, Any]:
    """Remove those values that are fields of a dataclass, and return those that are not mere defaults."""
    context = click.get_current_context()
    sources = {each.name: source_of(context, each) for each in context.command.params}
    taken = {each.name: values.pop(each.name) for each in fields(kind) if each.name in values}
    return {name: value for name, value in taken.items() if sources[name] != "default"}


def refuse_unused(values: Mapping[str, Any], why: str) -> None:
    """Refuse options on the command line that are left after the request was made of its own.

    Raises
    ------
    UsageError
        Such an option would be ignored silently.
    """
    context = click.get_current_context()
    for parameter in context.command.params:
        if parameter.name in values and source_of(context, parameter) == "flag":
            raise click.UsageError(f"--{option_name(parameter).replace('_', '-')} has no meaning {why}.")


def run_command(command: click.Command, words: Sequence[str]) -> int:
    """Run a click command and return its exit code; a traceback is never shown.

    The process is ended by force if a solver that cannot be stopped is still at work in it.
    """
    open_standard_streams()
    before = set(threading.enumerate())
    as_json = "--json" in words or os.environ.get("PLANNER_JSON", "").lower() in ("1", "true", "yes", "on")
    message, why = "", ""
    with Stop() as stop, only_ours_on_stdout() if as_json else nullcontext():
        try:
            code = command.main(args=list(words), prog_name="planner", standalone_mode=False, obj=stop) or ExitCode.OK
        except click.exceptions.Exit as error:
            code = error.exit_code
        except click.ClickException as error:
            shown = io.StringIO()
            error.show(shown)
            say(shown.getvalue().rstrip(), err=True)
            code, message = ExitCode.WRONG_INPUT, error.format_message()
        except PlannerError as error:
            code, message = error.exit_code, str(error)
            say(f"planner: {error}", err=True)
        except Interrupted as error:
            code, message = error.exit_code, "interrupted"
            say(f"planner: {error}", err=True)
        except (KeyboardInterrupt, click.Abort):
            code, message = ExitCode.INTERRUPTED, "interrupted"
            say("planner: interrupted", err=True)
        except OutputClosed as error:
            code, why = ExitCode.OK, str(error)
        except SystemExit as error:  # how click ends after completing a word, and when the reader of its help has gone
            code, why = ExitCode.OK, "its reader has gone" if error.code else ""
        except Exception as error:
            if isinstance(error, OSError) and error.errno in NO_OUTPUT and error.filename is None:
                code, why = ExitCode.OK, str(error.strerror)
            else:
                fault = save_traceback(error)
                code, message = fault.exit_code, str(fault)
                say(f"planner: {fault}", err=True)
        if message and as_json:
            with suppress(OutputClosed):
                say(json.dumps({"error": message, "exit_code": int(code)}))
        why = flush_standard_streams() or why
        if why and not ExitCode(code).is_failure:
            say(f"planner: Output cannot be written ({why}); files that were written are in place.", err=True)
            code = ExitCode.CANNOT_WRITE
    return _end(int(code), before)


def _end(code: int, before: Set[threading.Thread]) -> int:
    """The exit code; the process is ended by force where a thread of the command is still at work."""
    if any(each.daemon for each in set(threading.enumerate()) - before):
        logging.shutdown()
        flush_standard_streams()
        os._exit(code)
    return code

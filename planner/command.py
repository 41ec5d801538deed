"""The frame that every command runs in: exit codes for whatever happens, errors as JSON where JSON was asked for."""

from __future__ import annotations

import io
import json
import logging
import os
import sys
import threading
from collections.abc import Sequence

import click

from planner.console import keep_traceback
from planner.errors import ExitCode, PlannerError


def run_command(command: click.Command, words: Sequence[str]) -> int:
    """Runs a click command and returns its exit code; never shows a traceback.

    Where a solver that cannot be stopped is still at work in the process, the process is ended instead.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # names may hold what a terminal cannot show
    as_json = "--json" in words or os.environ.get("PLANNER_JSON", "").lower() in ("1", "true", "yes", "on")
    try:
        code = command.main(args=list(words), prog_name="planner", standalone_mode=False) or ExitCode.OK
    except click.exceptions.Exit as error:
        code = error.exit_code
    except click.ClickException as error:
        error.show()
        code = _failed(as_json, error.format_message(), ExitCode.WRONG_INPUT)
    except PlannerError as error:
        click.echo(f"planner: {error}", err=True)
        code = _failed(as_json, str(error), error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        click.echo("planner: interrupted", err=True)
        code = _failed(as_json, "interrupted", ExitCode.INTERRUPTED)
    except BrokenPipeError:  # whoever read the output has gone, as in `planner check | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = ExitCode.CANNOT_WRITE
    except Exception as error:
        told = keep_traceback(error)
        click.echo(f"planner: {told}", err=True)
        code = _failed(as_json, str(told), told.exit_code)
    return _leave(int(code))


def _failed(as_json: bool, message: str, code: int) -> int:
    if as_json:
        click.echo(json.dumps({"error": message, "exit_code": int(code)}))
    return code


def _leave(code: int) -> int:
    """Ends the process by force when a solver that cannot be stopped is still at work in it."""
    if any(each.daemon for each in threading.enumerate()):
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code

"""The frame of the commands: options reach the requests, results are printed, errors end in their exit codes."""

from __future__ import annotations

import inspect
import json
import signal
import sys
import types
from collections.abc import Callable
from dataclasses import MISSING, fields
from typing import Any

import click
import pytest
from click.testing import CliRunner

from models.faults import Fault, FaultyWorkbook
from planner.__main__ import main as process_main
from planner.backtest.request import BacktestRequest
from planner.batch.jobs.job import Job
from planner.batch.run import BatchRequest
from planner.cli import cli
from planner.command import CommandResult, Refused, command, run_command
from planner.console import Console
from planner.errors import CannotWrite, ExitCode
from planner.explain.run import ExplainRequest
from planner.imports.source import ImportRequest
from planner.options.shared import COMMON_OPTIONS, option_name
from planner.run.command import RunRequest
from planner.run.options import PlanOptions
from planner.sampling.workbook import ScenariosRequest
from planner.schedule.request import ScheduleRequest
from planner.stress.request import StressRequest

REQUESTS: dict[str, tuple[type[Any], ...]] = {
    "solve": (RunRequest, PlanOptions),
    "explain": (ExplainRequest,),
    "stress": (StressRequest,),
    "scenarios": (ScenariosRequest,),
    "import": (ImportRequest,),
    "schedule": (ScheduleRequest,),
    "batch": (BatchRequest, Job, BacktestRequest),
}
"""What a command's arguments and options are made into; the other commands take them as parameters."""
OWN = {click.Choice, click.IntRange}
"""Types that may differ between two commands in what they allow: --engine, --count, --threads."""
TWO_MEANINGS = {"branch"}
"""Options that the contract gives to two commands with two meanings: a scenario for `roll`, a month for `scenarios`."""


def own_parameters(name: str) -> list[click.Parameter]:
    return [each for each in cli.commands[name].params if each not in COMMON_OPTIONS]


@pytest.mark.parametrize("name", REQUESTS)
def test_every_option_is_a_field_of_the_request(name: str) -> None:
    """An option that neither the command names nor a request has a field for would be dropped, so there is none."""
    callback = cli.commands[name].callback
    assert callback is not None
    known = {field.name for kind in REQUESTS[name] for field in fields(kind)} | set(
        inspect.signature(callback).parameters
    )
    assert {each.name for each in own_parameters(name)} <= known


@pytest.mark.parametrize("name", sorted(set(cli.commands) - set(REQUESTS)))
def test_every_option_is_a_parameter_of_a_small_command(name: str) -> None:
    """Commands without a request take each argument and option by its name."""
    callback = cli.commands[name].callback
    assert callback is not None
    parameters = inspect.signature(callback).parameters
    assert {each.name for each in own_parameters(name)} == set(parameters) - {"console"}


@pytest.mark.parametrize("name", REQUESTS)
def test_defaults_are_those_of_the_request(name: str) -> None:
    """A request made in Python without an option is the one that the command line makes without it."""
    kinds = REQUESTS[name][:2]
    defaults = {field.name: field.default for kind in kinds for field in fields(kind) if field.default is not MISSING}
    required = [each for each in own_parameters(name) if each.required]
    values_of = {each.name: each.type.choices[0] if isinstance(each.type, click.Choice) else "x" for each in required}
    words = [
        word
        for each in required
        for word in (*(each.opts[-1:] if isinstance(each, click.Option) else ()), values_of[each.name])
    ]
    values = cli.commands[name].make_context(name, words).params
    for field in set(defaults) & {each.name for each in own_parameters(name)} - {each.name for each in required}:
        assert values[field] == defaults[field], field


def test_commands_that_share_an_option_read_it_alike() -> None:
    """One environment variable and one config key serve all commands, so that a value means the same in each."""
    seen: dict[str, click.Parameter] = {}
    for command_ in cli.commands.values():
        for each in command_.params:
            if not isinstance(each, click.Option) or option_name(each) in TWO_MEANINGS:
                continue
            first = seen.setdefault(option_name(each), each)
            assert isinstance(first, click.Option)
            assert (type(first.type), first.multiple, first.is_flag) == (type(each.type), each.multiple, each.is_flag)
            assert first.envvar == each.envvar == f"PLANNER_{option_name(each).upper()}"
            if type(each.type) not in OWN:
                assert first.metavar == each.metavar or option_name(each) == "output"


def run(work: Callable[[Console], CommandResult], *words: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command that does this work."""
    made = command("work")(lambda console: work(console))
    codes: list[int] = []

    @click.command(context_settings={"ignore_unknown_options": True})
    @click.argument("words", nargs=-1, type=click.UNPROCESSED)
    def outer(words: tuple[str, ...]) -> None:
        codes.append(run_command(made, words))

    result = CliRunner().invoke(outer, ["--", *words])
    return codes[0], result.stdout, result.stderr


FAULT = Fault("leases", "units", "West", "-1", "0 or more", "Correct it.")


@pytest.mark.parametrize("code", [ExitCode.OK, ExitCode.STOPPED_WITH_PLAN, ExitCode.INFEASIBLE])
def test_a_failure_is_printed_in_spite_of_quiet(code: ExitCode) -> None:
    """--quiet hides the lines of a result that can be used, and shows those of one that cannot."""
    found = run(lambda console: CommandResult(["a line"], {}, code), "--quiet")
    assert found == (code, "a line\n" if code.is_failure else "", "")


def test_with_json_standard_output_holds_the_document_alone() -> None:
    """Lines for people go to standard error when standard output is for programs."""
    code, out, err = run(lambda console: CommandResult(["a line"], {"a": 1}), "--json")
    assert (code, json.loads(out), err) == (0, {"a": 1}, "a line\n")


def test_faults_of_a_workbook_are_listed() -> None:
    """A command need not catch the faults of what it reads: they are listed, and the exit code is 2."""

    def work(console: Console) -> CommandResult:
        raise FaultyWorkbook([FAULT])

    code, out, err = run(work, "--json")
    assert code == ExitCode.WRONG_INPUT
    assert json.loads(out)["faults"][0]["row_key"] == "West"
    assert "error: leases" in err


def test_a_refusal_ends_with_its_own_result() -> None:
    """Deep inside its work a command may end with a result of another exit code."""

    def work(console: Console) -> CommandResult:
        raise Refused(CommandResult(["no"], {"status": "rejected"}, ExitCode.REJECTED_BY_AUDIT))

    assert run(work)[:2] == (ExitCode.REJECTED_BY_AUDIT, "no\n")


def test_an_error_is_one_sentence_and_one_object() -> None:
    """Errors end in their exit code, told in words and, with --json, as an object."""

    def work(console: Console) -> CommandResult:
        raise CannotWrite("x.xlsx", "it is open")

    code, out, err = run(work, "--json")
    assert (code, err) == (7, "planner: Cannot write x.xlsx: it is open.\n")
    assert json.loads(out) == {"error": "Cannot write x.xlsx: it is open.", "exit_code": 7}


def test_a_shell_completes_words(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Completing a word answers the shell and tells the person nothing; examples have their names."""
    for name, value in (("_PLANNER_COMPLETE", "bash_complete"), ("COMP_WORDS", "planner init --example f")):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("COMP_CWORD", "3")
    assert run_command(cli, []) == 0
    answered = capsys.readouterr()
    assert answered.out.split() == ["plain,frontier_lab", "plain,frontier_lab_scenarios"]
    assert answered.err == ""


class _Loading(types.ModuleType):
    """A module that is interrupted while it loads."""

    def __getattr__(self, name: str) -> Any:
        raise KeyboardInterrupt


def test_an_interrupt_while_libraries_load_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ctrl-C before the command has begun is answered in words, with exit code 130 and no traceback."""
    monkeypatch.setitem(sys.modules, "planner.cli", _Loading("planner.cli"))
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    assert process_main() == 130
    assert capsys.readouterr().err == "planner: Interrupted: no result was written.\n"

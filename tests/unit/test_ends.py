"""How a command ends when a signal, a closed output or an odd name gets in its way."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from commandline import command, decision, environment
from sheets import workbook

import planner.run.command
from models.faults import FaultyWorkbook
from planner.cli import main
from planner.console import log, run_log
from planner.errors import Interrupted, OutOfTime
from planner.interrupt import Stop
from planner.solving.highs import HighsSolver

needs_dev_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return workbook(tmp_path / "small.xlsx", decision())


def test_what_a_library_makes_of_a_signal_is_the_signal() -> None:
    """An error that a signal caused, or a signal that was swallowed, ends a block as the signal does."""

    def interrupted(then: Exception | None) -> None:
        with Stop() as stop, stop.ending():
            try:
                signal.raise_signal(signal.SIGTERM)
            except Interrupted:
                if then is not None:
                    raise then from None

    for then in (FaultyWorkbook(()), None):
        with pytest.raises(Interrupted):
            interrupted(then)
    with pytest.raises(FaultyWorkbook), Stop().ending():
        raise FaultyWorkbook(())


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("taken_for", [FaultyWorkbook(()), RecursionError()])
def test_a_signal_while_reading_is_no_fault_of_the_workbook(
    small: Path, number: signal.Signals, code: int, taken_for: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Schedules take 2 as final and 1 as a fault of ours: a run that was told to stop ends as neither."""

    def read(*_: object) -> None:
        try:
            signal.raise_signal(number)
        except Interrupted:
            raise taken_for from None

    monkeypatch.setattr(planner.run.command, "read", read)
    assert main(["solve", str(small), "-o", "plan.xlsx"]) == code
    assert '"status": "no_plan"' in Path("plan.run.json").read_text(encoding="utf-8")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (None, 5)])
@pytest.mark.parametrize(
    "words", [["solve", "small.xlsx", "-o", "plan.xlsx"], ["explain", "small.xlsx", "-o", "e.xlsx"]]
)
def test_a_signal_before_there_is_a_plan_has_its_code_in_every_command(
    small: Path, number: signal.Signals | None, code: int, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told to stop while it searches, a command without a plan ends with the signal's code; out of time, with 5."""

    def search(*_: object, **__: object) -> None:
        if number is not None:
            signal.raise_signal(number)
        raise OutOfTime("out of time")

    for name in ("run.deterministic.hold_rows", "explain.run.solve_holding"):
        monkeypatch.setattr(f"planner.{name}", search)
    assert main(words) == code


def test_a_signal_ends_commands_that_plan_nothing_too(
    small: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Every command that is told to stop says so with the signal's exit code, and leaves nothing half-done."""
    monkeypatch.setattr("planner.problem_reader.read", lambda *_, **__: signal.raise_signal(signal.SIGTERM))
    assert main(["check", str(small)]) == 143
    assert "Traceback" not in capfd.readouterr().err


def test_a_signal_after_the_work_changes_nothing(
    small: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A plan that was written is told with its own exit code, though a signal comes while it is told."""
    monkeypatch.setattr(
        "planner.reports.terminal.summary_lines", lambda *_: [signal.raise_signal(signal.SIGTERM) or "told"]
    )
    assert main(["solve", str(small), "-o", "plan.xlsx"]) == 0
    assert "told" in capfd.readouterr().out


@needs_dev_full
def test_a_full_output_loses_no_plan(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan is in place when its figures cannot be printed; the exit code says that something could not be written."""
    with open("/dev/full", "w", encoding="utf-8") as full:
        monkeypatch.setattr("sys.stdout", full)
        assert main(["solve", str(small), "-o", "plan.xlsx"]) == 7
        monkeypatch.undo()
        with contextlib.suppress(OSError):
            full.close()
    assert Path(small.parent, "plan.xlsx").exists()


@needs_dev_full
@pytest.mark.parametrize(
    ("redirect", "code", "said"),
    [
        (">/dev/full", 7, "cannot be written"),
        (">/dev/full 2>/dev/full", 7, ""),
        (">&-", 7, "cannot be written"),
        (">&- 2>&- <&-", 7, ""),
        ("| :", 7, ""),
    ],
)
def test_a_closed_or_full_output_leaves_no_traceback(redirect: str, code: int, said: str) -> None:
    """Whatever becomes of what is printed, the exit code is one of those documented."""
    words = " ".join(f"'{word}'" for word in command("--version"))
    script = f"set -o pipefail; {words} {redirect}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, env=environment(), check=False)
    assert "Traceback" not in done.stderr
    assert said in done.stderr
    assert done.returncode == code or redirect == "| :"  # whether the reader is gone in time is nobody's to say


@pytest.mark.skipif(os.name == "nt", reason="a shell of Unix closes the output")
@pytest.mark.parametrize(
    ("words", "code"),
    [("check small.xlsx --json", 7), ("check small.xlsx --quiet", 0), ("solve small.xlsx -o plan.xlsx --json", 7)],
)
def test_a_result_that_a_closed_output_does_not_take_is_told(small: Path, words: str, code: int) -> None:
    """With standard output closed a command does its work and ends with 7 where it had something to print."""
    shell = ["bash", "-c", 'exec "$@" >&-', "-", *command(*words.split())]
    done = subprocess.run(shell, capture_output=True, text=True, env=environment(), check=False)
    assert done.returncode == code
    assert ("cannot be written" in done.stderr) == (code == 7)
    assert Path("plan.xlsx").exists() == words.startswith("solve")


def test_nothing_but_the_json_is_on_standard_output(
    small: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """What a library writes to the process's standard output by itself is kept out of the JSON."""
    whole = HighsSolver.run

    def run(self: HighsSolver, **words: Any) -> bool:
        os.write(1, b"Running HiGHS\n")
        return whole(self, **words)

    monkeypatch.setattr(HighsSolver, "run", run)
    assert main(["solve", str(small), "-o", "plan.xlsx", "--json"]) == 0
    said = capfd.readouterr()
    assert json.loads(said.out)["status"] == "optimal"
    assert "Running HiGHS" in said.err
    assert main(["solve", str(small), "-o", "plan.xlsx"]) == 0
    assert "Running HiGHS" in capfd.readouterr().out


def test_names_that_are_no_text_or_too_long(
    small: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A file name that is no UTF-8 is read, written and shown escaped; one that is too long is refused in words."""
    # what pytest captures of messages it sends between processes as UTF-8
    for name in (None, "planner"):
        monkeypatch.setattr(logging.getLogger(name), "handlers", [])
    odd = Path(os.fsdecode(b"odd-\xff.xlsx"))
    small.rename(odd)
    assert main(["solve", str(odd), "-o", os.fsdecode(b"plan-\xfe.xlsx")]) == 0
    assert Path(os.fsdecode(b"plan-\xfe.run.json")).exists()
    assert "odd-\\udcff" in capfd.readouterr().err
    assert main(["solve", str(odd), "-o", "n" * 250 + ".xlsx"]) == 7
    assert "choose a shorter" in capfd.readouterr().err
    long = "n" * 300 + ".xlsx"
    for words in (
        ["check", long],
        ["batch", long],
        ["init", long],
        ["convert", str(odd), long],
        ["roll", str(odd), long],
    ):
        assert main(words) == 2
        assert "choose a shorter name" in capfd.readouterr().err


def test_nothing_from_a_workbook_acts_on_the_terminal_or_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Escape sequences, C1 and bidirectional controls in names and options are shown as escapes everywhere."""
    monkeypatch.chdir(tmp_path)
    hostile = "a\x9b31mb\u202ec\x7f"
    tables = decision(on_demand=[{"provider": hostile, "region": "mars\u2066", "hardware": "H\x85"}])
    path = workbook(tmp_path / "hostile.xlsx", tables)
    assert main(["check", str(path), "--log-file", "all.log"]) == 2
    assert main(["solve", str(path), "--set", "leases.\x1b[31m.units_max=2"]) == 2
    Path("bad.toml").write_text('"\\u001b]0;title" = 1', encoding="utf-8")
    assert main(["check", str(path), "--config", "bad.toml"]) == 2
    said = capfd.readouterr()
    shown = said.out + said.err + Path("all.log").read_text(encoding="utf-8")
    assert not set("\x1b\x7f\x85\x9b\u202e\u2066") & set(shown)
    assert "\\x1b" in shown
    with run_log(tmp_path / "run.log"):
        log.log(logging.WARNING, "reply %s", "\x1b[2J")
    assert "\x1b" not in (tmp_path / "run.log").read_text(encoding="utf-8")

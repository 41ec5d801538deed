"""Ctrl-C, termination and the terminal: what a run does while somebody watches it."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import time
from pathlib import Path

import pytest
from commandline import Run, command, environment, left_by
from ends import damaged, killed, signalled


class TestSignals:
    def begin(self, tmp_path: Path, *words: object, until: str, patch: str = "") -> subprocess.Popen[str]:
        """Starts a run and waits until it says `until`."""
        process = subprocess.Popen(
            command(*words, patch=patch),
            cwd=tmp_path,
            env=environment(),
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stderr is not None
        for line in process.stderr:
            if until in line:
                return process
        raise AssertionError(f"never said {until}; exit {process.wait()}")

    @pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
    def test_a_signal_keeps_the_best_plan(self, tmp_path: Path, hard: Path, number: signal.Signals) -> None:
        """Asked to stop, the search ends, its best plan is audited and written, and the exit code is 4."""
        process = self.begin(tmp_path, "solve", hard, "--gap", "0", "-o", "plan.xlsx", until="Plan: ")
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
        assert process.returncode == 4
        assert "best plan found so far is kept" in err
        document = json.loads((tmp_path / "plan.run.json").read_text(encoding="utf-8"))
        assert (document["status"], document["audit"]["passed"]) == ("stopped", True)
        assert "no-marginal-values" in document["warning_names"]  # whoever stops a run does not wait for them
        assert (tmp_path / "plan.xlsx").exists()
        assert "plan.xlsx" in out

    @pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
    def test_a_signal_before_there_is_a_plan_has_its_own_code(
        self, tmp_path: Path, hard: Path, number: signal.Signals, code: int
    ) -> None:
        """Stopped while reading, there is nothing to keep; run.json and run.log say so."""
        patch = "import time, planner.run.command as c\nc.read = lambda *words: time.sleep(60)"
        process = self.begin(tmp_path, "solve", hard, until="Reading", patch=patch)
        process.send_signal(number)
        process.communicate(timeout=60)
        assert process.returncode == code
        document, log, has_plan = left_by(tmp_path, "hard")
        assert (document["status"], has_plan) == ("no_plan", False)
        assert "no result was written" in log

    def test_a_second_interrupt_ends_at_once(self, tmp_path: Path, small: Path) -> None:
        """With a solver that does not listen, Ctrl-C twice ends the run without waiting for it."""
        patch = "import time, highspy\nhighspy.Highs.run = lambda self: time.sleep(600)"
        process = self.begin(tmp_path, "solve", small, until="Solving", patch=patch)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        while "Ctrl-C again" not in process.stderr.readline():
            pass
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        assert process.returncode == 130
        assert time.monotonic() - began < 8  # the solver alone would be waited for 10 s
        assert left_by(tmp_path, "small")[0]["status"] == "no_plan"


BEFORE_THE_MOVE = """
import pathlib, sys, time
def replace(self, target):
    print("written", file=sys.stderr, flush=True)
    time.sleep(60)
pathlib.Path.replace = replace
"""
"""What is written is moved to its place at last: a run waits there."""


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ("init", "new.xlsx"),
        ("init", "small.xlsx", "--force"),
        ("convert", "small.xlsx", "new"),
        ("import", "tokens", "counted.csv", "small.xlsx", "-o", "new.xlsx"),
        ("report", "plan.xlsx", "-o", "new.html"),
        ("roll", "small.xlsx", "plan.xlsx", "-o", "new.xlsx"),
        ("scenarios", "small.xlsx", "--demand-volatility", "5%", "-o", "new.xlsx"),
        ("compare", "plan.xlsx", "plan.xlsx", "-o", "new.xlsx"),
    ],
    ids=" ".join,
)
def test_an_interrupt_leaves_nothing_half_written(
    tmp_path: Path, small: Path, here: Run, words: tuple[str, ...]
) -> None:
    """Ctrl-C before the last move is answered in words within a second, and the folder is as it was before."""
    if words[0] == "report":
        pytest.importorskip("plotly", reason="the extra html is not installed")
    if "plan.xlsx" in words:
        assert here("solve", small, "-o", "plan.xlsx", "--quiet").code == 0
    (tmp_path / "counted.csv").write_text("month,segment,tokens\n2025-12,chat,31e9\n", encoding="utf-8")
    before = {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    process = TestSignals().begin(tmp_path, *words, until="written", patch=BEFORE_THE_MOVE)
    asked = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    said = process.stderr.readline()
    answered = time.monotonic() - asked
    process.communicate(timeout=60)
    assert (process.returncode, said) == (130, "planner: Interrupted: no result was written.\n")
    assert answered < 1.0
    assert {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == before
    assert {path.name for path in tmp_path.iterdir() if path.is_dir()} <= {"outputs"}


class TestTerminal:
    def test_the_live_line_is_drawn_on_a_terminal_and_json_stays_pure(self, tmp_path: Path, hard: Path) -> None:
        """On a terminal one line is drawn over and over on standard error; standard output holds only the object."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            command("solve", hard, "--gap", "0", "--time-limit", "8", "--json"),
            cwd=tmp_path,
            env=environment(TERM="xterm", COLUMNS="100"),
            stdout=subprocess.PIPE,
            stderr=theirs,
        )
        os.close(theirs)
        drawn = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
            if not piece:
                break
            drawn += piece
        out, _ = process.communicate(timeout=60)
        os.close(ours)
        assert json.loads(out)["status"] == "stopped"
        assert drawn.count(b"Plan: ") >= 5
        assert b"\x1b[2K" in drawn
        assert b"gap" in drawn


@pytest.mark.slow
def test_nothing_is_lost_whenever_a_run_is_ended() -> None:
    """Kills, signals and damaged records at a few random moments; `tests/ends.py` tries many."""
    assert sum(killed(4, 7).values()) == 4
    assert sum(signalled(4, 7).values()) == 4
    assert damaged(24, 7) == {"exit 0": 24}

"""A solver that hangs, breaks off or raises: time limits hold, and nothing it did not prove is told."""

from __future__ import annotations

import errno
import math
import threading
import time
from pathlib import Path
from typing import NoReturn

import pytest
from builders import contract, dataset, demand, fleet, lease, on_demand, segment, term
from commandline import decision
from sheets import workbook

import planner.analysis.marginal_values
import planner.run.deterministic
import planner.solving.highs
import planner.solving.search
from models.build import build_model
from models.dataset import Dataset
from planner.cli import main
from planner.console import save_traceback
from planner.run.options import PlanOptions
from planner.run.solve import solve_dataset
from planner.solving.highs import HighsSolver
from planner.solving.highs_reports import HighsReports
from planner.solving.problem import SolveOptions
from planner.solving.search import solve
from planner.solving.time_limit import seconds_after


def offers() -> Dataset:
    rows = [segment(), demand(3, 5, 5), fleet(accelerators=1), on_demand(3.0), lease("two", term(2, 1.0)), contract()]
    return dataset(rows, months=3)


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> type[HighsSolver]:
    """HiGHS that does not end on programs without whole numbers until the test is over, with short graces."""
    over = threading.Event()

    class Hangs(HighsSolver):
        def _run(self, done: threading.Event) -> None:
            if not self.arrays.integer.any():
                over.wait(20)
            super()._run(done)

    monkeypatch.setattr(planner.solving.highs, "GRACE_SECONDS", 0.05)
    monkeypatch.setattr(planner.solving.search, "LEAST_POLISH", 0.05)
    monkeypatch.setattr(planner.run.deterministic, "LEAST_SECONDS", 0.05)
    monkeypatch.setattr(planner.solving.search, "HighsSolver", Hangs)
    monkeypatch.setattr("planner.solving.dispatch.HighsSolver", Hangs)
    monkeypatch.setattr("planner.solving.one_sided.HighsSolver", Hangs)
    yield Hangs
    over.set()


def test_what_follows_a_search_keeps_to_its_time_limit(hanging: type[HighsSolver]) -> None:
    """A best dispatch or marginal values that hang are given up; the plan stands, and what is missing is told."""
    began = time.monotonic()
    found = solve_dataset(offers(), PlanOptions(gap=0.0, time_limit=0.2))
    assert time.monotonic() - began < 10.0  # a solve that is waited for takes 20 s
    assert found.has_plan
    assert found.audit is not None
    assert found.audit.passed
    assert found.marginal is None
    assert any("Marginal values" in str(each) for each in found.warnings)
    assert any("solver did not stop" in str(each) for each in found.warnings)


def test_a_solver_left_behind_is_not_asked_again(hanging: type[HighsSolver]) -> None:
    """Once HiGHS hangs, nothing is changed in it or read from it, and another run says at once that it is left."""
    model = build_model(offers())
    arrays = model.compiled.within(model.compiled.lower, model.compiled.upper, model.compiled.integer & False)
    solver = hanging(arrays, SolveOptions(gap=0.0, time_limit=0.05))
    assert not solver.run()
    running = threading.active_count()
    solver.change_rows(0, 0.0, 0.0)
    assert not solver.run()
    assert threading.active_count() == running
    assert (solver.status, solver.values, solver.bound) == (None, None, -math.inf)


def test_time_for_what_follows_is_what_is_left_within_bounds() -> None:
    """What is left of the limit, a tenth of it at least, never below the least or above the most."""
    assert seconds_after(None, 5.0, 2.0, 20.0) == 20.0
    assert seconds_after(10.0, 4.0, 2.0, 20.0) == 6.0
    assert seconds_after(10.0, 10.0, 2.0, 20.0) == 2.0
    assert seconds_after(100.0, 100.0, 2.0, 20.0) == 10.0
    assert seconds_after(1000.0, 1.0, 2.0, 20.0) == 20.0


def test_an_exception_in_the_solver_is_a_fault_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """It ends as an internal fault whose log has the traceback, not as a search without a plan."""

    monkeypatch.setattr(HighsReports, "_on_log", lambda self, event: 1 / 0)
    path = workbook(tmp_path / "small.xlsx", decision())
    assert main(["solve", str(path), "-o", str(tmp_path / "plan.xlsx")]) == 1
    err = capfd.readouterr().err
    assert "Internal fault (ZeroDivisionError" in err
    assert "plan.run.log" in err
    assert "1 / 0" in (tmp_path / "plan.run.log").read_text(encoding="utf-8")
    assert not (tmp_path / "plan.xlsx").exists()


def test_a_search_that_broke_off_proves_no_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """HiGHS calls its bound 0 where it never had one; none is told then."""
    monkeypatch.setattr(planner.solving.highs.highspy.Highs, "run", lambda _: None)
    model = build_model(offers())
    solver = HighsSolver(model.compiled, SolveOptions(gap=0.0))
    assert solver.run()
    assert solver.bound == -math.inf
    found = solve(model, SolveOptions(gap=0.0))
    assert (found.status, found.bound_usd) == ("no_plan", None)


def test_a_worse_point_called_optimal_is_not_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a program without decisions the duals are asked: where they prove nothing, the plan is not called the best."""
    rows = [segment(), demand(3, 5, 5), fleet(accelerators=1), on_demand(3.0)]
    model = build_model(dataset(rows, months=3))
    assert not model.compiled.integer.any()
    assert solve(model, SolveOptions(gap=0.0)).status == "optimal"
    monkeypatch.setattr(planner.solving.search, "duality_gap", lambda *_: 0.44)
    monkeypatch.setattr("planner.solving.dispatch.duality_gap", lambda *_: 0.44)
    found = solve(model, SolveOptions(gap=0.001))
    assert found.status == "stopped"
    assert found.gap is not None
    assert found.gap > 0.4


def test_a_fault_is_told_where_no_log_can_be_written(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the disk full the traceback goes to standard error, and the message says to attach it from there."""

    def full(*_: object, **__: object) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tempfile.NamedTemporaryFile", full)
    fault = save_traceback(ZeroDivisionError("nothing to share"))
    assert str(fault).endswith("(ZeroDivisionError: nothing to share). Please report it and attach what stands above.")
    assert fault.log_path is None
    assert "ZeroDivisionError: nothing to share" in capsys.readouterr().err

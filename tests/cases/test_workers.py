"""Workers: questions answered side by side; a bad one costs only itself, and time and stops are kept."""

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import builders as b
import pytest

from models import build as building
from models.build import build_model
from planner.interrupt import Stop
from planner.solving import held_rows
from planner.solving.problem import SolveOptions
from planner.solving.search import solve
from planner.solving.solve_task import SolveResult, SolveTask, solve_task
from planner.solving.worker_pool import WorkerPool

EXACT = SolveOptions(gap=0.0, threads=1)


def _problem(price: float):
    return b.dataset(b.demand(1.0), b.segment(), b.on_demand(price), months=1)


def _impossible():
    return b.dataset(b.demand(1.0), b.segment(), months=1)


def test_every_question_gets_the_answer_a_solve_here_would_give():
    """Two workers answer five questions, one of them without a plan, each with its own cost and plan."""
    questions = [SolveTask(f"at {price}", _problem(price), EXACT) for price in (1.0, 2.0, 3.0, 4.0)]
    with WorkerPool(2) as workers:
        found = {each.key: each for each in workers.solve_all([*questions, SolveTask("no", _impossible(), EXACT)])}
    assert found["no"].status == "infeasible"
    for price in (1.0, 2.0, 3.0, 4.0):
        answer = found[f"at {price}"]
        assert answer.objective_usd == pytest.approx(744 * price)
        assert answer.plan is not None
        assert answer.plan.objective_usd == pytest.approx(744 * price)


def test_a_worker_that_dies_costs_its_own_question_only():
    """A killed worker's question is answered with no_plan and the reason; the next question is answered well."""
    with WorkerPool(1) as workers:
        assert workers.submit(SolveTask("first", _problem(1.0), EXACT)).result().status == "optimal"
        worker = workers._all[0]._process
        os.kill(worker.pid, signal.SIGSTOP)  # it cannot answer any more
        dying = workers.submit(SolveTask("dying", _problem(1.0), EXACT))
        time.sleep(0.3)
        os.kill(worker.pid, signal.SIGKILL)
        assert dying.result(timeout=20).status == "no_plan"
        assert "died" in dying.result().why
        assert workers.submit(SolveTask("after", _problem(2.0), EXACT)).result().objective_usd == pytest.approx(1488)


def test_a_worker_that_is_killed_leaves_no_semaphore_that_python_warns_of():
    """What is read at the end of a command is what the command says, also where a worker did not stop in time."""
    script = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
import builders as b
from planner.solving.problem import SolveOptions
from planner.solving.solve_task import SolveTask
from planner.solving.worker_pool import WorkerPool

if __name__ == "__main__":
    problem = b.dataset(b.demand(1.0), b.segment(), b.on_demand(1.0), months=1)
    with WorkerPool(1) as workers:
        workers.submit(SolveTask("first", problem, SolveOptions(gap=0.0, threads=1))).result()
        os.kill(workers._all[0]._process.pid, signal.SIGKILL)
"""
    command = [sys.executable, "-c", script, str(Path(b.__file__).parent)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert ended.stderr == ""


def test_questions_beyond_the_time_are_not_begun():
    """With no time left a question is answered at once, and says that it was not begun."""
    with WorkerPool(1, seconds=0.0) as workers:
        answer = workers.submit(SolveTask("late", _problem(1.0), EXACT)).result(timeout=5)
    assert answer == SolveResult("late", "no_plan", why=answer.why)
    assert "not begun" in answer.why


def test_a_stop_ends_what_waits():
    """Once the run is asked to stop, questions still waiting are not begun."""
    stop = Stop()
    with WorkerPool(1, stop=stop) as workers:
        workers.submit(SolveTask("first", _problem(1.0), EXACT)).result()
        stop.signal_number = signal.SIGINT
        time.sleep(0.5)
        assert workers.submit(SolveTask("second", _problem(1.0), EXACT)).result(timeout=5).status == "no_plan"


def test_leaving_the_context_leaves_no_process_and_no_thread_behind():
    """After the context every worker process is gone and no thread of it is left."""
    with WorkerPool(2) as workers:
        list(workers.solve_all([SolveTask("a", _problem(1.0), EXACT), SolveTask("b", _problem(2.0), EXACT)]))
        processes = [each._process for each in workers._all]
    for each in processes:
        each.join(timeout=10)
    assert not any(each.is_alive() for each in processes)
    assert not [each for each in threading.enumerate() if each.name.startswith("workers")]


def test_a_fault_in_a_worker_is_told_in_its_answer():
    """A question that cannot be built is answered with the error's words, and the worker lives on."""
    broken = b.dataset(b.demand(1.0), b.segment(), b.contract(hardware="unheard of"), months=1)
    with WorkerPool(1) as workers:
        assert "unheard of" in workers.submit(SolveTask("broken", broken, EXACT)).result().why
        assert workers.submit(SolveTask("good", _problem(1.0), EXACT)).result().status == "optimal"
        assert len(workers._all) == 1


def test_a_worker_that_is_late_is_ended_when_the_time_of_all_is_over():
    """A worker that does not answer is given up a moment after the time of the pool, whatever its own limit."""
    with WorkerPool(1, seconds=600.0, grace=0.1) as workers:
        assert workers.submit(SolveTask("first", _problem(1.0), EXACT)).result().status == "optimal"
        os.kill(workers._all[0]._process.pid, signal.SIGSTOP)
        workers._deadline = time.monotonic() + 0.3
        late = workers.submit(SolveTask("late", _problem(1.0), EXACT)).result(timeout=10)
    assert (late.status, late.bound_usd) == ("no_plan", None)
    assert "did not stop in time" in late.why


def test_building_counts_in_the_time_limit(monkeypatch):
    """What building the model took is not there for the search any more."""
    given = []

    def slowly(dataset):
        time.sleep(0.2)
        return build_model(dataset)

    def noted(problem, options, **more):
        given.append(options.time_limit)
        return solve(problem, options, **more)

    monkeypatch.setattr(building, "build_model", slowly)
    monkeypatch.setattr(held_rows, "solve", noted)
    assert solve_task(SolveTask("slow", _problem(1.0), replace(EXACT, time_limit=5.0))).status == "optimal"
    assert 0.0 < given[0] <= 4.8

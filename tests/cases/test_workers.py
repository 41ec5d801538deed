"""Workers: questions answered side by side; a bad one costs only itself, and time and stops are kept."""

import os
import signal
import threading
import time

import builders as b
import pytest

from planner.interrupt import Stop
from planner.solving.problem import SolveOptions
from planner.solving.worker_pool import SolveResult, SolveTask, WorkerPool

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

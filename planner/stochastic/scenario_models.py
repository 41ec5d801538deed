"""What is worked out of the models of scenarios that are too many to be kept, each built for it alone.

Building leaves Python no time for another thread, so that other processes build a part of them where that pays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass
from multiprocessing import current_process
from typing import Any, TypeVar

from models.build import build_model
from models.cancellation import cancelled_by, check_cancelled
from models.core.model import Model
from models.garbage import collect_dropped, pause_gc
from models.stochastic.tree import ScenarioTree
from planner.errors import OutOfTime
from planner.solving.problem import SolveOptions
from planner.solving.solve_task import SolveResult, SolveTask
from planner.solving.worker_pool import WorkerPool

PAYS = 8.0
"""Seconds of building from which other processes take a part; one needs two or three before it begins."""
_POLL_SECONDS = 0.1

T = TypeVar("T")
Work = Callable[[ScenarioTree, str, Model, Any], T]
"""A function of a module, so that other processes find it; takes a scenario's name, its model and an argument."""


def of_models(
    tree: ScenarioTree, work: Work[T], arguments: Mapping[str, Any], processes: int, seconds_each: float
) -> tuple[dict[str, T], float]:
    """What comes of each scenario's model.

    Parameters
    ----------
    arguments
        By scenario; of each the model is built.
    processes
        This one among them.
    seconds_each
        What building one model takes.

    Returns
    -------
    tuple
        By scenario, and the seconds that other processes took.
    """
    names = list(arguments)
    pays = processes > 1 and len(names) > 1 and seconds_each * len(names) > PAYS
    if not pays or current_process().daemon:  # a worker process may start none
        return _each(tree, work, arguments), 0.0
    count = min(processes, len(names))
    parts = [{name: arguments[name] for name in names[i::count]} for i in range(count)]
    found, elsewhere = dict[str, T](), 0.0
    with WorkerPool(count - 1) as pool:
        begun = [pool.submit(_Part(f"scenarios {i}", tree.dataset, SolveOptions(), work=work, arguments=parts[i]))
                 for i in range(1, count)]  # fmt: skip
        found |= _each(tree, work, parts[0])
        for part, future in zip(parts[1:], begun, strict=True):
            result = _awaited(future)
            elsewhere += result.seconds
            # what became of a process that has not answered is done here
            found |= result.found if isinstance(result, _PartResult) else _each(tree, work, part)
    return {name: found[name] for name in names}, elsewhere


def _each(tree: ScenarioTree, work: Work[T], arguments: Mapping[str, Any]) -> dict[str, T]:
    found: dict[str, T] = {}
    with pause_gc():  # what is built stays: looking through it again for each scenario would take ever longer
        for name, argument in arguments.items():
            found[name] = work(tree, name, build_model(tree.dataset.in_scenario(name)), argument)
            collect_dropped()  # a model refers to itself
    return found


def _awaited(future: Future[SolveResult]) -> SolveResult:
    while not future.done():
        wait([future], _POLL_SECONDS)
        check_cancelled()
    return future.result()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part(SolveTask):
    """Some of the scenarios, for another process."""

    work: Work[Any]
    arguments: Mapping[str, Any]

    def search(self, should_stop: Callable[[], bool] | None = None, model: Model | None = None) -> SolveResult:
        """What comes of their models."""

        def check() -> None:
            if should_stop is not None and should_stop():
                raise OutOfTime("The run was stopped before its scenarios were built")

        with cancelled_by(check):
            found = _each(ScenarioTree(self.dataset), self.work, self.arguments)
        return _PartResult(self.key, "optimal", found=found)


@dataclass(frozen=True, slots=True, kw_only=True)
class _PartResult(SolveResult):
    found: Mapping[str, Any]

"""Scenarios solved on the workers of a Dask cluster, each where its relaxation is kept warm.

This process keeps the master problem and the models; a call takes a scenario's arrays along. What a lost worker had in
hand is done by another, or here where there is none; of what it kept, another begins cold.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from models.core.compiled import Named
from models.core.vector import Vector
from models.policy.caps import cap_rows
from planner.solving.dask_cluster import CallLost, DaskCluster, NoAnswer
from planner.solving.problem import ArrayProblem, LocalOptimum
from planner.solving.relaxation import LinearRelaxation

log = logging.getLogger("planner")
GRACE_SECONDS = 4.0
"""How long a call may take to stop."""


class Relaxed(NamedTuple):
    """What came of a relaxation; `ray` as `LinearRelaxation.contradiction`."""

    optimum: LocalOptimum | None
    infeasible: bool
    ray: Vector | None


class RemoteScenarios:
    """The workers of a cluster as those of a decomposition."""

    def __init__(self, cluster: DaskCluster) -> None:
        self.cluster = cluster
        self._run = uuid4().hex
        self._place: dict[str, str] = {}
        self._lock = threading.Lock()

    @property
    def workers(self) -> int:
        """How many scenarios they solve at a time."""
        return max(1, sum(self.cluster.threads.values()))

    def anew(self) -> RemoteScenarios:
        """The same workers for another problem: of this one they keep nothing."""
        return RemoteScenarios(self.cluster)

    def call(
        self, function: Callable[..., Any], *arguments: Any, stopping: Callable[[], bool], of: str | None = None
    ) -> Any:
        """What a function returns, called with what says that it is to stop as its last argument; None without answer.

        `of`: the scenario whose worker is asked first.
        """
        sent = [_bare(each) if isinstance(each, ArrayProblem) else each for each in arguments]
        at = None if of is None else self._worker_of(of)
        try:
            return self.cluster.call(function, *sent, stopping=stopping, grace_seconds=GRACE_SECONDS, at=at)
        except NoAnswer:
            return None
        except CallLost as lost:
            log.info("Lost on the cluster, and done here: %s", lost)
            return function(*arguments, stopping)

    def relaxation(self, name: str, problem: ArrayProblem) -> RemoteRelaxation:
        """A scenario's relaxation, kept on a worker."""
        return RemoteRelaxation(self, self._run, name, problem)

    def _worker_of(self, name: str) -> str | None:
        """The worker that keeps a scenario; of one that is gone, the one that keeps least."""
        with self._lock:
            threads = self.cluster.threads
            if self._place.get(name) not in threads and threads:
                kept = Counter(self._place.values())
                self._place[name] = min(threads, key=lambda each: kept[each] / threads[each])
            return self._place.get(name)


@contextmanager
def scenarios_on(scheduler: str | None, tls: Path | None) -> Iterator[RemoteScenarios | None]:
    """The workers of the cluster of a scheduler at an address; None without one."""
    if scheduler is None:
        yield None
        return
    cluster = DaskCluster(scheduler, tls)
    try:
        yield RemoteScenarios(cluster)
    finally:
        cluster.close()


class RemoteRelaxation:
    """As `planner.solving.relaxation.LinearRelaxation`, kept on a worker."""

    def __init__(self, scenarios: RemoteScenarios, run: str, name: str, problem: ArrayProblem) -> None:
        self.infeasible = False
        self._scenarios, self._run, self._name, self._problem = scenarios, run, name, problem
        self._ray: Vector | None = None

    def optimum(
        self,
        lower: Vector | None = None,
        upper: Vector | None = None,
        *,
        time_limit: float | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> LocalOptimum | None:
        """The best within the bounds; None where none was found."""
        arguments = self._run, self._name, self._problem, lower, upper, time_limit
        stopping = should_stop or (lambda: False)
        found = self._scenarios.call(relax_kept, *arguments, stopping=stopping, of=self._name)
        optimum, self.infeasible, self._ray = Relaxed(None, False, None) if found is None else found
        return optimum

    def contradiction(self) -> Vector | None:
        """Once `infeasible`: weights with which the rows contradict each other, by row."""
        return self._ray


_kept: dict[tuple[str, str], LinearRelaxation] = {}
_kept_lock = threading.Lock()


def relax_kept(
    run: str,
    name: str,
    problem: ArrayProblem,
    lower: Vector | None,
    upper: Vector | None,
    seconds: float | None,
    stopping: Callable[[], bool],
) -> Relaxed:
    """On a worker: solves a scenario's relaxation from where it ended last; those of earlier runs are let go."""
    with _kept_lock:
        for other in [each for each in _kept if each[0] != run]:
            del _kept[other]
        relaxation = _kept.get((run, name))
        if relaxation is None:
            relaxation = _kept[run, name] = LinearRelaxation(problem)
    if lower is None or upper is None:
        lower, upper = problem.compiled.lower, problem.compiled.upper
    optimum = relaxation.optimum(lower, upper, time_limit=seconds, should_stop=stopping)
    infeasible = relaxation.infeasible
    return Relaxed(optimum, infeasible, relaxation.contradiction() if infeasible else None)


def _bare(problem: ArrayProblem) -> ArrayProblem:
    """The arrays without the model's variables and rows, which stay here; those of caps are known by name."""
    arrays = problem.compiled
    rows = tuple(
        Named(row.parent_component().name, row.index()) if is_cap else None
        for row, is_cap in zip(arrays.rows, cap_rows(arrays), strict=True)
    )
    return replace(problem, compiled=replace(arrays, columns=(None,) * len(arrays.columns), rows=rows))

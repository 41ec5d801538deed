"""Scenarios spread over the workers of a Dask cluster, one of which is killed."""

from __future__ import annotations

import signal
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from cases.test_stochastic_textbooks import PUBLISHED, lands
from clusters import two_workers
from decomposed import decomposed, one_doubles, three_stages

from planner.errors import WrongUsage
from planner.run.options import PlanOptions
from planner.solving.dask_cluster import CallLost, NoAnswer
from planner.solving.problem import Progress, SolveOptions
from planner.stochastic.decomposition import decompose
from planner.stochastic.remote import RemoteScenarios, scenarios_on


class Here:
    """A cluster of two workers as this process would be one; calls of the worker `gone` are lost."""

    def __init__(self, gone: str = "") -> None:
        self.gone, self.threads, self.asked = gone, {"one": 1, "two": 1}, list[str | None]()

    def call(
        self, function: Callable[..., Any], *arguments: Any, stopping: Callable[[], bool], at: str | None, **_: Any
    ) -> Any:
        self.asked.append(at)
        if self.gone and at == self.gone:
            raise CallLost(at)
        return function(*arguments, stopping)


@pytest.mark.parametrize("gone", ["", "one"])
def test_remote_scenarios_come_to_the_same_answer(gone: str) -> None:
    """The published optimum of LandS, from both sides; calls that are lost are made here."""
    cluster = Here(gone)
    found = decompose(lands(), SolveOptions(gap=1e-6), remote=RemoteScenarios(cluster))  # type: ignore[arg-type]
    assert found.objective_usd == pytest.approx(PUBLISHED, abs=5e-4)
    assert found.bound_usd == pytest.approx(PUBLISHED, abs=5e-4)
    assert {"one", "two"} <= set(cluster.asked)


def test_decisions_without_a_plan_are_cut_off_from_afar() -> None:
    """Where scenarios have no plan, or three stages, remote ones tell the same as those of this process."""
    for data in (three_stages(), one_doubles(units_max=3), one_doubles(units_max=1)):
        here = decomposed(data)
        far = decompose(data, SolveOptions(gap=1e-6), remote=RemoteScenarios(Here()))  # type: ignore[arg-type]
        assert far.status == here.status
        if here.objective_usd is not None:
            assert far.objective_usd == pytest.approx(here.objective_usd, rel=1e-6)


def test_a_scenario_moves_when_its_worker_is_gone() -> None:
    """Scenarios are spread evenly and stay where they are; those of a worker that is gone go to another."""
    cluster = Here()
    scenarios = RemoteScenarios(cluster)  # type: ignore[arg-type]

    def places() -> list[str | None]:
        cluster.asked.clear()
        for name in "abcd":
            scenarios.call(lambda _: None, stopping=lambda: False, of=name)
        return list(cluster.asked)

    first = places()
    assert sorted(each or "" for each in first) == ["one", "one", "two", "two"]
    assert places() == first
    del cluster.threads["one"]
    assert places() == ["two"] * 4


def test_a_call_that_does_not_answer_is_given_up() -> None:
    """A call that was to stop and does not is None, as is a scenario without a plan."""

    class Silent(Here):
        def call(self, *_: Any, **__: Any) -> Any:
            raise NoAnswer

    scenarios = RemoteScenarios(Silent())  # type: ignore[arg-type]
    assert scenarios.call(lambda _: 1, stopping=lambda: True) is None


def test_a_scheduler_goes_with_decomposition() -> None:
    """--scheduler with another engine, or tls:// without its files, is wrong usage."""
    with pytest.raises(WrongUsage, match="--engine decomposition"):
        PlanOptions(scheduler="tcp://127.0.0.1:8786")
    with pytest.raises(WrongUsage, match="--tls FOLDER"):
        PlanOptions(engine="decomposition", scheduler="tls://127.0.0.1:8786")


@pytest.mark.slow
@pytest.mark.skipif(find_spec("distributed") is None, reason="the extra dask is not installed")
def test_a_worker_killed_half_way_costs_only_its_share(tmp_path: Path) -> None:
    """With one of two workers killed after the first bound the optimum is that of one process, proven."""
    with two_workers(tmp_path / "cluster") as cluster, scenarios_on(cluster.address, None) as remote:
        assert remote is not None
        remote.cluster.client.wait_for_workers(2, timeout=120)
        killed: list[Progress] = []

        def kill(progress: Progress) -> None:
            if not killed:
                killed.append(progress)
                cluster.processes["one"].send_signal(signal.SIGKILL)

        found = decompose(lands(), SolveOptions(gap=1e-6), on_progress=kill, remote=remote)
        assert killed
        assert len(remote.cluster.client.nthreads()) == 1
    assert found.objective_usd == pytest.approx(PUBLISHED, abs=5e-4)
    assert found.bound_usd == pytest.approx(PUBLISHED, abs=5e-4)
    assert found.why == "bounds meet"

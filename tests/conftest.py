"""Processes that solve, or start jobs, for one test stay for the next ones, which need not wait for them to start."""

from __future__ import annotations

import os
from collections.abc import Iterator
from types import TracebackType
from typing import Any

import pytest

import planner.explain.explanation
import planner.explain.run
import planner.solving.worker_pool
from planner.batch.execution.fork_client import ForkClient
from planner.solving.worker_pool import WorkerPool


def pytest_configure(config: pytest.Config) -> None:
    """Where Python is told to leave no bytecode beside its sources, processes of tests keep it in pytest's cache."""
    cache = getattr(config, "cache", None)  # no such attribute with -p no:cacheprovider
    if cache is not None and os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
        os.environ["PYTHONPYCACHEPREFIX"] = str(cache.mkdir("bytecode"))


class _WarmPool(WorkerPool):
    """A pool that begins with the processes of one left before, and leaves its own to the next."""

    left: list[tuple[Any, list[Any]]] = []  # noqa: RUF012

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        if self.left:
            self._halt, processes = self.left.pop()
            self._halt.clear()
            for each in processes:
                if each.alive:
                    self._all.append(each)
                    self._idle.put(each)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        kept = [each for each in self._all if each.idle and each.alive]
        self._all = [each for each in self._all if each not in kept]
        super().__exit__(kind, error, trace)
        self.left.append((self._halt, kept))


class _SharedClient(ForkClient):
    def close(self) -> None:
        """The next batch goes on with it."""


@pytest.fixture(scope="session")
def shared_client() -> Iterator[ForkClient]:
    """What starts the jobs of batches, begun once."""
    shared = _SharedClient()
    yield shared
    ForkClient.close(shared)


@pytest.fixture(scope="session", autouse=True)
def warm_workers() -> Iterator[None]:
    """Pools of commands are such pools; what tests of the pool itself import is not."""
    users = (planner.explain.explanation, planner.explain.run, planner.solving.worker_pool)
    with pytest.MonkeyPatch.context() as patch:
        for each in users:
            patch.setattr(each, "WorkerPool", _WarmPool)
        yield
        for _, processes in _WarmPool.left:
            for each in processes:
                each.leave()

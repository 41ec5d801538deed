"""Batches in this process share one process that starts jobs, warmed up once.

`pytest tests/batch --one-by-one` runs them with jobs started one by one instead, as on systems that cannot fork.
"""

from __future__ import annotations

import pytest

from planner.batch.execution import engine
from planner.batch.execution.engine import Starter
from planner.batch.execution.fork_client import ForkClient
from planner.batch.execution.spawned_process import SpawnClient


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--one-by-one", action="store_true", help="start the jobs of batches one by one")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--one-by-one", default=False):
        skip = pytest.mark.skip(reason="of os.fork itself, or with a budget too short to start a process of its own")
        for item in items:
            if item.get_closest_marker("forked"):
                item.add_marker(skip)


@pytest.fixture
def cold_starter(request: pytest.FixtureRequest) -> type[Starter]:
    """What starts jobs in these tests."""
    return SpawnClient if request.config.getoption("--one-by-one", default=False) else ForkClient


@pytest.fixture(autouse=True)
def warm(shared_client: ForkClient, cold_starter: type[Starter], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "starter", (lambda: shared_client) if cold_starter is ForkClient else cold_starter)


@pytest.fixture
def cold(warm: None, cold_starter: type[Starter], monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch starts its own process that starts jobs, for tests that break it."""
    monkeypatch.setattr(engine, "starter", cold_starter)

"""Batches in this process share one process that starts jobs, warmed up once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from planner.batch.execution import engine
from planner.batch.execution.fork_client import ForkClient


class _Shared(ForkClient):
    def close(self) -> None:
        """The next batch goes on with it."""


@pytest.fixture(scope="session")
def shared_client() -> Iterator[ForkClient]:
    shared = _Shared()
    yield shared
    ForkClient.close(shared)


@pytest.fixture(autouse=True)
def warm(shared_client: ForkClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "ForkClient", lambda: shared_client)


@pytest.fixture
def cold(warm: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch starts its own process that starts jobs, for tests that break it."""
    monkeypatch.setattr(engine, "ForkClient", ForkClient)

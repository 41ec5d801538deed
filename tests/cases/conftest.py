"""Fixtures of the command line: ways to run it, and workbooks on disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from commandline import Run, Said, decision, endless, in_a_process
from sheets import workbook

from planner.batch.execution import engine
from planner.batch.execution.fork_client import ForkClient
from planner.cli import main


@pytest.fixture(autouse=True)
def warm(shared_client: ForkClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches in this process share what starts their jobs."""
    if hasattr(os, "fork"):
        monkeypatch.setattr(engine, "starter", lambda: shared_client)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """`planner` in a process of its own."""
    return lambda *words, **extra: in_a_process(tmp_path, *words, **extra)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """`planner` in this process: the same, without waiting for its libraries each time."""
    monkeypatch.chdir(tmp_path)

    def run(*words: object, **extra: str) -> Said:
        with monkeypatch.context() as patch:
            for name, value in extra.items():
                patch.setenv(name, value)
            capfd.readouterr()
            code = main([str(word) for word in words])
        said = capfd.readouterr()
        assert "Traceback" not in said.out + said.err
        return Said(code, said.out, said.err)

    return run


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return workbook(tmp_path / "small.xlsx", decision())


@pytest.fixture
def hard(tmp_path: Path) -> Path:
    return workbook(tmp_path / "hard.xlsx", endless())


@pytest.fixture
def impossible(tmp_path: Path) -> Path:
    """Ten accelerators on offer where a hundred are needed, though each alone could serve."""
    return workbook(
        tmp_path / "impossible.xlsx", decision(on_demand=[], leases=[{"lease": "L", "provider": "neo", "region": "us"}])
    )


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    return workbook(
        tmp_path / "faulty.xlsx",
        decision(
            lease_terms=[{"lease": "L", "term_months": "a year", "usd_per_accelerator_hour": 2}],
            on_demand=[{"provider": "spot", "region": "us", "hardware": "H10O", "usd_per_accelerator_hour": -5}],
        ),
    )

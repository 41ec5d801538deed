"""The tutorials run from top to bottom, and what they show is what comes out."""

from __future__ import annotations

from pathlib import Path

import pytest
from commandline import Run
from pages_that_run import Ran, run_page

ROOT = Path(__file__).resolve().parents[2]
TUTORIALS = ROOT / "planner/pages/tutorials"
RUN = {"first_plan": Ran(12, 18, 0), "batch": Ran(4, 4, 8), "uncertainty": Ran(7, 11, 0), "dataframes": Ran(0, 0, 20)}
"""How many commands, lines of what they print and examples each has, so that none is passed over."""


def test_each_tutorial_is_known_and_linked() -> None:
    """Every tutorial is in the table of what is run here, and the README leads to it."""
    assert {page.stem for page in TUTORIALS.glob("*.md")} == set(RUN)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in RUN:
        assert f"planner/pages/tutorials/{name}.md" in readme


@pytest.mark.slow
@pytest.mark.parametrize("name", RUN)
def test_a_tutorial_runs(here: Run, tmp_path: Path, name: str) -> None:
    """Every command ends as the page says, prints what it shows, and every example in Python gives what it shows."""
    if name == "dataframes":
        pytest.importorskip("plotly", reason="the extra html is not installed")
    assert run_page(TUTORIALS / f"{name}.md", tmp_path, here) == RUN[name]

"""The workflow, checked against the schema of GitHub."""

from __future__ import annotations

import importlib.util
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from schedules import ODD, elsewhere, schedule

from planner.errors import WrongUsage
from planner.schedule.formats.github import github
from planner.schedule.schedule import Schedule

yaml = pytest.importorskip("yaml", reason="PyYAML comes with the dev extra")


def workflow(given: Schedule) -> Any:
    (text,) = github(given).texts.values()
    return yaml.load(text, yaml.BaseLoader)  # `on` is a truth value to YAML 1.1


def checked(path: Path) -> int:
    words = ["-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(path)]
    return subprocess.run([sys.executable, *words], capture_output=True).returncode


@pytest.mark.skipif(importlib.util.find_spec("check_jsonschema") is None, reason="it comes with the dev extra")
@pytest.mark.parametrize("image", ["", "registry.example/planner:1"])
def test_the_schema_finds_nothing_wrong(tmp_path: Path, image: str) -> None:
    """The schema passes it, and is known to refuse one without a machine to run on."""
    (text,) = github(elsewhere(image=image, options=ODD)).texts.values()
    path = tmp_path / "workflow.yml"
    path.write_text(text, encoding="utf-8")
    assert checked(path) == 0
    path.write_text(text.replace("runs-on:", "run-on:"), encoding="utf-8")
    assert checked(path) != 0


def test_it_starts_by_the_calendar_and_by_hand() -> None:
    """Both triggers are there, one batch runs at a time, and none is broken off by the next."""
    found = workflow(elsewhere())
    assert found["on"] == {"schedule": [{"cron": "0 6 * * MON"}], "workflow_dispatch": ""}
    assert found["concurrency"] == {"group": "planner-weekly", "cancel-in-progress": "false"}
    assert found["permissions"] == {"contents": "read"}


def test_the_words_are_those_given() -> None:
    """The shell of the step gets every word as it was."""
    steps = workflow(elsewhere(options=ODD))["jobs"]["batch"]["steps"]
    (run,) = [step["run"] for step in steps if step.get("name") == "Run the batch"]
    assert shlex.split(run) == ["planner", *elsewhere(options=ODD).arguments]


def test_reports_are_kept_when_the_batch_fails() -> None:
    """Artifacts and the state for the next run are kept whatever the exit code."""
    steps = workflow(elsewhere())["jobs"]["batch"]["steps"]
    after = steps[[step.get("name") for step in steps].index("Run the batch") + 1 :]
    assert [step["if"] for step in after] == ["always()", "always()"]
    assert "outputs/batch/weekly/reports" in after[-1]["with"]["path"].splitlines()


def test_without_an_image_it_is_installed_by_the_lock() -> None:
    """The locked versions, by their hashes."""
    (text,) = github(elsewhere(image="")).texts.values()
    assert "--require-hashes -r requirements.lock" in text
    assert "requirements.lock" not in next(iter(github(elsewhere()).texts.values()))


def test_what_cannot_be_had_is_refused() -> None:
    """Zones with summer time, starts closer than five minutes, and paths outside the repository."""
    with pytest.raises(WrongUsage, match="in UTC only"):
        github(elsewhere(zone="Europe/Berlin"))
    with pytest.raises(WrongUsage, match="GitHub allows every 5"):
        github(elsewhere(cron="*/2 * * * *"))
    with pytest.raises(WrongUsage, match="not in the repository"):
        github(schedule())


def test_a_budget_beyond_what_github_grants_is_cut_with_a_note() -> None:
    """Six hours are the most of GitHub's own machines."""
    files = github(elsewhere(budget_seconds=36_000.0))
    assert workflow(elsewhere(budget_seconds=36_000.0))["jobs"]["batch"]["timeout-minutes"] == "360"
    assert any("after 6 hours" in note for note in files.notes)

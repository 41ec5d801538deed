"""Logs of earlier runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.batch.job_logs import PREVIOUS_PLAN, keep_previous_plan, rotate, tail


def runs(log: Path, count: int, keep: int) -> list[str]:
    for number in range(count):
        rotate(log, keep)
        log.write_text(f"run {number}", encoding="utf-8")
    return [each.read_text(encoding="utf-8") for each in sorted(log.parent.iterdir())]


@pytest.mark.parametrize(
    ("count", "keep", "left"),
    [(1, 3, ["run 0"]), (2, 3, ["run 1", "run 0"]), (5, 3, ["run 4", "run 3", "run 2"]), (3, 1, ["run 2"])],
)
def test_the_last_runs_keep_their_logs(tmp_path: Path, count: int, keep: int, left: list[str]) -> None:
    """run.log is the newest, run.log.1 the one before it, and no more are kept than asked for."""
    assert runs(tmp_path / "run.log", count, keep) == left


def test_keeping_fewer_than_before_drops_the_oldest(tmp_path: Path) -> None:
    """A batch that keeps two logs leaves two, whatever an earlier one kept, and touches no other file."""
    log = tmp_path / "run.log"
    runs(log, 6, 6)
    (tmp_path / "run.log.of mine").write_text("mine", encoding="utf-8")
    rotate(log, 2)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["run.log.1", "run.log.of mine"]
    assert (tmp_path / "run.log.1").read_text(encoding="utf-8") == "run 5"


def test_no_log_is_no_log(tmp_path: Path) -> None:
    """Nothing appears where there was nothing; keeping none at all is refused."""
    rotate(tmp_path / "run.log", 3)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ValueError, match="at least one"):
        rotate(tmp_path / "run.log", 0)


def test_the_previous_plan_is_a_copy(tmp_path: Path) -> None:
    """The plan stays where it is, so that a batch broken off here still has it."""
    plan = tmp_path / "plan.xlsx"
    keep_previous_plan(plan)
    assert list(tmp_path.iterdir()) == []
    for content in (b"one", b"two"):
        plan.write_bytes(content)
        keep_previous_plan(plan)
    assert plan.read_bytes() == (tmp_path / PREVIOUS_PLAN).read_bytes() == b"two"


def test_the_tail_of_a_log_is_its_last_lines(tmp_path: Path) -> None:
    """Long logs are read from their end only; bytes that are no text do no harm; no log has no tail."""
    log = tmp_path / "run.log"
    log.write_bytes(b"".join(b"line %d \xff\n" % number for number in range(100_000)))
    assert tail(log, 2) == "line 99998 \N{REPLACEMENT CHARACTER}\nline 99999 \N{REPLACEMENT CHARACTER}"
    assert tail(tmp_path / "none", 2) == ""

"""Files written together, and what processes that were killed leave behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from planner.console import log, run_log
from planner.errors import CannotWrite, Locked
from planner.files import sharing
from planner.files.atomic import OLD_SECONDS, json_bytes, sweep, temporary_beside, write_durably, written_together
from planner.files.lock import run_lock
from planner.files.outputs import Outputs, check_writable
from planner.files.reading import read_regular


def outputs(folder: Path) -> Outputs:
    return Outputs(folder / "plan.xlsx", folder / "plan.run.json", folder / "plan.run.log")


def test_files_are_moved_only_when_all_are_written(tmp_path: Path) -> None:
    """Where one file cannot be written none takes the place of an earlier one, and nothing else is left."""
    (tmp_path / "plan.xlsx").write_bytes(b"earlier")
    files = {tmp_path / "plan.xlsx": b"later", tmp_path / "missing" / "run.json": b"{}"}
    with pytest.raises(CannotWrite, match="missing"), written_together(files):
        pass
    assert [each.name for each in tmp_path.iterdir()] == ["plan.xlsx"]
    assert (tmp_path / "plan.xlsx").read_bytes() == b"earlier"


def test_files_are_moved_in_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last of them, the report, is in place only when the others are."""
    moved: list[str] = []
    replace = Path.replace

    def noted(path: Path, target: Path) -> Path:
        moved.append(target.name)
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", noted)
    with written_together({tmp_path / name: b"" for name in ("plan.xlsx", "run.json")}):
        assert not (tmp_path / "plan.xlsx").exists()
        moved.append("in the block")
    assert moved == ["in the block", "plan.xlsx", "run.json"]


def test_what_a_killed_process_left_is_swept(tmp_path: Path) -> None:
    """Left-over files and folders of processes that are gone go before the next write; those of a live one stay."""
    left = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from pathlib import Path; from planner.files.atomic import temporary_beside\n"
            "for name in ('plan.xlsx', 'next'): print(temporary_beside(Path(sys.argv[1]) / name))",
            str(tmp_path),
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    Path(left[0]).write_bytes(b"half")
    Path(left[1]).mkdir()
    (Path(left[1]) / "settings.csv").write_bytes(b"half")
    live = temporary_beside(tmp_path / "plan.xlsx")
    live.write_bytes(b"under way")
    foreign = tmp_path / ".planner-00000000-1-abcdef.xlsx"
    foreign.write_bytes(b"of another machine")
    (tmp_path / "plan.xlsx").write_bytes(b"a plan")
    check_writable(tmp_path / "plan.xlsx")
    assert {each.name for each in tmp_path.iterdir()} == {"plan.xlsx", live.name, foreign.name}
    old = time.time() - OLD_SECONDS - 60
    os.utime(foreign, (old, old))
    sweep(tmp_path)
    assert not foreign.exists()


def test_a_number_given_to_another_process_hides_no_left_over_file(tmp_path: Path) -> None:
    """A file older than the process that has its writer's number now is nobody's."""
    left = temporary_beside(tmp_path / "plan.xlsx")
    left.write_bytes(b"half")
    os.utime(left, (1.0, 1.0))
    sweep(tmp_path)
    assert not left.exists()


def test_a_name_that_is_no_text_stands_in_json_as_it_is() -> None:
    """Bytes of a file name that are no UTF-8 come back from run.json as the same name."""
    import json

    name = os.fsdecode(b"plan-\xff.xlsx")
    assert json.loads(json_bytes({"path": name}))["path"] == name


def test_the_log_of_an_earlier_run_stays_until_the_end(tmp_path: Path) -> None:
    """A run that is killed leaves the log of the plan that is there; one that ends replaces it, with all it said."""
    path = tmp_path / "plan.run.log"
    path.write_text("earlier", encoding="utf-8")
    log.setLevel("DEBUG")
    with run_log(path) as place:
        log.info("one")
        assert path.read_text(encoding="utf-8") == "earlier"
        place()
        log.info("two")
        place()
    text = path.read_text(encoding="utf-8")
    assert ["one" in text, "two" in text, "earlier" in text] == [True, True, False]
    assert [each.name for each in tmp_path.iterdir()] == ["plan.run.log"]


def test_a_link_is_never_followed(tmp_path: Path) -> None:
    """A link in the place of a log or a lock is refused, and what it leads to stays as it was or absent."""
    target = tmp_path / "precious.txt"
    (tmp_path / "plan.run.log").symlink_to(target)
    (tmp_path / ".plan.lock").symlink_to(target)
    with pytest.raises(CannotWrite, match="link"), run_log(outputs(tmp_path).log):
        pass
    with pytest.raises(CannotWrite, match="link"), run_lock(outputs(tmp_path)):
        pass
    assert not target.exists()


def test_two_runs_do_not_write_one_plan(tmp_path: Path) -> None:
    """A second run on the same file is told who holds it; one on another file, or afterwards, is not held up."""
    other = Outputs(tmp_path / "b.xlsx", tmp_path / "b.run.json", tmp_path / "b.run.log")
    with run_lock(outputs(tmp_path)):
        with run_lock(other):
            pass
        with pytest.raises(Locked, match=rf"on .*plan\.xlsx: process {os.getpid()}"), run_lock(outputs(tmp_path)):
            pass
    with run_lock(outputs(tmp_path)):
        pass
    assert not list(tmp_path.iterdir())


class _Shared(PermissionError):
    """What Windows says while another program has a file; elsewhere errors have no such number."""

    winerror = 32


def _refused(times: int, error: type[PermissionError], act: Callable[..., Any]) -> Callable[..., Any]:
    """An action that is refused so many times before it is done."""
    left = [error()] * times

    def act_at_last(*words: Any) -> Any:
        if left:
            raise left.pop()
        return act(*words)

    return act_at_last


def test_a_file_that_another_program_holds_for_a_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What Windows refuses while a scanner has the file is tried again, in reading and writing, for a while."""
    monkeypatch.setattr(sharing, "SECONDS", 0.0)
    path = tmp_path / "plan.xlsx"
    monkeypatch.setattr(Path, "replace", _refused(3, _Shared, Path.replace))
    write_durably(path, "whole")
    monkeypatch.setattr(os, "open", _refused(3, _Shared, os.open))
    assert read_regular(path) == b"whole"
    for times, error in ((sharing.TRIES, _Shared), (1, PermissionError)):
        monkeypatch.setattr(Path, "replace", _refused(times, error, os.replace))
        with pytest.raises(CannotWrite):
            write_durably(path, "other")
        assert path.read_text(encoding="utf-8") == "whole"
    assert list(tmp_path.iterdir()) == [path]

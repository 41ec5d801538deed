"""Where a run writes, and what it never writes over."""

from __future__ import annotations

import errno
import shutil
import tempfile
from collections import namedtuple
from pathlib import Path

import openpyxl
import pytest

from planner.errors import CannotWrite, WrongUsage
from planner.files.atomic import atomic_write
from planner.files.outputs import PLAN_SHEETS, check_problem_target, check_writable, free_name, outputs_of, same_file
from planner.files.package import names_of_sheets


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    path = tmp_path / "mine.xlsx"
    openpyxl.Workbook().save(path)
    return path


def a_plan(path: Path) -> Path:
    book = openpyxl.Workbook()
    for name in sorted(PLAN_SHEETS):
        book.create_sheet(name)
    book.save(path)
    return path


def test_two_runs_in_the_same_second_have_folders_of_their_own(workbook: Path, tmp_path: Path) -> None:
    """Runs that a scheduler starts at the same time never share a folder."""
    folders = {outputs_of(workbook, None, tmp_path / "outputs").plan.parent for _ in range(5)}
    assert len(folders) == 5
    assert {folder.parent for folder in folders} == {tmp_path / "outputs" / "mine"}


def test_with_a_plan_path_the_other_files_stand_beside_it(workbook: Path, tmp_path: Path) -> None:
    """-o week.31.xlsx puts week.31.run.json and week.31.run.log into the same folder."""
    outputs = outputs_of(workbook, tmp_path / "week.31.xlsx", tmp_path)
    assert (outputs.json.name, outputs.log.name) == ("week.31.run.json", "week.31.run.log")


def test_the_input_is_never_an_output(workbook: Path, tmp_path: Path) -> None:
    """A plan path that is the input, under any spelling or link, is wrong usage."""
    (tmp_path / "link.xlsx").hardlink_to(workbook)
    for path in (workbook, tmp_path / "." / "mine.xlsx", tmp_path / "link.xlsx"):
        with pytest.raises(WrongUsage, match="its own input"):
            outputs_of(workbook, path, tmp_path)


def test_an_earlier_plan_may_be_replaced_and_nothing_else(workbook: Path, tmp_path: Path) -> None:
    """A scheduled run replaces its plan of yesterday; a workbook of anybody else is refused, not lost."""
    assert outputs_of(workbook, a_plan(tmp_path / "plan.xlsx"), tmp_path).plan.name == "plan.xlsx"
    for name, content in (("other.xlsx", workbook.read_bytes()), ("text.xlsx", b"notes"), ("empty.xlsx", b"")):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(CannotWrite, match=r"not a plan workbook.*move it or choose another name"):
            outputs_of(workbook, path, tmp_path)
        assert path.read_bytes() == content


@pytest.mark.parametrize("name", ["plan.xls", "plan", "plan.csv", "plan.xlsm"])
def test_a_plan_is_an_xlsx_file(workbook: Path, tmp_path: Path, name: str) -> None:
    """A name that Excel would not open as what it is, is wrong usage."""
    with pytest.raises(WrongUsage, match=r"\.xlsx file"):
        outputs_of(workbook, tmp_path / name, tmp_path)


def test_a_missing_folder_is_said_to_be_missing(tmp_path: Path) -> None:
    """The message names the folder's absence, not some system error."""
    with pytest.raises(CannotWrite, match="folder does not exist"):
        check_writable(tmp_path / "missing" / "plan.xlsx")


def test_a_file_in_place_of_a_folder_is_said_to_be_one(workbook: Path) -> None:
    """A path through a file cannot be a place to write."""
    with pytest.raises(CannotWrite, match="a file where a folder is"):
        check_writable(workbook / "plan.xlsx")
    with pytest.raises(CannotWrite, match="a folder where a file is expected"):
        check_writable(workbook.parent)


def test_links_in_a_circle_are_no_place_to_write(tmp_path: Path, workbook: Path) -> None:
    """A link that leads to itself is told as such, as a plan and as a copy; one that leads nowhere may be replaced."""
    circle, nowhere = tmp_path / "circle.xlsx", tmp_path / "nowhere.xlsx"
    circle.symlink_to(circle)
    nowhere.symlink_to(tmp_path / "missing.xlsx")
    assert not same_file(circle, workbook)
    with pytest.raises(CannotWrite, match="link"):
        check_writable(circle)
    check_writable(nowhere)


def test_a_full_disk_is_noticed_before_any_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without room for a plan the run does not begin."""
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9, 1000))
    with pytest.raises(CannotWrite, match="disk is full"):
        check_writable(tmp_path / "plan.xlsx")


def test_a_file_system_that_can_only_be_read_is_told_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is asked to free space on it, and the folder that was asked for is named, not the file tried in it."""

    def refuse(*_args: object, **_options: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(tempfile, "NamedTemporaryFile", refuse)
    with pytest.raises(CannotWrite, match=r"my: the file system can only be read; choose another place"):
        check_problem_target(tmp_path / "my", force=False)


def test_a_file_held_open_elsewhere_is_noticed_before_any_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Excel on Windows refuses the file it has open; the message says what to close."""
    path = a_plan(tmp_path / "plan.xlsx")

    def refuse(*_args: object, **_options: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(CannotWrite, match="open in another program"):
        check_writable(path)


def test_a_folder_one_may_not_write_in_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that takes no new file is named before any work is done."""

    def refuse(**options: object) -> None:
        assert options["dir"] == tmp_path
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(tempfile, "NamedTemporaryFile", refuse)
    with pytest.raises(CannotWrite, match="may not write there"):
        check_writable(tmp_path / "plan.xlsx")


def test_looking_whether_one_can_write_leaves_nothing_behind(tmp_path: Path) -> None:
    """The look before the work makes no files."""
    check_writable(tmp_path / "plan.xlsx")
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    """Work that fails half-way leaves the earlier file as it was, and no temporary one."""
    path = tmp_path / "plan.xlsx"
    path.write_text("earlier")
    with pytest.raises(UnicodeEncodeError), atomic_write(path) as temporary:
        temporary.write_bytes(b"half" + "\ud800".encode())
    assert [each.name for each in tmp_path.iterdir()] == ["plan.xlsx"]
    assert path.read_text() == "earlier"
    with atomic_write(path) as temporary:
        assert temporary.parent == tmp_path
        temporary.write_text("whole")
    assert path.read_text() == "whole"


def test_a_replaced_file_keeps_its_rights(tmp_path: Path) -> None:
    """A plan shared with a group stays shared with it after the next run."""
    path = tmp_path / "plan.xlsx"
    path.write_text("earlier")
    path.chmod(0o640)
    with atomic_write(path) as temporary:
        temporary.write_text("later")
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_place_of_refuge_takes_nobodys_name(tmp_path: Path) -> None:
    """A plan kept beside its locked file never replaces one that was kept there before."""
    (tmp_path / "plan (2).xlsx").write_text("earlier")
    assert free_name(tmp_path / "plan.xlsx").name == "plan (3).xlsx"


def test_sheet_names_of_what_is_no_workbook_are_none(tmp_path: Path) -> None:
    """A file that cannot be looked into is nobody's plan."""
    path = tmp_path / "plan.xlsx"
    path.write_bytes(b"PK\x03\x04 and no more")
    assert names_of_sheets(path) == set()
    assert names_of_sheets(a_plan(path)) >= PLAN_SHEETS

"""Where a run writes: the plan, `run.json` and `run.log`, checked for writability before any work is done.

Without `-o` a run gets a folder of its own, `outputs/<input name>/<UTC time>/`. With `-o NAME.xlsx`
the plan is written there and the other two beside it, as `NAME.run.json` and `NAME.run.log`.
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
import os
import re
import secrets
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from planner.errors import CannotWrite, WrongUsage, os_error_reason

ROOM_BYTES = 20_000_000
"""Less room than this on the disk, and a plan may not fit."""
PLAN_SHEETS = {"Summary", "Decisions", "Spend", "Audit", "Run"}
"""A workbook with these sheets is taken for a plan that this software wrote."""
EXPLANATION_SHEET = "Explanation"
STRESS_SHEET = "Stress test"
ANNOTATED_SHEET = "Issues"


@dataclass(frozen=True, slots=True)
class Outputs:
    """The three files of a run, and the workbook that explains why there is no plan."""

    plan: Path
    json: Path
    log: Path

    @property
    def explanation(self) -> Path:
        """`explanation.xlsx` in a run's own folder, `NAME.explanation.xlsx` beside a plan that was given a name."""
        own = self.json.name == "run.json"
        return self.plan.with_name("explanation.xlsx" if own else f"{self.plan.stem}.explanation.xlsx")


def outputs_of(
    input_path: Path, plan_path: Path | None, folder: Path, *, name: str = "plan", sheets: set[str] | None = None
) -> Outputs:
    """The files of a run; makes the run's own folder when no plan path is given.

    `name` is what the workbook is, `sheets` are those by which one of its kind is known again.

    Raises
    ------
    WrongUsage
        The plan path is the input, or no .xlsx name.
    CannotWrite
        Nothing can be written there, or it would replace a file that is not a plan.
    """
    if plan_path is None:
        own = _folder_of_its_own(folder / name_of(input_path))
        return Outputs(own / f"{name}.xlsx", own / "run.json", own / "run.log")
    if plan_path.suffix.lower() != ".xlsx" or plan_path.is_dir():
        raise WrongUsage(f"The {name} is an .xlsx file; {plan_path} is not a name for one. Try -o {name}.xlsx.")
    if same_file(plan_path, input_path):
        raise WrongUsage(f"The {name} would be written over its own input {input_path}. Give -o another name.")
    check_writable(plan_path)
    check_replaceable(plan_path, sheets or PLAN_SHEETS, f"a {name} workbook")
    stem = plan_path.with_suffix("")
    outputs = Outputs(plan_path, Path(f"{stem}.run.json"), Path(f"{stem}.run.log"))
    check_writable(outputs.json)
    check_writable(outputs.log)
    return outputs


def name_of(problem: Path) -> str:
    """What a problem goes by: its workbook's name without the ending, or its folder's name.

    >>> name_of(Path("plans/lab 2026.09.xlsx"))
    'lab 2026.09'
    """
    return problem.resolve().name if problem.is_dir() else problem.stem


def _folder_of_its_own(parent: Path) -> Path:
    stamp = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H%M%SZ")
    number = 1
    while True:
        folder = parent / (stamp if number == 1 else f"{stamp}-{number}")
        try:
            folder.mkdir(parents=True, exist_ok=False)
        except FileExistsError:
            if not parent.is_dir():
                raise CannotWrite(folder, os_error_reason(NotADirectoryError())) from None
            number += 1
        except OSError as error:
            raise CannotWrite(folder, os_error_reason(error)) from None
        else:
            check_writable(folder / "plan.xlsx")
            return folder


def free_name(path: Path) -> Path:
    """A name beside `path` that nothing has yet, such as `plan (2).xlsx`."""
    names = (path.with_name(f"{path.stem} ({number}){path.suffix}") for number in itertools.count(2))
    return next(name for name in names if not name.exists())


def same_file(one: Path, other: Path) -> bool:
    """Whether two paths name the same file, through links and other spellings too."""
    if one.exists() and other.exists():
        return one.samefile(other)
    return one.resolve() == other.resolve()


def check_writable(path: Path) -> None:
    """Raises CannotWrite when a file could not be written there: folder, right, space, or held open."""
    folder = path.parent
    if path.is_dir():
        raise CannotWrite(path, os_error_reason(IsADirectoryError()))
    try:
        if not folder.is_dir():
            raise NotADirectoryError if folder.exists() else FileNotFoundError
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".planner-"):
            pass
        if path.exists():
            with path.open("r+b"):  # fails where the file is read-only or, on Windows, open in Excel
                pass
    except OSError as error:
        raise CannotWrite(path, os_error_reason(error)) from None
    if shutil.disk_usage(folder).free < ROOM_BYTES:
        raise CannotWrite(path, "the disk is full; make room or choose another place")


def check_replaceable(path: Path, sheets: set[str], what: str) -> None:
    """Raises CannotWrite when `path` is a file without the sheets that mark it as one of ours."""
    if path.exists() and not sheets <= sheet_names(path):
        reason = f"the file that is there is not {what} of this planner and would be lost"
        raise CannotWrite(path, f"{reason}; move it or choose another name")


def sheet_names(path: Path) -> set[str]:
    """The sheet names of a workbook, without reading its sheets; none when it is no workbook."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open("xl/workbook.xml") as part:
            text = part.read(1_000_000).decode("utf-8", errors="replace")
    except (OSError, zipfile.BadZipFile, KeyError, NotImplementedError, RuntimeError):
        return set()
    return set(re.findall(r"<(?:\w+:)?sheet\b[^>]*?\bname=\"([^\"]*)\"", text))


def check_new_problem(path: Path, sources: Sequence[Path], *, force: bool, what: str) -> None:
    """Whether a problem made from these can be written there; `what` names it, as in `the next round`.

    It is a workbook, or where the first source is a folder of CSV files perhaps another such folder.

    Raises
    ------
    WrongUsage
        It has no .xlsx name, or is one of the sources.
    CannotWrite
        The target cannot be written, or exists and `force` is not given.
    """
    if path.suffix.lower() != ".xlsx" and not sources[0].is_dir():
        raise WrongUsage(f"A workbook is an .xlsx file; {path} is no name for one.")
    if any(same_file(path, source) for source in sources):
        raise WrongUsage(f"{what[:1].upper()}{what[1:]} would be written over {path}. Give -o another name.")
    check_problem_target(path, force=force)


def check_problem_target(path: Path, *, force: bool) -> None:
    """Whether a problem can be written there: a workbook where the name ends in .xlsx, else a folder of CSV files.

    Raises
    ------
    CannotWrite
        It cannot be written there, or something is there and `force` is not given.
    """
    if path.exists() and not force:
        raise CannotWrite(path, "it exists already; choose another name, or add --force to replace it")
    if path.suffix.lower() == ".xlsx":
        check_writable(path)
        return
    if path.exists() and not path.is_dir():
        raise CannotWrite(path, os_error_reason(NotADirectoryError()))
    check_writable((path if path.is_dir() else path.parent) / ".planner-new")


def made_from(source: Path, addition: str) -> Path:
    """A free name for a problem made from another one: outputs/<its name>/<its name> <addition>, .xlsx as it is.

    Raises
    ------
    CannotWrite
        The folder cannot be made.
    """
    name = name_of(source)
    folder = Path("outputs") / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotWrite(folder, os_error_reason(error)) from None
    path = folder / f"{name} {addition}{'' if source.is_dir() else '.xlsx'}"
    return free_name(path) if path.exists() else path


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """A temporary path in the same folder, moved into place at the end, so that nobody ever sees half a file.

    A file that is replaced hands its rights on. Nothing is left behind when the block fails.

    Raises
    ------
    CannotWrite
        The system does not let it be written.
    """
    temporary = path.with_name(f".planner-{secrets.token_hex(6)}{path.suffix}")
    try:
        yield temporary
        if path.exists():
            temporary.chmod(path.stat().st_mode & 0o777)
        temporary.replace(path)
    except OSError as error:
        raise CannotWrite(path, os_error_reason(error)) from None
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def folder_written_whole(
    path: Path, files: Mapping[str, bytes], outdated: Callable[[Path], bool] = lambda path: False
) -> Iterator[Path]:
    """A temporary folder with these files, moved into place at the end of the block.

    Of a folder that is there already the files that are `outdated` go first, and the others stay.

    Raises
    ------
    CannotWrite
        The system does not let it be written.
    """
    temporary = path.with_name(f".planner-{secrets.token_hex(6)}")
    try:
        temporary.mkdir()
        for name, content in files.items():
            (temporary / name).write_bytes(content)
        yield temporary
        if path.is_dir():
            for each in [each for each in path.iterdir() if outdated(each)]:
                each.unlink()
            for name in files:
                (temporary / name).replace(path / name)
        else:
            temporary.replace(path)
    except OSError as error:
        raise CannotWrite(path, os_error_reason(error)) from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def write_durably(path: Path, content: str | bytes) -> None:
    """Writes a file that is there whole or not at all, even when the power fails.

    Raises
    ------
    CannotWrite
        It cannot be written.
    """
    with written_whole(path) as temporary, temporary.open("xb") as file:
        file.write(content.encode() if isinstance(content, str) else content)
        file.flush()
        os.fsync(file.fileno())
    _sync_folder(path.parent)


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Write an object as strict JSON, whole or not at all.

    Raises
    ------
    CannotWrite
        It cannot be written.
    """
    write_durably(path, json.dumps(document, indent=2, allow_nan=False, ensure_ascii=False) + "\n")


def _sync_folder(folder: Path) -> None:
    """Makes renames in a folder last, where the system lets a folder be opened and synchronised."""
    with suppress(OSError):  # Windows, some network folders
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

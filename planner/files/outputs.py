"""Where commands write: paths checked before any work is done, and files written whole or not at all.

Without `-o` a run gets a folder of its own, `outputs/<input name>/<UTC time>/`. With `-o NAME.xlsx`
the plan is written there and the other two beside it, as `NAME.run.json` and `NAME.run.log`.
"""

from __future__ import annotations

import datetime as dt
import itertools
import os
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from planner.errors import CannotWrite, WrongUsage, make_folder, os_error_reason, writing
from planner.files.atomic import PREFIX, sweep
from planner.formatting import escaped

ROOM_BYTES = 20_000_000
"""With less free space on the disk a plan may not fit."""
PLAN_SHEETS = {"Summary", "Decisions", "Spend", "Audit", "Run"}
"""A workbook with these sheets counts as a plan that this software wrote."""
EXPLANATION_SHEET = "Explanation"
STRESS_SHEET = "Stress test"
ANNOTATED_SHEET = "Issues"


@dataclass(frozen=True, slots=True)
class Outputs:
    """The three files of a run, and the workbook that explains why no plan exists."""

    plan: Path
    json: Path
    log: Path

    @property
    def has_own_folder(self) -> bool:
        """Whether they are alone in a folder that was made for the run."""
        return self.json.name == "run.json"

    @property
    def explanation(self) -> Path:
        """`explanation.xlsx` in a run's own folder, `NAME.explanation.xlsx` beside a plan with a name of its own."""
        return self.plan.with_name("explanation.xlsx" if self.has_own_folder else f"{self.plan.stem}.explanation.xlsx")


def outputs_of(
    input_path: Path, plan_path: Path | None, folder: Path, *, name: str = "plan", sheets: set[str] | None = None
) -> Outputs:
    """Return the files of a run; create a folder for it when no path is given.

    Parameters
    ----------
    input_path : Path
        The workbook or folder that the run reads.
    plan_path : Path, optional
        The workbook to write.
    folder : Path
        Where the run's own folder is created otherwise.
    name : str
        What the workbook is, such as "plan" or "comparison".
    sheets : set of str, optional
        Sheets by which such a workbook is recognised; those of a plan by default.

    Raises
    ------
    WrongUsage
        The path is the input, or does not end in .xlsx.
    CannotWrite
        Nothing can be written there, or it would replace a file that is not a plan.
    """
    if plan_path is None:
        own = _new_run_folder(folder / name_of(input_path))
        return Outputs(own / f"{name}.xlsx", own / "run.json", own / "run.log")
    with writing(plan_path):
        if plan_path.suffix.lower() != ".xlsx" or plan_path.is_dir():
            raise WrongUsage(f"The {name} is an .xlsx file, which '{plan_path}' is not. Try -o {name}.xlsx.")
        if same_file(plan_path, input_path):
            raise WrongUsage(f"The {name} would be written over its own input {input_path}. Give -o another name.")
    check_writable(plan_path)
    check_replaceable(plan_path, sheets or PLAN_SHEETS, f"{'an' if name[0] in 'aeiou' else 'a'} {name} workbook")
    stem = plan_path.with_suffix("")
    outputs = Outputs(plan_path, Path(f"{stem}.run.json"), Path(f"{stem}.run.log"))
    check_writable(outputs.json)
    check_writable(outputs.log)
    return outputs


def name_of(problem: Path) -> str:
    """Return the name of a problem: that of its workbook without the ending, or of its folder.

    >>> name_of(Path("plans/lab 2026.09.xlsx"))
    'lab 2026.09'
    """
    return escaped(problem.resolve().name if problem.is_dir() else problem.stem)


def _new_run_folder(parent: Path) -> Path:
    stamp = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H%M%SZ")
    folder = parent / stamp
    with writing(folder):
        if parent.exists() and not parent.is_dir():
            raise NotADirectoryError
        for number in itertools.count(2):
            try:
                folder.mkdir(parents=True)
                break
            except FileExistsError:
                folder = parent / f"{stamp}-{number}"
    check_writable(folder / "plan.xlsx")
    return folder


def free_name(path: Path) -> Path:
    """Return a name beside `path` that is not in use, such as `plan (2).xlsx`."""
    names = (path.with_name(f"{path.stem} ({number}){path.suffix}") for number in itertools.count(2))
    return next(name for name in names if not name.exists())


def same_file(one: Path, other: Path) -> bool:
    """Whether two paths name the same file, also through links or other spellings."""
    if one.exists() and other.exists():
        return one.samefile(other)
    return os.path.realpath(one) == os.path.realpath(other)  # takes links in a circle too


def check_writable(path: Path) -> None:
    """Check that a file can be written there.

    Raises
    ------
    CannotWrite
        Its folder does not exist, the disk is full, or the file is protected or open in another program.
    """
    folder = path.parent
    with writing(path):
        if path.is_dir():
            raise IsADirectoryError
        with suppress(FileNotFoundError):
            path.stat()  # fails for links in a circle, which `exists` takes for nothing
        if path.exists() and not path.is_file():
            raise CannotWrite(path, "a pipe, a device or a socket is there; choose another name")
        if not folder.is_dir():
            raise NotADirectoryError if folder.exists() else FileNotFoundError
        sweep(folder)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=PREFIX):
            pass
        if path.exists():
            with path.open("r+b"):  # fails where the file is read-only or, on Windows, open in Excel
                pass
    if shutil.disk_usage(folder).free < ROOM_BYTES:
        raise CannotWrite(path, "the disk is full; free some space or choose another place")


def check_replaceable(path: Path, sheets: set[str], what: str) -> None:
    """Check that a file which would be replaced has the sheets of one that this planner wrote.

    Raises
    ------
    CannotWrite
        It is another file, which would be lost.
    """
    from planner.files.package import names_of_sheets

    if path.exists() and not sheets <= names_of_sheets(path):
        reason = f"the existing file is not {what} of this planner and would be lost"
        raise CannotWrite(path, f"{reason}; move it or choose another name")


def check_new_problem(path: Path, sources: Sequence[Path], *, force: bool, what: str) -> None:
    """Check that a problem derived from others can be written there.

    Parameters
    ----------
    path : Path
        A workbook, or a folder of CSV files where the first source is one too.
    sources : sequence of Path
        What it is derived from.
    force : bool
        Whether something may be replaced.
    what : str
        What it is, such as "the next round".

    Raises
    ------
    WrongUsage
        It does not end in .xlsx, or is one of the sources.
    CannotWrite
        The target cannot be written, or exists and `force` is not given.
    """
    if path.suffix.lower() != ".xlsx" and not sources[0].is_dir():
        raise WrongUsage(f"A workbook is an .xlsx file; {path} is not.")
    if any(same_file(path, source) for source in sources):
        raise WrongUsage(f"{what[:1].upper()}{what[1:]} would be written over {path}. Give -o another name.")
    check_problem_target(path, force=force)


def check_problem_target(path: Path, *, force: bool) -> None:
    """Check that a problem can be written there: a workbook if the name ends in .xlsx, else a folder of CSV files.

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
    try:
        check_writable((path if path.is_dir() else path.parent) / ".planner-new")
    except CannotWrite as error:
        raise CannotWrite(path, error.reason) from None


def derived_path(source: Path, addition: str) -> Path:
    """Return a free name for a problem derived from another one: outputs/<its name>/<its name> <addition>.

    Raises
    ------
    CannotWrite
        The folder cannot be made.
    """
    name = name_of(source)
    folder = Path("outputs") / name
    make_folder(folder)
    path = folder / f"{name} {addition}{'' if source.is_dir() else '.xlsx'}"
    return free_name(path) if path.exists() else path

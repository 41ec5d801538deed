"""Where jobs come from: workbooks, folders of them, globs, and job files in TOML or Excel."""

from __future__ import annotations

import glob
import itertools
import logging
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.faults import Fault, FaultyWorkbook, closest
from models.parsing.raw_tables import UnknownNames, Unreadable, fold
from models.schema.sheets import never_read
from planner.batch.jobs.job import Job
from planner.batch.jobs.table import JobRow, folder_name, jobs_from
from planner.batch.jobs.values import COLUMNS
from planner.csv_folder.reader import is_problem_folder
from planner.files.outputs import name_of
from planner.files.package import names_of_sheets
from planner.files.reading import UnreadableFile, named_nearly, read_regular, read_toml
from planner.formatting import escaped

JOBS_SHEET, DEFAULTS_SHEET = "jobs", "defaults"
SPREADSHEETS = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods", ".numbers")
"""Endings of files that a person may take for problems; those of a folder that are none are told."""

log = logging.getLogger("planner")


@dataclass(frozen=True, slots=True)
class JobSet:
    """The jobs of a batch, in order, a name for them together, and the file or folder they come from."""

    name: str
    jobs: tuple[Job, ...]
    source: Path


def read_jobs(sources: Sequence[str], given: Mapping[str, Any]) -> JobSet:
    """The jobs that these paths and globs name; `given` are fields of Job that beat what a job file says.

    Raises
    ------
    FaultyWorkbook
        With everything that is wrong with them, place by place.
    """
    faults: list[Fault] = []
    workbooks: list[Path] = []
    jobs: list[Job] = []
    for source in sources:
        path = Path(source)
        if is_problem_folder(path):
            workbooks.append(path)
        elif path.is_dir():
            workbooks += _of_folder(path, faults)
        elif path.suffix.lower() == ".toml" and path.is_file():
            _add(jobs, _toml(path, given), faults)
        elif JOBS_SHEET in map(fold, names_of_sheets(path)):
            _add(jobs, _workbook(path, given), faults)
        elif path.is_file():
            workbooks.append(path)
        else:
            workbooks += _of_glob(source, faults)
    seen = Counter(job.name for job in jobs)
    jobs += (Job(name, path, **given) for path, name in _names(workbooks, list(seen)).items())
    for name, count in seen.items():
        if count > 1 and not faults:
            found = f"{count} jobs '{name}'"
            faults.append(Fault(", ".join(sources), "name", name, found, "names of their own", "Rename all but one."))
    if faults:
        raise FaultyWorkbook(faults)
    name, origin = _origin(sources)
    return JobSet(name, tuple(jobs), origin)


def _add(jobs: list[Job], found: tuple[list[Job], list[Fault]], faults: list[Fault]) -> None:
    jobs += found[0]
    faults += found[1]


def _origin(sources: Sequence[str]) -> tuple[str, Path]:
    """What the batch goes by, and where it is from: the only source (its name has no ending), or the folder of all."""
    first = Path(sources[0])
    if len(sources) == 1 and not glob.has_magic(sources[0]):
        return (first.stem if first.is_file() else first.resolve().name) or "jobs", first.resolve()
    plain = [str(Path(each).parent if not glob.has_magic(str(Path(each).parent)) else Path()) for each in sources]
    folder = Path(os.path.commonpath([os.path.abspath(each) for each in plain]))
    return folder.name or "jobs", folder.resolve()


def _of_folder(folder: Path, faults: list[Fault]) -> list[Path]:
    found = [path for path in sorted(folder.iterdir()) if _is_problem(path)]
    if not found:
        fix = "Put .xlsx files there, or folders with a settings.csv, or name another folder."
        faults.append(Fault(str(folder), "", "", "no workbook in it", "a folder of workbooks to solve", fix))
    elif left := [path.name for path in sorted(folder.iterdir()) if path not in found and _looks_like_problem(path)]:
        log.info(
            "Left out of %s: %s. The problems of a folder are its .xlsx and .xlsm workbooks without a sheet jobs, and "
            "folders with a settings.csv.",
            folder,
            ", ".join(left),
        )
    return found


def _looks_like_problem(path: Path) -> bool:
    """Whether a person may take it for a problem: a spreadsheet, or a folder of CSV files."""
    if path.name.startswith(("~$", ".")):
        return False
    return any(path.glob("*.csv")) if path.is_dir() else path.suffix.lower() in SPREADSHEETS


def _of_glob(pattern: str, faults: list[Fault]) -> list[Path]:
    paths = sorted(map(Path, glob.glob(pattern, recursive=True)), key=lambda path: (len(path.parts), str(path)))
    # a folder that is linked to, maybe from inside itself, is one: the shortest path to it counts
    once = {(path.parent.resolve(), path.name): path for path in reversed(paths) if _is_problem(path)}
    found = sorted(once.values(), key=str)
    if not found:
        expected = "workbooks, a folder of them, a glob, or a job file (.toml, or .xlsx with a sheet jobs)"
        near = "" if glob.has_magic(pattern) else named_nearly(Path(pattern))
        faults.append(Fault(pattern, "", "", "nothing of that name", expected, f"{near}Check the path."))
    return found


def _is_problem(path: Path) -> bool:
    """Whether it is a problem to solve: no job file, nothing hidden, none of Excel's lock files."""
    if not path.name.startswith(".") and is_problem_folder(path):
        return True
    if path.suffix.lower() not in (".xlsx", ".xlsm") or path.name.startswith(("~$", ".")) or not path.is_file():
        return False
    return JOBS_SHEET not in map(fold, names_of_sheets(path))


def _names(paths: Iterable[Path], taken: Sequence[str]) -> dict[Path, str]:
    """A name of its own for the job of each problem, which a folder can have whatever the problem's is.

    It is that of the problem, where several have it with the ending or with the folders it is in, else with a number;
    those whose own name it is have it before those whose name no folder can have.
    """
    spelt = {path: _spellings(path) for path in paths}
    as_they_are = sorted(spelt, key=lambda path: spelt[path][0] != name_of(path))
    count = Counter(each.casefold() for spellings in spelt.values() for each in dict.fromkeys(spellings))
    found: dict[Path, str] = {}
    used = {name.casefold() for name in taken}
    for path in as_they_are:
        spellings = spelt[path]
        alone = next((each for each in spellings if count[each.casefold()] == 1), spellings[0])
        numbered = (folder_name(alone, f" ({number})") for number in itertools.count(2))
        found[path] = next(each for each in itertools.chain([alone], numbered) if each.casefold() not in used)
        used.add(found[path].casefold())
    return {path: found[path] for path in spelt}


def _spellings(path: Path) -> list[str]:
    """What the job of a problem may be called, the shortest first."""
    names, folders = (name_of(path), escaped(path.name)), map(escaped, path.parent.parts[-2:])
    longer = "-".join(folders)
    return [folder_name(each) for each in (*names, *(f"{longer}-{name}" for name in names))]


def _fault_at(sheet: str, row_key: str, row: int = 0, cells: Mapping[str, str] | None = None) -> Any:
    def fault(column: str, found: str, expected: str, fix: str) -> Fault:
        return Fault(sheet, column, row_key, found, expected, fix, row=row, cell=(cells or {}).get(column, ""))

    return fault


def _toml(path: Path, given: Mapping[str, Any]) -> tuple[list[Job], list[Fault]]:
    def fault(column: str, found: str, fix: str) -> Fault:
        return Fault(path.name, column, "", found, "a job file: tables [defaults] and [[job]]", fix)

    try:
        document = read_toml(path)
    except OSError as error:
        return [], [fault("", f"a file that cannot be read ({error})", "Check that you have the right to read it.")]
    except ValueError as error:  # not UTF-8, not TOML; the message names the line
        return [], [fault("", f"no TOML: {error}", "Correct that line.")]
    if _has_huge_number(document):
        return [], [fault("", "a whole number of more than 18 digits", "Correct it; no value of a job is that large.")]
    known = ["job", "defaults"]
    faults = [fault(key, f"'{key}'", closest(key, known)) for key in document if key not in known]
    listed, shared = document.get("job", []), document.get("defaults", {})
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        faults.append(fault("job", "one table", "Write [[job]], in double brackets."))
        listed = []
    elif not listed:
        faults.append(fault("job", "no job", "Add a table [[job]] with name and input."))
    if not isinstance(shared, dict):
        faults.append(fault("defaults", "no table", "Write [defaults]."))
        shared = {}
    rows = [
        JobRow(each, _fault_at(path.name, f"[[job]] {number}" + (f" '{each['name']}'" if "name" in each else "")))
        for number, each in enumerate(listed, start=1)
    ]
    jobs, more = jobs_from(rows, JobRow(shared, _fault_at(path.name, "[defaults]")), given, path.parent)
    return jobs, [*faults, *more]


def _has_huge_number(value: Any) -> bool:
    """Whether there is a whole number that neither fits a float nor can be shown."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return any(map(_has_huge_number, value))
    return isinstance(value, int) and abs(value) > 10**18


def _workbook(path: Path, given: Mapping[str, Any]) -> tuple[list[Job], list[Fault]]:
    from planner.excel.cells import cells_of

    def refused(found: str, fix: str) -> tuple[list[Job], list[Fault]]:
        return [], [Fault(path.name, "", "", found, "a workbook with a sheet jobs", fix)]

    try:
        workbook = cells_of(read_regular(path))
        by_name = {fold(sheet.name): sheet for sheet in workbook.sheets}
        sheets = {name: workbook.cells(by_name[name]) for name in (JOBS_SHEET, DEFAULTS_SHEET) if name in by_name}
    except OSError as error:
        return refused(str(error), "Close it in other programs.")
    except UnreadableFile as error:
        return refused(error.found, error.fix)
    faults: list[Fault] = []
    shared = None
    if DEFAULTS_SHEET in sheets:
        pairs = {row: cells for row, cells in sheets[DEFAULTS_SHEET].rows.items() if row > 1 and "A" in cells}
        keys = {fold(str(cells["A"])): row for row, cells in pairs.items()}
        values = {key: pairs[row]["B"] for key, row in keys.items() if "B" in pairs[row]}
        shared = _job_row(DEFAULTS_SHEET, "", 0, values, {key: f"B{row}" for key, row in keys.items()}, faults)
    rows = [each for each in _rows(sheets[JOBS_SHEET].rows, faults) if each.values]
    if not rows and not faults:
        fix = "Add a row a job, with name and input."
        faults.append(Fault(JOBS_SHEET, "", "", "no job", "a job a row", fix))
    jobs, more = jobs_from(rows, shared, given, path.parent)
    return jobs, [*faults, *more]


def _rows(lines: Mapping[int, Mapping[str, object]], faults: list[Fault]) -> Iterator[JobRow]:
    columns = _columns(lines.get(1, {}), faults)
    for row, line in lines.items():
        if row > 1:
            values = {columns[letter]: value for letter, value in line.items() if letter in columns}
            cells = {name: f"{letter}{row}" for letter, name in columns.items()}
            yield _job_row(JOBS_SHEET, str(values.get("name", "")), row, values, cells, faults)


def _columns(headings: Mapping[str, object], faults: list[Fault]) -> dict[str, str]:
    """The columns that are read, by letter: remarks are none, and as in any sheet a slip of a name is an error."""
    folded = {letter: fold(str(heading)) for letter, heading in headings.items()}
    columns = {letter: name for letter, name in folded.items() if not never_read(name)}
    known = {letter: name for letter, name in columns.items() if name.replace("-", "_") in COLUMNS}
    absent = COLUMNS.keys() - {name.replace("-", "_") for name in known.values()}
    report = UnknownNames(COLUMNS, sorted(absent), "unknown-column")
    for letter in (each for each in columns if each not in known):
        heading = str(headings[letter])
        place: dict[str, Any] = {"row": 1, "cell": f"{letter}1"}
        for fault in report.of(
            columns[letter], JOBS_SHEET, heading, f"a column '{heading}'", "a column of jobs", **place
        ):
            if fault.severity == "error":
                faults.append(fault)
            else:
                log.warning("warning: %s", fault)
    return known


def _job_row(
    sheet: str, key: str, row: int, values: Mapping[str, object], cells: Mapping[str, str], faults: list[Fault]
) -> JobRow:
    """A row whose unreadable cells have been reported."""
    for name, value in values.items():
        if isinstance(value, Unreadable):
            expected = "a value that can be read"
            faults.append(Fault(sheet, name, key, value.found, expected, value.fix, row=row, cell=cells[name]))
    readable = {name: value for name, value in values.items() if not isinstance(value, Unreadable)}
    return JobRow(readable, _fault_at(sheet, key, row, cells))

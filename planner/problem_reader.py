"""Reads a planning problem, a workbook or a folder of CSV files: to a Dataset, or to everything that is wrong with it.

Files are opened once, for reading, and never written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from models.dataset import Dataset
from models.faults import Fault, FaultyWorkbook
from models.loading import in_order, load_tables
from models.parsing.raw_tables import RawTable
from planner.csv_folder.reader import FolderContent, folder_content, folder_tables, is_sheet_file, with_files
from planner.excel.overrides import changed_cells, override
from planner.excel.workbook_reader import workbook_tables
from planner.files.outputs import name_of
from planner.files.reading import WORKBOOK_BYTES, UnreadableFile, named_nearly, read_regular


@dataclass(frozen=True, slots=True)
class ReadResult:
    """What a problem says: the Dataset, None when there is any error; every fault with its place; a hash.

    `sha256` is of the bytes of the workbook, or of the names and bytes of the files of a folder. `tables` hold the
    raw cells, overrides in their places.
    """

    dataset: Dataset | None
    faults: tuple[Fault, ...]
    sha256: str
    tables: tuple[RawTable, ...] = ()

    def valid_dataset(self) -> Dataset:
        """Return the dataset.

        Raises
        ------
        FaultyWorkbook
            The problem has errors; all its faults are listed.
        """
        if self.dataset is None:
            raise FaultyWorkbook(self.faults)
        return self.dataset

    @property
    def errors(self) -> tuple[Fault, ...]:
        """The faults that stop a run."""
        return tuple(fault for fault in self.faults if fault.severity == "error")

    @property
    def warnings(self) -> tuple[Fault, ...]:
        """The faults that do not."""
        return tuple(fault for fault in self.faults if fault.severity == "warning")


@dataclass(frozen=True, slots=True)
class InputFiles:
    """The files of a problem: their bytes by path beside `path`, a workbook or a folder, and a hash of them all."""

    path: Path
    files: Mapping[str, bytes]
    sha256: str
    folder: FolderContent | None = None


def file_name_of(problem: Path) -> str:
    """The name of a problem's workbook or folder."""
    return problem.resolve().name if problem.is_dir() else problem.name


def input_files(path: Path) -> InputFiles:
    """The bytes of a workbook, or of the CSV files of a folder.

    Raises
    ------
    OSError
        They cannot be read.
    """
    if not path.is_dir():
        content = read_regular(path, WORKBOOK_BYTES)
        return InputFiles(path, {path.name: content}, hashlib.sha256(content).hexdigest())
    folder, name = folder_content(path), file_name_of(path)
    return InputFiles(path, {f"{name}/{file}": data for file, data in folder.files.items()}, folder.sha256, folder)


def read(path: Path, overrides: Sequence[str] = (), to_fill: Collection[str] = ()) -> ReadResult:
    """Reads and checks a problem; never raises for what a file or folder can be or hold.

    `overrides` are texts `sheet.key.column=value` that stand in for cells. Sheets that are `to_fill` may be empty.
    """
    digest = ""
    try:
        source = _source(path)
        digest = source.sha256
        tables, faults = tables_of(source)
    except UnreadableFile as refused:
        return ReadResult(None, (refused.fault(path.name or str(path)),), digest)
    stand_ins: dict[tuple[str, str], str] = {}
    for text in overrides:
        before = tables
        tables, more = override(tables, [text])
        faults = [*faults, *more]
        stand_ins |= dict.fromkeys(changed_cells(before, tables), text)
    taken = load_tables(tables, name_of(path), to_fill)
    found = in_order((*faults, *(_as_set(fault, stand_ins) for fault in taken.faults)))
    if source.folder is not None:
        found = tuple(with_files(found, source.folder))
    faulty = any(fault.severity == "error" for fault in found)
    return ReadResult(None if faulty else taken.dataset, found, digest, tuple(tables))


def _as_set(fault: Fault, stand_ins: Mapping[tuple[str, str], str]) -> Fault:
    """The fault, which says where the value is from that stands in for its cell."""
    text = stand_ins.get((fault.sheet, fault.cell))
    return fault if text is None else replace(fault, found=f"{fault.found} (--set {text})")


def tables_of(source: InputFiles) -> tuple[list[RawTable], list[Fault]]:
    """The tables of raw cells of a problem, and what is wrong with the files that hold them.

    Raises
    ------
    UnreadableFile
        A workbook that cannot be read.
    """
    if source.folder is not None:
        return folder_tables(source.folder)
    return workbook_tables(source.files[source.path.name])


def _source(path: Path) -> InputFiles:
    try:
        if not path.exists():
            fix = f"{named_nearly(path)}Check the path; `planner init` writes a workbook to start from."
            raise UnreadableFile("no file with that name", fix)
        if not path.is_file() and not path.is_dir():
            raise UnreadableFile("something that is not a regular file", "Name a workbook, or a folder of CSV files.")
        parts = [path] if path.is_file() else [each for each in path.iterdir() if is_sheet_file(each)]
        size = sum(each.stat().st_size for each in parts)
        if size > WORKBOOK_BYTES:
            found = f"{size / 1e6:,.0f} MB" if path.is_dir() else f"a file of {size / 1e6:,.0f} MB"
            raise UnreadableFile(found, "Delete the sheets that the planner does not read.")
        source = input_files(path)
    except OSError as error:
        found = f"a file that cannot be opened ({error.strerror or error})"
        raise UnreadableFile(found, "Close it in other programs, or ask for permission to read it.") from None
    except ValueError as error:
        raise UnreadableFile(f"no path to a file ({error})", "Check the path.") from None
    if source.folder is not None and not source.folder.files:
        found = "a folder without a CSV file named as a sheet"
        raise UnreadableFile(found, "Name the workbook inside it, or a folder with a settings.csv.")
    return source

"""A small valid workbook as plain tables, ways to change it, and to write it as a file."""

from __future__ import annotations

import copy
import csv
import zipfile
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook

from models.faults import Fault, FaultyWorkbook
from models.loading import dataset_from
from planner.files.package import escaped

Tables = dict[str, Any]

VALID: Tables = {
    "settings": {"first_month": "2026-01", "months": 6},
    "hardware": [{"hardware": "H100", "kw": 1.4}],
    "throughput": [{"workload": "chat", "hardware": "H100", "tokens_per_second": 1000}],
    "segments": [{"segment": "chat", "workload": "chat"}],
    "demand": [
        {"segment": "chat", "region": "us", "month": "2026-01", "tokens_bn_per_day": 1},
        {"segment": "chat", "region": "us", "month": "2026-06", "tokens_bn_per_day": 2},
    ],
    "fleet": [{"asset": "own", "provider": "us-inc", "region": "us", "hardware": "H100", "accelerators": 100}],
}
"""Six months, one segment in one region, served by what is already there. Without a fault or a warning."""

LEASE: Tables = {
    "leases": [{"lease": "L", "provider": "neo", "region": "us"}],
    "lease_hardware": [{"lease": "L", "hardware": "H100", "accelerators": 8}],
    "lease_terms": [{"lease": "L", "term_months": 3, "usd_per_accelerator_hour": 2}],
}
CONTRACT: Tables = {
    "contracts": [
        {
            "contract": "C",
            "provider": "hyper",
            "region": "us",
            "hardware": "H100",
            "block_mw": 1,
            "max_blocks": 4,
            "term_months": 3,
        }
    ],
    "contract_tiers": [{"contract": "C", "from_blocks": 1, "usd_per_accelerator_hour": 2}],
}


def tables(*more: Tables, **changes: Any) -> Tables:
    """The valid workbook with whole sheets added or replaced; None takes a sheet away."""
    sheets: Tables = copy.deepcopy(VALID)
    for each in (*more, changes):
        sheets |= copy.deepcopy(each)
    return {name: rows for name, rows in sheets.items() if rows is not None}


def row(sheet: str, source: Tables, **changes: Any) -> Tables:
    """The first row of a sheet with some cells changed, as that sheet of a workbook."""
    return {sheet: [{**source[sheet][0], **changes}, *source[sheet][1:]]}


def faults_of(*more: Tables, **changes: Any) -> list[Fault]:
    """What `dataset_from` finds; warnings of a workbook without errors too."""
    sheets = tables(*more, **changes)
    try:
        dataset = dataset_from(**sheets)
    except FaultyWorkbook as faulty:
        return list(faulty.faults)
    from models.checks import check

    return check(dataset)


def errors_of(*more: Tables, **changes: Any) -> list[Fault]:
    """What stops a run."""
    return [fault for fault in faults_of(*more, **changes) if fault.severity == "error"]


def brief(faults: list[Fault]) -> list[str]:
    """Each fault as `severity sheet!column row`, in order."""
    return [f"{fault.severity} {fault.sheet}!{fault.column} {fault.row}".rstrip() for fault in faults]


def workbook(path: Path, *more: Tables, **changes: Any) -> Path:
    """Writes the tables as a workbook, a setting a row."""
    book = Workbook()
    book.remove(book.active)
    for name, rows in tables(*more, **changes).items():
        sheet = book.create_sheet(name)
        if isinstance(rows, dict):
            rows = [{"key": key, "value": value} for key, value in rows.items()]
        columns = list(dict.fromkeys(column for each in rows for column in each))
        sheet.append(columns)
        for each in rows:
            values = [each.get(column) for column in columns]
            sheet.append([escaped(value) if isinstance(value, str) else value for value in values])
    book.save(path)
    return path


def part_of(path: Path, sheet: str) -> str:
    """The part of the file that holds a sheet."""
    return f"xl/worksheets/sheet{load_workbook(path).sheetnames.index(sheet) + 1}.xml"


def edit(path: Path, part: str, old: bytes, new: bytes) -> Path:
    """Replaces bytes of one part of a workbook file; `old` must be there."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert old in parts[part], parts[part]
    parts[part] = parts[part].replace(old, new, 1)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def csv_folder(path: Path, *more: Tables, **changes: Any) -> Path:
    """Writes the tables as a folder of CSV files, a setting a row."""
    path.mkdir()
    for name, rows in tables(*more, **changes).items():
        if isinstance(rows, dict):
            rows = [{"key": key, "value": value} for key, value in rows.items()]
        columns = list(dict.fromkeys(column for each in rows for column in each))
        with (path / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            writer.writerows([each.get(column) for column in columns] for each in rows)
    return path

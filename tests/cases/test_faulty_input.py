"""Faulty input, from the file to the exit code: exit 2, every fault listed, no traceback, nothing written over."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from sheets import LEASE, VALID, edit, part_of, row, tables, workbook

from planner.cli import main
from planner.problem_reader import read

Maker = Callable[[Path], object]


def with_sheets(*more: Any, **changes: Any) -> Maker:
    return lambda path: workbook(path, *more, **changes)


def with_cell(sheet: str, cell: str, value: object) -> Maker:
    """The valid workbook with one cell of a sheet changed in the file."""

    def make(path: Path) -> None:
        book = load_workbook(workbook(path))
        book[sheet][cell] = value
        book.save(path)

    return make


def with_part(sheet: str, old: bytes, new: bytes) -> Maker:
    """The valid workbook with the bytes of a sheet's part changed."""

    def make(path: Path) -> None:
        edit(workbook(path), part_of(path, sheet), old, new)

    return make


def with_bytes(content: bytes) -> Maker:
    return lambda path: path.write_bytes(content)


def with_archive(parts: dict[str, bytes]) -> Maker:
    """A zip file of these parts."""

    def make(path: Path) -> None:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in parts.items():
                archive.writestr(name, data)

    return make


def compound(*streams: str) -> bytes:
    """An OLE compound file: its header, a sector of allocation and a directory that names these streams."""
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + b"\x3e\x00\x03\x00\xfe\xff\x09\x00\x06\x00"
    directory = b"".join(name.encode("utf-16-le").ljust(128, b"\0") for name in ("Root Entry", *streams))
    return header.ljust(512, b"\0") + b"\xfd\xff\xff\xff".ljust(512, b"\xff") + directory.ljust(512, b"\0")


KW = b'<c r="B2" t="n"><v>1.4</v></c>'
BACKWARDS = {"from_month": "2026-04", "until_month": "2026-03"}

CELLS: dict[str, tuple[Maker, list[str], str]] = {
    "text in a number cell": (with_cell("hardware", "B2", "lots"), ["hardware!B2"], "'lots'"),
    "#REF!": (with_cell("hardware", "B2", "#REF!"), ["hardware!B2"], "#REF!"),
    "#REF! in a name": (with_cell("fleet", "D2", "#REF!"), ["fleet!D2"], "#REF!"),
    "a formula with no saved value": (with_cell("hardware", "B2", "=0.7*2"), ["hardware!B2"], "without a saved value"),
    "a missing sheet": (with_sheets(throughput=None), ["throughput"], "no such sheet"),
    "a missing column": (with_sheets(hardware=[{"hardware": "H100"}]), ["hardware"], "no such column"),
    "a typo in a name": (with_cell("fleet", "D2", "H10O"), ["fleet!D2"], "Did you mean 'H100'?"),
    "a duplicated key": (with_sheets(hardware=VALID["hardware"] * 2), ["hardware!A3"], "a second time"),
    "a negative size": (with_cell("fleet", "E2", -100), ["fleet!E2"], "-100"),
    "a negative price": (
        with_sheets(LEASE, row("lease_terms", LEASE, usd_per_accelerator_hour=-2)),
        ["lease_terms!C2"],
        "-2",
    ),
    "months out of order": (with_sheets(row("fleet", VALID, **BACKWARDS)), ["fleet!G2"], "before from_month"),
    "NaN as text": (with_cell("hardware", "B2", "NaN"), ["hardware!B2"], "'NaN'"),
    "NaN as a number": (with_part("hardware", KW, b'<c r="B2"><v>NaN</v></c>'), ["hardware!B2"], "NaN"),
    "infinity as a number": (with_part("hardware", KW, b'<c r="B2" t="n"><v>-INF</v></c>'), ["hardware!B2"], "-INF"),
    "1e308": (with_cell("hardware", "B2", 1e308), ["hardware!B2"], "1e+308"),
    "1e999": (with_part("hardware", KW, b'<c r="B2"><v>1e999</v></c>'), ["hardware!B2"], "1e999"),
    "a month that is none": (with_cell("settings", "B2", "01/02/2026"), ["settings!B2"], "2026-09"),
    "a date too far": (with_cell("settings", "B3", 1000), ["settings!B3"], "1000"),
    "demand that ends early": (with_cell("demand", "C3", "2026-05"), ["demand!C3"], "growth_per_month"),
    "demand that nothing serves": (with_sheets(fleet=None), ["demand!C2"], "nothing can serve"),
}
"""Of each fault the file, the cells named, and what the message must contain."""

TYPES = {"[Content_Types].xml": b"<Types/>"}


def relation(kind: str, target: str) -> dict[str, bytes]:
    """The part that says which part is the document, and of what kind."""
    one = f'<Relationship Id="a" Type="{kind}/officeDocument" Target="{target}"/>'
    return {"_rels/.rels": f'<Relationships xmlns="r">{one}</Relationships>'.encode()}


def damaged(path: Path) -> None:
    path.write_bytes(workbook(path).read_bytes()[:-200])


def a_document_type(path: Path) -> None:
    declaration = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><worksheet'
    edit(workbook(path), part_of(path, "hardware"), b"<worksheet", declaration)


def a_bomb(path: Path) -> None:
    workbook(path)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/media.bin", "w") as part:
        for _ in range(201):
            part.write(bytes(1_000_000))


def a_protected_archive(path: Path) -> None:
    content = bytearray(workbook(path).read_bytes())
    for match in re.finditer(rb"PK\x01\x02", bytes(content)):
        content[match.start() + 8] |= 1
    path.write_bytes(content)


LETTER = relation("http://schemas.openxmlformats.org/officeDocument/2006/relationships", "word/document.xml")

FILES: dict[str, tuple[Maker, str]] = {
    "an empty file": (with_bytes(b""), "an empty file"),
    "a file of blanks": (with_bytes(b"\n \n"), "an empty file"),
    "a CSV renamed": (with_bytes(b"hardware,kw\nH100,1.4\n"), "CSV"),
    "a CSV with semicolons": (with_bytes("hardware;kw\nGröße;1,4\n".encode()), "CSV"),
    "a password": (with_bytes(compound("EncryptionInfo", "EncryptedPackage")), "password"),
    "an old workbook": (with_bytes(compound("Workbook")), ".xls"),
    "a web page": (with_bytes(b"<html><table></table></html>"), "web page"),
    "an XML file": (with_bytes(b"<?xml version='1.0'?><Workbook/>"), "XML"),
    "a picture": (with_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100)), "not a workbook"),
    "an OpenDocument": (with_archive({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet"}), ".ods"),
    "a binary workbook": (with_archive(TYPES | {"xl/workbook.bin": b""}), ".xlsb"),
    "any zip file": (with_archive({"readme.txt": b"hello"}), "zip file"),
    "an empty zip file": (with_archive({}), "not a workbook"),
    "a zip file without relations": (with_archive(TYPES), "zip file"),
    "a letter": (with_archive(TYPES | LETTER | {"word/document.xml": b'<d:d xmlns:d="w"/>'}), "an Office file"),
    "a workbook without its parts": (with_archive(TYPES | LETTER), "an Office file"),
    "a damaged workbook": (damaged, "damaged"),
    "a document type declaration": (a_document_type, "document type declaration"),
    "a zip bomb": (a_bomb, "unpacks to"),
    "a zip file with a password": (a_protected_archive, "password"),
}
"""Of each file that is no workbook to be read, what the message must contain."""


def snapshot(folder: Path) -> dict[str, str]:
    """The files of a folder and the hashes of their bytes."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("name", [*CELLS, *FILES])
def test_a_faulty_file_ends_in_exit_2_with_its_faults(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """`check` and `solve` both list the fault, exit with 2, show no traceback and write over nothing."""
    monkeypatch.chdir(tmp_path)
    make, expected = (CELLS[name][0], CELLS[name][2]) if name in CELLS else FILES[name]
    cells = CELLS[name][1] if name in CELLS else ["input.xlsx"]
    make(tmp_path / "input.xlsx")
    before = snapshot(tmp_path)
    for command in (["check", "input.xlsx"], ["solve", "input.xlsx", "-o", "plan.xlsx"]):
        assert main(command) == 2
        output = "".join(capfd.readouterr())
        assert "Traceback" not in output
        said = " ".join(output.split())
        assert expected in said
        for cell in cells:
            assert cell in said
    after = snapshot(tmp_path)
    assert {path: after[path] for path in before} == before
    assert "plan.xlsx" not in after


def test_all_faults_of_a_workbook_are_listed_at_once(tmp_path: Path) -> None:
    """One reading of a workbook with a dozen faults names every one, by sheet and cell."""
    sheets = tables(
        LEASE,
        hardware=[{"hardware": "H100", "kw": "lots"}, {"hardware": "B200", "kw": 1e308}, {"hardware": "B200", "kw": 1}],
        throughput=[{"workload": "chat", "hardware": "H10O", "tokens_per_second": -1}],
        segments=[{"segment": "chat", "workload": "chat", "timing": "now"}],
        lease_terms=[{"lease": "L", "term_months": 3, "usd_per_accelerator_hour": None}],
        caps=[{"cap": "c", "measure": "capacity_mw", "scope": "provider", "name": "neoo", "sense": "max", "value": 1}],
    )
    sheets["fleet"][0] |= BACKWARDS
    sheets["leases"][0] |= {"status": "signed", "signed_month": "soon", "signed_units": 1, "signed_term_months": 3}
    path = workbook(tmp_path / "a.xlsx", sheets)
    book = load_workbook(path)
    book["demand"]["D2"] = "=1/0"
    book["lease_hardware"]["C2"] = "#DIV/0!"
    book.save(path)
    result = read(path)
    assert result.dataset is None
    assert [f"{fault.sheet}!{fault.cell}" for fault in result.errors] == [
        "hardware!B2",
        "hardware!B3",
        "hardware!A4",
        "throughput!B2",
        "throughput!C2",
        "segments!C2",
        "demand!D2",
        "fleet!G2",
        "leases!E2",
        "lease_hardware!C2",
        "lease_terms!C2",
    ]


@pytest.mark.parametrize("name", CELLS)
def test_one_slip_is_one_error(name: str, tmp_path: Path) -> None:
    """A workbook with one slip has errors only at its cell: nothing is reported that follows from it."""
    make, cells, _ = CELLS[name]
    make(tmp_path / "input.xlsx")
    errors = read(tmp_path / "input.xlsx").errors
    assert [fault.sheet + (f"!{fault.cell}" if fault.cell else "") for fault in errors] == cells


PLACES = st.integers(0, 9_999)
"""Places in a file, in ten-thousandths of its length."""


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_damage_to_a_file_raises(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whatever bytes of a workbook are lost or changed, it is read or refused, never a traceback."""
    folder = tmp_path_factory.mktemp("damage")
    content = bytearray(_whole(folder))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(PLACES) * len(content) // 10_000
        match data.draw(st.sampled_from(["flip", "cut", "drop"])):
            case "flip":
                content[at] ^= data.draw(st.integers(1, 255))
            case "cut":
                del content[max(at, 1) :]
            case _:
                del content[at : at + data.draw(st.integers(1, 50))]
        if not content:
            break
    path = folder / "damaged.xlsx"
    path.write_bytes(content)
    result = read(path)
    assert (result.dataset is None) == bool(result.errors)
    assert path.read_bytes() == content


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_damage_inside_a_part_raises(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whatever the parts of a workbook hold instead of what they should, it is read or refused."""
    folder = tmp_path_factory.mktemp("parts")
    with zipfile.ZipFile(io.BytesIO(_whole(folder))) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = data.draw(st.sampled_from(sorted(parts)))
    part = parts[name]
    start = data.draw(PLACES) * len(part) // 10_000
    end = start + data.draw(st.integers(0, 40))
    parts[name] = part[:start] + data.draw(st.sampled_from([b"", b"<x/>", b"9", b"-", b"\xff", b"&amp;"])) + part[end:]
    path = folder / "damaged.xlsx"
    with_archive(parts)(path)
    result = read(path)
    assert (result.dataset is None) == bool(result.errors)


def _whole(folder: Path) -> bytes:
    return workbook(folder / "whole.xlsx", LEASE).read_bytes()

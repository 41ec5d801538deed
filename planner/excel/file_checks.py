"""Checks a file before it is read: what is not a workbook, or would harm the reader, is refused with a clear message.

Reads bytes, writes nothing. Besides refusing, it finds the cells whose number no reader can know: a formula
saved without its value, and a number that is none (NaN).
"""

from __future__ import annotations

import io
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from defusedxml import ElementTree as SafeTree

from models.faults import Fault
from models.parsing.raw_tables import Unreadable

PART_BYTES = 200_000_000
ALL_BYTES = 400_000_000
CELLS = 1_000_000
"""Larger files are refused as traps or accidents: examples have a few thousand cells."""

DAMAGES = (zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError, SyntaxError, ValueError)
"""What reading a damaged archive may raise."""

EXPECTED = "a problem to solve: an Excel workbook (.xlsx or .xlsm), or a folder of CSV files named as the sheets"
SAVE_AS = "Open it in Excel or LibreOffice and save it as Excel Workbook (.xlsx)."
WITHOUT_VALUE = Unreadable(
    "a formula without a saved value", "Open the workbook in Excel or LibreOffice and save it there, or type the value."
)


class UnreadableFile(Exception):
    """The file is not read; the message pair says what it is and what to do."""

    def __init__(self, found: str, fix: str, sheet: str = "") -> None:
        self.found, self.fix, self.sheet = found, fix, sheet
        super().__init__(f"{found}. {fix}")

    def fault(self, file_name: str) -> Fault:
        """The same as a Fault of the file."""
        return Fault(self.sheet or file_name, "", "", self.found, EXPECTED, self.fix)


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file fit to be read: its bytes (numbers that are none replaced), and its unreadable cells by sheet, address."""

    content: bytes
    unreadable: dict[str, dict[str, Unreadable]] = field(default_factory=dict)


def check_file(content: bytes) -> CheckedFile:
    """Checks that the bytes are a workbook that can be read safely.

    Raises
    ------
    UnreadableFile
        They are not.
    """
    _refuse_other_kinds(content)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _refuse_bombs(archive)
            return _inspect_parts(content, archive)
    except DAMAGES as error:
        raise UnreadableFile(f"a damaged workbook ({error})", f"Take an undamaged copy of it. {SAVE_AS}") from None


def open_workbook(content: bytes, *, read_only: bool = False) -> Any:
    """The workbook (of openpyxl) that bytes found sound by `check_file` hold, with the values of its cells.

    Raises
    ------
    UnreadableFile
        The library cannot read them.
    """
    import openpyxl

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return openpyxl.load_workbook(io.BytesIO(content), read_only=read_only, data_only=True, keep_links=False)
    except Exception as error:  # the library raises what it likes on files it does not know
        raise UnreadableFile(f"a workbook that cannot be read ({type(error).__name__}: {error})", SAVE_AS) from None


def names_of_sheets(path: Path) -> frozenset[str]:
    """The names of a workbook's sheets in small letters; none where the file is no workbook that can be read."""
    try:
        with zipfile.ZipFile(path) as archive:
            _refuse_bombs(archive)
            return frozenset(name.strip().lower() for name, _ in _sheet_parts(archive))
    except (UnreadableFile, OSError, *DAMAGES):
        return frozenset()


def _refuse_other_kinds(content: bytes) -> None:
    if not content.strip():
        raise UnreadableFile("an empty file", "Save the workbook again, or take another copy of it.")
    if content.startswith(b"PK\x03\x04"):
        return
    if content.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        if "EncryptedPackage".encode("utf-16-le") in content or "EncryptionInfo".encode("utf-16-le") in content:
            found = "a workbook protected by a password or a sensitivity label"
            raise UnreadableFile(found, "Save a copy without the protection.")
        raise UnreadableFile("a workbook of Excel 97-2003 (.xls), or another old Office file", SAVE_AS)
    start = content[:4096].lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if start.startswith((b"<!doctype html", b"<html", b"<table")):
        raise UnreadableFile("a web page with the name of a workbook", SAVE_AS)
    if start.startswith(b"<?xml"):
        raise UnreadableFile("an XML file with the name of a workbook", SAVE_AS)
    if b"\x00" not in start and any(mark in start for mark in (b",", b";", b"\t")):
        raise UnreadableFile("a text file (CSV) with the name of a workbook", SAVE_AS)
    raise UnreadableFile("a file that is not a workbook", SAVE_AS)


def _refuse_bombs(archive: zipfile.ZipFile) -> None:
    parts = archive.infolist()
    if any(part.flag_bits & 1 for part in parts):
        raise UnreadableFile("a zip file with a password", "Save a copy without the password.")
    names = {part.filename for part in parts}
    if "mimetype" in names:
        raise UnreadableFile("an OpenDocument file (.ods)", SAVE_AS)
    if any(name.endswith("workbook.bin") for name in names):
        raise UnreadableFile("a binary workbook (.xlsb)", SAVE_AS)
    if "[Content_Types].xml" not in names:
        raise UnreadableFile("a zip file that is not a workbook", SAVE_AS)
    largest = max(part.file_size for part in parts)
    if largest > PART_BYTES or sum(part.file_size for part in parts) > ALL_BYTES:
        raise UnreadableFile(
            f"a workbook that unpacks to {sum(part.file_size for part in parts) / 1e6:,.0f} MB",
            f"Keep it below {PART_BYTES / 1e6:,.0f} MB a sheet; delete the sheets that the planner does not read.",
        )


_DOCTYPES = tuple("<!DOCTYPE".encode(code) for code in ("utf-8", "utf-16-le", "utf-16-be"))


def _inspect_parts(content: bytes, archive: zipfile.ZipFile) -> CheckedFile:
    mended: dict[str, bytes] = {}
    unreadable: dict[str, dict[str, Unreadable]] = {}
    for part in archive.infolist():
        if "/media/" not in part.filename:  # pictures are never parsed, and some kinds have a DOCTYPE
            data = archive.read(part)
            if any(declaration in data for declaration in _DOCTYPES):
                found = f"a document type declaration in {part.filename}"
                raise UnreadableFile(found, f"No spreadsheet program writes one. {SAVE_AS}")
    for sheet, part_name in _sheet_parts(archive):
        data = archive.read(part_name)
        _refuse_floods(sheet, data)
        cells = dict(_unreadable_cells(data))
        if cells:
            unreadable[sheet] = cells
        if any(cell is not WITHOUT_VALUE for cell in cells.values()):
            mended[part_name] = _NO_NUMBER.sub(rb"\g<1>0\g<3>", data)
    return CheckedFile(_with_parts(archive, mended) if mended else content, unreadable)


def _sheet_parts(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """Each worksheet's name and its part in the archive."""
    for relation in SafeTree.fromstring(archive.read("_rels/.rels")) if "_rels/.rels" in archive.namelist() else ():
        kind, book = relation.get("Type", ""), relation.get("Target", "").lstrip("/")
        if not kind.endswith("/officeDocument"):
            continue
        if kind.startswith("http://purl.oclc.org/"):
            raise UnreadableFile(
                "a workbook in the Strict Open XML form", SAVE_AS.replace("(.xlsx)", "(.xlsx), not Strict")
            )
        if book not in archive.namelist():
            raise UnreadableFile("an Office file without a workbook in it", SAVE_AS)
        root = SafeTree.fromstring(archive.read(book))
        if not root.tag.endswith("}workbook"):
            raise UnreadableFile("an Office file that is not a workbook", SAVE_AS)
        folder, _, file_name = book.rpartition("/")
        relations = f"{folder}/_rels/{file_name}.rels".lstrip("/")
        targets = {each.get("Id"): each.get("Target", "") for each in SafeTree.fromstring(archive.read(relations))}
        for element in root.iter():
            if element.tag.endswith("}sheet"):
                key = next((value for name, value in element.attrib.items() if name.endswith("}id")), "")
                target = targets.get(key, "")
                part = target.lstrip("/") if target.startswith("/") else f"{folder}/{target}".lstrip("/")
                if part in archive.namelist():
                    yield element.get("name", ""), part
        return
    raise UnreadableFile("a zip file that is not a workbook", SAVE_AS)


def _refuse_floods(sheet: str, data: bytes) -> None:
    cells = len(re.findall(rb"<(?:\w+:)?c[ >]", data))
    if cells > CELLS:
        filled = len(re.findall(rb"<(?:\w+:)?(?:v|is)>", data))
        fix = "Delete the empty but formatted rows below the table (select them, Delete rows) and save."
        raise UnreadableFile(f"{cells:,} cells, {filled:,} of them filled in", fix, sheet)


_NO_NUMBER = re.compile(rb"(<(?:\w+:)?v>)(\s*[-+]?(?:nan|inf|infinity)\s*)(</(?:\w+:)?v>)", re.IGNORECASE)


def _unreadable_cells(data: bytes) -> Iterator[tuple[str, Unreadable]]:
    """Addresses of formulas without a saved value and of numbers that are none."""
    if b"<f" not in data and b":f" not in data and not _NO_NUMBER.search(data):
        return
    for _, cell in ElementTree.iterparse(io.BytesIO(data)):
        if not cell.tag.endswith("}c"):
            continue
        children = {child.tag.rpartition("}")[2]: child for child in cell}
        kind, value = cell.get("t", "n"), children.get("v")
        text = (value.text or "") if value is not None else ""
        if "f" in children and (value is None or (not text and kind != "str")):
            yield cell.get("r", ""), WITHOUT_VALUE
        elif kind == "n" and _NO_NUMBER.fullmatch(b"<v>" + text.encode() + b"</v>"):
            yield cell.get("r", ""), Unreadable(text.strip(), "Write a finite number.")
        cell.clear()


def _with_parts(archive: zipfile.ZipFile, parts: dict[str, bytes]) -> bytes:
    """The archive with some of its parts replaced, in memory."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as copy:
        for part in archive.infolist():
            copy.writestr(part, parts.get(part.filename) or archive.read(part))
    return buffer.getvalue()

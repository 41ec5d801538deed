"""A workbook as a file: a zip archive of XML parts. What is none, or would harm its reader, is refused in words.

Only files of the one form that every program reads alike are taken: each part once, one workbook among them, sheets
where the workbook says they are. Parts are parsed as a stream, up to limits on the whole file.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal
from xml.parsers import expat

from models.text import seen
from planner.files.reading import UnreadableFile, open_regular

MOST_BYTES = 200_000_000
"""So much is unpacked of a workbook at most; twice that with the parts that are not read."""
MOST_ELEMENTS = 6_000_000
"""So many elements of XML are read of a workbook at most: those of more cells than are read; half of a small file."""
SMALL = 1_000_000
"""Files of fewer bytes are small: what they hold in plenty is repeated, so that less is read of them."""
LONGEST = 1_000_000
"""Bytes of one piece of XML, such as a tag with its attributes; a cell holds 32,767 characters."""
MOST_SHEETS = 10_000

SAVE_AS = "Open it in Excel or LibreOffice and save it as Excel Workbook (.xlsx)."
DAMAGES = (zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError, RuntimeError, ValueError, OSError)
"""What reading a damaged archive may raise."""

OFFICE = (
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "http://purl.oclc.org/ooxml/officeDocument/relationships",
)
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main", "http://purl.oclc.org/ooxml/spreadsheetml/main"
"""The namespaces of spreadsheets: of the usual form and of Strict Open XML."""
_CHUNK = 65_536
_ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")

Start = Callable[[str, dict[str, str]], object]
End = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class SheetPart:
    """A sheet of a workbook: its name, whether it can be seen, its part in the archive ("" for a sheet of charts)."""

    name: str
    state: Literal["visible", "hidden", "veryHidden"]
    part: str


def unescaped(text: str) -> str:
    """Text of a part with the characters that `_xHHHH_` stands for."""
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


def escaped(text: str) -> str:
    """Text to be written into a part, so that `unescaped` gives it back.

    >>> unescaped(escaped("_x0041_ and _x00")), unescaped("_x0041_")
    ('_x0041_ and _x00', 'A')
    """
    return re.sub("_x(?=[0-9A-Fa-f]{4}_)", "_x005F_x", text)


def local_names(*names: str) -> dict[str, str]:
    """What the parser calls these elements of spreadsheets, and their short names."""
    return {f"{space} {name}": name for space in MAIN for name in names}


class Package:
    """The parts of a workbook.

    Parameters
    ----------
    file
        Its bytes; they are read as they are asked for.

    Raises
    ------
    UnreadableFile
        They are no workbook that can be read, or not of the one form.
    """

    def __init__(self, file: BinaryIO) -> None:
        _refuse_other_kinds(file)
        self.small = file.seek(0, io.SEEK_END) < SMALL
        self._bytes, self._elements = MOST_BYTES, MOST_ELEMENTS // 2 if self.small else MOST_ELEMENTS
        with _damages_in_words():
            self._archive = zipfile.ZipFile(file)
            self._infos = self._parts_by_name()
        self.date1904 = self.calculates_on_load = False
        self.main = self._main_part()
        self.sheets = tuple(self._sheets())

    def __contains__(self, part: str) -> bool:
        return part.lower() in self._infos

    def read(self, part: str) -> bytes:
        """The bytes of a part, which are no more than those of all parts may be."""
        with _damages_in_words():
            return self._archive.read(self._infos[part.lower()])

    def parse(
        self, part: str, start: Start, end: End | None = None, text: Callable[[str], object] | None = None
    ) -> None:
        """Go through the elements of a part; names are "namespace name".

        Raises
        ------
        UnreadableFile
            It is no well-formed XML, has a document type, or is beyond the limits.
        """
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        left, most = self._elements, MOST_ELEMENTS // 2 if self.small else MOST_ELEMENTS

        def counted(name: str, attributes: dict[str, str]) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise UnreadableFile(
                    f"a workbook with more than {most / 1e6:g} million pieces of XML (in {part})",
                    "Delete sheets, formats and rows that the planner does not read.",
                )
            start(name, attributes)

        parser.StartElementHandler = counted
        if end is not None:
            parser.EndElementHandler = end
        if text is not None:
            parser.CharacterDataHandler = text
        parser.StartDoctypeDeclHandler = _refuse_doctype
        read = 0
        try:
            for chunk in self._chunks(part):
                parser.Parse(chunk, False)
                read += len(chunk)
                if read - parser.CurrentByteIndex > LONGEST:
                    raise UnreadableFile(f"a piece of XML of more than {LONGEST / 1e6:g} MB in {part}", SAVE_AS)
            parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise damaged(f"{part}: {error}") from None
        self._elements = left

    def related(self, part: str) -> Mapping[str, tuple[str, str]]:
        """The relations of a part by their keys: the last word of their kind, and the part they lead to."""
        folder, name = posixpath.split(part)
        source = posixpath.join(folder, "_rels", f"{name}.rels")
        found: dict[str, tuple[str, str]] = {}

        def start(name: str, attributes: dict[str, str]) -> None:
            if name.endswith(" Relationship") and attributes.get("TargetMode") != "External":
                target = attributes.get("Target", "").replace("\\", "/")
                whole = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
                found[attributes.get("Id", f" {len(found)}")] = (posixpath.basename(attributes.get("Type", "")), whole)

        if source in self:
            self.parse(source, start)
        return found

    def _parts_by_name(self) -> dict[str, zipfile.ZipInfo]:
        found: dict[str, zipfile.ZipInfo] = {}
        for info in self._archive.infolist():
            name = posixpath.normpath(info.filename.replace("\\", "/")).lstrip("/").lower()
            if info.flag_bits & 1:
                raise UnreadableFile("a zip file with a password", "Save a copy without the password.")
            if name in found and not info.is_dir():
                raise _not_of_one_form(f"the part {name} twice")
            found[name] = info
        size = sum(info.file_size for info in found.values())
        if size > 2 * MOST_BYTES or any(info.file_size > MOST_BYTES for info in found.values()):
            raise _too_large(f"{size / 1e6:,.0f} MB")
        if "mimetype" in found:
            raise UnreadableFile("an OpenDocument file (.ods)", SAVE_AS)
        if any(name.endswith("workbook.bin") for name in found):
            raise UnreadableFile("a binary workbook (.xlsb)", SAVE_AS)
        if "[content_types].xml" not in found:
            raise UnreadableFile("a zip file that is not a workbook", SAVE_AS)
        return found

    def _chunks(self, part: str) -> Iterator[bytes]:
        if part not in self:
            raise damaged(f"no part {part}")
        with _damages_in_words(), self._archive.open(self._infos[part.lower()]) as file:
            while chunk := file.read(_CHUNK):
                self._bytes -= len(chunk)
                if self._bytes < 0:
                    raise _too_large(f"more than {MOST_BYTES / 1e6:,.0f} MB")
                yield chunk

    def _main_part(self) -> str:
        mains = [target for kind, target in self.related("").values() if kind == "officeDocument"]
        if not mains:
            raise UnreadableFile("a zip file that is not a workbook", SAVE_AS)
        called: list[str] = []

        def start(name: str, attributes: dict[str, str]) -> None:
            kind = attributes.get("ContentType", "")
            if name.endswith(" Override") and kind.endswith(".main+xml") and ("sheet" in kind or "excel" in kind):
                called.append(posixpath.normpath(attributes.get("PartName", "")).lstrip("/"))

        self.parse("[Content_Types].xml", start)
        if len({each.lower() for each in (*mains, *called)}) > 1:
            if not called:
                raise UnreadableFile("an Office file that is not a workbook", SAVE_AS)
            raise _not_of_one_form(f"several workbooks, {' and '.join(sorted({*mains, *called}))}")
        if mains[0] not in self:
            raise UnreadableFile("an Office file without a workbook in it", SAVE_AS)
        return mains[0]

    def _sheets(self) -> Iterator[SheetPart]:
        names = local_names("workbook", "workbookPr", "calcPr", "sheet")
        keys = tuple(f"{space} id" for space in OFFICE)
        found: list[dict[str, str]] = []
        root = ""

        def start(name: str, attributes: dict[str, str]) -> None:
            nonlocal root
            kind = names.get(name)
            root = root or kind or "another"
            if kind == "sheet":
                found.append(attributes)
                if len(found) > MOST_SHEETS:
                    raise UnreadableFile(f"more than {MOST_SHEETS:,} sheets", "Delete those it does not need.")
            elif kind == "workbookPr":
                self.date1904 = attributes.get("date1904", "0") in ("1", "true")
            elif kind == "calcPr":
                self.calculates_on_load = attributes.get("fullCalcOnLoad", "0") in ("1", "true")

        self.parse(self.main, start)
        if root != "workbook":
            raise UnreadableFile("an Office file that is not a workbook", SAVE_AS)
        related = self.related(self.main)
        for sheet in found:
            name, state = seen(unescaped(sheet.get("name", ""))), sheet.get("state", "visible")
            kind, part = related.get(next((sheet[key] for key in keys if key in sheet), ""), ("", ""))
            if part not in self:
                raise damaged(f"no part of the sheet {name!r}")
            known: Literal["visible", "hidden", "veryHidden"]
            known = "hidden" if state == "hidden" else "veryHidden" if state == "veryHidden" else "visible"
            yield SheetPart(name, known, part if kind == "worksheet" else "")


def names_of_sheets(path: Path) -> frozenset[str]:
    """The names of a workbook's sheets; none where the file is no workbook that can be read."""
    try:
        with open_regular(path) as file:
            return frozenset(sheet.name for sheet in Package(file).sheets)
    except (UnreadableFile, OSError, ValueError):
        return frozenset()


def package_of(content: bytes) -> Package:
    """The parts of a workbook in memory.

    Raises
    ------
    UnreadableFile
        As `Package`.
    """
    return Package(io.BytesIO(content))


def _refuse_other_kinds(file: BinaryIO) -> None:
    start = file.read(4096)
    if not start.strip():
        raise UnreadableFile("an empty file", "Save the workbook again, or take another copy of it.")
    if start.startswith(b"PK\x03\x04"):
        return
    if start.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        content = start + file.read()
        if "EncryptedPackage".encode("utf-16-le") in content or "EncryptionInfo".encode("utf-16-le") in content:
            found = "a workbook protected by a password or a sensitivity label"
            raise UnreadableFile(found, "Save a copy without the protection.")
        raise UnreadableFile("a workbook of Excel 97-2003 (.xls), or another old Office file", SAVE_AS)
    start = start.lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if start.startswith((b"<!doctype html", b"<html", b"<table")):
        raise UnreadableFile("a web page, not a workbook", SAVE_AS)
    if start.startswith(b"<?xml"):
        raise UnreadableFile("an XML file, not a workbook", SAVE_AS)
    if b"\x00" not in start and any(mark in start for mark in (b",", b";", b"\t")):
        raise UnreadableFile("a text file (CSV), not a workbook", SAVE_AS)
    raise UnreadableFile("a file that is not a workbook", SAVE_AS)


def _refuse_doctype(*_: object) -> None:
    raise UnreadableFile("a document type declaration", f"No spreadsheet program writes one. {SAVE_AS}")


def damaged(what: str) -> UnreadableFile:
    """A file of which nothing can be trusted, because of `what` was found in it."""
    return UnreadableFile(f"a damaged workbook ({what})", f"Take an undamaged copy of it. {SAVE_AS}")


def _too_large(size: str) -> UnreadableFile:
    fix = "Delete empty but formatted rows, and sheets that the planner does not read, and save."
    return UnreadableFile(f"a workbook that unpacks to {size}", fix)


def _not_of_one_form(what: str) -> UnreadableFile:
    return UnreadableFile(f"a workbook that programs read differently ({what})", SAVE_AS)


@contextmanager
def _damages_in_words() -> Iterator[None]:
    try:
        yield
    except DAMAGES as error:
        raise damaged(str(error)) from None

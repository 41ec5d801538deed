"""Files that others wrote: opened only if they are regular files, and read only up to a size."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import Any, BinaryIO

from models.faults import Fault, closest
from planner.files.sharing import tried_again

EXPECTED = "a problem to solve: an Excel workbook (.xlsx or .xlsm), or a folder of CSV files named as the sheets"
TEXT_BYTES = 10_000_000
"""Larger job and configuration files are not read."""
WORKBOOK_BYTES = 100_000_000
"""Larger workbooks and CSV files are not read: a workbook of 20 000 demand rows has under 2 MB."""


class UnreadableFile(Exception):
    """The file is not read; the message pair says what it is and what to do."""

    def __init__(self, found: str, fix: str, sheet: str = "") -> None:
        self.found, self.fix, self.sheet = found, fix, sheet
        super().__init__(f"{found}. {fix}")

    def fault(self, file_name: str) -> Fault:
        """The same as a Fault of the file."""
        return Fault(self.sheet or file_name, "", "", self.found, EXPECTED, self.fix)


def open_regular(path: Path) -> BinaryIO:
    """Open a file to read its bytes, without ever waiting for another process.

    Raises
    ------
    OSError
        It cannot be opened, or is a pipe, a device or a socket.
    """
    _check_regular(os.stat(path).st_mode, path)  # opening a device may do something
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    descriptor = tried_again(lambda: os.open(path, flags))
    try:
        _check_regular(os.fstat(descriptor).st_mode, path)
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def read_regular(path: Path, most: int = TEXT_BYTES) -> bytes:
    """The bytes of a regular file of at most `most` bytes.

    Raises
    ------
    OSError
        As `open_regular`, or it is larger.
    """
    with open_regular(path) as file:
        content = b"" if (larger := os.fstat(file.fileno()).st_size > most) else file.read(most + 1)
    if not larger and len(content) <= most:
        return content
    raise OSError(errno.EFBIG, f"a file of more than {most / 1e6:,.0f} MB", str(path))


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file.

    Raises
    ------
    OSError
        As `read_regular`.
    ValueError
        It is not in UTF-8, or no TOML; the message names the line.
    """
    import tomllib

    text = read_regular(path).decode("utf-8-sig")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("tables or lists nested too deeply") from None


def _check_regular(mode: int, path: Path) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "a pipe, a device or a socket, no regular file", str(path))


def named_nearly(path: Path) -> str:
    """A question after what stands beside a path that is not there and is called nearly so; "" where nothing is."""
    try:
        names = sorted(each.name for each in path.parent.iterdir() if not each.name.startswith(("~$", ".")))
    except (OSError, ValueError):
        return ""
    with_ending = next((name for name in names if Path(name).stem == path.name), "")
    asked = f"Did you mean '{with_ending}'?" if with_ending else closest(path.name, names)
    return f"{asked} " if asked.startswith("Did you mean") else ""

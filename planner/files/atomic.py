"""Files written whole or not at all, whatever ends the process that writes them.

A file is written beside its place and renamed, which is one step to whoever reads it. Its name says which process
writes it: what a process that was killed leaves behind, the next one that writes to the folder takes away.
"""

from __future__ import annotations

import json
import logging
import math
import os
import platform
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin

from planner.errors import CannotWrite, os_error_reason, writing
from planner.files.sharing import tried_again

log = logging.getLogger("planner")
Kept = TypeVar("Kept")
PREFIX = ".planner-"
_NAME = re.compile(re.escape(PREFIX) + r"(?P<machine>[0-9a-f]{8})-(?P<pid>\d+)-")
OLD_SECONDS = 7 * 86400.0
"""Of a file whose process cannot be looked for, because it ran on another machine: the age at which it is left over."""


def temporary_beside(path: Path) -> Path:
    """Return a new name in the folder of `path`, with its ending, for this process to write to."""
    return path.with_name(f"{PREFIX}{_machine()}-{os.getpid()}-{os.urandom(6).hex()}{path.suffix[:20]}")


def sweep(folder: Path) -> None:
    """Remove from a folder what processes that are gone left on its way; what cannot be removed stays."""
    with suppress(OSError):
        for path in folder.glob(f"{PREFIX}*"):
            if _is_left_over(path):
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink(missing_ok=True)


def _is_left_over(path: Path) -> bool:
    written = path.lstat().st_mtime
    named = _NAME.match(path.name)
    if named is None or named["machine"] != _machine():
        return time.time() - written > OLD_SECONDS
    import psutil

    try:
        return bool(psutil.Process(int(named["pid"])).create_time() > written + 1.0)  # another process by that number
    except psutil.NoSuchProcess:
        return True
    except psutil.Error:
        return False


@cache
def _machine() -> str:
    """What tells this machine, or container, from others that share a folder with it."""
    import hashlib

    facts = [platform.node()]
    for path in ("/etc/machine-id", "/proc/self/ns/pid"):
        with suppress(OSError):
            facts.append(os.readlink(path) if os.path.islink(path) else Path(path).read_text(encoding="utf-8"))
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:8]


def put(temporary: Path, path: Path) -> None:
    """Moves a file or folder to its place."""
    tried_again(lambda: temporary.replace(path))


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yield a temporary path in the same folder and move it into place at the end, so that no file is half written.

    The permissions of a file that is replaced are kept. Nothing is left behind when the block fails.

    Raises
    ------
    CannotWrite
        The operating system refuses it.
    """
    temporary = temporary_beside(path)
    try:
        yield temporary
        if path.exists():
            temporary.chmod(path.stat().st_mode & 0o777)
        put(temporary, path)
    except OSError as error:
        raise CannotWrite(path, os_error_reason(error)) from None
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder_write(
    path: Path, files: Mapping[str, bytes], outdated: Callable[[Path], bool] = lambda path: False
) -> Iterator[Path]:
    """Yield a temporary folder with these files and move it into place at the end of the block.

    In an existing folder the files that are `outdated` are removed first, and the others are kept.

    Raises
    ------
    CannotWrite
        The operating system refuses it.
    """
    temporary = temporary_beside(path.with_suffix(""))
    try:
        temporary.mkdir()
        for name, content in files.items():
            (temporary / name).write_bytes(content)
        yield temporary
        if path.is_dir():
            for each in [each for each in path.iterdir() if outdated(each)]:
                each.unlink()
            for name in files:
                put(temporary / name, path / name)
        else:
            put(temporary, path)
    except OSError as error:
        raise CannotWrite(path, os_error_reason(error)) from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def written_together(files: Mapping[Path, bytes]) -> Iterator[None]:
    """Write files beside their places, and move all of them there, in their order, at the end of the block.

    Each is whole or untouched afterwards, also after a power failure, and a kill meets the few moves only.

    Raises
    ------
    CannotWrite
        One cannot be written: then none is moved. Or one cannot be moved: then those after it are not.
    """
    made: dict[Path, Path] = {}
    try:
        for path, content in files.items():
            made[path] = temporary_beside(path)
            with writing(path):
                with made[path].open("xb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                if path.exists():
                    made[path].chmod(path.stat().st_mode & 0o777)
        yield
        for path, temporary in made.items():
            with writing(path):
                put(temporary, path)
    finally:
        for temporary in made.values():
            temporary.unlink(missing_ok=True)
    for folder in {path.parent for path in files}:
        _sync_folder(folder)


def write_durably(path: Path, content: str | bytes) -> None:
    """Write a file that exists whole or not at all afterwards, even after a power failure.

    Raises
    ------
    CannotWrite
        It cannot be written.
    """
    with written_together({path: _encoded(content) if isinstance(content, str) else content}):
        pass


def json_bytes(document: Mapping[str, Any]) -> bytes:
    """Return an object as strict JSON."""
    return _encoded(json.dumps(document, indent=2, allow_nan=False, ensure_ascii=False) + "\n")


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Write an object as strict JSON, whole or not at all.

    Raises
    ------
    CannotWrite
        It cannot be written.
    """
    write_durably(path, json_bytes(document))


def read_kept(path: Path, parse: Callable[[Any], Kept], instead: str) -> Kept | None:
    """Return what a JSON file of ours holds; None where there is none.

    One that cannot be understood is told of, with what is done `instead`, and set aside under another name.

    Parameters
    ----------
    path : Path
        The file.
    parse : callable
        Makes of the document what it holds, and raises what it likes where it is none of ours.
    instead : str
        A clause such as "every job counts as new".
    """
    try:
        return parse(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except OSError as error:
        log.warning("warning: %s cannot be read (%s); %s.", path, error.strerror, instead)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        aside = path.with_name(f"{path.stem}.damaged{path.suffix}")
        with suppress(OSError):
            put(path, aside)
        why = f"{type(error).__name__}: {error}"
        log.warning("warning: %s cannot be understood (%s) and is set aside as %s; %s.", path, why, aside.name, instead)
    return None


def fits(value: Any, hint: Any) -> bool:
    """Whether a value of a JSON document is of the type that a dataclass names for it.

    >>> fits({"gap": 0.1}, dict[str, Any]), fits("1", int | None), fits(True, int), fits(2, float)
    (True, False, False, True)
    """
    if hint is Any:
        return True
    if isinstance(hint, UnionType):
        return any(fits(value, each) for each in get_args(hint))
    if get_origin(hint) is dict:
        return isinstance(value, dict) and all(fits(each, get_args(hint)[1]) for each in value.values())
    if hint in (int, float):
        kinds = (int, float) if hint is float else int
        return isinstance(value, kinds) and not isinstance(value, bool) and math.isfinite(value)
    return isinstance(value, hint)


def _encoded(text: str) -> bytes:
    """As UTF-8; bytes of file names that are none are escaped, which JSON reads as the same name."""
    return text.encode("utf-8", "backslashreplace")


def _sync_folder(folder: Path) -> None:
    """Makes renames in a folder last, where the system lets a folder be opened and synchronised."""
    with suppress(OSError):  # Windows, some network folders
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

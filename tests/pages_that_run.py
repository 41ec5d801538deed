"""Runs a page: files are written, commands run in order, and what they print and what Python shows is held to the page.

A block after the line `<!-- file: NAME -->` is a file. Lines of a block `sh` are commands, one a line; a block `text`
after it has lines of what they print, `…` standing for anything. A block `python` is a doctest.
"""

from __future__ import annotations

import doctest
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commandline import Run

BLOCK = re.compile(r"(?:^<!-- (?P<mark>[^>]*) -->\n)?^```(?P<kind>\w+)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass
class Ran:
    """How much of a page was tried."""

    commands: int = 0
    lines: int = 0
    examples: int = 0


def blocks(page: Path) -> Iterator[tuple[str, str, str]]:
    """The blocks of a page: what marks it, its kind, and its text."""
    for found in BLOCK.finditer(page.read_text(encoding="utf-8")):
        yield found["mark"] or "", found["kind"], found["body"]


def run_page(page: Path, folder: Path, here: Run) -> Ran:
    """Runs a page in a folder, which is the current one."""
    ran, said, names = Ran(), "", dict[str, Any]()
    for mark, kind, body in blocks(page):
        if mark.startswith("file: "):
            (folder / mark.removeprefix("file: ")).write_text(body, encoding="utf-8")
        elif kind == "sh":
            said = ""
            for line in filter(None, body.splitlines()):
                words = shlex.split(line, comments=True)
                assert words[0] == "planner", line
                done = here(*words[1:])
                said += done.out + done.err
                assert done.code == int(mark.removeprefix("exit ") if mark.startswith("exit ") else 0), (line, said)
                ran.commands += 1
        elif kind == "text":
            for line in filter(str.strip, body.splitlines()):
                parts = (re.escape(_plain(part)) for part in line.split("…"))
                assert re.search(r"[^\n]*".join(parts), "\n".join(map(_plain, said.splitlines()))), (line, said)
                ran.lines += 1
        elif kind == "python":
            parsed = doctest.DocTestParser().get_doctest(body, names, str(page), str(page), 0)
            flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
            told: list[str] = []
            found = doctest.DocTestRunner(optionflags=flags).run(parsed, out=told.append, clear_globs=False)
            assert not found.failed, "".join(told)
            names |= parsed.globs
            ran.examples += found.attempted
    return ran


def _plain(line: str) -> str:
    return " ".join(line.split())

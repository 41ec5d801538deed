"""Kills and signals at random moments of `planner solve -o`, and damaged records of a batch: what comes of them.

    python tests/ends.py --kills 300 --signals 300 --records 300 --seed 1

Each run of `solve` writes over the plan of the one before it. Afterwards the plan must be a whole workbook and the
report whole JSON, of the earlier run or of this one; where the plan is newer than its report, the report's hash says
so. Exit codes must be those documented, without a traceback. A batch whose manifest or record is damaged runs all the
same. Prints how often each end was met; ends with 1 where something was lost.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import io
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

from commandline import command, decision, environment
from sheets import workbook

from planner.cli import main as cli_main

SIGNAL_CODES = {signal.SIGINT: (0, 4, 130, -signal.SIGINT), signal.SIGTERM: (0, 4, 143, -signal.SIGTERM)}
"""Exit codes that a signal may lead to; that of the signal itself where Python had not begun to run ours."""


class Lost(AssertionError):
    """Something was half-written, or an end that is not documented."""


class Solves:
    """Runs of `planner solve` over one plan in a folder, each with another name in it."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.draw, self.number = folder, random.Random(seed), 0
        workbook(folder / "small.xlsx", decision())
        began = time.monotonic()
        if self.begin().wait():
            raise Lost("the first run does not end well")
        self.seconds = time.monotonic() - began

    def begin(self) -> subprocess.Popen[str]:
        """Starts a run."""
        self.number += 1
        words = ("solve", "small.xlsx", "-o", "plan.xlsx", "--set", f"settings.plan_name=run {self.number}")
        return subprocess.Popen(
            command(*words),
            cwd=self.folder,
            env=environment(),
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def end(self, number: signal.Signals) -> tuple[int, str]:
        """Starts a run and signals it at a random moment; its exit code and what it said."""
        process = self.begin()
        time.sleep(self.draw.uniform(0.0, 1.1 * self.seconds))
        process.send_signal(number)
        out, err = process.communicate(timeout=120)
        return process.returncode, out + err

    def state(self) -> str:
        """What is there: `earlier` or `new` files that belong together, or a plan that is `newer` than its report.

        Raises
        ------
        Lost
            One of them is not whole.
        """
        plan, report = self.folder / "plan.xlsx", self.folder / "plan.run.json"
        try:
            with zipfile.ZipFile(plan) as archive:
                broken = archive.testzip()
            document = json.loads(report.read_text(encoding="utf-8"))
            (self.folder / "plan.run.log").read_text(encoding="utf-8")
        except (OSError, ValueError, zipfile.BadZipFile) as error:
            raise Lost(f"after run {self.number}: {error}") from None
        if broken:
            raise Lost(f"after run {self.number}: {broken} of the plan is damaged")
        if document["plan_sha256"] != hashlib.sha256(plan.read_bytes()).hexdigest():
            return "newer" if document["plan_path"] else "none"
        return "new" if document["plan_name"] == f"run {self.number}" else "earlier"

    def finish(self) -> None:
        """A last run, undisturbed, takes away what the others left.

        Raises
        ------
        Lost
            It does not end well, or something is left.
        """
        if self.begin().wait():
            raise Lost("the last run does not end well")
        left = {path.name for path in self.folder.iterdir()}
        if left != {"small.xlsx", "plan.xlsx", "plan.run.json", "plan.run.log"}:
            raise Lost(f"left behind: {sorted(left)}")


def killed(count: int, seed: int) -> Counter[str]:
    """What so many kills left, by kind."""
    met: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        solves = Solves(Path(folder), seed)
        for _ in range(count):
            solves.end(signal.SIGKILL)
            met[solves.state()] += 1
        solves.finish()
    return met


def signalled(count: int, seed: int) -> Counter[str]:
    """The exit codes that so many signals led to."""
    met: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        solves = Solves(Path(folder), seed)
        for each in range(count):
            number = (signal.SIGINT, signal.SIGTERM)[each % 2]
            code, said = solves.end(number)
            if code == 1 and "/planner/" not in said:  # in the start of Python itself, before anything of ours
                met["before ours"] += 1
                continue
            if code not in SIGNAL_CODES[number] or ("Traceback" in said and code >= 0):
                raise Lost(f"{number.name} led to {code}: {said[-2000:]}")
            state = solves.state()
            if code in (0, 4) and state != "new":
                raise Lost(f"{number.name} led to {code} with files that are {state}")
            met[f"{number.name} {code}"] += 1
        solves.finish()
    return met


def damaged(count: int, seed: int) -> Counter[str]:
    """The exit codes of a batch, most of them dry runs, after so many damages to its manifest or a record."""
    draw, met = random.Random(seed), Counter[str]()
    with tempfile.TemporaryDirectory() as name, contextlib.chdir(name):
        workbook(Path("a.xlsx"), decision())
        _batch()
        whole = {path: path.read_bytes() for path in (Path("out/manifest.json"), Path("out/jobs/a/record.json"))}
        for number in range(count):
            for path, content in whole.items():
                path.write_bytes(content)
            path = draw.choice(list(whole))
            path.write_bytes(_damage(whole[path], draw))
            met[f"exit {_batch(*(['--dry-run'] if number % 12 else []))}"] += 1
    return met


def _batch(*options: str) -> int:
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = cli_main(["batch", "a.xlsx", "-o", "out", *options])
    if code:
        raise Lost(f"a batch ends with {code}: {said.getvalue()[-2000:]}")
    return code


def _damage(content: bytes, draw: random.Random) -> bytes:
    """Cut off, some bytes changed or left out, or a value somewhere replaced by one of another kind."""
    changed, place = bytearray(content), draw.randrange(len(content))
    match draw.randrange(4):
        case 0:
            return content[:place]
        case 1:
            for _ in range(draw.randrange(1, 6)):
                changed[draw.randrange(len(changed))] = draw.randrange(256)
        case 2:
            changed[place : place + draw.randrange(60)] = b""
        case _:
            document = json.loads(content)
            _replace_somewhere(document, draw)
            return json.dumps(document).encode()
    return bytes(changed)


def _replace_somewhere(inside: Any, draw: random.Random) -> None:
    keys = list(inside) if isinstance(inside, dict) else list(range(len(inside)))
    key = draw.choice(keys)
    if isinstance(inside[key], (dict, list)) and inside[key] and draw.random() < 0.7:
        _replace_somewhere(inside[key], draw)
    else:
        inside[key] = draw.choice([None, "", -1, 1e300, [], {}, "x", True, [1], {"a": 1}])


def main() -> int:
    """Run what is asked for and print what was met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--signals", type=int, default=0)
    parser.add_argument("--records", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    try:
        for what, tried in (("kills", killed), ("signals", signalled), ("records", damaged)):
            if count := getattr(asked, what):
                print(f"{count} {what}:", dict(tried(count, asked.seed)), flush=True)
    except Lost as lost:
        print(f"LOST: {lost}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

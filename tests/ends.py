"""Kills and signals at random moments of `planner solve -o`: what they leave behind.

    python tests/ends.py --kills 300 --signals 300 --seed 1

Each run writes over the plan of the one before it. Afterwards the plan must be a whole workbook and the report whole
JSON, of the earlier run or of this one; where the plan is newer than its report, the report's hash says so. Exit codes
must be those documented, without a traceback. Prints how often each end was met; ends with 1 where something was lost.
"""

from __future__ import annotations

import argparse
import hashlib
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

from commandline import command, decision, environment
from sheets import workbook

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
            if code not in SIGNAL_CODES[number] or ("Traceback" in said and code >= 0):
                raise Lost(f"{number.name} led to {code}: {said[-2000:]}")
            state = solves.state()
            if code in (0, 4) and state != "new":
                raise Lost(f"{number.name} led to {code} with files that are {state}")
            met[f"{number.name} {code}"] += 1
        solves.finish()
    return met


def main() -> int:
    """Run what is asked for and print what was met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--signals", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    try:
        print(f"{asked.kills} kills:", dict(killed(asked.kills, asked.seed)), flush=True)
        print(f"{asked.signals} signals:", dict(signalled(asked.signals, asked.seed)), flush=True)
    except Lost as lost:
        print(f"LOST: {lost}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""CPU seconds and peak memory of `planner check` on the worst workbooks that are accepted.

Run by hand: `python tests/benchmarks/large_files.py`.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from package_parts import cell, rows_xml, workbook_of

MONTHS = [f"{2026 + t // 12}-{t % 12 + 1:02d}" for t in range(240)]
SETTINGS = rows_xml([["key", "value"], ["first_month", "2026-01"], ["months", 240]])


def wide(rows: int, value: Callable[[], object]) -> bytes:
    """A workbook with so many rows of wide demand."""
    heads = rows_xml([["segment", "region", *MONTHS]])
    lines = ("".join(cell(each) for each in ("chat", f"r{i}", *(value() for _ in MONTHS))) for i in range(rows))
    return workbook_of(settings=SETTINGS, demand=heads + "".join(f"<row>{line}</row>" for line in lines))


def long(segments: int) -> bytes:
    """A workbook with a row for each segment, region (10) and month (240)."""
    names = [f"s{i}" for i in range(segments)]
    rows = ([s, f"r{r}", month, random.random()] for s in names for r in range(10) for month in MONTHS)
    sheet = [["segment", "workload", "growth_per_month"], *([each, "chat", 0] for each in names)]
    demand = rows_xml([["segment", "region", "month", "tokens_bn_per_day"]]) + rows_xml(rows)
    return workbook_of(segments=rows_xml(sheet), demand=demand)


def cases() -> Iterator[tuple[str, bytes]]:
    """The name and the bytes of each workbook."""
    yield "wide demand, every cell a number", wide(1650, lambda: 1)
    yield "wide demand, every cell a number as text", wide(1650, lambda: "1")
    yield "wide demand, numbers of two digits", wide(4100, lambda: random.randint(10, 99))
    yield "long demand, 100,800 rows", long(42)
    yield "long demand, 240,000 rows", long(100)


def main() -> None:
    """Print a row for each workbook."""
    random.seed(2)
    for name, content in cases():
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "large.xlsx"
            path.write_bytes(content)
            command = [sys.executable, "-m", "planner", "check", str(path), "--quiet"]
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            _, status, used = os.wait4(process.pid, 0)
        seconds, megabytes = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
        code = os.waitstatus_to_exitcode(status)
        print(f"{name}: {len(content) / 1e6:.3f} MB, exit {code}, {seconds:.1f} s of CPU, {megabytes:.0f} MB")


if __name__ == "__main__":
    main()

"""Damaged problems, plans and job files: whatever their bytes, parts and cells hold, they are read or refused in words.

Longer by hand: `FUZZ_EXAMPLES=20000 pytest tests/properties/test_damaged_files.py --hypothesis-seed=1`.
"""

from __future__ import annotations

import io
import os
import re
import zipfile
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sheets import LEASE, workbook
from unit.plans import write

from models.faults import FaultyWorkbook
from models.plan import Plan
from models.roll import roll_forward
from planner.batch.jobs.files import read_jobs
from planner.errors import WrongUsage
from planner.excel.annotate import annotate
from planner.excel.copy_edit import check_as_meant, rewritten_book
from planner.excel.input_sheet import read_input
from planner.excel.plan_reader import provenance_warnings, read_plan
from planner.files.package import names_of_sheets
from planner.problem_reader import read
from planner.reports.run_result import RunResult

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "10"))
FUZZING = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
PLACES = st.integers(0, 9_999)
"""Places in a file, in ten-thousandths of its length."""
PIECES = st.sampled_from(
    [b"", b"<x/>", b"<c/>", b"<v>", b"</row>", b"9", b"-1", b"1e999", b"NaN", b"\xff", b"&amp;", b"&x;", b' r="B2"',
     b' t="s"', b' t="e"', b' t="d"', b"<f>1</f>", b"_x0000_", b"\xe2\x80\x8b", b"99999999999", b'"', b"<!DOCTYPE a>"]
)  # fmt: skip
ODD = st.sampled_from(["", "2026-13", "yes", "lease", "#REF!", "_xD800_"])
VALUES = st.one_of(st.text(max_size=20), st.floats(), st.integers(), ODD).map(str)


COLUMNS = ["threads", "gap", "set", "grid", "after", "time_limit", "seed", "name", "memory", "input"]
SIGNS = ["[[job]]", "[defaults]", "[job]", "=", "{", "}", "[", "]", ",", ".", "\n"]
LITERALS = ['"a"', '"problem.xlsx"', "1", "1e400", "nan", "0x" + "f" * 500, "true", "2026-01-01", "'settings.months=3'"]
WORDS = st.sampled_from([*COLUMNS, *SIGNS, *LITERALS])
ENTRIES = st.tuples(st.sampled_from(COLUMNS), WORDS).map(
    lambda pair: f'[[job]]\nname = "a"\ninput = "problem.xlsx"\n{pair[0]} = {pair[1]}\n'.encode()
)
TOML = st.one_of(
    st.lists(WORDS, max_size=30).map(lambda words: " ".join(words).encode()), ENTRIES, st.binary(max_size=60)
)


def archive_of(content: bytes) -> dict[str, bytes]:
    """The parts of a workbook."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@st.composite
def damage(draw: st.DrawFn, content: bytes) -> bytes:
    """The bytes of a workbook after up to three accidents: to its bytes, to a part's, or to values of cells."""
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(["bytes", "part", "part", "cell", "cell", "no part"]))
        try:
            parts = archive_of(content)
        except Exception:  # damaged before
            kind = "bytes"
        if kind == "bytes":
            at = draw(PLACES) * len(content) // 10_000
            content = content[:at] + draw(st.binary(max_size=8)) + content[at + draw(st.integers(0, 50)) :]
            continue
        name = draw(st.sampled_from(sorted(parts)))
        part = parts[name]
        if kind == "no part":
            del parts[name]
        elif kind == "cell" and (found := list(re.finditer(rb"<v>[^<]*</v>", part))):
            cell = found[draw(PLACES) * len(found) // 10_000]
            value = draw(VALUES).encode("utf-8", "replace").replace(b"<", b"").replace(b"&", b"")
            text = draw(st.booleans())
            before = part[: cell.start()]
            if text and before.endswith(b">"):
                opened = before.rindex(b"<")
                before = before[:opened] + re.sub(rb' t="\w+"', b"", before[opened:-1]) + b' t="str">'
            parts[name] = before + b"<v>" + value + b"</v>" + part[cell.end() :]
        else:
            start = draw(PLACES) * len(part) // 10_000
            parts[name] = part[:start] + draw(PIECES) + part[start + draw(st.integers(0, 40)) :]
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for each, data in parts.items():
                archive.writestr(each, data)
        content = buffer.getvalue()
    return content


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a problem, a plan of it and a workbook of jobs."""
    folder = tmp_path_factory.mktemp("whole")
    workbook(folder / "problem.xlsx", LEASE)
    dataset = read(folder / "problem.xlsx").valid_dataset()
    write(folder / "plan.xlsx", dataset, Plan(), RunResult(plan_name="A plan", status="optimal", objective_usd=0.0))
    jobs = [
        {"name": "a", "input": "problem.xlsx", "set": "settings.months=3"},
        {"name": "b", "after": "a", "gap": "1%"},
    ]
    workbook(folder / "jobs.xlsx", {"jobs": jobs, "defaults": {"gap": 0.01, "input": "problem.xlsx"}})
    return folder


@FUZZING
@given(data=st.data())
def test_a_damaged_problem_is_read_or_refused(data: st.DataObject, folder: Path) -> None:
    """A problem is a dataset or has errors, never an exception."""
    path = folder / "damaged.xlsx"
    path.write_bytes(data.draw(damage((folder / "problem.xlsx").read_bytes())))
    result = read(path)
    assert (result.dataset is None) == bool(result.errors)


@FUZZING
@given(data=st.data())
def test_a_damaged_problem_is_marked_or_refused(data: st.DataObject, folder: Path) -> None:
    """The marked copy of a problem has the faults that the problem has, or there is no copy, in words."""
    path, marked = folder / "faulty.xlsx", folder / "marked.xlsx"
    path.write_bytes(data.draw(damage((folder / "problem.xlsx").read_bytes())))
    marked.unlink(missing_ok=True)
    result = read(path)
    with suppress(WrongUsage):
        annotate(path, marked, result.faults)
        assert "Issues" in names_of_sheets(marked)
        assert not result.tables or set(read(marked).faults) == set(result.faults)


@FUZZING
@given(data=st.data())
def test_a_damaged_problem_is_rolled_or_refused(data: st.DataObject, folder: Path) -> None:
    """The next round of a problem that can be read reads as it was meant, or there is none, in words."""
    path, rolled = folder / "this round.xlsx", folder / "next round.xlsx"
    path.write_bytes(data.draw(damage((folder / "problem.xlsx").read_bytes())))
    before = read(path).dataset
    if before is None or before.settings.months < 2:
        return
    after = roll_forward(before, Plan(), 1).dataset
    with suppress(FaultyWorkbook):
        rewritten_book(path, before, after).save(rolled)
        result = read(rolled)
        assert result.dataset is None or not check_as_meant(result.dataset, after, ["settings", "leases", "fleet"])
        assert all("damaged" not in fault.found for fault in result.errors)


@FUZZING
@given(data=st.data())
def test_a_damaged_plan_is_read_or_refused(data: st.DataObject, folder: Path) -> None:
    """Plans, and the problems inside them, are read or refused as faulty, never with another exception."""
    path, dataset = folder / "damaged_plan.xlsx", read(folder / "problem.xlsx").valid_dataset()
    path.write_bytes(data.draw(damage((folder / "plan.xlsx").read_bytes())))
    for reading in (
        partial(read_plan, path, dataset),
        partial(read_input, path),
        partial(provenance_warnings, path, "", ()),
    ):
        with suppress(FaultyWorkbook):
            reading()


@FUZZING
@given(data=st.data())
def test_damaged_job_files_are_read_or_refused(data: st.DataObject, folder: Path) -> None:
    """Job files, as workbooks and in TOML, are jobs or faults, never another exception."""
    path = folder / "damaged_jobs.xlsx"
    path.write_bytes(data.draw(damage((folder / "jobs.xlsx").read_bytes())))
    text = data.draw(TOML)
    (folder / "damaged.toml").write_bytes(text)
    for source in (path, folder / "damaged.toml"):
        with suppress(FaultyWorkbook):
            read_jobs([str(source)], {})

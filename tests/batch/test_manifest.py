"""The manifest of a batch as a file."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from planner.batch.manifest import JobRecord, Manifest, read_manifest, write_manifest
from planner.batch.reporting.changes import changes
from planner.batch.scheduler import summary_line
from planner.errors import CannotWrite

RECORD = JobRecord(
    name="base",
    input_path="lab.xlsx",
    status="optimal",
    good=True,
    exit_code=0,
    attempts=1,
    started="2026-01-05T06:00:00Z",
    finished="2026-01-05T06:01:00Z",
    seconds=60.0,
    peak_mb=210.5,
    input_sha256="a" * 64,
    data_sha256="b" * 64,
    output_sha256="c" * 64,
    options={"gap": 0.001, "set": ["settings.discount_rate=0.08"]},
    versions={"highspy": "1.15.1"},
    plan_path="jobs/base/plan.xlsx",
    report={"status": "optimal", "objective_usd": 1.5},
    message="",
    reused=False,
)
MANIFEST = Manifest("lab", "2026-01-05T06:00:00Z", None, "0.1.0", (RECORD,))


def test_reads_back_as_written(tmp_path: Path) -> None:
    """A manifest reads back as it was written, every field of every record."""
    path = tmp_path / "manifest.json"
    write_manifest(path, MANIFEST)
    assert read_manifest(path) == MANIFEST
    assert [each.name for each in tmp_path.iterdir()] == ["manifest.json"]


@pytest.mark.parametrize(
    "damage", ['{"batch": 1', "[]", "{}", '{"batch": "b", "records": [{"name": "x"}]}', "\x00" * 20], ids=str
)
def test_a_damaged_manifest_is_none(tmp_path: Path, damage: str) -> None:
    """A file that is no manifest counts as none, so that nothing is taken for done."""
    path = tmp_path / "manifest.json"
    path.write_text(damage, encoding="utf-8")
    assert read_manifest(path) is None
    assert read_manifest(tmp_path / "absent.json") is None


def test_an_unknown_status_is_no_record(tmp_path: Path) -> None:
    """A record with a status nobody knows makes the manifest none."""
    path = tmp_path / "manifest.json"
    write_manifest(path, Manifest("lab", "", None, "0", (JobRecord(**asdict(RECORD) | {"status": "fine"}),)))
    assert read_manifest(path) is None


def test_a_write_that_fails_leaves_the_last_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the disk is full the manifest that was there stays, and nothing half is left beside it."""
    path = tmp_path / "manifest.json"
    write_manifest(path, MANIFEST)

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CannotWrite, match="no space left"):
        write_manifest(path, Manifest("other", "", None, "0", ()))
    monkeypatch.undo()
    assert read_manifest(path) == MANIFEST
    assert [each.name for each in tmp_path.iterdir()] == ["manifest.json"]


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
ANY = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner))
FIELDS = sorted(asdict(RECORD))
REPORTED = (
    "objective_usd",
    "gap",
    "kept",
    "months",
    "decisions",
    "limits",
    "faults",
    "seconds",
    "plan_sha256",
)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(field=st.sampled_from([*FIELDS, *REPORTED]), value=ANY)
@example(field="decisions", value=[{"kind": 1, "name": "L", "month": "2026-01"}])
@example(field="report", value=[])
@example(field="seconds", value="x")
@example(field="started", value="yesterday")
def test_a_damaged_field_never_breaks_a_batch(tmp_path: Path, field: str, value: Any) -> None:
    """A record with anything in any field is set aside, or read and then compared and told."""
    document = asdict(RECORD)
    if field in FIELDS:
        document[field] = value
    else:
        document["report"] = {**RECORD.report, field: value}
    path = tmp_path / "manifest.json"
    head = {"batch": "lab", "started": MANIFEST.started, "finished": None, "planner_version": "0"}
    path.write_text(json.dumps({**head, "records": [document]}), encoding="utf-8")
    found = read_manifest(path)
    assert path.exists() == (found is not None)
    if found is not None:
        told = changes(tmp_path, MANIFEST, found)
        assert [each.name for each in told][:1] == ["base"]
        summary_line(found.records[0])


def test_deeply_nested_damage_is_set_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A file that no parser can go down is told of, and kept under another name."""
    path = tmp_path / "manifest.json"
    path.write_text("[" * 100_000, encoding="utf-8")
    assert read_manifest(path) is None
    assert [each.name for each in tmp_path.iterdir()] == ["manifest.damaged.json"]

"""The JUnit report."""

from __future__ import annotations

from pathlib import Path

import pytest
from batch_records import manifest, record
from defusedxml import ElementTree

from planner.batch.manifest import STATUSES
from planner.batch.reporting.junit import write_junit

ALLOWED = {
    "testsuites": ({"testsuite"}, set()),
    "testsuite": (
        {"properties", "testcase"},
        {"name", "tests", "failures", "errors", "skipped", "time", "timestamp", "hostname"},
    ),
    "testcase": (
        {"skipped", "error", "failure", "system-out"},
        {"name", "classname", "time"},
    ),
    "properties": ({"property"}, set()),
    "property": (set(), {"name", "value"}),
    "skipped": (set(), {"message"}),
    "error": (set(), {"type", "message"}),
    "failure": (set(), {"type", "message"}),
    "system-out": (set(), set()),
}


def test_every_status_has_its_place(tmp_path: Path) -> None:
    """No plan is a failure, a crash an error, what did not run is skipped, and the counts add up."""
    path = tmp_path / "junit.xml"
    write_junit(path, tmp_path, manifest(*(record(f"job {status}", status) for status in STATUSES)))
    (suite,) = ElementTree.parse(path).getroot()
    cases = {
        case.get("name"): [part.tag for part in case if part.tag != "system-out"] for case in suite.iter("testcase")
    }
    assert cases == {
        "job queued": ["skipped"],
        "job running": ["error"],
        "job optimal": [],
        "job stopped": ["failure"],
        "job infeasible": ["failure"],
        "job no_plan": ["failure"],
        "job invalid": ["failure"],
        "job rejected": ["failure"],
        "job failed": ["error"],
        "job killed_time": ["error"],
        "job killed_memory": ["error"],
        "job interrupted": ["error"],
        "job not_started": ["skipped"],
        "job skipped_dependency": ["skipped"],
    }
    for kind, key in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped"), ("testcase", "tests")):
        assert int(suite.get(key)) == len(list(suite.iter(kind)))


def test_only_elements_and_attributes_of_the_usual_schema_are_used(tmp_path: Path) -> None:
    """Readers that check the schema find nothing they do not know."""
    path = tmp_path / "junit.xml"
    write_junit(path, tmp_path, manifest(*(record(f"job {status}", status) for status in STATUSES)))
    for element in ElementTree.parse(path).getroot().iter():
        children, attributes = ALLOWED[element.tag]
        assert {each.tag for each in element} <= children
        assert set(element.keys()) <= attributes
    suite = ElementTree.parse(path).getroot()[0]
    assert suite.get("timestamp") == "2026-05-04T06:00:00"
    assert suite.get("time") == f"{60.0 * len(STATUSES):.3f}"


@pytest.mark.parametrize("odd", ["a<b>&\"'", "\x1b[31mred\x00", "]]> \ud800", "ünï 日本"])
def test_whatever_a_job_says_the_report_can_be_read(tmp_path: Path, odd: str) -> None:
    """Markup, control characters and broken text in names, messages and logs do not spoil the XML."""
    folder = tmp_path / "jobs" / "west"
    folder.mkdir(parents=True)
    (folder / "run.log").write_text(f"first\n{odd}\n", encoding="utf-8", errors="replace")
    path = tmp_path / "junit.xml"
    write_junit(path, tmp_path, manifest(record("west", "failed", message=odd), record(odd, "invalid")))
    case = ElementTree.parse(path).getroot()[0].find("testcase")
    facts, log, *_ = case.find("system-out").text.splitlines()
    assert facts.startswith("status=failed attempts=1 ")
    assert log == "first"
    assert len(case.find("error").get("message")) == len(odd)


def test_the_faults_of_a_workbook_are_told(tmp_path: Path) -> None:
    """A failure because of a faulty workbook lists its cells."""
    fault = {"severity": "error", "sheet": "demand", "cell": "D7", "found": "-1", "expected": "a number of at least 0"}
    path = tmp_path / "junit.xml"
    write_junit(path, tmp_path, manifest(record("west", "invalid", report={"faults": [fault]})))
    told = ElementTree.parse(path).getroot()[0].find("testcase/failure").text
    assert "error: demand!D7: found -1, expected a number of at least 0" in told

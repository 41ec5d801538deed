"""The batch as JUnit XML, which every build server reads: a test case a job.

A job that answers with no plan, or with one that is not accepted, is a failure; a crash or a budget overrun an error;
one that was not run is skipped. Times are seconds. The layout is the schema that Jenkins checks against.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from pathlib import Path

from planner.batch.job_logs import tail
from planner.batch.manifest import JobRecord, Manifest
from planner.batch.reporting.estimates import gap_of
from planner.batch.reporting.status import STATUS_LABELS, counts, ending, why_not_good
from planner.files.atomic import write_durably

LOG_LINES = 60
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_FIGURES = ("objective_usd", "bound_usd", "gap", "saving_usd", "shortfall_bn_tokens")


def write_junit(path: Path, folder: Path, manifest: Manifest) -> None:
    """Writes the report; the ends of the jobs' logs are read from the batch's folder.

    Raises
    ------
    CannotWrite
        It cannot be written.
    """
    suites = ET.Element("testsuites")
    suite = ET.SubElement(suites, "testsuite", _counts(manifest))
    properties = ET.SubElement(suite, "properties")
    about = [("planner_version", manifest.planner_version), ("started", manifest.started)]
    for name, value in [*about, *((f"job {each.name}", _facts(each)) for each in manifest.records)]:
        ET.SubElement(properties, "property", {"name": _text(name), "value": _text(value)})
    for record in manifest.records:
        _case(suite, folder, manifest.batch, record)
    ET.indent(suites)
    text = ET.tostring(suites, encoding="unicode", short_empty_elements=True)
    write_durably(path, f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n')


def _counts(manifest: Manifest) -> dict[str, str]:
    found = counts(manifest.records)
    started = dt.datetime.fromisoformat(manifest.started).astimezone(dt.UTC)
    return {
        "name": _text(manifest.batch),
        "tests": str(len(manifest.records)),
        "failures": str(found["failure"]),
        "errors": str(found["error"]),
        "skipped": str(found["skipped"]),
        "time": _seconds(sum(each.seconds for each in manifest.records)),
        "timestamp": started.strftime("%Y-%m-%dT%H:%M:%S"),
        "hostname": _text(os.environ.get("HOSTNAME") or "localhost"),
    }


def _case(suite: ET.Element, folder: Path, batch: str, record: JobRecord) -> None:
    facts = {"name": _text(record.name), "classname": _text(f"planner.{batch}"), "time": _seconds(record.seconds)}
    case = ET.SubElement(suite, "testcase", facts)
    kind = ending(record)
    message = _text(why_not_good(record))
    if kind == "skipped":
        ET.SubElement(case, "skipped", {"message": message})
    elif kind != "good":
        element = ET.SubElement(case, kind, {"type": record.status, "message": message})
        element.text = _text("\n".join([STATUS_LABELS[record.status], message, *_faults(record)]))
    log = tail(folder / "jobs" / record.name / "run.log", LOG_LINES)
    ET.SubElement(case, "system-out").text = _text(f"{_facts(record)}\n{log}".rstrip())


def _facts(record: JobRecord) -> str:
    """`status=optimal attempts=1 … objective_usd=3022238.0`; the schema has no place for a test case's properties."""
    facts = {
        "status": record.status,
        "attempts": record.attempts,
        "reused": "yes" if record.reused else "no",
        "exit_code": record.exit_code,
        "peak_mb": record.peak_mb,
        **{key: record.report.get(key) for key in _FIGURES} | {"gap": gap_of(record)},
        "input": record.input_path,
        "plan": record.plan_path,
    }
    return " ".join(f"{name}={value}" for name, value in facts.items() if value not in (None, ""))


def _faults(record: JobRecord) -> Iterable[str]:
    for each in record.report.get("faults") or ():
        place = "!".join(part for part in (each.get("sheet"), each.get("cell")) if part)
        yield f"{each.get('severity')}: {place}: found {each.get('found')}, expected {each.get('expected')}"


def _seconds(value: float) -> str:
    return f"{value:.3f}"


def _text(value: str) -> str:
    """The text without the characters that XML cannot hold."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", value)

"""The metrics of a batch, read as the exposition format says."""

from __future__ import annotations

import re
from pathlib import Path

from batch_records import manifest, record

from planner.batch.manifest import STATUSES
from planner.batch.reporting.prometheus import LAST_SUCCESS, write_metrics

SAMPLE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*",?)*)\} (\S+)')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
UNESCAPED = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}
Key = tuple[str, frozenset[tuple[str, str]]]


def samples(path: Path) -> dict[Key, float]:
    """Every sample, once HELP and TYPE were seen to stand before its metric and each metric to be in one piece."""
    found: dict[Key, float] = {}
    seen: list[str] = []
    text = path.read_text(encoding="utf-8")
    assert text.endswith("\n")
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith("# HELP "):
            name = line.split()[2]
            assert name not in seen
            assert next(lines) == f"# TYPE {name} gauge"
            seen.append(name)
            continue
        match = SAMPLE.fullmatch(line)
        assert match, line
        assert match[1] == seen[-1]
        labels = frozenset(
            (name, re.sub(r"\\.", lambda each: UNESCAPED[each[0]], value)) for name, value in LABEL.findall(match[2])
        )
        assert (match[1], labels) not in found
        found[match[1], labels] = float(match[3])
    return found


def of(found: dict[Key, float], name: str, **labels: str) -> float | None:
    return found.get((name, frozenset({"batch": "weekly", **labels}.items())))


def test_the_figures_of_every_job_are_there(tmp_path: Path) -> None:
    """Cost, gap and time of each job are samples; a job without a plan has no cost at all, rather than a 0."""
    path = tmp_path / "metrics.prom"
    write_metrics(path, manifest(record(), record("east", "infeasible")))
    found = samples(path)
    assert of(found, "planner_job_cost_usd", planner_job="west") == 1000.0
    assert of(found, "planner_job_gap_ratio", planner_job="west") == 0.0005
    assert of(found, "planner_job_shortfall_tokens", planner_job="west") == 2.5e9
    assert of(found, "planner_job_peak_memory_bytes", planner_job="west") == 210.5e6
    assert of(found, "planner_job_cost_usd", planner_job="east") is None
    assert of(found, "planner_job_status", planner_job="east", status="infeasible") == 1
    assert sum(value for (name, _), value in found.items() if name == "planner_job_status") == 2
    assert of(found, "planner_batch_jobs", ending="failure") == 1
    assert of(found, "planner_batch_duration_seconds") == 600.0


def test_names_of_any_kind_stay_what_they_are(tmp_path: Path) -> None:
    """Quotes, backslashes and line ends in a job's name are escaped and read back the same."""
    odd = 'a"b\\n\nü{}= ,'
    path = tmp_path / "metrics.prom"
    write_metrics(path, manifest(record(odd), record(status="failed")))
    found = samples(path)
    assert of(found, "planner_job_good", planner_job=odd) == 1.0
    assert len([1 for name, _ in found if name == "planner_job_status"]) == 2 * len(STATUSES)


def test_the_last_success_stays_until_the_next_one(tmp_path: Path) -> None:
    """A bad batch keeps the time of the last good one, so that an alert by age goes off; a good one renews it."""
    path = tmp_path / "metrics.prom"
    weeks = ["2026-05-04T06:10:00+00:00", "2026-05-11T06:10:00+00:00", "2026-05-18T06:10:00Z"]
    times = []
    for week, status in zip(weeks, ("optimal", "failed", "optimal"), strict=True):
        write_metrics(path, manifest(record(status=status), finished=week))
        times.append(of(samples(path), LAST_SUCCESS))
    assert times == [1777875000.0, 1777875000.0, 1777875000.0 + 14 * 86400]


def test_the_first_batch_that_fails_has_no_success(tmp_path: Path) -> None:
    """No success is no sample, unless the previous batch's manifest has one."""
    path = tmp_path / "metrics.prom"
    write_metrics(path, manifest(record(status="failed")))
    assert of(samples(path), LAST_SUCCESS) is None
    write_metrics(path, manifest(record(status="failed")), manifest(record()))
    assert of(samples(path), LAST_SUCCESS) == 1777875000.0


def test_a_batch_broken_off_is_no_success(tmp_path: Path) -> None:
    """Good jobs of a batch that did not finish do not count as a success."""
    path = tmp_path / "metrics.prom"
    write_metrics(path, manifest(record(), finished=None))
    assert of(samples(path), LAST_SUCCESS) is None

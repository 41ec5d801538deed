"""What an AuditReport says: every rule once, the worst place, every failing place up to a point."""

from __future__ import annotations

from dataclasses import replace

import pytest
from unit import plan_cases as cases
from unit.plans import changed

from models.audit import RULES, AuditReport, audit
from models.audit.report import LISTED, Findings
from models.plan import OnDemandUse


def report_of(*places: tuple[float, float]) -> AuditReport:
    findings = Findings({"kept_low": "what is found stays low", "never": "nobody looks"}, 1e-6)
    for number, (found, limit) in enumerate(places):
        findings.at_most("kept_low", f"place {number}", found, limit, 10.0)
    return findings.report()


def test_the_worst_place_speaks_for_its_rule() -> None:
    """Of places 1 and 3 beyond a limit on a scale of 10 the second is told, with 0.3; both are listed, worst first."""
    check, silent = report_of((6, 5), (8, 5), (4, 5)).checks
    assert (check.where, check.found, check.limit, check.violation) == ("place 1", 8, 5, 0.3)
    assert (check.places, check.failed, check.passed) == (3, 2, False)
    assert [place.where for place in check.failures] == ["place 1", "place 0"]
    assert silent.passed
    assert silent.places == 0


def test_no_more_than_twenty_places_are_listed() -> None:
    """Of thirty failing places all are counted and the twenty worst are listed."""
    check = report_of(*((5 + number, 5) for number in range(31))).checks[0]
    assert check.failed == 30
    assert len(check.failures) == LISTED == 20
    assert check.failures[-1].found == 16


@pytest.mark.parametrize("found", [float("nan"), float("inf")])
def test_what_is_no_number_is_a_breach(found: float) -> None:
    """A figure that cannot be compared does not pass for a small one."""
    report = report_of((found, 5))
    assert not report.passed
    assert report.largest_violation == 1.0


def test_no_limit_is_no_breach() -> None:
    """Anything is within a limit that is infinite."""
    assert report_of((1e12, float("inf"))).passed


def test_the_report_is_as_bad_as_its_worst_rule() -> None:
    """`passed` and `largest_violation` are of all rules together, `failed` the broken ones, worst first."""
    dataset, plan = cases.busy_fleet()
    report = audit(dataset, changed(plan, "source_use", 0, accelerators=8.5))
    assert {check.rule for check in report.failed} >= {"work_is_done", "pools_keep_margin"}
    violations = [check.violation for check in report.failed]
    assert violations == sorted(violations, reverse=True)
    assert report.largest_violation == violations[0]
    assert {check.rule for check in report.checks if check.passed} | {each.rule for each in report.failed} == set(RULES)


def test_a_place_names_month_and_what() -> None:
    """The failing place says the month, the offer and the load block in which it fails."""
    dataset, plan = cases.busy_fleet()
    plan = replace(plan, on_demand=(OnDemandUse(1, "day", "spot", "us", "H100", 2.0), *plan.on_demand))
    broken = {check.rule: check for check in audit(dataset, plan).failed}
    assert broken["on_demand_within_cap"].where == "2026-02 spot us H100, day"
    assert (broken["on_demand_within_cap"].found, broken["on_demand_within_cap"].limit) == (3.0, 1.0)

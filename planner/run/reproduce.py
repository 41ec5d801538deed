"""A plan made again from what its own workbook carries: the input it was made from, and the options of its run."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

from models.audit import AuditReport
from models.plan import Plan
from models.stochastic.fixed_decisions import kept_decisions
from planner.analysis.plan_audit import audit_plan_file
from planner.analysis.plan_comparison import ComparedPlan, Comparison, against, read_side
from planner.errors import Interrupted
from planner.excel.plan_file import plan_file_fault
from planner.excel.plan_reader import run_record
from planner.excel.scenario_plan_reader import read_earlier_plans
from planner.interrupt import Stop
from planner.reports.run_result import RunResult
from planner.run.options import PlanOptions
from planner.run.solve import solve_dataset
from planner.run.versions import versions
from planner.solving.progress import LiveText
from planner.terminal import PHASE
from planner.version import __version__

log = logging.getLogger("planner")
SLACK = 1e-6
"""Relative differences of cost below this are the solver's tolerances."""
_UNUSED = ("alternatives", "within", "stress")
"""Options that only look for more plans."""
Record = Mapping[tuple[str, str], Any]


@dataclass(frozen=True, slots=True)
class Reproduction:
    """What came of making a plan again.

    `comparison` is None where no plan was found now; `changed_versions` are those then and now, by name; `audit` is of
    the plan as it stands.
    """

    verdict: Literal["same", "differs", "unknown"]
    why: str
    audit: AuditReport
    comparison: Comparison | None
    changed_versions: Mapping[str, tuple[str, str]]
    result: RunResult


def reproduce(
    path: Path, *, time_limit: float | None = None, stop: Stop | None = None, live: LiveText | None = None
) -> Reproduction:
    """Solves again from the sheets `Input` and `Run` of a plan.

    Parameters
    ----------
    path
        The plan workbook.
    time_limit
        Seconds for everything; that of the plan's own run where none is given.
    stop
        Asked again and again whether the search shall stop.
    live
        Shown a line of progress, again and again.

    Raises
    ------
    FaultyWorkbook
        It is no plan workbook that carries its input and its run, or the plan that it kept to is gone.
    Interrupted
        The search was stopped before there was a plan.
    """
    began, stop = time.monotonic(), stop or Stop()
    log.info("Reading %s", path, extra=PHASE)
    old, record = read_side(path), run_record(path)
    options, kept = _options(path, record), _kept(path, old, record)
    if time_limit is not None:
        options = replace(options, time_limit=time_limit)
    report = audit_plan_file(old.dataset, path)
    result = solve_dataset(old.dataset, options, keep=kept, stop=stop, live=live, began=began)
    if stop.requested and not result.has_plan:
        raise Interrupted(stop.signal_number)
    comparison = None
    if result.has_plan:
        new = ComparedPlan("solved again", path, result.plan_set, result.bound_usd)
        comparison = Comparison(old, (against(old, new),))
    verdict, why = _verdict(old, report, comparison, result, options.gap, keeps=kept is not None)
    return Reproduction(verdict, why, report, comparison, _changed_versions(record), result)


def _options(path: Path, record: Record) -> PlanOptions:
    """The options recorded, those that only look for more plans left out."""
    values: dict[str, Any] = {}
    for each in fields(PlanOptions):
        recorded = record.get(("option", each.name))
        if recorded is not None and each.name not in _UNUSED:
            default = each.default
            if recorded == "none":
                values[each.name] = None
            elif isinstance(recorded, str) == isinstance(default, str):
                values[each.name] = int(recorded) if isinstance(default, int) else recorded
            else:
                raise _unusable(path, f"the option {each.name} as {recorded!r:.40}")
    if not values:
        raise _unusable(path, "no options of a run")
    return PlanOptions(**values)


def _kept(path: Path, old: ComparedPlan, record: Record) -> Plan | None:
    """The plan that the plan was to keep to, from where it was then."""
    name = record.get(("option", "keep"), "none")
    if name == "none":
        return None
    if not Path(str(name)).is_file():
        raise _unusable(path, f"a plan made with --keep {name}, which is no file here")
    return kept_decisions(old.dataset, read_earlier_plans(Path(str(name)), old.dataset))


def _unusable(path: Path, found: str) -> Exception:
    return plan_file_fault(path, f"on its sheet Run {found}", "Write the plan again with `planner solve`.")


def _verdict(
    old: ComparedPlan,
    report: AuditReport,
    comparison: Comparison | None,
    result: RunResult,
    gap: float,
    *,
    keeps: bool,
) -> tuple[Literal["same", "differs", "unknown"], str]:
    """Whether two plans are the same within their gaps, and why; `keeps`: each is the best with charges beside cost."""
    if not report.passed:
        return "differs", "the audit rejects the plan as it stands"
    if comparison is None:
        if result.status == "infeasible":
            return "differs", "no plan exists now"
        if result.status == "rejected":
            return "differs", "the audit rejects the plan that was found now"
        return "unknown", "the search was stopped before it found a plan"
    new = comparison.others[0].side
    costs = (old.objective_usd, new.objective_usd)
    size = max(map(abs, costs))
    bounds = [side.bound_usd for side in (old, new) if side.bound_usd is not None]
    allowed = gap if keeps else max(gap, old.gap or 0.0)  # with charges, that of the file is of plans free to depart
    # each bound is below the optimum, and both costs are above it; with charges beside cost there is no such bound
    apart = abs(costs[0] - costs[1]) - allowed * size if keeps else max(bounds, default=-math.inf) - min(costs)
    if apart > SLACK * size:
        return "differs", "the costs are further apart than the gaps"
    if result.status == "optimal" or (new.gap is not None and new.gap <= allowed):
        return "same", "the costs are the same within the gaps"
    return "unknown", "the search was stopped before its gap was that of the plan"


def _changed_versions(record: Record) -> dict[str, tuple[str, str]]:
    now = {"planner": __version__, **versions()}
    then = {name: str(record.get(("version", name), "unknown")) for name in now}
    return {name: (then[name], now[name]) for name in now if then[name] != now[name]}

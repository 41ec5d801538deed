"""Figures and runs in words, for the terminal and the log."""

from __future__ import annotations

from collections.abc import Iterator

from models.audit import AuditReport
from models.dataset import Dataset
from planner.formatting import fault_lines, money, percent, shortened
from planner.reports.run_result import RunResult

STATUS_WORDS = {
    "optimal": "Plan found, proven within the gap asked for",
    "stopped": "Stopped early; the best plan found so far",
    "infeasible": "No plan exists that keeps every rule of the workbook",
    "no_plan": "Stopped early, before any plan was found",
    "invalid": "The workbook has faults",
    "rejected": "The plan failed its audit and is not published",
}


def summary_lines(report: RunResult, dataset: Dataset | None) -> Iterator[str]:
    """What came out, on a few lines."""
    currency = dataset.settings.currency if dataset else "USD"
    yield f"{report.plan_name}: {STATUS_WORDS[report.status]}."
    if report.status == "invalid":
        yield from fault_lines(report.faults)
    if report.status == "infeasible" and report.repairs is not None and dataset is not None:
        from planner.reports.infeasibility import repair_lines

        yield from repair_lines(report.repairs, dataset)[1:]
        yield f"  Explanation       {report.explanation_path}"
    elif report.status == "infeasible" and dataset is not None and dataset.scenarios:
        yield (
            "Each scenario has a plan if it is certain, but none has decisions that serve all of them alike. Allow "
            "shortfall (segments: shortfall_usd_per_mtok), loosen caps and rules, or tell scenarios apart earlier."
        )
    elif report.status == "infeasible":
        yield (
            "Demand, caps, rules or shortfall limits ask for more than everything on offer can do together. "
            "Allow shortfall (segments: shortfall_usd_per_mtok), loosen caps and rules, or put more on offer."
        )
    if report.status == "rejected" and report.audit is not None:
        yield from (f"  {line}" for line in audit_lines(report.audit))
    if report.status in ("optimal", "stopped") and report.together is not None and dataset is not None:
        from planner.reports.scenarios.run_json import joint_lines

        yield from joint_lines(dataset, report.together, report.base_case_usd)
    elif report.status in ("optimal", "stopped"):
        yield from _figures(report, currency)
    if report.plan is not None and dataset is not None and report.status in ("optimal", "stopped"):
        yield from _first_decisions(report, dataset)
    if report.status in ("optimal", "stopped"):
        yield from _kept(report, currency)
        yield from _alternatives(report, dataset)
    if report.plan_path:
        yield f"  Plan              {report.plan_path}"


def audit_lines(report: AuditReport) -> Iterator[str]:
    """The rules that are broken, worst first: what each says, and where it is broken most."""
    for check in report.failed:
        more = f", and in {check.failed - 1} more" if check.failed > 1 else ""
        yield f"BROKEN  {check.what}: found {check.found:,.9g}, limit {check.limit:,.9g} at {check.where}{more}"


def _figures(report: RunResult, currency: str) -> Iterator[str]:
    objective, bound = report.objective_usd, report.bound_usd
    yield f"  Net present cost  {money(objective, currency)}"
    if objective is not None and bound is not None:
        beyond = money(max(objective - bound, 0.0), currency)
        yield f"  Gap               {percent(report.gap)} (at most {beyond} above the best possible)"
    if report.base_case_usd is not None and objective is not None:
        saving = report.base_case_usd - objective
        yield f"  Signing nothing   {money(report.base_case_usd, currency)}; the plan saves {money(saving, currency)}"


def _kept(report: RunResult, currency: str) -> Iterator[str]:
    kept = report.kept
    if kept is None:
        return
    units = sum(kept.departed.values())
    charge = money(kept.charge_usd, currency)
    yield f"  Departs in        {units} unit{'s' if units != 1 else ''}, charged {charge} (in no cost)"
    for each in kept.because:
        yield f"  Kept for it       free to depart: {each.words}"
    if kept.because:
        yield f"  {'':<17} a plan free to depart would cost {money(kept.saving_usd, currency)} less"


def _alternatives(report: RunResult, dataset: Dataset | None) -> Iterator[str]:
    if not report.alternatives or report.plan is None or dataset is None:
        return
    from planner.analysis.alternatives import agreed

    found = agreed((report.plan, *(each.plan for each in report.alternatives)))
    for position, each in enumerate(each for each in found if each.all_agree):
        head = "All plans sign" if position == 0 else ""
        yield f"  {head:<17} {dataset.label(each.month)}: {each.units[0]} of {each.name}"
    for number, other in enumerate(report.alternatives, start=1):
        extra = percent((other.cost_usd - report.plan.objective_usd) / abs(report.plan.objective_usd or 1.0))
        words = shortened("; ".join(other.words), 200)
        yield f"  Alternative {number:<5} {extra} more, {other.apart_mw:,.4g} MW apart: {words}"


def _first_decisions(report: RunResult, dataset: Dataset) -> Iterator[str]:
    assert report.plan is not None
    chosen = [each for each in report.plan.signings if not each.signed]
    if not chosen:
        yield "  Sign              nothing new"
        return
    first = min(each.month for each in chosen)
    now = [each for each in chosen if each.month == first]
    for position, each in enumerate(now[:6]):
        unit = "block" if each.kind == "contract" else "unit"
        units = f"{each.units} {unit}{'s' if each.units > 1 else ''}"
        what = f"{each.kind.replace('_', '-')}, {units} for {each.term_months} months"
        yield f"  {'Sign first' if position == 0 else '':<17} {dataset.label(first)}: {each.name} ({what})"
    left = len(chosen) - min(len(now), 6)
    if left:
        yield f"  {'':<17} and {left} more signing{'s' if left > 1 else ''}, listed in the plan"

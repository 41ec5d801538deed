"""Figures and runs in words, for the terminal and the log."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from models.audit import AuditReport
from models.dataset import Dataset
from models.faults import Fault
from planner.report import RunReport

STATUS_WORDS = {
    "optimal": "Plan found, proven within the gap asked for",
    "stopped": "Stopped early; the best plan found so far",
    "infeasible": "No plan exists that keeps every rule of the workbook",
    "no_plan": "Stopped early, before any plan was found",
    "invalid": "The workbook has faults",
    "rejected": "The plan failed its audit and is not published",
}


def money(amount: float | None, currency: str = "USD") -> str:
    """An amount in words of a suitable size.

    >>> money(45_123_000_000), money(-1250), money(None)
    ('45.12 bn USD', '-1,250 USD', '-')
    """
    if amount is None or not math.isfinite(amount):
        return "-"
    if abs(amount) < 0.5:
        return f"0 {currency}"
    for size, word in ((1e9, "bn "), (1e6, "m ")):
        if abs(amount) >= size:
            return f"{amount / size:,.2f} {word}{currency}"
    return f"{amount:,.0f} {currency}"


def percent(share: float | None) -> str:
    """A share as a percentage with the digits that matter.

    >>> percent(0.00123), percent(0.25), percent(1e-16), percent(64.2)
    ('0.123 %', '25 %', '0 %', '6,420 %')
    """
    if share is None or not math.isfinite(share):
        return "-"
    if abs(share) >= 10.0:
        return f"{100 * share:,.0f} %"
    return f"{100 * share:.3g} %" if abs(share) > 1e-9 else "0 %"


def fault_lines(faults: tuple[Fault, ...]) -> Iterator[str]:
    """Every fault on a line, errors first, and how many there are."""
    for severity in ("error", "warning"):
        for fault in faults:
            if fault.severity == severity:
                yield f"{severity}: {fault}"


def count_of_faults(faults: tuple[Fault, ...]) -> str:
    """
    >>> count_of_faults(())
    'no faults'
    """
    parts = []
    for severity in ("error", "warning"):
        count = sum(fault.severity == severity for fault in faults)
        if count:
            parts.append(f"{count} {severity}{'s' if count > 1 else ''}")
    return ", ".join(parts) or "no faults"


def summary_lines(report: RunReport, dataset: Dataset | None) -> Iterator[str]:
    """What came out, on a few lines."""
    currency = dataset.settings.currency if dataset else "USD"
    yield f"{report.plan_name}: {STATUS_WORDS[report.status]}."
    if report.status == "invalid":
        yield from fault_lines(report.faults)
    if report.status == "infeasible" and report.repairs is not None and dataset is not None:
        from planner.explain.repairs_report import repair_lines

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
        from planner.uncertain.told import joint_lines

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


def _figures(report: RunReport, currency: str) -> Iterator[str]:
    objective, bound = report.objective_usd, report.bound_usd
    yield f"  Net present cost  {money(objective, currency)}"
    if objective is not None and bound is not None:
        beyond = money(max(objective - bound, 0.0), currency)
        yield f"  Gap               {percent(report.gap)} (at most {beyond} above the best possible)"
    if report.base_case_usd is not None and objective is not None:
        saving = report.base_case_usd - objective
        yield f"  Signing nothing   {money(report.base_case_usd, currency)}; the plan saves {money(saving, currency)}"


def _kept(report: RunReport, currency: str) -> Iterator[str]:
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


def _alternatives(report: RunReport, dataset: Dataset | None) -> Iterator[str]:
    if not report.alternatives or report.plan is None or dataset is None:
        return
    from planner.alternatives import agreed

    found = agreed((report.plan, *(each.plan for each in report.alternatives)))
    for position, each in enumerate(each for each in found if each.all_agree):
        head = "All plans sign" if position == 0 else ""
        yield f"  {head:<17} {dataset.label(each.month)}: {each.units[0]} of {each.name}"
    for number, other in enumerate(report.alternatives, start=1):
        extra = percent((other.cost_usd - report.plan.objective_usd) / abs(report.plan.objective_usd or 1.0))
        words = shortened("; ".join(other.words), 200)
        yield f"  Alternative {number:<5} {extra} more, {other.apart_mw:,.4g} MW apart: {words}"


def _first_decisions(report: RunReport, dataset: Dataset) -> Iterator[str]:
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


def shortened(text: str, most: int) -> str:
    """A list in words, cut after the last of its parts that fits.

    >>> shortened("one; two; three", 10), shortened("one; two", 10)
    ('one; two; …', 'one; two')
    """
    if len(text) <= most:
        return text
    kept = text[:most].rpartition("; ")[0]
    return f"{kept}; …" if kept else f"{text[: most - 2].rpartition(' ')[0]} …"


def money_scale(amounts: Iterable[float | None]) -> tuple[float, str]:
    """The size and word that money is shown in where the largest of it is as large as this.

    >>> money_scale([3e9, None]), money_scale([-5e6, 1.0]), money_scale([])
    ((1000000000.0, 'bn'), (1000000.0, 'm'), (1.0, ''))
    """
    largest = max((abs(each) for each in amounts if each is not None), default=0.0)
    return next(((size, word) for size, word in ((1e9, "bn"), (1e6, "m")) if largest >= size), (1.0, ""))

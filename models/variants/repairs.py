"""Repairs: the edits of a workbook that relax the rules violated, in words and applied to its Dataset."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from models.dataset import Dataset
from models.schema import Fleet, sheet
from models.variants.elastic import RelaxableRule, Violation

RATIOS = ("capacity_share", "cash_share_of_revenue", "shortfall_share")
"""Measures of caps whose value is a share."""


@dataclass(frozen=True, slots=True)
class RuleChange:
    """One edit: `row` is the key of the row, `found` what is written, `needed` what would do, both as text.

    `amount` in `unit` is how far that goes; `words` is a clause that tells a person what to do. `values` are the
    row's columns as the edit leaves them; without any the row goes, or is new where it has no key.
    """

    rule: RelaxableRule
    sheet: str
    row: str
    column: str
    found: str
    needed: str
    words: str
    amount: float = 1.0
    unit: str = ""
    first_month: int = 0
    last_month: int = 0
    values: Mapping[str, Any] = field(default_factory=dict)


def outwards(value: float, up: bool, digits: int = 3) -> float:
    """The value rounded away from what is too tight, to so many digits.

    >>> outwards(0.70412, True), outwards(0.70412, False), outwards(1234567.0, True)
    (0.705, 0.704, 1240000.0)
    """
    if not value:
        return 0.0
    scale = 10.0 ** (digits - 1 - math.floor(math.log10(abs(value))))
    return (math.ceil(value * scale - 1e-9) if up else math.floor(value * scale + 1e-9)) / scale


def change_of(dataset: Dataset, violation: Violation) -> RuleChange:
    """The edit that relaxes a rule as far as it is violated, amounts rounded outwards."""
    kind = violation.rule.kind
    edits = {
        "cap": _cap,
        "rule": _rule,
        "capacity": _missing_power,
        "shortfall": _shortfall,
        "credit_line_usd": _credit,
        "run": _run,
    }
    change = edits.get(kind, _segment)(dataset, violation)
    months = list(violation.by_month if kind in ("capacity", "shortfall") else dataset.horizon)
    return replace(change, first_month=months[0], last_month=months[-1])


def _rule(dataset: Dataset, violation: Violation) -> RuleChange:
    rule = next(each for each in dataset.rules if each.rule == violation.rule.name)
    words = f"drop rule {rule.rule} ({rule.kind} {'; '.join(rule.offers)})"
    return RuleChange(violation.rule, "rules", rule.rule, "kind", rule.kind, "no such rule", words, unit="rule")


def _run(dataset: Dataset, violation: Violation) -> RuleChange:
    name = violation.rule.name
    values = {"must": False, "value_usd": dataset.named("runs")[name].value_usd or 0.0}
    words = f"let run {name} be left out"
    return RuleChange(
        violation.rule,
        "runs",
        name,
        "must, value_usd",
        "must be done",
        "may be left out",
        words,
        unit="run",
        values=values,
    )


def _missing_power(dataset: Dataset, violation: Violation) -> RuleChange:
    region, hardware = violation.rule.name, violation.rule.hardware
    mw, months, last = outwards(violation.most, True), tuple(violation.by_month), dataset.settings.months - 1
    since = "in" if months[0] == months[-1] < last else "from"
    words = f"{mw:,.6g} MW of {hardware} missing in {region} {since} {dataset.label(months[0])}"
    words += "" if months[-1] in (months[0], last) else f" to {dataset.label(months[-1])}"
    needed = f"{mw:.6g} MW more"
    return RuleChange(violation.rule, "fleet", "", "accelerators", "", needed, words, mw, "MW")


def _shortfall(dataset: Dataset, violation: Violation) -> RuleChange:
    segment, share = dataset.segment_of[violation.rule.name], _shortfall_share(dataset, violation)
    price, months = segment.shortfall_usd_per_mtok, tuple(violation.by_month)
    words = f"allow {100 * share:.3g} % shortfall of {segment.segment} (in {dataset.label(months[0])}"
    words += ")" if len(months) == 1 else f" to {dataset.label(months[-1])})"
    return RuleChange(
        violation.rule,
        "segments",
        segment.segment,
        "shortfall_usd_per_mtok, max_shortfall_share",
        "not allowed" if price is None else "at most 0",
        f"a price, and at most {share:.4g}",
        words,
        share,
        "share",
        values={
            "shortfall_usd_per_mtok": segment.revenue_usd_per_mtok if price is None else price,
            "max_shortfall_share": share,
        },
    )


def _segment(dataset: Dataset, violation: Violation) -> RuleChange:
    """A column of a segment that is a rule by itself."""
    column, name = violation.rule.kind, violation.rule.name
    found, amount, needed = getattr(dataset.segment_of[name], column), 1.0, 0.0
    if column == "max_shortfall_share":
        needed = min(1.0, outwards(found + violation.most, True))
        amount = needed - found
        told = f"{found:g}", f"{needed:g}", f"raise max_shortfall_share of {name} from {found:g} to {needed:g}"
    elif column == "single_site":
        told = "yes", "no", f"let {name} run at more than one site"
    elif column == "may_tighten":
        needed = 1.0
        told = "no", "yes", f"let the limits of {name} be tightened"
    else:
        amount = float(found)
        told = str(found), "0", f"let the limits of {name} change each month, not only every {found} months"
    values: dict[str, Any] = {column: type(found)(needed)}
    return RuleChange(violation.rule, "segments", name, column, *told, amount, values=values)


def _cap(dataset: Dataset, violation: Violation) -> RuleChange:
    cap = next(each for each in dataset.caps if each.cap == violation.rule.name)
    up = cap.sense == "max"
    needed = outwards(cap.value + (violation.most if up else -violation.most), up)
    unit = "MW" if cap.measure == "capacity_mw" else "share" if cap.measure in RATIOS else "USD"
    digits = ",.0f" if unit == "USD" and max(abs(cap.value), abs(needed)) >= 1e6 else ",.6g"
    words = f"{'lift' if up else 'lower'} cap {cap.cap} from {cap.value:{digits}} to {needed:{digits}}"
    words += "" if unit == "share" else f" {unit}"
    told = f"{cap.value:.6g}", f"{needed:.6g}", words
    amount = abs(needed - cap.value)
    return RuleChange(violation.rule, "caps", cap.cap, "value", *told, amount, unit, values={"value": needed})


def _credit(dataset: Dataset, violation: Violation) -> RuleChange:
    found = dataset.settings.credit_line_usd
    needed = outwards(found + violation.most, True)
    words = f"raise credit_line_usd from {found:,.6g} to {needed:,.6g} USD"
    told = f"{found:.6g}", f"{needed:.6g}", words
    values = {"credit_line_usd": needed}
    return RuleChange(violation.rule, "settings", "", "credit_line_usd", *told, needed - found, "USD", values=values)


def _shortfall_share(dataset: Dataset, violation: Violation) -> float:
    """The largest share of a month's baseline demand that goes unserved, rounded up; after limits it can be more."""
    from models.demand.baseline import baseline_demand

    worst = 0.0
    for t, short in violation.by_month.items():
        demanded = sum(
            per_day[t] * dataset.hours(t) / 24.0
            for (segment, _), per_day in baseline_demand(dataset).items()
            if segment == violation.rule.name
        )
        worst = max(worst, short / demanded if demanded else 1.0)
    return min(1.0, outwards(worst, True))


def repaired(dataset: Dataset, changes: Iterable[RuleChange]) -> Dataset:
    """The dataset with the edits made."""
    for change in changes:
        dataset = _apply(dataset, change)
    return dataset


def _apply(dataset: Dataset, change: RuleChange) -> Dataset:
    if change.rule.kind == "capacity":
        return replace(dataset, fleet=(*dataset.fleet, _missing(dataset, change)))
    if change.sheet == "settings":
        return replace(dataset, settings=replace(dataset.settings, **change.values))
    rows: list[Any] = []
    for row in dataset.rows(change.sheet):
        if getattr(row, sheet(change.sheet).key[0]) != change.row:
            rows.append(row)
        elif change.values:
            rows.append(replace(row, **change.values))
    return dataset.with_rows(**{change.sheet: rows})


def _missing(dataset: Dataset, change: RuleChange) -> Fleet:
    """The asset that has the power missing."""
    region, hardware = change.rule.name, change.rule.hardware
    return Fleet(
        asset=f"missing {hardware} in {region}",
        provider="missing",
        region=region,
        hardware=hardware,
        accelerators=change.amount * 1000.0 / dataset.hardware_of[hardware].kw,
        from_month=dataset.month(change.first_month),
        until_month=dataset.month(change.last_month),
    )

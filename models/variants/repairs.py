"""Repairs: the edits of a workbook that relax the rules violated, in words and applied to its Dataset."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from models.dataset import Dataset
from models.schema import Fleet
from models.variants.elastic import RelaxableRule, Violation

RATIOS = ("capacity_share", "cash_share_of_revenue", "shortfall_share")
"""Measures of caps whose value is a share."""


@dataclass(frozen=True, slots=True)
class RuleChange:
    """One edit: `row` is the key of the row, `found` what is written, `needed` what would do, both as text.

    `amount` in `unit` is how far that goes; `words` is a clause that tells a person what to do.
    """

    rule: RelaxableRule
    sheet: str
    row: str
    column: str
    found: str
    needed: str
    amount: float
    unit: str
    first_month: int
    last_month: int
    words: str


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
    kind, name, last = violation.rule.kind, violation.rule.name, dataset.settings.months - 1
    if kind == "cap":
        return _cap(dataset, violation)
    if kind == "capacity":
        region, hardware = name, violation.rule.hardware
        mw, months = outwards(violation.most, True), list(violation.by_month)
        since = "in" if months[0] == months[-1] < last else "from"
        words = f"{mw:,.6g} MW of {hardware} missing in {region} {since} {dataset.label(months[0])}"
        words += "" if months[-1] in (months[0], last) else f" to {dataset.label(months[-1])}"
        return RuleChange(
            violation.rule,
            "fleet",
            "",
            "accelerators",
            "",
            f"{mw:.6g} MW more",
            mw,
            "MW",
            months[0],
            months[-1],
            words,
        )
    if kind == "shortfall":
        share, months = _shortfall_share(dataset, violation), list(violation.by_month)
        found = dataset.segment_of[name].shortfall_usd_per_mtok
        words = f"allow {100 * share:.3g} % shortfall of {name} (in {dataset.label(months[0])}"
        words += ")" if len(months) == 1 else f" to {dataset.label(months[-1])})"
        return RuleChange(
            violation.rule,
            "segments",
            name,
            "shortfall_usd_per_mtok, max_shortfall_share",
            "not allowed" if found is None else "at most 0",
            f"a price, and at most {share:.4g}",
            share,
            "share",
            months[0],
            months[-1],
            words,
        )
    if kind == "max_shortfall_share":
        found_share = dataset.segment_of[name].max_shortfall_share
        needed = min(1.0, outwards(found_share + violation.most, True))
        words = f"raise max_shortfall_share of {name} from {found_share:g} to {needed:g}"
        return _segment(
            dataset, violation, "max_shortfall_share", f"{found_share:g}", f"{needed:g}", needed - found_share, words
        )
    if kind == "single_site":
        return _segment(dataset, violation, "single_site", "yes", "no", 1.0, f"let {name} run at more than one site")
    if kind == "may_tighten":
        return _segment(dataset, violation, "may_tighten", "no", "yes", 1.0, f"let the limits of {name} be tightened")
    if kind == "min_months_between_changes":
        found_months = dataset.segment_of[name].min_months_between_changes
        words = f"let the limits of {name} change each month, not only every {found_months} months"
        return _segment(dataset, violation, kind, str(found_months), "0", float(found_months), words)
    rule = next(each for each in dataset.rules if each.rule == name)
    words = f"drop rule {name} ({rule.kind} {'; '.join(rule.offers)})"
    return RuleChange(violation.rule, "rules", name, "kind", rule.kind, "no such rule", 1.0, "rule", 0, last, words)


def _segment(
    dataset: Dataset, violation: Violation, column: str, found: str, needed: str, amount: float, words: str
) -> RuleChange:
    last = dataset.settings.months - 1
    return RuleChange(
        violation.rule, "segments", violation.rule.name, column, found, needed, amount, "", 0, last, words
    )


def _cap(dataset: Dataset, violation: Violation) -> RuleChange:
    cap = next(each for each in dataset.caps if each.cap == violation.rule.name)
    up = cap.sense == "max"
    needed = outwards(cap.value + (violation.most if up else -violation.most), up)
    unit = "MW" if cap.measure == "capacity_mw" else "share" if cap.measure in RATIOS else "USD"
    verb = "lift" if up else "lower"
    digits = ",.0f" if unit == "USD" and max(abs(cap.value), abs(needed)) >= 1e6 else ",.6g"
    words = f"{verb} cap {cap.cap} from {cap.value:{digits}} to {needed:{digits}}"
    words += "" if unit == "share" else f" {unit}"
    last = dataset.settings.months - 1
    amount = abs(needed - cap.value)
    return RuleChange(
        violation.rule,
        "caps",
        cap.cap,
        "value",
        f"{cap.value:.6g}",
        f"{needed:.6g}",
        amount,
        unit,
        0,
        last,
        words,
    )


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
    kind, name = change.rule.kind, change.rule.name
    if kind == "cap":
        moved = {"max": change.amount, "min": -change.amount}
        caps = (replace(cap, value=cap.value + moved[cap.sense]) if cap.cap == name else cap for cap in dataset.caps)
        return replace(dataset, caps=tuple(caps))
    if kind == "rule":
        return replace(dataset, rules=tuple(each for each in dataset.rules if each.rule != name))
    if kind == "capacity":
        region, hardware = name, change.rule.hardware
        accelerators = change.amount * 1000.0 / dataset.hardware_of[hardware].kw
        missing = Fleet(
            asset=f"missing {hardware} in {region}",
            provider="missing",
            region=region,
            hardware=hardware,
            accelerators=accelerators,
            from_month=dataset.month(change.first_month),
            until_month=dataset.month(change.last_month),
        )
        return replace(dataset, fleet=(*dataset.fleet, missing))
    segment = dataset.segment_of[name]
    price = segment.shortfall_usd_per_mtok
    wanted: dict[str, dict[str, Any]] = {
        "shortfall": {
            "shortfall_usd_per_mtok": segment.revenue_usd_per_mtok if price is None else price,
            "max_shortfall_share": min(1.0, change.amount),
        },
        "max_shortfall_share": {"max_shortfall_share": min(1.0, segment.max_shortfall_share + change.amount)},
        "single_site": {"single_site": False},
        "may_tighten": {"may_tighten": True},
        "min_months_between_changes": {"min_months_between_changes": 0},
    }
    segment = replace(segment, **wanted[kind])
    return replace(dataset, segments=tuple(segment if each.segment == name else each for each in dataset.segments))

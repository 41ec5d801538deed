"""Policy: caps name what there is, and scenarios add up."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from models.checks.context import CheckContext, fault_in
from models.checks.names import sources
from models.faults import Fault, closest
from models.realization import ALL
from models.schema import ScenarioFactor
from models.supply.kind import OfferKind
from models.supply.registry import bought, uncertain


def names_of_caps(context: CheckContext) -> Iterator[Fault]:
    """The name of a cap is known in its scope."""
    known = {
        "provider": context.used("provider", *sources(), "on_demand"),
        "vendor": context.used("vendor", "hardware"),
        "hardware": context.names["hardware"],
        "region": context.used("region", *sources(), "on_demand"),
        "site": context.used("site", *sources())
        | frozenset(entry.label for entry in context.all_entries(*sources()) if entry.values.get("site", "") is None),
        "offer": _bought(context),
        "segment": context.names["segments"],
    }
    for cap in context.dataset.caps:
        if cap.scope == "total" or cap.name is None or cap.name in known[cap.scope]:
            continue
        if cap.name == ALL and known[cap.scope]:
            continue
        expected = f"a {cap.scope} of the workbook"
        yield fault_in(cap, "name", f"'{cap.name}'", expected, closest(cap.name, sorted(known[cap.scope])))


def protected_segments(context: CheckContext) -> Iterator[Fault]:
    """What is protected is a segment; warns of single-site ones, which are left out."""
    for row in context.dataset.resilience:
        segment = context.dataset.segment_of.get(row.segment)
        if segment is None and row.segment != ALL:
            expected, names = "a segment, or *", sorted(context.dataset.segment_of)
            yield fault_in(row, "segment", f"'{row.segment}'", expected, closest(row.segment, names))
        elif segment is not None and segment.single_site:
            fix = "As it is the row protects nothing; delete it, or let the segment run at several sites."
            found, expected = f"'{row.segment}', which runs at a single site", "a segment that can be split"
            yield fault_in(row, "segment", found, expected, fix, "single-site-unprotected")


def funding_of_no_account(context: CheckContext) -> Iterator[Fault]:
    """Warns of money that comes in while no cash account is kept."""
    if context.dataset.settings.opening_cash_usd is None and context.dataset.funding:
        fix = "Give opening_cash_usd in settings, or delete the rows; as it is they change nothing."
        expected = "a cash account (opening_cash_usd)"
        found = "funding without a cash account"
        yield fault_in(context.dataset.funding[0], "usd", found, expected, fix, "funding-without-account")


def _bought(context: CheckContext) -> frozenset[str]:
    """Names of offers that bring capacity."""
    return _offers(context, bought())


def _offers(context: CheckContext, kinds: Iterable[OfferKind]) -> frozenset[str]:
    return frozenset().union(*(context.names[kind.sheet.name] for kind in kinds))


def scenarios(context: CheckContext) -> Iterator[Fault]:
    """Probabilities sum to 1 and no scenario follows itself."""
    rows = context.dataset.scenarios
    if not rows:
        return
    total = sum(row.probability for row in rows)
    if abs(total - 1.0) > 1e-6:
        fix = "Correct the probabilities."
        yield fault_in(rows[-1], "probability", f"{total:.9g} in all scenarios together", "1, within 1e-6", fix)
    follows = {row.scenario: row.follows for row in rows}
    for row in rows:
        seen, at = {row.scenario}, row.follows
        while at is not None and at not in seen:
            seen.add(at)
            at = follows.get(at)
        if at == row.scenario:
            found = f"'{row.follows}', which follows '{row.scenario}' in turn"
            yield fault_in(row, "follows", found, "a scenario that comes before it", "Clear one of the cells.")
        if row.branches_at is not None and row.follows is None:
            fix = "It is not used; say which scenario it follows, or clear it."
            yield fault_in(
                row, "branches_at", "a month", "an empty cell, as it follows none", fix, "branches-at-unused"
            )


def scenarios_all_alike(context: CheckContext) -> Iterator[Fault]:
    """Warns of scenarios that are told apart only after the last month: every decision is then common to all."""
    settings = context.dataset.settings
    if len(context.dataset.scenarios) < 2 or settings.first_stage_months < settings.months:
        return
    found = f"{settings.first_stage_months} months, and the horizon has {settings.months}"
    expected = "a month of the horizon in which scenarios are told apart"
    fix = "Every decision is common to all scenarios. Set fewer months where later decisions may depend on what comes."
    yield Fault("settings", "first_stage_months", "", found, expected, fix, "scenarios-never-told-apart")


LEAST = {"demand_growth": -1.0, "rival_generosity": -math.inf}
"""The least value of a factor; 0 of others."""


def names_acted_on(context: CheckContext) -> dict[str, frozenset[str]]:
    """What there is that the factors of each quantity may name."""
    names = context.names
    offers = _offers(context, uncertain())
    sold = [kind.sheet.name for kind in uncertain() if not kind.buys]
    return {
        "demand": names["segments"],
        "demand_growth": names["segments"],
        "throughput": names["throughput"] | names["hardware"],
        **dict.fromkeys(("revenue", "shortfall_cost", "elasticity", "churn", "rival_generosity"), names["segments"]),
        "usage_price": names["hardware"],
        "fleet_share": _of_fleet(context),
        "on_demand_price": names["hardware"],
        "on_demand_cap": names["hardware"],
        "price": offers,
        "delivered_share": _offers(context, uncertain("delivered_share")),
        "delivery_delay_months": offers,
        "supplier_exit": offers | context.used("provider", *sources(), "on_demand", *sold),
    }


def scenario_factors(context: CheckContext) -> Iterator[Fault]:
    """A factor acts on something there is, and by an amount it can have."""
    known = names_acted_on(context)
    first = context.dataset.settings.first_month
    dated = {
        (each.scenario, each.quantity, each.name)
        for each in context.dataset.scenario_factors
        if each.from_month == first
    }
    for factor in context.dataset.scenario_factors:
        if factor.from_month is None and (factor.scenario, factor.quantity, factor.name) in dated:
            found, fix = "an empty cell", "Delete one of the two rows, or give this one a later month."
            yield fault_in(factor, "from_month", found, "one row for the first month; another has it too", fix)
        if factor.name != ALL and factor.name not in known[factor.quantity]:
            yield _unknown(factor, known[factor.quantity])
        least = LEAST.get(factor.quantity, 0.0)
        if factor.value < least:
            fix = f"Write a number of at least {least:g}."
            yield fault_in(factor, "value", f"{factor.value:g}", f"at least {least:g} for {factor.quantity}", fix)
        if factor.quantity == "delivery_delay_months" and factor.value != int(factor.value):
            yield fault_in(factor, "value", f"{factor.value:g}", "whole months", "Write a whole number.")


def _of_fleet(context: CheckContext) -> frozenset[str]:
    """What a share of the fleet may name."""
    columns = ("asset", "provider", "site", "region")
    return frozenset().union(*(context.used(column, "fleet") for column in columns))


def _unknown(factor: ScenarioFactor, known: Iterable[str]) -> Fault:
    expected = f"what {factor.quantity} acts on, or {ALL} for all"
    return fault_in(factor, "name", f"'{factor.name}'", expected, closest(factor.name, sorted(known)))

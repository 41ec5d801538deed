"""Caps of name `*`, by hand: one for each member of the scope. Hours of January 744, February 672."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from builders import (
    JAN,
    contract,
    costs,
    dataset,
    demand,
    fleet,
    hardware,
    lease,
    on_demand,
    segment,
    solved,
    solved_or_none,
    term,
    throughput,
)

from models.carried import Carried
from models.checks import check
from models.dataset import Dataset
from models.roll import roll_forward
from models.schema import Cap
from models.supply.registry import members
from planner.analysis.infeasibility import explain_infeasible


def each(measure: str, scope: str, value: float, sense: str = "max", **columns: Any) -> Cap:
    return Cap(cap="each", measure=measure, scope=scope, name="*", sense=sense, value=value, **columns)


TWO = [lease("first", term(1, 1.0), units_max=9), lease("second", term(1, 2.0), units_max=9, provider="other")]
"""Leases of two providers, the first the cheaper."""


def test_each_provider_is_held_by_itself() -> None:
    """At most 1 kW of each: one accelerator is leased of the cheaper at 1 USD, one of the other at 2: 3 x 744."""
    rows = [TWO, demand(2), on_demand(9.0)]
    assert costs(solved(dataset(rows, months=1))) == pytest.approx({"lease": 1488})
    assert costs(solved(dataset(rows, each("capacity_mw", "provider", 0.001), months=1))) == pytest.approx(
        {"lease": 2232}
    )


def test_cash_is_held_for_who_sells_by_the_hour_too() -> None:
    """1000 USD to each: one on demand at 1 USD costs 744, so the other is leased at 1.1 from another: 818.4."""
    rows = [on_demand(1.0, provider="spot"), lease("lease", term(1, 1.1)), demand(2)]
    plan = solved(dataset(rows, each("cash_usd", "provider", 1000.0), months=1))
    assert costs(plan) == pytest.approx({"on_demand": 744, "lease": 818.4})


def test_a_least_holds_for_each_too() -> None:
    """At least 1 kW of each offer that is not excluded takes both leases and leaves out the third: 3 x 744."""
    out = lease("third", term(1, 1.0), status="excluded")
    plan = solved(dataset(TWO, out, demand(1), each("capacity_mw", "offer", 0.001, "min"), months=1))
    assert costs(plan) == pytest.approx({"lease": 2232})


def test_shortfall_is_held_segment_by_segment() -> None:
    """Half of each segment may fall short; of one alone, free for all, everything would."""
    both = [segment(name, shortfall_usd_per_mtok=0.001) for name in ("chat", "batch")]
    rows = [both, demand(2), demand(2, segment="batch"), on_demand(1.0)]
    plan = solved(dataset(rows, each("shortfall_share", "segment", 0.5), months=1))
    assert costs(plan)["on_demand"] == pytest.approx(1488)


def test_whom_a_scope_names() -> None:
    """Fleet, offers not excluded and, for cash, sellers by the hour are named; hardware that nobody has is not."""
    rows = [
        hardware(vendor="green"), hardware("TPU", vendor="search"), hardware("spare", vendor="third"), throughput(),
        fleet(provider="own", site="campus"), lease("block", term(1, 1.0), holds={"TPU": 1.0}),
        contract("frame", provider="hyper"), lease("out", term(1, 1.0), status="excluded", provider="never"),
        on_demand(1.0, region="eu"),
    ]  # fmt: skip
    data = dataset(rows)

    def whom(measure: str, scope: str) -> list[str]:
        return members(data, each(measure, scope, 1.0))

    assert whom("capacity_mw", "provider") == ["hyper", "neo", "own"]
    assert whom("cash_usd", "provider") == ["hyper", "neo", "own", "spot"]
    assert whom("cash_usd", "region") == ["eu", "us"]
    assert whom("capacity_mw", "site") == ["block", "campus", "frame"]
    assert whom("cash_usd", "offer") == ["block", "frame"]
    assert whom("capacity_mw", "hardware") == ["H100", "TPU"]
    assert whom("capacity_share", "vendor") == ["green", "search"]
    assert whom("shortfall_share", "segment") == ["chat"]


def test_a_scope_without_members_is_a_fault() -> None:
    """Where no hardware has a vendor, no cap can hold for each of them."""
    found = {scope: check(dataset(fleet(), each("capacity_mw", scope, 1.0))) for scope in ("vendor", "site")}
    assert [fault.column for fault in found["vendor"] if fault.sheet == "caps"] == ["name"]
    assert [fault.column for fault in found["site"] if fault.sheet == "caps"] == []


def test_a_period_under_way_is_held_for_each_in_the_next_round() -> None:
    """Of 5000 USD a quarter for each 744 are paid to one in January, 1488 to the other; each has its rest."""
    rows = [TWO, demand(2, months=6), each("cash_usd", "provider", 5000.0, per="quarter"), on_demand(99.0)]
    data = dataset(rows, each_of_one(), months=6)
    rolled = roll_forward(data, solved(data), 1, months=5).dataset
    rests = {cap.name: cap.value for cap in rolled.caps if cap.cap.startswith("each") and cap.name != "*"}
    assert rests["neo"] == pytest.approx(5000 - 744)
    assert rests["other"] == pytest.approx(5000 - 1488)
    (later,) = (cap for cap in rolled.caps if cap.name == "*" and cap.measure == "cash_usd")
    assert later.from_month == JAN + 3


def each_of_one() -> Cap:
    """At most one accelerator of each provider."""
    return Cap(cap="one", measure="capacity_mw", scope="provider", name="*", sense="max", value=0.001)


def test_shares_under_way_are_carried_for_each() -> None:
    """What fell short of each segment in January counts in its own share of the quarter."""
    both = [segment(name, shortfall_usd_per_mtok=0.001) for name in ("chat", "batch")]
    rows = [both, demand(2, months=3), demand(1, months=3, segment="batch"), on_demand(1.0)]
    data = dataset(rows, each("shortfall_share", "segment", 0.5, per="quarter"), months=3)
    rolled: Dataset = roll_forward(data, solved(data), 1, months=2).dataset
    carried: dict[str, Carried] = {row.name: row for row in rolled.carried}
    assert carried["chat"].demanded_bn == pytest.approx(62)
    assert carried["batch"].demanded_bn == pytest.approx(31)


def test_what_rounding_leaves_of_revenue_that_all_fell_short_is_not_carried() -> None:
    """A share of revenue by the quarter: all of January fell short, to the last digit but one, and nothing comes."""
    share = Cap(cap="share", measure="cash_share_of_revenue", scope="total", sense="max", value=0.5, per="quarter")
    rows = [segment(revenue_usd_per_mtok=0.03, shortfall_usd_per_mtok=0.1), demand(1, 0), share]
    data = dataset(rows, months=2)
    plan = solved(data)
    short = tuple(replace(each, tokens_bn=each.tokens_bn * (1.0 + 1e-15)) for each in plan.shortfalls)
    rolled: Dataset = roll_forward(data, replace(plan, shortfalls=short), 1, months=1).dataset
    assert [row.revenue_usd for row in rolled.carried] == [0.0]
    assert costs(solved(rolled)) == {}


def test_what_to_change_is_the_one_row() -> None:
    """Where a cap for each leaves no plan, its value is what has to move, far enough for all of them."""
    rows = [lease("only", term(1, 1.0), units_max=9), demand(2), each("capacity_mw", "provider", 0.001)]
    found = explain_infeasible(dataset(rows, months=1), seconds=20.0)
    changed = [change for repair in found.repairs for change in repair.changes if change.sheet == "caps"]
    assert [(change.row, change.needed) for change in changed] == [("each", "0.002")]
    assert solved_or_none(dataset(rows, months=1)) is None

"""Caps and rules between offers: each measure, scope, period and sense, at its edge."""

from __future__ import annotations

from dataclasses import replace

import builders as b
import pytest
from unit import plan_cases as cases
from unit.plans import short, with_row

from models.audit import audit
from models.schema import Cap, Rule

# (case, measure, scope, name, per, from month t, until month t, what the plan comes to in the month that binds)
EDGES = [
    # leased: 8 accelerators of 1 kW online in March and April
    ("leased", "capacity_mw", "total", None, "month", None, None, 0.008),
    ("leased", "capacity_mw", "provider", "neo", "month", None, None, 0.008),
    ("leased", "capacity_mw", "hardware", "H100", "month", None, 1, 0.004),
    ("leased", "capacity_mw", "site", "neo1", "month", None, 1, 0.004),
    ("leased", "capacity_mw", "offer", "neo1", "month", None, 1, 0.004),
    # one_hall: hall has 6 of 10, TPU are 2 of 10, all of it in us
    ("one_hall", "capacity_share", "site", "hall", "month", None, None, 0.6),
    ("one_hall", "capacity_share", "hardware", "TPU", "month", None, None, 0.2),
    ("one_hall", "capacity_share", "region", "us", "month", None, None, 1.0),
    ("one_hall", "capacity_share", "offer", "annex", "month", None, None, 0.4),
    # busy_fleet: Jan 7440 + 2976 + 2232 + 310, Feb 6720 + 2688 + 2016 + 280
    ("busy_fleet", "cash_usd", "total", None, "month", None, None, 12958),
    ("busy_fleet", "cash_usd", "total", None, "month", 1, None, 11704),
    ("busy_fleet", "cash_usd", "total", None, "quarter", None, None, 24662),
    ("busy_fleet", "cash_usd", "total", None, "year", None, None, 24662),
    ("busy_fleet", "cash_usd", "total", None, "horizon", None, None, 24662),
    ("busy_fleet", "cash_usd", "provider", "us-inc", "horizon", None, None, 19824),
    ("busy_fleet", "cash_usd", "provider", "spot", "horizon", None, None, 4248),
    ("busy_fleet", "cash_usd", "region", "us", "horizon", None, None, 24072),
    ("busy_fleet", "cash_usd", "site", "own", "horizon", None, None, 19824),
    ("busy_fleet", "cash_usd", "offer", "own", "horizon", None, None, 19824),
    # leased: January's upfront and prepayment 300 + 6528, March's fee and usage 8928 + 446.40
    ("leased", "cash_usd", "offer", "neo1", "month", None, None, 9374.4),
    ("leased", "cash_usd", "offer", "neo1", "month", None, 0, 6828),
    # leased, after January: 2016 + 8928 + 8640 are still due; after March 8640
    ("leased", "obligation_usd", "total", None, "month", None, None, 19584),
    ("leased", "obligation_usd", "provider", "neo", "month", 1, None, 17568),
    ("leased", "obligation_usd", "offer", "neo1", "month", 2, None, 8640),
    # monthly_leases: stop 800 + 800 + 1500, roll 1000 + 500 + 500, old 800, later 1100
    ("monthly_leases", "obligation_usd", "total", None, "month", None, None, 7000),
    # all_units_contract: half of the minimums 2016 and 2232, the other half is prepaid
    ("all_units_contract", "obligation_usd", "offer", "deal", "month", None, None, 2124),
    # limited: the change costs 50 in February, when 252000 of revenue are left
    ("limited", "cash_share_of_revenue", "total", None, "month", None, None, 50 / 252000),
    # limited: 310000 - 62000 + 280000 - 28000 + 310000 - 31000 in the first quarter
    ("limited", "cash_share_of_revenue", "total", None, "quarter", None, None, 50 / 779000),
]


@pytest.mark.parametrize(("case", "measure", "scope", "name", "per", "first", "last", "value"), EDGES)
def test_a_max_cap_holds_to_its_edge(
    case: str, measure: str, scope: str, name: str | None, per: str, first: int | None, last: int | None, value: float
) -> None:
    """A cap at what the plan comes to passes; one a thousandth lower fails, in that cap alone."""
    dataset, plan = cases.ALL[case]
    window = [None if t is None else b.JAN + t for t in (first, last)]
    cap = Cap(
        cap="edge", measure=measure, scope=scope, name=name, sense="max", value=value, per=per,
        from_month=window[0], until_month=window[1],
    )  # fmt: skip
    assert audit(replace(dataset, caps=(cap,)), plan).passed
    tighter = replace(cap, value=value * 0.999)
    assert [check.rule for check in audit(replace(dataset, caps=(tighter,)), plan).failed] == [f"cap_{measure}"]


@pytest.mark.parametrize(
    ("measure", "scope", "name", "per", "value"),
    [
        ("capacity_mw", "total", None, "month", 0.010),
        ("capacity_share", "provider", "us-inc", "month", 1.0),
        ("cash_usd", "total", None, "month", 11704),
        ("obligation_usd", "total", None, "month", 0.0),
    ],
)
def test_a_min_cap_holds_to_its_edge(measure: str, scope: str, name: str | None, per: str, value: float) -> None:
    """A floor at the least the plan comes to in any month passes; one a little higher fails."""
    dataset, plan = cases.busy_fleet()
    cap = Cap(cap="edge", measure=measure, scope=scope, name=name, sense="min", value=value, per=per)
    assert audit(replace(dataset, caps=(cap,)), plan).passed
    higher = replace(cap, value=value * 1.001 + 1e-5)
    assert [check.rule for check in audit(replace(dataset, caps=(higher,)), plan).failed] == [f"cap_{measure}"]


def test_capacity_of_a_vendor_is_that_of_its_hardware() -> None:
    """Of the hall's and the annex's 10 kW the 2 of the TPU are its vendor's."""
    dataset, plan = cases.one_hall()
    vendors = tuple(replace(each, vendor="v-" + each.hardware) for each in dataset.hardware)
    for value, passes in ((0.002, True), (0.0019, False)):
        cap = Cap(cap="edge", measure="capacity_mw", scope="vendor", name="v-TPU", sense="max", value=value)
        assert audit(replace(dataset, hardware=vendors, caps=(cap,)), plan).passed is passes


@pytest.mark.parametrize(("scope", "name", "most"), [("segment", "batch", 1 / 3), ("total", None, 1 / 14)])
def test_shortfall_share_is_of_tokens_after_limits(scope: str, name: str | None, most: float) -> None:
    """A bn a day of batch short is a third of batch's 3 and a fourteenth of all 14 left by the limit."""
    dataset, plan = cases.two_blocks()
    plan = with_row(plan, "shortfalls", short(0, 1, "", "batch"))
    for value, passes in ((most, True), (most * 0.999, False)):
        cap = Cap(cap="edge", measure="shortfall_share", scope=scope, name=name, sense="max", value=value)
        report = audit(replace(dataset, caps=(cap,)), plan)
        assert ("cap_shortfall_share" not in {check.rule for check in report.failed}) is passes


@pytest.mark.parametrize(
    ("kind", "offers", "count", "kept"),
    [
        ("requires", ("stop", "old"), None, True),
        ("requires", ("stop", "roll"), None, True),
        ("requires", ("old", "stop"), None, False),
        ("requires", ("none", "nothing"), None, True),
        ("excludes", ("stop", "none"), None, True),
        ("excludes", ("stop", "roll"), None, False),
        ("at_most", ("stop", "roll", "none"), 2, True),
        ("at_most", ("stop", "roll", "old"), 2, False),
        ("at_least", ("stop", "none"), 1, True),
        ("at_least", ("none", "nothing"), 1, False),
    ],
)
def test_rules_between_offers(kind: str, offers: tuple[str, ...], count: int | None, kept: bool) -> None:
    """`old` was signed in November, `stop` and `roll` are signed in January, the others never."""
    dataset, plan = cases.monthly_leases()
    rule = Rule(rule="between", kind=kind, offers=offers, count=count)
    failed = [check.rule for check in audit(replace(dataset, rules=(rule,)), plan).failed]
    assert failed == ([] if kept else [f"rule_{kind}"])

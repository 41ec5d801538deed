"""Demand that nothing on offer can ever serve, and exactly when: the horizon is January to June 2026."""

from typing import Any

import pytest
from sheets import CONTRACT, LEASE, VALID, Tables, faults_of, row

from models.faults import Fault

NO_FLEET: Tables = {"fleet": None}
ON_DEMAND = {"provider": "spot", "region": "us", "hardware": "H100", "usd_per_accelerator_hour": 3}
MONTHS = ("2026-01", "2026-02", "2026-03", "2026-04", "2026-05", "2026-06")


def only_in(*months: str, region: str = "us") -> Tables:
    """Demand in these months of the horizon and none in the others."""
    return {
        "demand": [
            {"segment": "chat", "region": region, "month": month, "tokens_bn_per_day": 1 if month in months else 0}
            for month in MONTHS
        ]
    }


def unserved(*more: Tables, **changes: Any) -> list[Fault]:
    return [fault for fault in faults_of(*more, **changes) if fault.severity == "error"]


def served_months(*more: Tables, **changes: Any) -> str:
    """The months, as digits 1 … 6, in which demand alone in that month can be served."""
    found = ""
    for i, month in enumerate(MONTHS, start=1):
        faults = unserved(*more, only_in(month), **changes)
        assert all("nothing can serve" in fault.found for fault in faults)
        found += "" if faults else str(i)
    return found


def test_demand_without_any_capacity_is_one_fault() -> None:
    """The fault is at the demand, names the first month, counts the others and says what would mend it."""
    (fault,) = unserved(NO_FLEET)
    assert (fault.sheet, fault.cell, fault.row_key) == ("demand", "C2", "chat/us/2026-01")
    assert "2026-01 and 5 more months" in fault.found
    assert "'H100'" in fault.fix
    assert "shortfall_usd_per_mtok" in fault.fix


def test_no_demand_needs_no_capacity() -> None:
    """Demand of zero can be served by nothing at all."""
    assert unserved(NO_FLEET, only_in()) == []


@pytest.mark.parametrize(
    ("cells", "months"),
    [
        ({}, "123456"),
        ({"from_month": "2026-03"}, "3456"),
        ({"until_month": "2026-02"}, "12"),
        ({"from_month": "2025-03", "until_month": "2027-01"}, "123456"),
        ({"until_month": "2025-12"}, ""),
        ({"accelerators": 0}, ""),
    ],
)
def test_fleet_serves_while_it_is_online(cells: dict[str, Any], months: str) -> None:
    """A fleet asset serves from its first month to its last."""
    assert served_months(row("fleet", VALID, **cells)) == months


SIGNED = {"status": "signed", "signed_month": "2025-12", "signed_units": 1, "signed_term_months": 3}


@pytest.mark.parametrize(
    ("cells", "term", "months"),
    [
        ({}, {}, "123456"),
        ({"sign_from": "2026-03"}, {}, "3456"),
        ({"sign_until": "2026-01"}, {}, "123"),
        ({"lead_months": 2}, {}, "3456"),
        ({"lead_months": 2, "sign_until": "2026-01"}, {}, "345"),
        ({"service_not_before": "2026-04", "sign_until": "2026-01"}, {}, "456"),
        ({"sign_until": "2026-01"}, {"term_months": 1, "renewals_max": 2, "renewal_months": 2}, "12345"),
        ({"sign_from": "2025-01", "sign_until": "2025-12"}, {}, ""),
        ({"units_max": 0}, {}, ""),
        ({"delivered_share": 0}, {}, ""),
        ({"status": "excluded"}, {}, ""),
        (SIGNED, {}, "12"),
        (SIGNED | {"lead_months": 2}, {}, "234"),
        (SIGNED | {"signed_units": 0}, {}, ""),
        (SIGNED, {"renewals_max": 1, "renewal_months": 2}, "1234"),
        (SIGNED | {"signed_month": "2026-03"}, {}, "345"),
        (SIGNED | {"sign_from": "2026-06", "units_max": 0}, {}, "12"),
    ],
)
def test_a_lease_serves_from_its_earliest_to_its_latest_service_month(
    cells: dict[str, Any], term: dict[str, Any], months: str
) -> None:
    """Window, lead time, earliest service, term, renewals and what is signed say when a lease can serve."""
    lease = row("leases", LEASE, **cells)
    assert served_months(NO_FLEET, LEASE, lease, row("lease_terms", LEASE, **term)) == months


def test_only_the_signed_term_of_a_lease_serves() -> None:
    """A signed lease serves for the term signed, not for the longest on offer."""
    terms = [LEASE["lease_terms"][0], {**LEASE["lease_terms"][0], "term_months": 12}]
    assert served_months(NO_FLEET, LEASE, row("leases", LEASE, **SIGNED), lease_terms=terms) == "12"


def test_a_ramp_says_when_the_first_capacity_is_online() -> None:
    """Nothing is online before a ramp's first row, nor where its share is 0."""
    ramps = [
        {"ramp": "slow", "service_month": 2, "capacity_share": 0},
        {"ramp": "slow", "service_month": 3, "capacity_share": 0.5},
    ]
    ramped = row("lease_terms", LEASE, ramp="slow")
    early = row("leases", LEASE, sign_until="2026-01")
    assert served_months(NO_FLEET, LEASE, ramped, ramps=ramps) == "3456"
    assert served_months(NO_FLEET, LEASE, ramped, early, ramps=ramps) == "3"


@pytest.mark.parametrize(
    ("options", "months"),
    [
        ([{"buy_from": "2026-03"}], "3456"),
        ([{"buy_from": "2026-02"}, {"buy_from": "2026-04"}], "456"),
        ([{"buy_from": "2026-02"}, {"buy_until": "2025-12"}], ""),
        ([{"buy_until": "2026-01"}], "123456"),
    ],
)
def test_an_option_says_when_its_offer_can_first_be_signed(options: list[dict[str, Any]], months: str) -> None:
    """An offer can be signed once each option on it can have been bought."""
    rows = [{"option": f"P{i}", "offer": "L", "premium_usd": 1, **each} for i, each in enumerate(options)]
    assert served_months(NO_FLEET, LEASE, options=rows) == months


@pytest.mark.parametrize(
    ("cells", "months"),
    [
        ({}, "123456"),
        ({"sign_until": "2026-02", "lead_months": 1}, "2345"),
        ({"delivered_share": 0}, ""),
        ({"status": "signed", "signed_month": "2026-02", "signed_blocks": 2}, "234"),
        ({"status": "signed", "signed_month": "2026-02", "signed_blocks": 0}, ""),
        ({"status": "excluded"}, ""),
    ],
)
def test_a_contract_serves_in_its_term(cells: dict[str, Any], months: str) -> None:
    """A contract serves from its earliest service month to the end of its latest term."""
    assert served_months(NO_FLEET, CONTRACT, row("contracts", CONTRACT, **cells)) == months


@pytest.mark.parametrize(
    ("rows", "months"),
    [
        ([{}], "123456"),
        ([{"from_month": "2026-04"}], "456"),
        ([{"max_accelerators": 0}, {"from_month": "2026-03"}], "3456"),
        ([{}, {"from_month": "2026-03", "max_accelerators": 0}], "12"),
        ([{"from_month": "2025-01"}, {"from_month": "2025-06", "max_accelerators": 0}], ""),
    ],
)
def test_on_demand_serves_while_a_row_with_capacity_holds(rows: list[dict[str, Any]], months: str) -> None:
    """An on-demand row holds until the seller's next, and a cap of 0 sells nothing."""
    assert served_months(NO_FLEET, on_demand=[ON_DEMAND | each for each in rows]) == months


def test_two_sellers_do_not_end_each_other_s_rows() -> None:
    """A row holds until the next of the same seller, not of another."""
    other = {**ON_DEMAND, "provider": "second", "from_month": "2026-03", "max_accelerators": 0}
    assert served_months(NO_FLEET, on_demand=[ON_DEMAND, other]) == "123456"


@pytest.mark.parametrize(
    ("sheet", "cells"),
    [
        ("throughput", {"tokens_per_second": 0}),
        ("hardware", {"availability": 0}),
    ],
)
def test_hardware_that_cannot_run_serves_nothing(sheet: str, cells: dict[str, Any]) -> None:
    """A rate or availability of 0 means that the hardware cannot run the workload."""
    (fault,) = unserved(row(sheet, VALID, **cells))
    assert "throughput" in fault.fix


def test_hardware_without_the_workload_serves_nothing() -> None:
    """A pair of workload and hardware that is absent cannot run."""
    hardware = [*VALID["hardware"], {"hardware": "TPU", "kw": 1}]
    (fault,) = unserved(row("fleet", VALID, hardware="TPU"), hardware=hardware)
    assert "'H100'" in fault.fix


EU_FLEET = row("fleet", VALID, region="eu")


@pytest.mark.parametrize(
    ("network", "served"),
    [
        (None, True),
        ([{"capacity_region": "us", "demand_region": "us"}], False),
        ([{"capacity_region": "eu", "demand_region": "us"}], True),
        ([{"capacity_region": "eu", "demand_region": "us", "allowed": "no"}], False),
        ([{"capacity_region": "us", "demand_region": "eu"}], False),
    ],
)
def test_capacity_reaches_where_the_network_lets_it(network: list[dict[str, Any]] | None, served: bool) -> None:
    """Without a network any region serves any; with one only the pairs listed and allowed."""
    faults = unserved(EU_FLEET, network=network)
    assert (faults == []) is served
    assert served or "Allow 'eu' to serve 'us'" in faults[0].fix


def test_a_region_serves_itself_unless_the_network_forbids_it() -> None:
    """A region serves itself free of any row, and not where a row says no."""
    elsewhere = {"capacity_region": "eu", "demand_region": "us"}
    itself = {"capacity_region": "us", "demand_region": "us", "allowed": "no"}
    assert unserved(network=[elsewhere]) == []
    assert len(unserved(network=[elsewhere, itself])) == 1


def test_the_first_capacity_to_come_is_named() -> None:
    """Where capacity comes too late, the message says when the first comes."""
    (fault,) = unserved(row("fleet", VALID, from_month="2026-04"))
    assert "2026-04" in fault.fix
    assert "2026-01 and 2 more months" in fault.found


@pytest.mark.parametrize(
    ("cells", "served"),
    [
        ({"shortfall_usd_per_mtok": 5}, True),
        ({"shortfall_usd_per_mtok": 0}, True),
        ({"shortfall_usd_per_mtok": 5, "max_shortfall_share": 0.9}, False),
        ({"shortfall_usd_per_mtok": 5, "max_shortfall_share": 0}, False),
    ],
)
def test_demand_that_may_fall_short_needs_no_capacity(cells: dict[str, Any], served: bool) -> None:
    """A shortfall allowed in full makes every demand possible; a part of it does not."""
    assert (unserved(NO_FLEET, row("segments", VALID, **cells)) == []) is served


@pytest.mark.parametrize(("share", "served"), [(0.25, True), (0.24, False)])
def test_max_shortfall_share_is_of_all_regions_together(share: float, served: bool) -> None:
    """A region of a quarter of the demand may go unserved where a quarter may fall short."""
    demand = [
        {"segment": "chat", "region": region, "month": month, "tokens_bn_per_day": figure}
        for region, figure in (("us", 3), ("eu", 1))
        for month in ("2026-01", "2026-06")
    ]
    segment = row("segments", VALID, shortfall_usd_per_mtok=5, max_shortfall_share=share)
    network = [{"capacity_region": "us", "demand_region": "us"}]
    assert (unserved(segment, demand=demand, network=network) == []) is served


def test_a_limit_that_can_end_all_demand_makes_it_possible() -> None:
    """Demand that a limit can take away altogether needs no capacity; one that leaves some does."""
    for multiplier, served in ((0, True), (0.01, False)):
        limits = [{"segment": "chat", "limit": "off", "demand_multiplier": multiplier}]
        assert (unserved(NO_FLEET, limits=limits) == []) is served


@pytest.mark.parametrize(
    ("supply", "served"),
    [
        ({}, True),
        (NO_FLEET, False),
        (NO_FLEET | LEASE, True),
        (NO_FLEET | CONTRACT, True),
        (NO_FLEET | CONTRACT | row("contracts", CONTRACT, take_or_pay_share=0.9), True),
        (NO_FLEET | {"on_demand": [ON_DEMAND]}, False),
    ],
)
def test_single_site_demand_needs_a_site(supply: Tables, served: bool) -> None:
    """On-demand is no site for a segment that needs one; a contract is, paid for in full or not."""
    faults = unserved(row("segments", VALID, single_site="yes"), supply)
    assert (faults == []) is served
    assert served or "single site" in faults[0].expected


@pytest.mark.parametrize(
    ("supply", "served"),
    [
        ({}, False),
        (LEASE, False),
        (CONTRACT, False),
        (CONTRACT | row("contracts", CONTRACT, overage_share=0.1), True),
        ({"on_demand": [ON_DEMAND]}, True),
    ],
)
def test_a_margin_of_everything_leaves_no_committed_capacity(supply: Tables, served: bool) -> None:
    """With all committed capacity kept free only overage and on-demand can work."""
    settings = {"settings": {**VALID["settings"], "reserve_margin": 1}}
    assert (unserved(settings, supply) == []) is served


def test_what_is_faulty_elsewhere_is_not_called_beyond_reach() -> None:
    """While a sheet of supply has an error, nothing is said of demand that it may well serve."""
    faults = unserved(row("fleet", VALID, accelerators="many"))
    assert [fault.sheet for fault in faults] == ["fleet"]


@pytest.mark.parametrize(("supply", "warned"), [({"on_demand": [ON_DEMAND]}, True), (CONTRACT, False)])
def test_a_single_site_segment_without_any_site_is_warned_of(supply: Tables, warned: bool) -> None:
    """Hours bought on demand make no site: what runs at one site can never run, and that is told at its row."""
    train = row("segments", VALID, single_site="yes", shortfall_usd_per_mtok=30)
    faults = faults_of(NO_FLEET, train, supply)
    found = [fault for fault in faults if fault.column == "single_site"]
    assert [(fault.sheet, fault.severity) for fault in found] == [("segments", "warning")] * warned

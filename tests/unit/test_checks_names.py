"""Checks of names: known, unique, and in one place."""

from typing import Any

import pytest
from sheets import CONTRACT, LEASE, VALID, Tables, brief, faults_of, row, tables

LIMITS: Tables = {"limits": [{"segment": "chat", "limit": "open"}]}
FULL = tables(
    LEASE,
    CONTRACT,
    LIMITS,
    load_blocks=[{"block": "day", "hours_per_day": 24}],
    load_shape=[{"segment": "chat", "block": "day", "multiplier": 1}],
    on_demand=[{"provider": "spot", "region": "us", "hardware": "H100", "usd_per_accelerator_hour": 3}],
    lease_outs=[
        {"lease_out": "O", "region": "us", "hardware": "H100", "accelerators": 1, "term_months": 1,
         "usd_per_accelerator_hour": 1}
    ],
    options=[{"option": "P", "offer": "L", "premium_usd": 1}],
    rules=[{"rule": "r", "kind": "excludes", "offers": "L; C"}],
    ramps=[{"ramp": "slow", "service_month": 1}],
)  # fmt: skip
FULL["lease_terms"][0]["ramp"] = "slow"
FULL["contracts"][0]["ramp"] = "slow"


def test_the_full_workbook_has_no_fault() -> None:
    """The workbook that the tests below spoil is itself without fault."""
    assert faults_of(FULL) == []


@pytest.mark.parametrize(
    ("sheet", "column", "naming"),
    [
        ("rules", "offers", {"rule": "r", "kind": "at_most", "count": 1, "offers": "L"}),
        ("options", "offer", {"option": "P", "offer": "L", "premium_usd": 1}),
        ("caps", "name", {"cap": "m", "measure": "capacity_mw", "scope": "offer", "name": "L", "sense": "max",
                          "value": 9}),
        ("scenario_factors", "name", {"scenario": "s", "quantity": "price", "name": "L", "value": 1.1}),
    ],
)  # fmt: skip
def test_a_name_that_could_mean_two_offers_is_an_error_that_names_both(
    sheet: str, column: str, naming: dict[str, Any]
) -> None:
    """A rule, option, cap or factor on a lease and contract of one name says where both are."""
    contract = {**CONTRACT["contracts"][0], "contract": "L"}
    tiers = [{**tier, "contract": "L"} for tier in CONTRACT["contract_tiers"]]
    scenarios = {"scenarios": [{"scenario": "s", "probability": 1}]} if sheet == "scenario_factors" else {}
    shared = tables(VALID, LEASE, contracts=[contract], contract_tiers=tiers, **scenarios)
    assert faults_of(shared) == []
    errors = [each for each in faults_of({**shared, sheet: [naming]}) if each.severity == "error"]
    assert brief(errors) == [f"error {sheet}!{column} 2"]
    assert "a lease (row 2 of leases) and a contract (row 2 of contracts)" in errors[0].found


@pytest.mark.parametrize("sheet", ["options", "caps", "scenario_factors"])
def test_a_lease_out_of_the_name_makes_nothing_ambiguous_that_never_means_one(sheet: str) -> None:
    """An option, a cap or a share delivered of a lease stays clear beside a lease-out of its name; a rule does not."""
    naming = {
        "options": {"option": "P", "offer": "L", "premium_usd": 1},
        "caps": {"cap": "m", "measure": "capacity_mw", "scope": "offer", "name": "L", "sense": "max", "value": 9},
        "scenario_factors": {"scenario": "s", "quantity": "delivered_share", "name": "L", "value": 0.9},
    }
    shared = tables(VALID, LEASE, scenarios=[{"scenario": "s", "probability": 1}])
    shared["lease_outs"] = [{**FULL["lease_outs"][0], "lease_out": "L"}]
    assert faults_of({**shared, sheet: [naming[sheet]]}) == []
    rules = [{"rule": "r", "kind": "at_most", "count": 1, "offers": "L"}]
    assert brief(faults_of({**shared, "rules": rules})) == ["error rules!offers 2"]
    gone = [{"scenario": "s", "quantity": "supplier_exit", "name": "L"}]
    assert brief(faults_of({**shared, "scenario_factors": gone})) == ["error scenario_factors!name 2"]


@pytest.mark.parametrize(
    ("sheet", "column", "right"),
    [
        ("throughput", "hardware", "H100"),
        ("segments", "workload", "chat"),
        ("demand", "segment", "chat"),
        ("load_shape", "segment", "chat"),
        ("load_shape", "block", "day"),
        ("fleet", "hardware", "H100"),
        ("lease_hardware", "lease", "L"),
        ("lease_hardware", "hardware", "H100"),
        ("lease_terms", "lease", "L"),
        ("lease_terms", "ramp", "slow"),
        ("contracts", "hardware", "H100"),
        ("contracts", "ramp", "slow"),
        ("contract_tiers", "contract", "C"),
        ("on_demand", "hardware", "H100"),
        ("lease_outs", "hardware", "H100"),
        ("options", "offer", "L"),
        ("limits", "segment", "chat"),
    ],
)
def test_a_typo_in_a_name_is_the_only_error_and_names_the_closest(sheet: str, column: str, right: str) -> None:
    """A name that no sheet defines is one error at its cell, with the closest name known."""
    faults = faults_of(FULL, row(sheet, FULL, **{column: f"{right}x"}))
    errors = [fault for fault in faults if fault.severity == "error"]
    assert brief(errors) == [f"error {sheet}!{column} 2"]
    assert right in errors[0].fix


def test_every_unknown_name_of_a_rule_is_named() -> None:
    """A rule of several offers has an error for each name that is none."""
    faults = faults_of(FULL, rules=[{"rule": "r", "kind": "at_most", "offers": "L; X; O; Y", "count": 1}])
    assert [fault.found for fault in faults if fault.severity == "error"] == ["'X'", "'Y'"]


def test_names_are_compared_exactly() -> None:
    """Names that differ in case are different names, and the message points to the right one."""
    faults = faults_of(row("fleet", VALID, hardware="h100"))
    assert brief(faults) == ["error fleet!hardware 2"]
    assert "'H100'" in faults[0].fix


def test_a_name_unknown_in_many_rows_is_counted() -> None:
    """The same unknown name is listed in its first rows and then summed up."""
    demand = [{"segment": "chta", "region": f"r{i}", "month": "2026-01", "tokens_bn_per_day": 1} for i in range(50)]
    faults = [fault for fault in faults_of(demand=demand) if fault.column == "segment" and fault.severity == "error"]
    assert len(faults) == 21
    assert faults[-1].found == "'chta' in 30 more rows" or faults[0].found == "'chta' in 30 more rows"


KEYS: list[tuple[str, dict[str, Any]]] = [
    ("hardware", {}),
    ("throughput", {}),
    ("segments", {}),
    ("demand", {}),
    ("load_blocks", {}),
    ("load_shape", {}),
    ("fleet", {}),
    ("leases", {}),
    ("lease_hardware", {}),
    ("lease_terms", {}),
    ("ramps", {}),
    ("contracts", {}),
    ("contract_tiers", {}),
    ("on_demand", {}),
    ("on_demand", {"from_month": "2026-01"}),
    ("lease_outs", {}),
    ("options", {}),
    ("limits", {}),
    ("rules", {}),
]


@pytest.mark.parametrize(("sheet", "changes"), KEYS)
def test_a_key_given_twice_is_an_error(sheet: str, changes: dict[str, Any]) -> None:
    """The second row of a key is an error that names the first; a blank from_month is the first month."""
    faults = faults_of(FULL, **{sheet: [FULL[sheet][0], *FULL[sheet][1:], {**FULL[sheet][0], **changes}]})
    errors = [fault for fault in faults if "a second time (first in row 2)" in fault.found]
    assert [(fault.sheet, fault.row) for fault in errors] == [(sheet, len(FULL[sheet]) + 2)]


def test_a_second_key_tells_rows_of_a_name_apart() -> None:
    """Rows of one name with different second keys are different rows."""
    on_demand = [FULL["on_demand"][0], {**FULL["on_demand"][0], "from_month": "2026-03"}]
    terms = [FULL["lease_terms"][0], {**FULL["lease_terms"][0], "term_months": 6}]
    assert faults_of(FULL, on_demand=on_demand, lease_terms=terms) == []


def test_a_site_lies_in_one_region() -> None:
    """A site named in two regions is an error, also where a source is its own site."""
    lease = row("leases", FULL, site="own", region="eu")
    faults = faults_of(FULL, lease)
    assert brief(faults) == ["error leases!region 2"]
    assert "fleet row 2" in faults[0].expected


def test_a_region_of_demand_that_nothing_names_is_a_warning() -> None:
    """A region of demand much like one with capacity is probably a slip, and only a warning."""
    demand = [*VALID["demand"], {**VALID["demand"][0], "region": "usa", "tokens_bn_per_day": 0}]
    demand.append({**demand[2], "month": "2026-06"})
    faults = faults_of(demand=demand)
    assert brief(faults) == ["warning demand!region 4"]
    assert "'us'" in faults[0].fix


def test_without_network_any_region_may_have_demand() -> None:
    """Where any region serves any, a region without capacity of its own is nothing strange."""
    demand = [{**each, "region": "japan"} for each in VALID["demand"]]
    assert faults_of(demand=demand) == []


def test_regions_in_network_that_nothing_names_are_warnings() -> None:
    """A network row between regions that nothing else names is a warning with the closest name."""
    network = [
        {"capacity_region": "us", "demand_region": "us"},
        {"capacity_region": "uss", "demand_region": "us"},
        {"capacity_region": "us", "demand_region": "uu"},
    ]
    faults = faults_of(network=network)
    assert brief(faults) == ["warning network!capacity_region 3", "warning network!demand_region 4"]
    assert all("'us'" in fault.fix for fault in faults)


def test_capacity_that_network_lets_serve_nobody_is_a_warning() -> None:
    """Capacity in a region that neither demand nor network names serves nobody, and the person is told."""
    fleet = [*VALID["fleet"], {**VALID["fleet"][0], "asset": "far", "region": "moon"}]
    faults = faults_of(fleet=fleet, network=[{"capacity_region": "us", "demand_region": "us"}])
    assert brief(faults) == ["warning fleet!region 3"]


def test_a_lease_out_where_there_is_nothing_to_lease_out_is_a_warning() -> None:
    """A lease-out in a region without fleet or leases can bring nothing, and the person is told."""
    faults = faults_of(FULL, row("lease_outs", FULL, region="eu"))
    assert brief(faults) == ["warning lease_outs!region 2"]


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        ("Market", "MARKET", "character 2 is 'A'"),
        ("Neo Cloud", "NeoCloud", "SPACE"),
        ("Neo", "N\u0435o", "CYRILLIC SMALL LETTER IE"),
        ("us-east", "us\u2010east", "HYPHEN"),
    ],
)
def test_names_nearly_the_same_are_told_with_the_character(one: str, other: str, told: str) -> None:
    """A provider written in two ways is two providers to a cap: a warning shows both and the first difference."""
    fleet = [{**VALID["fleet"][0], "provider": one}, {**VALID["fleet"][0], "asset": "b", "provider": other}]
    (fault,) = faults_of(fleet=fleet)
    assert (fault.warning, fault.row) == ("nearly-same-name", 3)
    assert f"'{one}'" in fault.found
    assert told in fault.fix


@pytest.mark.parametrize("name", ["Total", "sum", "ALL", "Grand total"])
def test_a_region_called_total_is_told(name: str) -> None:
    """A row of demand that sums others would count them twice."""
    demand = [*VALID["demand"], *({**each, "region": name} for each in VALID["demand"])]
    warnings = [fault for fault in faults_of(demand=demand) if fault.warning == "sum-of-others"]
    assert [(fault.sheet, fault.column) for fault in warnings] == [("demand", "region")]


def test_one_slip_in_a_wide_row_is_one_fault() -> None:
    """A segment that is not known is told once for its row, however many months the row has."""
    wide = [{"segment": "chat", "region": "us", "2026-01": 1, "2026-06": 1}]
    slip = [*wide, {"segment": "chaat", "region": "us", "2026-01": 1, "2026-06": 1}]
    (fault,) = faults_of(demand=slip)
    assert (fault.row, fault.row_key, fault.found) == (3, "chaat/us", "'chaat'")

"""Checks of policy: caps name what there is, scenarios and their factors add up."""

from typing import Any

import pytest
from sheets import CONTRACT, LEASE, VALID, brief, faults_of, row

CAP = {"cap": "c", "measure": "capacity_mw", "sense": "max", "value": 1}
ON_DEMAND = {"provider": "spot", "region": "us", "hardware": "H100", "usd_per_accelerator_hour": 3}


@pytest.mark.parametrize(
    ("scope", "names"),
    [
        ("provider", ("us-inc", "neo", "hyper", "spot")),
        ("vendor", ("NVIDIA",)),
        ("hardware", ("H100",)),
        ("region", ("us",)),
        ("site", ("own", "L", "campus")),
        ("offer", ("L", "C")),
        ("segment", ("chat",)),
    ],
)
def test_the_name_of_a_cap_is_known_in_its_scope(scope: str, names: tuple[str, ...]) -> None:
    """Each name of the scope's kind is known, and another is an error with the closest."""
    measure = {"measure": "shortfall_share", "value": 0.5} if scope == "segment" else {}
    more: tuple[dict[str, Any], ...] = (LEASE, CONTRACT, row("contracts", CONTRACT, site="campus"))
    more += (row("hardware", VALID, vendor="NVIDIA"), {"on_demand": [ON_DEMAND]})
    for name in names:
        assert faults_of(*more, caps=[CAP | measure | {"scope": scope, "name": name}]) == []
    faults = faults_of(*more, caps=[CAP | measure | {"scope": scope, "name": f"{names[0]}x"}])
    assert brief(faults) == ["error caps!name 2"]
    assert f"'{names[0]}'" in faults[0].fix


def test_names_are_checked_where_another_column_of_their_sheet_is_wrong() -> None:
    """All faults are told at once: what caps and resilience name does not hang on the limit of a segment."""
    chat = row("segments", VALID, current_limit="weekly")
    cap = {**CAP, "measure": "shortfall_share", "value": 0.5, "scope": "segment", "name": "chatt"}
    protect = {"against": "site", "segment": "Chat", "protected_share": 0.5}
    faults = faults_of(chat, caps=[cap], resilience=[protect])
    assert brief(faults) == ["error segments!current_limit 2", "error caps!name 2", "error resilience!segment 2"]
    twice = {"segments": [*VALID["segments"], {"segment": "chat", "workload": "chat"}]}
    assert brief(faults_of(twice, caps=[cap])) == ["error segments!segment 3"]


def scenarios(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"scenario": f"s{i}", "probability": 1 / len(rows), **each} for i, each in enumerate(rows)]


def test_scenarios_are_no_fault() -> None:
    """A workbook with scenarios is planned with them, and nothing is said."""
    assert faults_of(staged(3), scenarios=scenarios({}, {}, {})) == []


def staged(months: int) -> dict[str, Any]:
    """Settings of six months with a first stage."""
    return {"settings": VALID["settings"] | {"first_stage_months": months}}


@pytest.mark.parametrize(("months", "told"), [(5, False), (6, True), (None, True)])
def test_scenarios_that_never_part_are_told(months: int | None, told: bool) -> None:
    """With a first stage as long as the horizon, or the blank's 12 months of six, all decisions are common."""
    faults = faults_of({} if months is None else staged(months), scenarios=scenarios({}, {}))
    assert [each.warning for each in faults] == ["scenarios-never-told-apart"] * told
    assert faults_of({} if months is None else staged(months), scenarios=scenarios({})) == []


@pytest.mark.parametrize(("second", "fits"), [(0.5, True), (0.5000005, True), (0.50001, False), (0.4, False)])
def test_probabilities_sum_to_one(second: float, fits: bool) -> None:
    """The probabilities of all scenarios sum to 1 within 1e-6."""
    faults = faults_of(scenarios=scenarios({}, {"probability": second}))
    assert ("error scenarios!probability 3" in brief(faults)) is not fits


def test_a_scenario_does_not_follow_itself() -> None:
    """A circle of scenarios that follow each other is an error."""
    faults = faults_of(scenarios=scenarios({"follows": "s1"}, {"follows": "s0"}, {"follows": "s1"}))
    assert {"error scenarios!follows 2", "error scenarios!follows 3"} <= set(brief(faults))
    assert "error scenarios!follows 4" not in brief(faults)


@pytest.mark.parametrize(
    ("quantity", "name", "value", "columns"),
    [
        ("demand", "chat", 1.2, []),
        ("demand", "*", 1.2, []),
        ("demand", "H100", 1.2, ["name"]),
        ("demand", "chat", -1, ["value"]),
        ("demand_growth", "chat", -0.5, []),
        ("throughput", "H100", 0, []),
        ("throughput", "chat", 0, []),
        ("throughput", "L", 0, ["name"]),
        ("on_demand_price", "H100", 2, []),
        ("price", "L", 2, []),
        ("price", "neo", 2, ["name"]),
        ("delivered_share", "C", 0.5, []),
        ("delivery_delay_months", "C", 1.5, ["value"]),
        ("supplier_exit", "neo", 0, []),
        ("supplier_exit", "nobody", 0, ["name"]),
    ],
)
def test_a_factor_acts_on_what_there_is(quantity: str, name: str, value: float, columns: list[str]) -> None:
    """A factor's name is of the kind its quantity acts on, and its value one it can have."""
    factor = {"scenario": "s0", "quantity": quantity, "name": name, "value": value}
    faults = faults_of(LEASE, CONTRACT, scenarios=scenarios({}), scenario_factors=[factor])
    assert [fault.column for fault in faults if fault.severity == "error"] == columns


def test_a_factor_of_an_unknown_scenario_is_an_error() -> None:
    """A factor belongs to a scenario of the workbook."""
    factor = {"scenario": "s9", "quantity": "demand", "name": "chat", "value": 1}
    faults = faults_of(scenarios=scenarios({}), scenario_factors=[factor])
    assert "error scenario_factors!scenario 2" in brief(faults)

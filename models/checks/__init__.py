"""Checks across the sheets of a workbook: a table of contents.

Each check lists the sheets whose silence it relies on, and is left out while one of them has an error: what
it would find may only follow from that. So a person sees all that is wrong, and nothing that is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from models.cancellation import check_cancelled
from models.checks import demand, factors, limits, names, plausibility, policy, rows, service, similar_names, supply
from models.checks.context import CheckContext, check_context_of
from models.dataset import Dataset
from models.faults import Fault
from models.schema import sheet, sheet_names
from models.supply.registry import KINDS, bought

MOST_FAULTS = 1000
"""So many faults of one check are told at most."""
Check = Callable[[CheckContext], Iterator[Fault]]

BY_NAME: frozenset[Check] = frozenset({policy.names_of_caps, policy.protected_segments, policy.scenario_factors})
"""Checks that ask of other sheets only what they name, of which a fault found in another column takes nothing."""
NAMING = ("provider", "vendor", "region", "site")
"""Columns that name something, beside the keys of the sheets."""
NO_PART_IN_SERVICE = ("resilience", "caps", "rules", "scenarios", "scenario_factors", "history")
"""Sheets that say nothing of what can be served, beside those of what is leased out."""


def checks() -> tuple[tuple[Check, tuple[str, ...]], ...]:
    """Every check, with the sheets it relies on."""
    sources = (*names.sources(), "on_demand")
    bought_offers = [kind.sheet.name for kind in bought()]
    sold = {name for kind in KINDS if not kind.buys for name in kind.sheets}
    service_sheets = [each for each in sheet_names() if each not in {*NO_PART_IN_SERVICE, *sold}]
    ramped = [
        name for kind in KINDS for name in kind.sheets if any(each.name == "ramp" for each in sheet(name).columns)
    ]
    return (
        (names.duplicated_keys, ()),
        (names.unknown_names, ()),
        (names.names_of_two_offers, ()),
        (names.sites_in_two_regions, ()),
        (names.runs_and_segments, ()),
        (similar_names.nearly_same_names, ()),
        (similar_names.sums_of_others, ()),
        (rows.reversed_ranges, ()),
        (rows.one_price, ()),
        (rows.lease_rights, ()),
        (rows.recall_rights, ()),
        (rows.signed_rows, ()),
        (rows.cap_rows, ()),
        (rows.rule_rows, ()),
        (rows.accepted_warnings, ()),
        (names.unlikely_regions, (*sources, "demand", "network")),
        (supply.parts_of_leases, ("leases", "lease_hardware", "lease_terms")),
        (supply.hardware_of_lease_outs, ("lease_outs", "lease_out_hardware")),
        (supply.tiers_of_contracts, ("contracts", "contract_tiers")),
        (supply.own_build, ("own_sites", "chip_orders")),
        (supply.commitments, (*sources, "spend_commitments")),
        (supply.ramps, ("ramps", *bought_offers, *ramped)),
        (supply.offers_out_of_reach, ("settings",)),
        (
            supply.residuals,
            ("settings", "hardware", "residuals", "scenarios", "scenario_factors", *bought_offers, *ramped),
        ),
        (supply.options, ("settings", *bought_offers)),
        (demand.load_blocks, ("load_blocks",)),
        (demand.load_shapes, ("load_blocks", "load_shape")),
        (demand.months_of_demand, ("settings", "demand")),
        (demand.segments_without_demand, ("demand",)),
        (demand.prices_of_shortfall, ("segments",)),
        (limits.current_limits, ("limits",)),
        (limits.prices_and_elasticity, ()),
        (limits.generosity_against_rivals, ("segments", "limits")),
        (limits.generosity_by_row, ("segments", "limits")),
        (limits.limits_in_force, ("settings", "segments", "limits", "load_blocks")),
        (policy.protected_segments, ("segments",)),
        (policy.names_of_caps, (*sources, "hardware", "segments")),
        (policy.funding_of_no_account, ("settings",)),
        (policy.scenarios, ("scenarios",)),
        (policy.scenarios_all_alike, ("settings", "scenarios")),
        (policy.scenario_factors, ("segments", "throughput", "hardware", *sources)),
        (factors.factors_without_effect, ("settings", *bought_offers, "scenarios", "scenario_factors")),
        (plausibility.unlikely_rates, ()),
        (plausibility.unlikely_sizes, ()),
        (plausibility.unlikely_prices, ("settings",)),
        (plausibility.unlikely_demand, ()),
        (plausibility.offers_of_nothing, ()),
        (plausibility.doubtful_economics, ()),
        (demand.months_of_next_to_nothing, tuple(service_sheets)),
        (factors.demand_of_next_to_nothing, ("scenarios", "scenario_factors", *service_sheets)),
        (service.demand_beyond_reach, tuple(service_sheets)),
        (service.single_sites_out_of_reach, tuple(service_sheets)),
        (service.runs_out_of_reach, ("runs", *service_sheets)),
    )


def check_in_context(context: CheckContext) -> list[Fault]:
    """As `check`, of as much as could be read."""
    faults: list[Fault] = []
    doubtful, misnamed = set(context.broken), set(context.broken)
    for each, relies_on in checks():
        check_cancelled()
        if (misnamed if each in BY_NAME else doubtful).isdisjoint(relies_on):
            found = list(islice(each(context), MOST_FAULTS))
            faults += found
            errors = [fault for fault in found if fault.severity == "error"]
            doubtful.update(fault.sheet for fault in errors)
            misnamed.update(fault.sheet for fault in errors if fault.column in (*sheet(fault.sheet).key, *NAMING))
    return faults


def check(dataset: Dataset) -> list[Fault]:
    """Everything in which the sheets do not fit together, errors and warnings."""
    return check_in_context(check_context_of(dataset))

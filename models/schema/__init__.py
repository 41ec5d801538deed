"""The schema of a workbook: one class per sheet, one field per column.

A column's meaning, unit, bounds and default are written once, here; the reader, the checks, the
template's cell notes and the documentation all read them from here. A month is a month number
(see `models.months`); every row carries `row`, its row in the sheet, for messages only.

Sheets stand in the order in which their modules are imported below.
"""

from models.schema.basics import (
    Demand,
    Hardware,
    LoadBlock,
    LoadShape,
    Network,
    Price,
    Residual,
    Segment,
    Settings,
    Throughput,
)

from models.schema.own_build import ChipOrder, OwnSite  # isort: skip
from models.schema.commitments import SpendCommitment
from models.schema.offers import (
    LONGEST_MONTHS,
    Contract,
    ContractTier,
    Fleet,
    Lease,
    LeaseHardware,
    LeaseOut,
    LeaseOutHardware,
    LeaseTerm,
    OnDemand,
    Option,
    Ramp,
)
from models.schema.policy import (
    MEASURES,
    SCOPES,
    Cap,
    Funding,
    Limit,
    Rival,
    Rule,
)
from models.schema.resilience import Resilience
from models.schema.runs import Run
from models.schema.scenarios import (
    OF_OFFERS,
    QUANTITIES,
    History,
    Scenario,
    ScenarioFactor,
)
from models.schema.sheets import (
    BOUGHT_OFFERS,
    NEVER_READ,
    NEVER_READ_SHEETS,
    OFFERS,
    SCENARIO_NOTES,
    SHEETS,
    START_HERE,
    WIDE,
    Sheet,
    never_read,
    referred,
    rows_of,
    sheet,
    sheet_names,
    sheet_of,
)

__all__ = [
    "BOUGHT_OFFERS",
    "LONGEST_MONTHS",
    "MEASURES",
    "NEVER_READ",
    "NEVER_READ_SHEETS",
    "OFFERS",
    "OF_OFFERS",
    "QUANTITIES",
    "SCENARIO_NOTES",
    "SCOPES",
    "SHEETS",
    "START_HERE",
    "WIDE",
    "Cap",
    "ChipOrder",
    "Contract",
    "ContractTier",
    "Demand",
    "Fleet",
    "Funding",
    "Hardware",
    "History",
    "Lease",
    "LeaseHardware",
    "LeaseOut",
    "LeaseOutHardware",
    "LeaseTerm",
    "Limit",
    "LoadBlock",
    "LoadShape",
    "Network",
    "OnDemand",
    "Option",
    "OwnSite",
    "Price",
    "Ramp",
    "Residual",
    "Resilience",
    "Rival",
    "Rule",
    "Run",
    "Scenario",
    "ScenarioFactor",
    "Segment",
    "Settings",
    "Sheet",
    "SpendCommitment",
    "Throughput",
    "never_read",
    "referred",
    "rows_of",
    "sheet",
    "sheet_names",
    "sheet_of",
]

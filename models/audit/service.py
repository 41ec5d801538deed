"""Whether demand is served as promised: met or counted as short, on hardware and between regions that allow it."""

from __future__ import annotations

from models.audit.demand import DemandAfterLimits
from models.audit.report import Findings
from models.audit.run_schedule import AuditedRun
from models.audit.scenario_factors import FactorPaths
from models.audit.supply import Supply
from models.dataset import Dataset
from models.grouping import sums
from models.plan import Plan, Serving, Shortfall

SMALLEST = 1e-3
"""A place smaller than this part of its month is measured against this part: noise there is no breach."""


class Rates:
    """Tokens an accelerator serves, by segment and hardware and month."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self.factors = FactorPaths(dataset)
        self.rows = {(each.workload, each.hardware): each for each in dataset.throughput}

    def bn_per_hour(self, segment: str, hardware: str, t: int) -> float:
        """Billions of tokens of the segment an accelerator serves in an hour; 0 where it cannot run."""
        served = self.dataset.load_of[segment]
        row = self.rows.get((served.workload, hardware))
        if row is None:
            return 0.0
        speed = row.tokens_per_second * (1 + row.gain_per_year) ** (t / 12)
        speed *= self.factors.product("throughput", t, served.workload, hardware)
        available = self.dataset.hardware_of[hardware].availability * (1 - served.headroom_share)
        return float(3600 * speed * available / 1e9)


def check_service(
    dataset: Dataset, plan: Plan, demand: DemandAfterLimits, supply: Supply, rates: Rates, findings: Findings
) -> None:
    """Demand after limits against what is served and short, the shares of shortfall, and where tokens are served."""
    deferrable = {each.segment for each in dataset.loads if each.timing == "deferrable"}

    def place(t: int, block: str, segment: str, region: str) -> tuple[int, str, str, str]:
        return t, "" if segment in deferrable else block, segment, region

    told: tuple[Serving | Shortfall, ...] = (*plan.serving, *plan.shortfalls)
    due = sums((place(*key), tokens) for key, tokens in demand.tokens.items())
    for run in supply.schedules:
        if isinstance(run, AuditedRun):
            due |= {(t, "", run.offer.run, run.offer.region): run.tokens_bn(t) for t in dataset.horizon}
    met = sums((place(row.month, row.block, row.segment, row.region), row.tokens_bn) for row in told)
    short = sums(((lack.month, lack.segment), lack.tokens_bn) for lack in plan.shortfalls)
    for key in sorted(due.keys() | met.keys()):
        t, block, segment, region = key
        where = f"{dataset.label(t)} {segment} in {region}{f', {block}' if block else ''}, bn tokens"
        scale = max(due[key], SMALLEST * demand.of_month[t])
        findings.equal("demand_is_met", where, met[key], due[key], scale)
    for (t, segment), tokens in short.items():
        row_of = dataset.load_of[segment]
        demanded = demand.of_segment.get((t, segment), 0.0)
        where = f"{dataset.label(t)} {segment}, bn tokens short"
        scale = max(demanded, SMALLEST * demand.of_month[t])
        if row_of.shortfall_usd_per_mtok is None:
            findings.at_most("shortfall_is_allowed", where, tokens, 0.0, scale)
        findings.at_most("shortfall_within_share", where, tokens, row_of.max_shortfall_share * demanded, scale)
    _check_routes(dataset, plan.serving, rates, findings)


def _check_routes(dataset: Dataset, serving: tuple[Serving, ...], rates: Rates, findings: Findings) -> None:
    links = {(each.capacity_region, each.demand_region): each.allowed for each in dataset.network}
    for row in serving:
        if row.tokens_bn == 0:
            continue
        runs = rates.bn_per_hour(row.segment, row.hardware, row.month) > 0
        where = f"{dataset.label(row.month)} {row.segment}"
        findings.true("workload_runs_on_hardware", f"{where} on {row.hardware}", runs)
        home = row.capacity_region == row.region
        allowed = links.get((row.capacity_region, row.region), home or not dataset.network)
        findings.true("network_allows", f"{where} from {row.capacity_region} to {row.region}", allowed)

"""One tiny workbook for every term of the model; what is named here is a golden model of the same name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from builders import (
    JAN,
    contract,
    dataset,
    demand,
    fleet,
    hardware,
    lease,
    lease_out,
    on_demand,
    ramp,
    segment,
    term,
    throughput,
)

from models.dataset import Dataset
from models.kinds import OfferKey
from models.plan import Plan, Signing
from models.policy.stability import PlanStability
from models.schema import (
    Cap,
    ChipOrder,
    Funding,
    Limit,
    LoadBlock,
    LoadShape,
    Network,
    Option,
    OwnSite,
    Price,
    Residual,
    Resilience,
    Rival,
    Rule,
    Run,
    SpendCommitment,
)
from models.supply.contract_kind import CONTRACT
from models.supply.lease_kind import LEASE

DAY_AND_NIGHT = [
    LoadBlock(block="day", hours_per_day=8, peak=True),
    LoadBlock(block="night", hours_per_day=16),
    LoadShape(segment="chat", block="day", multiplier=1.5),
    LoadShape(segment="chat", block="night", multiplier=0.75),
]
LIMITS = [Limit(segment="chat", limit="tight", demand_multiplier=0.5), Limit(segment="chat", limit="free")]
USED_BY_HALF: dict[str, Any] = {"take_or_pay_share": 0.5, "usage_usd_per_accelerator_hour": 0.1}


def small(*rows: Any, months: int = 2, **settings: Any) -> Dataset:
    """These rows over two months at 10 % a year, with a demand of 2 and on-demand at 3 USD."""
    return dataset(demand(2, months=months), on_demand(3.0), *rows, months=months, **{"discount_rate": 0.1} | settings)


def capped(
    measure: str, value: float, scope: str = "total", name: str | None = None, *more: Cap, **columns: Any
) -> Dataset:
    """A lease, a contract, fleet and on-demand under one cap and what more there are."""
    policy = Cap(**{"sense": "max"} | columns, cap="policy", measure=measure, scope=scope, name=name, value=value)
    chat = segment(shortfall_usd_per_mtok=0.1, revenue_usd_per_mtok=0.1)
    return small(chat, fleet(), lease("lease", term(1, 1.0)), contract(term_months=2), policy, *more)


def ruled(kind: str, *offers: str, count: int | None = None) -> Dataset:
    """Two leases and a contract under one rule."""
    rows = [lease("one", term(1, 1.0)), lease("two", term(1, 1.5), units_max=2), contract(term_months=1)]
    return small(rows, Rule(rule="rule", kind=kind, offers=offers, count=count))


LEVERS = small(
    segment(revenue_usd_per_mtok=0.1, change_cost_usd=50, current_limit="free; plain"),
    LIMITS,
    Limit(segment="chat", limit="low", lever="price", price_multiplier=0.8, demand_multiplier=1.2),
    Limit(segment="chat", limit="plain", lever="price"),
    Limit(segment="chat", limit="off-peak", lever="hours", demand_multiplier=0.9, churn_per_month=0.01),
    Limit(segment="chat", limit="always", lever="hours"),
)

TERMS: dict[str, Dataset] = {
    "alternatives": small(lease("lease", term(1, 1.0), units_max=2)),
    "keep": small(lease("lease", term(1, 1.0), units_max=2)),
    "probes": small(fleet(), Cap(cap="policy", measure="capacity_mw", scope="total", sense="max", value=9)),
    "fleet": small(fleet(usd_per_accelerator_hour=0.2, usage_usd_per_accelerator_hour=0.1, until_month=JAN)),
    "on_demand": small(on_demand(2.0, t=1, provider="other", max_accelerators=1.0)),
    "leases": small(
        hardware(),
        hardware("TPU", kw=0.5),
        throughput(),
        throughput(hardware="TPU", bn_per_day=0.5),
        ramp("slow", (1, 0.5, 0.5), (2, 1.0, 1.0)),
        lease(
            "cluster",
            term(2, 1.0, upfront_usd_per_unit=100, prepay_share=0.25),
            term(3, monthly=900, ramp="slow"),
            holds={"H100": 1, "TPU": 2},
            units_max=2,
        ),
    ),
    "lease_cancelled": small(
        lease("lease", term(3, 1.0, cancel_after_months=1, termination_fee_share=0.25), units_max=2), months=3
    ),
    "lease_renewed": small(
        lease("lease", term(1, 1.0, renewals_max=2, renewal_months=1, renewal_price_multiple=1.5)), months=3
    ),
    "lease_signed": small(
        lease("lease", term(3, 1.0, cancel_after_months=1, notice_months=1), signed=-1, signed_units=2)
    ),
    "full_horizon_end": small(
        lease("lease", term(4, 1.0, prepay_share=0.5, cancel_after_months=1)),
        contract(term_months=3, **USED_BY_HALF),
        end_of_horizon="full",
    ),
    "cash_account": small(
        segment(revenue_usd_per_mtok=0.1, shortfall_usd_per_mtok=0.2),
        lease("lease", term(2, 1.0, upfront_usd_per_unit=900), units_max=2),
        Funding(source="bank", month=JAN + 1, usd=500.0),
        opening_cash_usd=-100.0,
        credit_line_usd=3000.0,
        credit_interest=0.2,
        other_cost_share=0.4,
    ),
    "churn_by_shortfall": small(
        segment(
            revenue_usd_per_mtok=0.1,
            shortfall_usd_per_mtok=0.2,
            churn_per_shortfall=0.5,
            recovery_per_month=0.1,
            lost_share=0.05,
        ),
        months=3,
    ),
    "rivals": small(
        segment(share_won_per_generosity=0.02, revenue_usd_per_mtok=0.1),
        [replace(row, generosity=float(rank)) for rank, row in enumerate(LIMITS, start=1)],
        Rival(segment="chat", month=JAN + 1, generosity=1.5),
        months=3,
    ),
    "levers": LEVERS,
    "levers_apart": LEVERS,
    "cap_each": capped("cash_usd", 900.0, "provider", "*"),
    "prices": small(
        segment(revenue_usd_per_mtok=0.1, shortfall_usd_per_mtok=0.2),
        LIMITS,
        Price(segment="chat", month=JAN, revenue_usd_per_mtok=0.4, shortfall_usd_per_mtok=0.3),
        Price(segment="chat", month=JAN + 2, revenue_usd_per_mtok=0.1),
    ),
    "residual_horizon_end": small(
        Residual(hardware="H100", usd_per_accelerator_hour=0.6, decline_per_year=0.5),
        lease("lease", term(4, 1.0, prepay_share=0.5, upfront_usd_per_unit=300, cancel_after_months=1)),
        contract(term_months=3, min_spend_usd_per_year=9000, **USED_BY_HALF),
        end_of_horizon="residual",
    ),
    "contract_all_units": small(contract(tiers={1: 1.5, 3: 1.0}, max_blocks=4, min_blocks=2)),
    "contract_incremental": small(
        contract(tiers={1: 1.0, 2: 1.5, 4: 1.2}, max_blocks=5, min_blocks=1, tier_mode="incremental")
    ),
    "take_or_pay": small(contract(tiers={1: 1.5, 3: 1.0}, max_blocks=4, **USED_BY_HALF)),
    "take_or_pay_incremental": small(
        contract(tiers={1: 1.5, 3: 1.0}, max_blocks=4, tier_mode="incremental", **USED_BY_HALF)
    ),
    "overage": small(contract(max_blocks=2, overage_share=0.5, overage_price_multiple=1.5)),
    "overage_comes_last": small(
        fleet(accelerators=1),
        contract(max_blocks=2, overage_share=0.5, overage_price_multiple=0.5, take_or_pay_share=0.5),
        reserve_margin=0.25,
    ),
    "minimum_spend": small(contract(max_blocks=2, min_spend_usd_per_year=12000, take_or_pay_share=0.5)),
    "reserve_margin": small(fleet(accelerators=2), lease("lease", term(1, 1.0)), reserve_margin=0.25),
    "lease_outs": small(
        fleet(accelerators=2, usage_usd_per_accelerator_hour=0.1),
        fleet("bound", 2, sublet=False),
        lease("lease", term(2, 1.0), sublet=True),
        lease_out(term_months=2, units_max=2),
        reserve_margin=0.1,
    ),
    "lease_out_recalled": small(
        fleet(accelerators=2),
        ramp("slow", (1, 0.5, 0.75), (2, 1.0, 1.0)),
        lease_out(
            term_months=4,
            units_max=2,
            ramp="slow",
            upfront_usd_per_unit=100,
            prepay_share=0.25,
            escalator_per_year=0.1,
            recall_after_months=1,
            recall_notice_months=1,
            recall_fee_share=0.5,
        ),
        lease_out("old", signed=-1, term_months=4, recall_after_months=0),
        months=3,
    ),
    "resilience": dataset(
        fleet("one", 2, site="hall"),
        fleet("two", 1),
        lease("lease", term(2, 1.0), units_max=2, sublet=True),
        lease_out("out", 1.0, 2),
        on_demand(3.0, max_accelerators=2),
        segment("chat"),
        segment("batch", timing="deferrable"),
        demand(2, 2),
        demand(1, 1, segment="batch"),
        Resilience(against="site", protected_share=0.5),
        Resilience(against="site", segment="batch", protected_share=0.25, from_month=JAN + 1),
        Resilience(against="provider", protected_share=0.3, until_month=JAN),
        months=2,
    ),
    "runs": small(
        fleet(accelerators=3),
        Run(
            run="training",
            workload="chat",
            region="us",
            tokens_bn_per_day=1,
            months=2,
            value_usd=5000,
            loss_usd_per_month_late=100,
        ),
        Run(
            run="test",
            workload="chat",
            region="us",
            tokens_bn_per_day=0.5,
            months=1,
            single_site=False,
            start_from=JAN + 1,
        ),
        months=3,
    ),
    "own_build": small(
        ramp("slow", (1, 0.5, 0.75), (2, 1.0, 1.0)),
        OwnSite(
            build="hall",
            site="campus",
            region="us",
            block_mw=0.002,
            blocks_max=2,
            ramp="slow",
            term_months=4,
            capex_usd_per_mw=1e5,
            capex_months=2,
            rent_usd_per_mw_month=1e4,
            energy_usd_per_mwh=100,
        ),
        OwnSite(
            build="old hall",
            site="campus",
            region="us",
            block_mw=0.001,
            energy_usd_per_mwh=100,
            status="signed",
            signed_month=JAN - 2,
            signed_blocks=1,
        ),
        ChipOrder(
            order="chips",
            site="campus",
            hardware="H100",
            lot=1.0,
            lots_max=3,
            usd_per_accelerator=500,
            deposit_share=0.5,
            lead_months=1,
            support_usd_per_accelerator_month=5,
            financed_share=0.5,
            interest=0.1,
            tenor_months=2,
        ),
        ChipOrder(
            order="old chips",
            site="campus",
            hardware="H100",
            lot=2.0,
            usd_per_accelerator=500,
            status="signed",
            signed_month=JAN - 2,
            signed_lots=1,
            financed_share=0.5,
            tenor_months=4,
        ),
        months=3,
        reserve_margin=0.25,
    ),
    "spend_commitments": small(
        lease("lease", term(2, 1.0, usage_usd_per_accelerator_hour=0.1)),
        fleet(usd_per_accelerator_hour=0.5),
        SpendCommitment(commitment="promise", provider="neo", usd=2000, from_month=JAN - 1, until_month=JAN + 1),
        SpendCommitment(
            commitment="cheaper hours",
            provider="spot",
            usd=12000,
            from_month=JAN,
            until_month=JAN + 11,
            per="year",
            status="offer",
            on_demand_multiple=0.5,
        ),
        SpendCommitment(
            commitment="cheap hours",
            provider="spot",
            usd=1000,
            from_month=JAN + 1,
            until_month=JAN + 1,
            status="offer",
            on_demand_multiple=0.8,
        ),
        Cap(cap="policy", measure="cash_usd", scope="total", sense="min", value=100),
    ),
    "options": small(
        lease("lease", term(1, 1.0), units_max=2),
        Option(option="right", offer="lease", premium_usd=50),
        Option(option="other right", offer="lease", premium_usd=20, buy_from=JAN + 1),
    ),
    "limits": small(DAY_AND_NIGHT, LIMITS, segment(revenue_usd_per_mtok=0.1)),
    "limits_churn": small(
        [Limit(segment="chat", limit="tight", demand_multiplier=0.5, churn_per_month=0.05), LIMITS[1]], months=3
    ),
    "limits_changed": small(
        LIMITS, segment(change_cost_usd=100, current_limit="free", min_months_between_changes=2), months=3
    ),
    "limits_never_tighter": small(LIMITS, segment(may_tighten=False), months=3),
    "load_blocks": small(DAY_AND_NIGHT, fleet(accelerators=2)),
    "deferrable": small(
        DAY_AND_NIGHT, fleet(), segment("chat"), segment("batch", timing="deferrable"), demand(1, 1, segment="batch")
    ),
    "network": small(
        fleet(),
        demand(1, 1, region="eu"),
        Network(capacity_region="us", demand_region="eu", usd_per_mtok=0.01),
        Network(capacity_region="eu", demand_region="us", allowed=False),
    ),
    "shortfall": small(segment(shortfall_usd_per_mtok=0.05, max_shortfall_share=0.5), DAY_AND_NIGHT),
    "single_site": small(
        segment("chat"),
        segment("training", single_site=True),
        demand(0.5, 1, segment="training"),
        fleet("a", 2, usage_usd_per_accelerator_hour=0.1),
        lease("b", term(1, 1.0, usage_usd_per_accelerator_hour=0.2), units_max=2),
        reserve_margin=0.25,
    ),
    "single_site_mixed": small(
        segment("chat"),
        segment("training", single_site=True),
        demand(0.5, 1, segment="training"),
        hardware("tpu"),
        throughput(hardware="tpu"),
        fleet("gpus", 2, site="hall"),
        fleet("tpus", 1, "tpu", site="hall"),
        reserve_margin=0.25,
    ),
    "cap_capacity_mw": capped("capacity_mw", 0.002, "provider", "neo"),
    "cap_capacity_share": capped("capacity_share", 0.5, "region", "us", sense="min"),
    "cap_cash": capped("cash_usd", 2000, per="quarter"),
    "caps_that_count_the_same": capped(
        "cash_usd",
        2000,
        "total",
        None,
        Cap(cap="each month", measure="cash_usd", scope="total", sense="max", value=1500),
        per="quarter",
    ),
    "cap_cash_share_of_revenue": capped("cash_share_of_revenue", 0.5),
    "cap_obligation": capped("obligation_usd", 500),
    "cap_shortfall_share": capped("shortfall_share", 0.1, per="horizon"),
    "cap_cash_on_flexible_bills": small(
        segment(shortfall_usd_per_mtok=0.1),
        contract(
            tiers={1: 1.5, 2: 1.0}, max_blocks=2, tier_mode="incremental", min_spend_usd_per_year=12000, **USED_BY_HALF
        ),
        Cap(cap="policy", measure="cash_usd", scope="total", sense="min", value=1000),
    ),
    "alternative_cheapest": small(lease("lease", term(2, 1.0), units_max=3)),
    "rule_requires": ruled("requires", "one", "two"),
    "rule_excludes": ruled("excludes", "one", "contract"),
    "rule_at_most": ruled("at_most", "one", "two", "contract", count=2),
    "must_take": replace(small(contract(term_months=2)), must_take=(OfferKey(CONTRACT, "contract"),)),
    "rule_at_least": ruled("at_least", "two", "contract", count=1),
}

KEEP = PlanStability(Plan(signings=(Signing(LEASE, "lease", 0, 1, 1, 0, 0),)), usd_per_unit=7.0)
"""The plan that the golden model `keep` keeps to."""

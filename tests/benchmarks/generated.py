"""Generated planning problems of any length and number of offers, of the same kind at every size."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable

from models.dataset import Dataset
from models.months import month_of
from models.schema import (
    Cap,
    Contract,
    ContractTier,
    Demand,
    Fleet,
    Hardware,
    Lease,
    LeaseHardware,
    LeaseTerm,
    Limit,
    LoadBlock,
    LoadShape,
    Network,
    OnDemand,
    Ramp,
    Segment,
    Settings,
    Throughput,
)

FIRST = month_of(2026, 5)
REGIONS = {
    # region: (share of demand, share of the fleet)
    "us": (0.55, 0.6),
    "eu": (0.3, 0.3),
    "apac": (0.15, 0.1),
}
HARDWARE = {"h200": (1.73, 900.0), "gb200": (2.1, 5200.0), "tpu7": (1.0, 3600.0), "trn3": (0.9, 1500.0)}
SEGMENTS = {
    # segment: (share of demand, deferrable, shortfall USD per million tokens)
    "coding": (0.40, False, 3.0),
    "api": (0.25, False, 2.5),
    "chat": (0.15, False, 2.0),
    "batch": (0.12, True, 0.6),
    "training": (0.08, True, 1.5),
}
PRICES = {"h200": 2.1, "gb200": 3.4, "tpu7": 1.6, "trn3": 1.1}


def kind_of(name: str) -> str:
    """What a segment or region is like: `coding 2` is like `coding`."""
    return name.split()[0]


def alike(kinds: Iterable[str], count: int) -> dict[str, float]:
    """So many names, each like a kind in turn, with their parts of the kind's share.

    >>> alike(("us", "eu"), 3)
    {'us': 0.5, 'eu': 1.0, 'us 2': 0.5}
    """
    kinds = tuple(kinds)
    names = [kinds[i % len(kinds)] + (f" {i // len(kinds) + 1}" if i >= len(kinds) else "") for i in range(count)]
    of = Counter(map(kind_of, names))
    return {name: 1.0 / of[kind_of(name)] for name in names}


def generated(months: int, offers: int, seed: int = 1, segments: int = 5, regions: int = 3) -> Dataset:
    """A problem of `months` months with `offers` offers: four leases to each contract, on-demand besides.

    Demand grows tenfold in the first 30 months and 2 % a month after; a load shape of two blocks; three
    usage limits for coding agents; leases by three terms with prepayment, ramps, escalators and rights to
    cancel or renew on some; contracts in 50 MW blocks with three tiers, take-or-pay on some. Where there are more
    segments or regions than kinds of them, those of a kind share its demand.
    """
    draw = random.Random(seed)
    contracts = offers // 5
    leases = offers - contracts
    total_first = 30_000.0
    segment_parts, region_parts = alike(SEGMENTS, segments), alike(REGIONS, regions)
    places = tuple(region_parts)
    demand = [
        Demand(
            segment=segment,
            region=region,
            month=FIRST + m,
            tokens_bn_per_day=total_first
            * (SEGMENTS[kind_of(segment)][0] * of_kind)
            * (REGIONS[kind_of(region)][0] * part)
            * level,
        )
        for segment, of_kind in segment_parts.items()
        for region, part in region_parts.items()
        for m, level in ((0, 1.0), (12, 4.0), (30, 10.0))
    ]
    lease_rows, lease_hardware, lease_terms = [], [], []
    for i in range(leases):
        name, hardware = f"lease {i + 1:03d}", draw.choice(list(HARDWARE))
        not_before = FIRST + draw.randrange(0, months - 6) if draw.random() < 0.6 else None
        window = draw.randrange(0, max(1, months - 12))
        lease_rows.append(
            Lease(
                lease=name,
                provider=f"neocloud {i % 9}",
                region=draw.choice(places),
                units_max=draw.choice((1, 2, 4, 8)),
                lead_months=draw.randrange(0, 5),
                sign_from=FIRST + window,
                sign_until=FIRST + window + draw.choice((2, 5, 11)),
                service_not_before=not_before,
                delivered_share=draw.choice((1.0, 0.95, 0.9)),
            )
        )
        size = draw.choice((4_000, 8_000, 16_000, 30_000))
        lease_hardware.append(LeaseHardware(lease=name, hardware=hardware, accelerators=size))
        for term, discount in ((12, 1.0), (24, 0.88), (36, 0.8)):
            price = PRICES[hardware] * discount * draw.uniform(0.85, 1.2)
            flexible = draw.random() < 0.15 and term > 12
            lease_terms.append(
                LeaseTerm(
                    lease=name,
                    term_months=term,
                    usd_per_accelerator_hour=price,
                    prepay_share=draw.choice((0.0, 0.1, 0.2)),
                    escalator_per_year=draw.choice((0.0, 0.03)),
                    ramp="slow" if draw.random() < 0.3 else None,
                    cancel_after_months=6 if flexible else None,
                    notice_months=3 if flexible else 0,
                    termination_fee_share=0.2 if flexible else 0.0,
                    renewals_max=1 if term == 12 else 0,
                    renewal_months=12 if term == 12 else None,
                )
            )
    contract_rows, tiers = [], []
    for i in range(contracts):
        name, hardware = f"contract {i + 1:02d}", draw.choice(("gb200", "tpu7", "trn3"))
        start = draw.randrange(0, max(1, months - 12))
        contract_rows.append(
            Contract(
                contract=name,
                provider=f"cloud {i % 4}",
                region=draw.choice(places),
                hardware=hardware,
                block_mw=50.0,
                min_blocks=2,
                max_blocks=draw.choice((10, 20, 40)),
                term_months=60,
                sign_from=FIRST + start,
                sign_until=FIRST + start + 5,
                lead_months=draw.randrange(2, 9),
                ramp="slow",
                tier_mode=draw.choice(("all_units", "incremental")),
                take_or_pay_share=draw.choice((1.0, 1.0, 0.8)),
                overage_share=draw.choice((0.0, 0.1)),
                overage_price_multiple=1.4,
            )
        )
        for k, discount in ((2, 1.0), (8, 0.92), (16, 0.85)):
            if k <= contract_rows[-1].max_blocks:
                rate = PRICES[hardware] * 0.8 * discount
                tiers.append(ContractTier(contract=name, from_blocks=k, usd_per_accelerator_hour=rate))
    return Dataset(
        settings=Settings(
            plan_name=f"generated {months}x{offers}", first_month=FIRST, months=months, reserve_margin=0.03
        ),
        hardware=tuple(
            Hardware(hardware=name, kw=kw, vendor="v " + name, availability=0.97) for name, (kw, _) in HARDWARE.items()
        ),
        throughput=tuple(
            Throughput(
                workload=segment, hardware=name, tokens_per_second=rate * draw.uniform(0.8, 1.2), gain_per_year=0.3
            )
            for segment in SEGMENTS
            for name, (_, rate) in HARDWARE.items()
        ),
        segments=tuple(
            Segment(
                segment=segment,
                workload=kind_of(segment),
                timing="deferrable" if deferrable else "interactive",
                revenue_usd_per_mtok=shortfall * 0.8,
                shortfall_usd_per_mtok=shortfall,
                growth_per_month=0.02,
                current_limit="standard" if segment == "coding" else None,
                min_months_between_changes=3,
                change_cost_usd=1e6 if segment == "coding" else 0.0,
            )
            for segment in segment_parts
            for _, deferrable, shortfall in (SEGMENTS[kind_of(segment)],)
        ),
        demand=tuple(demand),
        load_blocks=(
            LoadBlock(block="peak", hours_per_day=8, peak=True),
            LoadBlock(block="offpeak", hours_per_day=16),
        ),
        load_shape=tuple(
            LoadShape(segment=segment, block=block, multiplier=value)
            for segment in segment_parts
            if kind_of(segment) in ("coding", "api", "chat")
            for block, value in (("peak", 1.4), ("offpeak", 0.8))
        ),
        network=tuple(
            Network(capacity_region=a, demand_region=b, usd_per_mtok=0.0 if a == b else 0.02)
            for a in places
            for b in places
        ),
        fleet=tuple(
            Fleet(
                asset=f"owned {region}",
                provider="own",
                region=region,
                hardware="h200",
                accelerators=60_000 * (REGIONS[kind_of(region)][1] * part),
                usd_per_accelerator_hour=1.2,
                usage_usd_per_accelerator_hour=0.12,
            )
            for region, part in region_parts.items()
        ),
        leases=tuple(lease_rows),
        lease_hardware=tuple(lease_hardware),
        lease_terms=tuple(lease_terms),
        ramps=(
            Ramp(ramp="slow", service_month=1, capacity_share=0.4, rate_multiplier=0.8),
            Ramp(ramp="slow", service_month=3, capacity_share=0.8),
            Ramp(ramp="slow", service_month=5),
        ),
        contracts=tuple(contract_rows),
        contract_tiers=tuple(tiers),
        on_demand=tuple(
            OnDemand(
                provider="spot",
                region=region,
                hardware=name,
                usd_per_accelerator_hour=2.2 * price,
                max_accelerators=20_000 * region_parts[region],
            )
            for region in places
            for name, price in PRICES.items()
        ),
        limits=(
            Limit(
                segment="coding", limit="strict", demand_multiplier=0.7, revenue_multiplier=0.8, churn_per_month=0.005
            ),
            Limit(
                segment="coding",
                limit="standard",
                demand_multiplier=0.85,
                revenue_multiplier=0.92,
                churn_per_month=0.001,
            ),
            Limit(segment="coding", limit="generous"),
        ),
        caps=(
            Cap(cap="one provider", measure="capacity_share", scope="provider", name="cloud 0", sense="max", value=0.6),
        ),
    )

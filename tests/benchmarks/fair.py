"""Generated planning problems like real procurements: offers near the need, and competing with each other."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

from benchmarks.generated import FIRST, HARDWARE, PRICES, generated

from models.dataset import Dataset
from models.schema import Cap, Contract, ContractTier, Lease, LeaseHardware, LeaseOut, LeaseTerm, Limit

BN_PER_DAY_AN_OFFER = 6_000.0
"""What is needed when demand is tenfold, by offer: tokens, the load shape's peak counted."""
GROWTH_AFTER = 30
"""The month after which it grows by 2 % a month."""
CONTRACTS, LEASES = 1.0, 2.0
"""What all contracts, and all leases, can serve together over what is needed; leases are not all online at once."""
USD_A_BN_PER_DAY = 1.05e3
"""About what capacity for a billion tokens a day costs a month."""


def fair(months: int, offers: int, seed: int = 1, segments: int = 5, regions: int = 3) -> Dataset:
    """A problem of the size of `generated`, harder to choose in.

    Contracts, in blocks of 10 to 25 MW, come to the need together and leases, which end, to twice the need; rates of a
    hardware differ by a few per cent; half of the leases may be cancelled; four lease-outs; limits on coding agents and
    prices of the API; caps on a provider's share of capacity, on cash a quarter and on money owed.
    """
    draw = random.Random(seed)
    base = generated(months, offers, seed, segments, regions)
    contracts = offers // 5
    need = BN_PER_DAY_AN_OFFER * offers * 1.02 ** max(0, months - GROWTH_AFTER)
    rows = tuple(_contract(draw, each, CONTRACTS * need / contracts) for each in base.contracts)
    leases, hardware, terms = _leases(draw, base, LEASES * need / (offers - contracts))
    return replace(
        base,
        settings=replace(base.settings, plan_name=f"fair {months}x{offers}"),
        demand=tuple(
            replace(each, tokens_bn_per_day=each.tokens_bn_per_day * offers / 60) for each in base.demand
        ),
        segments=tuple(
            replace(each, current_limit="today", min_months_between_changes=6) if each.segment == "api" else each
            for each in base.segments
        ),
        contracts=rows,
        contract_tiers=tuple(tier for row in rows for tier in _tiers(draw, row)),
        leases=leases,
        lease_hardware=hardware,
        lease_terms=terms,
        fleet=tuple(replace(each, accelerators=each.accelerators * offers / 60) for each in base.fleet),
        lease_outs=tuple(
            LeaseOut(
                lease_out=f"sublet {region} {k}",
                provider=f"start-up {k}",
                region=region,
                hardware="h200",
                accelerators=2_000,
                units_max=3,
                term_months=term,
                usd_per_accelerator_hour=PRICES["h200"] * draw.uniform(0.75, 0.95),
            )
            for k, (region, term) in enumerate((("us", 6), ("us", 12), ("eu", 6), ("eu", 12)))
        ),
        on_demand=tuple(
            replace(each, max_accelerators=each.max_accelerators * offers / 200) for each in base.on_demand
        ),
        limits=(
            *base.limits,
            Limit(segment="api", limit="today"),
            Limit(segment="api", limit="dearer", price_multiplier=1.15, demand_multiplier=0.88),
        ),
        caps=(
            Cap(cap="one cloud", measure="capacity_share", scope="provider", name="cloud 0", sense="max", value=0.3),
            Cap(
                cap="cash", measure="cash_usd", scope="total", sense="max", per="quarter",
                value=3.0 * 1.2 * need * USD_A_BN_PER_DAY,
            ),
            Cap(
                cap="owed", measure="obligation_usd", scope="total", sense="max",
                value=30.0 * need * USD_A_BN_PER_DAY,
            ),
        ),
    )  # fmt: skip


def _accelerators(draw: random.Random, hardware: str, bn_per_day: float) -> float:
    """Accelerators that serve about as much, two years' gain counted."""
    return bn_per_day * draw.uniform(0.6, 1.4) / (HARDWARE[hardware][1] * 86_400 / 1e9 * 1.3**2)


def _contract(draw: random.Random, contract: Contract, bn_per_day: float) -> Contract:
    """A contract that serves as much on average, in blocks."""
    block_mw = draw.choice((10.0, 15.0, 20.0, 25.0))
    mw = _accelerators(draw, contract.hardware, bn_per_day) * HARDWARE[contract.hardware][0] / 1000.0
    return replace(
        contract,
        block_mw=block_mw,
        min_blocks=1,
        max_blocks=max(2, round(mw / block_mw)),
        term_months=draw.choice((36, 48, 60)),
        sign_until=(contract.sign_from or FIRST) + draw.choice((5, 11)),
    )


def _tiers(draw: random.Random, contract: Contract) -> Iterator[ContractTier]:
    """A rate with a few per cent of noise, lower for half of the blocks and for all of them."""
    rate = PRICES[contract.hardware] * 0.8 * draw.uniform(0.96, 1.04)
    begins = dict.fromkeys((1, max(2, contract.max_blocks // 2), contract.max_blocks))
    for from_blocks, discount in zip(begins, (1.0, 0.95, 0.9), strict=False):
        yield ContractTier(
            contract=contract.contract, from_blocks=from_blocks, usd_per_accelerator_hour=rate * discount
        )


def _leases(
    draw: random.Random, base: Dataset, bn_per_day: float
) -> tuple[tuple[Lease, ...], tuple[LeaseHardware, ...], tuple[LeaseTerm, ...]]:
    """Leases of this size on average, alike but for a few per cent of their fees; half may be cancelled."""
    leases, hardware = [], []
    for lease, holds in zip(base.leases, base.lease_hardware, strict=True):
        units = draw.choice((1, 2, 4))
        leases.append(
            replace(lease, units_max=units, sign_until=(lease.sign_from or FIRST) + 11, sublet=draw.random() < 0.3)
        )
        hardware.append(
            replace(holds, accelerators=float(round(_accelerators(draw, holds.hardware, bn_per_day) / units, -2)))
        )
    of = {each.lease: each.hardware for each in hardware}
    flexible = {each.lease: draw.random() < 0.5 for each in leases}
    terms = [
        replace(
            term,
            usd_per_accelerator_hour=PRICES[of[term.lease]]
            * {12: 1.0, 24: 0.88, 36: 0.8}[term.term_months]
            * draw.uniform(0.97, 1.03),
            cancel_after_months=6 if flexible[term.lease] and term.term_months > 12 else None,
            notice_months=3 if flexible[term.lease] and term.term_months > 12 else 0,
            termination_fee_share=0.2 if flexible[term.lease] and term.term_months > 12 else 0.0,
        )
        for term in base.lease_terms
    ]
    return tuple(leases), tuple(hardware), tuple(terms)

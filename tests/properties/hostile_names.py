"""A small problem with something of everything, and ways to name its parts that invite confusion."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from sheets import Tables

PLAIN: Tables = {
    "settings": {"first_month": "2026-01", "months": 2, "discount_rate": 0.1, "first_stage_months": 1},
    "hardware": [
        {"hardware": "hardware 1", "vendor": "vendor 1", "kw": 1},
        {"hardware": "hardware 2", "vendor": "vendor 2", "kw": 2},
    ],
    "throughput": [
        {"workload": "workload 1", "hardware": "hardware 1", "tokens_per_second": 1000},
        {"workload": "workload 1", "hardware": "hardware 2", "tokens_per_second": 1500},
    ],
    "segments": [
        {"segment": "segment 1", "workload": "workload 1", "shortfall_usd_per_mtok": 9, "revenue_usd_per_mtok": 1,
         "growth_per_month": 0, "current_limit": "limit 1"},
        {"segment": "segment 2", "workload": "workload 1", "shortfall_usd_per_mtok": 7, "growth_per_month": 0,
         "timing": "deferrable"},
    ],
    "demand": [
        {"segment": f"segment {s}", "region": f"region {r}", "month": month,
         "tokens_bn_per_day": round(0.4 * s + 0.2 * r + grown, 6)}
        for s in (1, 2) for r in (1, 2) for month, grown in (("2026-01", 0), ("2026-03", 0.3))
    ],
    "load_blocks": [{"block": "block 1", "hours_per_day": 8, "peak": True}, {"block": "block 2", "hours_per_day": 16}],
    "load_shape": [
        {"segment": "segment 1", "block": "block 1", "multiplier": 1.5},
        {"segment": "segment 1", "block": "block 2", "multiplier": 0.75},
    ],
    "network": [
        {"capacity_region": "region 1", "demand_region": "region 2", "usd_per_mtok": 0.01},
        {"capacity_region": "region 2", "demand_region": "region 1", "usd_per_mtok": 0.02},
    ],
    "fleet": [
        {"asset": f"asset {i}", "provider": f"provider {i}", "region": f"region {i}", "site": f"site {i}",
         "hardware": f"hardware {i}", "accelerators": 6.0 * i, "usage_usd_per_accelerator_hour": 0.1 * i}
        for i in (1, 2)
    ],
    "leases": [
        {"lease": "lease 1", "provider": "provider 1", "region": "region 1", "site": "site 1"},
        {"lease": "lease 2", "provider": "provider 1", "region": "region 2", "site": "site 2", "sublet": True},
        {"lease": "lease 3", "provider": "provider 3", "region": "region 1", "site": "site 1"},
    ],
    "lease_hardware": [
        {"lease": "lease 1", "hardware": "hardware 1", "accelerators": 8},
        {"lease": "lease 2", "hardware": "hardware 1", "accelerators": 10},
        {"lease": "lease 3", "hardware": "hardware 2", "accelerators": 12},
    ],
    "lease_terms": [
        {"lease": "lease 1", "term_months": 1, "usd_per_accelerator_hour": 1.1, "usage_usd_per_accelerator_hour": 0.2,
         "renewals_max": 1, "renewal_months": 1},
        {"lease": "lease 2", "term_months": 3, "usd_per_accelerator_hour": 1, "ramp": "ramp 1",
         "cancel_after_months": 1, "termination_fee_share": 0.1},
        {"lease": "lease 3", "term_months": 2, "usd_per_accelerator_hour": 2.5},
    ],
    "ramps": [{"ramp": "ramp 1", "service_month": 1, "capacity_share": 0.5}, {"ramp": "ramp 1", "service_month": 2}],
    "contracts": [
        {"contract": "contract 1", "provider": "provider 1", "region": "region 1", "site": "site 1",
         "hardware": "hardware 1", "block_mw": 0.006, "max_blocks": 2, "term_months": 3, "take_or_pay_share": 0.5,
         "overage_share": 0.25, "usage_usd_per_accelerator_hour": 0.1},
        {"contract": "contract 2", "provider": "provider 2", "region": "region 2", "site": "site 2",
         "hardware": "hardware 2", "block_mw": 0.008, "max_blocks": 2, "term_months": 2, "tier_mode": "incremental"},
    ],
    "contract_tiers": [
        {"contract": "contract 1", "from_blocks": 1, "usd_per_accelerator_hour": 1.2},
        {"contract": "contract 2", "from_blocks": 1, "usd_per_accelerator_hour": 1.9},
        {"contract": "contract 2", "from_blocks": 2, "usd_per_accelerator_hour": 1.6},
    ],
    "on_demand": [
        {"provider": "provider 1", "region": f"region {i}", "hardware": f"hardware {i}",
         "usd_per_accelerator_hour": 2.5 + i, "max_accelerators": 20}
        for i in (1, 2)
    ],
    "lease_outs": [
        {"lease_out": "lease-out 1", "provider": "taker 1", "region": "region 1", "hardware": "hardware 1",
         "accelerators": 2, "term_months": 2, "usd_per_accelerator_hour": 9},
        {"lease_out": "lease-out 2", "provider": "taker 2", "region": "region 2", "hardware": "hardware 2",
         "accelerators": 2, "term_months": 2, "usd_per_accelerator_hour": 5},
    ],
    "options": [
        {"option": "option 1", "offer": "lease 2", "premium_usd": 40},
        {"option": "option 2", "offer": "contract 2", "premium_usd": 30, "buy_until": "2026-01"},
    ],
    "limits": [
        {"segment": "segment 1", "limit": "limit 1"},
        {"segment": "segment 1", "limit": "limit 2", "demand_multiplier": 0.8, "price_multiplier": 1.1},
    ],
    "caps": [
        {"cap": "cap 1", "measure": "capacity_mw", "scope": "offer", "name": "lease 2", "sense": "max", "value": 0.015},
        {"cap": "cap 2", "measure": "cash_usd", "scope": "provider", "name": "provider 1", "sense": "max",
         "value": 60000, "per": "quarter"},
        {"cap": "cap 3", "measure": "capacity_share", "scope": "region", "name": "region 1", "sense": "max",
         "value": 0.8},
        {"cap": "cap 4", "measure": "cash_usd", "scope": "site", "name": "site 2", "sense": "max", "value": 90000},
    ],
    "rules": [
        {"rule": "rule 1", "kind": "requires", "offers": "lease 3; contract 2"},
        {"rule": "rule 2", "kind": "at_least", "offers": "contract 2; lease 3", "count": 1},
    ],
}  # fmt: skip
SCENARIOS: Tables = {
    "scenarios": [{"scenario": "scenario 1", "probability": 0.6}, {"scenario": "scenario 2", "probability": 0.4}],
    "scenario_factors": [
        {"scenario": "scenario 1", "quantity": "demand", "name": "segment 1", "value": 1.2},
        {"scenario": "scenario 1", "quantity": "price", "name": "lease 3", "value": 0.8},
        {"scenario": "scenario 2", "quantity": "delivery_delay_months", "name": "contract 2", "value": 1},
        {"scenario": "scenario 2", "quantity": "on_demand_price", "name": "hardware 1", "value": 1.5},
        {"scenario": "scenario 2", "quantity": "supplier_exit", "name": "provider 3", "from_month": "2026-02"},
    ],
}
TEXTS = frozenset(
    {"vendor", "workload", "hardware", "segment", "region", "block", "capacity_region", "demand_region", "asset",
     "provider", "site", "lease", "ramp", "contract", "lease_out", "option", "offer", "limit", "current_limit", "cap",
     "name", "rule", "offers", "scenario"}
)  # fmt: skip
"""The columns whose cells are names."""
NAMED_ELSEWHERE = frozenset({"lease 2", "lease 3", "contract 2", "provider 3"})
"""What options, rules, caps and factors name, so that its name must be its own."""
Naming = Callable[[str], str]
"""Another name for a part such as `lease 2`."""


def renamed(plain: Tables, naming: Naming) -> Tables:
    """The same problem with every name replaced."""
    found: Tables = copy.deepcopy(plain)
    for rows in found.values():
        for row in rows if isinstance(rows, list) else ():
            for column in TEXTS & row.keys():
                row[column] = "; ".join(map(naming, str(row[column]).split("; ")))
    return found


def parts(plain: Tables) -> list[str]:
    """What can be named in a problem, each once."""
    found: dict[str, Any] = {}
    renamed(plain, lambda name: found.setdefault(name, name))
    return list(found)


def shared_names(part: str) -> str:
    """Every first part is called X, all others X too where nothing that names one could mean two."""
    named = {"contract 2": "Z", "lease 3": "W", "provider 3": "V"}
    return named.get(part, {"1": "X", "2": "Y"}.get(part[-1], part[-1]))


def joined_names(part: str) -> str:
    """Names that are alike once they are joined by a blank: `p` + `a` + `b c` and `p` + `a b` + `c`."""
    named = {"region 1": "a", "region 2": "a b", "hardware 1": "b c", "hardware 2": "c", "provider 1": "p",
             "provider 2": "p a", "segment 1": "s", "segment 2": "s a", "site 1": "a+a b", "site 2": "a, a b",
             "lease 1": "a b c", "lease 2": "a b", "lease 3": "a", "contract 1": "c", "contract 2": "b c",
             "asset 1": "a b", "asset 2": "a", "block 1": "a/b", "block 2": "b"}  # fmt: skip
    return named.get(part, part.replace(" ", "/"))


def quoted_names(part: str) -> str:
    """Names that spreadsheets, separators and shells like to take for something else."""
    kind, number = part.rsplit(" ", 1)
    marks = {"lease": "'=1+1", "contract": '"2026-01"', "lease-out": "TRUE", "option": "@SUM(A1)", "region": "+us,eu",
             "segment": "12", "hardware": "H100: 8x", "site": "東京 🏢", "provider": "naïve & <co>", "asset": "-1",
             "cap": "100%", "rule": "a=b", "scenario": "null", "limit": "{x}", "block": "[0]",
             "ramp": "_x0041_"}  # fmt: skip
    return f"{marks.get(kind, kind)}{'' if number == '1' else '·' + number}"


STYLES: dict[str, Naming] = {"shared": shared_names, "joined": joined_names, "quoted": quoted_names}


def named_freely(draw: Callable[..., str]) -> Naming:
    """Names drawn from characters that separate, quote and compute; of parts that are named elsewhere no other's."""
    drawn: dict[str, str] = {}
    text = st.text("aX1 +,/:-'\"=é", min_size=1, max_size=3).map(lambda name: " ".join(name.split()))

    def naming(part: str) -> str:
        if part not in drawn:
            kind = part.rsplit(" ", 1)[0]
            unlike = {
                name for other, name in drawn.items() if other.startswith(kind) or NAMED_ELSEWHERE & {part, other}
            }
            drawn[part] = draw(text.filter(lambda name: bool(name) and name not in unlike))
        return drawn[part]

    return naming

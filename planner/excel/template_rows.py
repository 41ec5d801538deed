"""The worked example in a fresh template: a small company that serves one product.

It can take up to eight blocks of 64 accelerators for a year, or pay by the hour at a higher price.
Figures are round assumptions, to be written over; every `note` says what the row shows.
"""

from __future__ import annotations

from typing import Any

from models import months


def worked_rows(first_month: int) -> dict[str, list[dict[str, Any]]]:
    """Rows of each sheet of the worked example, by column; the horizon begins in `first_month`."""
    begin = months.first_day(first_month)
    return {
        "settings": [{"plan_name": "My first plan", "first_month": begin, "months": 12}],
        "hardware": [
            {
                "hardware": "H100",
                "vendor": "NVIDIA",
                "kw": 1.4,
                "availability": 0.97,
                "note": "1.4 kW at the meter, cooling and network included; 3 % of the time it is out of order",
            }
        ],
        "throughput": [
            {
                "workload": "medium model",
                "hardware": "H100",
                "tokens_per_second": 1500,
                "gain_per_year": 0.2,
                "note": "as measured in production, input and output tokens together; software gains 20 % a year",
            }
        ],
        "segments": [
            {
                "segment": "chat",
                "workload": "medium model",
                "timing": "interactive",
                "revenue_usd_per_mtok": 2.5,
                "headroom_share": 0.2,
                "growth_per_month": 0.06,
                "note": "a fifth of the capacity is kept for bursts; no shortfall_usd_per_mtok: all demand is served",
            }
        ],
        "demand": [
            {
                "segment": "chat",
                "region": "US",
                "month": begin,
                "tokens_bn_per_day": 20,
                "note": "the first month; the months after it grow by growth_per_month of the segment",
            }
        ],
        "leases": [
            {
                "lease": "block of 64",
                "provider": "Neocloud",
                "region": "US",
                "status": "offer",
                "units_max": 8,
                "lead_months": 1,
                "note": "up to eight blocks, each online a month after it is signed",
            }
        ],
        "lease_hardware": [
            {"lease": "block of 64", "hardware": "H100", "accelerators": 64, "note": "what one block holds"}
        ],
        "lease_terms": [
            {
                "lease": "block of 64",
                "term_months": 12,
                "usd_per_accelerator_hour": 2.2,
                "prepay_share": 0.2,
                "note": "a fixed price, a fifth of it paid on signing; add a row for each other term on offer",
            }
        ],
        "on_demand": [
            {
                "provider": "Cloud",
                "region": "US",
                "hardware": "H100",
                "usd_per_accelerator_hour": 4.5,
                "note": "by the hour, as much as is needed",
            }
        ],
    }

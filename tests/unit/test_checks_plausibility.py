"""Figures that could be meant and hardly are: each is a warning with its cell, and what is usual is none."""

from __future__ import annotations

from typing import Any

import pytest
from sheets import CONTRACT, LEASE, VALID, Tables, brief, faults_of, row, tables

OWN: Tables = {
    "own_sites": [{"build": "B", "region": "us", "block_mw": 10}],
    "chip_orders": [{"order": "K", "site": "B", "hardware": "H100", "lot": 100, "usd_per_accelerator": 30_000}],
}
OFFERS = {**LEASE, **CONTRACT, **OWN}


def _demand(*amounts: float, step: int = 1) -> Tables:
    cells = {"segment": "chat", "region": "us"}
    months = [f"2026-{1 + step * i:02d}" for i in range(len(amounts))]
    return {"demand": [{**cells, "month": m, "tokens_bn_per_day": a} for m, a in zip(months, amounts, strict=True)]}


def _settings(**changes: Any) -> Tables:
    return {"settings": {**VALID["settings"], **changes}}


@pytest.mark.parametrize(
    ("usual", "unlikely", "name", "place"),
    [
        (_settings(discount_rate=1), _settings(discount_rate=10), "unlikely-rate", "settings!discount_rate 0"),
        (
            row("segments", VALID, growth_per_month=0.05),
            row("segments", VALID, growth_per_month=5),
            "unlikely-rate",
            "segments!growth_per_month 2",
        ),
        (
            row("lease_terms", LEASE, escalator_per_year=0.03),
            row("lease_terms", LEASE, escalator_per_year=3),
            "unlikely-rate",
            "lease_terms!escalator_per_year 2",
        ),
        (row("hardware", VALID, kw=20), row("hardware", VALID, kw=1400), "unlikely-size", "hardware!kw 2"),
        (
            row("contracts", CONTRACT, block_mw=2000),
            row("contracts", CONTRACT, block_mw=5000),
            "unlikely-size",
            "contracts!block_mw 2",
        ),
        (
            row("lease_terms", LEASE, usd_per_accelerator_hour=50),
            row("lease_terms", LEASE, usd_per_accelerator_hour=1460),
            "unlikely-price",
            "lease_terms!usd_per_accelerator_hour 2",
        ),
        (
            {"contract_tiers": [{"contract": "C", "from_blocks": 1, "usd_per_kw_month": 1000}]},
            {"contract_tiers": [{"contract": "C", "from_blocks": 1, "usd_per_kw_month": 1.9}]},
            "unlikely-price",
            "contract_tiers!usd_per_kw_month 2",
        ),
        (
            {"lease_terms": [{"lease": "L", "term_months": 3, "usd_per_unit_month": 11_000}]},
            {"lease_terms": [{"lease": "L", "term_months": 3, "usd_per_unit_month": 15}]},
            "unlikely-price",
            "lease_terms!usd_per_unit_month 2",
        ),
        (
            row("own_sites", OWN, capex_usd_per_mw=1e7),
            row("own_sites", OWN, capex_usd_per_mw=10),
            "unlikely-price",
            "own_sites!capex_usd_per_mw 2",
        ),
        (
            row("own_sites", OWN, rent_usd_per_mw_month=137_500),
            row("own_sites", OWN, rent_usd_per_mw_month=137.5),
            "unlikely-price",
            "own_sites!rent_usd_per_mw_month 2",
        ),
        (
            row("own_sites", OWN, energy_usd_per_mwh=70),
            row("own_sites", OWN, energy_usd_per_mwh=0.07),
            "unlikely-price",
            "own_sites!energy_usd_per_mwh 2",
        ),
        (
            row("chip_orders", OWN, usd_per_accelerator=45_000),
            row("chip_orders", OWN, usd_per_accelerator=45),
            "unlikely-price",
            "chip_orders!usd_per_accelerator 2",
        ),
        (_demand(1e6, 1e7), _demand(1e10, 2e10), "unlikely-demand", "demand!tokens_bn_per_day 2"),
        (_demand(1, 90, 1, 1, 1, 1), _demand(1, 101, 1, 1, 1, 1), "unlikely-demand", "demand!tokens_bn_per_day 3"),
        (_demand(1, 1, 1, 1, 1, 100), _demand(1, 1, 1, 1, 1, 101), "unlikely-demand", "demand!tokens_bn_per_day 7"),
        (_demand(1, 1000, step=5), _demand(1, 1000, 1, step=3), "unlikely-demand", "demand!tokens_bn_per_day 3"),
        ({}, row("lease_hardware", LEASE, accelerators=0), "offer-of-nothing", "lease_hardware!accelerators 2"),
        (
            row("segments", VALID, price_elasticity=-1),
            row("segments", VALID, price_elasticity=1),
            "positive-elasticity",
            "segments!price_elasticity 2",
        ),
        (
            row("segments", VALID, revenue_usd_per_mtok=3, shortfall_usd_per_mtok=3),
            row("segments", VALID, revenue_usd_per_mtok=3, shortfall_usd_per_mtok=2),
            "shortfall-below-revenue",
            "segments!shortfall_usd_per_mtok 2",
        ),
    ],
)
def test_what_is_unlikely_is_told_with_its_cell(usual: Tables, unlikely: Tables, name: str, place: str) -> None:
    """A figure outside what is usual is a warning of its name at its cell; one inside is none."""
    assert _named(OFFERS, usual) == {}
    assert _named(OFFERS, unlikely) == {name: f"warning {place}"}


def test_prices_of_other_currencies_are_held_against_their_column() -> None:
    """A price in yen is told where it is more than 100 times above or below its column's median, whatever its size."""
    settings = _settings(currency="JPY")
    terms = [{"lease": "L", "term_months": term, "usd_per_accelerator_hour": 300} for term in (3, 6, 12)]
    assert _named(OFFERS, settings, {"lease_terms": terms}) == {}
    for slip in (2.9, 30_100):
        wrong = [*terms[:2], {**terms[2], "usd_per_accelerator_hour": slip}]
        said = {"unlikely-price": "warning lease_terms!usd_per_accelerator_hour 4"}
        assert _named(OFFERS, settings, {"lease_terms": wrong}) == said


def _named(*more: Tables) -> dict[str, str]:
    """Warnings of plausibility by their names."""
    found = faults_of(tables(*more))
    names = ("unlikely", "offer-of", "positive", "shortfall")
    return {each.warning: brief([each])[0] for each in found if each.warning.startswith(names)}

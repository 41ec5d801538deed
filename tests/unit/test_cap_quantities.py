"""The size of what caps add to the model."""

from __future__ import annotations

from dataclasses import replace

from builders import JAN, contract, dataset, demand, fleet, lease, term

from models.build import build_model
from models.dataset import Dataset
from models.schema import Cap


def _nonzeros(data: Dataset, *caps: Cap) -> int:
    """What these caps add to the model of a workbook."""
    return build_model(replace(data, caps=caps)).size.nonzeros - build_model(data).size.nonzeros


def _workbook(months: int) -> Dataset:
    offers = (lease("lease", term(120, 1.0), units_max=2), contract(sign_until=JAN, term_months=120, block_mw=1.0))
    return dataset(demand(2, months=months), fleet(), *offers, months=months)


def _cap(name: str, measure: str, **columns: object) -> Cap:
    return Cap(**{"scope": "total", "sense": "max", "value": 1e9} | columns, cap=name, measure=measure)


def test_a_cap_on_money_owed_grows_with_months() -> None:
    """Twice the months at most double, and a little, the entries of a cap on money owed in every month."""
    owed = _cap("owed", "obligation_usd")
    assert _nonzeros(_workbook(48), owed) <= 2.5 * _nonzeros(_workbook(24), owed)


def test_a_second_cap_on_the_same_payments_costs_a_column_a_month() -> None:
    """Of five caps on the same cash each beyond the second adds one entry a month."""
    data = _workbook(24)
    caps = [_cap(f"cash {k}", "cash_usd") for k in range(5)]
    assert _nonzeros(data, *caps) - _nonzeros(data, *caps[:2]) == 3 * 24

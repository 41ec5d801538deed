"""How many decisions a small workbook leaves, and the same workbook with fewer, or later in the calendar."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from math import comb, prod
from typing import Any

from builders import (
    JAN,
)
from properties.brute_bills import (
    contract_holdings,
    lease_holdings,
    lease_out_holdings,
    own_build_holdings,
    own_build_units,
    run_holdings,
    signing_months,
)
from properties.brute_demand import sequences

from models.dataset import Dataset
from models.schema import ChipOrder, Contract, Lease, Option, OwnSite, Run, SpendCommitment


def combinations(data: Dataset, known: dict[Any, int] | None = None) -> int:
    """How many combinations of decisions brute force would try, before any rule; `known` is what rows came to."""
    known = {} if known is None else known
    rows = (
        *data.leases, *data.contracts, *data.lease_outs, *data.own_sites, *data.chip_orders, *data.runs,
        *data.spend_commitments, *data.options,
    )  # fmt: skip
    for row in rows:
        if row not in known:
            known[row] = _ways(data, row)
    sizes = [known[row] for row in rows]
    single = sum(row.single_site for row in (*data.segments, *data.runs))
    if single:
        sites = (
            {row.site for row in data.chip_orders}
            | {row.site or row.asset for row in data.fleet}
            | {row.site or row.lease for row in data.leases}
        )
        tied = (
            data.spend_commitments
            or any(row.per != "month" for row in data.caps)
            or any(row.min_spend_usd_per_year for row in data.contracts)
        )
        sizes.append((len(sites) + len(data.contracts)) ** (single * (data.settings.months if tied else 1)))
    limited = {row.segment for row in data.limits}
    sizes += [len(ways) for row in data.segments if row.segment in limited for ways in sequences(data, row)]
    return prod(sizes)


def _ways(data: Dataset, row: Any) -> int:
    """How many ways there are to take up an offer, a run or an option."""
    if isinstance(row, Option):
        return 1 + len(signing_months(data, row.buy_from, row.buy_until))
    if isinstance(row, Run):
        return 1 + len(run_holdings(data, row))
    signed = row.status == "signed"
    if isinstance(row, SpendCommitment):
        return 2 if row.status == "offer" else 1
    if isinstance(row, Contract):
        return 1 if signed else 1 + len(contract_holdings(data, row))
    if isinstance(row, (OwnSite, ChipOrder)):
        most = own_build_units(row)[1]
        return 1 if signed else comb(len(own_build_holdings(data, row)) + most, most)
    units = row.signed_units or 0 if signed else row.units_max
    choices = len(lease_holdings(data, row) if isinstance(row, Lease) else lease_out_holdings(data, row))
    return comb(choices + units - signed, units)


def few_enough(data: Dataset, most: int) -> Dataset:
    """The same workbook with units, windows and at last whole rows taken away until few decisions are left."""
    narrower: list[Callable[[Dataset], Dataset]] = [
        lambda d: replace(d, lease_outs=tuple(_single(row) for row in d.lease_outs)),
        lambda d: replace(d, leases=tuple(_single(row) for row in d.leases)),
        lambda d: replace(d, contracts=tuple(_first_month(row) for row in d.contracts)),
        lambda d: replace(d, leases=tuple(_first_month(row) for row in d.leases)),
        lambda d: replace(d, lease_outs=tuple(_first_month(row) for row in d.lease_outs)),
        lambda d: replace(d, chip_orders=tuple(_first_month(row) for row in d.chip_orders)),
        lambda d: replace(d, own_sites=tuple(_first_month(row) for row in d.own_sites)),
        lambda d: replace(d, options=tuple(_bought_at_first(row) for row in d.options)),
        lambda d: replace(d, options=()),
        lambda d: replace(d, segments=tuple(replace(row, single_site=False) for row in d.segments)),
        lambda d: replace(d, runs=tuple(replace(row, single_site=False) for row in d.runs)),
        lambda d: replace(d, runs=()),
        lambda d: replace(d, limits=(), segments=tuple(replace(row, current_limit=None) for row in d.segments)),
    ]
    known: dict[Any, int] = {}
    for narrow in narrower:
        if combinations(data, known) <= most:
            break
        data = narrow(data)
    return data


def _single(row: Any) -> Any:
    return replace(row, signed_units=1) if getattr(row, "status", "") == "signed" else replace(row, units_max=1)


def _first_month(row: Any) -> Any:
    if getattr(row, "status", "") == "signed":
        return row
    first = JAN if row.sign_from is None else row.sign_from
    return replace(row, sign_from=first, sign_until=first)


def _bought_at_first(row: Option) -> Option:
    first = JAN if row.buy_from is None else row.buy_from
    return replace(row, buy_from=first, buy_until=first)


def shifted(data: Dataset, months: int) -> Dataset:
    """The same workbook so many calendar months later: other lengths of month, other quarters and years."""

    def later(row: Any) -> Any:
        named = {each.name for each in fields(row) if each.metadata.get("kind") == "month"}
        return replace(row, **{name: getattr(row, name) + months for name in named if getattr(row, name) is not None})

    sheets = {each.name: getattr(data, each.name) for each in fields(data)}
    sheets = {name: rows for name, rows in sheets.items() if isinstance(rows, tuple)}
    moved = {name: tuple(later(row) for row in rows) for name, rows in sheets.items()}
    return Dataset(settings=later(data.settings), **moved)

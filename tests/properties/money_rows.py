"""Sheets of money and of customers strewn over a small random workbook.

What hours beyond the horizon are worth, prices by month, a cash account, customers lost and won, limits of
several levers.
"""

from __future__ import annotations

from dataclasses import replace

from properties.workbook_rows import Maker

from models.dataset import Dataset
from models.schema import Funding, Limit, Price, Residual, Rival


def with_money(data: Dataset, make: Maker) -> Dataset:
    """The workbook with some of what this module knows."""
    for change, in_ten in CHANGES:
        data = change(data, make) if make.chance(in_ten) else data
    return data


def with_residuals(data: Dataset, make: Maker) -> Dataset:
    """What is kept beyond the horizon is worth something: now more than its price, now less, and less by the year."""
    rows = tuple(
        Residual(
            hardware=each.hardware,
            usd_per_accelerator_hour=make.one_of(0.2, 0.3, 0.6),
            decline_per_year=make.one_of(0.0, 0.9, 0.99),
        )
        for each in data.hardware
    )
    data = _kept_longer(data, make) if make.chance(7) else data
    return replace(data, settings=replace(data.settings, end_of_horizon="residual"), residuals=rows)


def _kept_longer(data: Dataset, make: Maker) -> Dataset:
    """Contracts, and the longest terms of leases on offer, last some months more."""
    more, on_offer = make.one_of(3, 6), {row.lease for row in data.leases if row.status == "offer"}
    longest = {row.lease: row for row in sorted(data.lease_terms, key=lambda row: row.term_months)}
    terms = (
        replace(row, term_months=row.term_months + more) if row is longest[row.lease] and row.lease in on_offer else row
        for row in data.lease_terms
    )
    contracts = (replace(row, term_months=row.term_months + more) for row in data.contracts)
    return replace(data, lease_terms=tuple(terms), contracts=tuple(contracts))


def with_prices(data: Dataset, make: Maker) -> Dataset:
    """Prices of one segment by month: of revenue, and of shortfall where there may be any."""
    of = make.one_of(*data.segments)
    rows = {}
    for t in make.random.sample(range(-1, data.settings.months + 1), 2):
        columns = make.some(8, revenue_usd_per_mtok=(0.0, 0.04, 0.15))
        if of.shortfall_usd_per_mtok is not None:
            columns |= make.some(8, shortfall_usd_per_mtok=(0.0, 0.03, 0.2))
        rows[t] = Price(segment=of.segment, month=data.settings.first_month + t, **columns)
    return replace(data, prices=tuple(rows.values()))


def with_account(data: Dataset, make: Maker) -> Dataset:
    """A cash account that some plans overdraw, with revenue to fill it where there is none yet."""
    if not any(row.revenue_usd_per_mtok for row in (*data.segments, *data.prices)):
        chosen = make.one_of(*data.segments)
        earning = replace(chosen, revenue_usd_per_mtok=make.one_of(0.02, 0.05))
        data = replace(data, segments=tuple(earning if row is chosen else row for row in data.segments))
    settings = replace(
        data.settings,
        opening_cash_usd=make.one_of(-500.0, 0.0, 500.0, 2000.0),
        credit_line_usd=make.one_of(500.0, 2000.0, 10_000.0),
        **make.some(7, credit_interest=(0.5, 5.0), other_cost_share=(0.5, 0.9)),
    )
    months = make.random.sample(range(-1, data.settings.months), make.one_of(0, 1, 2))
    first, sums = data.settings.first_month, (500.0, 2000.0)
    funding = (Funding(source="bank", month=first + t, usd=make.one_of(*sums)) for t in months)
    return replace(data, settings=settings, funding=tuple(funding))


def with_losses(data: Dataset, make: Maker) -> Dataset:
    """A segment whose customers leave over shortfall and limits, come back, and go to or come from rivals."""
    chosen = make.one_of(*data.segments)
    limits = [row for row in data.limits if row.segment == chosen.segment]
    columns = make.some(5, recovery_per_month=(0.3, 1.0), lost_share=(0.2, -0.1))
    if chosen.shortfall_usd_per_mtok is not None:
        columns["churn_per_shortfall"] = make.one_of(0.0, 0.2, 0.5, 1.5)
    rivals: tuple[Rival, ...] = ()
    if limits:
        columns["share_won_per_generosity"] = make.one_of(0.0, 0.03, 0.08)
        first, months = data.settings.first_month, make.random.sample(range(-1, data.settings.months), 2)
        rivals = tuple(
            Rival(segment=chosen.segment, month=first + t, generosity=make.one_of(0.0, 1.0, 2.5)) for t in months
        )
        rivals = rivals if columns["share_won_per_generosity"] else ()
    ranks = {row.limit: float(k) for k, row in enumerate(limits, start=1)}
    rows = (
        replace(row, generosity=ranks[row.limit] if row.generosity is None else row.generosity)
        if row.segment == chosen.segment
        else row
        for row in data.limits
    )
    segments = tuple(replace(row, **columns) if row is chosen else row for row in data.segments)
    return replace(data, segments=segments, limits=tuple(rows), rivals=rivals)


def with_levers(data: Dataset, make: Maker) -> Dataset:
    """A second lever of a segment that has limits, or now and then two levers of one that has none."""
    limited = [row for row in data.segments if any(limit.segment == row.segment for limit in data.limits)]
    chosen = make.one_of(*(limited if limited and make.chance(8) else data.segments))
    rows = [
        Limit(
            segment=chosen.segment,
            limit=f"{lever} {name}",
            lever=lever,
            demand_multiplier=make.one_of(0.5, 0.8, 1.0, 1.1) if name else 1.0,
            **make.some(3, peak_demand_multiplier=(0.4, 0.9), revenue_multiplier=(0.7, 0.95), generosity=(0.5, 2.0)),
            **make.some(2, churn_per_month=(0.02, 0.05)),
            **(make.window("from_month", "until_month") if name else {}),
        )
        for lever in ("weekly", "price")[: 1 if chosen in limited else 2]
        for name in ("", "low")
    ]
    if chosen.current_limit and make.chance(5):
        named = f"{chosen.current_limit}; {make.one_of(*rows).limit}"
        data = replace(
            data, segments=tuple(replace(row, current_limit=named) if row is chosen else row for row in data.segments)
        )
    return replace(data, limits=(*data.limits, *rows))


CHANGES = ((with_residuals, 4), (with_prices, 3), (with_account, 3), (with_levers, 4), (with_losses, 3))
"""Each with how often in ten workbooks."""

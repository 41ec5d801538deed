"""The calendar, discounting and the end of the horizon, worked out by hand for what no other file covers."""

from __future__ import annotations

import pytest
from builders import JAN, cash, costs, dataset, demand, fleet, lease, lease_out, on_demand, present, solved, term

from models.dataset import Dataset
from models.months import month_of
from models.schema import Hardware, Segment, Settings, Throughput


def test_february_of_a_leap_year_has_a_day_more() -> None:
    """A month has its calendar days: February 2028 has 29, 696 hours, at 2 USD 1392."""
    first = month_of(2028, 2)
    plan = solved(dataset(on_demand(2.0), demand(1, first=first), months=1, first_month=first))
    assert costs(plan) == pytest.approx({"on_demand": 1392})


def test_a_year_later_money_counts_less_by_the_yearly_rate() -> None:
    """The rate is 10 % a year unless said otherwise: 744 USD in January 2027, month 12, count 744 / 1.1."""
    settings = Settings(first_month=JAN, months=13)
    data: Dataset = dataset(fleet(usd_per_accelerator_hour=1.0, from_month=JAN + 12), months=13)
    plan = solved(Dataset(**{**data.__dict__, "settings": settings}))
    assert cash(plan, "fleet") == pytest.approx({12: 744})
    assert costs(plan) == pytest.approx({"fleet": 744 / 1.1})


@pytest.mark.parametrize("end", ["prorate", "full"])
def test_fleet_demand_and_on_demand_end_with_the_horizon(end: str) -> None:
    """Beyond the last month there is no demand, no fleet and nothing bought, whichever way the horizon ends.

    January: fleet 0.5 x 744 = 372 and 1 bought at 1 USD, 744.
    """
    rows = [fleet(usd_per_accelerator_hour=0.5), demand(2, 9, 9), on_demand(1.0)]
    plan = solved(dataset(rows, months=1, end_of_horizon=end))
    assert costs(plan) == pytest.approx({"fleet": 372, "on_demand": 744})


def test_the_end_of_the_horizon_changes_what_is_signed() -> None:
    """Prorated, a long term is as good as its months inside; in full, what follows must be worth it.

    A month is needed. Terms: 1 month at 2 USD or 3 at 1: prorated 744 for the long one; in full 744 + 672 + 744 = 2160
    against 1488 for the short.
    """
    rows = [lease("lease", term(1, 2.0), term(3, 1.0)), demand(1)]
    assert costs(solved(dataset(rows, months=1))) == pytest.approx({"lease": 744})
    plan = solved(dataset(rows, months=1, end_of_horizon="full"))
    assert costs(plan) == pytest.approx({"lease": 1488})
    assert [each.term_months for each in plan.signings] == [1]


def test_what_is_leased_out_needs_no_capacity_beyond_the_horizon() -> None:
    """Months are those of the horizon: a lease-out may outlast it, and the fleet; with full, income inside it counts.

    January at 1 USD from an asset that ends in January, the horizon's only month: 744.
    """
    rows = [fleet(until_month=JAN), lease_out(term_months=2)]
    plan = solved(dataset(rows, months=1, end_of_horizon="full"))
    assert present(plan, "lease_out_income") == pytest.approx({0: -744})


def test_rows_as_they_come_make_the_same_bill() -> None:
    """The short builders of these tests say the same as rows written out: 1 accelerator at 1 USD for 1 bn a day."""
    written = Dataset(
        settings=Settings(first_month=JAN, months=1, discount_rate=0.0),
        hardware=(Hardware(hardware="H100", kw=1.0),),
        throughput=(Throughput(workload="chat", hardware="H100", tokens_per_second=1e9 / 86400),),
        segments=(Segment(segment="chat", workload="chat"),),
        demand=tuple(demand(1)),
        on_demand=(on_demand(1.0),),
    )
    assert written == dataset(demand(1), on_demand(1.0), months=1)
    assert costs(solved(written)) == pytest.approx({"on_demand": 744})

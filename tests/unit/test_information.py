"""What is believed in a month: facts known by then, the forecast for the rest."""

from __future__ import annotations

from dataclasses import replace

import builders as b
import pytest

from models.dataset import Dataset
from models.demand.baseline import baseline_demand
from models.plan import LimitChoice, Plan, Signing
from models.roll.information import Update, information_at
from models.roll.replay import replay
from models.schema import Limit
from models.supply.lease_kind import LEASE
from models.supply.on_demand import price_paths


def _demand(data: Dataset) -> tuple[float, ...]:
    return baseline_demand(data)["chat", "us"]


@pytest.mark.parametrize(("update", "later"), [("none", (3.0, 4.0)), ("level", (6.0, 8.0))])
def test_demand_is_known_up_to_the_month_and_forecast_after(update: Update, later: tuple[float, ...]) -> None:
    """In February twice the forecast is seen: it stays so with `level`, and is a passing thing with `none`."""
    forecast, actuals = b.dataset(b.demand(1, 2, 3, 4), months=4), b.dataset(b.demand(5, 4, 9, 9), months=4)
    assert _demand(information_at(forecast, actuals, Plan(), 1, update)) == pytest.approx((5.0, 4.0, *later))


def test_on_demand_prices_follow_what_is_seen() -> None:
    """Half as dear again as forecast in January: so it is believed of later months too; a cap is known in its month."""
    forecast = b.dataset(b.on_demand(2.0), b.on_demand(1.0, t=2))
    actuals = b.dataset(b.on_demand(3.0, max_accelerators=7.0), b.on_demand(5.0, t=2))
    paths = price_paths(information_at(forecast, actuals, Plan(), 0, "level"))
    rows = paths["spot", "us", "H100"]
    assert [(rows[t].usd_per_accelerator_hour, rows[t].max_accelerators) for t in range(3)] == [
        (3.0, 7.0),
        (3.0, None),
        (1.5, None),
    ]


def test_a_seller_who_is_not_there_yet_sells_nothing() -> None:
    """A seller forecast for January who comes in March sells nothing now, and is still expected next month."""
    forecast, actuals = b.dataset(b.on_demand(2.0)), b.dataset(b.on_demand(2.0, t=2))
    rows = price_paths(information_at(forecast, actuals, Plan(), 0, "level"))["spot", "us", "H100"]
    assert [rows[t].max_accelerators for t in range(3)] == [0.0, None, None]


def _offered(hourly: float, **columns: float) -> Dataset:
    terms = b.term(2, hourly=hourly)
    return b.dataset(b.lease("l", terms, sign_from=b.JAN + 1, lead_months=1, **columns), months=6)


def test_an_offer_is_known_when_it_can_be_signed_and_its_delivery_when_it_is_due() -> None:
    """The price is a surprise in the month the window opens, the share delivered in the month of the first service."""
    forecast, actuals = _offered(1.0), _offered(2.0, delivered_share=0.5)
    signed = Plan(signings=(Signing(LEASE, "l", 1, 2, 1, 2, 3),))

    def seen(k: int, implemented: Plan = signed) -> tuple[float | None, float]:
        data = information_at(forecast, actuals, implemented, k, "level")
        return data.lease_terms[0].usd_per_accelerator_hour, data.leases[0].delivered_share

    assert [seen(0), seen(1), seen(2)] == [(1.0, 1.0), (2.0, 1.0), (2.0, 0.5)]
    assert seen(5, Plan()) == (2.0, 1.0)  # nothing was signed, so nothing was delivered


def test_a_limit_is_known_once_it_was_in_force() -> None:
    """What a limit takes away is believed as forecast until the month after it was put in force."""

    def limited(multiplier: float) -> Dataset:
        return b.dataset(Limit(segment="chat", limit="tight", demand_multiplier=multiplier))

    implemented = Plan(limits=(LimitChoice("chat", 0, "tight"),))
    found = [
        information_at(limited(0.5), limited(0.7), implemented, k, "level").limits[0].demand_multiplier for k in (0, 1)
    ]
    assert found == [0.5, 0.7]


def test_an_asset_that_ends_early_is_known_when_it_is_gone() -> None:
    """An asset forecast to stay that is gone in March is counted on in February."""
    forecast, actuals = b.dataset(b.fleet()), b.dataset(b.fleet(until_month=b.JAN + 1))
    assert [bool(information_at(forecast, actuals, Plan(), k, "level").fleet[0].until_month) for k in (1, 2)] == [
        False,
        True,
    ]


def test_decisions_move_with_a_service_that_starts_later() -> None:
    """A term begins when service does; a cancellation now too early, and what is not on offer, fall away."""
    terms = b.term(4, hourly=1.0, cancel_after_months=2)
    data = b.dataset(b.lease("late", terms, lead_months=3), b.lease("closed", terms, sign_until=b.JAN), months=9)
    plan = Plan(
        signings=(
            Signing(LEASE, "late", 0, 4, 1, 1, 2, cancelled=True),
            Signing(LEASE, "closed", 1, 4, 1, 1, 4),
        )
    )
    found, lost = replay(data, plan)
    assert found.signings == (Signing(LEASE, "late", 0, 4, 1, 3, 6),)
    assert [each.words for each in lost] == ["closed: 1 unit of 2026-02 not available, it cannot be signed then"]


def test_what_is_signed_twice_over_cannot_all_be_had() -> None:
    """Of three units planned where two turn out to be on offer, the later signing falls away."""
    data = b.dataset(b.lease("l", b.term(2, hourly=1.0), units_max=2), months=4)
    plan = Plan(signings=(Signing(LEASE, "l", 1, 2, 1, 1, 2), Signing(LEASE, "l", 0, 2, 2, 0, 1)))
    found, lost = replay(data, plan)
    assert [(each.month, each.units) for each in found.signings] == [(0, 2)]
    assert len(lost) == 1
    assert replay(replace(data, leases=()), plan)[0].signings == ()

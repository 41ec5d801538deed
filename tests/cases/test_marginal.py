"""Marginal values worked out by hand: what sets the price of tokens, of power and of a cap."""

from __future__ import annotations

from typing import Any

import builders as b
import pytest

from models.dataset import Dataset
from models.schema import Cap, LoadBlock, LoadShape, Network
from planner.analysis.marginal_values import MarginalValues, marginal_values, marginal_values_beside
from planner.solving import one_sided

JAN_HOURS, JAN_DAYS = 744, 31


def test_programs_solved_side_by_side_say_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """The marginal values of two programs, each with half of the tokens, power and caps, are those of one."""
    cap = Cap(cap="power", measure="capacity_mw", scope="total", sense="max", value=0.01)
    rows: list[Any] = [b.fleet(accelerators=2.0), b.on_demand(4.0), b.segment(shortfall_usd_per_mtok=0.5), cap]
    data = b.dataset(b.demand(2.0, months=6), *rows, months=6)  # no unit is idle, none is short: duals say little
    plan = b.solved(data)
    one, programs = marginal_values(data, plan), list[object]()
    made = one_sided._Program.__init__

    def noted(program: Any, *given: Any) -> None:
        programs.append(program)
        made(program, *given)

    monkeypatch.setattr(one_sided, "LEAST_SHARE", 1)
    monkeypatch.setattr(one_sided._Program, "__init__", noted)
    assert one is not None
    assert marginal_values(data, plan, threads=2) == one
    assert len(programs) == 2


@pytest.mark.parametrize("stays", [True, False])
def test_values_worked_out_beside_other_work_are_those_of_the_plan_that_stands(stays: bool) -> None:
    """They are what they are without, and none where the work finds another plan or the run is stopped."""
    data = b.dataset(b.demand(2.0), b.fleet(), b.on_demand(3.0), months=1)
    plan, other = b.solved(data), b.solved(data)
    stands, values = marginal_values_beside(data, plan, lambda: plan if stays else other, 1, lambda: False)
    assert stands is (plan if stays else other)
    assert values == (marginal_values(data, plan) if stays else None)
    assert marginal_values_beside(data, plan, lambda: plan, 1, lambda: True) == (plan, None)


@pytest.mark.parametrize("multiple", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("margin", [0.0, 0.25])
def test_overage_that_has_just_not_begun(margin: float, multiple: float) -> None:
    """At the edge one more is overage and one less a contract's hour, whichever of them is said not to have begun.

    Two owned and two blocks at 3 USD, all at work but for the margin; overage costs half, as much or twice as much, an
    hour on demand 9.
    """
    deal = {"take_or_pay_share": 0.0, "overage_share": 0.5, "overage_price_multiple": multiple}
    rows = [b.fleet(accelerators=2.0), b.contract(tiers=3.0, signed=0, blocks=2, **deal), b.on_demand(9.0)]
    data = b.dataset(*rows, b.demand(4.0 * (1.0 - margin)), months=1, reserve_margin=margin)
    (value,) = _values(data).tokens
    last = value.usd if value.left_usd is None else value.left_usd
    assert (value.usd, last) == pytest.approx((3.0 * multiple * JAN_HOURS, 3.0 * JAN_HOURS))


def test_what_is_worth_nothing_at_the_edge_may_serve_one_more() -> None:
    """Where a minimum spend covers overage too, one more costs nothing, as does the last; nothing else is on offer."""
    deal = {
        "take_or_pay_share": 0.0,
        "overage_share": 0.5,
        "overage_price_multiple": 0.5,
        "min_spend_usd_per_year": 90_000.0,
    }
    (value,) = _values(b.dataset(b.contract(tiers=3.0, signed=0, blocks=2, **deal), b.demand(2.0), months=1)).tokens
    assert (value.usd, value.left_usd or 0.0) == pytest.approx((0.0, 0.0))


def _values(data: Dataset) -> MarginalValues:
    found = marginal_values(data, b.solved(data))
    assert found is not None
    return found


def _token(values: MarginalValues, t: int = 0) -> float:
    return next(each.usd for each in values.tokens if each.month == t)


def _power(values: MarginalValues, t: int = 0) -> float:
    return next(each.usd for each in values.capacity if each.month == t)


class TestTokens:
    """One accelerator serves a billion tokens a day, so a billion a day more is an accelerator more."""

    def test_on_demand_sets_the_price(self) -> None:
        """Where on-demand serves the last token, a billion a day more costs an accelerator's hours at its price."""
        values = _values(b.dataset(b.demand(2.0), b.fleet(), b.on_demand(3.0), months=1))
        assert _token(values) == pytest.approx(3.0 * JAN_HOURS)
        # a billion a day are 31,000 million tokens in January
        assert values.tokens[0].usd_per_mtok == pytest.approx(3.0 * JAN_HOURS / 31_000)
        assert _power(values) == pytest.approx(3.0 * JAN_HOURS)
        assert values.capacity[0].usd_per_accelerator_hour == pytest.approx(3.0)

    def test_idle_capacity_makes_tokens_and_power_worth_nothing(self) -> None:
        """With an accelerator idle, one more token costs nothing and one more accelerator is worth nothing."""
        values = _values(b.dataset(b.demand(1.0), b.fleet(accelerators=3.0), months=1))
        assert (_token(values), _power(values)) == (0.0, 0.0)

    def test_shortfall_sets_the_price(self) -> None:
        """Where tokens fall short at 0.5 USD a million, a billion a day more costs 500 USD a day."""
        values = _values(b.dataset(b.demand(2.0), b.segment(shortfall_usd_per_mtok=0.5), b.fleet(), months=1))
        assert _token(values) == pytest.approx(500.0 * JAN_DAYS)
        assert values.tokens[0].usd_per_mtok == pytest.approx(0.5)

    def test_usage_is_what_a_token_costs_on_metered_power(self) -> None:
        """With room to spare a token costs the usage charge of the accelerator that serves it."""
        data = b.dataset(b.demand(1.0), b.fleet(accelerators=3.0, usage_usd_per_accelerator_hour=0.2), months=1)
        assert _token(_values(data)) == pytest.approx(0.2 * JAN_HOURS)

    def test_the_deferrable_use_the_cheaper_hours(self) -> None:
        """A deferrable segment's next token goes to the block with idle capacity, an interactive one's to both."""
        blocks = [LoadBlock(block="day", hours_per_day=12.0), LoadBlock(block="night", hours_per_day=12.0)]
        shape = [
            LoadShape(segment="chat", block="day", multiplier=1.5),
            LoadShape(segment="chat", block="night", multiplier=0.5),
        ]
        rows: list[Any] = [*blocks, *shape, b.fleet(accelerators=2.0), b.on_demand(4.0)]
        chat = _values(b.dataset(b.demand(2.0), *rows, months=1))
        # by day 3 are asked of 2: three quarters of a token more arise by day, at 4 USD for 12 of 24 hours x 1.5
        assert _token(chat) == pytest.approx(4.0 * 1.5 * JAN_HOURS / 2)
        batch = b.dataset(
            b.demand(1.9, segment="batch"), b.segment("batch", timing="deferrable"), *blocks, *rows[4:], months=1
        )
        assert _token(_values(batch)) == 0.0

    def test_headroom_makes_a_token_dearer(self) -> None:
        """With half kept for bursts a token takes twice the accelerator time."""
        data = b.dataset(b.demand(2.0), b.segment(headroom_share=0.5), b.on_demand(3.0), months=1)
        assert _token(_values(data)) == pytest.approx(2 * 3.0 * JAN_HOURS)

    def test_values_are_present_values_and_rates_are_money_of_the_month(self) -> None:
        """Twelve months on at 21 % a year, the same rate counts for less in present value."""
        data = b.dataset(b.demand(1.0, months=13), b.on_demand(3.0), months=13, discount_rate=0.21)
        values = _values(data)
        assert _token(values, 12) == pytest.approx(3.0 * JAN_HOURS / 1.21)
        assert values.tokens[12].usd_per_mtok == pytest.approx(values.tokens[0].usd_per_mtok)


class TestPower:
    def test_the_reserve_margin_takes_its_part(self) -> None:
        """With a quarter kept free, an accelerator more serves three quarters of what it could."""
        data = b.dataset(b.demand(3.0), b.fleet(), b.on_demand(2.0), months=1, reserve_margin=0.25)
        assert _power(_values(data)) == pytest.approx(0.75 * 2.0 * JAN_HOURS)

    def test_every_pool_has_its_value(self) -> None:
        """Power is valued in every region and on every hardware that runs something, there or not."""
        data = b.dataset(
            b.demand(2.0),
            b.hardware("H100"),
            b.hardware("fast", kw=2.0),
            b.hardware("idle"),
            b.throughput(),
            b.throughput(hardware="fast", bn_per_day=4.0),
            b.fleet(),
            b.on_demand(3.0, region="eu"),
            months=1,
        )
        found = {(each.region, each.hardware): each.usd for each in _values(data).capacity}
        assert found == {
            ("us", "H100"): pytest.approx(3.0 * JAN_HOURS),
            ("us", "fast"): pytest.approx(4 * 3.0 * JAN_HOURS),
            ("eu", "H100"): pytest.approx(3.0 * JAN_HOURS),
            ("eu", "fast"): pytest.approx(4 * 3.0 * JAN_HOURS),
        }


class TestCaps:
    def _cap(self, **facts: Any) -> Cap:
        return Cap(**{"cap": "cap", "scope": "total", "sense": "max"} | facts)

    def test_a_cap_on_cash_costs_what_a_dollar_more_would_save(self) -> None:
        """On-demand at 3 USD saves a shortfall worth 6: each dollar of cash more saves a dollar net."""
        # 0.25 USD a million tokens are 250 USD a day and billion: 10.4167 an accelerator-hour against 3
        cap = self._cap(measure="cash_usd", value=1000.0)
        data = b.dataset(b.demand(2.0), b.segment(shortfall_usd_per_mtok=0.25), b.on_demand(3.0), cap, months=1)
        [found] = _values(data).caps
        assert (found.cap, found.month, found.unit) == ("cap", 0, "USD")
        assert found.usd == pytest.approx(250 / 24 / 3.0 - 1.0)

    def test_a_cap_on_shortfall_is_told_by_the_percentage_point(self) -> None:
        """At most a tenth short where on-demand is dearer: a point more saves a point of demand at the difference."""
        cap = self._cap(measure="shortfall_share", value=0.1)
        data = b.dataset(b.demand(2.0), b.segment(shortfall_usd_per_mtok=0.024), b.on_demand(3.0), cap, months=1)
        [found] = _values(data).caps
        # a hundredth of 2 accelerators' work for a month, at 3 - 1 USD an hour
        assert (found.usd, found.unit) == (pytest.approx(0.02 * JAN_HOURS * 2.0), "percentage point")

    def test_a_floor_on_shortfall_that_does_not_bind_costs_nothing(self) -> None:
        """A cap the plan keeps by far has no marginal value."""
        cap = self._cap(measure="cash_usd", value=1e9)
        assert _values(b.dataset(b.demand(2.0), b.on_demand(3.0), cap, months=1)).caps == ()


def test_a_plan_that_does_not_fit_the_workbook_has_no_values() -> None:
    """Where a plan's decisions leave demand unserved that must be served there is nothing to derive."""
    data = b.dataset(b.demand(1.0), b.lease("only", b.term(1, hourly=1.0)), months=1)
    nothing = b.dataset(b.demand(0.0), b.lease("only", b.term(1, hourly=1.0)), months=1)
    assert marginal_values(data, b.solved(nothing)) is None


class TestEdges:
    """Where something is exactly full, what is next is worth another figure than what was last."""

    def test_supply_that_equals_demand(self) -> None:
        """An accelerator more saves nothing, the last one saved a shortfall of 500 USD a day; a token more is short."""
        data = b.dataset(b.demand(2.0), b.segment(shortfall_usd_per_mtok=0.5), b.fleet(accelerators=2.0), months=1)
        values = _values(data)
        [power], [token] = values.capacity, values.tokens
        assert (power.usd, power.left_usd) == (0.0, pytest.approx(500.0 * JAN_DAYS))
        assert power.left_usd_per_accelerator_hour == pytest.approx(500.0 / 24)
        assert (token.usd, token.left_usd) == (pytest.approx(500.0 * JAN_DAYS), 0.0)

    def test_the_best_use_of_one_more_bounds_its_value(self) -> None:
        """Full of work in one region, power of another is worth what it saves there, on-demand at 2, and no more."""
        data = b.dataset(
            b.demand(2.0),
            b.demand(1.0, region="eu"),
            b.segment(shortfall_usd_per_mtok=0.5),
            b.fleet(accelerators=2.0),
            b.on_demand(2.0, region="eu"),
            Network(capacity_region="us", demand_region="us"),
            Network(capacity_region="eu", demand_region="eu"),
            months=1,
        )
        found = {each.region: each for each in _values(data).capacity}
        assert found["eu"].usd == pytest.approx(2.0 * JAN_HOURS)
        assert found["eu"].left_usd is None
        assert found["us"].usd == 0.0

    def test_a_cap_exactly_met(self) -> None:
        """Cash just enough for all demand: a dollar more saves nothing, a dollar less costs a shortfall net of it."""
        cap = Cap(cap="cap", measure="cash_usd", scope="total", sense="max", value=2 * 3.0 * JAN_HOURS)
        data = b.dataset(b.demand(2.0), b.segment(shortfall_usd_per_mtok=0.25), b.on_demand(3.0), cap, months=1)
        [found] = _values(data).caps
        assert (found.usd, found.left_usd) == (0.0, pytest.approx(250 / 24 / 3.0 - 1.0))


@pytest.mark.parametrize("shortfall", [{}, {"shortfall_usd_per_mtok": 1.0}])
def test_more_of_what_cannot_be_split_is_served_where_it_runs(shortfall: dict[str, float]) -> None:
    """Half a token runs at a site of two at 0.5 USD an hour: one more costs its hours there, not shortfall."""
    fleet = b.fleet(accelerators=2.0, usage_usd_per_accelerator_hour=0.5)
    data = b.dataset(fleet, b.segment(single_site=True, **shortfall), b.demand(0.5), months=1)
    (value,) = _values(data).tokens
    assert (value.usd, value.left_usd) == pytest.approx((0.5 * JAN_HOURS, None))


def test_a_cap_of_nothing_is_worth_nothing_beside_another() -> None:
    """Of two caps that bar all spending each alone is worth nothing; one alone saves the shortfall that it causes."""
    one, other = (
        Cap(cap=name, measure="cash_usd", scope=scope, name=whom, sense="max", value=0.0)
        for name, scope, whom in (("all", "total", None), ("spot", "provider", "spot"))
    )
    rows = [b.segment(shortfall_usd_per_mtok=0.1), b.demand(1.0), b.on_demand(1.0, provider="spot")]
    assert _values(b.dataset(*rows, one, other, months=1)).caps == ()
    (value,) = _values(b.dataset(*rows, one, months=1)).caps
    assert value.usd == pytest.approx(0.1 * 1000.0 * JAN_DAYS / JAN_HOURS - 1.0)


def test_what_more_tokens_earn_is_in_the_bank() -> None:
    """They take 744 hours on demand at 1 USD and bring 62 USD; of the 682 drawn more 1 % is due a month later."""
    revenue = 62.0 / (1000.0 * JAN_DAYS)
    rows = [b.segment(revenue_usd_per_mtok=revenue), b.demand(1.0), b.on_demand(1.0)]
    money = {"opening_cash_usd": 0.0, "credit_line_usd": 1e6, "credit_interest": 1.01**12 - 1.0}
    (value,) = _values(b.dataset(*rows, months=1, **money)).tokens
    assert value.usd == pytest.approx(JAN_HOURS + 0.01 * (JAN_HOURS - 62.0))

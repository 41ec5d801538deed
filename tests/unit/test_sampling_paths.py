"""Sampled paths: their moments, their streams of random numbers, and the rows they are written as."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import JAN, contract, dataset, demand, fleet, lease, lease_out, on_demand, segment, term

from models.dataset import Dataset
from models.realization import ADDED
from models.sampling import DELAY_PRIORS, DRAWN, Distribution, Uncertainty, distribution, sample, uncertainty_faults
from models.sampling.multipliers import Drawn
from models.schema import History, Limit, Scenario, ScenarioFactor

PATHS = 20_000


def problem(*rows: Any, months: int = 13, **settings: Any) -> Dataset:
    """A year and a month with two segments, a lease on offer, a contract on offer at another site, hours on demand.

    Price, churn, rivals, revenue and shortfall act on the segments, the price of use on the lease.
    """
    moved = {
        "price_elasticity": -0.5, "churn_per_shortfall": 0.1, "share_won_per_generosity": 0.001,
        "revenue_usd_per_mtok": 1.0, "shortfall_usd_per_mtok": 2.0,
    }  # fmt: skip
    return dataset(
        segment("chat", **moved), segment("code", **moved),
        [Limit(segment=name, limit="standard", generosity=1.0) for name in ("chat", "code")],
        demand(10.0, months=months), demand(5.0, segment="code", months=months),
        lease("L", term(12, 1.0, usage_usd_per_accelerator_hour=0.1)), contract("C", provider="hyper"),
        on_demand(3.0, max_accelerators=100.0),
        *rows, months=months, **settings,
    )  # fmt: skip


def close(found: float, expected: float, deviation: float) -> bool:
    """Within five standard errors of a mean of `PATHS` draws."""
    return abs(found - expected) <= 5 * deviation / math.sqrt(PATHS)


@pytest.mark.parametrize("month", [1, 6, 12])
def test_a_random_walk_has_mean_1_and_the_deviation_of_its_formula(month: int) -> None:
    """The level of month t has mean 1 and standard deviation sqrt(exp(volatility^2 t) - 1)."""
    levels = sample(problem(), Uncertainty(demand_volatility={"*": 0.08}), PATHS, 1).values["demand", "*"][:, month]
    deviation = math.sqrt(math.exp(0.08**2 * month) - 1.0)
    assert close(levels.mean(), 1.0, deviation)
    assert levels.std() == pytest.approx(deviation, rel=0.05)


def test_month_0_is_known() -> None:
    """No level differs from the workbook's in month 0."""
    what = Uncertainty(demand_volatility={"*": 0.3}, price_volatility={"*": 0.3}, exit_hazard={"*": 0.5})
    paths = sample(problem(), what, 50, 1)
    for (quantity, _), values in paths.values.items():
        assert set(values[:, 0]) == {0.0 if quantity == "supplier_exit" else 1.0}


@pytest.mark.parametrize("correlation", [0.0, 0.5, 1.0])
def test_segments_move_together_as_much_as_asked(correlation: float) -> None:
    """The steps of log demand of two segments have the correlation asked for, at volatilities of their own."""
    what = Uncertainty(demand_volatility={"chat": 0.05, "code": 0.1}, correlation=correlation)
    paths = sample(problem(months=2), what, PATHS, 1)
    chat, code = (np.log(paths.values["demand", name][:, 1]) for name in ("chat", "code"))
    assert np.corrcoef(chat, code)[0, 1] == pytest.approx(correlation, abs=0.03)
    assert code.std() / chat.std() == pytest.approx(2.0, rel=0.05)


def test_growth_spread_leaves_mean_growth_and_holds_for_all_months() -> None:
    """What is added to growth has mean 0, the spread asked for, and one value through the horizon."""
    added = sample(problem(), Uncertainty(growth_spread={"chat": 0.02}), PATHS, 1).values["demand_growth", "chat"]
    assert close(added[:, 0].mean(), 0.0, 0.02)
    assert added[:, 0].std() == pytest.approx(0.02, rel=0.05)
    assert (added == added[:, :1]).all()


def test_delays_follow_their_distribution() -> None:
    """Each number of months late comes as often as its probability says."""
    late = distribution({0: 0.75, 3: 0.15, 6: 0.10})
    drawn = sample(problem(), Uncertainty(delays={"L": late}), PATHS, 1).values["delivery_delay_months", "L"][:, 0]
    for value, share in zip(late.values, late.probabilities, strict=True):
        assert close(float((drawn == value).mean()), share, math.sqrt(share * (1 - share)))


def test_offers_at_one_site_are_late_together() -> None:
    """Two offers at a site with one prior have the same delay; offers at two sites do not."""
    prior = DELAY_PRIORS["new_build"][0]
    data = problem(lease("M", term(12, 1.0), site="campus"), lease("N", term(12, 1.0), site="campus"))
    values = sample(data, Uncertainty(delays={"*": prior}), 500, 1).values
    late = {name: values["delivery_delay_months", name] for name in ("L", "M", "N")}
    assert (late["M"] == late["N"]).all()
    assert (late["L"] != late["M"]).any()


def test_suppliers_go_at_their_hazard_and_do_not_return() -> None:
    """By month t a supplier is gone with chance 1 - (1 - hazard)^t, and stays gone."""
    gone = sample(problem(), Uncertainty(exit_hazard={"neo": 0.03}), PATHS, 1).values["supplier_exit", "neo"]
    for month in (1, 5, 12):
        share = 1.0 - 0.97**month
        assert close(float(gone[:, month].mean()), share, math.sqrt(share * (1 - share)))
    assert (np.diff(gone, axis=1) >= 0).all()


def test_a_star_means_each_that_is_not_named() -> None:
    """`*` holds for each offer by itself, but for those with a value of their own."""
    what = Uncertainty(delays={"*": distribution({1: 1.0}), "C": distribution({4: 1.0})}, exit_hazard={"*": 0.1})
    values = sample(problem(), what, 3, 1).values
    assert {key: each[0, 0] for key, each in values.items() if key[0] == "delivery_delay_months"} == {
        ("delivery_delay_months", "L"): 1.0,
        ("delivery_delay_months", "C"): 4.0,
    }
    assert {name for kind, name in values if kind == "supplier_exit"} == {"neo", "hyper", "spot"}


def test_what_is_in_service_already_is_not_late() -> None:
    """A delay acts on offers and on what is signed and not yet in service, and on nothing else."""
    data = problem(
        lease("old", term(24, 1.0), signed=-6),
        lease("coming", term(24, 1.0), signed=-1, lead_months=3),
        lease("no", term(12, 1.0), status="excluded"),
    )
    values = sample(data, Uncertainty(delays={"*": distribution({2: 1.0})}), 1, 1).values
    assert {name for _, name in values} == {"L", "C", "coming"}
    assert any(
        "'old'" in each for each in uncertainty_faults(data, Uncertainty(delays={"old": distribution({2: 1.0})}))
    )


def lessor() -> list[Any]:
    """Accelerators of our own, and a taker of them."""
    return [fleet(), lease_out("out", provider="taker", term_months=12)]


@pytest.mark.parametrize("drawn", DRAWN, ids=lambda drawn: drawn.option)
def test_each_quantity_has_the_mean_and_spread_of_its_formula(drawn: Drawn) -> None:
    """A walk spreads with time, a multiplier has one value for all months; both have mean 1, a shift mean 0."""
    data = problem(*lessor())
    name = next(iter(drawn.names(data)))
    values = sample(data, Uncertainty(spreads={drawn.option: {name: 0.1}}), PATHS, 1).values[drawn.quantity, name]
    shift, steps = drawn.process == "shift", 12 if drawn.process == "walk" else 1
    deviation = 0.1 if shift else math.sqrt(math.exp(0.1**2 * steps) - 1.0)
    assert close(values[:, 12].mean(), 0.0 if shift else 1.0, deviation)
    assert values[:, 12].std() == pytest.approx(deviation, rel=0.05)
    assert (set(values[:, 0]) == {1.0}) if drawn.process == "walk" else (values == values[:, :1]).all()


@pytest.mark.parametrize("rho", [-0.6, 0.4, 1.0])
def test_what_follows_demand_does_so_as_much_as_asked(rho: float) -> None:
    """Steps of a walk with demand's in the same month, a constant with the level of the last month, by segment.

    Two segments that are half correlated stay so in what follows them.
    """
    what = Uncertainty(
        demand_volatility={"*": 0.05},
        correlation=0.5,
        spreads={"revenue_volatility": {"*": 0.08}, "churn_spread": {"*": 0.2}},
        demand_correlation={"*": rho},
    )
    found = {key: np.log(each) for key, each in sample(problem(), what, PATHS, 1).values.items()}
    demand_of, revenue, churn = found["demand", "chat"], found["revenue", "chat"], found["churn", "chat"]
    steps = [np.diff(each, axis=1)[:, 4] for each in (demand_of, revenue, found["revenue", "code"])]
    assert np.corrcoef(steps)[0, 1] == pytest.approx(rho, abs=0.03)
    assert np.corrcoef(steps)[1, 2] == pytest.approx(0.5, abs=0.03)
    assert np.corrcoef(demand_of[:, -1], churn[:, 0])[0, 1] == pytest.approx(rho, abs=0.03)


def test_takers_go_at_their_hazard_and_where_demand_falls_if_asked() -> None:
    """By month t a taker is gone with chance 1 - (1 - hazard)^t, more often where demand is low; suppliers stay."""
    what = Uncertainty(
        demand_volatility={"*": 0.05}, taker_exit_hazard={"*": 0.03}, demand_correlation={"supplier_exit": -0.8}
    )
    values = sample(problem(*lessor()), what, PATHS, 1).values
    assert {name for quantity, name in values if quantity == "supplier_exit"} == {"taker"}
    gone, level = values["supplier_exit", "taker"][:, 12], values["demand", "*"][:, 12]
    share = 1.0 - 0.97**12
    assert close(float(gone.mean()), share, math.sqrt(share * (1 - share)))
    low = level < np.median(level)
    assert gone[low].mean() > 2 * gone[~low].mean()


def test_a_correlation_of_nothing_drawn_is_refused() -> None:
    """What follows demand is drawn, and demand is a walk; else a sentence says which of the two is missing."""
    said = uncertainty_faults(problem(), Uncertainty(demand_correlation={"revenue": 0.5}))
    assert "revenue is not drawn" in said[0]
    assert "demand is no random walk" in said[1]


KINDS = {
    "demand_volatility": {"chat": 0.05},
    "growth_spread": {"*": 0.01},
    "price_volatility": {"*": 0.1},
    "delays": {"L": DELAY_PRIORS["new_build"][0]},
    "delivered": {"L": Distribution((0.5, 1.0), (0.3, 0.7))},
    "exit_hazard": {"neo": 0.05},
    "taker_exit_hazard": {"taker": 0.05},
    "spreads": {drawn.option: {"*": 0.1} for drawn in DRAWN},
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_of_uncertainty_changes_no_draw_of_another(kind: str) -> None:
    """Each kind draws the same whether it stands alone or with all the others."""
    data = problem(*lessor())
    whole = sample(data, Uncertainty(**KINDS), 40, 5)  # type: ignore[arg-type]
    alone = sample(data, Uncertainty(**{kind: KINDS[kind]}), 40, 5)  # type: ignore[arg-type]
    assert alone.values
    for key, values in alone.values.items():
        assert np.array_equal(values, whole.values[key])


def test_a_seed_is_a_sample_and_more_paths_begin_like_fewer() -> None:
    """The same seed gives the same paths, another seed others, and 30 paths begin with the sample of 10."""
    what = Uncertainty(**KINDS)  # type: ignore[arg-type]
    ten, again, other, thirty = (
        sample(problem(*lessor()), what, count, seed) for count, seed in ((10, 5), (10, 5), (10, 6), (30, 5))
    )
    for key, values in ten.values.items():
        assert np.array_equal(values, again.values[key])
        assert np.array_equal(values, thirty.values[key][:10])
    assert any((values != other.values[key]).any() for key, values in ten.values.items())


def test_rows_say_what_was_sampled() -> None:
    """Read by the sheet's rule (a row holds until the next) the rows of a path give its values in every month."""
    data = problem(*lessor())
    paths = sample(data, Uncertainty(**KINDS), 25, 5)  # type: ignore[arg-type]
    for path in range(len(paths)):
        rows = paths.factors(path, "s")
        for (quantity, name), values in paths.values.items():
            held = 0.0 if quantity in (*ADDED, "supplier_exit") else 1.0
            own = {row.from_month: row.value for row in rows if (row.quantity, row.name) == (quantity, name)}
            for t in data.horizon:
                held = own.get(None if t == 0 else JAN + t, held)
                assert held == values[path, t]


def test_sampled_scenarios_pass_the_checks_of_the_workbook() -> None:
    """A workbook with sampled paths as its scenarios has no error."""
    from models.checks import check

    paths = sample(problem(*lessor()), Uncertainty(**KINDS), 4, 5)  # type: ignore[arg-type]
    names = [f"s{i}" for i in range(4)]
    rows: list[ScenarioFactor] = [row for i, name in enumerate(names) for row in paths.factors(i, name)]
    data = replace(
        problem(*lessor()),
        scenarios=tuple(Scenario(scenario=name, probability=0.25) for name in names),
        scenario_factors=tuple(rows),
    )
    assert [fault for fault in check(data) if fault.severity == "error"] == []


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (Uncertainty(demand_volatility={"chta": 0.1}), "Did you mean 'chat'"),
        (Uncertainty(demand_volatility={"chat": -0.1}), "from 0 to 1"),
        (Uncertainty(growth_spread={"nobody": 0.1}), "a segment"),
        (Uncertainty(price_volatility={"TPU": 0.1}), "on_demand"),
        (Uncertainty(delays={"L": Distribution((0.5,), (1.0,))}), "whole numbers"),
        (Uncertainty(delivered={"L": Distribution((1.5,), (1.0,))}), "from 0 to 1"),
        (Uncertainty(exit_hazard={"neo": 1.0}), "below 1"),
        (Uncertainty(exit_hazard={"noe": 0.1}), "Did you mean 'neo'"),
        (Uncertainty(demand_volatility={"chat": "history"}), "no rows in the sheet history"),
        (Uncertainty(bootstrap_block=3), "no history"),
    ],
)
def test_what_does_not_fit_is_said(what: Uncertainty, said: str) -> None:
    """An uncertainty the problem has no place for is one sentence, and is not sampled."""
    (found,) = uncertainty_faults(problem(), what)
    assert said in found
    with pytest.raises(ValueError, match=re.escape(said)):
        sample(problem(), what, 1, 1)


def test_what_is_uncertain_of_two_offers_of_one_name_is_refused() -> None:
    """Scenario factors go by name: the delay of a lease and a contract of one name cannot be told apart in them."""
    what = Uncertainty(delays={"*": DELAY_PRIORS["new_build"][0]})
    (found,) = uncertainty_faults(problem(contract("L", provider="hyper")), what)
    assert "'L' is the name of a lease (sheet leases) and a contract (sheet contracts)" in found


def history(*figures: float, name: str = "chat", first: int = JAN - 24, region: str | None = None) -> list[History]:
    return [
        History(segment=name, region=region, month=first + i, tokens_bn_per_day=each) for i, each in enumerate(figures)
    ]


def test_the_bootstrap_strings_months_of_history_together() -> None:
    """With growth of 10 % and -5 % in turn and blocks of two, each path takes both in turn, beginning with either."""
    data = problem(history(100.0, 110.0, 104.5, 114.95, 109.2025))
    levels = sample(data, Uncertainty(bootstrap_block=2), 200, 1).values["demand", "chat"]
    up, down = math.log(1.1), math.log(0.95)
    half = (up - down) / 2.0
    expected_first = math.cosh(half)  # the mean of exp(half) and exp(-half)
    one_step = np.round([math.exp(half) / expected_first, math.exp(-half) / expected_first], 6)
    assert set(levels[:, 1]) == set(one_step)
    assert np.allclose(levels[:, 2], 1.0, atol=1e-6)  # both steps taken: no change, whichever came first


def test_the_bootstrap_has_mean_1() -> None:
    """Whatever the history and the block, the expected level of each month is 1."""
    data = problem(history(100.0, 130.0, 120.0, 150.0, 210.0, 190.0, 230.0))
    levels = sample(data, Uncertainty(bootstrap_block=4), PATHS, 1).values["demand", "chat"]
    for month in range(13):
        assert close(levels[:, month].mean(), 1.0, float(levels[:, month].std()) + 1e-9)


def test_segments_of_a_history_are_drawn_from_the_same_months() -> None:
    """Two segments whose histories grew alike have the same levels, in the months they have in common."""
    shape = (100.0, 130.0, 120.0, 150.0, 210.0)
    data = problem(history(*shape), history(50.0, *(each * 2 for each in shape), name="code", first=JAN - 25))
    values = sample(data, Uncertainty(bootstrap_block=2), 50, 1).values
    assert np.allclose(values["demand", "chat"], values["demand", "code"], atol=2e-6)
    assert len(values) == 2


def test_the_volatility_of_a_history_is_that_of_its_growth() -> None:
    """`history` in place of a number is the standard deviation of monthly log growth, regions together."""
    figures = (100.0, 130.0, 120.0, 150.0, 210.0)
    whole = problem(history(*figures))
    parted = problem(
        history(*(each * 0.4 for each in figures), region="us"), history(*(each * 0.6 for each in figures), region="eu")
    )
    steps = np.diff(np.log(figures))
    by_number = sample(problem(), Uncertainty(demand_volatility={"chat": float(steps.std(ddof=1))}), 10, 1)
    for data in (whole, parted):
        found = sample(data, Uncertainty(demand_volatility={"chat": "history"}), 10, 1)
        assert np.allclose(found.values["demand", "chat"], by_number.values["demand", "chat"], atol=2e-6)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([*history(1.0, 2.0), *history(3.0, first=JAN - 20)], "no figure for 2024-03"),
        ([*history(1.0, 2.0, 3.0, region="us"), *history(1.0, 2.0, region="eu")], "2024-03 in eu"),
        (history(1.0, 0.0, 3.0), "is 0 in 2024-02"),
        (history(1.0, 2.0, 3.0), "fewer than the 5"),
    ],
)
def test_a_history_that_cannot_be_resampled_says_why(rows: list[History], said: str) -> None:
    """Gaps, a region left out, zeros and too short a history are named with their month."""
    (found,) = uncertainty_faults(problem(rows), Uncertainty(bootstrap_block=5))
    assert said in found


def test_a_segment_is_not_uncertain_twice() -> None:
    """A volatility for a segment that is resampled is refused; one for all is for those without a history."""
    data = problem(history(100.0, 130.0, 120.0, 150.0))
    twice = Uncertainty(bootstrap_block=2, demand_volatility={"chat": 0.1})
    assert any("leave out one" in each for each in uncertainty_faults(data, twice))
    values = sample(data, Uncertainty(bootstrap_block=2, demand_volatility={"*": 0.1}), 5, 1).values
    assert set(values) == {("demand", "chat"), ("demand", "code")}


def test_the_named_priors_are_what_their_facts_say() -> None:
    """new_build: 60 % on time, median slip 4, 90 % of slips within 10 months; energised_site: 85 %, median 1."""
    for name, on_time, quantiles in (("new_build", 0.60, {4: 0.5, 10: 0.9}), ("energised_site", 0.85, {1: 0.5})):
        prior, words = DELAY_PRIORS[name]
        shares = dict(zip(prior.values, prior.probabilities, strict=True))
        assert shares[0.0] == on_time
        for months, share in quantiles.items():
            within = sum(p for value, p in shares.items() if 0 < value <= months)
            assert within / (1.0 - on_time) == pytest.approx(share, abs=1e-9)
        assert "fact L1" in words
    facts = (Path(__file__).parents[2] / "inputs" / "examples" / "facts.csv").read_text(encoding="utf-8")
    assert "P(on time)=0.60; slip lognormal median 4 mo, p90 10 mo" in facts
    assert "P(on time)=0.85; slip median 1 mo" in facts


@pytest.mark.parametrize("months", [1, 2])
def test_the_shortest_horizons_can_be_sampled(months: int) -> None:
    """One month has nothing but what is known; in two the second may differ."""
    data = problem(history(100.0, 130.0, 120.0, 150.0), months=months)
    what = Uncertainty(bootstrap_block=2, demand_volatility={"code": 0.1}, exit_hazard={"neo": 0.5})
    for values in sample(data, what, 20, 1).values.values():
        assert values.shape == (20, months)
        assert len(set(values[:, 0])) == 1
        assert len(set(values[:, -1])) > 1 or months == 1

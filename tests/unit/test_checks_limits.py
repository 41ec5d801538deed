"""Checks of limits, and the sequences of limits behind them compared with plain enumeration."""

from itertools import pairwise, product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sheets import VALID, Tables, brief, errors_of, faults_of, row

from models.dataset import Dataset
from models.demand.limit_effects import limit_effects
from models.demand.limit_paths import limit_paths, reachable_limits
from models.months import month_of
from models.schema import Limit, Segment, Settings

JAN = month_of(2026, 1)


def limits(*rows: dict[str, Any]) -> Tables:
    return {"limits": [{"segment": "chat", **each} for each in rows]}


def test_limits_without_churn_or_windows_have_no_fault() -> None:
    """Plain limits give nothing to say."""
    assert faults_of(limits({"limit": "open"}, {"limit": "tight", "demand_multiplier": 0.5})) == []


def test_the_current_limit_is_one_of_the_segment_s() -> None:
    """current_limit names a limit of the same segment."""
    segment = row("segments", VALID, current_limit="opne")
    faults = faults_of(segment, limits({"limit": "open"}))
    assert brief(faults) == ["error segments!current_limit 2"]
    assert "'open'" in faults[0].fix
    assert brief(faults_of(segment)) == ["error segments!current_limit 2"]


def test_a_month_without_any_limit_is_an_error() -> None:
    """Where no limit may be in force in some month, the first such month is named."""
    gap = limits({"limit": "a", "until_month": "2026-02"}, {"limit": "b", "from_month": "2026-04"})
    faults = faults_of(gap)
    assert brief(faults) == ["error limits!from_month 2"]
    assert "2026-03" in faults[0].found


@pytest.mark.parametrize(
    ("rules", "fits"),
    [
        ({}, True),
        ({"may_tighten": "no"}, False),
        ({"current_limit": "new", "may_tighten": "no"}, False),
        ({"min_months_between_changes": 3, "current_limit": "new"}, True),
        ({"min_months_between_changes": 4, "current_limit": "new"}, False),
    ],
)
def test_windows_and_rules_of_change_leave_a_way(rules: dict[str, Any], fits: bool) -> None:
    """`open` holds from January to March, `tight` from April on: rules that bar the step are an error."""
    steps = limits(
        {"limit": "tight", "from_month": "2026-04"},
        {"limit": "open", "until_month": "2026-03"},
        {"limit": "new", "until_month": "2025-12"},
    )
    found = [fault for fault in faults_of(steps, row("segments", VALID, **rules)) if fault.severity == "error"]
    assert brief(found) == ([] if fits else ["error limits!from_month 2"])


def test_churn_that_takes_more_than_there_is_is_an_error() -> None:
    """Five months at 10 % leave 50 %: a limit at 0.4 in the sixth month would be below 0, one at 0.5 not."""
    for share, fits in ((0.5, True), (0.4, False)):
        rows = limits(
            {"limit": "tight", "churn_per_month": 0.1, "until_month": "2026-05"},
            {"limit": "low", "demand_multiplier": share, "from_month": "2026-06"},
        )
        faults = faults_of(rows)
        assert brief(faults) == ([] if fits else ["error limits!demand_multiplier 3"])
        assert fits or "2026-06" in faults[0].found


def test_churn_is_only_counted_where_it_can_come_about() -> None:
    """Two months is the longest that a limit's window lets it churn, so 0.2 is all that can be lost."""
    rows = limits(
        {"limit": "tight", "churn_per_month": 0.1, "from_month": "2026-03", "until_month": "2026-04"},
        {"limit": "low", "demand_multiplier": 0.2},
    )
    assert faults_of(rows) == []


def test_revenue_counts_only_where_there_is_revenue() -> None:
    """A limit that gives service away can be churned below no revenue only if there was some."""
    rows = limits({"limit": "free", "revenue_multiplier": 0, "churn_per_month": 0.01})
    assert faults_of(rows) == []
    faults = faults_of(rows, row("segments", VALID, revenue_usd_per_mtok=1))
    assert brief(faults) == ["error limits!revenue_multiplier 2"]


def test_peak_multipliers_count_only_where_there_is_a_peak() -> None:
    """A peak multiplier of 0 can be churned below 0 only if some load block is a peak."""
    rows = limits({"limit": "throttled", "peak_demand_multiplier": 0, "churn_per_month": 0.01})
    assert faults_of(rows) == []
    faults = faults_of(rows, load_blocks=[{"block": "all", "hours_per_day": 24, "peak": "yes"}])
    assert brief(faults) == ["error limits!peak_demand_multiplier 2"]


@pytest.mark.parametrize(
    ("price", "elasticity", "fits"),
    [(0, -1, False), (0, 1, True), (1e-9, -5, False), (2, -1.5, True), (1e10, 1e10, False)],
)
def test_price_and_elasticity_give_a_number(price: float, elasticity: float, fits: bool) -> None:
    """price_multiplier^price_elasticity is a number of sensible size, or the row says demand_multiplier itself."""
    segment = row("segments", VALID, price_elasticity=elasticity)
    assert brief(errors_of(segment, limits({"limit": "a", "price_multiplier": price}))) == (
        [] if fits else ["error limits!price_multiplier 2"]
    )
    assert errors_of(segment, limits({"limit": "a", "price_multiplier": price, "demand_multiplier": 1})) == []


def test_a_rank_by_rows_that_contradicts_demand_is_warned_of() -> None:
    """Limits that may not tighten, the most generous first and without generosity, would tighten as they are ranked."""
    fixed, free = row("segments", VALID, may_tighten="no"), row("segments", VALID)
    wide, tight = {"limit": "wide", "demand_multiplier": 1}, {"limit": "tight", "demand_multiplier": 0.5}
    [warned] = faults_of(fixed, limits(wide, tight))
    assert (warned.severity, warned.warning, warned.column) == ("warning", "generosity-by-row", "generosity")
    assert "'tight' ranks as more generous than 'wide'" in warned.found
    assert faults_of(free, limits(wide, tight)) == []
    assert faults_of(fixed, limits(tight, wide)) == []
    assert faults_of(fixed, limits(wide | {"generosity": 2}, tight | {"generosity": 1})) == []
    assert faults_of(fixed, limits(wide, tight | {"lever": "other"})) == []


WINDOWS = st.one_of(st.none(), st.integers(-1, 5))
LIMITS = st.lists(
    st.tuples(WINDOWS, WINDOWS, st.sampled_from([0.0, 0.1, 0.25]), st.sampled_from([None, 1.0, 2.0])),
    min_size=1,
    max_size=3,
)


@settings(max_examples=150, deadline=None)
@given(
    rows=LIMITS,
    months=st.integers(1, 5),
    stay=st.integers(0, 4),
    may_tighten=st.booleans(),
    current=st.sampled_from([None, "limit 0", "limit 1"]),
)
def test_paths_are_those_that_enumeration_finds(
    rows: list[tuple[int | None, int | None, float, float | None]],
    months: int,
    stay: int,
    may_tighten: bool,
    current: str | None,
) -> None:
    """Reachable limits and worst churn are exactly those of all sequences that keep every rule."""
    current = current if current is None or int(current[-1]) < len(rows) else None
    data = Dataset(
        settings=Settings(first_month=JAN, months=months),
        segments=(
            Segment(
                segment="s",
                workload="w",
                min_months_between_changes=stay,
                may_tighten=may_tighten,
                current_limit=current,
            ),
        ),
        limits=tuple(
            Limit(
                segment="s",
                limit=f"limit {i}",
                generosity=generosity,
                churn_per_month=churn,
                from_month=None if first is None else JAN + first,
                until_month=None if last is None else JAN + last,
            )
            for i, (first, last, churn, generosity) in enumerate(rows)
        ),
    )
    own = {lever.limit: lever for lever in limit_effects(data, "s")}

    def allowed(path: tuple[str, ...]) -> bool:
        if any(not own[limit].first <= t <= own[limit].last for t, limit in enumerate(path)):
            return False
        whole = path if current is None else (current, *path)
        shift = 0 if current is None else 1
        changes = [i + 1 - shift for i, (before, after) in enumerate(pairwise(whole)) if before != after]
        if any(later - earlier < stay for earlier, later in pairwise(changes)):
            return False
        return may_tighten or all(own[b].generosity >= own[a].generosity for a, b in pairwise(whole))

    worst: list[dict[str, float]] = [{} for _ in range(months)]
    for path in product(own, repeat=months):
        if allowed(path):
            for t, limit in enumerate(path):
                lost = sum(own[each].churn_per_month for each in path[:t])
                worst[t][limit] = max(lost, worst[t].get(limit, 0.0))
    assert reachable_limits(data, "s") == {"limit": tuple(frozenset(month) for month in worst)}
    found = limit_paths(data, "s")["limit"]
    assert (found.stuck_at is None) == bool(worst[0])
    for t, month in enumerate(found.worst_churn):
        assert month == pytest.approx(worst[t])

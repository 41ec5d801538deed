"""`planner roll --observed` of plans made with `--risk budget:K`: what was seen is a case, or more than the budget."""

from __future__ import annotations

from pathlib import Path

import pytest
from cases.test_budget_cycle import made
from commandline import Run, Said, decision
from sheets import workbook

from models.stochastic.contingencies import case_name, cases, contingencies
from planner.problem_reader import read

__all__ = ["made"]

NEO_THERE, SPOT_THERE = "supplier_exit,neo,{},0", "supplier_exit,spot,{},0"
LATE, ON_TIME = "delivery_delay_months,L,2026-01,2", "delivery_delay_months,L,2026-01,0"
GONE = "supplier_exit,neo,{},"


def rolled(here: Run, folder: Path, to: str, *seen: str) -> Said:
    """The plan of `made` rolled to a month by rows of what was seen, in which {} is that month."""
    rows = "\n".join(("quantity,name,month,value", *(row.format(to) for row in seen)))
    Path("seen.csv").write_text(rows + "\n")
    return here("roll", folder / "w.xlsx", folder / "p.xlsx", "--to", to, "--observed", "seen.csv", "-o", "next.xlsx")


@pytest.mark.parametrize(
    ("to", "seen", "left"),
    [
        ("2026-02", [NEO_THERE], {"as planned", "L 2 months late", "neo gone from 2026-04", "neo gone from 2026-07",
                                  "spot gone from 2026-12"}),
        ("2026-02", [LATE], {"L 2 months late", "L 2 months late + neo gone from 2026-04",
                             "L 2 months late + neo gone from 2026-07", "L 2 months late + spot gone from 2026-12"}),
        ("2026-05", [NEO_THERE, ON_TIME], {"as planned", "neo gone from 2026-07", "spot gone from 2026-12"}),
        ("2026-08", [NEO_THERE, SPOT_THERE], {"as planned", "spot gone from 2026-12"}),
        ("2026-05", [GONE], {"neo gone from 2026-04", "neo gone from 2026-04 + spot gone from 2026-12"}),
    ],
    ids=["nothing yet", "a case that was not the worst", "nothing, later", "nothing, late", "the worst case"],
)  # fmt: skip
def test_what_was_seen_and_what_may_still_come_stay_listed(
    made: Path, here: Run, to: str, seen: list[str], left: set[str]
) -> None:
    """The case seen, whether the plan had to be prepared for it or not, and it with each thing more that may come."""
    said = rolled(here, made, to, *seen)
    assert said.code == 0, said.err
    scenarios = read(Path("next.xlsx")).valid_dataset().scenarios
    assert {each.scenario for each in scenarios} == left
    assert sum(each.probability for each in scenarios) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("to", "seen", "why"),
    [
        ("2026-02", ["delivery_delay_months,L,2026-01,3"], "none of the 5 cases"),
        ("2026-05", [GONE, LATE], "none of the 5 cases"),
        ("2026-05", [LATE], "What was seen is L 2 months late, for which the plan decides nothing from 2026-03 on"),
    ],
    ids=["not listed", "two at once", "not decided on"],
)
def test_what_the_plan_has_no_answer_to_is_refused(made: Path, here: Run, to: str, seen: list[str], why: str) -> None:
    """Other delays, more at once than the budget, and cases without a plan of their own: exit code 2, in words."""
    said = rolled(here, made, to, *seen)
    assert (said.code, why in said.err) == (2, True), said.err
    assert not Path("next.xlsx").exists()


def test_without_news_nothing_is_worked_out(made: Path, here: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan for scenarios rolled without a word on what happened: refused at once, with both ways to say it."""
    monkeypatch.setattr("planner.analysis.news.read_plans", lambda *_: pytest.fail("the plan was read"))
    said = here("roll", made / "w.xlsx", made / "p.xlsx", "--to", "2026-02", "-o", "next.xlsx")
    assert said.code == 2, said.err
    assert all(each in said.err for each in ("--branch names", "--observed a file"))


def test_the_round_after_a_late_lease_costs_what_it_costs_by_hand(here: Run, tmp_path: Path) -> None:
    """Four months served by a lease at 2 USD an hour, or on demand at 5: its provider may leave, or it come late.

    The worse of the two is that the provider leaves in March. What came is the other: service begins in February. From
    then on the lease serves four months, and the worst that may still come is that March to May are bought on demand.
    """
    futures = {
        "scenarios": [{"scenario": "one", "probability": 0.5}, {"scenario": "two", "probability": 0.5}],
        "scenario_factors": [
            {"scenario": "one", "quantity": "delivery_delay_months", "name": "L", "value": 1},
            {"scenario": "two", "quantity": "supplier_exit", "name": "neo", "from_month": "2026-03"},
        ],
    }
    settings = {"first_month": "2026-01", "months": 4, "first_stage_months": 1, "discount_rate": 0}
    demand = [{"segment": "chat", "region": "us", "month": "2026-01", "tokens_bn_per_day": 8.2944}]
    segments = [{"segment": "chat", "workload": "chat", "growth_per_month": 0}]
    terms = [{"lease": "L", "term_months": 4, "usd_per_accelerator_hour": 2}]
    book = workbook(
        tmp_path / "w.xlsx",
        decision(settings=settings, demand=demand, segments=segments, lease_terms=terms, **futures),
    )
    needed = 96  # accelerators of 1,000 tokens a second, in 12 clusters of 8
    first = here("solve", book, "--risk", "budget:1", "--gap", 0, "-o", "p.xlsx", "--json").json
    assert {(each["name"], each["month"]) for each in first["decisions"]} == {("L", "2026-01")}
    january, february, march, april, may = 744, 672, 744, 720, 744
    by_hand = needed * (2 * (january + february) + 5 * (march + april))
    assert first["objective_usd"] == pytest.approx(by_hand, rel=1e-4)  # ties are broken by the mean of the cases
    Path("seen.csv").write_text("quantity,name,month,value\ndelivery_delay_months,L,2026-01,1\n")
    assert here("roll", book, "p.xlsx", "--observed", "seen.csv", "-o", "next.xlsx").code == 0
    data = read(Path("next.xlsx")).valid_dataset()
    assert "neo gone from 2026-03" in {case_name(each) for each in cases(contingencies(data), 1)}
    second = here("solve", "next.xlsx", "--risk", "budget:1", "--gap", 0, "-o", "q.xlsx", "--json").json
    by_hand = needed * (2 * february + 5 * (march + april + may))
    assert second["objective_usd"] == pytest.approx(by_hand, rel=1e-4)
    assert here("audit", "next.xlsx", "q.xlsx", "--quiet").code == 0

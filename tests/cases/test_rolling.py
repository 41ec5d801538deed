"""Rolling through a horizon against what really happened: bills worked out by hand, and runs that are ended.

One H100 serves one bn tokens a day; hours are January 744, February 672, March 744, April 720, May 744, June 720.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import builders as b
import openpyxl
import pytest
from commandline import Run, command, decision, environment
from rolling_runs import Rolled, roll_through
from sheets import workbook

from models.dataset import Dataset
from models.schema import Cap
from planner.excel.plan_reader import run_record

FEB_MAR, MAR_APR, MAR_TO_JUN = 672 + 744, 744 + 720, 744 + 720 + 744 + 720


def _with_a_long_lead(*bn_per_day: float) -> Dataset:
    """On-demand at 3 USD an hour, or an H100 leased at 1 USD two months ahead for four months."""
    return b.dataset(
        b.demand(*bn_per_day),
        b.lease("ahead", b.term(4, hourly=1.0), units_max=2, lead_months=2),
        b.on_demand(3.0),
        months=6,
    )


def _costs(rolled: Rolled) -> tuple[float, float]:
    assert rolled.hindsight is not None
    assert rolled.hindsight.rolling is not None
    assert rolled.hindsight.foresight is not None
    return rolled.hindsight.rolling.objective_usd, rolled.hindsight.foresight.objective_usd


def test_what_was_not_foreseen_is_bought_on_demand() -> None:
    """A lease that must be signed two months before anybody sees the demand is not signed: 3 USD an hour, not 1."""
    rolled = roll_through(_with_a_long_lead(*[0.0] * 6), _with_a_long_lead(0, 0, 1, 1, 1, 1))
    assert _costs(rolled) == (pytest.approx(3.0 * MAR_TO_JUN), pytest.approx(1.0 * MAR_TO_JUN))
    assert [step.signed for step in rolled.steps] == [()] * 6


@pytest.mark.parametrize(
    ("update", "second"),
    [
        # in March demand is twice the forecast; taken to stay so, a second lease serves May and June
        ("level", 3.0 * MAR_APR + 1.0 * (744 + 720)),
        # with the forecast as it stands every month is a surprise
        ("none", 3.0 * MAR_TO_JUN),
    ],
)
def test_a_forecast_that_follows_what_is_seen_costs_less(update: str, second: float) -> None:
    """Demand that doubles in March: one H100 is leased ahead, the second as the forecast lets it be seen."""
    rolled = roll_through(_with_a_long_lead(*[1.0] * 6), _with_a_long_lead(1, 1, 2, 2, 2, 2), update=update)
    before = 3.0 * (744 + 672)  # one H100 on demand in January and February in any case
    assert _costs(rolled) == (
        pytest.approx(before + 1.0 * MAR_TO_JUN + second),
        pytest.approx(before + 2.0 * MAR_TO_JUN),
    )


def test_after_the_last_month_simulated_both_know_what_comes() -> None:
    """Lived until February only, the one thing that cannot be mended is that nothing was signed for March and April."""
    forecast, actuals = _with_a_long_lead(*[0.0] * 6), _with_a_long_lead(0, 0, 1, 1, 1, 1)
    # signed in March, as foresight then would, a lease serves May and June; March and April are bought on demand
    rolled = roll_through(forecast, actuals, until=1)
    assert _costs(rolled) == (pytest.approx(3.0 * MAR_APR + 1.0 * (744 + 720)), pytest.approx(1.0 * MAR_TO_JUN))


def test_a_late_delivery_is_known_when_it_was_due() -> None:
    """A lease due in February that comes in April is found out in February, too late for one that bridges the gap."""
    terms = b.term(6, hourly=1.0)
    bridge = b.lease("bridge", b.term(2, hourly=2.0), lead_months=1, sign_until=b.JAN)

    def as_delivered(lead: int) -> Dataset:
        return b.dataset(
            b.demand(0, 1, 1, 1, 1, 1), b.lease("cheap", terms, lead_months=lead), bridge, b.on_demand(3.0), months=6
        )

    rolled = roll_through(as_delivered(1), as_delivered(3))
    served = 1.0 * (720 + 744 + 720)
    assert _costs(rolled) == (pytest.approx(3.0 * FEB_MAR + served), pytest.approx(2.0 * FEB_MAR + served))


def test_looking_ahead_too_little_costs() -> None:
    """Who sees two months only does not lease two months ahead, though all comes as forecast."""
    data = _with_a_long_lead(0, 0, 1, 1, 1, 1)
    assert _costs(roll_through(data, data, window=2))[0] == pytest.approx(3.0 * MAR_TO_JUN)
    assert _costs(roll_through(data, data))[0] == pytest.approx(1.0 * MAR_TO_JUN)


def test_a_price_on_departing_keeps_to_what_was_planned() -> None:
    """Planned for March, a lease that has become needless is signed all the same where departing costs more."""
    forecast, actuals = _with_a_long_lead(0, 0, 0, 0, 1, 1), _with_a_long_lead(0, 0, 0, 0, 0, 0)
    forecast = replace(forecast, leases=tuple(replace(each, sign_from=b.JAN + 2) for each in forecast.leases))
    actuals = replace(actuals, leases=forecast.leases)
    assert _costs(roll_through(forecast, actuals, update="none", keep_change_cost=1e6))[0] == pytest.approx(744 + 720)


def test_where_nothing_serves_all_the_least_is_left_unserved_and_told() -> None:
    """Demand that must be served and cannot be: the run goes on, and says how much falls short, in which month."""

    def with_a_lease(*bn_per_day: float) -> Dataset:
        return b.dataset(
            b.demand(*bn_per_day), b.fleet(), b.lease("more", b.term(2, hourly=1.0), lead_months=1), months=3
        )

    rolled = roll_through(with_a_lease(1, 1, 1), with_a_lease(1, 2, 1))
    assert [step.short for step in rolled.steps] == [(), ("chat: 28 bn tokens in 2026-02",), ()]
    assert rolled.hindsight is not None
    assert rolled.hindsight.rolling is None
    assert rolled.hindsight.violated == ("chat: 28 bn tokens that must be served are not served (28 in 2026-02)",)
    assert rolled.hindsight.foresight is not None
    assert rolled.hindsight.foresight.objective_usd == pytest.approx(672 + 744)


def test_without_a_plan_for_the_first_month_there_is_nothing_to_roll() -> None:
    """Where rules leave no plan at all, the first step says so and there is no second."""
    data = b.dataset(
        b.fleet(),
        b.demand(1.0, months=3),
        Cap(cap="none", measure="capacity_mw", scope="total", sense="max", value=0.0),
    )
    rolled = roll_through(data, data)
    assert [step.status for step in rolled.steps] == ["infeasible"]
    assert rolled.hindsight is None


def _doubled(tmp_path: Path) -> tuple[Path, Path]:
    """A workbook of 2026, and one in which demand doubles in May and on-demand is dearer."""
    forecast = workbook(tmp_path / "forecast.xlsx", decision())
    rows = [
        {"segment": "chat", "region": "us", "month": f"2026-{m:02d}", "tokens_bn_per_day": 8 if m < 5 else 16}
        for m in range(1, 13)
    ]
    sold = [{"provider": "spot", "region": "us", "hardware": "H100", "usd_per_accelerator_hour": 6}]
    return forecast, workbook(tmp_path / "actuals.xlsx", decision(demand=rows, on_demand=sold))


def test_the_command_tells_what_myopia_cost(here: Run, tmp_path: Path) -> None:
    """The report, the JSON and both plans are in the folder; the plans compare; the steps are named."""
    forecast, actuals = _doubled(tmp_path)
    said = here("batch", forecast, "--rolling", actuals, "-o", "out", "--until", "2026-06", "--gap", 0, "--json")
    assert said.code == 0
    found = said.json
    assert found["myopia_usd"] == pytest.approx(found["rolling"]["objective_usd"] - found["foresight"]["objective_usd"])
    assert 0.0 <= found["myopia_least_usd"] <= found["myopia_usd"] <= found["myopia_most_usd"] + 1e-6
    assert [each["month"] for each in found["steps"]] == [f"2026-{m:02d}" for m in range(1, 7)]
    assert {each["known"] for each in found["surprises"] if each["sheet"] == "demand"} >= {"2026-05", "2026-06", None}
    assert json.loads((tmp_path / "out/rolling.json").read_text()) == found
    book = openpyxl.load_workbook(tmp_path / "out/rolling.xlsx")
    assert book.sheetnames[:3] == ["Rolling", "Steps", "Otherwise"]
    with closing(sqlite3.connect(tmp_path / "out/results.sqlite")) as store:
        plans = dict(store.execute("SELECT job, objective_usd FROM jobs"))
        signed = store.execute("SELECT DISTINCT job FROM spend").fetchall()
    steps = {each["month"]: each["objective_usd"] for each in found["steps"]}
    ends = {"month_by_month": found["rolling"]["objective_usd"], "foresight": found["foresight"]["objective_usd"]}
    assert plans == steps | ends
    assert {job for (job,) in signed} == set(plans)
    assert here("compare", "out/foresight.xlsx", "out/month_by_month.xlsx").code == 0
    assert here("audit", actuals, "out/month_by_month.xlsx").code == 0
    made_of = {"month_by_month": actuals, "foresight": actuals, "steps/2026-02/plan": forecast}
    for name, source in made_of.items():  # each plan names the workbook that it is a plan of
        recorded = run_record(tmp_path / f"out/{name}.xlsx")
        assert recorded["run", "input_sha256"] == hashlib.sha256(source.read_bytes()).hexdigest()
        assert recorded["run", "input_path"] == str(source)


def test_workbooks_of_two_problems_are_refused(here: Run, tmp_path: Path) -> None:
    """Another horizon or other segments are named as faults, and no folder is filled."""
    forecast, _ = _doubled(tmp_path)
    other = workbook(tmp_path / "other.xlsx", decision(settings={"first_month": "2026-01", "months": 11}))
    said = here("batch", forecast, "--rolling", other, "-o", "out", "--json")
    assert said.code == 2
    assert [(fault["sheet"], fault["column"]) for fault in said.json["faults"]] == [("settings", "months")]
    assert not (tmp_path / "out").exists()
    assert here("batch", forecast, "--rolling", tmp_path / "missing.xlsx").code == 2


def test_decisions_that_do_not_hold_exit_with_3(here: Run, tmp_path: Path) -> None:
    """Where what was decided leaves unserved what must be served, exit 3, with where and how much in the report."""
    none = {
        "on_demand": [],
        "leases": [{"lease": "L", "provider": "neo", "region": "us", "units_max": 20, "lead_months": 1}],
    }
    none |= {"fleet": [{"asset": "own", "provider": "us", "region": "us", "hardware": "H100", "accelerators": 100}]}

    def asks(late: float) -> list[dict[str, Any]]:
        return [
            {"segment": "chat", "region": "us", "month": f"2026-{m:02d}", "tokens_bn_per_day": 8 if m < 3 else late}
            for m in range(1, 13)
        ]

    forecast = workbook(tmp_path / "forecast.xlsx", decision(demand=asks(8), **none))
    actuals = workbook(tmp_path / "actuals.xlsx", decision(demand=asks(12), **none))
    said = here("batch", forecast, "--rolling", actuals, "-o", "out", "--until", "2026-04")
    assert said.code == 3
    assert "must be served are not served" in said.out
    assert (tmp_path / "out/rolling.xlsx").exists()


def _without_seconds(found: Any) -> Any:
    if isinstance(found, dict):
        return {key: _without_seconds(value) for key, value in found.items() if key != "seconds"}
    return [_without_seconds(each) for each in found] if isinstance(found, list) else found


def test_a_run_that_was_killed_goes_on_where_it_was(here: Run, tmp_path: Path) -> None:
    """Killed in the middle, a record spoilt: the same command plans only what is missing, and ends as a clean run."""
    forecast, actuals = _doubled(tmp_path)
    words = ("batch", forecast, "--rolling", actuals, "--until", "2026-08", "--threads", 1, "--json")
    process = subprocess.Popen(
        command(*words, "-o", "killed"),
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    third = tmp_path / "killed/steps/2026-03/step.json"
    deadline = time.monotonic() + 120
    while not third.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    made = {path: path.stat().st_mtime_ns for path in (tmp_path / "killed").glob("steps/*/step.json")}
    assert 3 <= len(made) < 8
    spoilt = tmp_path / "killed/steps/2026-02/step.json"
    spoilt.write_text("{")
    del made[spoilt]
    again = here(*words, "-o", "killed")
    clean = here(*words, "-o", "clean")
    assert (again.code, clean.code) == (0, 0)
    assert all(path.stat().st_mtime_ns == before for path, before in made.items())
    results = [{k: v for k, v in said.json.items() if k not in ("path", "folder")} for said in (again, clean)]
    assert _without_seconds(results[0]) == _without_seconds(results[1])


def test_other_inputs_begin_anew(here: Run, tmp_path: Path) -> None:
    """A run into the same folder from another workbook plans every month again and leaves no step of the first."""
    forecast, actuals = _doubled(tmp_path)
    assert here("batch", forecast, "--rolling", actuals, "-o", "out", "--until", "2026-03").code == 0
    (tmp_path / "out/steps/2026-03/mine.txt").write_text("kept")
    said = here("batch", forecast, "--rolling", forecast, "-o", "out", "--until", "2026-02", "--json")
    assert said.json["myopia_usd"] == pytest.approx(0.0, abs=1e-6)
    left = sorted(str(path.relative_to(tmp_path / "out/steps")) for path in (tmp_path / "out/steps").glob("*/*"))
    assert left == [
        "2026-01/plan.xlsx",
        "2026-01/step.json",
        "2026-02/plan.xlsx",
        "2026-02/step.json",
        "2026-03/mine.txt",
    ]

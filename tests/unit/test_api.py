"""The public Python API: problems in and out of DataFrames, results as tables, faults with their places."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from commandline import decision
from sheets import LEASE, Tables, csv_folder, tables, workbook

import planner
from models.dataset import Dataset
from models.schema import SHEETS
from planner.problem_reader import read


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return workbook(tmp_path_factory.mktemp("api") / "lab.xlsx", decision(), notes())


@pytest.fixture(scope="module")
def result(path: Path) -> planner.Result:
    return planner.solve(path)


def notes() -> Tables:
    """The leases with a note."""
    return {"leases": [{**each, "note": "from the press"} for each in decision()["leases"]]}


def test_a_problem_is_what_its_files_say(path: Path, tmp_path: Path) -> None:
    """A workbook and a folder are the same problem as the command line reads."""
    problem = planner.read(path)
    assert problem.dataset == read(path).dataset
    assert planner.read(csv_folder(tmp_path / "lab", decision(), notes())).dataset == problem.dataset
    assert (problem.name, problem.sha256) == ("lab", read(path).sha256)
    assert planner.read(path, ["settings.discount_rate=0.2"]).dataset.settings.discount_rate == 0.2


@pytest.mark.parametrize("sheet", [sheet for sheet in SHEETS if sheet.name != "settings"], ids=lambda each: each.name)
def test_frames_have_the_columns_of_the_workbook(path: Path, sheet: Any) -> None:
    """A sheet's frame has each of its columns, months as Periods of a month, whole numbers as whole numbers."""
    frame = planner.read(path).frame(sheet.name)
    assert [name for name in frame.columns if name != "note"] == [column.name for column in sheet.columns]
    expected = {"month": "period[M]", "count": "Int64", "number": "float64", "share": "float64", "flag": "bool"}
    for column in sheet.columns:
        if column.kind in expected:
            assert str(frame[column.name].dtype) == expected[column.kind]


def test_a_frame_holds_rows_defaults_and_notes(path: Path) -> None:
    """Values are those of the rows, what is left out is the default, and the note stands beside."""
    leases = planner.read(path).frame("Leases")
    assert leases.loc[0, ["lease", "units_max", "sublet", "note"]].tolist() == [
        "L",
        decision()["leases"][0].get("units_max", 1),
        False,
        "from the press",
    ]
    demand = planner.read(path).frame("demand")
    assert demand["month"].iloc[0] == pd.Period("2026-01", "M")


def test_every_frame_of_a_problem_makes_it_again(path: Path) -> None:
    """What frames say is all there is: a problem made of them has the same dataset."""
    problem = planner.read(path)
    again = planner.problem({name: problem.frame(name) for name in problem.sheets})
    assert again.dataset == problem.dataset


def test_a_problem_is_made_without_a_file() -> None:
    """DataFrames with months in any form, wide demand, plain rows and mappings are the sheets they are named as."""
    wide = pd.DataFrame({"segment": ["chat"], "region": ["us"], pd.Period("2026-01", "M"): [1.0]})
    wide[pd.Timestamp("2026-06-01")] = [2.0]
    indexed = pd.DataFrame(tables()["fleet"]).set_index("asset")
    plain = tables(demand=wide, fleet=indexed, settings=pd.DataFrame({"key": ["months", "first_month"]}))
    plain["settings"]["value"] = [6, pd.Period("2026-01", "M")]
    assert planner.problem(plain).dataset == planner.problem(tables()).dataset


def test_set_changes_a_copy(path: Path) -> None:
    """A value, a blank, a table and several tables at once: each makes another problem, and the first one stays."""
    problem = planner.read(path)
    before = problem.dataset
    changed = problem.set("settings.discount_rate", 0.2).set("leases.L.units_max", 3)
    assert (changed.dataset.settings.discount_rate, changed.dataset.leases[0].units_max) == (0.2, 3)
    assert changed.set("leases.L.units_max", None).dataset.leases[0].units_max == 1
    month = problem.set("leases.L.sign_from", pd.Period("2026-02", "M")).dataset.leases[0].sign_from
    assert month == before.month(1)
    assert problem.set("leases.L.sublet", True).dataset.leases[0].sublet
    demand = problem.frame("demand")
    demand["tokens_bn_per_day"] *= 2
    doubled = problem.set("demand", demand).dataset.demand
    assert [each.tokens_bn_per_day for each in doubled] == [2 * each.tokens_bn_per_day for each in before.demand]
    none = problem.set({"leases": [], "lease_terms": [], "lease_hardware": []}).dataset
    assert none.leases == ()
    assert problem.dataset is before


@pytest.mark.parametrize(
    ("change", "sheet", "row", "column"),
    [
        (lambda problem: problem.set("settings.discount_rate", "dear"), "settings", 0, "discount_rate"),
        (lambda problem: problem.set("leases.X.units_max", 3), "leases", 0, ""),
        (lambda problem: problem.set("lease", [{"lease": "L"}]), "lease", 0, ""),
        (lambda problem: problem.set("hardware", pd.DataFrame({"hardware": ["A"], "kw": [-1]})), "hardware", 2, "kw"),
    ],
)
def test_faults_are_one_exception_with_places(path: Path, change: Any, sheet: str, row: int, column: str) -> None:
    """What does not fit raises FaultyWorkbook, and each fault names sheet, row and column."""
    with pytest.raises(planner.FaultyWorkbook) as raised:
        change(planner.read(path))
    places = [(each.sheet, each.column) for each in raised.value.faults if each.severity == "error"]
    assert (sheet, column) in places
    if row:
        assert row in [each.row for each in raised.value.faults]


def test_faults_of_files_are_the_same_exception(tmp_path: Path) -> None:
    """A file that is missing and one with a slip raise what a frame raises."""
    for path in (tmp_path / "missing.xlsx", workbook(tmp_path / "slip.xlsx", hardware=[{"hardware": "H100", "kw": 0}])):
        with pytest.raises(planner.FaultyWorkbook, match="fault"):
            planner.read(path)


def test_a_problem_is_written_in_either_form(path: Path, tmp_path: Path) -> None:
    """The files written are the problem as it was set, and what exists stays unless told otherwise."""
    problem = planner.read(path).set("settings.discount_rate", 0.2)
    for name in ("new.xlsx", "new"):
        assert planner.read(problem.write(tmp_path / name)).set("settings.plan_name", "lab").dataset == named(problem)
        with pytest.raises(planner.CannotWrite, match="exists already"):
            problem.write(tmp_path / name)
        problem.write(tmp_path / name, force=True)


def named(problem: planner.Problem) -> Dataset:
    """The dataset where its name is that of the file."""
    return problem.set("settings.plan_name", "lab").dataset


def test_a_result_has_the_tables_of_the_workbook(result: planner.Result, tmp_path: Path) -> None:
    """Every tidy sheet that `to_excel` writes is a frame under its name, with the same columns and rows."""
    book = openpyxl.load_workbook(result.to_excel(tmp_path / "plan.xlsx"), data_only=True)
    tidy = [name for name in book.sheetnames if name not in ("Overview", "Plan", "Timeline")]
    assert set(result.sheets) <= set(book.sheetnames)
    assert len(set(tidy) - set(result.sheets)) <= 1
    for sheet in result.sheets:
        frame, header = result.frame(sheet), [cell.value for cell in book[sheet][1]]
        assert list(frame.columns) == header
        if sheet not in ("Run", "Input"):
            assert len(frame) == book[sheet].max_row - 1
    for name in ("decisions", "capacity", "service", "limits", "spend", "monthly", "lock_in", "marginal_values"):
        assert isinstance(getattr(result, name), pd.DataFrame)
        assert name in dir(result)
    with pytest.raises(AttributeError, match="no table 'capacities'"):
        _ = result.capacities


def test_a_result_has_its_figures(result: planner.Result, path: Path) -> None:
    """Status, cost, bound and gap agree with one another, with the tables and with `run.json`."""
    assert result.status == "optimal"
    assert result.objective_usd is not None
    assert result.gap is not None
    assert result.gap <= 0.001
    assert result.bound_usd is not None
    assert result.bound_usd <= result.objective_usd * (1 + 1e-9)
    assert result.spend["present_value_usd"].sum() == pytest.approx(result.objective_usd)
    assert sum(result.costs_usd.values()) == pytest.approx(result.objective_usd)
    assert str(result.spend["month"].dtype) == "period[M]"
    assert result.document["objective_usd"] == result.objective_usd
    assert result.document["input_sha256"] == planner.read(path).sha256
    assert "lab" in str(result)
    assert "optimal" in repr(result)


def test_options_reach_the_solve(path: Path, result: planner.Result) -> None:
    """A plan to keep, alternatives and a start are taken from results and from plan workbooks alike."""
    kept = planner.solve(path, keep=result, change_cost=1e6, alternatives=1, within=0.5)
    assert "Kept" in kept.sheets
    assert kept.found.alternatives
    assert planner.solve(path, start=result).objective_usd == pytest.approx(result.objective_usd)
    with pytest.raises(planner.WrongUsage, match="go together"):
        planner.solve(path, keep=result)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda plan: planner.solve(plan.problem, gap=5), "^gap: found 5. Write a share"),
        (lambda plan: planner.solve(plan.problem, time_limit=-1), "^time_limit: found -1. Write seconds"),
        (lambda plan: planner.solve(plan.problem, engine="fast"), "^engine: 'fast' is not one of"),
        (lambda plan: plan.stress(count=0, demand_volatility=0.1), "^count: 0 is not in the range"),
        (lambda plan: plan.stress(), "give demand_volatility, delay_prior"),
        (
            lambda plan: plan.stress(committed_until="2030-01", demand_volatility=0.1),
            "^committed_until: choose",
        ),
        (lambda plan: plan.explain(workers=-1), "^workers: -1 is not in the range"),
        (lambda plan: planner.sample(plan.problem, count=9, paths=5, demand_volatility=0.1), "raise paths"),
        (lambda plan: planner.sample(plan.problem, demand_volatility="much"), "demand_volatility much: write"),
        (lambda plan: plan.problem.set("discount_rate", 0.08), "a cell has a place such as settings.discount_rate"),
        (lambda plan: plan.to_excel("plan.csv"), "A workbook is an .xlsx file"),
        (lambda plan: plan.problem.write(plan.problem.path), "add force to replace it"),
        (lambda plan: plan.to_excel(plan.problem.path), "is not a plan workbook"),
    ],
)
def test_errors_name_the_arguments(result: planner.Result, call: Any, message: str) -> None:
    """A value that the command's option would refuse is refused, and no message speaks of options."""
    with pytest.raises(planner.PlannerError, match=message) as raised:
        call(result)
    assert "--" not in str(raised.value)


def test_a_problem_without_a_plan_is_explained() -> None:
    """Where no plan exists there are no tables, and `explain` says what to change."""
    problem = planner.problem(tables(fleet=[{**tables()["fleet"][0], "accelerators": 1}]))
    result = planner.solve(problem)
    assert (result.status, result.objective_usd) == ("infeasible", None)
    with pytest.raises(planner.NoPlan, match="infeasible"):
        _ = result.frame("decisions")
    report = result.explain(time_limit=20)
    assert report.document["repairs"]
    assert report.lines


def test_a_plan_is_explained_tried_and_compared(path: Path, result: planner.Result, tmp_path: Path) -> None:
    """Each report has words, tables, numbers, and a workbook where asked for."""
    why = result.explain(time_limit=20, workers=1)
    assert why.offers_taken["offer"].tolist() == ["L"]
    stress = result.stress(count=3, demand_volatility={"chat": 0.05}, workers=1)
    assert stress.document["samples"]
    other = planner.solve(planner.read(path).set("settings.discount_rate", 0.5))
    both = planner.compare([result, result.to_excel(tmp_path / "a.xlsx"), other])
    assert "discount_rate" in both.inputs["column"].tolist()
    for number, report in enumerate((why, stress, both)):
        assert str(report)
        assert report.sheets
        written = openpyxl.load_workbook(report.to_excel(tmp_path / f"{number}.xlsx"))
        assert set(report.sheets) <= set(written.sheetnames)


def test_scenarios_are_sampled_and_solved() -> None:
    """Sampled scenarios are sheets of the problem, and the result has the tables of all scenarios."""
    problem = planner.sample(
        planner.problem(tables(decision())),
        count=2,
        paths=20,
        demand_volatility=0.1,
        delay_prior={"L": {0: 0.5, 1: 0.5}},
    )
    assert problem.frame("scenarios")["probability"].sum() == pytest.approx(1)
    result = planner.solve(problem, gap=0.01)
    assert result.status == "optimal"
    assert len(result.scenarios) == 2
    assert set(result.decisions["scenario"]) >= {each.scenario for each in problem.dataset.scenarios} - {""}
    assert planner.solve(problem, start=result, gap=0.01).status == "optimal"
    assert "by_scenario" in result.explain(time_limit=5, workers=1).document["offers"][0]
    with pytest.raises(planner.WrongUsage, match="what can be uncertain"):
        planner.sample(problem, demand=0.1)  # type: ignore[call-arg]


def test_lease_rows_stay_in_their_order() -> None:
    """Rows of a frame are the rows of the sheet, in order."""
    leases = pd.DataFrame([{**LEASE["leases"][0], "lease": name} for name in ("b", "a")])
    more = [(name, each) for name in ("lease_hardware", "lease_terms") for each in LEASE[name]]
    rows = {name: [{**each, "lease": lease} for lease in ("b", "a")] for name, each in more}
    problem = planner.problem(tables(rows, leases=leases))
    assert [each.lease for each in problem.dataset.leases] == ["b", "a"]

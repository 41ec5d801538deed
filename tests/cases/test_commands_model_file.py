"""`planner solve --write-model` and `--build-only`."""

from __future__ import annotations

import json
from pathlib import Path

import highspy
import pytest
from commandline import Run, decision
from sheets import Tables, workbook


def _optimum(model: Path) -> float:
    highs = highspy.Highs()
    highs.setOptionValue("log_to_console", False)
    highs.setOptionValue("mip_rel_gap", 0.0)
    highs.readModel(str(model))
    highs.run()
    return float(highs.getInfo().objective_function_value)


@pytest.mark.parametrize("ending", ["mps", "lp"])
@pytest.mark.parametrize("scenarios", [False, True])
def test_a_model_file_has_the_optimum_of_the_plan(here: Run, tmp_path: Path, ending: str, scenarios: bool) -> None:
    """What a solver finds in the file is the cost of the plan in the unit told, with scenarios and without."""
    file = workbook(tmp_path / "problem.xlsx", decision(**_two_scenarios() if scenarios else {}))
    told = here("solve", file, "--build-only", "--write-model", f"model.{ending}", "--json").json
    assert here("solve", file, "-o", "plan.xlsx", "--gap", "0").code == 0
    cost = json.loads((tmp_path / "plan.run.json").read_text())["objective_usd"]
    assert _optimum(tmp_path / f"model.{ending}") * told["objective_unit_usd"] == pytest.approx(cost, rel=1e-6)


@pytest.mark.parametrize(
    "asked",
    [
        "--risk worst",
        "--risk tv:0.3",
        "--risk wasserstein:0.2",
        "--engine decomposition",
        "--engine extensive --stress 3",
        "--set settings.risk_weight=0.5",
        "--keep earlier.xlsx --change-cost 100000",
        "--keep earlier.xlsx --change-cost 100000 --risk worst",
        "--start earlier.xlsx",
    ],
)
@pytest.mark.parametrize("scenarios", [False, True])
def test_what_is_written_is_what_is_solved(here: Run, tmp_path: Path, asked: str, scenarios: bool) -> None:
    """Beside any other option the optimum of the file is what the solve minimised, and --build-only tells its unit."""
    sheets = decision(**_two_scenarios() if scenarios else {})
    file, before = workbook(tmp_path / "problem.xlsx", sheets), workbook(tmp_path / "before.xlsx", _less_of(sheets))
    if "earlier" in asked:
        assert here("solve", before, "-o", "earlier.xlsx", "--gap", "0").code == 0
    options = asked.split()
    unit = here("solve", file, "--build-only", "--json", *options).json["objective_unit_usd"]
    assert here("solve", file, "-o", "plan.xlsx", "--gap", "0", "--write-model", "model.mps", *options).code == 0
    run = json.loads((tmp_path / "plan.run.json").read_text())
    minimised = run["kept"]["minimised_usd"] if "--keep" in asked else run["objective_usd"]
    assert _optimum(tmp_path / "model.mps") * unit == pytest.approx(minimised, rel=1e-6)


@pytest.mark.parametrize("alone", [False, True])
@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("--engine decomposition --risk worst", "decomposition minimises expected cost alone"),
        ("--engine decomposition --set settings.risk_weight=0.5", "decomposition minimises expected cost alone"),
        ("--engine decomposition --keep earlier.xlsx --change-cost 1", "cannot charge for departing"),
        ("--risk regret", "Leave out --write-model"),
        ("--risk budget:1", "PLAN.cases.xlsx"),
        ("--risk budget:1 --stress 3", "--stress draws by probability"),
        ("--start nothing.xlsx", "nothing.xlsx"),
        ("--start problem.xlsx", "problem.xlsx"),
        ("--scheduler tcp://127.0.0.1:1", "give both"),
        ("--change-cost 1", "together"),
        ("--set settings.nothing=1", "nothing"),
    ],
)
def test_a_solve_that_is_refused_writes_no_model(
    here: Run, tmp_path: Path, asked: str, words: str, alone: bool
) -> None:
    """What ends with exit code 2 has written no model, with --build-only and without, and says what to do."""
    late = {"scenario": "rush", "quantity": "delivery_delay_months", "name": "L", "value": 1}
    sheets = decision(**_two_scenarios(late))
    file = workbook(tmp_path / "problem.xlsx", sheets)
    if "earlier" in asked:
        assert here("solve", file, "-o", "earlier.xlsx").code == 0
    how = ["--build-only"] if alone else ["-o", "plan.xlsx"]
    said = here("solve", file, "--write-model", "model.mps", *how, *asked.split())
    assert (said.code, words in said.out + said.err, (tmp_path / "model.mps").exists()) == (2, True, False)
    assert not (tmp_path / "plan.xlsx").exists()


def test_a_model_is_not_written_where_the_cluster_cannot_be_used(here: Run, tmp_path: Path) -> None:
    """The workers that are to solve are looked for before the model is written."""
    file = workbook(tmp_path / "problem.xlsx", decision(**_two_scenarios()))
    cluster = ["--engine", "decomposition", "--scheduler", "tls://127.0.0.1:1", "--tls", "nowhere"]
    assert here("solve", file, "--write-model", "model.mps", "-o", "plan.xlsx", *cluster).code == 2
    assert not (tmp_path / "model.mps").exists()


def test_building_searches_nothing(here: Run, small: Path, tmp_path: Path) -> None:
    """With --build-only size and ranges are printed, and no plan and no folder of outputs is made."""
    said = here("solve", small, "--build-only")
    assert said.code == 0
    assert "nonzeros" in said.out
    assert "right hand sides" in said.out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["small.xlsx"]


def test_a_solve_that_writes_its_model_goes_on_to_the_plan(here: Run, small: Path, tmp_path: Path) -> None:
    """--write-model alone leaves the plan as well."""
    assert here("solve", small, "--write-model", "model.mps", "-o", "plan.xlsx", "--quiet").code == 0
    assert (tmp_path / "model.mps").exists()
    assert (tmp_path / "plan.xlsx").exists()


@pytest.mark.parametrize(("name", "code", "words"), [("model.txt", 2, ".mps or .lp"), ("mine.lp", 7, "exists already")])
def test_a_model_is_not_written_over_a_file(
    here: Run, small: Path, tmp_path: Path, name: str, code: int, words: str
) -> None:
    """A file that is there stays as it is, and a name of another kind is refused."""
    (tmp_path / "mine.lp").write_text("mine")
    said = here("solve", small, "--build-only", "--write-model", name)
    assert (said.code, words in said.err) == (code, True)
    assert (tmp_path / "mine.lp").read_text() == "mine"


def test_a_faulty_workbook_has_no_model(here: Run, faulty: Path) -> None:
    """Faults are listed, with exit code 2."""
    said = here("solve", faulty, "--build-only", "--write-model", "model.mps")
    assert said.code == 2
    assert "error" in said.out + said.err


def test_a_check_takes_overrides(here: Run, small: Path) -> None:
    """--set changes what is checked, and the fault names what was set."""
    assert here("check", small).code == 0
    said = here("check", small, "--set", "settings.months=0")
    assert said.code == 2
    assert "months" in said.out


def test_the_versions_of_all_parts(here: Run) -> None:
    """`--version --json` is one object; --json before another command is refused in words."""
    assert {"planner", "python", "system", "pyomo", "highspy"} <= set(here("--version", "--json").json)
    said = here("--json", "check", "x.xlsx")
    assert said.code == 2
    assert "stands after the command" in said.err


def _less_of(sheets: Tables) -> Tables:
    """The problem with half the demand, for a plan that differs."""
    demand = [{**row, "tokens_bn_per_day": 4} for row in sheets["demand"]]
    return {**sheets, "demand": demand}


def _two_scenarios(*factors: dict[str, object]) -> dict[str, list[dict[str, object]]]:
    return {
        "scenarios": [{"scenario": "calm", "probability": 0.5}, {"scenario": "rush", "probability": 0.5}],
        "scenario_factors": [{"scenario": "rush", "quantity": "demand", "name": "*", "value": 1.5}, *factors],
    }

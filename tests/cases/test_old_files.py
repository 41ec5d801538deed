"""Files that an earlier planner wrote (tests/data/old_files) are read by today's commands."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from commandline import Run

from planner.batch.manifest import read_manifest
from planner.schedule.state import read_state
from planner.version import __version__

OLD = Path(__file__).parents[1] / "data/old_files"
PLAN, ALTERNATIVE, KEPT = (f"batch/jobs/{name}.xlsx" for name in ("base/plan", "base/plan.alternative-1", "kept/plan"))
KEPT_AT = ("--set", "contract_tiers.C/1.usd_per_accelerator_hour=1.9")
"""What the kept plan was made with."""


@pytest.fixture(autouse=True)
def old(tmp_path: Path) -> None:
    """A copy of the old files as the working folder."""
    shutil.copytree(OLD, tmp_path, dirs_exist_ok=True)


def _cost(document: Any) -> float:
    return float(document["objective_usd"])


def _reported(name: str) -> Any:
    return json.loads((OLD / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "words",
    [
        ("lab.xlsx", PLAN),
        ("lab.xlsx", ALTERNATIVE),
        ("lab.xlsx", KEPT, *KEPT_AT),
        ("lab_scenarios.xlsx", "scenarios_plan.xlsx"),
    ],
    ids=["plain", "alternative", "kept", "scenarios"],
)
def test_audit(here: Run, words: tuple[str, ...]) -> None:
    """An old plan of every sort passes today's audit against the workbook it was made from."""
    said = here("audit", *words, "--json")
    assert (said.code, said.json["audit"]["passed"]) == (0, True)


def test_compare(here: Run) -> None:
    """Old plans are compared: the alternative differs in what it signs, the kept plan in its input."""
    said = here("compare", PLAN, ALTERNATIVE, KEPT, "--json")
    assert said.code == 0
    costs = [each["objective_usd"] for each in said.json["plans"]]
    told = _reported("batch/jobs/base/run.json")
    assert costs[:2] == pytest.approx([_cost(told), told["alternatives"][0]["cost_usd"]])
    assert "usd_per_accelerator_hour" in json.dumps(said.json)


def test_compare_with_scenarios(here: Run) -> None:
    """An old plan for scenarios stands beside one without: its expected cost, and the plan of the forecast in it."""
    said = here("compare", PLAN, "scenarios_plan.xlsx", "--json")
    assert said.code == 0
    plain, scenarios = said.json["plans"]
    assert scenarios["expected_usd"] == pytest.approx(_cost(_reported("scenarios_plan.run.json")))
    assert scenarios["scenarios"][0]["cost_usd"] == pytest.approx(plain["expected_usd"])


def test_roll(here: Run, tmp_path: Path) -> None:
    """An old plan is rolled to the workbook an earlier planner wrote, but for lease-outs, which are signed now."""
    assert here("roll", "lab.xlsx", PLAN, "--to", "2026-04", "-o", "again.xlsx").code == 0
    again, before = (openpyxl.load_workbook(tmp_path / name) for name in ("again.xlsx", "next.xlsx"))
    assert again.sheetnames == [name for name in before.sheetnames if name != "rules"]  # a rule told of the lease-out
    for sheet in again:
        assert sheet.title == "lease_outs" or list(before[sheet.title].values) == list(sheet.values), sheet.title
    headings, *rows = again["lease_outs"].values
    assert [row[headings.index("status")] for row in rows] == ["signed"]


def test_a_rolled_workbook(here: Run) -> None:
    """A workbook that an earlier planner rolled has a plan."""
    assert here("solve", "next.xlsx", "-o", "plan.xlsx", "--quiet").code == 0


@pytest.mark.parametrize(
    ("file", "plan", "report"),
    [
        ("lab.xlsx", PLAN, "batch/jobs/base/run.json"),
        ("lab_scenarios.xlsx", "scenarios_plan.xlsx", "scenarios_plan.run.json"),
    ],
    ids=["plain", "scenarios"],
)
def test_start(here: Run, tmp_path: Path, file: str, plan: str, report: str) -> None:
    """A search begins from an old plan, and its cost is the one reported then."""
    said = here("solve", file, "-o", "again.xlsx", "--start", plan)
    assert said.code == 0
    assert "The starting plan was" in said.err
    assert _cost(json.loads((tmp_path / "again.run.json").read_text())) == pytest.approx(
        _cost(_reported(report)), rel=2e-3
    )


def test_keep(here: Run) -> None:
    """Keeping to an old plan at a price decides what it decided when the earlier planner did so."""
    words = ("--keep", PLAN, "--change-cost", 1000, *KEPT_AT)
    said = here("solve", "lab.xlsx", "-o", "again.xlsx", *words, "--json")
    assert said.code == 0
    assert said.json["decisions"] == _reported("batch/jobs/kept/run.json")["decisions"]


def test_explain(here: Run) -> None:
    """The offers of an old plan are explained."""
    said = here("explain", "lab.xlsx", PLAN, "-o", "why.xlsx", "--json")
    assert said.code == 0
    assert {"L", "Later", "C"} <= {each["offer"] for each in said.json["offers"]}


def test_stress(here: Run) -> None:
    """What an old plan commits to is tried on samples."""
    words = ("--demand-volatility", "5%", "--count", 5, "--committed-until", "2026-04")
    assert here("stress", PLAN, "lab.xlsx", *words, "-o", "stress.xlsx").code == 0


def test_records_of_a_batch(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The manifest of an old batch is understood, every job of it good."""
    manifest = shutil.copy(OLD / "batch/manifest.json", tmp_path)
    found = read_manifest(Path(manifest))
    assert found is not None
    assert {record.name: record.good for record in found.records} == {"base": True, "kept": True}
    assert not caplog.records


def test_batch_knows_old_jobs(here: Run) -> None:
    """A batch over old records runs a job again only for versions that changed, and says which; never as a new one."""
    said = here("batch", "jobs.toml", "-o", "batch", "--dry-run", "--json")
    assert said.code == 0
    whys = {each["name"]: each["why"] for each in said.json["jobs"] if each["action"] != "reuse"}
    assert whys.keys() <= {"base", "kept"}
    assert whys.pop("base", "versions changed").startswith("versions changed")
    assert all("base" in why or why.startswith("versions changed") for why in whys.values())


def test_batch_reuses_old_jobs(here: Run, tmp_path: Path) -> None:
    """With the versions of the old records as they are here, nothing runs and the old plans stand."""
    of_libraries = here("solve", "lab.xlsx", "-o", "again.xlsx", "--json").json["versions"]
    for path in (tmp_path / "batch/jobs").glob("*/record.json"):
        record = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps(record | {"versions": {"planner": __version__, **of_libraries}}), encoding="utf-8")
    said = here("batch", "jobs.toml", "-o", "batch", "--json")
    assert said.code == 0
    assert [each["reused"] for each in said.json["jobs"]] == [True, True]
    assert (tmp_path / KEPT).read_bytes() == (OLD / KEPT).read_bytes()


def test_batch_tells_what_changed_since_an_old_one(here: Run, tmp_path: Path) -> None:
    """A batch that runs again over an old one reports what changed since, reading the old records and plans."""
    assert here("batch", "jobs.toml", "-o", "batch", "--set", "settings.discount_rate=0.2", "--quiet").code == 0
    book = openpyxl.load_workbook(tmp_path / "batch/reports/summary.xlsx")
    told = [str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert any("settings.discount_rate 0.1 became 0.2" in each for each in told)


def test_rolling_goes_on_from_old_steps(here: Run, tmp_path: Path) -> None:
    """A rolling-horizon run takes the steps an earlier planner recorded, and its cost of myopia is the same."""
    steps = sorted((tmp_path / "rolling").glob("steps/*/step.json"))
    written = [path.read_bytes() for path in steps]
    times = [path.stat().st_mtime_ns for path in steps]
    words = ("--rolling", "actuals.xlsx", "--until", "2026-02", "-o", "rolling", "--json")
    said = here("batch", "lab.xlsx", *words)
    assert said.code == 0
    assert [path.stat().st_mtime_ns for path in steps] == times
    assert [path.read_bytes() for path in steps] == written
    assert said.json["rolling"]["objective_usd"] == pytest.approx(
        _reported("rolling/rolling.json")["rolling"]["objective_usd"], rel=2e-3
    )


def test_the_state_of_a_scheduler(caplog: pytest.LogCaptureFixture) -> None:
    """What an earlier runner remembered of its last start is understood, so that nothing is started twice."""
    state = read_state(OLD / "planner-jobs.schedule.json")
    assert state is not None
    assert (state.due, state.exit_code) == ("2026-11-28T19:26:00+00:00", 0)
    assert not caplog.records


@pytest.mark.parametrize(
    ("sheet", "heading", "said_of"),
    [("Decisions", "term_months", "no column term_months"), ("Serving", None, "without the sheet Serving")],
    ids=["a column", "a sheet"],
)
def test_a_plan_too_old_says_what_to_do(
    here: Run, tmp_path: Path, sheet: str, heading: str | None, said_of: str
) -> None:
    """A plan without a column or sheet that today's has is refused with what is missing and how to mend it."""
    book = openpyxl.load_workbook(tmp_path / PLAN)
    if heading is None:
        del book[sheet]
    else:
        next(cell for cell in book[sheet][1] if cell.value == heading).value = "term"
    next(row for row in book["Run"].iter_rows() if row[1].value == "planner")[2].value = "0.0.9"
    book.save(tmp_path / "older.xlsx")
    said = here("audit", "lab.xlsx", "older.xlsx")
    assert said.code == 2
    assert said_of in said.out + said.err
    assert "Planner 0.0.9 wrote this plan" in said.out + said.err
    assert "planner solve" in said.out + said.err

"""`planner convert`, and every command given a folder of CSV files instead of a workbook."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from commandline import Run, decision
from sheets import VALID, csv_folder, row, workbook

from planner.excel.template import examples
from planner.problem_reader import read


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """A small problem as a folder."""
    return csv_folder(tmp_path / "lab", decision())


def lines(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


@pytest.mark.parametrize("example", sorted(examples()))
def test_examples_go_through_a_folder_unchanged(example: str, here: Run, tmp_path: Path) -> None:
    """Workbook, folder and the workbook made of it are one Dataset, without a fault."""
    path = examples()[example]
    assert here("convert", path, "lab").code == 0
    assert here("convert", "lab", "back.xlsx").code == 0
    found = [read(each) for each in (path, tmp_path / "lab", tmp_path / "back.xlsx")]
    assert [each.faults for each in found] == [(), (), ()]
    assert found[0].dataset == found[1].dataset == found[2].dataset
    assert found[0].dataset is not None


def test_what_stands_in_a_folder(here: Run, tmp_path: Path) -> None:
    """Months as 2026-09, shares as numbers, flags in words, notes as they are, headings even without rows."""
    book = openpyxl.load_workbook(workbook(tmp_path / "a.xlsx", options=[]))
    book["settings"].append(["reserve_margin", "8%"])
    book["fleet"]["F1"], book["fleet"]["F2"] = "from_month", "Jan 2026"
    book["fleet"]["G1"], book["fleet"]["G2"] = "sublet", False
    book["fleet"]["H1"], book["fleet"]["H2"] = "note", 'says "=1+1", 007\nand more '
    book["options"].append(["option", "offer"])
    book.save(tmp_path / "a.xlsx")
    assert here("convert", "a.xlsx", "lab").code == 0
    assert ["reserve_margin", "0.08"] in lines(tmp_path / "lab" / "settings.csv")
    assert lines(tmp_path / "lab" / "fleet.csv")[1][5:] == ["2026-01", "no", 'says "=1+1", 007\nand more ']
    assert lines(tmp_path / "lab" / "options.csv") == [["option", "offer"]]
    assert (tmp_path / "lab" / "options.csv").read_bytes() == b"option,offer\n"
    assert here("convert", "lab", "b.xlsx").code == 0
    assert openpyxl.load_workbook(tmp_path / "b.xlsx")["fleet"]["H2"].value == 'says "=1+1", 007\nand more '


def test_targets_are_not_replaced_unasked(here: Run, lab: Path, tmp_path: Path) -> None:
    """What exists stays without --force; with it a folder's sheets are replaced as a whole, and nothing else in it."""
    workbook(tmp_path / "other.xlsx")
    before = (lab / "leases.csv").read_bytes()
    (lab / "README.md").write_text("mine")
    assert here("convert", "other.xlsx", lab).code == 7
    assert (lab / "leases.csv").read_bytes() == before
    assert here("convert", lab, "other.xlsx").code == 7
    assert here("convert", "other.xlsx", lab, "--force").code == 0
    assert not (lab / "leases.csv").exists()
    assert (lab / "README.md").read_text() == "mine"
    assert read(lab).faults == ()
    assert here("convert", lab, "other.xlsx", "--force").code == 0


@pytest.mark.parametrize(
    ("source", "target", "told"),
    [
        ("small.xlsx", "copy.xlsx", "name a folder"),
        ("lab", "copy", "Try 'copy.xlsx'"),
        ("missing.xlsx", "copy", "no workbook or folder 'missing.xlsx'"),
    ],
)
def test_a_wrong_direction_is_told(source: str, target: str, told: str, here: Run, lab: Path, small: Path) -> None:
    """A workbook becomes a folder and a folder a workbook; anything else writes nothing."""
    said = here("convert", source, target)
    assert said.code == 2
    assert told in said.out + said.err
    assert not Path(target).exists()


def test_cells_that_cannot_be_carried_over_are_told(here: Run, tmp_path: Path, lab: Path) -> None:
    """Formulas without a value in a workbook, and texts that no cell holds, stop the conversion."""
    book = openpyxl.load_workbook(workbook(tmp_path / "a.xlsx"))
    book["hardware"]["B2"] = "=1+1"
    book.save(tmp_path / "a.xlsx")
    said = here("convert", "a.xlsx", "folder", "--json")
    assert (said.code, said.json["path"], said.json["faults"][0]["cell"]) == (2, "", "B2")
    (lab / "hardware.csv").write_text(f"hardware,kw,note\nH100,1.4,{'x' * 40_000}\n")
    said = here("convert", lab, "b.xlsx")
    assert said.code == 2
    assert "hardware.csv, line 2, column C (note): found a text of 40,000 characters" in said.out
    assert not (tmp_path / "folder").exists()
    assert not (tmp_path / "b.xlsx").exists()


def test_faults_to_mend_go_along(here: Run, tmp_path: Path) -> None:
    """A problem with faults is converted, its faults are listed, and the exit code says that there are some."""
    workbook(tmp_path / "a.xlsx", row("hardware", VALID, kw=-1))
    said = here("convert", "a.xlsx", "lab")
    assert said.code == 2
    assert "hardware!B2" in said.out
    assert [each.cell for each in read(tmp_path / "lab").errors] == ["B2"]


def test_solve_audit_compare_and_explain_take_a_folder(here: Run, lab: Path, small: Path, tmp_path: Path) -> None:
    """A folder is solved to the plan of its workbook, under the folder's name, and that plan is one of the folder."""
    solved = here("solve", "lab/", "--json")
    assert solved.code == 0
    assert Path(solved.json["plan_path"]).parts[:2] == ("outputs", "lab")
    assert (solved.json["plan_name"], solved.json["input_sha256"]) == ("lab", read(lab).sha256)
    assert solved.json["objective_usd"] == here("solve", small, "--json").json["objective_usd"]
    plan = solved.json["plan_path"]
    assert here("audit", lab, plan).code == 0
    assert "not the one" not in here("audit", lab, plan).out
    assert here("explain", lab, plan, "-o", "why.xlsx").code == 0
    assert here("compare", plan, plan, "-o", "both.xlsx").code == 0
    assert here("stress", plan, lab, "--demand-volatility", "5%", "--count", "2", "-o", "stress.xlsx").code == 0


def test_faults_of_a_folder_are_listed_and_marked(here: Run, lab: Path, tmp_path: Path) -> None:
    """`check` names file, line and column; the marked copy is a workbook whose rows are the lines of the files."""
    (lab / "hardware.csv").write_text('hardware,kw,note\nTPU,1,"two\nlines"\nH100,much,\n')
    said = here("check", lab, "--annotate", "marked.xlsx", "--json")
    assert said.code == 2
    (fault,) = (each for each in said.json["faults"] if each["severity"] == "error")
    assert (fault["sheet"], fault["cell"], fault["file"], fault["line"]) == ("hardware", "B4", "hardware.csv", 4)
    book: Any = openpyxl.load_workbook(tmp_path / "marked.xlsx")
    assert book["hardware"]["B4"].value == "much"
    assert "found 'much'" in book["hardware"]["B4"].comment.text


@pytest.mark.parametrize("target", ["next", "next.xlsx"])
def test_a_folder_rolls_to_a_folder_or_a_workbook(target: str, here: Run, lab: Path, tmp_path: Path) -> None:
    """The next round of a folder is the next round of its workbook, as a folder unless a workbook is asked for."""
    workbook(tmp_path / "lab.xlsx", decision())
    assert here("solve", lab, "-o", "plan.xlsx").code == 0
    assert here("roll", "lab.xlsx", "plan.xlsx", "-o", "expected.xlsx").code in (0, 2)
    assert here("roll", lab, "plan.xlsx", "-o", target).code in (0, 2)
    found, expected = read(tmp_path / target), read(tmp_path / "expected.xlsx")
    assert (found.dataset is None) == (expected.dataset is None)
    rows = [{each.name: len(each.records) for each in result.tables if each.records} for result in (found, expected)]
    assert rows[0] == rows[1]
    assert (tmp_path / target).is_dir() == (target == "next")


def test_without_a_name_the_next_round_is_a_folder_beside_the_outputs(here: Run, lab: Path, tmp_path: Path) -> None:
    """A folder is rolled to outputs/<its name>/<its name> <month>/, twice to two names."""
    assert here("solve", lab, "-o", "plan.xlsx").code == 0
    for _ in range(2):
        here("roll", lab, "plan.xlsx")
    names = sorted(each.name for each in (tmp_path / "outputs" / "lab").iterdir())
    assert names == ["lab 2026-02", "lab 2026-02 (2)"]


def test_scenarios_are_written_as_a_folder(here: Run, lab: Path, tmp_path: Path) -> None:
    """Sampled scenarios and how they were made stand in a copy of the folder, which is left as it is."""
    before = sorted(each.name for each in lab.iterdir())
    assert here("scenarios", lab, "--demand-volatility", "5%", "--count", "2", "--sample", "10", "-o", "new").code == 0
    assert sorted(each.name for each in lab.iterdir()) == before
    dataset = read(tmp_path / "new").dataset
    assert dataset is not None
    assert len(dataset.scenarios) == 2
    assert ["option", "seed", "0", ""] in lines(tmp_path / "new" / "scenario_notes.csv")


def test_a_batch_takes_folders(here: Run, lab: Path, tmp_path: Path) -> None:
    """A folder is a job, a folder of them and workbooks is a job each; what has not changed is not run again."""
    assert here("batch", lab, "--json").json["jobs"][0]["name"] == "lab"
    cases = tmp_path / "cases"
    cases.mkdir()
    lab.rename(cases / "lab")
    workbook(cases / "small.xlsx", decision())
    first = here("batch", cases, "--json")
    assert first.code == 0
    assert [each["name"] for each in first.json["jobs"]] == ["lab", "small"]
    (cases / "lab" / "hardware.csv").write_text("hardware,kw\nH100,1.5\n")
    again = {each["name"]: each["reused"] for each in here("batch", cases, "--json").json["jobs"]}
    assert again == {"lab": False, "small": True}
    (tmp_path / "jobs.toml").write_text('[[job]]\nname = "one"\ninput = "cases/lab"\n')
    assert here("batch", "jobs.toml").code == 0


def test_a_rolling_batch_takes_folders(here: Run, tmp_path: Path) -> None:
    """What is believed and what happens may each be a folder."""
    csv_folder(tmp_path / "lab", decision())
    demand = [each | {"tokens_bn_per_day": 1.1 * each["tokens_bn_per_day"]} for each in decision()["demand"]]
    csv_folder(tmp_path / "actuals", decision(), demand=demand)
    said = here("batch", "lab", "--rolling", "actuals", "--every", "3", "--json")
    assert said.code == 0
    assert Path(said.json["folder"]).parts[:2] == ("outputs", "lab")

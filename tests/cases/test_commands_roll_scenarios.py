"""`planner roll` of plans for scenarios: along the branch that came true, or by what was seen."""

from __future__ import annotations

import shutil
from pathlib import Path

import openpyxl
import pytest
from commandline import Run, decision
from sheets import workbook

from planner.cli import main
from planner.problem_reader import read

TREE = [
    {"scenario": "plain", "probability": 0.5},
    {"scenario": "boom", "probability": 0.3, "follows": "plain", "branches_at": "2026-04"},
    {"scenario": "bust", "probability": 0.2, "follows": "plain", "branches_at": "2026-06"},
]
FACTORS = [
    {"scenario": "boom", "quantity": "demand", "name": "*", "from_month": "2026-04", "value": 2},
    {"scenario": "bust", "quantity": "demand", "name": "chat", "from_month": "2026-06", "value": 0.5},
    {"scenario": "bust", "quantity": "supplier_exit", "name": "neo", "from_month": "2026-08"},
]


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a year that has a tree of three scenarios, and its plan."""
    folder = tmp_path_factory.mktemp("tree")
    terms = [{"lease": "L", "term_months": 6, "usd_per_accelerator_hour": 2}]
    settings = {"first_month": "2026-01", "months": 12, "first_stage_months": 2}
    segments = [{"segment": "chat", "workload": "chat", "growth_per_month": 0.01}]
    sheets = {"scenarios": TREE, "scenario_factors": FACTORS, "settings": settings, "segments": segments}
    workbook(folder / "tree.xlsx", decision(**sheets, lease_terms=terms))
    assert main(["solve", str(folder / "tree.xlsx"), "-o", str(folder / "plan.xlsx"), "--quiet"]) == 0
    return folder


@pytest.fixture
def book(solved: Path, tmp_path: Path) -> Path:
    """Its workbook, the plan beside it in plan.xlsx."""
    shutil.copytree(solved, tmp_path, dirs_exist_ok=True)
    return tmp_path / "tree.xlsx"


def tree_of(path: Path) -> tuple[dict[str, float], int]:
    """The scenarios of a workbook with their probabilities, and its first stage."""
    data = read(path).valid_dataset()
    return {each.scenario: each.probability for each in data.scenarios}, data.settings.first_stage_months


def seen(path: Path, *rows: tuple[object, ...]) -> Path:
    """A CSV file of what was seen."""
    lines = [("quantity", "name", "month", "value"), *rows]
    path.write_text("\n".join(",".join(map(str, line)) for line in lines), encoding="utf-8")
    return path


def test_three_rounds_along_a_branch(here: Run, book: Path, tmp_path: Path) -> None:
    """Rolled three times, the scenarios told apart go one after the other; every round solves and passes the audit."""
    rounds = [
        ("2026-03", {"plain": 0.5, "boom": 0.3, "bust": 0.2}, 1),
        ("2026-05", {"plain": 0.5 / 0.7, "bust": 0.2 / 0.7}, 1),
        ("2026-07", {"bust": 1.0}, 1),
    ]
    problem, plan = book, tmp_path / "plan.xlsx"
    for month, left, first_stage in rounds:
        following = tmp_path / f"{month}.xlsx"
        said = here("roll", problem, plan, "--to", month, "--branch", "bust", "-o", following, "--json")
        assert said.code == 0, said.err
        assert tree_of(following) == (pytest.approx(left), first_stage)
        problem, plan = following, tmp_path / f"plan {month}.xlsx"
        assert here("solve", problem, "-o", plan, "--quiet").code == 0
        assert here("audit", problem, plan, "--quiet").code == 0
    assert read(problem).valid_dataset().settings.first_month == read(book).valid_dataset().settings.first_month + 6


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_what_was_seen_excludes_scenarios(here: Run, book: Path, tmp_path: Path, kind: str) -> None:
    """Doubled demand excludes who expects it plain, exact to a millionth; both sorts of files say so alike."""
    path = tmp_path / f"seen.{kind}"
    row = ("demand", "chat", "2026-04", 2.000001)
    if kind == "csv":
        seen(path, row)
    else:
        sheet = openpyxl.Workbook()
        sheet.active.append(["quantity", "name", "month", "value"])
        sheet.active.append(row)
        sheet.save(path)
    said = here("roll", book, "plan.xlsx", "--to", "2026-05", "--observed", path, "-o", "next.xlsx", "--json")
    assert said.code == 0, said.err
    assert tree_of(tmp_path / "next.xlsx")[0] == {"boom": 1.0}
    told = " ".join(said.json["done"])
    assert "scenario plain has demand chat at 1 in 2026-04, seen was 2" in told
    assert "boom: probability 1" in told


@pytest.mark.parametrize("written", ["*", "chat"])
def test_what_was_seen_of_all_is_held_to_each_segment(here: Run, tmp_path: Path, written: str) -> None:
    """Doubled demand seen of all (`*`) is what a scenario expects that names the only segment, or all."""
    factor = {"scenario": "boom", "quantity": "demand", "name": written, "from_month": "2026-04", "value": 2}
    rows = [{"scenario": "plain", "probability": 0.6}, {"scenario": "boom", "probability": 0.4}]
    settings = {"first_month": "2026-01", "months": 12, "first_stage_months": 3}
    segments = [{"segment": "chat", "workload": "chat", "growth_per_month": 0}]
    book = decision(scenarios=rows, scenario_factors=[factor], settings=settings, segments=segments)
    path = workbook(tmp_path / "all.xlsx", book)
    assert here("solve", path, "-o", "plan.xlsx", "--quiet").code == 0
    news = seen(tmp_path / "seen.csv", ("demand", "*", "2026-04", 2))
    said = here("roll", path, "plan.xlsx", "--to", "2026-05", "--observed", news, "-o", "next.xlsx")
    assert said.code == 0, said.err
    assert tree_of(tmp_path / "next.xlsx")[0] == {"boom": 1.0}


def test_probabilities_of_the_others_are_divided_by_their_sum(here: Run, book: Path, tmp_path: Path) -> None:
    """A supplier still there in August takes one scenario away, and the two others share its probability."""
    path = seen(tmp_path / "seen.csv", ("supplier_exit", "neo", "2026-08", 0))
    assert here("roll", book, "plan.xlsx", "--to", "2026-03", "--observed", path, "-o", "next.xlsx").code == 0
    assert tree_of(tmp_path / "next.xlsx") == (pytest.approx({"plain": 0.625, "boom": 0.375}), 1)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([("demand", "chat", "2026-04", 1.5)], "leaves no scenario"),
        ([("demand", "nobody", "2026-04", 1)], "nobody"),
        ([("demand", "chat", "2026-04", "much")], "a number"),
        ([("demand", "chat", "2026-04", 1), ("demand", "chat", "2026-04", 2)], "one value a month"),
        ([("demand", "chat", "2026-04", "")], "an empty cell"),
        ([("weather", "chat", "2026-04", 1)], "one of demand"),
        ([("demand", "chat", "2024-04", 1)], "a month from 2026-01"),
    ],
)
def test_news_that_cannot_be_is_refused(
    here: Run, book: Path, tmp_path: Path, rows: list[tuple[object, ...]], words: str
) -> None:
    """What leaves no scenario, or is no news of this problem, ends with 2 in words, and nothing is written."""
    path = seen(tmp_path / "seen.csv", *rows)
    said = here("roll", book, "plan.xlsx", "--to", "2026-05", "--observed", path, "-o", "next.xlsx")
    assert said.code == 2
    assert words in said.out + said.err
    assert not (tmp_path / "next.xlsx").exists()


def test_what_happened_has_to_be_said(here: Run, book: Path, small: Path, tmp_path: Path) -> None:
    """Without news, with two sorts of it, with a scenario there is none of, or without scenarios: 2, in words."""
    observed = seen(tmp_path / "seen.csv", ("demand", "chat", "2026-04", 1))
    assert here("solve", small, "-o", "certain.xlsx", "--quiet").code == 0
    for words, told in [
        ((book, "plan.xlsx"), "--branch"),
        ((book, "plan.xlsx", "--branch", "plain", "--observed", observed), "cannot be used together"),
        ((book, "plan.xlsx", "--branch", "boon"), "boom"),
        ((small, "certain.xlsx", "--branch", "boom"), "Leave out --branch and --observed, and name a plan"),
        ((small, "plan.xlsx"), "Name a plan made without scenarios"),
        ((book, "plan.xlsx", "--observed", tmp_path / "none.csv"), "none.csv"),
        ((book, "plan.xlsx", "--observed", __file__), "test_commands_roll_scenarios"),
    ]:
        said = here("roll", *words, "-o", "next.xlsx")
        assert (said.code, told in said.out + said.err) == (2, True), said.out + said.err


def test_branches_that_decided_otherwise_are_told(here: Run, book: Path, tmp_path: Path) -> None:
    """Where what was seen leaves scenarios whose plans already differ, the branch has to be named."""
    path = seen(tmp_path / "seen.csv", ("throughput", "*", "2026-06", 1))
    said = here("roll", book, "plan.xlsx", "--to", "2026-10", "--observed", path, "-o", "next.xlsx")
    assert said.code == 2
    assert "decide differently" in said.err

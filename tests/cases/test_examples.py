"""The example workbooks: what they say, where their figures come from, and what comes of them."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import make_examples
import pytest
from commandline import Run
from openpyxl import load_workbook

from planner.problem_reader import read

INPUTS = Path(make_examples.__file__).parent
FACT = re.compile(r"\b[A-Z]\d\d\b")


def cells(path: Path) -> dict[str, dict[str, tuple[Any, str]]]:
    """Every filled-in cell with its value and number format, by sheet and address."""
    book = load_workbook(path)
    return {
        sheet.title: {
            cell.coordinate: (cell.value, cell.number_format)
            for row in sheet.iter_rows()
            for cell in row
            if cell.value is not None
        }
        for sheet in book
    }


def rows(name: str) -> list[tuple[str, dict[str, str]]]:
    """Every row of an example's tables with the name of its sheet."""
    return [
        (table.sheet.name, dict(zip(table.headers, row, strict=True)))
        for table in make_examples.tables(make_examples.text_of(name))
        for row in table.rows
    ]


@pytest.mark.parametrize("name", make_examples.NAMES)
def test_an_example_holds_what_its_tables_say(name: str, tmp_path: Path) -> None:
    """The workbook in inputs has the cells that making it again gives."""
    assert cells(INPUTS / f"{name}.xlsx") == cells(make_examples.write(name, tmp_path))


def test_making_an_example_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    """Nothing of when or where an example was made is in it."""
    made = []
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        made.append(make_examples.write("frontier_lab", tmp_path / folder).read_bytes())
    assert made[0] == made[1]


@pytest.mark.parametrize("name", make_examples.NAMES)
def test_an_example_has_no_fault(name: str) -> None:
    """Checking an example finds neither error nor warning."""
    assert [str(fault) for fault in read(INPUTS / f"{name}.xlsx").faults] == []


@pytest.mark.parametrize("name", make_examples.NAMES)
def test_every_figure_of_an_example_has_a_source(name: str) -> None:
    """Each row with a figure names the facts it rests on, or says that it is assumed."""
    for sheet, row in rows(name):
        source = row.pop("source", "")
        figures = [text for text in row.values() if re.fullmatch(r"-?[\d.,]+(e\d+)?%?", text)]
        assert not figures or FACT.search(source) or "assumed" in source, f"{sheet}: {row}"


def test_the_facts_are_those_the_examples_rest_on() -> None:
    """Each fact an example names is in facts.csv, and each of facts.csv is named by one."""
    with (make_examples.EXAMPLES / "facts.csv").open(encoding="utf-8", newline="") as file:
        known = [fact["id"] for fact in csv.DictReader(file)]
    named = {fact for name in make_examples.NAMES for fact in FACT.findall(make_examples.text_of(name))}
    assert sorted(known) == sorted(named)


def test_the_starter_costs_what_was_worked_out_by_hand(here: Run) -> None:
    """20 B200 for 365 days at 127.20 USD a day each are 928,560 USD and serve 8.64 bn tokens a day.

    H100 serve the rest of the assistant's tokens: 1.36 bn a day for 91 days at 0.81944 USD a million
    (101,414.44), then with the reports 3.36 bn for 90 days and 13.36 bn for 184 days at 0.67222 USD a
    million (203,280 and 1,652,483.56). Until December the reports, worth 0.75 USD a million, are not
    served: 91 days x 2 bn (136,500).
    """
    done = here("solve", INPUTS / "starter.xlsx", "--json", "--gap", "0").json
    assert done["status"] == "optimal"
    assert done["costs_usd"]["on_demand"] == pytest.approx(928_560 + 101_414.4444 + 203_280 + 1_652_483.5556)
    assert done["costs_usd"]["shortfall"] == pytest.approx(136_500)
    assert done["objective_usd"] == pytest.approx(3_022_238.00)
    assert done["shortfall_bn_tokens"] == pytest.approx(182)


@pytest.mark.slow
def test_the_frontier_lab_bridges_the_summer_with_colossus_1(here: Run) -> None:
    """It takes the whole of Colossus 1 at once, gives it back within the year, and commits to Google and Amazon."""
    done = here("solve", INPUTS / "frontier_lab.xlsx", "--json", "--gap", "0.001", "--time-limit", "900").json
    assert done["status"] == "optimal"
    assert done["gap"] <= 0.001
    assert done["audit"]["passed"]
    signed = {decision["name"]: decision for decision in done["decisions"]}
    assert {"colossus_1", "google_2027", "amazon_2026"} <= signed.keys()
    assert signed["colossus_1"]["month"] == "2026-05"
    assert signed["colossus_1"]["end_month"] < "2027-05"


@pytest.mark.slow
def test_the_lessor_leases_out_colossus_1_as_a_whole_though_its_takers_may_leave(here: Run) -> None:
    """Proven to 0.1 %: the three parts of Colossus 1 go together, and Google is a taker too, who stays or not."""
    done = here("solve", INPUTS / "lessor.xlsx", "--json", "--gap", "0.001", "--time-limit", "900").json
    assert done["status"] == "optimal"
    assert done["audit"]["passed"]
    everywhere = {each["name"] for each in done["decisions"] if len(each["scenarios"]) == len(done["scenarios"])}
    assert {"anthropic_c1_h100", "anthropic_c1_h200", "anthropic_c1_gb200", "google"} <= everywhere


@pytest.mark.slow
def test_the_frontier_lab_with_scenarios_within_a_tenth_of_a_per_cent(here: Run) -> None:
    """Ten minutes are enough to prove a plan to 0.1 %, and it takes Colossus 1 at once whatever happens."""
    limits = "--gap", "0.001", "--time-limit", "600"
    done = here("solve", INPUTS / "frontier_lab_scenarios.xlsx", "--json", *limits).json
    assert done["status"] == "optimal"
    assert done["gap"] <= 0.001
    assert done["audit"]["passed"]
    assert any(each["name"] == "colossus_1" and each["month"] == "2026-05" for each in done["decisions"])

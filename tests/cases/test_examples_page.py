"""The page on the examples: every figure beside a sentence is one of the plan that the sentence tells of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from commandline import Run
from openpyxl import Workbook

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "planner" / "pages" / "examples.md"
FACTS = ROOT / "inputs" / "examples" / "facts.csv"
UNITS = {"bn": 1e9, "m": 1e6, "GW": 1e3, "%": 0.01}
"""What the word behind a number stands for; sheets have USD, MW and shares."""
WITHIN = {"Summary": 0.1, "Offers not taken": 0.6}
"""How far another plan within the gap, or other marginal values of it, may be from the page; a fifth elsewhere."""


def told(heading: str) -> list[tuple[str, str]]:
    """Each figure under a heading of the page, and where it is read: names of a sheet, of its rows and a column."""
    section = PAGE.read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    found: list[tuple[str, str]] = []
    for table in re.findall(r"(?:^\|.*\n)+", section, re.MULTILINE):
        header, _, *rows = ([cell.strip(" `") for cell in line.strip("|\n").split("|")] for line in table.splitlines())
        for first, *cells in rows:
            if "in the plan" in header:
                figures, places = ([part.strip(" `") for part in cell.split(";")] for cell in cells[:2])
                assert len(figures) == len(places), first
                found += [each for each in zip(figures, places, strict=True) if each[1]]
            else:  # a row for each month, a column for each figure
                places = (place.replace(" · ", f" · {first} · ") for place in header[1:])
                found += zip(cells, places, strict=True)
    return found


def story(heading: str) -> list[list[str]]:
    """The lines of an example's story: what is decided and why, its figures, their places, and what it rests on."""
    section = PAGE.read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    table = section.split("| what is decided, and why |")[1].split("\n\n")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


@pytest.mark.parametrize("heading", ["Frontier lab", "Frontier lab with scenarios", "Lessor"])
def test_a_story_is_ten_lines_each_with_its_figure_and_what_it_rests_on(heading: str) -> None:
    """No more than ten; beside each stand a figure, and facts by their id in `facts.csv` or that it is assumed."""
    facts = {line.split(",")[0] for line in FACTS.read_text(encoding="utf-8").splitlines()}
    lines = story(heading)
    assert 5 <= len(lines) <= 10
    for sentence, figures, _, rests_on in lines:
        assert figures, sentence
        named = [part.strip() for part in rests_on.split(";")]
        assert named, sentence
        assert [each for each in named if each not in facts and not each.startswith("assumed")] == []


def test_the_stories_answer_the_questions_asked_of_them() -> None:
    """Why 300 MW at once, which limits go when, 10 GW by month, the option on orbit, and what a lessor leases out."""
    lab, page = " ".join(" ".join(line) for line in story("Frontier lab")), PAGE.read_text(encoding="utf-8")
    assert "300 MW at once" in lab
    assert all(each in lab for each in ("Limits · coding agents", "Limits · api", "orbital"))
    assert len([each for each in told("Frontier lab") if each[1].startswith("Power ·")]) >= 12
    assert "What it\nshould lease out" in page
    assert "anthropic_c1_h100" in " ".join(" ".join(line) for line in story("Lessor"))


def text_of(cell: Any) -> str:
    """A cell as the page writes it: a month without its day."""
    return f"{cell:%Y-%m}" if isinstance(cell, datetime) else str(cell)


def read(plan: Workbook, place: str) -> str | float:
    """The first text, or the sum, of a column over the rows that have all the names; a year names its months."""
    sheet, *names, column = place.split(" · ")
    header, *rows = plan[sheet].iter_rows(values_only=True)
    at = header.index(column)
    values = [row[at] for row in rows if all(any(_named(cell, name) for cell in row) for name in names)]
    assert values, place
    return sum(values) if isinstance(values[0], int | float) else text_of(values[0])


def _named(cell: Any, name: str) -> bool:
    return text_of(cell).startswith(name) if isinstance(cell, datetime) else cell == name


def differences(plan: Workbook, figures: list[tuple[str, str]]) -> Iterator[str]:
    """The figures of the page that are not those of the plan."""
    for figure, place in figures:
        value, said = read(plan, place), re.match(r"(-?[\d,.]+)(?: (\w+|%))?", figure)
        if isinstance(value, str):
            if value != figure:
                yield f"{place}: {figure}, the plan has {value}"
            continue
        # plans proven to the same gap have been seen with both ends
        if ends := re.fullmatch(r"([\d.]+) to ([\d.]+)(?: (?:(\w+) )?USD)?", figure):
            low, high = (float(end) * UNITS.get(ends[3], 1.0) for end in (ends[1], ends[2]))
            if not low <= value <= high:
                yield f"{place}: {figure}, the plan has {value:g}"
            continue
        assert said, figure
        number = float(said[1].replace(",", "")) * UNITS.get(said[2], 1.0)
        if value != pytest.approx(number, rel=WITHIN.get(place.split(" · ")[0], 0.2)):
            yield f"{place}: {figure}, the plan has {value:g}"


def test_figures_are_read_from_the_rows_that_are_named() -> None:
    """A sum over a year, a text, and a figure that is not the plan's."""
    plan = Workbook()
    sheet = plan.create_sheet("Power")
    for row in (("month", "offer", "mw"), (datetime(2026, 5, 1), "a", 2), (datetime(2026, 6, 1), "a", 3)):
        sheet.append(row)
    assert read(plan, "Power · 2026 · a · mw") == 5
    assert read(plan, "Power · a · month") == "2026-05"
    figures = [("5 MW", "Power · a · mw"), ("0.005 GW", "Power · a · mw"), ("4 MW", "Power · a · mw")]
    assert list(differences(plan, figures)) == ["Power · a · mw: 4 MW, the plan has 5"]
    ranges = [("4 to 5", "Power · a · mw"), ("0.4 to 5.5 USD", "Power · a · mw"), ("3 to 4", "Power · a · mw")]
    assert list(differences(plan, ranges)) == ["Power · a · mw: 3 to 4, the plan has 5"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("heading", "name", "gap"),
    [
        ("Frontier lab", "frontier_lab", "0.001"),
        ("Frontier lab with scenarios", "frontier_lab_scenarios", "0.001"),
        ("Lessor", "lessor", "0.001"),
    ],
)
def test_the_page_tells_the_figures_of_the_plan(here: Run, tmp_path: Path, heading: str, name: str, gap: str) -> None:
    """Each sentence of an example has a figure beside it, which is that of the plan solved now."""
    source = ROOT / "inputs" / f"{name}.xlsx"
    done = here("solve", source, "--gap", gap, "--time-limit", "900", "-o", "plan.xlsx", "--json")
    assert done.json["status"] == "optimal"
    busy = "no-marginal-values" in done.json["warning_names"]  # they have seconds of a clock, which others slow
    figures = [each for each in told(heading) if not (busy and each[1].startswith("Offers not taken"))]
    assert figures
    assert list(differences(openpyxl.load_workbook(tmp_path / "plan.xlsx", data_only=True), figures)) == []

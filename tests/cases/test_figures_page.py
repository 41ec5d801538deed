"""The page of figures (planner/pages/figures.md) names every figure that is told, and none that is not."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from told_documents import DOCUMENTS, paths, solves

import planner
from planner.reports.plan_report import report_of
from planner.results.tables import Table

PAGE = Path(__file__).parents[2] / "planner/pages/figures.md"
CODE = re.compile(r"`([^`]+)`")
ELSEWHERE = ("mpi", "dask_engine", "dask_cluster", "__main__")
"""Modules that need what may not be installed."""


@cache
def rows() -> dict[str, list[list[str]]]:
    """By section the cells of its table: figure, workbook, JSON, how it is known."""
    found: dict[str, list[list[str]]] = {}
    for section in PAGE.read_text(encoding="utf-8").split("\n## ")[1:]:
        name, _, text = section.partition("\n")
        lines = [line for line in text.splitlines() if line.startswith("|")]
        found[name] = [[cell.strip() for cell in line[1:-1].split("|")] for line in lines[2:]]
    return found


@cache
def tables() -> dict[str, set[str]]:
    """The headers of every sheet of every workbook that is written."""
    found: dict[str, set[str]] = {}
    for module in pkgutil.walk_packages(planner.__path__, "planner."):
        if module.name.rpartition(".")[2] not in ELSEWHERE:
            for each in vars(importlib.import_module(module.name)).values():
                if isinstance(each, Table):
                    found.setdefault(each.sheet, set()).update(each.headers)
    return found


def named(column: int, section: str = "") -> Iterator[str]:
    """What stands in code in a column of the tables."""
    for name, cells in rows().items():
        if section in ("", name):
            for row in cells:
                yield from CODE.findall(row[column])


def figure(path: str) -> str:
    """The path of a key as the page has it: of an estimate its key, without the scenario's name, its ends left out."""
    parts = [part for part in path.split(".") if part != "estimates"]
    if path.startswith("estimates.scenarios."):
        del parts[1]
    last = next(place for place, part in enumerate(parts) if part.endswith("_usd") or part == "usd")
    return ".".join(parts[: last + 1])


@pytest.mark.parametrize("section", DOCUMENTS)
def test_the_page_has_every_key_that_tells_money(section: str, tmp_path: Path) -> None:
    """Keys of money in the JSON of each command are on the page in its section, and those on the page are told."""
    told: set[str] = set()
    for document in DOCUMENTS[section](tmp_path):
        every = set(paths(document))
        told |= every
        money = {path for path in every if re.search(r"(^|[._])usd(\.|$)", path)}
        assert {figure(path) for path in money} <= set(named(2, section)), section
        for key, estimate in (document.get("estimates") or {}).items():
            [known] = [row[3] for row in rows()[section] if figure(f"estimates.{key}") in CODE.findall(row[2])]
            assert estimate["known_by"] in ("unknown", *re.findall(r"\w+", known)), key
    assert {name for name in named(2, section) if "_usd" in name and name not in told} <= SELDOM


SELDOM = {
    "better_plan_cost_usd",
    "rules.saving_usd",
    "limits.saving_usd",
    "marginal.caps.saves_usd",
    "marginal_by_scenario.caps.saves_usd",
    *(f"{what}.{key}_usd" for what in ("caps", "rules", "limits") for key in ("held_worth", "by_scenario.worth")),
}
"""Told only where there is such a thing."""


def test_the_page_has_every_column_that_tells_money() -> None:
    """Columns of money of every sheet are on the page by themselves or with their sheet; what the page names exists."""
    listed = {name for name in named(1) if ": " not in name}
    for name in listed:
        sheet, _, column = name.partition(".")
        assert sheet in tables() or sheet == "Spend by provider", name
        assert not column or column in tables()[sheet], name
    for sheet, headers in tables().items():
        money = {f"{sheet}.{each}" for each in headers if each.endswith("_usd") or each in ("gap", "amount")}
        assert sheet in listed or money <= listed, sorted(money - listed)


def test_metrics_that_the_page_names_are_rows() -> None:
    """`Sheet: metric` is a row of `Summary` or `Risk` of a plan."""
    found = set()
    for result in solves():
        for each in report_of(result).tables(result):
            if each.table.sheet in ("Summary", "Risk"):
                found |= {f"{each.table.sheet}: {row[0]}" for row in each.rows}
    assert {name for name in named(1) if ": " in name} <= found


def test_attributes_that_the_page_names_are_there() -> None:
    """`Result.name` is an attribute of what `planner.solve` gives."""
    text = PAGE.read_text(encoding="utf-8")
    names = re.findall(r"`Result\.(\w+)`", text)
    assert names
    assert all(hasattr(planner.Result, name) for name in names)

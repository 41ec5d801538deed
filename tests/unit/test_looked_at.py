"""What a person sees of a plan workbook: ends that never come, pages, signs of money."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import builders as b
import pytest
from openpyxl import load_workbook
from unit.plans import short, write

from models.plan import Plan
from models.schema import LONGEST_MONTHS
from models.supply.registry import KINDS
from planner.excel.book import DASH
from planner.excel.first_sheet import FirstSheet
from planner.excel.printed_pages import LANDSCAPE, PORTRAIT, page_breaks, table_scale
from planner.excel.problem_workbook import ACROSS
from planner.excel.report_page import Page, write_report
from planner.excel.template import write_template
from planner.reports.plan.money import _money
from planner.reports.run_result import RunResult
from planner.reports.scenarios.charts import branch_labels, branch_points
from planner.results.decision_tree import Node
from planner.results.decisions import Decision
from planner.results.periods import PeriodFigures
from planner.results.plan_tables import decision_table
from planner.results.tables import Filled, report_table


def site(term_months: int) -> Decision:
    kind = next(each for each in KINDS if each.name == "site")
    return Decision(kind, "campus", 0, term_months, 1, term_months - 1, None, 5.0, 1.0, start=0)


@pytest.mark.parametrize("term", [24, LONGEST_MONTHS])
def test_what_is_kept_for_good_has_no_end(tmp_path: Path, term: int) -> None:
    """Its term and last month are stored for who reads them back, as a number and a date, and are shown as no end."""
    filled = decision_table([site(term)])
    page = Page("Sheet", "Title", "", "", "good", ())
    write_report(tmp_path / "page.xlsx", b.dataset(b.demand(1.0), months=6), page, [filled])
    head, row = load_workbook(tmp_path / "page.xlsx")["Decisions"].iter_rows(max_row=2)
    cells = {name.value: cell for name, cell in zip(head, row, strict=True)}
    assert cells["term_months"].value == term
    assert isinstance(cells["end_month"].value, dt.datetime)
    shown = ['"no end"' in cells[name].number_format for name in ("term_months", "end_month")]
    assert shown == [term == LONGEST_MONTHS] * 2


def test_long_tables_are_printed_small_and_upright() -> None:
    """A table of more than a page is upright at a scale that is given, unless it is too wide to be read so."""
    assert table_scale(500, 10) == (LANDSCAPE, 1.0)
    paper, scale = table_scale(500, 5_000)
    assert (paper, scale) == (PORTRAIT, 0.6)
    paper, scale = table_scale(1_600, 5_000)
    assert paper is LANDSCAPE
    assert scale == pytest.approx(LANDSCAPE.pixels / 1_600)


def test_pages_of_a_plan_end_between_its_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every break on the first sheet of a plan stands where a part begins, and no part is higher than its page."""
    seen: list[tuple[list[tuple[int, int]], dict[int, float], float]] = []
    parts = FirstSheet.set_pages

    def noted(self: Any) -> None:
        seen.append((self._together, self._heights, self.paper.scale(self.pixels(0, self.last))))
        parts(self)

    monkeypatch.setattr(FirstSheet, "set_pages", noted)
    dataset, plan = (
        b.dataset(b.demand(1.0, months=3), months=3),
        Plan(shortfalls=tuple(short(t, 1.0) for t in range(3))),
    )
    write(tmp_path / "plan.xlsx", dataset, plan, RunResult())
    drawn = load_workbook(tmp_path / "plan.xlsx")["Plan"]
    ((together, heights, scale),) = seen
    breaks = [each.id for each in drawn.row_breaks.brk]
    assert breaks == page_breaks(together, heights, int(100 * scale) / 100, PORTRAIT)
    assert set(breaks) <= {first for first, _ in together}
    assert together[-1][1] == drawn.max_row


@pytest.mark.parametrize(
    ("forgone", "name", "shown"),
    [
        ((3.0, 1.0), "Forgone by limits and prices", [3.0, 1.0]),
        ((-3.0, -1.0), "Gained by limits and prices", [3.0, 1.0]),
        ((3.0, -1.0), "Gained less forgone", [-3.0, 1.0]),
    ],
)
def test_nothing_forgone_is_negative(forgone: tuple[float, ...], name: str, shown: list[float]) -> None:
    """A gain in a period is told as one, also where other periods forgo revenue."""
    rows = [PeriodFigures(t, {("baseline", ""): 9.0, ("forgone", ""): usd}) for t, usd in enumerate(forgone)]
    whole = PeriodFigures(0, {("baseline", ""): 18.0, ("forgone", ""): sum(forgone)})
    plans: Any = SimpleNamespace(dataset=b.dataset(b.demand(1.0)))
    told = {words: [of(each) for each in rows] for words, _, of in _money(plans, [*rows, whole])}
    assert told[name] == shown


def test_wide_sheets_of_a_template_are_printed_on_pages_that_can_be_read(tmp_path: Path) -> None:
    """A sheet of many columns takes several pages across, each with its names and keys."""
    write_template(tmp_path / "t.xlsx", dt.date(2026, 1, 1))
    drawn = load_workbook(tmp_path / "t.xlsx")
    leases, settings = drawn["leases"], drawn["settings"]
    assert (settings.page_setup.fitToWidth or 1) == 1
    across = sum(each.width for each in leases.column_dimensions.values())
    assert across / leases.page_setup.fitToWidth <= ACROSS
    assert (leases.print_title_rows, leases.print_title_cols) == ("$1:$1", "$A:$A")


def test_branches_of_a_shown_tree_are_labelled_once_and_in_their_middle() -> None:
    """Only a branch that several scenarios share, and not all, has a probability of its own above its line."""
    leaf = [Node(6, 11, (name,), share, (), ()) for name, share in (("a", 0.2), ("b", 0.3), ("c", 0.5))]
    both = Node(3, 5, ("a", "b"), 0.5, (), tuple(leaf[:2]))
    root = Node(0, 2, ("a", "b", "c"), 1.0, (), (both, replace(leaf[2], first=3)))
    points = branch_points(root, b.dataset(b.demand(1.0), months=12))
    [((month, height), share)] = branch_labels(root, points)
    assert 3 <= month <= 6
    assert height == (points["a"][-1][1] + points["b"][-1][1]) / 2
    assert share.replace("\N{NO-BREAK SPACE}", " ") == "50 %"


@pytest.mark.parametrize(("usd", "dash"), [(-3.39e-5, True), (-2.0, False)])
def test_what_would_be_shown_as_minus_zero_is_a_dash(tmp_path: Path, usd: float, dash: bool) -> None:
    """A trace beside larger amounts keeps its value, and shows as nothing."""
    table = report_table("Costs", "two costs", "name:text", "cost_usd:money")
    page = Page("Sheet", "Title", "", "", "good", ())
    rows = [("a", 1234.5), ("b", usd)]
    write_report(tmp_path / "page.xlsx", b.dataset(b.demand(1.0)), page, [Filled(table, rows)])
    cell = load_workbook(tmp_path / "page.xlsx")["Costs"]["B3"]
    assert cell.value == usd
    assert (cell.number_format == DASH) is dash

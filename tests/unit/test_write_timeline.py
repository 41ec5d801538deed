"""The sheet of commitments as bars, and limits and service by segment on the first sheet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
from builders import contract, dataset, demand, fleet, lease, segment, term
from unit.plans import write

from models.dataset import Dataset
from models.plan import LimitChoice, Plan, Serving, Shortfall, Signing
from models.schema import Limit
from models.supply.contract_kind import CONTRACT
from models.supply.lease_kind import LEASE
from planner.reports.run_result import RunResult
from planner.results.segment_grid import segment_grid
from planner.results.views import service


def drawn(path: Path, data: Dataset, plan: Plan) -> dict[str, tuple[Any, ...]]:
    """The rows of the sheet by offer or segment: every cell from the seventh column on, the first month after it."""
    write(path, data, plan, RunResult(plan_name="P", status="optimal"))
    sheet = openpyxl.load_workbook(path)["Timeline"]
    return {str(row[1].value): row for row in sheet.iter_rows(min_row=6) if row[1].value}


def marks(row: tuple[Any, ...]) -> str:
    """A letter a month: what is written, else `=` in service, `-` waiting, a blank where there is no bar."""
    fills = {"FF0072B2": "=", "FF56B4E9": "=", "FF999999": "=", "FFCFE3F1": "-", "FFDDF0FB": "-"}
    return "".join(cell.value or fills.get(cell.fill.fgColor.rgb, " ") for cell in row[7:])


def test_bars_begin_where_signed_and_end_with_service(tmp_path: Path) -> None:
    """S in the month of signing, light until service, x where cancelled, an arrow where it goes on."""
    data = dataset(
        demand(1.0, months=6),
        fleet("own", 1.0, from_month=None, until_month=24312 + 2),
        lease("short", term(3, 1.0)),
        lease("left", term(9, 1.0, cancel_after_months=1, notice_months=1)),
        contract("long", term_months=9, lead_months=2),
        months=6,
    )
    plan = Plan(
        signings=(
            Signing(LEASE, "short", 1, 3, 1, 2, 4),
            Signing(LEASE, "left", 0, 9, 1, 0, 3, cancelled=True),
            Signing(CONTRACT, "long", 1, 9, 1, 3, 11),
        )
    )
    rows = drawn(tmp_path / "plan.xlsx", data, plan)
    assert marks(rows["own"]) == "===   "
    assert marks(rows["short"]) == " S=== "
    assert marks(rows["left"]) == "S==x  "
    assert marks(rows["long"]) == " S-==►"


def test_limits_are_runs_with_their_numbers(tmp_path: Path) -> None:
    """A run begins with the number of its limit, the least generous first; names that have no room stand below."""
    limits = [
        Limit(segment="chat", limit="wide open", generosity=5.0),
        Limit(segment="chat", limit="tight", generosity=1.0, demand_multiplier=0.5),
    ]
    data = dataset(demand(1.0, months=4), limits, months=4)
    plan = Plan(limits=tuple(LimitChoice("chat", t, ("tight", "tight", "tight", "wide open")[t]) for t in range(4)))
    row = drawn(tmp_path / "plan.xlsx", data, plan)["chat"]
    assert [cell.value for cell in row[7:]] == ["1 tight", None, None, "2"]
    below = openpyxl.load_workbook(tmp_path / "plan.xlsx")["Timeline"].cell(row[0].row + 1, 8).value
    assert below == "1 tight · 2 wide open, the least generous first"


def test_nothing_committed_is_said(tmp_path: Path) -> None:
    """A plan without a fleet and signings has no bars, and says so."""
    write(tmp_path / "plan.xlsx", dataset(demand(1.0), months=1), Plan(), RunResult(status="optimal"))
    assert openpyxl.load_workbook(tmp_path / "plan.xlsx")["Timeline"]["A6"].value == "Nothing is committed."


def test_stretches_of_a_segment() -> None:
    """Two stretches of two months: the limit each begins with, a sign of change, and the share not served."""
    limits = [Limit(segment="chat", limit="tight", demand_multiplier=0.5), Limit(segment="chat", limit="open")]
    data = dataset(
        demand(4.0, months=4), demand(1.0, segment="idle", months=4), [segment(), segment("idle")], limits, months=4
    )
    chosen = ("tight", "open", "open", "open")
    plan = Plan(
        limits=tuple(LimitChoice("chat", t, chosen[t]) for t in range(4)),
        serving=tuple(
            Serving(t, "day", "chat", "us", "us", "H100", "", tokens) for t, tokens in enumerate((62, 112, 62, 90))
        ),
        shortfalls=(
            Shortfall(2, "day", "chat", "us", 62.0),
            Shortfall(3, "day", "chat", "us", 30.0),
            *(Shortfall(t, "day", "idle", "us", 30.0) for t in (0, 1)),
        ),
    )
    grid = segment_grid(data, plan, service(data, plan), most=2)
    assert grid.starts == (0, 2)
    assert [cell.text for cell in grid.lines[0].cells] == ["tight …", "open, 62.3 % served"]
    assert [(cell.tight, cell.short) for cell in grid.lines[0].cells] == [(True, False), (False, True)]
    assert [cell.text for cell in grid.lines[1].cells] == ["none", "no demand"]

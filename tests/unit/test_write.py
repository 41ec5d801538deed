"""The plan workbook: its sheets, headers, values and what it says on its first sheet."""

from __future__ import annotations

import datetime as dt
import os
import re
import time
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from builders import contract, dataset, demand, fleet, lease, on_demand, segment, term, throughput
from unit.plans import write

from models.audit import AuditReport, Check
from models.core.compiled import Size
from models.core.noise import without_noise
from models.dataset import Dataset
from models.estimate import Estimate
from models.faults import NamedWarning
from models.kinds import FLEET
from models.plan import (
    LimitChoice,
    OnDemandUse,
    Online,
    OptionPurchase,
    Payment,
    Plan,
    Serving,
    Shortfall,
    Signing,
    SourceUse,
)
from models.schema import Limit, Option
from models.supply.contract_kind import CONTRACT
from models.supply.lease_kind import LEASE
from planner.errors import CannotWrite
from planner.reports.run_result import RunResult
from planner.results.base_case import BaseCase

PROFIT = (
    "baseline forgone lost earned lease contract site chips commitment usage on_demand fleet network lease_out_income"
    " run_value margin usd_per_mtok"
)
HEADERS = {
    "Summary": "metric value unit",
    "Decisions": "kind name month term_months units end_month accelerators mw cost_usd"
    " status start_month cancelled renewals provider region",
    "Capacity": "month provider region site hardware source accelerators mw kind term_months",
    "Service": "month segment region demand_bn_per_day after_limits_bn_per_day served_bn_per_day shortfall_bn_per_day",
    "Limits": "month segment lever limit",
    "Spend": "month category provider offer cash_usd present_value_usd",
    "Bills": "month offer signed_month units hours rate tier prepaid escalator amount",
    "Use": "month block region hardware available_accelerators used_accelerators on_demand_accelerators",
    "Monthly": "month fleet_mw leases_mw contracts_mw chips_mw on_demand_mw at_work_mw leased_out_mw demand_bn_per_day"
    " after_limits_bn_per_day served_bn_per_day shortfall_bn_per_day from_fleet_bn_per_day from_leases_bn_per_day"
    " from_contracts_bn_per_day from_chips_bn_per_day from_on_demand_bn_per_day idle_bn_per_day fleet_cash_usd"
    " leases_cash_usd contracts_cash_usd sites_cash_usd chips_cash_usd commitments_cash_usd on_demand_cash_usd"
    " usage_cash_usd leased_out_cash_usd runs_cash_usd other_cash_usd owed_usd locked_months signed_mw",
    "Spend by provider": "month https://neo.example#usd spot#usd others#usd",
    "Lock-in": "month kind offer provider owed_usd months_left",
    "Profit and loss": f"month {PROFIT}",
    "P&L by quarter": f"quarter {PROFIT}",
    "Quarters": "quarter cash_usd served_bn_tokens utilisation signed_mw online_mw",
    "Unit costs": "month by name cost_usd tokens_bn usd_per_mtok",
    "Power": "month offer signed_mw online_mw kind",
    "Assumptions": "what value source",
    "Audit": "rule meaning result places failed worst_place found limit violation",
    "Run": "section key value source",
    "Serving": "month block segment region capacity_region hardware site tokens_bn",
    "Shortfall": "month block segment region tokens_bn",
    "Source use": "month block kind name term_months hardware accelerators overage_accelerators",
    "On demand": "month block provider region hardware accelerators",
    "Input": "sheet row column value",
}
DATA = dataset(
    demand(10.0, 20.0, 40.0),
    segment("chat", shortfall_usd_per_mtok=1.0),
    fleet("own", 8.0),
    lease('=HYPERLINK("x")', term(3, 2.0), holds=10.0, provider="https://neo.example"),
    on_demand(9.0),
    Limit(segment="chat", limit="open"),
    Limit(segment="chat", limit="tight", demand_multiplier=0.5),
    Option(option="right", offer='=HYPERLINK("x")', premium_usd=100.0),
    reserve_margin=0.1,
)
NAME = DATA.leases[0].lease
PLAN = Plan(
    signings=(Signing(LEASE, NAME, 1, 3, 1, 1, 3),),
    options=(OptionPurchase("right", 0),),
    limits=tuple(LimitChoice("chat", t, ("open", "open", "tight")[t]) for t in range(3)),
    serving=tuple(
        Serving(t, "day", "chat", "us", "us", "H100", "", tokens)
        for t, tokens in enumerate((9.2 * 31, 20.0 * 28, 20.0 * 31))
    ),
    shortfalls=(Shortfall(0, "day", "chat", "us", 0.8 * 31),),
    source_use=(
        SourceUse(0, "day", FLEET, "own", 0, "H100", 7.2),
        SourceUse(1, "day", FLEET, "own", 0, "H100", 7.2),
        SourceUse(1, "day", LEASE, NAME, 3, "H100", 9.0),
        SourceUse(2, "day", FLEET, "own", 0, "H100", 7.2),
        SourceUse(2, "day", LEASE, NAME, 3, "H100", 8.8),
    ),
    on_demand=(
        OnDemandUse(0, "day", "spot", "us", "H100", 2.0),
        OnDemandUse(1, "day", "spot", "us", "H100", 3.8),
        OnDemandUse(2, "day", "spot", "us", "H100", 4.0),
    ),
    online=(
        *(Online(t, FLEET, "own", 0, "us-inc", "us", "own", "H100", 8.0, 0.008) for t in range(3)),
        *(Online(t, LEASE, NAME, 3, "https://neo.example", "us", NAME, "H100", 10.0, 0.01) for t in (1, 2)),
    ),
    payments=(
        Payment(0, "option", "", "right", 100.0, 100.0),
        Payment(0, "shortfall", "", "chat", 0.0, 24800.0),
        Payment(0, "on_demand", "spot", "spot us H100", 13392.0, 13392.0),
        Payment(1, "lease", "https://neo.example", NAME, 13440.0, 13000.0),
        Payment(2, "lease", "https://neo.example", NAME, 14880.0, 14000.0),
        Payment(3, "lease", "https://neo.example", NAME, 14400.0, 0.0),
    ),
)
REPORT = RunResult(
    plan_name="R&D, phase 1",
    status="optimal",
    objective_usd=PLAN.objective_usd,
    bound_usd=PLAN.objective_usd * 0.999,
    gap=0.001,
    base_case=BaseCase(Estimate.exactly(100_000.0)),
    audit=AuditReport((Check("costs_add_up", "the payments add up", "all", 1.0, 1.0, 0.0, True, places=3),), True, 0.0),
    model=Size(10, 20, 5, 60),
    seconds={"solve": 1.25},
    input_sha256="0" * 64,
    planner_version="0.1.0",
    versions={"python": "3.11.0"},
    options={"gap": 0.001, "time_limit": None, "set": ["a", "b"]},
    option_sources={"gap": "flag"},
    warnings=(NamedWarning("no-plan", "mind this"),),
    solver_log=tuple(f"line {i}" for i in range(500)),
)


def book(path: Path, data: Dataset = DATA, plan: Plan = PLAN, report: RunResult = REPORT) -> Any:
    write(path, data, plan, report)
    return openpyxl.load_workbook(path)


@pytest.fixture
def workbook(tmp_path: Path) -> Any:
    return book(tmp_path / "plan.xlsx")


def table(workbook: Any, sheet: str) -> list[dict[str, Any]]:
    rows = list(workbook[sheet].iter_rows(values_only=True))
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def said(workbook: Any) -> str:
    """All text of the first sheet."""
    cells = (cell for row in workbook["Plan"].iter_rows(values_only=True) for cell in row)
    return " ".join(cell for cell in cells if isinstance(cell, str))


def summary(workbook: Any) -> dict[str, Any]:
    return {row["metric"]: row["value"] for row in table(workbook, "Summary")}


def test_sheets_and_headers(workbook: Any) -> None:
    """The plan comes first, its commitments as bars, then the tables by name, each with its columns in row 1."""
    assert workbook.sheetnames == ["Plan", "Timeline", *HEADERS]
    for sheet, headers in HEADERS.items():
        assert [cell.value for cell in workbook[sheet][1]] == [each.replace("#", " ") for each in headers.split()]


def test_tables_can_be_worked_with(workbook: Any) -> None:
    """Every sheet is frozen below its header, is a table with filters over all its rows, and repeats the header."""
    for sheet in HEADERS:
        drawn = workbook[sheet]
        assert drawn.freeze_panes == "A2"
        [found] = drawn.tables.values()
        assert found.ref.rpartition(":")[2] == found.autoFilter.ref.rpartition(":")[2]
        rows = max(2, drawn.max_row)
        assert found.ref == f"A1:{drawn.cell(rows, drawn.max_column).coordinate}"
        assert [each.name for each in found.tableColumns] == [cell.value for cell in drawn[1]]
        assert drawn.print_title_rows == "$1:$1"
        assert 50 <= (drawn.page_setup.scale or 100) <= 100
        assert not drawn.sheet_properties.pageSetUpPr.fitToPage  # a scale to be found takes office programs minutes


def test_tables_and_figures_have_names_for_linked_workbooks(workbook: Any) -> None:
    """Each sheet is a table named after it, each figure of the summary a name that stays."""
    names = {name for sheet in HEADERS for name in workbook[sheet].tables}
    assert {"tbl_decisions", "tbl_spend", "tbl_lock_in", "tbl_p_l_by_quarter"} <= names
    assert len(names) == len(HEADERS)
    figures = {row["metric"]: row["value"] for row in table(workbook, "Summary")}
    for name, metric in (("kpi_net_present_cost", "net present cost"), ("kpi_cost_lease", "cost: lease")):
        place = workbook.defined_names[name].attr_text.rpartition("!")[2].replace("$", "")
        assert workbook["Summary"][place].value == figures[metric]


def test_formulas_give_the_values_saved_beside_them(workbook: Any, tmp_path: Path) -> None:
    """Margins, revenue earned and totals are sums of cells, and say so; nothing else is a formula."""
    saved, found = openpyxl.load_workbook(tmp_path / "plan.xlsx", data_only=True), set()
    for sheet in workbook:
        for cell in (cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"):
            values, formula = saved[sheet.title], str(cell.value)
            if formula.startswith("=SUM("):
                added = [each.value for line in values[formula[5:-1]] for each in line]
                worked_out = sum(value for value in added if value is not None)
            else:
                parts = re.findall(r"([+-]?)([A-Z]+[0-9]+)", formula[1:])
                worked_out = sum((-1.0 if sign == "-" else 1.0) * values[place].value for sign, place in parts)
            assert values[cell.coordinate].value == pytest.approx(worked_out)
            found.add(sheet.title)
    assert found == {"Plan", "Profit and loss", "P&L by quarter"}
    paid = next(row for row in workbook["Plan"].iter_rows(min_col=2) if row[0].value == "Cash paid")
    assert [cell.data_type for cell in paid if cell.value is not None][-1] == "f"  # in total


def test_names_that_look_like_formulas_are_text(workbook: Any) -> None:
    """Names that look like formulas or addresses stay plain text, and links lead to sheets only."""
    assert {row["name"] for row in table(workbook, "Decisions")} == {NAME, "right"}
    links = [cell.hyperlink for sheet in workbook for row in sheet.iter_rows() for cell in row if cell.hyperlink]
    assert {link.location for link in links} == {f"'{sheet}'!A1" for sheet in workbook.sheetnames}


def test_months_are_dates(workbook: Any) -> None:
    """A month is the date of its first day, shown as year and month."""
    cell = workbook["Service"]["A2"]
    assert (cell.value, cell.number_format) == (dt.datetime(2026, 1, 1), "yyyy-mm")


def test_numbers_are_stored_in_full(workbook: Any) -> None:
    """A number format rounds what is shown, not what is stored."""
    assert table(workbook, "Source use")[1]["accelerators"] == 7.2
    assert table(workbook, "Run")[4]["value"] == 0.001


def test_spend_adds_up_to_the_objective(workbook: Any) -> None:
    """Present values of Spend, costs of the Summary and the objective are one sum."""
    spend = sum(row["present_value_usd"] for row in table(workbook, "Spend"))
    figures = summary(workbook)
    costs = sum(value for metric, value in figures.items() if metric.startswith("cost: "))
    assert spend == pytest.approx(PLAN.objective_usd, rel=1e-12)
    assert costs == pytest.approx(figures["net present cost"], rel=1e-12)


def test_tables_agree(workbook: Any) -> None:
    """Months, Service and Capacity tell the same tokens, power and cash."""
    months = table(workbook, "Monthly")
    for t, row in enumerate(months):
        service = [each for each in table(workbook, "Service") if each["month"] == row["month"]]
        online = [each for each in table(workbook, "Capacity") if each["month"] == row["month"]]
        spend = [each for each in table(workbook, "Spend") if each["month"] == row["month"]]
        assert row["served_bn_per_day"] == pytest.approx(sum(each["served_bn_per_day"] for each in service))
        committed = row["fleet_mw"] + row["leases_mw"] + row["contracts_mw"]
        assert committed == pytest.approx(sum(each["mw"] for each in online))
        cash = sum(row[header] for header in row if header.endswith("_cash_usd"))
        assert cash == pytest.approx(sum(each["cash_usd"] for each in spend)), t


def test_summary_figures(workbook: Any) -> None:
    """Tokens add up over the days of the months, and the peak of power is in February."""
    figures = summary(workbook)
    assert figures["demand"] == pytest.approx(10 * 31 + 20 * 28 + 40 * 31)
    assert figures["demand after limits"] == pytest.approx(10 * 31 + 20 * 28 + 20 * 31)
    assert figures["shortfall"] == pytest.approx(0.8 * 31)
    assert figures["peak committed power"] == pytest.approx(0.018)
    assert figures["month of peak committed power"] == "2026-02"
    assert figures["saving against the base case"] == pytest.approx(100_000 - PLAN.objective_usd)


def test_first_sheet_answers_first(workbook: Any) -> None:
    """Status with its gap, the audit, what is due first, and what it costs stand on the first sheet."""
    text = said(workbook)
    assert "Optimal within a gap of 0.1 %: no other plan can save more than 65 USD." in text
    assert "Audit passed: 1 rule recomputed, all kept. Due first: buy option right by 2026-01." in text
    assert workbook["Plan"]["B7"].value == pytest.approx(PLAN.objective_usd)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"status": "stopped", "gap": 0.25}, "Stopped early with a gap of 25 %"),
        ({"status": "stopped", "gap": None, "bound_usd": None}, "how far this plan is from the best one is not known"),
        ({"audit": None}, "Not audited."),
        ({"base_case": BaseCase(none_exists=True)}, "no such plan exists"),
        ({"base_case": BaseCase()}, "the base case is not known"),
        (
            {"base_case": BaseCase(Estimate(3e4, None)), "options": {"time_limit": 9}},
            "a longer --time-limit gives its search more; the base case is at least 30,000 USD",
        ),
        ({"base_case": BaseCase(Estimate(4e6, 9e6))}, "the base case is between 4.00 m USD and 9.00 m USD"),
    ],
)
def test_first_sheet_says_how_it_stands(tmp_path: Path, changes: dict[str, Any], expected: str) -> None:
    """A plan that was stopped, not audited or has no base case says so, and never calls itself optimal."""
    text = said(book(tmp_path / "plan.xlsx", report=replace(REPORT, **changes)))
    assert expected in text
    assert changes.get("status") != "stopped" or "ptimal" not in text


def test_the_first_sheet_has_every_year_of_a_long_horizon(tmp_path: Path) -> None:
    """Of eighteen fiscal years none is left out: ten stand side by side, the rest below them with the total."""
    segments = tuple(replace(each, growth_per_month=0.0) for each in DATA.segments)
    data = replace(DATA, settings=replace(DATA.settings, months=216, fiscal_year_start=1), segments=segments)
    rows = list(book(tmp_path / "plan.xlsx", data=data)["Plan"].iter_rows(values_only=True))
    first, second = (row[1:] for row in rows if row[1] == "As paid, undiscounted")
    assert first[1:11] == tuple(str(year) for year in range(2026, 2036))
    assert second[1:10] == (*(str(year) for year in range(2036, 2044)), "In total")


def test_calendar_of_actions(tmp_path: Path) -> None:
    """Buying, signing, renewing and giving notice stand in order of their months, notices ahead of the stop."""
    data = dataset(
        demand(1.0, months=12),
        lease("A", term(3, 1.0, renewals_max=2, renewal_months=4)),
        lease("B", term(9, 1.0, cancel_after_months=1, notice_months=2), signed=-1),
        months=12,
    )
    plan = Plan(
        signings=(
            Signing(LEASE, "A", 1, 3, 1, 1, 11, renewals=2),
            Signing(LEASE, "B", -1, 9, 1, -1, 4, cancelled=True, signed=True),
        )
    )
    sheet = book(tmp_path / "plan.xlsx", data, plan, REPORT)["Plan"]
    rows = [[cell.value for cell in row[1:4]] for row in sheet.iter_rows() if row[1].value in ("A", "B")]
    told = [(name, do, by.month) for name, do, by in rows]
    assert told == [("A", "sign", 2), ("B", "give notice", 4), ("A", "renew", 5), ("A", "renew", 9)]


def charts(path: Path) -> list[str]:
    """The XML of every chart of the workbook."""
    with zipfile.ZipFile(path) as archive:
        return [archive.read(name).decode() for name in archive.namelist() if name.startswith("xl/charts/chart")]


def test_charts_read_the_sheets_behind_them(workbook: Any, tmp_path: Path) -> None:
    """Capacity against demand before and after limits, cash by provider, lock-in and power are native charts."""
    drawn = charts(tmp_path / "plan.xlsx")
    assert len(drawn) == 5
    together = "\n".join(drawn)
    for told in (
        "Capacity against demand",
        "Demand before limits",
        "Demand after limits",
        "Cash by month and provider",
        "https://neo.example",
        "Lock-in after each month",
        "Months until the last commitment ends",
        "Power by month",
    ):
        assert told in together
    assert "Contracts" not in together, "a source of nothing has no place in the legend"
    assert "Monthly!" in together
    assert "'Spend by provider'!" in together


def test_where_nothing_is_paid_there_is_no_chart_of_it(tmp_path: Path) -> None:
    """An empty plan says that nothing is paid and owed in place of charts without series."""
    text = said(book(tmp_path / "plan.xlsx", DATA, Plan(), REPORT))
    assert "Nothing is paid." in text
    assert "Nothing is owed after any month." in text
    assert len(charts(tmp_path / "plan.xlsx")) == 2


def test_saving_has_its_formula(tmp_path: Path) -> None:
    """The saving is told with the figures it comes from, a negative cost in brackets."""
    text = said(
        book(
            tmp_path / "plan.xlsx",
            report=replace(REPORT, objective_usd=-5e6, base_case=BaseCase(Estimate.exactly(2e6))),
        )
    )
    assert "minus that of this plan: 2.00 m USD - (-5.00 m USD) = 7.00 m USD." in text


def test_contents_lead_to_every_sheet_with_whole_purposes(workbook: Any) -> None:
    """Every sheet has a line in the contents, short enough to be read beside the next column."""
    sheet = workbook["Plan"]
    top = next(row[1].row for row in sheet.iter_rows() if row[1].value == "Contents")
    lines = [[cell.value for cell in row if cell.value] for row in sheet.iter_rows(min_row=top + 1)]
    told = [pair for line in lines for pair in (line[:2], line[2:]) if pair]
    assert [name for name, _ in sorted(told)] == sorted(workbook.sheetnames[1:])
    assert all(len(purpose) <= 58 for _, purpose in told)


def test_nothing_to_do(tmp_path: Path) -> None:
    """A plan that signs nothing says so, and its empty tables keep their headers."""
    plan = Plan(payments=(Payment(0, "fleet", "us-inc", "own", 1.0, 1.0),))
    workbook = book(tmp_path / "plan.xlsx", DATA, plan, REPORT)
    assert "Nothing new to sign." in said(workbook)
    assert "serves demand." in said(workbook)
    short = replace(plan, shortfalls=(Shortfall(0, "day", "chat", "us", 0.8 * 31),))
    assert "serves demand but for what falls short." in said(book(tmp_path / "short.xlsx", DATA, short, REPORT))
    assert table(workbook, "Decisions") == []
    assert [cell.value for cell in workbook["Decisions"][1]] == HEADERS["Decisions"].split()


def test_run_sheet(workbook: Any) -> None:
    """The Run sheet holds options with their sources, versions, hash, sizes and the end of the solver's log."""
    rows = {(row["section"], row["key"]): (row["value"], row["source"]) for row in table(workbook, "Run")}
    assert rows["option", "gap"] == (0.001, "flag")
    assert rows["option", "time_limit"] == ("none", None)
    assert rows["option", "set"] == ("a; b", None)
    assert rows["version", "python"] == ("3.11.0", None)
    assert rows["run", "input_sha256"] == ("0" * 64, None)
    assert rows["model", "nonzeros"] == (60, None)
    assert rows["warning", "1"] == ("mind this", "no-plan")
    log = [value for (section, _), (value, _) in rows.items() if section == "solver log"]
    assert (len(log), log[-1]) == (60, "line 499")


def test_long_names_wrap(tmp_path: Path) -> None:
    """A name longer than a column stays whole, in a wrapped cell of a higher row."""
    name = "A very long name of an offer " * 10
    plan = Plan(payments=(Payment(0, "fleet", "us-inc", name.strip(), 1.0, 1.0),))
    drawn = book(tmp_path / "plan.xlsx", DATA, plan, REPORT)["Spend"]
    assert drawn["D2"].value == name.strip()
    assert drawn["D2"].alignment.wrap_text
    assert drawn.row_dimensions[2].height > 60
    assert drawn.column_dimensions["D"].width < 80


def test_solver_noise_is_left_out(tmp_path: Path) -> None:
    """Rows of rounding only are dropped and near-whole accelerators made whole; payments stay."""
    noise = Serving(0, "day", "chat", "us", "us", "H100", "", 1e-9)
    plan = replace(
        PLAN,
        serving=(*PLAN.serving, noise),
        online=(replace(PLAN.online[0], accelerators=8.0000000001),),
        payments=(*PLAN.payments, Payment(2, "on_demand", "spot", "spot us H100", 1e-9, 1e-9)),
    )
    workbook = book(tmp_path / "plan.xlsx", DATA, without_noise(plan))
    assert len(table(workbook, "Serving")) == len(PLAN.serving)
    assert table(workbook, "Capacity")[0]["accelerators"] == 8
    assert len(table(workbook, "Spend")) == len(plan.payments)


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When writing fails half-way, the old file is untouched, nothing is left behind, and the reason is told."""
    path = tmp_path / "plan.xlsx"
    path.write_text("mine")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CannotWrite, match="no space left"):
        write(path, DATA, PLAN, REPORT)
    assert path.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [path]


def test_no_folder(tmp_path: Path) -> None:
    """A folder that is not there is said to be missing."""
    with pytest.raises(CannotWrite, match="folder does not exist"):
        write(tmp_path / "none" / "plan.xlsx", DATA, PLAN, REPORT)


def test_a_large_plan_is_written_quickly(tmp_path: Path) -> None:
    """A plan of 36 months, 60 offers, 15 segments and regions is written in a few times what its bare cells take."""
    names = [f"lease {i}" for i in range(60)]
    segments = [f"segment {i}" for i in range(5)]
    data = dataset(
        [segment(each) for each in segments],
        [demand(1.0, segment=each, region=region, months=36) for each in segments for region in ("us", "eu", "asia")],
        [lease(each, term(36, 1.0)) for each in names],
        throughput(),
        months=36,
    )
    plan = Plan(
        signings=tuple(Signing(LEASE, each, 0, 36, 1, 0, 35) for each in names),
        online=tuple(
            Online(t, LEASE, each, 36, "neo", "us", each, "H100", 1 / 3, 1e-3) for t in range(36) for each in names
        ),
        payments=tuple(Payment(t, "lease", "neo", each, 1e6 / 3, 1e6 / 3) for t in range(36) for each in names),
        source_use=tuple(SourceUse(t, "day", LEASE, each, 36, "H100", 1 / 3) for t in range(36) for each in names),
        serving=tuple(
            Serving(t, "day", each, region, "us", "H100", "", 10 / 3)
            for t in range(36)
            for each in segments
            for region in ("us", "eu", "asia")
            for _ in range(3)
        ),
    )
    began = time.process_time()
    write(tmp_path / "plan.xlsx", data, plan, REPORT)
    taken = time.process_time() - began
    with zipfile.ZipFile(tmp_path / "plan.xlsx") as book:
        sheets = [book.read(each) for each in book.namelist() if each.startswith("xl/worksheets/sheet")]
    cells = sum(each.count(b"<v>") for each in sheets)
    began = time.process_time()
    with xlsxwriter.Workbook(str(tmp_path / "bare.xlsx"), {"constant_memory": True}) as bare:
        sheet = bare.add_worksheet()
        for row in range(cells // 10):
            sheet.write_row(row, 0, ["a name", 1 / 3] * 5)
    assert taken < 8 * (time.process_time() - began)  # 3.3 to 4 where it was measured


def test_contract_and_currency_labels(tmp_path: Path) -> None:
    """Money is labelled with the workbook's currency on the first sheet and in the Summary."""
    data = dataset(contract("deal", signed=0), demand(1.0, months=3), currency="EUR")
    plan = Plan(
        signings=(Signing(CONTRACT, "deal", 0, 3, 1, 0, 2, signed=True),),
        payments=(Payment(0, "contract", "hyper", "deal", 744.0, 744.0),),
    )
    workbook = book(tmp_path / "plan.xlsx", data, plan, REPORT)
    assert "Net present cost, EUR" in said(workbook)
    assert {row["unit"] for row in table(workbook, "Summary") if row["metric"].startswith("cost: ")} == {"EUR"}

"""A written plan reads back as the plan it was, and a file that is no plan says so."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import openpyxl
import pytest
from builders import contract, dataset, demand, fleet, lease, lease_out, on_demand, term
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from unit.plans import alike, write

from models.dataset import Dataset
from models.faults import FaultyWorkbook
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
from models.supply.lease_out_kind import LEASE_OUT
from models.text import seen
from planner.excel.plan_reader import read_plan, read_written_plan
from planner.reports.run_result import RunResult

LONG = "Campus of many halls, " * 9 + "phase two"
DATA = dataset(
    demand(10.0, months=3),
    fleet("own", 5.0),
    lease("=1+1", term(3, 2.0), units_max=4),
    lease(LONG, term(6, 2.0), provider="@cmd"),
    contract("deal"),
    lease_out("out"),
    on_demand(9.0),
    Limit(segment="chat", limit="open"),
    Limit(segment="chat", limit="-5 % <weekly> & more"),
    Option(option="007", offer="deal", premium_usd=1.0),
)
PLAN = Plan(
    signings=(
        Signing(LEASE, LONG, -2, 6, 1, -2, 3, signed=True),
        Signing(LEASE, "=1+1", 0, 3, 2, 0, 2),
        Signing(LEASE, "=1+1", 1, 3, 1, 1, 7, renewals=2),
        Signing(CONTRACT, "deal", 1, 3, 1, 1, 3, cancelled=True),
        Signing(LEASE_OUT, "out", 2, 1, 1, 2, 2),
    ),
    options=(OptionPurchase("007", 0),),
    limits=tuple(LimitChoice("chat", t, ("open", "open", "-5 % <weekly> & more")[t]) for t in range(3)),
    serving=(
        Serving(0, "day", "chat", "us", "us", "H100", "", 1 / 3),
        Serving(1, "day", "chat", "us", "us", "H100", "own", 2e6 / 7),
    ),
    shortfalls=(Shortfall(0, "day", "chat", "us", 0.1), Shortfall(2, "", "chat", "us", 10 / 7)),
    source_use=(
        SourceUse(0, "day", FLEET, "own", 0, "H100", 4.123456789012345),
        SourceUse(1, "day", CONTRACT, "deal", 3, "H100", 1.0, 0.07),
    ),
    on_demand=(OnDemandUse(2, "day", "spot", "us", "H100", 123456.789),),
    online=(
        Online(0, FLEET, "own", 0, "us-inc", "us", "own", "H100", 5.0, 0.005),
        Online(0, LEASE, "=1+1", 3, "neo", "us", "=1+1", "H100", 2.0, 0.002),
    ),
    payments=(
        Payment(0, "lease", "neo", "=1+1", 1488.0, 1488.0 / 1.1),
        Payment(0, "option", "", "007", 1.0, 1.0),
        Payment(2, "lease_out_income", "", "out", -0.1, -0.1 / 3),
        Payment(7, "lease", "neo", "=1+1", 7.0, 6.5),
    ),
)


def report(plan: Plan = PLAN) -> RunResult:
    return RunResult(plan_name="A plan", status="optimal", objective_usd=plan.objective_usd, gap=0.0)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "plan.xlsx"
    write(path, DATA, PLAN, report())
    return path


def edit(path: Path, sheet: str, cell: str, value: object) -> None:
    book = openpyxl.load_workbook(path)
    book[sheet][cell] = value
    book.save(path)


def faults(path: Path, data: Dataset = DATA) -> list[str]:
    with pytest.raises(FaultyWorkbook) as caught:
        read_plan(path, data)
    return [str(fault) for fault in caught.value.faults]


def test_round_trip(written: Path) -> None:
    """Every row of a plan comes back from the workbook, names that look like formulas or numbers too."""
    assert alike(read_plan(written, DATA), PLAN)


def test_objective_is_recorded(written: Path) -> None:
    """The net present cost that was reported is read beside the plan."""
    assert read_written_plan(written, DATA).objective_usd == pytest.approx(PLAN.objective_usd, rel=1e-15)


def test_month_zero_is_the_datasets(written: Path) -> None:
    """A plan read for a horizon that starts a month later has every month one lower."""
    later = dataset(demand(10.0, months=3), first_month=DATA.settings.first_month + 1)
    assert [each.month for each in read_plan(written, later).limits] == [-1, 0, 1]


def test_order_of_columns_and_rows_is_free(written: Path) -> None:
    """Sorting the rows, moving the columns and adding one of one's own lose nothing."""
    book = openpyxl.load_workbook(written)
    sheet = book["Spend"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    header, body = rows[0], sorted(rows[1:], key=lambda row: str(row[3]))
    for r, row in enumerate([header, *body], start=1):
        for c, value in enumerate([*reversed(row), "note" if r == 1 else "mine"], start=1):
            cell = sheet.cell(r, c)
            cell.value = value
            cell.number_format = "yyyy-mm" if isinstance(value, dt.datetime) else "General"
            if isinstance(value, str):
                cell.data_type = "s"  # or the library takes a name for a formula
    book.save(written)

    def by_offer(plan: Plan) -> Plan:
        return Plan(payments=tuple(sorted(plan.payments, key=lambda each: (each.offer, each.month))))

    assert alike(by_offer(read_plan(written, DATA)), by_offer(PLAN))


@pytest.mark.parametrize(
    ("sheet", "cell", "value", "expected"),
    [
        ("Spend", "E2", "lots", "Spend!E2 (cash_usd): found 'lots'; expected a number"),
        ("Spend", "A3", "soon", "Spend!A3 (month): found 'soon'; expected a month"),
        ("Serving", "H2", None, "Serving!H2 (tokens_bn): found an empty cell; expected a number"),
        ("Decisions", "A2", "loan", "Decisions!A2 (kind): found 'loan'; expected one of lease, contract"),
        ("Decisions", "E2", 1.5, "Decisions!E2 (units): found 1.5; expected a whole number"),
        ("Decisions", "L2", "perhaps", "Decisions!L2 (cancelled): found 'perhaps'; expected yes or no"),
        ("Decisions", "J2", "maybe", "Decisions!J2 (status): found 'maybe'; expected offer or signed"),
        ("Decisions", "D2", None, "Decisions!D2 (term_months): found an empty cell; expected a value for every lease"),
        ("Capacity", "G2", True, "Capacity!G2 (accelerators): found TRUE; expected a number"),
        ("Limits", "D1", "rule", "found no column limit; expected the columns month, segment, lever, limit in row 1"),
        ("Spend", "E2", "=1+1", "Spend!E2 (cash_usd): found a formula without a saved value; expected a number"),
    ],
)
def test_edited_cells(written: Path, sheet: str, cell: str, value: object, expected: str) -> None:
    """A cell or header edited into something that no plan holds is named, with what belongs there."""
    edit(written, sheet, cell, value)
    assert expected in faults(written)[0]


def test_all_faults_at_once(written: Path) -> None:
    """Faults of several sheets are told together."""
    edit(written, "Spend", "E2", "lots")
    edit(written, "Decisions", "E3", "two")
    assert len(faults(written)) == 2


def test_missing_sheets_are_named(written: Path) -> None:
    """A workbook without the sheets of a plan is no plan, and the message names them."""
    book = openpyxl.load_workbook(written)
    del book["Spend"], book["Source use"]
    book.save(written)
    assert "without the sheets Spend, Source use" in faults(written)[0]


@pytest.mark.parametrize(
    ("content", "expected"),
    [(b"", "an empty file"), (b"month,offer\n1,2\n", "a text file (CSV)"), (b"PK\x03\x04 cut off", "damaged")],
)
def test_no_workbook(tmp_path: Path, content: bytes, expected: str) -> None:
    """A file that is no workbook is refused in words."""
    path = tmp_path / "plan.xlsx"
    path.write_bytes(content)
    assert expected in faults(path)[0]


def test_no_file(tmp_path: Path) -> None:
    """A path without a file is refused in words."""
    assert "no file with that name" in faults(tmp_path / "none.xlsx")[0]


amounts = st.floats(min_value=1e-6, max_value=1e12)
letters = st.characters(exclude_categories=["Cs", "Cc", "Cf", "Zs", "Zl", "Zp", "Cn"])
names = st.text(letters, min_size=1, max_size=40).map(seen).filter(str.strip)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=names, cash=st.lists(st.tuples(amounts, amounts), max_size=5), limit=names)
def test_any_name_and_amount(tmp_path: Path, name: str, cash: list[tuple[float, float]], limit: str) -> None:
    """Whatever the names and amounts, what is read is what was written."""
    plan = Plan(
        limits=(LimitChoice("chat", 0, limit),),
        payments=tuple(Payment(t, "fleet", name, name, paid, -counted) for t, (paid, counted) in enumerate(cash)),
    )
    path = tmp_path / "plan.xlsx"
    write(path, DATA, plan, report(plan))
    assert alike(read_plan(path, DATA), plan)

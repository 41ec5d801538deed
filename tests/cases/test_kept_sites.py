"""An own site without a last month, and its loan, in what a plan tells."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders import JAN, dataset, solved

from models.faults import FaultyWorkbook
from models.plan import Plan, Signing
from models.schema import OwnSite
from models.supply.own_build_kind import SITE
from planner.excel.plan_file import PlanSheets
from planner.reports.plan.run_json import decisions_json
from planner.results.lock_in import lock_in
from planner.results.plan_figures import PlanFigures
from planner.results.scenario_decisions import ScenarioDecision


def test_a_kept_site_binds_until_its_loan_is_paid_back() -> None:
    """2 kW on a loan of four instalments from February bind for 4 months in January, not for a century."""
    loan = {"capex_usd_per_mw": 1000.0, "financed_share": 1.0, "tenor_months": 4}
    signed = {"status": "signed", "signed_month": JAN, "signed_blocks": 1}
    data = dataset(OwnSite(build="plant", region="us", block_mw=0.002, **loan, **signed))
    plan = Plan(signings=(Signing(SITE, "plant", 0, 1200, 1, 0, 1199, signed=True),))
    rows = lock_in(data, plan)
    assert [each.months_left for each in rows] == [4, 3, 2]
    assert [each.owed_usd for each in rows] == pytest.approx([2.0, 1.5, 1.0])


def test_a_kept_site_has_no_end_in_run_json() -> None:
    """Term and last month are null of a site that is kept, signed or built, and a month of one that is not."""
    signed = {"status": "signed", "signed_month": JAN, "signed_blocks": 1}
    sites = [
        OwnSite(build="plant", region="us", block_mw=0.002, **signed),
        OwnSite(build="hall", region="us", block_mw=0.002, term_months=24, **signed),
    ]
    data = dataset(*sites)
    told = {each["name"]: each for each in decisions_json(PlanFigures(data, solved(data)))}
    assert (told["plant"]["term_months"], told["plant"]["end_month"]) == (None, None)
    assert told["hall"]["term_months"] == 24
    assert told["hall"]["end_month"] > told["hall"]["month"]


@pytest.mark.parametrize(
    ("term", "words"),
    [(1, "build 1 block for 1 month"), (24, "build 1 block for 24 months"), (1200, "build 1 block to keep")],
)
def test_the_words_of_a_site(term: int, words: str) -> None:
    """A site is built for its term or, without a last month, to keep."""
    assert ScenarioDecision(do="build", month=0, name="plant", kind=SITE, term_months=term).words(str) == words


def test_a_folder_is_no_plan(tmp_path: Path) -> None:
    """A folder in the place of a plan is told to be one."""
    with pytest.raises(FaultyWorkbook, match="found a folder"):
        PlanSheets(tmp_path)

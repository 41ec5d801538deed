"""`planner scenarios` from the command line: a copy with sampled scenarios, which checks clean and keeps the rest."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from commandline import Run, decision
from sheets import CONTRACT, workbook

from models.months import month_of
from planner.problem_reader import read

OPTIONS = ("--demand-volatility", "0.1", "--delay-prior", "L=new_build", "--sample", 200, "--count", 5)


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """A workbook of 2026 with hours on demand, a lease and a remark of its owner in it."""
    path = workbook(tmp_path / "plain.xlsx", decision(), CONTRACT)
    book = openpyxl.load_workbook(path)
    leases = book["leases"]
    leases.cell(1, leases.max_column + 1, "note")
    leases.cell(2, leases.max_column, "ask Kim before signing")
    book.create_sheet("scratch")["A1"] = "not the planner's"
    book.save(path)
    return path


@pytest.fixture
def staged(plain: Path) -> Path:
    """The same with a first stage of three months."""
    book = openpyxl.load_workbook(plain)
    book["settings"].append(["first_stage_months", 3])
    book.save(plain)
    return plain


def rows_of(path: Path, sheet: str) -> list[tuple[Any, ...]]:
    return list(openpyxl.load_workbook(path)[sheet].iter_rows(values_only=True))


def test_scenarios_are_written_and_check_clean(here: Run, staged: Path, tmp_path: Path) -> None:
    """The copy has as many scenarios as asked, says so in JSON, and has no fault that the input has not."""
    said = here("scenarios", staged, *OPTIONS, "-o", "out.xlsx", "--json").json
    assert [each["scenario"] for each in said["scenarios"]] == ["s01", "s02", "s03", "s04", "s05"]
    assert abs(sum(each["probability"] for each in said["scenarios"]) - 1.0) <= 1e-12
    assert 0.0 < said["relative_distance"] < 1.0
    result = read(tmp_path / "out.xlsx")
    assert result.dataset is not None
    assert [each.scenario for each in result.dataset.scenarios] == ["s01", "s02", "s03", "s04", "s05"]
    new = {fault.sheet for fault in result.faults} - {fault.sheet for fault in read(staged).faults}
    assert new <= {"scenarios"}
    checked = here("check", "out.xlsx", "--json").json
    assert checked["errors"] == 0
    assert "scenario_notes" not in str(checked["faults"])


def test_prices_stand_in_months_of_signing_only(here: Run, tmp_path: Path) -> None:
    """A lease that nobody can sign after March has no row of a price after it, of which the check would warn."""
    lease = {"lease": "L", "provider": "neo", "region": "us", "units_max": 20, "sign_until": "2026-03"}
    book = workbook(tmp_path / "until.xlsx", decision(leases=[lease]))
    options = ("--offer-price-volatility", "L=0.1", "--sample", 50, "--count", 3)
    assert here("scenarios", book, *options, "-o", "out.xlsx").code == 0
    result = read(tmp_path / "out.xlsx")
    priced = {each.from_month for each in result.valid_dataset().scenario_factors}
    assert priced == {month_of(2026, 2), month_of(2026, 3)}
    assert not [fault for fault in result.faults if fault.warning == "factor-without-effect"]


@pytest.mark.parametrize(
    ("option", "what"),
    [
        ("--on-demand-cap-spread", "max_accelerators"),
        ("--elasticity-spread", "price_elasticity"),
        ("--churn-spread", "cost customers"),
        ("--rival-spread", "share_won_per_generosity"),
        ("--usage-price-volatility", "charge for use"),
    ],
)
def test_what_acts_on_nothing_is_refused(here: Run, plain: Path, option: str, what: str) -> None:
    """Where the workbook has nothing of the kind no scenarios are made that would differ in name only."""
    said = here("scenarios", plain, option, "0.1", "-o", "out.xlsx")
    assert said.code == 2
    assert "nothing it could act on" in said.err
    assert what in said.err
    assert not Path("out.xlsx").exists()


def test_lost_spread_is_a_warning_with_the_count_that_keeps_it(here: Run, plain: Path, tmp_path: Path) -> None:
    """Few scenarios of many uncertainties are told to be too few; with the count that is named nothing is told."""
    words = ("--demand-volatility", "0.1", "--price-volatility", "0.1", "--sample", 200, "-o", "out.xlsx", "--force")
    few = here("scenarios", plain, *words, "--count", 2, "--json").json
    assert "do not keep the spread" in few["spread_lost"]
    assert few["spread_lost"] in {row[1] for row in rows_of(tmp_path / "out.xlsx", "scenario_notes")}
    enough = re.search(r"--count (\d+) keeps it", few["spread_lost"])
    assert enough is not None
    many = here("scenarios", plain, *words, "--count", enough[1], "--json").json
    assert many["spread_lost"] == ""
    for each in many["moments"]:
        assert each["deviation_kept"] >= 0.75 * each["deviation"]
        assert abs(each["mean_kept"] - each["mean"]) <= 0.25 * each["deviation"]
    assert "warning: 2 scenarios" in here("scenarios", plain, *words, "--count", 2).out


def test_the_words_beside_a_scenario_are_its_figures(here: Run, plain: Path, tmp_path: Path) -> None:
    """The note of each scenario names the demand of the last month and the months late that its factors hold."""
    here("scenarios", plain, *OPTIONS, "-o", "out.xlsx")
    header, *rows = rows_of(tmp_path / "out.xlsx", "scenarios")
    notes = {row[0]: row[header.index("note")] for row in rows}
    data = read(tmp_path / "out.xlsx").dataset
    assert data is not None
    for name, note in notes.items():
        own = [row for row in data.scenario_factors if row.scenario == name]
        level = max((row for row in own if row.quantity == "demand"), key=lambda row: row.from_month or 0).value
        late = [row.value for row in own if row.quantity == "delivery_delay_months"]
        assert note.startswith(f"demand {(level - 1) * 100:+.0f} % by 2026-12")
        assert ("late" in note) == bool(late)
        if late:
            assert f"L {late[0]:.0f} month" in note


def test_a_seed_is_a_workbook(here: Run, plain: Path, tmp_path: Path) -> None:
    """The same seed writes the same sheets, another seed other ones."""
    for name, seed in (("one", 7), ("two", 7), ("three", 8)):
        assert here("scenarios", plain, *OPTIONS, "--seed", seed, "-o", f"{name}.xlsx").code == 0
    for sheet in ("scenarios", "scenario_factors", "scenario_notes"):
        one, two, three = (rows_of(tmp_path / f"{name}.xlsx", sheet) for name in ("one", "two", "three"))
        assert one == two
        assert one != three


def test_what_people_wrote_stays(here: Run, plain: Path, tmp_path: Path) -> None:
    """Sheets and remarks that are not the scenarios' are in the copy as they were, and the input is untouched."""
    before = plain.read_bytes()
    here("scenarios", plain, *OPTIONS, "-o", "out.xlsx")
    assert plain.read_bytes() == before
    for sheet in openpyxl.load_workbook(plain).sheetnames:
        assert rows_of(tmp_path / "out.xlsx", sheet) == rows_of(plain, sheet)


def test_how_they_were_made_stands_in_the_workbook(here: Run, plain: Path, tmp_path: Path) -> None:
    """The sheet scenario_notes has the seed, the options, the fact behind a prior, the distance and the moments."""
    said = here("scenarios", plain, *OPTIONS, "--seed", 3, "-o", "out.xlsx", "--json").json
    rows = rows_of(tmp_path / "out.xlsx", "scenario_notes")
    assert ("option", "seed", 3, None) in rows
    assert ("option", "delay_prior L=new_build", None, None) in rows
    assert any(row[0] == "fact" and "L15" in row[1] for row in rows)
    assert ("distance", "Kantorovich, from the paths drawn", 0, pytest.approx(said["distance"])) in rows
    means = {row[1]: row[2:] for row in rows if row[0] == "mean"}
    first = said["moments"][0]
    assert means[f"{first['quantity']} of {first['name']} in the last month"] == pytest.approx(
        (first["mean"], first["mean_kept"])
    )


def test_scenarios_that_are_there_are_kept_unless_told(here: Run, plain: Path, tmp_path: Path) -> None:
    """A workbook with scenarios is refused with exit 2; with --force the copy has the new ones only."""
    assert here("scenarios", plain, *OPTIONS, "-o", "first.xlsx").code == 0
    again = here("scenarios", "first.xlsx", *OPTIONS, "--count", 3, "-o", "second.xlsx")
    assert again.code == 2
    assert "--force" in again.err
    assert not (tmp_path / "second.xlsx").exists()
    assert here("scenarios", "first.xlsx", *OPTIONS, "--count", 3, "-o", "second.xlsx", "--force").code == 0
    data = read(tmp_path / "second.xlsx").dataset
    assert data is not None
    assert [each.scenario for each in data.scenarios] == ["s01", "s02", "s03"]
    assert {row.scenario for row in data.scenario_factors} <= {"s01", "s02", "s03"}
    assert sum(row[0] == "made" for row in rows_of(tmp_path / "second.xlsx", "scenario_notes")) == 1


def test_nothing_is_replaced_unasked(here: Run, plain: Path) -> None:
    """An output that exists is kept, exit 7, unless --force is given; the input is never an output."""
    assert here("scenarios", plain, *OPTIONS, "-o", "once.xlsx").code == 0
    assert here("scenarios", plain, *OPTIONS, "-o", "once.xlsx").code == 7
    assert here("scenarios", plain, *OPTIONS, "-o", "once.xlsx", "--force").code == 0
    assert here("scenarios", plain, *OPTIONS, "-o", plain, "--force").code == 2


def test_all_that_is_wrong_with_the_options_is_said_at_once(here: Run, plain: Path, tmp_path: Path) -> None:
    """Every misfit of the options is a line of its own, and nothing is written."""
    said = here(
        "scenarios", plain, "--demand-volatility", "chta=0.1", "--growth-spread", "much", "--delay-prior", "L=newbuild",
        "--delay-prior", "C=0:0.5,3:0.4", "--delivered-prior", "L=1:0.5,1:0.5", "--exit-hazard", "neo=0.1",
        "--exit-hazard", "neo=0.2", "--count", 50, "--sample", 20, "--nodes", 2, "-o", "out.xlsx",
    )  # fmt: skip
    assert said.code == 2
    for words in (
        "Did you mean 'chat'", "growth-spread much", "Did you mean 'new_build'", "sum to 0.9", "named twice",
        "given twice", "raise --sample", "--nodes needs --branch",
    ):  # fmt: skip
        assert words in said.err
    assert not (tmp_path / "out.xlsx").exists()
    assert here("scenarios", plain, "-o", "out.xlsx").code == 2


def test_a_faulty_workbook_gives_its_faults(here: Run, faulty: Path) -> None:
    """A workbook with errors is not sampled: exit 2 and its faults."""
    said = here("scenarios", faulty, *OPTIONS, "-o", "out.xlsx", "--json")
    assert said.code == 2
    assert said.json["faults"]


def test_options_come_from_the_environment_and_a_file(here: Run, plain: Path, tmp_path: Path) -> None:
    """Repeated options stand on lines of their own in the environment, in a list in the config file."""
    (tmp_path / "options.toml").write_text('demand-volatility = 0.1\ndelay-prior = ["L=new_build", "C=1:1"]\ncount = 4')
    by_file = here("scenarios", plain, "--config", "options.toml", "-o", "file.xlsx", "--json").json
    by_environment = here(
        "scenarios", plain, "-o", "environment.xlsx", "--json", PLANNER_DEMAND_VOLATILITY="0.1", PLANNER_COUNT="4",
        PLANNER_DELAY_PRIOR="L=new_build\nC=1:1",
    ).json  # fmt: skip
    assert by_file["scenarios"] == by_environment["scenarios"]
    assert len(by_file["scenarios"]) == 4


def test_a_branch_makes_a_tree_of_two_levels(here: Run, staged: Path, tmp_path: Path) -> None:
    """Each node has one scenario that follows none; the others follow it until the branch; probabilities sum to 1."""
    said = here(
        "scenarios", staged, "--demand-volatility", "0.2", "--count", 8,
        "--branch", "2026-09", "--nodes", 3, "-o", "tree.xlsx", "--json",
    )  # fmt: skip
    assert said.code == 0
    data = read(tmp_path / "tree.xlsx").dataset
    assert data is not None
    leaders = {each.scenario for each in data.scenarios if each.follows is None}
    assert len(leaders) == 3
    followers = [each for each in data.scenarios if each.follows is not None]
    assert len(followers) == 5
    assert {each.follows for each in followers} <= leaders
    assert {each.branches_at for each in followers} == {month_of(2026, 9)}
    assert {each.branches_at for each in data.scenarios if each.follows is None} == {None}
    assert abs(sum(each["probability"] for each in said.json["scenarios"]) - 1.0) <= 1e-12


def test_a_node_holds_what_looks_alike_so_far(here: Run, staged: Path, tmp_path: Path) -> None:
    """With a node for each month in which the first stage can see a supplier go, every node is of one such month."""
    here(
        "scenarios", staged, "--exit-hazard", "neo=0.4", "--delay-prior", "C=0:0.5,5:0.5", "--count", 12,
        "--branch", "2026-06", "--nodes", 3, "-o", "tree.xlsx",
    )  # fmt: skip
    data = read(tmp_path / "tree.xlsx").dataset
    assert data is not None
    gone = {row.scenario: row.from_month for row in data.scenario_factors if row.quantity == "supplier_exit"}
    seen = {name: month for name, month in gone.items() if month is not None and month < month_of(2026, 4)}
    assert set(seen.values()) == {month_of(2026, 2), month_of(2026, 3)}
    followers = [each for each in data.scenarios if each.follows is not None]
    assert len(followers) == 9
    for each in followers:
        assert seen.get(each.scenario) == seen.get(each.follows or "")


@pytest.mark.parametrize("month", ["2026-03", "2027-01"])
def test_a_branch_lies_between_first_stage_and_end(here: Run, staged: Path, month: str) -> None:
    """A branch before the first stage ends or beyond the horizon is refused, and so is one where nothing shows."""
    said = here("scenarios", staged, *OPTIONS, "--branch", "2026-04", "-o", "out.xlsx")
    assert said.code == 2
    said = here("scenarios", staged, *OPTIONS, "--branch", month, "-o", "out.xlsx")
    assert said.code == 2
    assert "after 2026-04" in said.err
    unseen = here("scenarios", staged, "--delay-prior", "L=new_build", "--branch", "2026-07", "-o", "out.xlsx")
    assert unseen.code == 2
    assert "before the first stage ends" in unseen.err


def test_the_history_sheet_is_read_and_changes_no_plan(here: Run, plain: Path, tmp_path: Path) -> None:
    """A wide history without regions is a known sheet, feeds the bootstrap, and says nothing to check."""
    book = openpyxl.load_workbook(plain)
    sheet = book.create_sheet("history")
    sheet.append(["segment", "2025-07", "2025-08", "2025-09", "2025-10", "2025-11", "2025-12"])
    sheet.append(["chat", 10, 11, 11.5, 13, 12.8, 14])
    book.save(plain)
    data = read(plain).dataset
    assert data is not None
    assert [(row.region, row.tokens_bn_per_day) for row in data.history][:2] == [(None, 10.0), (None, 11.0)]
    assert "history" not in {fault.sheet for fault in read(plain).faults}
    said = here("scenarios", plain, "--history-bootstrap", "--block", 2, "--count", 4, "-o", "out.xlsx", "--json")
    assert said.code == 0
    assert {row.quantity for row in read(tmp_path / "out.xlsx").dataset.scenario_factors} == {"demand"}  # type: ignore[union-attr]


def test_overrides_act_on_the_sampling_only(here: Run, plain: Path, tmp_path: Path) -> None:
    """A value set for the run decides which paths are kept and leaves its cell; months cannot be set so."""
    words = ("--demand-volatility", "0.1", "--sample", 50, "--set", "segments.chat.headroom_share=0.1")
    assert here("scenarios", plain, *words, "-o", "out.xlsx").code == 0
    assert rows_of(tmp_path / "out.xlsx", "segments") == rows_of(plain, "segments")
    said = here("scenarios", plain, *words, "--set", "settings.months=6", "-o", "short.xlsx")
    assert said.code == 2
    assert "settings.months" in said.err


EXAMPLES = {
    "frontier_lab": ("--price-volatility", "8%", "--delay-prior", "energised_site", "--exit-hazard", "CoreWeave=1%"),
    "lessor": (
        "--force", "--growth-spread", "1%", "--correlation", "0.5", "--taker-exit-hazard", "2%",
        "--revenue-volatility", "3%", "--demand-correlation", "revenue=0.5",
        "--demand-correlation", "supplier_exit=-0.5",
    ),
    "starter": ("--price-volatility", "H100=8%"),
}  # fmt: skip


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_can_be_sampled(here: Run, name: str) -> None:
    """Each example takes volatility of demand and what else fits it, in place of the scenarios it may have."""
    source = Path(__file__).parents[2] / "inputs" / f"{name}.xlsx"
    said = here(
        "scenarios", source, "--demand-volatility", "5%", *EXAMPLES[name], "--sample", 100, "-o",
        "out.xlsx", "--json",
    )  # fmt: skip
    assert said.code == 0
    assert len(said.json["scenarios"]) == 9
    assert here("check", "out.xlsx", "--json").json["errors"] == 0

"""`planner` as people meet it first: help, init, check and audit."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest
from commandline import Run, decision, environment
from sheets import workbook

HEAVY = ("openpyxl", "pandas", "pyomo", "numpy", "scipy", "highspy", "xlsxwriter", "rich")


class TestHelp:
    def test_help_loads_nothing_heavy_and_takes_a_moment(self, tmp_path: Path) -> None:
        """`planner --help` imports none of the libraries the work needs, and takes under 0.3 s of a processor."""
        words = [sys.executable, "-X", "importtime", "-m", "planner", "--help"]
        done = subprocess.run(words, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=True)
        imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
        assert "click" in imported
        assert not imported & set(HEAVY)
        spent = []
        for _ in range(3):
            before = os.times()
            subprocess.run(words[:1] + words[3:], cwd=tmp_path, env=environment(), capture_output=True, check=True)
            after = os.times()
            spent.append(after.children_user + after.children_system - before.children_user - before.children_system)
        assert min(spent) < 0.3

    @pytest.mark.slow
    def test_a_plan_without_scenarios_needs_no_pandas(self, small: Path, tmp_path: Path) -> None:
        """Reading, solving, auditing and writing a plain plan never load it."""
        words = [sys.executable, "-X", "importtime", "-m", "planner", "solve", str(small), "-o", "plan.xlsx"]
        done = subprocess.run(words, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=True)
        imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
        assert "highspy" in imported
        assert "pandas" not in imported

    @pytest.mark.parametrize("name", ["init", "check", "solve", "audit", "roll"])
    def test_every_command_explains_itself(self, here: Run, name: str) -> None:
        """Each command has its help and exits with 0."""
        said = here(name, "--help")
        assert said.code == 0
        assert "--log-file" in said.out

    @pytest.mark.parametrize("words", [["sovle", "x.xlsx"], ["solve"], ["check", "x.xlsx", "--gpa", "1"]])
    def test_wrong_usage_is_said_and_still_one_json_object(self, run: Run, words: list[str]) -> None:
        """A slip in the command line exits with 2; with --json standard output still holds one object."""
        said = run(*words, "--json")
        assert said.code == 2
        assert said.json["exit_code"] == 2
        assert said.err


class TestInit:
    def test_from_nothing_to_an_audited_plan(self, run: Run, tmp_path: Path) -> None:
        """A person with no workbook gets a template, checks it, solves it and audits the plan, all with exit 0."""
        assert run("init", "new.xlsx").code == 0
        checked = run("check", "new.xlsx")
        assert (checked.code, checked.out) == (0, "new.xlsx: no faults.\n")
        solved = run("solve", "new.xlsx", "-o", "plan.xlsx")
        assert solved.code == 0
        for words in ("Net present cost", "Gap", "Sign first", "block of 64", "plan.xlsx"):
            assert words in solved.out
        assert run("audit", "new.xlsx", "plan.xlsx").code == 0
        assert sorted(each.name for each in tmp_path.iterdir()) == [
            "new.xlsx",
            "plan.run.json",
            "plan.run.log",
            "plan.xlsx",
        ]

    def test_a_file_is_replaced_only_by_force(self, here: Run, tmp_path: Path) -> None:
        """init refuses to write over a file, which stays as it is; --force replaces it."""
        (tmp_path / "mine.xlsx").write_text("precious")
        said = here("init", "mine.xlsx")
        assert said.code == 7
        assert "--force" in said.err
        assert (tmp_path / "mine.xlsx").read_text() == "precious"
        assert here("init", "mine.xlsx", "--force").code == 0
        assert here("check", "mine.xlsx").code == 0

    def test_examples_are_at_hand(self, here: Run, tmp_path: Path) -> None:
        """--example writes a whole example that checks clean; an unknown one is answered with the names."""
        assert here("init", "mine.xlsx", "--example", "starter").code == 0
        assert here("check", "mine.xlsx").code == 0
        said = here("init", "other.xlsx", "--example", "startr")
        assert said.code == 2
        assert all(name in said.err for name in ("starter", "frontier_lab", "lessor"))
        assert not (tmp_path / "other.xlsx").exists()


class TestCheck:
    def test_every_fault_is_listed_at_once(self, run: Run, faulty: Path) -> None:
        """check prints each fault with its cell and exits with 2; --json gives the same faults and nothing else."""
        said = run("check", faulty)
        assert said.code == 2
        for words in ("lease_terms!B2", "'a year'", "on_demand!C2", "Did you mean 'H100'?", "on_demand!D2", "3 errors"):
            assert words in said.out
        told = run("check", faulty, "--json")
        assert told.code == 2
        assert told.json["errors"] == 3
        assert {fault["cell"] for fault in told.json["faults"]} == {"B2", "C2", "D2"}

    def test_warnings_alone_are_no_failure(self, here: Run, tmp_path: Path) -> None:
        """A workbook with warnings only can be solved, so check says them and exits with 0."""
        path = workbook(tmp_path / "odd.xlsx", decision(remarks=[{"x": 1}]))
        said = here("check", path)
        assert said.code == 0
        assert "warning" in said.out

    def test_the_marked_copy_is_written_and_the_original_kept(self, here: Run, faulty: Path) -> None:
        """--annotate marks a copy; over the workbook itself it is wrong usage."""
        before = faulty.read_bytes()
        assert here("check", faulty, "--annotate", "marked.xlsx").code == 2
        assert openpyxl.load_workbook(faulty.parent / "marked.xlsx").sheetnames[0] == "Issues"
        said = here("check", faulty, "--annotate", faulty)
        assert said.code == 2
        assert "itself" in said.err
        assert faulty.read_bytes() == before

    @pytest.mark.parametrize("content", [None, b"", b"a,b\n1,2\n", b"PK\x03\x04"])
    def test_what_is_no_workbook_is_said_to_be_none(self, here: Run, tmp_path: Path, content: bytes | None) -> None:
        """A missing, empty, renamed or damaged file is a fault of the input, with exit 2 and no traceback."""
        if content is not None:
            (tmp_path / "x.xlsx").write_bytes(content)
        said = here("check", "x.xlsx")
        assert said.code == 2
        assert "expected" in said.out


class TestAudit:
    def test_a_plan_that_was_tampered_with_is_rejected(self, here: Run, small: Path) -> None:
        """A changed figure in a written plan is found from the workbooks alone, with exit 6."""
        assert here("solve", small, "-o", "plan.xlsx").code == 0
        path = small.parent / "plan.xlsx"
        good = here("audit", small, path, "--json")
        assert (good.code, good.json["audit"]["passed"]) == (0, True)
        book = openpyxl.load_workbook(path)
        decisions = book["Decisions"]
        column = next(cell.column for row in decisions.iter_rows() for cell in row if cell.value == "units")
        row = next(
            cell.row for cell in decisions[openpyxl.utils.get_column_letter(column)] if isinstance(cell.value, int)
        )
        decisions.cell(row, column).value = 1
        book.save(path)
        bad = here("audit", small, path, "--json")
        assert (bad.code, bad.json["audit"]["passed"]) == (6, False)
        assert any(not check["passed"] and check["where"] for check in bad.json["checks"])

    def test_a_plan_of_another_workbook_is_said_to_be_one(self, here: Run, small: Path) -> None:
        """When the workbook or the overrides have changed since, the audit says that first of all."""
        dearer = "on_demand.spot/us/H100.usd_per_accelerator_hour=6"
        assert here("solve", small, "-o", "plan.xlsx", "--set", dearer).code == 0
        assert here("audit", small, "plan.xlsx", "--set", dearer, "--json").json["notes"] == []
        assert f"made with --set '{dearer}'" in here("audit", small, "plan.xlsx").out
        assert here("solve", small, "-o", "plain.xlsx").code == 0
        assert here("audit", small, "plain.xlsx", "--json").json["notes"] == []
        workbook(small, decision(fleet=None))
        assert "another version of the workbook" in here("audit", small, "plan.xlsx", "--set", dearer).out

    def test_what_is_no_plan_is_said_to_be_none(self, here: Run, small: Path) -> None:
        """An input workbook in the place of the plan is wrong input, not a broken plan."""
        said = here("audit", small, small)
        assert said.code == 2
        assert "a plan of it" in said.err


class TestProblemAndPlan:
    @pytest.mark.parametrize("words", [["audit"], ["explain"], ["stress", "--count", "2"]])
    def test_problem_and_plan_are_told_apart_in_either_order(self, here: Run, small: Path, words: list[str]) -> None:
        """A command that takes a problem and a plan does the same whichever comes first."""
        assert here("solve", small, "-o", "plan.xlsx").code == 0
        name, *options = words
        options += ["--demand-volatility", "5%"] if name == "stress" else []
        codes = [here(name, *pair, *options).code for pair in ((small, "plan.xlsx"), ("plan.xlsx", small))]
        assert codes == [0, 0]

    def test_two_of_a_kind_are_refused(self, here: Run, small: Path) -> None:
        """Two plans or two problems where one of each is meant are wrong usage, told as what they are."""
        assert here("solve", small, "-o", "plan.xlsx").code == 0
        plans, problems = here("audit", "plan.xlsx", "plan.xlsx"), here("audit", small, small)
        assert (plans.code, problems.code) == (2, 2)
        assert "both plans" in plans.err
        assert "both workbooks to solve" in problems.err

    def test_a_plan_in_the_place_of_a_problem_is_one_fault(self, here: Run, small: Path) -> None:
        """`check` of a plan says that it is a plan, once, instead of listing the sheets that it lacks."""
        assert here("solve", small, "-o", "plan.xlsx").code == 0
        said = here("check", "plan.xlsx", "--json")
        assert said.code == 2
        assert [fault["found"] for fault in said.json["faults"]] == ["a plan"]
        compared = here("compare", "plan.xlsx", small)
        assert compared.code == 2
        assert "a problem to solve" in compared.out + compared.err

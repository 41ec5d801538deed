"""`planner solve`: every way a run can end, and the files it leaves."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from commandline import Run, in_a_process, left_by
from sheets import workbook


class TestSolve:
    def test_json_is_all_there_is_on_standard_output(self, run: Run, small: Path) -> None:
        """With --json standard output is run.json and nothing else; messages are on standard error."""
        said = run("solve", small, "--json")
        document, log, has_plan = left_by(small.parent, "small")
        assert said.code == 0
        assert said.json == document
        assert has_plan
        assert "Reading" in said.err
        assert document["status"] == "optimal"
        assert document["gap"] <= document["options"]["gap"]
        assert sum(document["costs_usd"].values()) == pytest.approx(document["objective_usd"], rel=1e-6)
        assert document["saving_usd"] == pytest.approx(document["base_case_usd"] - document["objective_usd"])
        assert document["saving_usd"] > 0
        assert set(document["seconds"]) == {"read", "build", "solve", "audit", "write", "total"}
        assert "HiGHS" in log

    def test_quiet_says_nothing_when_all_is_well(self, here: Run, small: Path) -> None:
        """A scheduler that mails whatever is said gets no mail for a good run."""
        said = here("solve", small, "--quiet", "-o", "plan.xlsx")
        assert (said.code, said.out, said.err) == (0, "", "")
        assert (small.parent / "plan.xlsx").exists()

    def test_names_a_terminal_cannot_show_do_no_harm(self, run: Run, small: Path) -> None:
        """A plan with a name in any script is solved under cron's plain ASCII, and its name is whole in run.json."""
        name = "Kapazit\u00e4t \u8ba1\u7b97 \u2192 2027"
        said = run("solve", small, "-o", "plan.xlsx", "--set", f"settings.plan_name={name}", PYTHONIOENCODING="ascii")
        assert said.code == 0
        assert json.loads((small.parent / "plan.run.json").read_text(encoding="utf-8"))["plan_name"] == name

    def test_a_faulty_workbook_is_not_solved(self, run: Run, faulty: Path) -> None:
        """Faults are listed with exit 2 even when quiet; run.json and run.log tell them, and there is no plan."""
        said = run("solve", faulty, "--quiet")
        assert said.code == 2
        assert "lease_terms!B2" in said.out
        document, log, has_plan = left_by(faulty.parent, "faulty")
        assert (document["status"], len(document["faults"]), has_plan) == ("invalid", 3, False)
        assert "lease_terms!B2" in log

    def test_an_infeasible_workbook_has_an_answer(self, run: Run, impossible: Path) -> None:
        """Where no plan exists the exit code is 3, in words that help, and run.json says infeasible."""
        said = run("solve", impossible)
        assert said.code == 3
        assert "No plan exists" in said.out
        document, _, has_plan = left_by(impossible.parent, "impossible")
        assert (document["status"], document["objective_usd"], has_plan) == ("infeasible", None, False)

    def test_a_limit_keeps_the_best_plan_with_its_real_gap(self, run: Run, hard: Path) -> None:
        """Stopped by the limit, the plan is written and audited, is not called optimal, and exits with 4."""
        said = run("solve", hard, "--gap", "0", "--time-limit", "2s", "--json")
        assert said.code == 4
        told = said.json
        assert (told["status"], told["audit"]["passed"]) == ("stopped", True)
        assert 0 < told["gap"] < 0.2
        assert told["bound_usd"] < told["objective_usd"]
        assert told["plan_path"]
        assert told["base_case_usd"] is None

    def test_who_accepts_a_stopped_plan_gets_exit_0(self, here: Run, hard: Path) -> None:
        """--accept-stopped changes the exit code and not the status."""
        said = here("solve", hard, "--time-limit", "1", "--gap", "0%", "--accept-stopped", "--json")
        assert (said.code, said.json["status"]) == (0, "stopped")

    def test_a_solver_that_does_not_stop_is_left_behind(self, tmp_path: Path, small: Path) -> None:
        """However deep the solver is in its work, the run ends soon after its limit, here with exit 5 for no plan."""
        patch = (
            "import time, highspy, planner.solving.highs\n"
            "highspy.Highs.run = lambda self: time.sleep(600)\n"
            "planner.solving.highs.GRACE_SECONDS = 0.5"
        )
        began = time.monotonic()
        said = in_a_process(tmp_path, "solve", small, "--time-limit", "0.5", patch=patch)
        assert said.code == 5
        assert time.monotonic() - began < 60
        document, _, has_plan = left_by(small.parent, "small")
        assert (document["status"], has_plan) == ("no_plan", False)

    def test_a_plan_the_audit_rejects_is_not_published(self, tmp_path: Path, small: Path) -> None:
        """Exit 6, the broken rules are told, and the plan of an earlier run stays as it was."""
        assert in_a_process(tmp_path, "solve", small, "-o", "plan.xlsx").code == 0
        before = (small.parent / "plan.xlsx").read_bytes()
        patch = (
            "from dataclasses import replace\n"
            "from models.core.model import Model\n"
            "plan = Model.plan\n"
            "Model.plan = lambda self, values: replace(plan(self, values), serving=())"
        )
        said = in_a_process(tmp_path, "solve", small, "-o", "plan.xlsx", "--json", patch=patch)
        assert (said.code, said.json["status"]) == (6, "rejected")
        assert said.json["warnings"]
        assert (small.parent / "plan.xlsx").read_bytes() == before

    def test_a_fault_of_ours_is_one_line_with_the_log(self, tmp_path: Path, small: Path) -> None:
        """Exit 1, one line on standard error that names the log, and the traceback only in there."""
        patch = "from planner.solving import search\ndef f(*a, **b): raise RuntimeError('surprise')\nsearch.solve = f"
        said = in_a_process(tmp_path, "solve", small, "-o", "plan.xlsx", "--quiet", "--json", patch=patch)
        assert said.code == 1
        assert len(said.err.splitlines()) == 1
        assert "plan.run.log" in said.err
        assert said.json["exit_code"] == 1
        log = (small.parent / "plan.run.log").read_text(encoding="utf-8")
        assert "Traceback" in log
        assert "surprise" in log

    def test_the_report_says_where_each_option_came_from(self, here: Run, small: Path) -> None:
        """Flag, environment, config and default: the value that won and its place are in run.json."""
        (small.parent / "planner.toml").write_text('gap = "1%"\nseed = 7\nthreads = 1\n')
        environment = {"PLANNER_SEED": "8", "PLANNER_THREADS": "2", "PLANNER_CONFIG": "planner.toml"}
        told = here("solve", small, "--json", "--threads", 1, **environment).json
        assert {name: told["options"][name] for name in ("gap", "seed", "threads", "time_limit")} == {
            "gap": 0.01,
            "seed": 8,
            "threads": 1,
            "time_limit": None,
        }
        assert {name: told["option_sources"][name] for name in ("gap", "seed", "threads", "time_limit")} == {
            "gap": "config",
            "seed": "environment",
            "threads": "flag",
            "time_limit": "default",
        }

    def test_an_override_changes_this_run_only(self, here: Run, small: Path) -> None:
        """--set stands in for a cell; the workbook stays as it is, and the audit wants the same --set."""
        before = small.read_bytes()
        dearer = "lease_terms.L/12.usd_per_accelerator_hour=9"
        told = here("solve", small, "--set", dearer, "-o", "plan.xlsx", "--json").json
        assert (told["decisions"], told["options"]["set"]) == ([], [dearer])
        assert small.read_bytes() == before
        assert here("audit", small, "plan.xlsx", "--set", dearer).code == 0
        said = here("solve", small, "--set", "leases.X.units_max=2")
        assert said.code == 2
        assert "'X'" in said.out

    @pytest.mark.parametrize("options", [("--risk", "worst"), ("--engine", "extensive"), ("--risk", "tv:0.1")])
    def test_what_acts_on_scenarios_alone_is_said_to_change_nothing(
        self, here: Run, small: Path, options: tuple[str, str]
    ) -> None:
        """A measure of risk or an engine without scenarios is a warning, and the plan is the same."""
        plain, told = here("solve", small, "--json").json, here("solve", small, *options, "--json").json
        assert (plain["warning_names"], told["warning_names"]) == ([], ["scenario-option-unused"])
        assert f"{' '.join(options)} changes nothing" in told["warnings"][0]
        assert told["objective_usd"] == plain["objective_usd"]

    def test_a_search_can_begin_from_an_earlier_plan(self, here: Run, hard: Path) -> None:
        """--start takes the plan of an earlier run as the first; the run says so and is never worse."""
        first = here("solve", hard, "--gap", "1%", "-o", "plan.xlsx", "--json").json
        said = here("solve", hard, "--gap", "1%", "--start", "plan.xlsx", "-o", "plan.xlsx", "--json")
        assert said.code == 0
        assert "taken as the first plan" in said.err
        assert said.json["objective_usd"] <= first["objective_usd"] * 1.0000001
        other = here("solve", hard, "--start", hard)
        assert other.code == 2
        assert "plan workbook" in other.out


class TestOutputs:
    def test_the_input_is_never_written_over(self, here: Run, small: Path) -> None:
        """-o naming the input is wrong usage and leaves it as it was."""
        before = small.read_bytes()
        said = here("solve", small, "-o", "./small.xlsx")
        assert said.code == 2
        assert "its own input" in said.err
        assert small.read_bytes() == before

    def test_another_file_is_never_written_over(self, run: Run, small: Path) -> None:
        """-o naming somebody's workbook exits with 7 before any work and says what to do."""
        other = workbook(small.parent / "other.xlsx")
        before = other.read_bytes()
        said = run("solve", small, "-o", other, "--json")
        assert said.code == 7
        assert "choose another name" in said.json["error"]
        assert "Reading" not in said.err
        assert other.read_bytes() == before

    def test_a_plan_is_replaced_by_the_next_run(self, here: Run, small: Path) -> None:
        """A scheduled run writes to the same -o again and again; its log tells of the last run alone."""
        assert here("solve", small, "-o", "plan.xlsx", "--set", "settings.plan_name=one").code == 0
        assert here("solve", small, "-o", "plan.xlsx", "--set", "settings.plan_name=two").code == 0
        assert json.loads((small.parent / "plan.run.json").read_text(encoding="utf-8"))["plan_name"] == "two"
        log = (small.parent / "plan.run.log").read_text(encoding="utf-8")
        assert log.count("Reading") == log.count("Feasibility: ") == 1
        assert not list(small.parent.glob(".planner-*"))

    @pytest.mark.parametrize("place", ["missing/plan.xlsx", "small.xlsx/plan.xlsx"])
    def test_a_place_one_cannot_write_to_is_found_before_the_work(self, here: Run, small: Path, place: str) -> None:
        """Nobody waits an hour to hear that the folder does not exist."""
        said = here("solve", small, "-o", place)
        assert said.code == 7
        assert "Reading" not in said.err

    def test_a_place_lost_during_the_work_does_not_lose_the_plan(self, tmp_path: Path, small: Path) -> None:
        """When the plan's file is opened in Excel meanwhile, the plan is kept beside it and the message says where."""
        patch = (
            "from pathlib import Path\n"
            "replace = Path.replace\n"
            "def locked(path, target):\n"
            "    if target.name == 'plan.xlsx': raise PermissionError(13, 'it is open in Excel')\n"
            "    return replace(path, target)\n"
            "Path.replace = locked"
        )
        said = in_a_process(tmp_path, "solve", small, "-o", "plan.xlsx", patch=patch)
        assert said.code == 7
        assert "plan (2).xlsx" in said.err
        assert (small.parent / "plan (2).xlsx").exists()
        document = json.loads((small.parent / "plan.run.json").read_text(encoding="utf-8"))
        assert document["plan_path"].endswith("plan (2).xlsx")

    def test_a_log_file_gathers_runs_and_is_never_a_workbook(self, here: Run, small: Path) -> None:
        """--log-file is added to, run after run; a workbook named there by mistake is left alone."""
        before = small.read_bytes()
        for _ in range(2):
            assert here("check", small, "--log-file", "all.log").code == 0
        assert (small.parent / "all.log").read_text(encoding="utf-8").count("no faults") == 2
        said = here("check", small, "--log-file", small)
        assert said.code == 2
        assert small.read_bytes() == before


def test_a_plan_to_keep_that_is_missing_is_no_fault_of_the_workbook(here: Run, small: Path) -> None:
    """The headline speaks of the plan that was named; the workbook beside it has no fault."""
    said = here("solve", small, "-o", "plan.xlsx", "--keep", "missing.xlsx", "--change-cost", "1")
    assert said.code == 2
    assert "A plan that it was to be solved with cannot be used." in said.out
    assert "The workbook has faults" not in said.out

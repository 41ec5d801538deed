"""What changed since the previous batch, and why."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from batch_records import manifest, record, solved
from commandline import decision
from sheets import workbook

from planner.batch.job_logs import keep_previous_plan
from planner.batch.reporting import changes as of_changes
from planner.batch.reporting.changes import changes


def test_a_changed_cell_is_named_with_what_it_did_to_the_decisions(tmp_path: Path) -> None:
    """Dearer leases are told as the reason, with both prices, and the dropped leases as what came of it."""
    path = workbook(tmp_path / "west.xlsx", decision())
    before = solved(tmp_path, "west", path)
    dear = decision(lease_terms=[{"lease": "L", "term_months": 12, "usd_per_accelerator_hour": 9}])
    workbook(path, dear)
    keep_previous_plan(tmp_path / before.plan_path)
    after = solved(tmp_path, "west", path)

    (found,) = changes(tmp_path, manifest(after), manifest(before))

    assert [(each.change, each.name) for each in found.decisions] == [("dropped", "L")]
    changed = [(each.sheet, each.row, each.column, each.before, each.after) for each in found.inputs]
    assert changed == [("lease_terms", "L/12", "usd_per_accelerator_hour", 2.0, 9.0)]
    assert found.why == ("one value of the input changed: lease_terms.L/12.usd_per_accelerator_hour 2.0 became 9.0",)
    assert found.what[0].startswith("costs more")
    assert found.difference_usd is not None
    assert found.difference_usd > 0


def test_a_decision_of_scenarios_changes_with_its_probability(tmp_path: Path) -> None:
    """Of a job with scenarios, what is decided in more or fewer of them is told, and what stays the same is not."""
    boom = [{"scenario": "boom", "quantity": "demand", "name": "*", "from_month": "2026-05", "value": 2}]
    terms = [{"lease": "L", "term_months": 6, "usd_per_accelerator_hour": 2}]
    settings = {"first_month": "2026-01", "months": 12, "first_stage_months": 3}
    found = []
    for share in (0.4, 0.1):
        scenarios = [{"scenario": "plain", "probability": 1 - share}, {"scenario": "boom", "probability": share}]
        book = decision(scenarios=scenarios, scenario_factors=boom, lease_terms=terms, settings=settings)
        found.append(solved(tmp_path, "west", workbook(tmp_path / "west.xlsx", book)))

    (change,) = changes(tmp_path, manifest(found[1]), manifest(found[0]))

    assert change.decisions
    assert all(abs(each.probability_before - each.probability_after) > 0.1 for each in change.decisions)
    assert any("with probability 10 % instead of 40 %" in each.clause for each in change.decisions)


def test_an_infeasible_workbook_after_a_good_one_says_what_was_changed_where_that_can_be_read(tmp_path: Path) -> None:
    """A job that no longer has a plan still is compared: by its workbook, where that is the one it was run on."""
    path = workbook(tmp_path / "west.xlsx", decision())
    before = solved(tmp_path, "west", path)
    keep_previous_plan(tmp_path / before.plan_path)
    few = decision(leases=[{"lease": "L", "provider": "neo", "region": "us", "units_max": 1}], on_demand=[])
    workbook(path, few)
    failed = solved(tmp_path, "west", path, plan_path="")

    (found,) = changes(tmp_path, manifest(failed), manifest(before))

    assert failed.status == "infeasible"
    assert found.what == ("plan within the gap became no plan exists",)
    changed = [(each.sheet, each.row, each.column, each.before, each.after) for each in found.inputs]
    assert changed == [("leases", "L", "units_max", 20, 1), ("on_demand", "spot/us/H100/", "", "a row", "")]


def test_the_same_run_again_is_no_change() -> None:
    """A job with the same status, cost and decisions does not differ, and nothing is said to have changed."""
    (found,) = changes(Path("nowhere"), manifest(record()), manifest(record()))
    assert not found.differs
    assert found.why == ("input, options and versions are the same",)


def test_options_and_versions_are_reasons() -> None:
    """Another gap and another solver are told with both values."""
    after = record(options={"gap": 0.01, "set": ["settings.months=24"]}, versions={"python": "3.11.7", "highspy": "2"})
    (found,) = changes(Path("nowhere"), manifest(after), manifest(record()))
    assert found.why == (
        "option gap 0.001 became 0.01",
        "option set nothing became settings.months=24",
        "highspy 1.15.1 became 2",
    )


def test_a_workbook_saved_anew_is_told_from_one_that_changed() -> None:
    """Other bytes with the same data are no change of the input."""
    (found,) = changes(Path("nowhere"), manifest(record(input_sha256="d" * 64)), manifest(record()))
    assert found.why == ("the workbook was saved again with the same values",)


def test_a_faulty_workbook_is_not_said_to_hold_the_same_values() -> None:
    """Where a workbook cannot be read, other bytes are a change of unknown values."""
    facts = {"status": "invalid", "data_sha256": ""}
    (found,) = changes(Path("nowhere"), manifest(record(**facts, input_sha256="d" * 64)), manifest(record(**facts)))
    assert found.why == ("the workbook changed; what changed in it is not known, since one of its versions has faults",)


def test_a_change_that_can_no_longer_be_read_is_said_to_be_one(tmp_path: Path) -> None:
    """Where the earlier plan is gone, nothing is invented about what changed in it."""
    (found,) = changes(tmp_path, manifest(record(data_sha256="d" * 64)), manifest(record()))
    assert found.why == ("the input changed; one of its two versions can no longer be read",)
    assert found.inputs == ()


def test_a_plan_of_another_run_is_not_taken_for_the_previous_one(tmp_path: Path) -> None:
    """A kept plan whose hash is not the record's does not speak for it."""
    path = workbook(tmp_path / "west.xlsx", decision())
    before = solved(tmp_path, "west", path)
    keep_previous_plan(tmp_path / before.plan_path)
    after = solved(tmp_path, "west", workbook(path, decision(settings={"first_month": "2026-01", "months": 11})))
    other = replace(before, report=before.report | {"plan_sha256": "0" * 64})
    (found,) = changes(tmp_path, manifest(after), manifest(other))
    assert found.inputs == ()
    assert found.why[0] == "the input changed; one of its two versions can no longer be read"


def test_the_same_input_with_another_ending_is_put_down_to_the_run() -> None:
    """When nothing that was given changed, the reason is the run itself."""
    (found,) = changes(Path("nowhere"), manifest(record(status="stopped")), manifest(record()))
    assert found.what == ("plan within the gap became plan, stopped early",)
    assert found.why == ("input, options and versions are the same: the run itself differed (time, memory, load)",)


def test_jobs_that_come_and_go_are_told() -> None:
    """A job of one batch only is new, or no longer there."""
    found = changes(Path("nowhere"), manifest(record("new")), manifest(record("old")))
    assert [(each.name, each.what) for each in found] == [
        ("new", ("new in the batch",)),
        ("old", ("no longer in the batch",)),
    ]


def test_a_site_that_is_kept_is_compared_without_an_end() -> None:
    """A site without a last month is the same in both batches, and is told as new where it is."""
    site = {"kind": "site", "name": "plant", "month": "2026-01", "units": 1, "term_months": None, "end_month": None}
    told = {"objective_usd": 1000.0, "months": 4}
    none, kept = (record(report=told | {"decisions": found}) for found in ([], [site]))
    assert changes(Path("nowhere"), manifest(kept), manifest(kept))[0].what == ()
    (found,) = changes(Path("nowhere"), manifest(kept), manifest(none))
    assert [each.words for each in found.decisions] == ["plant: newly 1 block from 2026-01"]


def test_limits_are_compared_month_by_month() -> None:
    """A limit that comes a month later is told with the month in which the two plans differ."""
    told = {"objective_usd": 1000.0, "months": 4, "decisions": []}
    first = {"segment": "chat", "month": "2026-01", "limit": "tight"}
    before = record(report=told | {"limits": [first, {"segment": "chat", "month": "2026-02", "limit": "loose"}]})
    after = record(report=told | {"limits": [first, {"segment": "chat", "month": "2026-03", "limit": "loose"}]})
    (found,) = changes(Path("nowhere"), manifest(after), manifest(before))
    assert [each.words for each in found.limits] == ["chat: tight instead of loose, 2026-02"]
    assert found.what == ("1 limit changed",)


def test_without_a_previous_batch_there_is_nothing_to_tell() -> None:
    """The first batch has no differences."""
    assert changes(Path("nowhere"), manifest(record()), None) == ()


def test_plans_are_known_by_their_hash(tmp_path: Path) -> None:
    """Where the record has the plan's hash, a plan with another one does not speak for it, and its own one does."""
    path = workbook(tmp_path / "west.xlsx", decision())
    before = solved(tmp_path, "west", path)
    keep_previous_plan(tmp_path / before.plan_path)
    digest = hashlib.sha256((tmp_path / before.plan_path).read_bytes()).hexdigest()
    after = solved(tmp_path, "west", workbook(path, decision(settings={"first_month": "2026-01", "months": 11})))
    counts = []
    for known in (digest, "0" * 64):
        told = replace(before, report=before.report | {"plan_sha256": known})
        (found,) = changes(tmp_path, manifest(after), manifest(told))
        counts.append(len(found.inputs))
    assert counts == [1, 0]


def test_very_many_changed_inputs_are_not_all_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A batch of hundreds of changed jobs does not spend its time on comparing them, and says so."""
    monkeypatch.setattr(of_changes, "MAX_COMPARED", 1)
    old = manifest(record("a"), record("b"))
    new = manifest(record("a", data_sha256="d" * 64), record("b", data_sha256="d" * 64))
    first, second = changes(tmp_path, new, old)
    assert "can no longer be read" in first.why[0]
    assert second.why == ("the input changed; 1 jobs are compared in full, for this one use planner compare",)

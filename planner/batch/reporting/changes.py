"""What changed since the previous batch, job by job, and why: the input, the options, the versions, or nothing.

Decisions are compared as the reports of both batches tell them; inputs as the plans carry them.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models import months
from models.dataset import Dataset
from models.estimate import Estimate
from models.faults import FaultyWorkbook
from models.kinds import LIMIT, Kind
from models.plan import LimitChoice, OptionPurchase, Plan, Signing
from models.schema import LONGEST_MONTHS
from models.supply.kind import OfferKind
from models.supply.registry import known_kinds
from models.variants.plan_changes import Change, LimitChange, differences, limit_differences
from planner.analysis.plan_comparison import InputChange, input_changes
from planner.analysis.scenario_comparison import Decided, decision_changes
from planner.batch.job_logs import PREVIOUS_PLAN
from planner.batch.manifest import JobRecord, Manifest
from planner.batch.reporting.estimates import cost_usd, least_cost
from planner.batch.reporting.status import STATUS_LABELS
from planner.results.decisions import is_kept
from planner.results.scenario_decisions import ScenarioDecision

MAX_LISTED = 3
"""Changed values of the input given in words; all of them are in a table."""
MAX_COMPARED = 60
"""Jobs whose inputs are compared value by value: each takes a third of a second."""
NOT_RUN = ("not_started", "skipped_dependency")
"""Statuses of jobs of which nothing is known in a batch but why."""


@dataclass(frozen=True, slots=True)
class JobChange:
    """A job in both batches, or in one (the other record is None).

    `decisions` are those that differ; `inputs` the values of the input that differ, empty too where they cannot be
    known. `what` and `why` are clauses; `differs` says whether anything a reader acts on is not the same.
    """

    name: str
    before: JobRecord | None
    after: JobRecord | None
    decisions: tuple[Change, ...] = ()
    limits: tuple[LimitChange, ...] = ()
    inputs: tuple[InputChange, ...] = ()
    what: tuple[str, ...] = ()
    why: tuple[str, ...] = ()

    @property
    def differs(self) -> bool:
        """Whether anything differs."""
        return bool(self.what)

    @property
    def difference_usd(self) -> float | None:
        """Cost of the plan less that of the previous one; None where either has none."""
        old, new = cost_usd(self.before), cost_usd(self.after)
        return None if old is None or new is None else new - old

    @property
    def least_cost_difference(self) -> Estimate:
        """The least cost that the job's problem allows now, less that of the previous one; USD."""
        return least_cost(self.after).minus(least_cost(self.before))


def changes(folder: Path, manifest: Manifest, previous: Manifest | None) -> tuple[JobChange, ...]:
    """What became of every job since the previous batch.

    Parameters
    ----------
    folder
        The batch's folder.
    manifest, previous
        Of this batch, and of the one before it, where there was one.

    Returns
    -------
    tuple of JobChange
        In the order of this batch, then jobs no longer in it; empty without a previous batch.
    """
    if previous is None:
        return ()
    old = {each.name: each for each in previous.records}
    now = {each.name for each in manifest.records}
    inputs = _InputComparison(folder)
    found = [_change(inputs, old.get(each.name), each) for each in manifest.records]
    removed = [JobChange(each.name, each, None, what=("no longer in the batch",)) for each in old.values()]
    return (*found, *(each for each in removed if each.name not in now))


def _change(inputs: _InputComparison, before: JobRecord | None, after: JobRecord) -> JobChange:
    if before is None:
        return JobChange(after.name, None, after, what=("new in the batch",))
    decided: tuple[Change, ...] = ()
    limits: tuple[LimitChange, ...] = ()
    if before.plan_path and after.plan_path:
        if before.report.get("scenarios") or after.report.get("scenarios"):
            found = decision_changes(_decided(before.report), _decided(after.report), months.label)
        else:
            old, new = _plan_of(before.report), _plan_of(after.report)
            found = differences(old, new, months.label)
            limits = limit_differences(old, new, months.label)
        decided = tuple(each for each in found if each.change != "same")
    what = tuple(_what(before, after, len(decided), len(limits)))
    changed, why = _why(inputs, before, after, bool(what))
    return JobChange(after.name, before, after, decided, limits, changed, what, why)


def _left_open(before: JobRecord, after: JobRecord) -> str:
    """In brackets, where the gaps of both plans may be all that is behind a difference of their costs."""
    least = least_cost(after).minus(least_cost(before))
    low, high = (math.nan if each is None else each for each in (least.at_least, least.at_most))
    return "" if low > 0.0 or high < 0.0 else " (no more than the gaps of the two plans leave open)"


def _what(before: JobRecord, after: JobRecord, decisions: int, limits: int) -> Iterator[str]:
    if (before.status, before.good) != (after.status, after.good):
        yield f"{STATUS_LABELS[before.status]} became {STATUS_LABELS[after.status]}"
    old, new = cost_usd(before), cost_usd(after)
    if old is not None and new is not None and abs(new - old) > 1e-9 * max(abs(old), abs(new)):
        share = f" ({(new - old) / abs(old):+.2%})" if old else ""
        yield f"costs {'more' if new > old else 'less'}{share}{_left_open(before, after)}"
    if decisions:
        yield f"{decisions} decision{'s' if decisions > 1 else ''} changed"
    if limits:
        yield f"{limits} limit{'s' if limits > 1 else ''} changed"


def _why(
    inputs: _InputComparison, before: JobRecord, after: JobRecord, differs: bool
) -> tuple[tuple[InputChange, ...], tuple[str, ...]]:
    if after.status in NOT_RUN:
        return (), (after.message,)
    if before.status in NOT_RUN:
        return (), (f"it had not run in that batch: {before.message}",)
    changed: tuple[InputChange, ...] = ()
    why: list[str] = []
    saved_anew = before.input_sha256 != after.input_sha256
    if before.data_sha256 != after.data_sha256 or (saved_anew and not after.data_sha256):
        changed, reason = inputs.change(before, after)
        why.append(reason)
    elif saved_anew:
        why.append("the workbook was saved again with the same values")
    why += _differing("option ", before.options, after.options)
    why += _differing("", _versions(before), _versions(after))
    if not why and differs:
        why.append("input, options and versions are the same: the run itself differed (time, memory, load)")
    return changed, tuple(why or ["input, options and versions are the same"])


def input_words(change: InputChange) -> str:
    """`leases.L.units_max 20 became 2`."""
    place = ".".join(part for part in (change.sheet, change.row, change.column) if part)
    if not change.column:
        return f"{place} {'is new' if change.after else 'is gone'}"
    return f"{place} {_plain(change.before)} became {_plain(change.after)}"


def _more(inputs: tuple[InputChange, ...]) -> str:
    return f"; and {len(inputs) - MAX_LISTED} more" if len(inputs) > MAX_LISTED else ""


def _versions(record: JobRecord) -> dict[str, Any]:
    own = record.report.get("planner_version")
    return ({"planner": own} if own else {}) | record.versions


def _differing(word: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    names = dict.fromkeys([*before, *after])
    return [
        f"{word}{name} {_plain(before.get(name))} became {_plain(after.get(name))}"
        for name in names
        if before.get(name) != after.get(name)
    ]


def _plain(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return "; ".join(map(str, value)) or "nothing"
    return "nothing" if value is None or value == "" else str(value)


def _decided(report: Mapping[str, Any]) -> Decided:
    """The decisions of a run.json and their probability, 1 without scenarios; months are month numbers."""
    probability = {each["scenario"]: each["probability"] for each in report.get("scenarios") or ()}
    found = {}
    for each in (*(report.get("decisions") or ()), *(report.get("limits") or ())):
        kind = known_kinds()[each["kind"]] if "kind" in each else LIMIT
        month, limit = months.parse(each["month"]), each.get("limit", "")
        assert month is not None
        name, units = each.get("name") or each["segment"], each.get("units", 1)
        what = ScenarioDecision(kind.verb, month, name, kind, units, _term(kind, each), limit=limit)
        found[what.key] = what, sum(probability[scenario] for scenario in each["scenarios"]) if probability else 1.0
    return found


def _term(kind: Kind, each: Mapping[str, Any]) -> int | None:
    """The term of a decision of a run.json, which says nothing of that of what is kept for good."""
    term: int | None = each.get("term_months")
    return LONGEST_MONTHS if term is None and isinstance(kind, OfferKind) else term


def _plan_of(report: Mapping[str, Any]) -> Plan:
    """The decisions of a run.json as a Plan whose months are month numbers, so that horizons need not be alike."""
    signings, options = [], []
    for each in report.get("decisions") or ():
        month = months.parse(each["month"])
        assert month is not None
        kind = known_kinds()[each["kind"]]
        if not isinstance(kind, OfferKind):
            options.append(OptionPurchase(each["name"], month))
            continue
        term = _term(kind, each)
        end = month + LONGEST_MONTHS - 1 if is_kept(term) else months.parse(each["end_month"])
        assert term is not None
        assert end is not None
        signings.append(Signing(kind, each["name"], month, term, each["units"], start=month, end=end))
    return Plan(signings=tuple(signings), options=tuple(options), limits=tuple(_limits(report)))


def _limits(report: Mapping[str, Any]) -> Iterator[LimitChoice]:
    """The limit in each month: run.json has the first month's and the changes."""
    reason = [
        ((each["segment"], each.get("lever", "limit")), months.parse(each["month"]), each["limit"])
        for each in report.get("limits") or ()
    ]
    if not reason:
        return
    first = min(month for _, month, _ in reason if month is not None)
    for key in dict.fromkeys(key for key, _, _ in reason):
        planned = {month: limit for own, month, limit in reason if own == key}
        limit = ""
        for month in range(first, first + int(report.get("months") or 0)):
            limit = planned.get(month, limit)
            yield LimitChoice(key[0], month, limit, key[1])


class _InputComparison:
    """What jobs of a batch's folder were made from, off the plans that carry it or the workbooks."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.left = MAX_COMPARED

    def change(self, before: JobRecord, after: JobRecord) -> tuple[tuple[InputChange, ...], str]:
        """What changed in the input, where both versions can still be read, and the same in words."""
        if "invalid" in (before.status, after.status):
            return (), "the workbook changed; what changed in it is not known, since one of its versions has faults"
        if not self.left:
            return (), f"the input changed; {MAX_COMPARED} jobs are compared in full, for this one use planner compare"
        self.left -= 1
        old, new = self._dataset(before), self._dataset(after)
        if old is None or new is None:
            return (), "the input changed; one of its two versions can no longer be read"
        found = input_changes(old, new)
        if not found:
            return (), "the workbook was saved again; no value that affects the plan changed"
        count = f"{len(found)} values" if len(found) > 1 else "one value"
        return found, f"{count} of the input changed: {'; '.join(map(input_words, found[:MAX_LISTED]))}{_more(found)}"

    def _dataset(self, record: JobRecord) -> Dataset | None:
        """None where neither the plan nor the workbook is still there."""
        from planner.excel.input_sheet import read_input
        from planner.problem_reader import read

        names = [f"jobs/{record.name}/{PREVIOUS_PLAN}", record.plan_path]
        for path in (self.folder / name for name in names if name):
            if path.is_file() and _made_by(path, record):
                try:
                    return read_input(path)
                except FaultyWorkbook:
                    continue
        source = Path(record.input_path)
        if not source.exists():
            return None
        result = read(source, tuple(record.options.get("set") or ()))
        return result.dataset if result.sha256 == record.input_sha256 else None


def _made_by(path: Path, record: JobRecord) -> bool:
    """Whether a plan is the one of this record: by its hash, else by the hash of its input and its cost."""
    from planner.excel.plan_reader import run_record

    if recorded_hash := record.report.get("plan_sha256"):
        with path.open("rb") as file:
            return bool(hashlib.file_digest(file, "sha256").hexdigest() == recorded_hash)
    try:
        recorded = run_record(path)
    except Exception:  # whatever the library says of a file that is not a workbook
        return False
    cost = recorded.get(("run", "objective_usd"))
    return (recorded.get(("run", "input_sha256")), cost) == (record.input_sha256, record.report.get("objective_usd"))

"""The comparison of the planner with brute force and with itself: it agrees, and it finds every planted fault."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from random import Random, SystemRandom

import comparison
import pytest
from properties.comparison import Comparison, compared, random_workbook
from properties.coverage import ALL_KINDS, EXEMPT, expected_items, items, kinds, pairs
from properties.planted_faults import FAULTS

from models.schema import SHEETS

WITHIN = 400
"""Workbooks among which a planted fault has to show."""


def _disagreements(seeds: Iterable[int]) -> list[str]:
    found = (compared(seed, probes=0) for seed in seeds)
    return [f"{each.seed}: {each.disagreement}" for each in found if each.disagreement]


@pytest.mark.parametrize(
    "first", [*range(1, 41, 5), *(pytest.param(n, marks=pytest.mark.slow) for n in range(41, WITHIN + 1, 5))]
)
def test_no_other_decisions_are_cheaper(first: int) -> None:
    """The planner's cost is that of the best of all decisions, and optima are related as they must be."""
    assert _disagreements(range(first, first + 5)) == []


@pytest.mark.slow
def test_no_other_decisions_are_cheaper_at_length() -> None:
    """The same for many more workbooks, others in every run."""
    first = SystemRandom().randrange(10**6, 10**9)
    assert _disagreements(range(first, first + 3000)) == []


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of the faults makes the comparison disagree, in one of the workbooks that agree without it."""
    FAULTS[fault](monkeypatch)
    assert any(compared(seed, probes=0).disagreement for seed in range(1, WITHIN + 1))


def test_workbooks_hold_every_item() -> None:
    """Every sheet, column and choice that a plan can depend on is drawn, and every pair of kinds of offers."""
    held: set[str] = set()
    for seed in range(1, 121):
        data = random_workbook(seed, Random(seed), seed % 2 == 0)
        held |= items(data).keys() | set(pairs(kinds(data)))
    assert held >= {*expected_items(), *pairs(ALL_KINDS)}


def test_a_cell_that_no_plan_depends_on_is_exempt_by_name() -> None:
    """Each exemption is a column of a sheet, or a sheet, and none is drawn as an item."""
    columns = {f"{sheet.name}.{column.name}" for sheet in SHEETS for column in sheet.columns}
    exempt = set().union(*EXEMPT.values())
    assert exempt <= columns | {sheet.name for sheet in SHEETS}
    assert exempt.isdisjoint(expected_items())


def test_a_record_is_taken_up_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a record holds is not compared again, and what disagreed fails every run that tells of it."""
    begun: list[int] = []

    def found(seed: int, probes: int, known: object) -> Comparison:
        begun.append(seed)
        return Comparison(seed, "some kind", "money x k", disagreement="dearer" if seed == 150 else "")

    def run(*arguments: str) -> tuple[object, str]:
        monkeypatch.setattr(sys, "argv", ["comparison.py", "--record", str(tmp_path / "record"), *arguments])
        with pytest.raises(SystemExit) as ended:
            comparison.main()
        return ended.value.code, capsys.readouterr().out

    monkeypatch.setattr(comparison, "compared", found)
    assert run("--count", "100")[0] == 0
    code, told = run("--count", "200")
    assert (code, begun) == (1, list(range(1, 201)))
    assert "--only 150: some kind, dearer" in told
    code, told = run("--count", "0")
    assert (code, len(begun)) == (1, 200)
    assert "| some kind | 200 | 199 | 0 | 1 |" in told

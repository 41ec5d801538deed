"""The registry of kinds of offers: what else there is asks it, and compares with no kind of its own."""

from __future__ import annotations

import ast
import copy
import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest

import models
import planner
from models.audit.kinds import AUDITED
from models.kinds import FLEET, OPTION
from models.plan import categories
from models.schema import SHEETS
from models.supply.kind import OfferKind
from models.supply.registry import KINDS, decided_kinds, kind_named

MODELS, PLANNER = Path(models.__file__).parent, Path(planner.__file__).parent
WORDS = {"lease", "contract", "lease_out", "option", "commitment", "chips"}
CONSTANTS = {"LEASE", "CONTRACT", "LEASE_OUT", "OPTION", "COMMITMENT", "SITE", "CHIPS", "RUN"}
ROWS = {"Lease", "LeaseHardware", "LeaseTerm", "Contract", "ContractTier", "LeaseOut", "Option", "SpendCommitment"}
OWN = ("lease", "contract", "take_or_pay", "options", "commitment", "own_build", "run_kind")
"""How the names of a kind's own files in models/supply begin."""
NO_KIND = {
    "excel/template_rows.py": "the key is a column of the sheets leases and lease_terms",
    "stress/commitment.py": "the word is a section of the sheet Run, where options of the command stand",
    "imports/bills.py": "the word is a column of a bill, what a provider was promised",
}


def _files() -> Iterator[Path]:
    for path in (*MODELS.rglob("*.py"), *PLANNER.rglob("*.py")):
        own = path.parent == MODELS / "supply" and path.name.startswith(OWN)
        if not own and MODELS / "audit" not in path.parents:
            yield path


def _names_a_kind(node: ast.AST) -> bool:
    return any(
        (isinstance(each, ast.Constant) and each.value in WORDS)
        or (isinstance(each, ast.Name) and each.id in CONSTANTS)
        for each in ast.walk(node)
    )


def _comparisons(tree: ast.AST) -> Iterator[int]:
    """Lines that compare with one kind, look something up by one, or ask for the class of its rows."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            if any(map(_names_a_kind, (node.left, *node.comparators))):
                yield node.lineno
        elif isinstance(node, ast.Dict):
            if any(key is not None and _names_a_kind(key) for key in node.keys):
                yield node.lineno
        elif isinstance(node, ast.MatchValue):
            if _names_a_kind(node):
                yield node.lineno
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "isinstance":
            yield from {
                node.lineno for each in ast.walk(node.args[1]) if isinstance(each, ast.Name) and each.id in ROWS
            }


def test_nothing_compares_with_one_kind() -> None:
    """Outside a kind's own files and the audit nothing compares with it, but for what is no kind at all."""
    found = {
        f"{path.relative_to(path.parents[1] if path.parent in (MODELS, PLANNER) else MODELS.parent)}:{line}"
        for path in _files()
        if not str(path).endswith(tuple(NO_KIND))
        for line in _comparisons(ast.parse(path.read_text(encoding="utf-8")))
    }
    assert not found


@pytest.mark.parametrize(
    "text",
    [
        'each.kind == "lease"',
        'kind in ("lease", "contract")',
        '{"lease_out": 1}',
        "each.kind != OPTION",
        "isinstance(row, (Lease, Contract))",
        '(each.kind, each.name) == ("contract", name)',
    ],
)
def test_a_comparison_would_be_found(text: str) -> None:
    """The count sees every way in which code has asked for one kind."""
    assert list(_comparisons(ast.parse(text)))


def test_every_kind_is_known_to_the_audit_and_every_sheet_of_offers_has_a_kind() -> None:
    """The registry, the audit's own table and the sheets of offers know the same kinds, categories and directions."""
    assert {each.name for each in KINDS} == set(AUDITED)
    assert {each.sheet.name for each in KINDS} == {each.name for each in SHEETS if each.offers}
    assert all(each.category and each.buys == (each.sheet.offers in ("bought", "promised")) for each in KINDS)
    assert all(AUDITED[each.name].category == each.category for each in KINDS)
    assert len(set(categories())) == len(categories())


def test_kinds_are_told_apart_in_reports() -> None:
    """No two kinds of a plan share a name, a verb with the same unit, a colour or a group of cash."""
    kinds = decided_kinds()
    for facts in ([each.name for each in kinds], [each.colour for each in kinds], [each.cash_group for each in KINDS]):
        assert len(set(facts)) == len(facts)
    assert all(each.verb and each.label for each in kinds)


def test_a_kind_half_written_cannot_be_made() -> None:
    """A kind that lacks a method of `OfferKind` is refused when it is made, with the names of what it lacks."""

    class Half(OfferKind):
        """A kind that says nothing of itself."""

    facts = {name: getattr(KINDS[0], name) for name in ("row", "cash_group", "signing_families")}
    with pytest.raises(TypeError, match=r"add.*at_price.*roll"):
        Half(name="half", **facts)


def test_a_kind_is_itself_in_another_process() -> None:
    """Copied or sent to a worker a kind equals the one that is registered, and is found where that one is."""
    for kind in (*KINDS, OPTION, FLEET):
        assert pickle.loads(pickle.dumps(kind)) == copy.deepcopy(kind) == kind == kind_named(kind.name)
        assert {kind: 1}[copy.deepcopy(kind)] == 1
        assert kind != kind.name

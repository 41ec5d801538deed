"""Benchmark of the optimum itself: random small workbooks, solved by the planner and by brute force.

    python tests/comparison.py --count 200                            seeds 1 to 200
    python tests/comparison.py --count 20000 --record FILE            written as it goes; taken up again
    python tests/comparison.py --count 10000 --seed 10001 --record OTHER    in a second process
    python tests/comparison.py --count 0 --record FILE --record OTHER       the tables of both
    python tests/comparison.py --only 1234                            one workbook, told in full

Every workbook is compared with brute force over all its decisions, and with one made from it whose optimum is
known from its own. Of every item that a workbook can hold the tables tell in how many workbooks it was, and in how
many it mattered: --probes items of each workbook, those least known to matter, have their cells changed, and where that
changes the optimum, the item is bound. A pair of kinds of offers is bound where the plan takes both. Ends with 1 where
anything disagrees.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path

from properties.comparison import Comparison, compared, drawn
from properties.coverage import ALL_KINDS, EXEMPT, expected_items, pairs
from properties.relations import RELATIONS

CHUNK = 100
"""Workbooks between two lines of a record."""

RARE = 0.01
"""An item or a pair that mattered in a smaller share of the workbooks is told."""

RAREST = 12
"""So many are told in any case."""


@dataclass
class Tally:
    """What is counted over workbooks; `probed` and `bound` by item, the rest by kind, relation, item or pair."""

    first: int = 0
    count: int = 0
    workbooks: Counter[str] = field(default_factory=Counter)
    equal: Counter[str] = field(default_factory=Counter)
    infeasible: Counter[str] = field(default_factory=Counter)
    disagree: Counter[str] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)
    probed: Counter[str] = field(default_factory=Counter)
    bound: Counter[str] = field(default_factory=Counter)

    def add(self, found: Comparison) -> None:
        """Counts one workbook."""
        self.count += 1
        for row in filter(None, (found.kind, found.relation)):
            self.workbooks[row] += 1
            self.equal[row] += not found.disagreement and not found.infeasible
            self.infeasible[row] += not found.disagreement and found.infeasible
            self.disagree[row] += bool(found.disagreement)
        self.held.update([*found.held, *found.pairs])
        self.probed.update(list(found.bound))
        self.bound.update([*found.pairs_taken, *(item for item, bound in found.bound.items() if bound)])

    def join(self, other: Tally) -> None:
        """Counts those of another."""
        self.count += other.count
        for each in fields(self)[2:]:
            getattr(self, each.name).update(getattr(other, each.name))

    @property
    def known(self) -> dict[str, float]:
        """How often items are bound that are held, the fewer the tries the lower: the lowest are to be tried next."""
        return {item: self.held[item] * (self.bound[item] + 1) / (self.probed[item] + 1) for item in self.probed}

    def bound_share(self, name: str) -> float:
        """Share of all workbooks in which an item mattered, of those in which it was tried; of a pair counted."""
        rate = self.bound[name] / (self.probed[name] or 1) * self.held[name] if name in self.probed else 0.0
        return (self.bound[name] if " + " in name else rate) / max(1, self.count)


def main() -> None:
    """Compares, and prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=200, help="workbooks to compare")
    parser.add_argument("--seed", type=int, default=1, help="the first workbook's")
    parser.add_argument("--probes", type=int, default=1, help="cells changed in each workbook, to see what is bound")
    parser.add_argument("--only", type=int, help="one workbook")
    parser.add_argument("--record", type=Path, action="append", default=[], help="the first is written, all are told")
    parser.add_argument("--all", action="store_true", help="every item and pair, not only the rarest")
    options = parser.parse_args()
    if options.only is not None:
        _tell_one(options.only)
        return
    total = Tally()
    for done in _done(options.record):
        total.join(done)
    begun = {done.first for done in _done(options.record[:1])}
    for first in range(options.seed, options.seed + options.count, CHUNK):
        if first in begun:
            continue
        chunk = Tally(first)
        for seed in range(first, min(first + CHUNK, options.seed + options.count)):
            found = compared(seed, options.probes, total.known)
            chunk.add(found)
            total.add(found)
            if found.disagreement:
                print(f"--only {seed}: {found.kind}, {found.disagreement}", flush=True)
        if options.record:
            with options.record[0].open("a", encoding="utf-8") as record:
                record.write(json.dumps(vars(chunk)) + "\n")
    print("\n".join(tables(total, every=options.all)))
    sys.exit(total.disagree.total() > 0)


def _done(records: Iterable[Path]) -> Iterator[Tally]:
    """The tallies that were recorded before."""
    for record in records:
        for line in record.read_text(encoding="utf-8").splitlines() if record.exists() else ():
            values = json.loads(line)
            counters = {name: Counter(value) for name, value in values.items() if isinstance(value, dict)}
            yield Tally(**(values | counters))


def _tell_one(seed: int) -> None:
    """One workbook row by row, and what came of it."""
    data = drawn(seed).data
    for sheet in fields(data):
        rows = getattr(data, sheet.name)
        for row in rows if isinstance(rows, tuple) else [rows]:
            print(row)
    found = compared(seed)
    print(f"{found.kind}, {found.relation or 'no relation'}: {found.disagreement or 'no disagreement'}")
    sys.exit(bool(found.disagreement))


def tables(total: Tally, every: bool = False) -> Iterator[str]:
    """The table of kinds and relations, and that of what is held and bound."""
    yield from (
        "| kind of workbook, or relation | workbooks | equal | infeasible | disagree |",
        "|---|---|---|---|---|",
    )
    for row in sorted(total.workbooks, key=lambda name: (name in RELATIONS, name)):
        cells = (total.workbooks[row], total.equal[row], total.infeasible[row], total.disagree[row])
        yield f"| {row} | {' | '.join(f'{cell:,}' for cell in cells)} |"
    yield f"\n{total.count:,} workbooks.\n"
    yield from ("| sheet, column or pair of kinds | held | bound |", "|---|---|---|")
    names = [*expected_items(), *pairs(ALL_KINDS)]
    rare = [name for name in names if total.bound_share(name) < RARE]
    rarest = sorted(names, key=total.bound_share)[: max(RAREST, len(rare))]
    for name in names if every else rarest:
        yield f"| `{name}` | {total.held[name] / max(1, total.count):.1%} | {total.bound_share(name):.1%} |"
    yield f"\n{len(names)} items and pairs, {len(rare)} bound in fewer than {RARE:.0%} of the workbooks."
    for why, exempt in EXEMPT.items():
        yield f"Not counted, because it {why}: {', '.join(f'`{name}`' for name in sorted(exempt))}."


if __name__ == "__main__":
    main()

"""What differs between two plans of the same horizon: their choices side by side, in words.

Choices are signings, lease-outs and options; of what both workbooks say is signed another end of service. Units of an
offer and term signed in the same month in both plans are the same; of what is left over, units in other months are
moved, and what then remains makes an offer bigger or smaller, dropped or new.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Literal

from models.grouping import counts, groups
from models.kinds import OPTION, DecidedKey, Kind, names_in_words
from models.plan import Plan
from models.text import and_list

Label = Callable[[int], str]
"""Month t as words, `Dataset.label`."""


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one offer or option from one plan to another.

    Units are units, blocks or 1 for an option; months
    are those of signing, in order, one for each month. `changed`: signed alike, but for another term or to
    another end. `called`: its name, with its kind where two of one name are chosen. `clause`: what became of it.
    `probability_before`, `probability_after`: of the scenarios that choose it; 0 or 1 where there are none.
    """

    kind: Kind
    name: str
    change: Literal["same", "moved", "resized", "dropped", "new", "changed"]
    units_before: int
    units_after: int
    months_before: tuple[int, ...]
    months_after: tuple[int, ...]
    called: str
    clause: str
    probability_before: float
    probability_after: float

    @property
    def words(self) -> str:
        """What became of it, to be read by itself."""
        return f"{self.called}: {self.clause}"

    @property
    def month(self) -> int:
        """The first month of which it speaks."""
        return min((*self.months_before, *self.months_after))

    @property
    def key(self) -> DecidedKey:
        """The offer or option."""
        return self.kind, self.name


@dataclass(frozen=True, slots=True)
class LimitChange:
    """Months `first` to `last` in which a segment has another limit; "" where a plan has none."""

    segment: str
    first: int
    last: int
    before: str
    after: str
    clause: str

    @property
    def words(self) -> str:
        """The change, to be read by itself."""
        return f"{self.segment}: {self.clause}"


def differences(before: Plan, after: Plan, label: Label) -> tuple[Change, ...]:
    """How the choices of two plans differ.

    Parameters
    ----------
    before, after
        The plans.
    label
        Month t as words, such as `Dataset.label`.

    Returns
    -------
    tuple
        Every offer or option that either plan chooses: first those of `before`, in its order, then the new ones; last
        what neither chooses to sign and both end otherwise.
    """
    old, new = _choices(before), _choices(after)
    chosen = {each.offer for plan in (before, after) for each in plan.chosen} | {
        (OPTION, each.name) for plan in (before, after) for each in plan.options
    }
    ended_otherwise = [key for key in old if key in new and key not in chosen and old[key].by_end != new[key].by_end]
    called = names_in_words([*(key for key in (*old, *new) if key in chosen), *ended_otherwise])
    return tuple(_change(key, words, old.get(key), new.get(key), label) for key, words in called.items())


def limit_differences(before: Plan, after: Plan, label: Label) -> tuple[LimitChange, ...]:
    """Runs of months in which a segment's limit is not the same in both plans."""
    old, new = before.limits_in_force(), after.limits_in_force()
    found = []
    for segment in dict.fromkeys(segment for segment, _ in [*old, *new]):
        months = sorted({month for name, month in [*old, *new] if name == segment})
        pairs = [(month, old.get((segment, month), ""), new.get((segment, month), "")) for month in months]
        for (was, now), group in groupby(pairs, key=lambda each: each[1:]):
            span = [month for month, _, _ in group]
            if was != now:
                words = f"{now or 'no limit'} instead of {was or 'no limit'}, {_span(span, label)}"
                found.append(LimitChange(segment, span[0], span[-1], was, now, words))
    return tuple(found)


@dataclass(slots=True)
class _Choice:
    """Units of an offer by (month, term, end)."""

    by_end: Counter[tuple[int, int, int]]

    @property
    def by_month(self) -> Counter[tuple[int, int]]:
        return counts(((month, term), units) for (month, term, _), units in self.by_end.items())

    @property
    def units(self) -> int:
        return sum(self.by_month.values())

    @property
    def months(self) -> tuple[int, ...]:
        return tuple(sorted({month for month, _ in self.by_month}))

    @property
    def month_counts(self) -> Counter[int]:
        return counts((month, units) for (month, _), units in self.by_month.items())


def _choices(plan: Plan) -> dict[DecidedKey, _Choice]:
    signed = [(each.offer, ((each.month, each.term_months, each.end), each.units)) for each in plan.signings]
    bought = (((OPTION, each.name), ((each.month, 0, each.month), 1)) for each in plan.options)
    return {key: _Choice(counts(units)) for key, units in groups([*signed, *bought]).items()}


def _change(key: DecidedKey, called: str, old: _Choice | None, new: _Choice | None, label: Label) -> Change:
    kind, name = key

    def change_of_kind(change: Literal["same", "moved", "resized", "dropped", "new", "changed"], words: str) -> Change:
        before, after = (old.units if old else 0), (new.units if new else 0)
        months = (old.months if old else ()), (new.months if new else ())
        return Change(kind, name, change, before, after, *months, called, words, float(bool(old)), float(bool(new)))

    if old is None and new is not None:
        return change_of_kind("new", f"newly {_units(kind, new, label)}")
    if new is None and old is not None:
        return change_of_kind("dropped", f"no longer {_units(kind, old, label)}")
    assert old is not None
    assert new is not None
    if old.by_end == new.by_end:
        return change_of_kind("same", _units(kind, new, label))
    terms = f", for {_terms(new)} instead of {_terms(old)} months" if _terms(old) != _terms(new) else ""
    if old.units != new.units:
        return change_of_kind("resized", f"{_units(kind, new, label)} instead of {_units(kind, old, label)}{terms}")
    if old.month_counts != new.month_counts:
        return change_of_kind("moved", f"{_units(kind, new, label)} instead of {_units(kind, old, label)}{terms}")
    if old.by_month != new.by_month:
        return change_of_kind("changed", f"for {_terms(new)} instead of {_terms(old)} months")
    return change_of_kind("changed", f"service until {_ends(new, label)} instead of {_ends(old, label)}")


def _units(kind: Kind, choice: _Choice, label: Label) -> str:
    if not kind.counted:
        return f"bought {label(choice.months[0])}"
    parts = []
    for units, signed in groupby(sorted(choice.month_counts.items()), key=itemgetter(1)):
        begins = [label(month) for month, _ in signed]
        parts.append(f"{kind.units(units)}{' each' if len(begins) > 1 else ''} from {and_list(begins)}")
    return and_list(parts)


def _terms(choice: _Choice) -> str:
    return and_list([str(term) for term in sorted({term for _, term in choice.by_month})])


def _ends(choice: _Choice, label: Label) -> str:
    return and_list([label(end) for end in sorted({end for _, _, end in choice.by_end})])


def _span(months: list[int], label: Label) -> str:
    return label(months[0]) if len(months) == 1 else f"{label(months[0])} to {label(months[-1])}"

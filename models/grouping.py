"""Amounts added up by key, and values gathered by key."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


def sums(amounts: Iterable[tuple[Key, float]]) -> defaultdict[Key, float]:
    """The amounts of each key added up in their order; 0 for a key without any.

    >>> sums([("a", 1.0), ("b", 2.0), ("a", 3.0)])["a"]
    4.0
    """
    found: defaultdict[Key, float] = defaultdict(float)
    for key, amount in amounts:
        found[key] += amount
    return found


def counts(numbers: Iterable[tuple[Key, int]]) -> Counter[Key]:
    """The whole numbers of each key added up; 0 for a key without any.

    >>> counts([("a", 1), ("b", 2), ("a", 3)])["a"]
    4
    """
    found: Counter[Key] = Counter()
    for key, number in numbers:
        found[key] += number
    return found


def largest(amounts: Iterable[tuple[Key, float]]) -> dict[Key, float]:
    """The largest amount of each key, at least 0.

    >>> largest([("a", 1.0), ("b", -2.0), ("a", 3.0)])
    {'a': 3.0, 'b': 0.0}
    """
    return {key: max(0.0, *found) for key, found in groups(amounts).items()}


def groups(values: Iterable[tuple[Key, Value]]) -> defaultdict[Key, list[Value]]:
    """The values of each key in their order; none for a key without any.

    >>> groups([("a", 1), ("b", 2), ("a", 3)])["a"]
    [1, 3]
    """
    found: defaultdict[Key, list[Value]] = defaultdict(list)
    for key, value in values:
        found[key].append(value)
    return found

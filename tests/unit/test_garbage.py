"""Pauses of garbage collection."""

from __future__ import annotations

import gc
import weakref

import pytest

from models import garbage


class Circle:
    """Two of them that know each other stay until garbage is collected."""

    other: Circle


def circles(count: int) -> list[weakref.ref[Circle]]:
    """Pairs that nothing else knows."""
    found = []
    for _ in range(count):
        one, two = Circle(), Circle()
        one.other, two.other = two, one
        found.append(weakref.ref(one))
    return found


def test_what_pauses_make_is_looked_through_once_it_is_much(monkeypatch: pytest.MonkeyPatch) -> None:
    """Garbage made in pauses is gone after as many objects as are left unseen, and collection goes on after each."""
    monkeypatch.setattr(garbage, "_unseen", 0)
    monkeypatch.setattr(garbage, "LOOK_AFTER", 10_000)
    gc.collect()
    with garbage.pause_gc():
        first = circles(100)
        with garbage.pause_gc():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()
    assert all(each() is not None for each in first)
    with garbage.pause_gc():
        second = circles(10_000)
    assert not any(each() for each in (*first, *second))


def test_what_is_dropped_in_a_pause_can_go_before_its_end() -> None:
    """Garbage made in a pause is gone at once where that is asked for, and what stayed is collected after the pause."""
    with garbage.pause_gc():
        first, kept = circles(100), Circle()
        kept.other = kept
        garbage.collect_dropped()
        assert not any(each() for each in first)
        stayed = weakref.ref(kept)
        del kept
        garbage.collect_dropped()
        assert stayed() is not None
    assert gc.get_freeze_count() == 0
    gc.collect()
    assert stayed() is None

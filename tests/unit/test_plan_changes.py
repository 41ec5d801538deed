"""Differences: what became of every choice from one plan to another, and how it is told."""

import pytest

from models.plan import LimitChoice, OptionPurchase, Plan, Signing
from models.supply.registry import kind_named
from models.variants.plan_changes import differences, limit_differences


def _label(t):
    return f"m{t}"


def _lease(month=1, units=1, term=12, name="west", end=None, kind="lease", **facts):
    return Signing(kind_named(kind), name, month, term, units, month, month + term - 1 if end is None else end, **facts)


MORE = "west: 3 units from m1 instead of 1 unit from m1"
ONE = Plan(signings=(_lease(),))


@pytest.mark.parametrize(
    ("after", "change", "words"),
    [
        (ONE, "same", "west: 1 unit from m1"),
        (Plan(signings=(_lease(month=4),)), "moved", "west: 1 unit from m4 instead of 1 unit from m1"),
        (Plan(signings=(_lease(units=3),)), "resized", MORE),
        (Plan(), "dropped", "west: no longer 1 unit from m1"),
        (Plan(signings=(_lease(term=24),)), "changed", "west: for 24 instead of 12 months"),
        (Plan(signings=(_lease(term=24, units=3),)), "resized", f"{MORE}, for 24 instead of 12 months"),
        (Plan(signings=(_lease(end=5, cancelled=True),)), "changed", "west: service until m5 instead of m12"),
    ],
)
def test_each_kind_of_change_is_named(after, change, words):
    """A signing stays the same, moves, is resized, dropped, or changes its term or end, and the words say which."""
    [found] = differences(ONE, after, _label)
    assert (found.change, found.words) == (change, words)


def test_what_was_not_there_is_new():
    """An offer and an option that only the second plan takes are new."""
    found = differences(Plan(), Plan(signings=(_lease(),), options=(OptionPurchase("right", 2),)), _label)
    assert [(each.kind.name, each.change, each.units_before, each.units_after) for each in found] == [
        ("lease", "new", 0, 1),
        ("option", "new", 0, 1),
    ]


def test_part_of_the_units_moved_is_a_move_and_the_months_tell():
    """Five units in one month and five split over two months are a move, told with both months."""
    before, after = Plan(signings=(_lease(units=5),)), Plan(signings=(_lease(units=3), _lease(month=3, units=2)))
    [found] = differences(before, after, _label)
    assert (found.change, found.months_before, found.months_after) == ("moved", (1,), (1, 3))
    assert found.words == "west: 3 units from m1 and 2 units from m3 instead of 5 units from m1"


def test_months_of_equal_units_are_listed_once():
    """As many units in several months in a row are one group of the words; another number begins the next."""
    after = Plan(signings=tuple(_lease(month, units) for month, units in ((1, 1), (3, 1), (4, 1), (6, 2))))
    [found] = differences(Plan(), after, _label)
    assert found.words == "west: newly 1 unit each from m1, m3 and m4 and 2 units from m6"


def test_what_is_signed_already_is_no_choice():
    """A row of status signed is not compared, nor does it hide an offer of the same name that is."""
    assert differences(Plan(signings=(_lease(signed=True),)), Plan(), _label) == ()
    assert differences(Plan(signings=(_lease(signed=True),)), Plan(signings=(_lease(signed=True),)), _label) == ()


def test_another_end_of_what_is_signed_already_is_a_change():
    """Notice given of a lease that both workbooks have as signed."""
    before, after = (Plan(signings=(_lease(signed=True, end=end),)) for end in (12, 5))
    [found] = differences(before, after, _label)
    assert (found.change, found.words) == ("changed", "west: service until m5 instead of m12")


def test_what_was_chosen_and_is_signed_by_now_is_the_same():
    """A plan against that of the next round, whose workbook has the signing of before."""
    [found] = differences(ONE, Plan(signings=(_lease(signed=True),)), _label)
    assert found.change == "same"


def test_a_lease_and_a_lease_out_of_one_name_are_two():
    """Kinds are kept apart even where names meet."""
    found = differences(ONE, Plan(signings=(_lease(kind="lease_out"),)), _label)
    assert [(each.kind.name, each.change) for each in found] == [("lease", "dropped"), ("lease_out", "new")]


def test_limits_differ_by_runs_of_months():
    """Months side by side with the same two limits are one run; equal months are no difference."""
    before = Plan(limits=tuple(LimitChoice("chat", t, "free") for t in range(4)))
    after = Plan(
        limits=tuple(LimitChoice("chat", t, limit) for t, limit in enumerate(["free", "tight", "tight", "free"]))
    )
    [found] = limit_differences(before, after, _label)
    assert (found.first, found.last, found.before, found.after) == (1, 2, "free", "tight")
    assert found.words == "chat: tight instead of free, m1 to m2"
    assert limit_differences(before, before, _label) == ()

"""A share is written as a number or as a percentage, and both mean the same wherever one is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import click
import pytest

from models.columns import CellError, Column, parse
from models.roll.news import OBSERVED
from models.schema import SHEETS
from models.stochastic.risk import NEAR, kind_and_radius
from planner.batch.jobs.values import COLUMNS
from planner.cli import cli
from planner.explain.options import VariationType
from planner.explain.ranges import MULTIPLIED, NAMED, QUANTITIES
from planner.options.values import NamedNumber, Risk, Share
from planner.sampling.uncertainty import TEXTS, UncertaintyOptions

Reader = Callable[[str], Any]
TENTH = ("10%", "10 %", " 10% ", ".1", "1e-1")
"""Other ways to write 0.1; the last is none of a text in a cell."""
NONE = ("10%%", "%", "ten", "10 percent", "1.5.0%", "1_0%", "nan", "inf%")
"""Texts that are no share."""


def options() -> Iterator[tuple[str, click.Option]]:
    """Every option of every command."""
    for name, command in cli.commands.items():
        for each in command.params:
            if isinstance(each, click.Option):
                yield f"{name} {each.opts[-1]}", each


def uncertain(name: str) -> Reader:
    """Reads one of the options that say what is uncertain; of a table of probabilities the first is the share."""
    forms = {"delay_prior": "0:{},3:90%", "delivered_prior": "1:{},0.5:0.9", "demand_correlation": "revenue={}"}

    def read(text: str) -> Any:
        found, faults = UncertaintyOptions(**{name: (forms.get(name, "{}").format(text),)}).uncertainty()
        if faults:
            raise ValueError(faults)
        return found

    return read


def along(quantity: str) -> Reader:
    """Reads a range of `explain --vary` of one value."""
    place = f"{quantity}:L" if quantity in NAMED else quantity
    return lambda text: VariationType().read(f"{place}={text}")


def near(kind: str) -> Reader:
    """Reads the radius of `--risk`."""
    return lambda text: kind_and_radius(f"{kind}:{text}")


READERS: dict[str, Reader] = {
    **{place: each.type.read for place, each in options() if isinstance(each.type, Share)},
    **{f"--risk {kind}": near(kind) for kind in NEAR},
    **{f"--{name}": uncertain(name) for name in TEXTS},
    **{f"--vary {quantity}": along(quantity) for quantity in QUANTITIES if quantity != "delivery_delay_months"},
    **{f"job file {name}": COLUMNS[name].read for name in ("gap", "within")},
}
"""What reads a share, by the place where it is written."""
SHARES = [each for sheet in (*SHEETS, OBSERVED) for each in sheet.columns if each.takes_percent]


@pytest.mark.parametrize("place", READERS)
def test_ten_per_cent_is_a_tenth(place: str) -> None:
    """`10%`, `10 %` and `0.1` are the same to every option and every key of a job file that takes a share."""
    read = READERS[place]
    assert [read(text) for text in TENTH] == [read("0.1")] * len(TENTH)
    for text in NONE:
        with pytest.raises(ValueError, match=r"\w"):
            read(text)


def test_no_option_with_a_share_is_left_out() -> None:
    """Options of other types than those tried here say nothing of shares or percentages."""
    tried = (Share, Risk, NamedNumber, VariationType)
    others = [
        place for place, each in options() if not isinstance(each.type, tried) and "share" in (each.help or "").lower()
    ]
    assert others == []
    named = {each.name for _, each in options() if isinstance(each.type, NamedNumber)}
    assert named == set(TEXTS)


@pytest.mark.parametrize(("text", "told"), [("110%", "from 0 to 1|below 1"), ("-5%", "from 0 to 1|at least 0")])
@pytest.mark.parametrize("place", [place for place, each in options() if isinstance(each.type, Share)])
def test_what_is_no_share_is_refused_in_words(place: str, text: str, told: str) -> None:
    """More than 100 % and less than 0 % are refused by every such option, with the range that it takes."""
    with pytest.raises(ValueError, match=told):
        READERS[place](text)


def test_a_probability_is_one() -> None:
    """A table whose probabilities sum to 1 is refused all the same where one of them is above 100 % or below 0 %."""
    _, [fault] = UncertaintyOptions(delay_prior=("0:110%,3:-10%",)).uncertainty()
    assert "1.1 is no probability from 0 to 1" in fault


@pytest.mark.parametrize("quantity", MULTIPLIED)
def test_a_sign_makes_a_change(quantity: str) -> None:
    """`80%` and `0.8` are levels, `-20%` and `-0.2` changes; what could be either in a range is refused."""
    read = along(quantity)
    same = ("80%,120%", "0.8,1.2", "-20%,+20%", "-0.2,+0.2", "-20%,20%", "-0.2,0.2", "-20 %, 20 %")
    assert [read(text).values for text in same] == [(0.8, 1.2)] * len(same)
    for text in ("0%..+20%", "-20%..1.2", "+0.1,20%"):
        with pytest.raises(ValueError, match="with a sign"):
            read(text)


@pytest.mark.parametrize(
    ("text", "told"), [("discount_rate=-5%", "at least 0 %"), ("reserve_margin=110%", "at most 100 %")]
)
def test_a_setting_is_varied_within_its_bounds(text: str, told: str) -> None:
    """A rate below 0 and a margin above 100 % are refused before anything is solved."""
    with pytest.raises(ValueError, match=told):
        VariationType().read(text)


@pytest.mark.parametrize("column", SHARES, ids=lambda each: each.name)
def test_cells_take_percentages(column: Column) -> None:
    """In every column of shares `10%` is read as `0.1` is, from cells, CSV files and `--set`; or neither is."""

    def read(text: str) -> Any:
        try:
            return parse(column, text)[0]
        except CellError as error:
            return str(error)

    *cells, exponent = TENTH
    assert [read(text) for text in cells] == [read("0.1")] * len(cells)
    assert read(exponent) != read("0.1")
    assert [column.plain(text) for text in TENTH] == [0.1] * len(TENTH)
    assert {column.plain(text) for text in NONE} == {None}
    if column.kind == "share":
        assert "100 %" in read("110%") or "below 1" in read("110%")
    if column.low == 0:
        assert "at least 0" in read("-5%")

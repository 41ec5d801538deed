"""The unit that money is shown in: billions, millions, thousands or the currency itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from planner.excel.book import number_format


@dataclass(frozen=True, slots=True)
class MoneyUnit:
    """A unit that money is shown in: so many of the currency, and its word with the space before it."""

    size: float
    word: str

    @property
    def commas(self) -> str:
        """What a number format ends with to show money in this unit."""
        return {1e9: ",,,", 1e6: ",,", 1e3: ","}.get(self.size, "")

    def number_format(self, figures: Iterable[float]) -> str:
        """The number format of a table's column of these amounts; zero is a dash."""
        if not self.commas:
            return number_format("money", figures)
        return f'#,##0.0{self.commas};-#,##0.0{self.commas};"–"'


def money_unit(amounts: Iterable[float | None]) -> MoneyUnit:
    """The unit in which the largest of these amounts has two to five digits before the point.

    >>> [money_unit([amount]).commas for amount in (-3e10, 5e7, 2e5, 2e4, None)]
    [',,,', ',,', ',', '', '']
    """
    largest = max((abs(amount) for amount in amounts if amount is not None), default=0.0)
    for least, size, word in ((1e10, 1e9, "bn"), (1e7, 1e6, "m"), (1e5, 1e3, "k")):
        if largest >= least:
            return MoneyUnit(size, f"\u00a0{word}")
    return MoneyUnit(1.0, "")

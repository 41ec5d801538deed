"""What is uncertain, as typed: `NAME=0.05`, `NAME=new_build`, `NAME=0:0.8,6:0.2`; without a name it holds for all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from models.faults import closest
from models.sampling import ALL, DELAY_PRIORS, HISTORY, Distribution, Uncertainty, distribution
from planner.formatting import parse_share

Value = TypeVar("Value")


OPTIONS = (
    "demand_volatility", "growth_spread", "price_volatility", "delay_prior", "delivered_prior", "exit_hazard",
)  # fmt: skip


@dataclass
class UncertaintyTexts:
    """The options as texts, and what was wrong with them once they are read."""

    texts: Mapping[str, Sequence[str]]
    bootstrap_block: int | None = None
    correlation: float = 1.0
    faults: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> UncertaintyTexts:
        """Those among the values of a command with `planner.options.uncertainty_options`."""
        block = values["block"] if values["history_bootstrap"] else None
        return cls({name: values[name] for name in OPTIONS}, block, values["correlation"])

    def read(self) -> Uncertainty:
        """What could be read; what could not is in `faults`, a sentence each."""
        return Uncertainty(
            demand_volatility=self._each("demand_volatility", _number_or_history),
            growth_spread=self._each("growth_spread", _number),
            bootstrap_block=self.bootstrap_block,
            correlation=self.correlation,
            price_volatility=self._each("price_volatility", _number),
            delays=self._each("delay_prior", _prior),
            delivered=self._each("delivered_prior", _table),
            exit_hazard=self._each("exit_hazard", _number),
        )

    def said(self) -> list[tuple[str, str]]:
        """The options given, for the record, by name and text."""
        found = [(name, text) for name, texts in self.texts.items() for text in texts]
        if self.bootstrap_block is not None:
            found.append(("history_bootstrap", f"blocks of {self.bootstrap_block} months"))
        return [*found, ("correlation", f"{self.correlation:g}")]

    def _each(self, option: str, read: Callable[[str], Value]) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for text in self.texts.get(option, ()):
            before, equals, after = text.rpartition("=")
            name = before.strip() if equals else ALL
            flag = f"--{option.replace('_', '-')} {text}"
            try:
                value = read(after.strip())
            except ValueError as error:
                self.faults.append(f"{flag}: {error}")
                continue
            if name in found:
                self.faults.append(f"{flag}: {'all' if name == ALL else name} is given twice; keep one.")
            found[name] = value
        return found


def facts_behind(texts: Iterable[str]) -> list[tuple[str, str]]:
    """What each named prior among these texts rests on."""
    named = {text.rpartition("=")[2].strip() for text in texts}
    return [(name, words) for name, (_, words) in DELAY_PRIORS.items() if name in named]


def _number(text: str) -> float:
    try:
        return parse_share(text)
    except ValueError:
        raise ValueError("write NAME=0.05 or NAME=5%; a number alone holds for all.") from None


def _number_or_history(text: str) -> Any:
    return HISTORY if text == HISTORY else _number(text)


def _prior(text: str) -> Distribution:
    if ":" in text:
        return _table(text)
    if text not in DELAY_PRIORS:
        raise ValueError(
            f"there is no prior '{text}'. {closest(text, DELAY_PRIORS)} "
            "Or write months late and their probabilities: 0:0.75,3:0.15,6:0.10."
        )
    return DELAY_PRIORS[text][0]


def _table(text: str) -> Distribution:
    shares: dict[float, float] = {}
    for part in text.split(","):
        value, colon, share = part.partition(":")
        if not colon:
            raise ValueError("write values and their probabilities, such as 1:0.8,0.5:0.2.")
        number = _number(value.strip())
        if number in shares:
            raise ValueError(f"{number:g} is named twice; add its probabilities up.")
        shares[number] = _number(share.strip())
    try:
        return distribution(shares)
    except ValueError as error:
        raise ValueError(f"{error}; correct them.") from None

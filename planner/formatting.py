"""Amounts, shares and faults as people read them."""

from __future__ import annotations

import math
import os
import re
import shlex
import subprocess
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from models.estimate import Estimate
from models.faults import Fault
from models.text import plain_number

FAULT_KEYS = ("sheet", "cell", "column", "row_key", "found", "expected", "fix", "severity")


def money(amount: float | None, currency: str = "USD") -> str:
    """An amount in words of a suitable size.

    >>> money(45_123_000_000), money(-1250), money(None)
    ('45.12 bn USD', '-1,250 USD', '-')
    """
    if amount is None or not math.isfinite(amount):
        return "-"
    if abs(amount) < 0.5:
        return f"0 {currency}"
    for size, word in ((1e9, "bn "), (1e6, "m ")):
        if abs(amount) >= size:
            return f"{amount / size:,.2f} {word}{currency}"
    return f"{amount:,.0f} {currency}"


def percent(share: float | None) -> str:
    """A share as a percentage with the digits that matter.

    >>> percent(0.00123), percent(0.25), percent(1e-16), percent(64.2)
    ('0.123 %', '25 %', '0 %', '6,420 %')
    """
    if share is None or not math.isfinite(share):
        return "-"
    if abs(share) >= 10.0:
        return f"{100 * share:,.0f} %"
    return f"{100 * share:.3g} %" if abs(share) > 1e-9 else "0 %"


def gap_percent(gap: float | None) -> str:
    """A gap as a percentage, its last digit rounded up: none is told smaller than it is.

    >>> gap_percent(0.02014), gap_percent(0.0200001), gap_percent(0.02), gap_percent(2e-8), gap_percent(None)
    ('2.02 %', '2.01 %', '2 %', '0.0001 %', '-')
    """
    if gap is None or not math.isfinite(gap) or gap <= 1e-9:
        return percent(gap)
    digit = max(1e-6, 10.0 ** (math.floor(math.log10(gap)) - 2))
    return percent(math.ceil(gap / digit * (1.0 - 1e-9)) * digit)


def parse_share(value: object) -> float:
    """A share as people write it: `0.01` or `1%`.

    Raises
    ------
    ValueError
        It is neither.

    >>> parse_share("1%"), parse_share(" 2.5 % "), parse_share(0.25), parse_share("+5%")
    (0.01, 0.025, 0.25, 0.05)
    """
    share = plain_number(str(value), percent=True)
    if share is None or not math.isfinite(share):
        raise ValueError(f"'{value}' is no share such as 0.01 or 1%.")
    return share


def fault_lines(faults: tuple[Fault, ...]) -> Iterator[str]:
    """Every fault on a line, errors first, and how many there are."""
    for severity in ("error", "warning"):
        for fault in faults:
            if fault.severity == severity:
                yield f"{severity}: {fault}" + (f" [{fault.warning}]" if fault.warning else "")


def faults_json(faults: Iterable[Fault]) -> list[dict[str, Any]]:
    """Return the faults with their places, as `run.json` lists them."""
    return [
        {key: getattr(fault, key) for key in FAULT_KEYS}
        | ({"warning": fault.warning} if fault.warning else {})
        | ({"file": fault.file, "line": fault.row or None} if fault.file else {})
        for fault in faults
    ]


def count_of_faults(faults: tuple[Fault, ...]) -> str:
    """How many errors and warnings there are, in words.

    >>> count_of_faults(())
    'no faults'
    """
    parts = []
    for severity in ("error", "warning"):
        count = sum(fault.severity == severity for fault in faults)
        if count:
            parts.append(f"{count} {severity}{'s' if count > 1 else ''}")
    return ", ".join(parts) or "no faults"


_INVISIBLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)
"""What drives a terminal or turns the direction of writing, and bytes of file names that are no text."""


def escaped(text: str) -> str:
    r"""A text that may hold anything, as a terminal or a log shows it: what would act there is written as an escape.

    >>> print(escaped("a\x1b[31mb \u202ec"))
    a\x1b[31mb \u202ec
    """
    return _INVISIBLE.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def quoted(word: object) -> str:
    """A path or another word as a command line takes it: in quotes of the system's shell where it needs them.

    >>> print(quoted("plan.xlsx"), quoted("next round/plan.xlsx"))
    plan.xlsx 'next round/plan.xlsx'
    """
    text = str(word)
    return subprocess.list2cmdline([text]) if os.name == "nt" else shlex.quote(text)


def counted(count: int, noun: str) -> str:
    """A count with its noun: 1 scenario, 3 scenarios."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def shortened(text: str, most: int) -> str:
    """A list in words, cut after the last of its parts that fits.

    >>> shortened("one; two; three", 10), shortened("one; two", 10)
    ('one; two; …', 'one; two')
    """
    if len(text) <= most:
        return text
    kept = text[:most].rpartition("; ")[0]
    return f"{kept}; …" if kept else f"{text[: most - 2].rpartition(' ')[0]} …"


def money_scale(amounts: Iterable[float | None]) -> tuple[float, str]:
    """The size and word that money is shown in where the largest of it is as large as this.

    >>> money_scale([3e9, None]), money_scale([-5e6, 1.0]), money_scale([])
    ((1000000000.0, 'bn'), (1000000.0, 'm'), (1.0, ''))
    """
    largest = max((abs(each) for each in amounts if each is not None), default=0.0)
    return next(((size, word) for size, word in ((1e9, "bn"), (1e6, "m")) if largest >= size), (1.0, ""))


def over(amount: float | None, size: float) -> float | None:
    """An amount in units of a size; None where it is not known."""
    return None if amount is None else amount / size


def finite(value: float) -> float | None:
    """The value; None where it is infinite or not a number."""
    return value if math.isfinite(value) else None


def estimate_words(estimate: Estimate, shown: Callable[[float], str], gap: float) -> str:
    """What is known of a figure, in words: a value only where both ends agree within the gap, or in the digits shown.

    >>> estimate_words(Estimate(4.499, 4.5), "{:.2f}".format, 0.001), estimate_words(Estimate(4.0, 4.5), str, 0.001)
    ('4.50', 'between 4.0 and 4.5')
    >>> estimate_words(Estimate(4.0, None), str, 0.001), estimate_words(Estimate(None, 4.5), str, 0.001)
    ('at least 4.0', 'at most 4.5')
    >>> estimate_words(Estimate.unknown(), str, 0.001)
    'not known'
    """
    value = estimate.value(gap)
    if value is not None:
        return shown(value)
    if estimate.at_least is not None and estimate.at_most is not None:
        if shown(estimate.at_least) == shown(estimate.at_most):
            return shown(estimate.at_most)
        return f"between {shown(estimate.at_least)} and {shown(estimate.at_most)}"
    if estimate.at_least is not None:
        return f"at least {shown(estimate.at_least)}"
    if estimate.at_most is not None:
        return f"at most {shown(estimate.at_most)}"
    return "not known"


def range_words(estimate: Estimate, shown: Callable[[float], str]) -> str:
    """Both ends of a figure, or the one that is known, in the little room of a cell.

    >>> [range_words(each, str) for each in (Estimate(4.0, 4.5), Estimate(4.0, None), Estimate.unknown())]
    ['4.0 – 4.5', '≥ 4.0', '–']
    """
    low, high = (None if each is None else shown(each) for each in (estimate.at_least, estimate.at_most))
    if low is None and high is None:
        return "–"
    if low is None or high is None:
        return f"≤ {high}" if low is None else f"≥ {low}"
    return low if low == high else f"{low} – {high}"


def estimate_json(estimate: Estimate) -> dict[str, float | str | None]:
    """An estimate as `run.json` has it."""
    return {"at_least": estimate.at_least, "at_most": estimate.at_most, "known_by": estimate.known_by}

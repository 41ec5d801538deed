"""Text as a person sees it: without characters that nobody sees, and with letters of one shape told apart in words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\ud800-\udfff"
    "\U000e0000-\U000e0fff]"
)
"""Controls, marks of width 0 and of direction, fillers, halves of pairs."""
_BLANK = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u2800\u3000]")
_LINE_END = re.compile("\r\n?|[\u0085\u2028\u2029]")
_DASH = re.compile("[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]")

_LOOK_ALIKE = str.maketrans(
    "авекмнорстухіјѕԁԛԝһүαβεικνορτυχϲ" + "АВЕКМНОРСТУХІЈЅΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
    "abekmhopctyxijsdqwhyabeikvoptyxc" + "abekmhopctyxijsabezhikmnoptyx",
)
"""Letters of the Cyrillic and the Greek alphabet that look like Latin ones."""


def seen(text: str) -> str:
    r"""The text without what nobody sees in it, with plain blanks and line ends, composed (Unicode NFC).

    >>> seen("max\u200b_accelerators"), seen("us\u00a0east"), seen("Gru\u0308n")
    ('max_accelerators', 'us east', 'Grün')
    """
    if text.isascii() and text.isprintable():
        return text
    text = _BLANK.sub(" ", _LINE_END.sub("\n", _INVISIBLE.sub("", text)))
    return unicodedata.normalize("NFC", text)


def with_plain_dashes(text: str) -> str:
    r"""The text with `-` for every kind of dash.

    >>> with_plain_dashes("2026\u201110")
    '2026-10'
    """
    return _DASH.sub("-", text)


def and_list(parts: Sequence[str]) -> str:
    """The parts as a person lists them.

    >>> and_list(["a", "b", "c"]), and_list(["a", "b"]), and_list(["a"])
    ('a, b and c', 'a and b', 'a')
    """
    *first, last = parts
    return f"{', '.join(first)} and {last}" if first else last


def likeness(name: str) -> str:
    """What names have in common that a person may take for one: case, blanks and look-alike letters do not count.

    >>> likeness("Neo Cloud") == likeness("neocloud"), likeness("Н100") == likeness("H100")
    (True, True)
    """
    plain = unicodedata.normalize("NFKC", with_plain_dashes(name)).translate(_LOOK_ALIKE).casefold()
    return re.sub(r"[\s_]+", "", plain)


def difference(found: str, meant: str) -> str:
    """In words, the first character by which two names of one likeness differ.

    >>> difference("Н100", "H100")
    "its character 1 is 'Н' (CYRILLIC CAPITAL LETTER EN), not 'H' (LATIN CAPITAL LETTER H)"
    >>> difference("neo cloud", "neocloud")
    "its character 4 is ' ' (SPACE), not 'c' (LATIN SMALL LETTER C)"
    """
    place = next((i for i, (a, b) in enumerate(zip(found, meant, strict=False)) if a != b), min(len(found), len(meant)))
    if place == len(found):
        return f"it lacks {_named(meant[place])} at its end"
    if place == len(meant):
        return f"it has {_named(found[place])} at its end"
    return f"its character {place + 1} is {_named(found[place])}, not {_named(meant[place])}"


def apart(one: str, other: str, most: int) -> int:
    """How many insertions, deletions, changes and swaps of neighbours lie between two texts; `most` + 1 for more.

    >>> apart("laed_months", "lead_months", 2), apart("fleet", "fleets", 2), apart("provider", "region", 2)
    (1, 1, 3)
    """
    if abs(len(one) - len(other)) > most or len(set(one) ^ set(other)) > 2 * most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        before, last, row = row, before, [i]
        for j, b in enumerate(other, start=1):
            steps = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if last and j > 1 and a == other[j - 2] and one[i - 2] == b:
                steps = min(steps, last[j - 2] + 1)
            row.append(steps)
    return min(row[-1], most + 1)


def _named(character: str) -> str:
    return f"'{character}' ({unicodedata.name(character, f'U+{ord(character):04X}')})"


def plain_number(text: str, *, percent: bool = False) -> float | None:
    """The number that a text plainly is; None where anything would have to be guessed.

    With `percent` it may be a percentage, which is the share that it says.

    >>> plain_number(" -1.5e3 "), plain_number("1,5"), plain_number("10%")
    (-1500.0, None, None)
    >>> plain_number("10%", percent=True), plain_number("0.1", percent=True), plain_number("+2.5 %", percent=True)
    (0.1, 0.1, 0.025)
    """
    found = re.fullmatch(r"([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(%?)", text.strip(), re.ASCII)
    if found is None or (found[2] and not percent):
        return None
    return float(found[1]) / (100.0 if found[2] else 1.0)

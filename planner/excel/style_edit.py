"""The styles of a workbook, to which others are added: those that are there keep their numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar
from xml.sax.saxutils import quoteattr

from planner.excel.part_text import elements, prefix_of, with_attributes, with_last
from planner.excel.times import whole
from planner.files.package import MAIN

EMPTY = f'<styleSheet xmlns="{MAIN[0]}"></styleSheet>'
_FONT = '<{p}font><{p}sz val="11"/><{p}name val="Calibri"/></{p}font>'
_FILLS = "".join(f'<{{p}}fill><{{p}}patternFill patternType="{kind}"/></{{p}}fill>' for kind in ("none", "gray125"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a cell looks other than by the style that it has; colours are RRGGBB."""

    number_format: str = ""
    bold: bool = False
    underlined: bool = False
    size: int = 0
    colour: str = ""
    fill: str = ""
    wrapped: bool = False


class StyleEdit:
    """The part of styles as text.

    Parameters
    ----------
    text
        The XML of the part.
    """

    _LISTS: ClassVar = {
        "numFmts": ("numFmt", ""),
        "fonts": ("font", _FONT),
        "fills": ("fill", _FILLS),
        "borders": ("border", "<{p}border/>"),
        "cellStyleXfs": ("xf", "<{p}xf/>"),
        "cellXfs": ("xf", "<{p}xf/>"),
        "": ("cellStyles|dxfs|tableStyles|colors|extLst", ""),
    }
    """The lists of the part in their order: what each holds, what programs expect first in it; then what follows."""

    def __init__(self, text: str) -> None:
        self._p = prefix_of(text)
        self.text = with_last(text, self._p, "styleSheet", "")
        self._numbers: dict[tuple[str, Look], str] = {}

    def style(self, base: str, look: Look) -> str:
        """The number of the style that is another but for its look."""
        key = base, look
        if key not in self._numbers:
            self._numbers[key] = self._added(base, look)
        return self._numbers[key]

    def _added(self, base: str, look: Look) -> str:
        p = self._p
        known = self._list("cellXfs")
        xf = known[whole(base)] if 0 <= whole(base) < len(known) else f'<{p}xf numFmtId="0"/>'
        if look.number_format:
            number = max(163, *map(int, re.findall(r'\bnumFmtId="(\d{1,9})"', self.text))) + 1
            self._add("numFmts", f'<{p}numFmt numFmtId="{number}" formatCode={quoteattr(look.number_format)}/>')
            xf = with_attributes(xf, numFmtId=number, applyNumberFormat=1)
        if look.bold or look.underlined or look.size or look.colour:
            fonts = self._list("fonts")
            at = re.search(r'\bfontId="(\d{1,9})"', xf)
            before = fonts[int(at[1])] if at and int(at[1]) < len(fonts) else _FONT.format(p=p)
            xf = with_attributes(xf, fontId=self._add("fonts", self._font(before, look)), applyFont=1)
        if look.fill:
            pattern = f'<{p}patternFill patternType="solid"><{p}fgColor rgb="FF{look.fill}"/></{p}patternFill>'
            xf = with_attributes(xf, fillId=self._add("fills", f"<{p}fill>{pattern}</{p}fill>"), applyFill=1)
        if look.wrapped:
            xf = re.sub(rf"<{p}alignment\b[^<>]*/>", "", re.sub(r"\s*/>$", f"></{p}xf>", xf))
            start = xf.index(">") + 1
            xf = f'{xf[:start]}<{p}alignment vertical="top" wrapText="1"/>{xf[start:]}'
            xf = with_attributes(xf, applyAlignment=1)
        return str(self._add("cellXfs", xf))

    def _font(self, before: str, look: Look) -> str:
        """A font of the name and size of another."""
        p = self._p
        size, name = (re.search(rf"<{p}{part}\b[^<>]*/>", before) for part in ("sz", "name"))
        marks = (f"<{p}b/>" if look.bold else "") + (f"<{p}u/>" if look.underlined else "")
        sized = f'<{p}sz val="{look.size}"/>' if look.size else size[0] if size else ""
        colour = f'<{p}color rgb="FF{look.colour}"/>' if look.colour else ""
        return f"<{p}font>{marks}{sized}{colour}{name[0] if name else ''}</{p}font>"

    def _list(self, parent: str) -> list[str]:
        found = elements(self.text, self._p, parent)
        inside = self.text[found[0]].partition(">")[2] if found else ""
        return [inside[each] for each in elements(inside, self._p, self._LISTS[parent][0])]

    def _add(self, parent: str, child: str) -> int:
        """Puts an element last into a list, which is made where there is none, and gives its number there."""
        p = self._p
        if not elements(self.text, p, parent):
            names = list(self._LISTS)
            later = "|".join([*names[names.index(parent) + 1 : -1], self._LISTS[""][0]])
            at = re.search(rf"<{p}(?:{later})\b|</{p}styleSheet\s*>", self.text)
            assert at is not None
            made = f"<{p}{parent}>{self._LISTS[parent][1].format(p=p)}</{p}{parent}>"
            self.text = self.text[: at.start()] + made + self.text[at.start() :]
        self.text = re.sub(rf'(<{p}{parent}\b[^<>]*?)\scount="\d+"', r"\1", self.text, count=1)
        number = len(self._list(parent))
        self.text = with_last(self.text, p, parent, child)
        return number

"""Comments of a sheet: the part with their texts, and the drawing (VML) that shows them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.sax.saxutils import escape

from models.parsing.raw_tables import column_index
from planner.excel.part_text import elements, prefix_of, with_last
from planner.files.package import MAIN, escaped

EMPTY = f'<comments xmlns="{MAIN[0]}"><authors></authors><commentList></commentList></comments>'
_SPACES = (
    'xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
    'xmlns:x="urn:schemas-microsoft-com:office:excel"'
)
"""Said by each element that is put in, because drawings call them as they like."""
EMPTY_DRAWING = f'<xml {_SPACES}><o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="1"/></o:shapelayout></xml>'
_KIND = (
    f'<v:shapetype {_SPACES} id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe">'
    '<v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>'
)
_REF = re.compile(r'\bref="([A-Z]+\d+)"')
BREAK = "\n\n"
"""Between the comments of one cell."""
_LINE = 48
"""Characters in a line of a comment, about."""


def with_comments(text: str, notes: Mapping[str, str], author: str) -> str:
    """The part of comments with more of them, by the addresses of cells; a cell's own comment goes on with it."""
    p = prefix_of(text)
    number = len(elements(text, p, "author"))
    text = with_last(text, p, "authors", f"<{p}author>{escape(author)}</{p}author>")
    pieces, after, own = [], 0, set()
    for each in elements(text, p, "comment"):
        address = _REF.search(text[each])
        if address and address[1] in notes:
            own.add(address[1])
            more = f"<{p}r>{_held(p, BREAK + notes[address[1]])}</{p}r>"
            pieces += [text[after : each.start], with_last(text[each], p, "text", more)]
            after = each.stop
    added = (
        f'<{p}comment ref="{address}" authorId="{number}"><{p}text>{_held(p, note)}</{p}text></{p}comment>'
        for address, note in notes.items()
        if address not in own
    )
    return with_last("".join(pieces) + text[after:], p, "commentList", "".join(added))


def commented(text: str) -> frozenset[str]:
    """The addresses of the cells that have a comment."""
    places = (_REF.search(text[each]) for each in elements(text, prefix_of(text), "comment"))
    return frozenset(found[1] for found in places if found)


def with_shapes(drawing: str, notes: Mapping[str, str]) -> str:
    """The drawing with a box for each of these comments; boxes that are there stay."""
    known = [int(each) for each in re.findall(r"_x0000_s(\d{1,6})\b", drawing)]
    kind = "" if 'id="_x0000_t202"' in drawing else _KIND
    boxes = (
        _box(number, address, sum(1 + len(line) // _LINE for line in note.splitlines()))
        for number, (address, note) in enumerate(notes.items(), start=max(known, default=1024) + 1)
    )
    return with_last(drawing, "", "xml", kind + "".join(boxes)) if notes else drawing


def _box(number: int, address: str, lines: int) -> str:
    letters = address.rstrip("0123456789")
    style = (
        f"position:absolute;margin-left:59pt;margin-top:1pt;width:255pt;height:{22 + 13 * lines}pt;visibility:hidden"
    )
    return (
        f'<v:shape {_SPACES} id="_x0000_s{number}" type="#_x0000_t202" style="{style}" fillcolor="#ffffe1" '
        'o:insetmode="auto"><v:fill color2="#ffffe1"/><v:path o:connecttype="none"/>'
        '<v:textbox style="mso-direction-alt:auto"><div style="text-align:left"></div></v:textbox>'
        '<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/><x:AutoFill>False</x:AutoFill>'
        f"<x:Row>{int(address.removeprefix(letters)) - 1}</x:Row><x:Column>{column_index(letters)}</x:Column>"
        "</x:ClientData></v:shape>"
    )


def _held(p: str, note: str) -> str:
    return f'<{p}t xml:space="preserve">{escape(escaped(note))}</{p}t>'

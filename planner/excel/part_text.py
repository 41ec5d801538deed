"""The XML of a part of a workbook changed as text: what is put in is new, all else stays as it was."""

from __future__ import annotations

import re
from typing import Any

from planner.files.package import damaged


def in_utf8(part: bytes) -> bytes:
    """The XML of a part in UTF-8.

    Raises
    ------
    UnreadableFile
        It is in no encoding that is known.
    """
    declared = re.match(rb"<\?xml[^>]*encoding=[\"']([\w.-]+)[\"']", part)
    wide = part.startswith((b"\xff\xfe", b"\xfe\xff"))
    called = "utf-16" if wide else declared[1].decode().lower() if declared else "utf-8"
    try:
        text = part.decode(called)
    except (LookupError, ValueError) as error:
        raise damaged(str(error)) from None
    return part if called in ("utf-8", "us-ascii", "ascii") else re.sub(r"^<\?xml[^>]*\?>", "", text).encode()


def prefix_of(text: str) -> str:
    """What stands before the names of elements, such as `x:`; "" for nothing."""
    root = re.search(r"<([\w.-]+:)?[\w.-]+", re.sub(r"<[?!][^>]*>", "", text))
    return (root[1] or "") if root else ""


def elements(text: str, p: str, name: str) -> list[slice]:
    """Where the elements of a name are, none of which holds another of it."""
    found, after = [], 0
    for start in re.finditer(rf"<{p}{name}(?=[\s/>])[^<>]*>", text):
        if start.start() < after:
            continue
        after = start.end()
        if not start[0].endswith("/>"):
            close = text.find(f"</{p}{name}", after)
            after = text.find(">", close) + 1
            if close < 0 or not after:
                break
        found.append(slice(start.start(), after))
    return found


def with_last(text: str, p: str, parent: str, child: str) -> str:
    """The XML with one more element at the end of the first of the name of its parent; as it was without one."""
    text = re.sub(rf"<({p}{parent}(?=[\s/>])[^<>]*)/>", rf"<\1></{p}{parent}>", text, count=1)
    end = re.search(rf"</{p}{parent}\s*>", text)
    return text if end is None else text[: end.start()] + child + text[end.start() :]


def with_attributes(element: str, **values: Any) -> str:
    """An element with other values of some of its attributes."""
    for name, value in values.items():
        start, end = re.match(r"<[^>]*", element)[0], element[element.index(">") :]  # type: ignore[index]
        start = re.sub(rf'\s{name}="[^"]*"', "", start, count=1)
        element = re.sub(r"^<([\w.:-]+)", rf'<\1 {name}="{value}"', start) + end
    return element

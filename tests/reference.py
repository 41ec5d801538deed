"""Pages made from the code: the workbook's sheets from `models.schema`, the options from the commands.

`python tests/reference.py` writes them anew; a test fails when they are older than the code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click

from models.columns import Column
from models.faults import WARNINGS
from models.schema import MEASURES, SHEETS, Sheet, referred

ROOT = Path(__file__).resolve().parents[1]
MADE = "<!-- Made by `python tests/reference.py`; not written by hand. -->"


def workbook_reference() -> str:
    """Every sheet and column of a workbook: what fits, in which unit, what a blank cell means."""
    return _text(_workbook())


def option_reference() -> str:
    """Every command with its arguments, options and defaults."""
    return _text(_options())


def pages() -> dict[Path, str]:
    """The text of each page that is made."""
    return {
        ROOT / "models/pages/workbook_reference.md": workbook_reference(),
        ROOT / "planner/pages/options.md": option_reference(),
    }


def _text(lines: Iterator[str]) -> str:
    return "\n".join(lines) + "\n"


def _workbook() -> Iterator[str]:
    yield from ("# Workbook reference", "", MADE, "")
    yield "How cells are read, and what to fill in first: [The workbook](workbook.md)."
    for sheet in SHEETS:
        yield from ("", f"## `{sheet.name}`", "", _sheet(sheet), "")
        yield from _table(("column", "what fits", "unit", "blank", "meaning"), map(_column, sheet.columns))
        if sheet.name == "caps":
            yield from ("", "The scopes of each measure:", "")
            yield from _table(("measure", "scope"), ((f"`{name}`", ", ".join(of)) for name, of in MEASURES.items()))
    yield from ("", "## Warnings", "", "Short names, for `accept_warnings`; `planner check` prints them:", "")
    yield from _table(("name", "what it is of"), ((f"`{name}`", meaning) for name, meaning in WARNINGS.items()))


def _sheet(sheet: Sheet) -> str:
    needed = "May be absent." if sheet.optional else "Needed."
    if not sheet.key:
        return f"{_sentence(sheet.purpose)} {needed} The columns are `key` and `value`; the keys:"
    return f"{_sentence(sheet.purpose)} {needed} Unique: {' + '.join(f'`{name}`' for name in sheet.key)}."


def _column(column: Column) -> tuple[str, ...]:
    refers = f" of {' or '.join(f'`{name}`' for name in referred(column))}" if column.refers else ""
    fits = re.sub(r" \(.*?\)", "", column.expected())  # the page on workbooks says how months and shares are written
    return (f"`{column.name}`", fits + refers, column.unit, _blank(column), column.meaning)


def _blank(column: Column) -> str:
    """What a blank cell means; where that takes words, the column's meaning has them."""
    if column.required:
        return "not allowed"
    if column.defaults_to_nothing:
        return ""
    value = column.default
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _options() -> Iterator[str]:
    from planner.cli import cli

    context = click.Context(cli, info_name="planner")
    yield from ("# Options of the commands", "", MADE, "")
    yield "What the commands do: [Commands](commands.md). `planner COMMAND --help` shows the same."
    for name, command in sorted(cli.commands.items()):
        inner = click.Context(command, info_name=name, parent=context)
        usage = " ".join(command.collect_usage_pieces(inner))
        yield from ("", f"## `planner {name}`", "", f"`planner {name} {usage}`", "")
        yield re.sub(r"\s+", " ", (command.help or "").split("\n\n")[0])
        options = [each for each in command.params if isinstance(each, click.Option)]
        records = [record for each in options if (record := each.get_help_record(inner))]
        yield ""
        yield from _table(("option", "meaning"), ((f"`{option}`", meaning) for option, meaning in records))


def _table(heads: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    yield "| " + " | ".join(heads) + " |"
    yield "|" + "---|" * len(heads)
    for row in rows:
        yield "| " + " | ".join(re.sub(r"\s+", " ", cell).replace("|", "\\|") for cell in row) + " |"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(ROOT))

"""The pages (README, planner/pages, models/pages) say what the code says."""

from __future__ import annotations

import importlib
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import reference

from models.build import TERMS
from models.schema import MEASURES, QUANTITIES, SHEETS, sheet
from planner.cli import cli
from planner.errors import ExitCode

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *(ROOT / ".github").glob("*.md")]
PAGES += [path for room in ("planner", "models") for path in (ROOT / room).rglob("*.md")]
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
OURS = re.compile(r"(planner|models|tests|inputs|\.ci|\.github)/[\w./-]*")


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _rows(text: str) -> Iterator[list[str]]:
    """Cells of the rows of every table, heads and rulers left out."""
    lines = text.splitlines()
    for before, line in zip(["", *lines], lines, strict=False):
        if line.startswith("|") and before.startswith("|") and not line.startswith("|---"):
            yield [cell.strip() for cell in re.split(r"(?<!\\)\|", line[1:-1])]


def _first_cells(page: str, head: str) -> list[str]:
    """What stands in code in the first column of the table whose first head this is."""
    table = (ROOT / page).read_text(encoding="utf-8").partition(f"\n| {head} |")[2].partition("\n\n")[0]
    return [name for line in table.splitlines()[2:] for name in CODE.findall(line.split("|")[1])]


def _anchors(path: Path) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("path", reference.pages(), ids=lambda path: path.name)
def test_what_is_made_from_the_code_is_new(path: Path) -> None:
    """Reference pages are what the code says today; `python tests/reference.py` writes them anew."""
    assert path.read_text(encoding="utf-8") == reference.pages()[path]


def test_the_readme_is_short_and_its_picture_small() -> None:
    """The README stays under 150 lines and its picture under 200 kB."""
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) < 150
    assert (ROOT / "planner/pages/plan.png").stat().st_size < 200_000


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_links_lead_somewhere(page: Path) -> None:
    """Every link of a page leads to a file of this repository, and to a heading that is in it."""
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        assert target.exists(), link
        assert not anchor or anchor in _anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_files_that_are_named_exist(page: Path) -> None:
    """Every path of ours that a page names in code is there."""
    for code in CODE.findall(page.read_text(encoding="utf-8")):
        for word in code.split():
            if OURS.fullmatch(word):
                assert (ROOT / word).exists(), word


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_commands_that_are_shown_are_known(page: Path) -> None:
    """Every `planner` command line that a page shows has a command and options that exist."""
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL):
        for line in re.findall(r"^planner .*$", block, re.MULTILINE):
            words = shlex.split(line, comments=True)
            known = {option for param in cli.commands[words[1]].params for option in param.opts}
            given = words[: words.index("--")] if "--" in words else words
            assert {word for word in given if word.startswith("-")} <= known, line


def test_every_command_is_described() -> None:
    """The page on commands and the README have every command."""
    for page in ("planner/pages/commands.md", "README.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        for name, command in cli.commands.items():
            assert command.hidden or re.search(rf"`(planner )?{name}\b", text), (page, name)


def test_commands_are_listed_in_one_order() -> None:
    """The help, the README and the page of the commands list them in the same order."""
    listed = _first_cells("planner/pages/commands.md", "command")
    on_page = [each.split()[1] for each in listed if each.startswith("planner ")]
    in_help = cli.list_commands(click.Context(cli))
    assert _first_cells("README.md", "command") == in_help
    assert list(dict.fromkeys(on_page)) == in_help


def test_every_option_is_described() -> None:
    """The page of options has every option of every command under the command's heading."""
    text = (ROOT / "planner/pages/options.md").read_text(encoding="utf-8")
    for name, command in cli.commands.items():
        section = text.partition(f"\n## `planner {name}`\n")[2].partition("\n## ")[0]
        for option in command.params:
            if isinstance(option, click.Option) and not option.hidden:
                assert f"{option.opts[-1]} " in section or f"{option.opts[-1]}`" in section, (name, option.name)


def test_every_exit_code_is_described() -> None:
    """The table of exit codes has each code that a command can end in, and no other."""
    text = (ROOT / "planner/pages/commands.md").read_text(encoding="utf-8").partition("## Exit codes")[2]
    assert [int(cells[0]) for cells in _rows(text)] == [int(code) for code in ExitCode]


def test_every_sheet_of_a_workbook_is_described() -> None:
    """The page on the workbook names every sheet that can be filled in."""
    named = _first_cells("models/pages/workbook.md", "sheet")
    assert sorted(named) == sorted(each.name for each in SHEETS)


def test_every_measure_rule_and_quantity_is_described() -> None:
    """The page on the workbook says what each cap measure, rule kind and scenario quantity means."""
    page = "models/pages/workbook.md"
    assert sorted(_first_cells(page, "cap measure")) == sorted(MEASURES)
    assert sorted(_first_cells(page, "rule kind")) == sorted(sheet("rules").column("kind").choices)
    assert sorted(_first_cells(page, "quantity")) == sorted(QUANTITIES)


@pytest.mark.parametrize("package", ["planner", "models"])
def test_the_layers_are_those_that_are_checked(package: str) -> None:
    """A package's README lists its modules by layer, in the order of the import rule."""
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    (layers,) = (rule["layers"] for rule in rules if rule.get("containers") == [package])
    expected = [
        (str(number), f"`{module.strip()}`")
        for number, layer in enumerate(layers, start=1)
        for module in layer.split(":")
    ]
    text = (ROOT / package / "README.md").read_text(encoding="utf-8")
    assert [(layer, module) for layer, module, *_ in _rows(text)] == expected


def _terms() -> list[list[list[str]]]:
    """Of each term: what stands in code in its cells, from the file on: file, function, sheets, golden LPs."""
    text = (ROOT / "models/pages/terms.md").read_text(encoding="utf-8")
    return [[CODE.findall(cell) for cell in cells[1:]] for cells in _rows(text)]


def test_functions_of_terms_exist() -> None:
    """Each file has the function that the page on terms names beside it."""
    for (file,), (function,), *_ in _terms():
        module = importlib.import_module(file.removesuffix(".py").replace("/", "."))
        assert callable(getattr(module, function)), (file, function)


def test_every_term_is_described() -> None:
    """Each term of the model has a row with its own file."""
    named = {(file, function) for (file,), (function,), *_ in _terms()}
    for term in TERMS:
        assert (f"{term.__module__.replace('.', '/')}.py", term.__name__) in named


def test_every_sheet_has_a_term() -> None:
    """Each sheet feeds a term, but those that make scenarios, and each sheet named exists."""
    named = {name for _, _, sheets, _ in _terms() for name in sheets}
    assert {each.name for each in SHEETS} - named == {"scenarios", "scenario_factors", "history"}
    assert named <= {each.name for each in SHEETS}


def test_every_golden_model_has_a_term() -> None:
    """Each golden LP belongs to a term, and each one named exists."""
    named = {name for *_, models in _terms() for name in models}
    assert named == {path.stem for path in (ROOT / "tests/golden").glob("*.lp")}


def test_the_oldest_versions_are_those_that_are_allowed() -> None:
    """constraints-oldest.txt, which the checks install, has the lower bound of every dependency and nothing else."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    allowed = dict(each.partition(";")[0].split(">=") for each in project["dependencies"])
    lines = (ROOT / "constraints-oldest.txt").read_text(encoding="utf-8").splitlines()
    pinned = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    assert pinned.keys() == allowed.keys()
    for name, version in allowed.items():
        assert re.fullmatch(rf"{re.escape(version)}(\.0)*", pinned[name])

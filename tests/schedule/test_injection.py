"""Hostile names through every format: each arrives as it was given, or is refused; nothing of it becomes syntax."""

from __future__ import annotations

import ast
import contextlib
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from schedules import TASK, elsewhere, schedule, windows_words

from planner.errors import WrongUsage
from planner.schedule.formats import FORMATS
from planner.schedule.schedule import Schedule

yaml = pytest.importorskip("yaml", reason="PyYAML comes with the dev extra")

PARTS = (
    "\n* * * * * root rm -rf /", "\r", "\x85", "\x7f", "\x00", "\u2028", "\ufeff", "\udcff", "\t", "$(HOME)", "$$", "$",
    "${{ secrets.TOKEN }}", "${{", "}}", "%", "\\%", "\\", "'", '"', "`id`", ";", "&&", "#", ": ", "- ", "--help",
    "{{ ds }}", "%n", "*", "!", " ", "ü", "🙂", "a",
)  # fmt: skip
NAMES = st.lists(st.sampled_from(PARTS), min_size=1, max_size=5).map("".join)


def read_crontab(text: str, given: Schedule) -> list[str]:
    """The words cron hands to the shell, read as both families of cron do."""
    (line,) = [line for line in text.splitlines() if line and not line.startswith("#") and line != "SHELL=/bin/sh"]
    schedule_words, command = line.split(" ", 5)[:5], line.split(" ", 5)[5]
    assert schedule_words == given.calendar.text.split()
    read = []
    for unescaped in ("%", "%\\"):
        found, escaped = "", False
        for each in command:
            if escaped:
                found = found[:-1] + each if each in unescaped else found + each
            elif each == "%":
                break
            else:
                found += each
            escaped = not escaped and each == "\\"
        read.append(found)
    assert read[0] == read[1]
    words = shlex.split(read[0])
    assert words[:2] == ["cd", str(given.folder)]
    return words[3 : words.index(">>")]


def read_systemd(text: str, given: Schedule) -> list[str]:
    """The words of ExecStart, every line being one of a key that a unit of ours has."""
    keys = [line.split("=")[0] for line in text.splitlines() if line and not line.startswith(("#", "["))]
    assert len(keys) == len(set(keys))
    assert all(re.fullmatch(r"[A-Z]\w+", key) for key in keys)
    assert not re.search(r"\\$", text, re.MULTILINE)
    (command,) = re.findall(r"^ExecStart=(.*)$", text, re.MULTILINE)
    found = re.findall(r'"((?:[^"\\]|\\.)*)"|(\S+)', command)
    plain = [bare if bare else re.sub(r"\\(.)", r"\1", quoted) for quoted, bare in found]
    return [word.replace("%%", "%").replace("$$", "$") for word in plain]


def read_kubernetes(text: str, _: Schedule) -> list[str]:
    """Command and arguments of the container, variables taken as Kubernetes does."""
    spec = yaml.safe_load(text)["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    words = [*container["command"], *container["args"]]
    assert not any(re.search(r"(?<!\$)(\$\$)*\$\(", word) for word in words)
    return [word.replace("$$", "$") for word in words]


def read_github(text: str, given: Schedule) -> list[str]:
    """The words of the step's command, once GitHub has put in its expressions."""
    steps = yaml.safe_load(text)["jobs"]["batch"]["steps"]
    (run,) = [step["run"] for step in steps if step.get("name") == "Run the batch"]
    literal = "${{ '${{' }}"
    assert run.count("${{") == 2 * run.count(literal)
    paths = steps[-1]["with"]["path"].splitlines()
    assert paths == [f"{given.into}/{name}" for name in ("reports", "manifest.json", "jobs")]
    return shlex.split(run.replace(literal, "${{"))


def read_airflow(text: str, given: Schedule) -> list[str]:
    """The command, as Python reads the file; what else it runs is what the template has."""
    values = {}
    for statement in ast.parse(text).body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            values[statement.targets[0].id] = ast.literal_eval(statement.value)
    assert values["FOLDER"] == str(given.folder)
    assert list(values) == ["COMMAND", "FOLDER", "SKIPPED", "FINAL"]
    return [str(word) for word in values["COMMAND"]]


def read_windows(text: str, given: Schedule) -> list[str]:
    """The words of the task's action, taken apart as programs of Windows do."""
    task = ElementTree.fromstring(text)
    names = ("Command", "Arguments", "WorkingDirectory")
    program, arguments, folder = (task.findtext(f".//{TASK}{name}", "") for name in names)
    assert folder == str(given.folder)
    words = [program, *windows_words(arguments)]
    assert words[-2:] == ["--log-file", str(given.folder / f"{given.name}.log")]
    return words[:-2]


READERS: dict[str, Callable[[str, Schedule], list[str]]] = {
    "cron": read_crontab,
    "systemd": read_systemd,
    "kubernetes": read_kubernetes,
    "github": read_github,
    "airflow": read_airflow,
    "windows": read_windows,
}


@pytest.mark.parametrize("kind", sorted(FORMATS))
@settings(max_examples=60)
@given(jobs=NAMES, into=NAMES, option=NAMES, folder=NAMES)
@example(jobs="weekly\n* * * * * id", into="out", option="x", folder="plans")
@example(jobs="weekly", into="out", option="${{ secrets.TOKEN }} $(HOME) %", folder="plans")
def test_hostile_names_arrive_whole_or_are_refused(kind: str, jobs: str, into: str, option: str, folder: str) -> None:
    """Whoever reads a file as its scheduler does gets back the words that were given, or there is no file."""
    facts: dict[str, Any] = {"jobs": jobs, "into": into, "options": (f"--set=a.b.c={option}",)}
    made = (elsewhere if kind in ("kubernetes", "github") else schedule)(folder=Path("/plans", folder), **facts)
    with contextlib.suppress(WrongUsage):
        files = FORMATS[kind](made)
        assert all(re.fullmatch(r"[\w.-]+", name) for name in files.texts)
        text = next(iter(files.texts.values()))
        words = READERS[kind](text, made)
        command = ["planner"] if kind in ("kubernetes", "github") else list(made.command)
        assert words == [*command, *made.arguments]


@pytest.mark.parametrize("kind", sorted(FORMATS))
def test_a_line_break_is_refused_wherever_it_stands(kind: str) -> None:
    """In the jobs, the folder, --into or an option, a line break would make lines of its own; a quiet name is taken."""
    make = elsewhere if kind in ("kubernetes", "github") else schedule
    quiet = make()
    assert FORMATS[kind](quiet).texts
    for facts in (
        {"jobs": "weekly\nx"},
        {"into": "out\u2028x"},
        {"options": ("--set", "a\x85b")},
        {"folder": Path("/plans\rx")},
        {"image": "a\nb"},
    ):
        with pytest.raises(WrongUsage, match=r"control characters.*Rename it"):
            FORMATS[kind](make(**facts))


def test_names_of_units_and_claims_are_names() -> None:
    """A unit to start, or a claim, that is no name is refused."""
    with pytest.raises(WrongUsage, match="not the name of a unit"):
        FORMATS["systemd"](schedule(on_failure="x y"))
    with pytest.raises(WrongUsage, match="not the name of a claim"):
        FORMATS["kubernetes"](elsewhere(claim="plans, readOnly: true"))


def test_a_name_that_looks_like_an_option_stays_a_name() -> None:
    """Jobs by the name of an option are handed on as a file."""
    assert elsewhere(jobs="--help").arguments[1] == "./--help"

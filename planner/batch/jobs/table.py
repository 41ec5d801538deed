"""From the rows of a job file to jobs: grids multiplied out, names and dependencies checked, every fault at once."""

from __future__ import annotations

import graphlib
import itertools
import math
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from models.faults import Fault, closest
from planner.batch.jobs.job import Job
from planner.batch.jobs.values import COLUMNS
from planner.csv_folder.reader import is_problem_folder

NAME_BYTES = 150
"""A job's name is the name of its folder."""
MAX_GRID = 10_000
FORBIDDEN_IN_NAMES = r'[\x00-\x1f/\\:*?"<>|]'
"""Not in the name of a folder, on one system or another."""


@dataclass(frozen=True, slots=True)
class JobRow:
    """One job as a file has it: values by column, and `fault(column, found, expected, fix)` at its place."""

    values: Mapping[str, Any]
    fault: Callable[[str, str, str, str], Fault]


def jobs_from(
    rows: Sequence[JobRow], defaults: JobRow | None, given: Mapping[str, Any], folder: Path
) -> tuple[list[Job], list[Fault]]:
    """The jobs of a job file.

    Parameters
    ----------
    rows
        A row for each job, or for a grid of them.
    defaults
        Values for rows that say nothing else, and cells that are set before theirs; None without any.
    given
        Fields of Job that override what the rows say; `overrides` come after theirs.
    folder
        What paths are relative to.

    Returns
    -------
    tuple of a list of Job and a list of Fault
        The jobs, and everything that is wrong with the rows.
    """
    faults: list[Fault] = []
    shared = {} if defaults is None else _values(defaults, faults, without=("name", "grid"))
    groups: dict[str, list[Job]] = {}
    places: dict[str, JobRow] = {}
    for row in rows:
        before = len(faults)
        values = _values(row, faults)
        cells = (*shared.get("set", ()), *values.get("set", ()))  # the row's come last, and stand
        values = shared | values | ({"set": cells} if cells else {})
        if "name" not in row.values:
            fix = "Name every job; its results are kept under that name."
            faults.append(row.fault("name", "nothing", COLUMNS["name"].expected, fix))
        elif "name" in values:
            made = _expand_grid(row, values, given, folder, faults)
            if len(faults) > before:
                made = made[:1]  # known by name, for those that come after it
            if values["name"] in groups:
                faults.append(row.fault("name", f"'{values['name']}' again", "a name of its own", "Rename one."))
            groups[values["name"]], places[values["name"]] = made, row
    jobs = [job for made in groups.values() for job in made]
    _check_names(groups, places, faults)
    jobs = [_resolve_names(job, groups, places[group], faults) for group, made in groups.items() for job in made]
    _check_cycles(jobs, groups, places, faults)
    return jobs, list(dict.fromkeys(faults))


def _values(row: JobRow, faults: list[Fault], without: tuple[str, ...] = ()) -> dict[str, Any]:
    known = [name for name in COLUMNS if name not in without]
    values = {}
    for written, value in row.values.items():
        column = written.replace("-", "_")  # as of options in a config file
        if column not in known:
            faults.append(row.fault(written, f"'{written}'", "a column of jobs", closest(column, known)))
            continue
        try:
            values[column] = COLUMNS[column].read(value)
        except ValueError as error:
            faults.append(row.fault(written, repr(value), COLUMNS[column].expected, str(error)))
    return values


def _expand_grid(
    row: JobRow, values: Mapping[str, Any], given: Mapping[str, Any], folder: Path, faults: list[Fault]
) -> list[Job]:
    """The job of a row, or one for each combination of its grid."""
    path = folder / values["input"] if "input" in values else None
    if path is None:
        if "input" not in row.values:
            faults.append(row.fault("input", "nothing", COLUMNS["input"].expected, "Say which workbook to solve."))
    elif not path.is_file() and not is_problem_folder(path):
        faults.append(row.fault("input", f"no file {path}", COLUMNS["input"].expected, "Check the path."))
    if ("keep_plan_of" in values) != ("change_cost" in values):
        fix = "Give a job whose plan to keep, and the price of departing from it."
        faults.append(row.fault("keep_plan_of", "one without the other", "keep_plan_of and change_cost together", fix))
    fields = {key: value for key, value in values.items() if key not in ("name", "input", "set", "grid")}
    grid: Mapping[str, tuple[str, ...]] = values.get("grid", {})
    own = values.get("set", ())
    base = Job(values["name"], path or folder, **fields | {k: v for k, v in given.items() if k != "overrides"})
    count = math.prod(map(len, grid.values()))
    if count > MAX_GRID:
        found, fix = f"{count:,} combinations", "Try fewer values, or split the grid into several jobs."
        faults.append(row.fault("grid", found, f"at most {MAX_GRID:,}", fix))
        return [base]
    fixed = {each.partition("=")[0].strip() for each in given.get("overrides", ())}
    for place in grid:
        if place in fixed:
            fix = "Leave out one of the two: all jobs of the grid would be the same, under different names."
            faults.append(row.fault("grid", f"'{place}', which --set gives too", "a place that --set leaves open", fix))
    labels = _labels(list(grid))
    jobs = []
    for combination in itertools.product(*grid.values()):
        name = ",".join([base.name, *(f"{labels[p]}={v}" for p, v in zip(grid, combination, strict=True))])
        result = tuple(f"{place}={value}" for place, value in zip(grid, combination, strict=True))
        name = re.sub(FORBIDDEN_IN_NAMES, "_", name) if grid else name
        jobs.append(replace(base, name=name, overrides=(*own, *result, *given.get("overrides", ()))))
    return jobs


def _labels(places: Sequence[str]) -> dict[str, str]:
    """The shortest end of each place that tells it from the others.

    >>> list(_labels(["settings.discount_rate", "leases.a.units_max", "leases.b.units_max"]).values())
    ['discount_rate', 'a.units_max', 'b.units_max']
    """
    labels = {}
    for place in places:
        parts = place.split(".")
        ends = [".".join(parts[k:]) for k in range(len(parts) - 1, -1, -1)]
        others = [each for each in places if each != place]
        labels[place] = next(end for end in ends if not any(f".{each}".endswith(f".{end}") for each in others))
    return labels


def folder_name(text: str, ending: str = "") -> str:
    """A text as the name of a folder, that of a job: what no folder can have becomes `_`, what is too long is cut.

    >>> print(folder_name("west: low. "), folder_name("..."))
    west_ low _
    """
    name = re.sub(FORBIDDEN_IN_NAMES, "_", " ".join(text.split()))
    room = NAME_BYTES - len(os.fsencode(ending))
    return (os.fsencode(name.strip("./ "))[:room].decode("utf-8", "ignore").rstrip(". ") or "_") + ending


def _check_names(groups: Mapping[str, list[Job]], places: Mapping[str, JobRow], faults: list[Fault]) -> None:
    seen: dict[str, str] = {}
    for group, made in groups.items():
        for job in made:
            name, row = job.name, places[group]
            if re.search(FORBIDDEN_IN_NAMES, name) or name.startswith(".") or name.endswith((".", " ")):
                fix = 'Leave out / \\ : * ? " < > | and dots at either end.'
                faults.append(row.fault("name", repr(name), "a name that a folder can have", fix))
            elif len(os.fsencode(name)) > NAME_BYTES:
                fix = "Choose a shorter one; a grid's values are part of it."
                faults.append(row.fault("name", repr(name), f"a name of at most {NAME_BYTES} bytes", fix))
            if seen.setdefault(name.casefold(), name) != name or sum(each.name == name for each in made) > 1:
                fix = (
                    "Rename one: to some systems capitals are the same as small letters, "
                    "and two values of a grid may give the same name."
                )
                faults.append(row.fault("name", f"'{name}' more than once", "a name of its own", fix))


def _resolve_names(job: Job, groups: Mapping[str, list[Job]], row: JobRow, faults: list[Fault]) -> Job:
    """The job with names of grids resolved to the jobs that came of them."""
    by_name = {each.name: each for made in groups.values() for each in made}
    after: list[str] = []
    for name in job.after:
        named = [each.name for each in groups.get(name, [])] or ([name] if name in by_name else [])
        if not named:
            faults.append(row.fault("after", f"'{name}'", COLUMNS["after"].expected, closest(name, by_name)))
        after += named
    for column in ("keep_plan_of", "start_plan_of"):
        name = getattr(job, column)
        if name and name not in by_name:
            several = name in groups
            found = f"'{name}', which is a grid of {len(groups[name])}" if several else f"'{name}'"
            fix = f"Name one of them, such as '{groups[name][0].name}'." if several else closest(name, by_name)
            faults.append(row.fault(column, found, COLUMNS[column].expected, fix))
    return replace(job, after=tuple(after))


def _check_cycles(
    jobs: Sequence[Job], groups: Mapping[str, list[Job]], places: Mapping[str, JobRow], faults: list[Fault]
) -> None:
    try:
        graphlib.TopologicalSorter({job.name: job.dependencies for job in jobs}).prepare()
    except graphlib.CycleError as error:
        cycle = error.args[1]
        row = next(places[group] for group, made in groups.items() for job in made if job.name == cycle[0])
        found = " after ".join(f"'{name}'" for name in reversed(cycle))
        faults.append(row.fault("after", found, "jobs that do not wait for themselves", "Take one of these out."))

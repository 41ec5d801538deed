"""Options: what a value may look like, and where it came from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from planner.command import CommandResult, command
from planner.console import Console
from planner.options.shared import (
    gap_option,
    option,
    option_sources,
    override_option,
    time_limit_option,
    unread_variables,
)
from planner.options.values import Duration, Gap, Override, Share


@command()
@gap_option("the search")
@time_limit_option("the search")
@override_option
def go(console: Console, **values: Any) -> CommandResult:
    names = {"gap": "gap", "time_limit": "time_limit", "set": "overrides"}
    lines = [f"{name} {values[field]!r} {option_sources()[name]}" for name, field in names.items()]
    return CommandResult(lines, {})


@command()
@option("--annotate")
def other(console: Console, annotate: str) -> CommandResult:
    return CommandResult([annotate], {})


tool = click.Group("tool", commands=[go, other])


def said(*words: str, env: dict[str, str] | None = None) -> list[str]:
    result = CliRunner().invoke(tool, ["go", *words], env=env)
    assert result.exit_code == 0, result.output
    return result.output.splitlines()


def refused(*words: str, env: dict[str, str] | None = None) -> str:
    result = CliRunner().invoke(tool, ["go", *words], env=env)
    assert result.exit_code == 2, result.output
    return " ".join(result.output.split())


def config(tmp_path: Path, text: str) -> str:
    path = tmp_path / "planner.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_share_may_be_all_of_it() -> None:
    """A share is read as a gap is, but may be 1; more than that, or no number, is refused."""
    assert [Share().read(text) for text in ("100%", "1", 0.25, "25 %")] == [1.0, 1.0, 0.25, 0.25]
    for text in ("101%", "-1%", "nan", "half"):
        with pytest.raises(ValueError, match="or a percentage"):
            Share().read(text)


@pytest.mark.parametrize(
    ("text", "gap"), [("0.001", 0.001), ("0.1%", 0.001), (" 5 % ", 0.05), ("0", 0.0), ("1e-4", 1e-4)]
)
def test_a_gap_is_a_share_or_a_percentage(text: str, gap: float) -> None:
    """0.001 and 0.1% are the same gap."""
    assert Gap().read(text) == pytest.approx(gap)


@pytest.mark.parametrize("text", ["1", "5", "-0.1", "nan", "inf", "100%", "small", ""])
def test_a_gap_that_is_no_share_below_one_is_refused(text: str) -> None:
    """A gap of 5 is more likely a slip for 5% than meant, so it is not guessed at."""
    with pytest.raises(ValueError, match=r"0\.1%"):
        Gap().read(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("15m", 900), ("1.5h", 5400), ("1h30m", 5400), ("0.5", 0.5), (120, 120), ("2M", 120)],
)
def test_a_time_is_seconds_or_has_units(text: object, seconds: float) -> None:
    """Plain numbers are seconds; h, m and s may follow, largest first."""
    assert Duration().read(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["0", "-5", "soon", "30m1h", "", "m", "1 day", "nan", "inf"])
def test_a_time_that_is_none_is_refused(text: str) -> None:
    """A limit of nothing, below nothing, or of no known unit is refused."""
    with pytest.raises(ValueError, match="Write"):
        Duration().read(text)


@pytest.mark.parametrize("text", ["settings.months", "months=12", "=3", "a=b.c"])
def test_an_override_names_a_place_and_a_value(text: str) -> None:
    """An override without a sheet or without a value is refused before anything is read."""
    with pytest.raises(ValueError, match=r"sheet\.key\.column=value"):
        Override().read(text)


def test_the_default_holds_where_nothing_is_said() -> None:
    """Without flag, environment and config each option has its default and says so."""
    assert said() == ["gap 0.001 default", "time_limit None default", "set () default"]


def test_a_flag_comes_before_environment_before_config(tmp_path: Path) -> None:
    """Of the three places an option can be given in, flag wins over environment, environment over config."""
    file = config(tmp_path, 'gap = 0.03\n"time-limit" = "3m"\nset = ["a.b.c=3"]')
    environment = {"PLANNER_GAP": "2%", "PLANNER_TIME_LIMIT": "2m"}
    assert said("--config", file) == ["gap 0.03 config", "time_limit 180.0 config", "set ('a.b.c=3',) config"]
    assert said("--config", file, env=environment)[:2] == ["gap 0.02 environment", "time_limit 120.0 environment"]
    assert said("--gap", "1%", "--config", file, env=environment)[:2] == [
        "gap 0.01 flag",
        "time_limit 120.0 environment",
    ]


def test_the_config_file_can_be_named_in_the_environment(tmp_path: Path) -> None:
    """PLANNER_CONFIG names the config file for scheduled runs."""
    assert said(env={"PLANNER_CONFIG": config(tmp_path, "gap = 0.5")})[0] == "gap 0.5 config"


def test_several_overrides_in_the_environment_stand_on_lines() -> None:
    """Names hold blanks and semicolons, so only a new line parts overrides in PLANNER_SET."""
    lines = said(env={"PLANNER_SET": "leases.West 1.units_max=2\nrules.r.offers=A; B"})
    assert lines[2] == "set ('leases.West 1.units_max=2', 'rules.r.offers=A; B') environment"


def test_one_override_in_a_config_file_needs_no_list(tmp_path: Path) -> None:
    """A text where a list may stand is a list of one, not of its letters."""
    assert said("--config", config(tmp_path, 'set = "a.b.c=3"'))[2] == "set ('a.b.c=3',) config"


def test_a_config_key_of_another_command_is_no_fault(tmp_path: Path) -> None:
    """One config file serves every command, so each takes what it knows of it."""
    assert said("--config", config(tmp_path, 'annotate = "x.xlsx"\ngap = 0.02'))[0] == "gap 0.02 config"


def test_an_unknown_config_key_is_refused_with_the_closest(tmp_path: Path) -> None:
    """A typo in the config file is not silently left out."""
    assert "Did you mean 'time-limit'?" in refused("--config", config(tmp_path, "time_limt = 3"))


@pytest.mark.parametrize("text", ["gap = [0.1, 0.2]", "[gap]\nx = 1", "gap 3", "[solve]\ngap = 0.1"])
def test_a_config_file_of_another_form_is_refused(tmp_path: Path, text: str) -> None:
    """What is not a plain key and value is refused, naming the file."""
    assert "planner.toml" in refused("--config", config(tmp_path, text))


def test_a_bad_value_names_the_place_it_came_from(tmp_path: Path) -> None:
    """Who must mend a value needs to know which of the three places holds it."""
    assert "in the environment" in refused(env={"PLANNER_GAP": "much"})
    assert "in the config" in refused("--config", config(tmp_path, "gap = 7"))
    assert "found 'much'. Write a share" in refused("--gap", "much")


def test_a_variable_of_no_option_is_told_with_the_closest() -> None:
    """A typo in the environment does not change nothing in silence; the variables of other programs are their own."""
    words = list(unread_variables(_context(), ["PLANNER_GAPP", "PLANNER_GAP", "PLANNER_ANNOTATE", "PLAN_GAP"]))
    assert words == [
        "The environment variable PLANNER_GAPP is that of no option and is not read. Did you mean 'PLANNER_GAP'?"
    ]
    assert any("PLANNER_GAPP" in line for line in said(env={"PLANNER_GAPP": "1%"}))


def _context() -> click.Context:
    return click.Context(go, parent=click.Context(tool))

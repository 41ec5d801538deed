"""The units, read as systemd reads them, and checked by systemd where it is installed."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from schedules import ODD, schedule

from planner.errors import WrongUsage
from planner.schedule.formats.systemd import systemd
from planner.schedule.schedule import Schedule


def values(text: str, key: str) -> list[str]:
    return re.findall(rf"^{key}=(.*)$", text, re.MULTILINE)


def words(text: str) -> list[str]:
    """A command line as systemd takes it apart: quotes, escapes, then %% and $$."""
    found = re.findall(r'"((?:[^"\\]|\\.)*)"|(\S+)', text)
    plain = [bare if bare else re.sub(r"\\(.)", r"\1", quoted) for quoted, bare in found]
    return [word.replace("%%", "%").replace("$$", "$") for word in plain]


def units(given: Schedule) -> tuple[str, str]:
    service, timer = systemd(given).texts.values()
    return service, timer


def test_every_word_arrives_as_it_was_given() -> None:
    """What units take for specifiers, variables or quotes is escaped."""
    given = schedule(Path("/srv/100% plans"), options=ODD)
    service, _ = units(given)
    (command,) = values(service, "ExecStart")
    assert words(command) == ["/opt/planner/bin/planner", *given.arguments]
    assert values(service, "WorkingDirectory") == ["/srv/100%% plans"]


def test_the_budget_ends_what_does_not_end_by_itself() -> None:
    """The service may take longer than the batch's budget, which ends first."""
    service, _ = units(schedule(budget_seconds=7200.0))
    assert 7200 < int(values(service, "TimeoutStartSec")[0]) <= 7200 + 600
    assert values(service, "KillMode") == ["mixed"]


def test_on_failure_is_there_only_when_asked_for() -> None:
    """No unit is named that nobody made."""
    assert values(units(schedule())[0], "OnFailure") == []
    assert values(units(schedule(on_failure="tell-me@%n.service"))[0], "OnFailure") == ["tell-me@%n.service"]


def test_missed_starts_are_made_up_for_and_starts_are_exact() -> None:
    """The timer is persistent, to the second, and has a line for each way a day can fit."""
    _, timer = units(schedule(cron="0 6 13 * FRI", zone="Europe/Berlin"))
    assert values(timer, "OnCalendar") == ["*-*-13 06:00:00 Europe/Berlin", "Fri *-*-* 06:00:00 Europe/Berlin"]
    assert values(timer, "Persistent") == ["true"]
    assert values(timer, "AccuracySec") == ["1s"]


def test_what_the_batch_writes_stays_writable(tmp_path: Path) -> None:
    """The folders it works and writes in are open, and a private /tmp does not hide jobs that are there."""
    service, _ = units(schedule(Path("/srv/plans")))
    assert values(service, "ReadWritePaths") == ["/srv/plans"]
    assert values(service, "PrivateTmp") == ["yes"]
    service, _ = units(schedule(Path("/srv/plans"), into=str(tmp_path / "weekly")))
    assert values(service, "ReadWritePaths") == [f"/srv/plans {tmp_path}"]
    assert values(units(schedule(Path("/", "tmp", "plans")))[0], "PrivateTmp") == []
    with pytest.raises(WrongUsage, match="Create it first"):
        units(schedule(Path("/srv/plans"), into=str(tmp_path / "none" / "weekly")))


@pytest.mark.parametrize("folder", ["/srv/ends in a blank ", "/srv/ends in\\"])
def test_a_folder_that_units_cannot_name_is_refused(folder: str) -> None:
    """Better no unit than one that works elsewhere."""
    with pytest.raises(WrongUsage, match="systemd"):
        systemd(schedule(Path(folder)))


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed on this machine")
@pytest.mark.parametrize("cron", ["0 6 * * MON", "*/20 8-18 1-7 JAN-JUN SAT", "0 0 31 * *"])
def test_systemd_finds_nothing_wrong(tmp_path: Path, cron: str) -> None:
    """`systemd-analyze verify` passes both units, and is known to see a fault in them."""
    folder = tmp_path / "100% plans"
    folder.mkdir()
    given = schedule(folder, cron, "Europe/Berlin", command=(sys.executable,), options=ODD)
    for name, text in systemd(given).texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    said = verified(tmp_path, given)
    assert said == (0, "")
    service = tmp_path / f"{given.name}.service"
    service.write_text(service.read_text(encoding="utf-8").replace("Type=oneshot", "Type=onceonly"), encoding="utf-8")
    assert "onceonly" in verified(tmp_path, given)[1]


def verified(folder: Path, given: Schedule) -> tuple[int, str]:
    paths = [folder / f"{given.name}.service", folder / f"{given.name}.timer"]
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *paths], capture_output=True, text=True)
    about_ours = [line for line in done.stderr.splitlines() if given.name in line or str(folder) in line]
    return done.returncode, "\n".join(about_ours)

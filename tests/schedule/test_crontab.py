"""The cron line, read as cron reads it and run by the shell it names."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from schedules import ODD, schedule

from planner.errors import WrongUsage
from planner.schedule.formats.crontab import crontab
from planner.schedule.schedule import Schedule

RECORDER = "import json, sys; print(json.dumps(sys.argv[1:])); sys.exit(int(sys.argv[-1]))"


def lines(given: Schedule) -> list[str]:
    (text,) = crontab(given).texts.values()
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def ran(folder: Path, given: Schedule) -> subprocess.CompletedProcess[str]:
    """What cron does with the line: five fields, then a command that ends at a plain %."""
    match = re.fullmatch(r"(\S+ \S+ \S+ \S+ \S+) (.*)", lines(given)[-1])
    assert match
    assert match[1] == given.calendar.text
    command = re.split(r"(?<!\\)%", match[2])[0].replace("\\%", "%")
    return subprocess.run(["/bin/sh", "-c", command], cwd="/", capture_output=True, text=True, timeout=60)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "100% 'plans'"
    path.mkdir()
    return path


@pytest.mark.parametrize("code", [0, 9])
def test_every_word_arrives_as_it_was_given(folder: Path, code: int) -> None:
    """Per cent signs, quotes and blanks survive cron and the shell; output goes to the log; failures are mailed."""
    recorder = (sys.executable, "-c", RECORDER)
    given = schedule(folder, command=recorder, options=(*ODD, str(code)))
    done = ran(folder, given)
    log = folder / "planner-weekly.log"
    words = json.loads(log.read_text(encoding="utf-8"))
    assert words == ["batch", given.jobs, "-o", given.into, "--budget", "3600", *ODD, str(code)]
    mailed = f"planner-weekly: planner batch failed, see {log}; exit code {code}\n" if code else ""
    assert done.stdout == mailed


def test_a_second_run_adds_to_the_log(folder: Path) -> None:
    """No log of an earlier batch is lost."""
    given = schedule(folder, command=(sys.executable, "-c", RECORDER), options=("0",))
    ran(folder, given)
    ran(folder, given)
    assert len((folder / "planner-weekly.log").read_text(encoding="utf-8").splitlines()) == 2


def test_a_zone_is_set_with_a_warning() -> None:
    """Only some crons know CRON_TZ, which the file and the note say."""
    files = crontab(schedule(zone="Europe/Berlin"))
    (text,) = files.texts.values()
    assert "\nCRON_TZ=Europe/Berlin\n" in text
    assert "Debian" in files.notes[0]
    assert files.notes[0] in text.replace("\n# ", " ")


def test_a_line_longer_than_cron_takes_is_refused() -> None:
    """Cron would drop it without a word."""
    with pytest.raises(WrongUsage, match="cron takes 998"):
        crontab(schedule(options=("x" * 900,)))

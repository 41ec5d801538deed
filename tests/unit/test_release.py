"""What a release is made of: one version, a changelog that can be tagged, an image with all it needs."""

from __future__ import annotations

import fnmatch
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from commandline import environment

from planner import __version__

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = ROOT / ".github/Dockerfile"
HEADING = re.compile(r"## \[(\d+)\.(\d+)\.(\d+)\] - \d{4}-\d\d-\d\d")


def instructions(name: str) -> Iterator[list[str]]:
    """The words of each instruction of that name."""
    text = DOCKERFILE.read_text(encoding="utf-8").replace("\\\n", " ")
    yield from (shlex.split(line)[1:] for line in text.splitlines() if line.startswith(f"{name} "))


def copied() -> list[str]:
    """The files and folders of the repository that the image is built from."""
    return [name for words in instructions("COPY") if not words[0].startswith("--from") for name in words[:-1]]


def test_the_version_stands_in_one_place() -> None:
    """The package takes its version from `planner/version.py`; `pyproject.toml` has none of its own."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "version" not in project["project"]
    assert project["project"]["dynamic"] == ["version"]
    path = ROOT / project["tool"]["hatch"]["version"]["path"]
    assert f'__version__ = "{__version__}"' in path.read_text(encoding="utf-8")


def test_the_changelog_can_be_tagged() -> None:
    """Unreleased entries stand first, then releases with dates, the newest first and none newer than the version."""
    heads = re.findall(r"^## .*$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert heads[0] == "## [Unreleased]"
    releases = [HEADING.fullmatch(each) for each in heads[1:]]
    assert None not in releases
    now = re.match(r"(\d+)\.(\d+)\.(\d+)", __version__)
    of_now, *versions = [tuple(map(int, each.groups())) for each in (now, *releases) if each]
    assert versions == sorted(set(versions), reverse=True)
    assert all(each <= of_now for each in versions)


def test_the_changelog_is_read_by_subject() -> None:
    """The unreleased changes have each section once, that of changed plans by itself, and each entry once."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    body = text.partition("## [Unreleased]")[2].partition("\n## ")[0]
    sections = re.findall(r"^### (.*)$", body, re.MULTILINE)
    assert sections == ["Added", "Changed (plans may change)", "Changed"]
    entries = re.findall(r"^- (.*(?:\n  .*)*)", body, re.MULTILINE)
    assert len(entries) == len(set(entries)) == body.count("\n- ")
    assert body.count("\n#### ") >= 5


def test_the_image_is_built_from_what_is_there() -> None:
    """Every file that the image copies exists and is not ignored, and its Python is one that is supported."""
    lines = (ROOT / ".github/Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    kept = {line[1:] for line in lines if line.startswith("!")}
    assert copied()
    for name in copied():
        assert (ROOT / name).exists()
        assert any(fnmatch.fnmatch(name, each) for each in kept)
    (base,) = {words[0] for words in instructions("FROM")}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    version = base.removeprefix("python:").removesuffix("-slim")
    assert f"Programming Language :: Python :: {version}" in project["classifiers"]
    (entry,) = instructions("ENTRYPOINT")
    assert entry[0].strip("[]") in project["scripts"]


@pytest.mark.slow
def test_what_the_image_copies_is_enough(tmp_path: Path) -> None:
    """The planner builds and runs from the copied files alone, installed as the image does."""
    source, target = tmp_path / "src", tmp_path / "opt"
    for name in copied():
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copyfile
        source.mkdir(exist_ok=True)
        copy(ROOT / name, source / name)
    install = next(words for words in instructions("RUN") if words[-1] == ".")
    pip = [sys.executable, "-m", "pip", *install[1:], "--target", str(target), "--quiet"]
    subprocess.run(pip, cwd=source, env=environment(), check=True, capture_output=True, text=True)
    assert (target / "planner/examples/starter.xlsx").is_file()
    assert (target / "planner/reports/run.schema.json").is_file()
    told = "import planner.cli; print(planner.__file__); raise SystemExit(planner.cli.main(['--version']))"
    words = [sys.executable, "-c", told]
    done = subprocess.run(words, cwd=tmp_path, env=environment(PYTHONPATH=str(target)), capture_output=True, text=True)
    assert done.stdout.splitlines() == [str(target / "planner/__init__.py"), f"planner, version {__version__}"]
    assert list(target.glob(f"capacity_planner-{__version__}.dist-info"))

"""The CronJob, checked against the schemas of Kubernetes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from schedules import ODD, elsewhere

from planner.errors import WrongUsage
from planner.schedule.formats.kubernetes import kubernetes
from planner.schedule.schedule import Schedule

yaml = pytest.importorskip("yaml", reason="PyYAML comes with the dev extra")


def manifest(given: Schedule) -> Any:
    (text,) = kubernetes(given).texts.values()
    return yaml.safe_load(text)


@pytest.mark.parametrize("version", ["1.29", "1.33"])
def test_the_schema_finds_nothing_wrong(version: str) -> None:
    """Strict validation passes it, and is known to refuse a field that is not there."""
    kubernetes_validate = pytest.importorskip("kubernetes_validate", reason="it comes with the dev extra")
    found = manifest(elsewhere(zone="Europe/Berlin", options=ODD))
    kubernetes_validate.validate(found, version, strict=True)
    found["spec"]["concurencyPolicy"] = "Forbid"
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(found, version, strict=True)


def test_the_words_and_times_are_those_given() -> None:
    """Arguments of any kind are kept; the zone is written out, UTC where none is given; 7 becomes 0."""
    given = elsewhere(cron="0 6 * * 5-7", options=ODD)
    spec = manifest(given)["spec"]
    (container,) = spec["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    assert container["command"] == ["planner"]
    args = [each.replace("$$", "$") for each in container["args"]]  # as Kubernetes does
    assert args == ["batch", "weekly", "-o", "outputs/batch/weekly", "--budget", "3600", *ODD]
    assert (spec["schedule"], spec["timeZone"]) == ("0 6 * * 0,5,6", "Etc/UTC")


def test_what_a_new_try_would_repeat_is_not_tried_again() -> None:
    """Faulty input, no plan, failed jobs and a held lock end the job; a crash and a drained node do not."""
    job = manifest(elsewhere())["spec"]["jobTemplate"]["spec"]
    fail, ignore = job["podFailurePolicy"]["rules"]
    codes = fail["onExitCodes"]["values"]
    assert fail["action"] == "FailJob"
    assert {2, 3, 8, 9} <= set(codes)
    assert not {0, 1, 7, 137, 143} & set(codes)
    assert ignore["action"] == "Ignore"
    assert job["template"]["spec"]["restartPolicy"] == "Never"  # a podFailurePolicy asks for it


def test_one_at_a_time_and_not_for_ever() -> None:
    """Overlaps are forbidden, and the deadline lies behind the budget."""
    spec = manifest(elsewhere(budget_seconds=7200.0))["spec"]
    assert spec["concurrencyPolicy"] == "Forbid"
    assert spec["jobTemplate"]["spec"]["activeDeadlineSeconds"] > 7200


def test_what_cannot_be_had_is_refused() -> None:
    """No image, paths of this machine, and days that Kubernetes reads otherwise."""
    with pytest.raises(WrongUsage, match="--image"):
        kubernetes(elsewhere(image=""))
    for path in ("/home/me/weekly", "../weekly"):
        with pytest.raises(WrongUsage, match="not on the volume"):
            kubernetes(elsewhere(jobs=path))
    with pytest.raises(WrongUsage, match="Kubernetes when either does"):
        kubernetes(elsewhere(cron="0 6 */2 * MON"))


def test_the_claim_is_the_one_given() -> None:
    """A claim that is there already can be used."""
    volumes = manifest(elsewhere(claim="plans"))["spec"]["jobTemplate"]["spec"]["template"]["spec"]["volumes"]
    assert json.dumps(volumes).count('"claimName": "plans"') == 1

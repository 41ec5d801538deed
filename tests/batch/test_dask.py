"""The same batch on a cluster of separate processes, one of which is killed half-way."""

from __future__ import annotations

import logging
import signal
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from batches import demands, endless_workbook, job_file, on_linux, records, run, started, statuses, tables_of, wait_for
from clusters import Cluster, two_workers

from planner.batch.run import BatchRequest
from planner.errors import WrongUsage

pytestmark = pytest.mark.skipif(find_spec("distributed") is None, reason="the extra dask is not installed")

OUT = "out"


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    monkeypatch.chdir(tmp_path)
    with two_workers(tmp_path / "cluster") as made:
        yield made


@on_linux
@pytest.mark.slow
def test_a_worker_killed_half_way(tmp_path: Path, cluster: Cluster) -> None:
    """A worker killed with a job in hand costs nothing: another runs it, and all plans are those of a run at home."""
    long = {"name": "long", "input": endless_workbook(tmp_path), "time_limit": 4, "accept_stopped": True}
    jobs = job_file(tmp_path, long, *demands(4), {"name": "kept", "keep_plan_of": "j0", "change_cost": 5.0})
    batch = started(tmp_path, jobs, "-o", OUT, "--engine", "dask", "--scheduler", cluster.address)
    busy = wait_for(lambda: next((name for name in ("one", "two") if cluster.jobs_of(name)), None))
    at_work = cluster.jobs_of(busy)
    cluster.processes[busy].send_signal(signal.SIGKILL)
    wait_for(lambda: not set(at_work) & set(cluster.jobs_of(busy)), seconds=10)
    out, err = batch.communicate(timeout=120)
    assert batch.returncode == 0, out + err
    assert run(jobs, "-o", "home", "--only", "j*", "--only", "kept") == 0
    far, home = tables_of(tmp_path / OUT), tables_of(tmp_path / "home")
    assert home.keys() == far.keys() - {"long"}
    assert {name: far[name] for name in home} == home
    assert all(record.good for record in records(tmp_path / OUT).values())
    assert run(jobs, "-o", OUT, "--only", "j*") == 0
    assert all(record.reused for name, record in records(tmp_path / OUT).items() if name.startswith("j"))


@on_linux
def test_stopped_far_away(tmp_path: Path, cluster: Cluster) -> None:
    """SIGTERM reaches jobs on the cluster, which bring back their best plan; SIGKILL of the batch ends them too."""
    jobs = job_file(tmp_path, {"name": "long", "input": endless_workbook(tmp_path), "time_limit": 100})
    words = (jobs, "-o", OUT, "--engine", "dask", "--scheduler", cluster.address)

    def solving() -> bool:
        return any(b"HiGHS" in each.read_bytes() or b"Solving" in each.read_bytes() for each in logs())

    def logs() -> list[Path]:
        return list(cluster.folder.glob("*/**/plan.run.log"))

    batch = started(tmp_path, *words)
    wait_for(solving)
    batch.send_signal(signal.SIGTERM)
    out, err = batch.communicate(timeout=60)
    assert batch.returncode == 143, out + err
    assert statuses(tmp_path / OUT) == {"long": "interrupted"}
    batch = started(tmp_path, *words)
    wait_for(solving)
    batch.kill()
    batch.communicate()
    wait_for(lambda: not cluster.jobs_of("one") and not cluster.jobs_of("two"), seconds=45)


def test_nobody_there(tmp_path: Path) -> None:
    """An address where no scheduler answers is wrong usage, and so is half of what a cluster needs."""
    jobs = job_file(tmp_path, *demands(1))
    patch = "import planner.solving.dask_cluster as dask\ndask.CONNECT_SECONDS = 0.5"
    for words in (("--engine", "dask", "--scheduler", "tcp://127.0.0.1:1"), ("--engine", "dask"), ("--scheduler", "x")):
        batch = started(tmp_path, jobs, *words, patch=patch)
        _, err = batch.communicate(timeout=60)
        assert batch.returncode == 2, err
        assert "--scheduler" in err


def test_a_cluster_is_spoken_to_in_private(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """With --tls nothing is sent unencrypted; an open address of another machine is warned of, this machine is not."""
    import distributed

    from planner.solving.dask_cluster import DaskCluster

    met: list[distributed.Security | None] = []
    monkeypatch.setattr(distributed, "Client", lambda *_, security, **__: met.append(security))
    monkeypatch.setattr(logging.getLogger("planner"), "propagate", True)
    with pytest.raises(WrongUsage, match=r"no file .*ca\.pem"):
        DaskCluster("tls://cluster:8786", tls=tmp_path)
    for name in ("ca.pem", "cert.pem", "key.pem"):
        (tmp_path / name).touch()
    DaskCluster("tls://cluster:8786", tls=tmp_path)
    (security,) = met
    assert security is not None
    assert security.require_encryption
    assert security.tls_ca_file == str(tmp_path / "ca.pem")
    DaskCluster("tcp://127.0.0.1:8786")
    assert caplog.text == ""
    DaskCluster("tcp://10.0.0.5:8786")
    assert "not encrypted" in caplog.text
    with pytest.raises(WrongUsage, match="--tls FOLDER and --scheduler tls://"):
        BatchRequest(jobs=("x",), engine="dask", scheduler="tls://cluster:8786")

"""Work on processes of this machine, and on a real Dask cluster of processes on the loopback."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from fpverify import __version__
from fpverify.enrollment import EnrollmentRow
from fpverify.errors import WorkersUnavailable
from fpverify.executors import DaskWorkforce, Workforce, dask_workforce, local_workforce
from fpverify.models import copy_bundle, load_bundle
from fpverify.store import encode_template
from fpverify.verifier import Verifier

pytestmark = pytest.mark.slow

ROWS = 40
CONTENTS = [  # of a package that a worker has by the name of fpverify, and what is said of it
    ('__version__ = "0.9"', "has fpverify 0.9"),
    ("import nothing_of_it", "has no fpverify"),
    (
        "raise RuntimeError('libGL.so.1: cannot\\nbe opened')",
        r"cannot say .* \(RuntimeError: libGL.so.1.*\)",
    ),
]


@pytest.fixture
def rows(tmp_path: Path, stripes: Path) -> list[EnrollmentRow]:
    """Impressions of two fingers under many names: files of their own, with the same pictures."""
    scans = [path.read_bytes() for path in sorted(stripes.glob("*.bmp"))]
    for number in range(ROWS):
        (tmp_path / f"{number}.bmp").write_bytes(scans[number % len(scans)] + b"%d" % number)
    return [
        EnrollmentRow(f"S{number}", "unknown", tmp_path / f"{number}.bmp", f"{number}.bmp") for number in range(ROWS)
    ]


@pytest.fixture
def enrolled(tmp_path: Path, edges_model: Path, rows: list[EnrollmentRow]) -> Callable[..., dict[str, bytes]]:
    """The templates of a store that a workforce has filled."""

    def templates(force: Workforce, name: str, meanwhile: Callable[[int], None] = lambda _: None) -> dict[str, bytes]:
        with Verifier.open(tmp_path / name, model=edges_model, key="none") as verifier:
            with closing(verifier.enroll_many(rows, unchecked=True, workforce=force)) as outcomes:
                for number, one in enumerate(outcomes):
                    assert one.outcome == "enrolled", one.reason
                    meanwhile(number)
            return {one.subject: encode_template(one.template) for one in verifier.store.records()}

    (tmp_path / "there").mkdir()
    for name in ("local", "here", "sent", "killed"):
        (tmp_path / name).mkdir()
    return templates


def test_a_cluster_makes_the_same_templates_bit_for_bit_wherever_the_files_lie(
    cluster: Any, enrolled: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with local_workforce(2) as force:
        local = enrolled(force, "local")
    with dask_workforce(cluster.scheduler_address) as dask:
        assert len(local) == ROWS
        assert enrolled(dask, "here") == local
        monkeypatch.setattr(DaskWorkforce, "sees", lambda *_: False)
        assert enrolled(dask, "sent") == local


def test_a_file_is_seen_by_all_or_is_not(cluster: Any, tmp_path: Path) -> None:
    with dask_workforce(cluster.scheduler_address) as dask:
        (tmp_path / "scan").write_bytes(b"scan")
        assert dask.sees(tmp_path / "scan")
        assert not dask.sees(tmp_path / "none")


def test_a_model_travels_to_workers_that_do_not_see_it(cluster: Any, edges_model: Path, tmp_path: Path) -> None:
    copied = copy_bundle(load_bundle(edges_model), tmp_path / "model")
    with dask_workforce(cluster.scheduler_address) as dask:
        carried = dask.model(copied)
        for path in copied.folder.iterdir():
            path.unlink()
        kept = dask.executor.submit(_files, carried).result()
    assert kept == sorted(path.name for path in edges_model.iterdir())


def test_a_former_model_travels_with_what_lies_with_a_later_one(cluster: Any) -> None:
    former = load_bundle("ridgeline-12")
    with dask_workforce(cluster.scheduler_address) as dask:
        kept = dask.executor.submit(_files, dask.model(former)).result()
    assert {"minutia_map.tflite", "codebook.npy", "card.yaml"} <= set(kept)
    assert not [name for name in kept if name.endswith(".weights.h5")]


def _files(carried: Any) -> list[str]:
    return sorted(path.name for path in carried.folder.iterdir())


def test_a_worker_that_is_killed_costs_time_only(cluster: Any, enrolled: Callable[..., Any]) -> None:
    def kill(number: int) -> None:
        if number == 5:
            os.kill(next(iter(cluster.workers.values())).pid, signal.SIGKILL)

    with local_workforce(1) as force:
        local = enrolled(force, "local")
    with dask_workforce(cluster.scheduler_address) as dask:
        assert enrolled(dask, "killed", kill) == local


@pytest.mark.parametrize(("content", "has"), CONTENTS)
def test_a_worker_of_another_release_is_named(tmp_path: Path, content: str, has: str) -> None:
    distributed = pytest.importorskip("distributed")
    (tmp_path / "fpverify").mkdir()
    (tmp_path / "fpverify" / "__init__.py").write_text(content)
    with distributed.LocalCluster(n_workers=0, host="127.0.0.1", dashboard_address="127.0.0.1:0") as other:
        worker = [sys.executable, "-m", "dask", "worker", other.scheduler_address, "--no-nanny", "--no-dashboard"]
        started = subprocess.Popen(worker, env={**os.environ, "PYTHONPATH": str(tmp_path)}, cwd=tmp_path)
        try:
            with other.get_client() as client:
                client.wait_for_workers(1, timeout=60)
            refused = pytest.raises(WorkersUnavailable, match=f"{has}; here it is {re.escape(__version__)}")
            with refused, dask_workforce(other.scheduler_address):
                pass
        finally:
            started.kill()
            started.wait()


def test_a_cluster_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr("fpverify.executors.workforce.ANSWER_S", 1.0)
    with (
        pytest.raises(WorkersUnavailable, match="no Dask scheduler answers there"),
        dask_workforce("tcp://127.0.0.1:9"),
    ):
        pass


def test_a_cluster_without_workers_is_named() -> None:
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(n_workers=0, host="127.0.0.1", dashboard_address="127.0.0.1:0") as empty,
        pytest.raises(WorkersUnavailable, match="no workers"),
        dask_workforce(empty.scheduler_address),
    ):
        pass

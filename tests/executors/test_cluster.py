"""Evaluation, migration and synthesis by a Dask cluster give what processes of this machine give, bit for bit."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fpverify.cli import main
from fpverify.errors import ModelError
from fpverify.evaluation.runner import Runner
from fpverify.evaluation.sets.layout import read_set
from fpverify.evaluation.sets.protocol import Plan, set_plan
from fpverify.evaluation.templates import TemplateCache
from fpverify.executors import DaskWorkforce, Workforce, answers, dask_workforce, local_workforce
from fpverify.matching import Matcher
from fpverify.scans import read_scan
from fpverify.store import encode_template
from fpverify.synthesis.dataset import write_ridges
from fpverify.verifier import Verifier
from fpverify.vocabulary import Evaluation

pytestmark = pytest.mark.slow


def same(one: Evaluation, other: Evaluation) -> bool:
    return (
        one.scores.tobytes() == other.scores.tobytes()
        and one.failures == other.failures
        and one.quality.tobytes() == other.quality.tobytes()
        and one.resolution == other.resolution
    )


def kept(cache: TemplateCache) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in cache.folder.rglob("*.*") if path.is_file()}


def killed(cluster: Any) -> None:
    os.kill(next(iter(cluster.workers.values())).pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory, release_model: str) -> Plan:
    """A small set with a file that is no scan, and one without a print."""
    out = tmp_path_factory.mktemp("prints")
    write_ridges(out, fingers=4, impressions=2, seed=5)
    (out / "5_1.bmp").write_bytes(b"no scan")
    return set_plan(read_set(out))


@pytest.mark.parametrize("sends", [False, True])
def test_an_evaluation_has_the_same_templates_and_scores(
    cluster: Any, plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sends: bool
) -> None:
    if sends:
        monkeypatch.setattr(DaskWorkforce, "sees", lambda *_: False)
    monkeypatch.setattr("fpverify.evaluation.surveys.PRINTS_PER_PROCESS", 1)  # surveyed there, too
    here, there = TemplateCache(tmp_path / "here"), TemplateCache(tmp_path / "there")
    local = Runner(workers=2, cache=here).compare(plan)
    with dask_workforce(cluster.scheduler_address) as dask:
        assert same(Runner(workforce=dask, cache=there).compare(plan), local)
    assert len(set(local.scores.tolist())) > 5
    assert kept(there) == kept(here)
    assert len(kept(here)) == 2 * len(plan.prints) - 1  # of the file that is no scan the note alone


def test_a_worker_that_is_killed_costs_an_evaluation_time_only(cluster: Any, plan: Plan, tmp_path: Path) -> None:
    local = Runner(workers=2).compare(plan)
    cache = Killing(tmp_path, partial(killed, cluster))
    with dask_workforce(cluster.scheduler_address) as dask:
        assert same(Runner(workforce=dask, cache=cache).compare(plan), local)


class Killing(TemplateCache):
    """Does something when the second template comes."""

    def __init__(self, folder: Path, kill: Callable[[], None]) -> None:
        super().__init__(folder)
        object.__setattr__(self, "kill", kill)
        object.__setattr__(self, "count", 0)

    def put(self, key: str, outcome: Any) -> None:
        super().put(key, outcome)
        object.__setattr__(self, "count", self.count + 1)  # type: ignore[attr-defined]
        if self.count == 2:  # type: ignore[attr-defined]
            self.kill()  # type: ignore[attr-defined]


def test_what_is_lent_outlives_a_worker_and_is_taken_back(cluster: Any) -> None:
    lent = np.arange(1000)
    with dask_workforce(cluster.scheduler_address) as dask:
        found = {}
        for number, one in answers(dask, _picking, range(60), lent):
            found[number] = one
            if len(found) == 10:
                killed(cluster)
        assert found == {k: k for k in range(60)}
        assert not any(dask.client.run(_lent_names).values())


def _picking(lent: Sequence[int]) -> Callable[[int], int]:
    return lambda job: int(lent[job])


def _lent_names(dask_worker: Any) -> list[str]:
    from fpverify.executors.lending import _BEGUN

    names = [name for name in dask_worker.plugins if name.startswith("fpverify-lent")]
    return names + [token for (_, token), (begin, _) in _BEGUN.items() if begin is None]


def test_an_error_comes_from_a_cluster_as_it_is(cluster: Any) -> None:
    with dask_workforce(cluster.scheduler_address) as dask, pytest.raises(ModelError, match="no model"):
        list(answers(dask, _failing, range(4)))


def _failing(_: object) -> Callable[[int], int]:
    raise ModelError("no model")


@pytest.fixture(scope="module")
def newer(tmp_path_factory: pytest.TempPathFactory, make_edges_model: Callable[[Path, str], Path]) -> Path:
    return make_edges_model(tmp_path_factory.mktemp("newer") / "model", "edges-2")


@pytest.mark.parametrize("killing", [False, True])
def test_a_migration_makes_the_same_templates(
    cluster: Any, stripes: Path, newer: Path, tmp_path: Path, killing: bool
) -> None:
    scans = [read_scan(path) for path in sorted(stripes.glob("*.bmp"))]
    template = replace(Matcher.load(newer).template(scans[0]), model_id="edges-1")

    def migrated(name: str, force: Workforce, meanwhile: Callable[[], None] = lambda: None) -> dict[str, bytes]:
        with Verifier.open(tmp_path / name, model=newer, key="none") as verifier:
            with verifier.store.batch():
                for number in range(50):
                    verifier.store.add(f"S{number}", "unknown", template, scan=scans[number % len(scans)])
            for number, one in enumerate(verifier.migrate(workforce=force)):
                assert one.made == 1
                if number == 2:
                    meanwhile()
            return {one.subject: encode_template(one.template) for one in verifier.store.records()}

    with local_workforce(2) as force:
        local = migrated("local", force)
    assert len(set(local.values())) > 2
    with dask_workforce(cluster.scheduler_address) as dask:
        assert migrated("there", dask, partial(killed, cluster) if killing else lambda: None) == local


def test_commands_work_on_a_cluster(
    cluster: Any, edges_model: Path, stripes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FPVERIFY_KEEP_SCANS", "yes")
    dask = ("--dask", cluster.scheduler_address)

    def ran(*words: object) -> int:
        return main([f"{word}" for word in words])

    assert ran("synth", "ridges", "--fingers", 2, "--impressions", 2, "--out", "prints", *dask) == 0
    assert len(list((tmp_path / "prints").glob("*.bmp"))) == 4
    for where in ((), dask):
        written = ("--scores", f"{len(where)}.csv", "--no-cache")
        assert ran("evaluate", stripes, "--model", edges_model, "--ppi", 500, *written, *where) == 0
    assert (tmp_path / "0.csv").read_text() == (tmp_path / "2.csv").read_text()
    assert ran("enroll", stripes / "A_00.bmp", "--id", "A", "--model", edges_model) == 0
    assert ran("migrate", *dask) == 0
    assert ran("calibrate", "prints", "--out", "door.yaml", *dask) == 3  # too few fingers, which it finds there


def test_a_set_is_drawn_bit_for_bit(cluster: Any, tmp_path: Path) -> None:
    how = {"fingers": 3, "impressions": 2, "seed": 9, "labels": True}
    assert write_ridges(tmp_path / "here", workers=1, **how) == 6  # type: ignore[arg-type]
    with dask_workforce(cluster.scheduler_address) as dask:
        assert write_ridges(tmp_path / "there", workforce=dask, **how) == 6  # type: ignore[arg-type]
    here, there = (dict(_contents(tmp_path / name)) for name in ("here", "there"))
    assert len(here) == 12
    assert there == here


def _contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    return ((path.name, path.read_bytes()) for path in folder.iterdir())

"""Folders of scans and pools of masters."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fpverify.synthesis.dataset import ORDINARY, SHARD, MasterPool, master, synthesise, write_ridges
from fpverify.synthesis.flow import CALM, USUAL
from fpverify.synthesis.sensor import SENSORS


def digest(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def test_a_set_is_the_same_for_any_number_of_workers(tmp_path: Path) -> None:
    for workers in (1, 2):
        write_ridges(tmp_path / str(workers), fingers=3, impressions=2, seed=5, workers=workers, labels=True)
    assert digest(tmp_path / "1") == digest(tmp_path / "2")
    assert len(digest(tmp_path / "1")) == 3 * 2 * 2


def test_another_seed_gives_another_set(tmp_path: Path) -> None:
    for seed in (1, 2):
        write_ridges(tmp_path / str(seed), fingers=1, impressions=1, seed=seed)
    assert digest(tmp_path / "1") != digest(tmp_path / "2")


def test_files_say_500_ppi(tmp_path: Path) -> None:
    write_ridges(tmp_path, fingers=1, impressions=1)
    with Image.open(tmp_path / "1_1.bmp") as image:
        assert image.info["dpi"][0] == pytest.approx(500, abs=0.01)
        assert image.mode == "L"


def test_the_same_minutia_has_the_same_number_in_every_impression(tmp_path: Path) -> None:
    write_ridges(tmp_path, fingers=1, impressions=2, labels=True)
    first, second = (json.loads((tmp_path / f"1_{k}.json").read_text())["minutiae"] for k in (1, 2))
    shared = {m["id"] for m in first} & {m["id"] for m in second}
    assert len(shared) >= 10
    by_id = [{m["id"]: m for m in side} for side in (first, second)]
    points = [np.array([[side[k]["x_px"], side[k]["y_px"]] for k in shared]) for side in by_id]
    centred = [side - side.mean(0) for side in points]
    u, _, vt = np.linalg.svd(centred[0].T @ centred[1])
    residue = centred[0] @ u @ vt - centred[1]
    assert np.abs(residue).max() < 40  # px at 500 ppi: one rigid motion explains all but stretch and distortion


def test_synthesise_and_the_command_draw_other_pictures_of_the_same_fingers(tmp_path: Path) -> None:
    write_ridges(tmp_path, fingers=1, impressions=1, seed=5)
    written = np.asarray(Image.open(tmp_path / "1_1.bmp"))
    assert (next(synthesise(1, 1, 5)).scan.pixels != written).any()
    alike = replace(ORDINARY, sensor=SENSORS["optical"])
    assert (next(synthesise(1, 1, 5, alike)).scan.pixels == written).all()


def test_labels_lie_inside_the_scan() -> None:
    for made in synthesise(fingers=1, impressions=3, seed=3):
        height, width = made.scan.pixels.shape
        assert ((made.minutiae.x_px >= 0) & (made.minutiae.x_px < width)).all()
        assert ((made.minutiae.y_px >= 0) & (made.minutiae.y_px < height)).all()


@pytest.mark.slow
def test_a_pool_holds_the_fingers_of_its_seed_and_goes_on_where_it_was_left(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("fpverify.synthesis.dataset.SHARD", 2)
    pool = MasterPool.create(tmp_path, fingers=2, seed=9)
    before = digest(pool.folder)
    pool = MasterPool.create(tmp_path, fingers=4, seed=9)
    assert before.items() <= digest(pool.folder).items()
    ridges, minutiae = pool.finger(3)
    truth = master(9, 3)
    assert np.abs(ridges - truth.ridges).max() <= 0.5 / 127 + 1e-6
    np.testing.assert_allclose(minutiae.x_px, truth.minutiae.x_px)
    assert pool.patterns().tolist() == [master(9, number).pattern for number in range(4)]


def test_a_pool_has_fingers_of_one_flow(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("fpverify.synthesis.dataset.SHARD", 1)
    usual, calm = (MasterPool.create(tmp_path, 1, 9, flow) for flow in (USUAL, CALM))
    assert usual.folder != calm.folder
    for pool, flow in ((usual, USUAL), (calm, CALM)):
        assert np.abs(pool.finger(0)[0] - master(9, 0, flow).ridges).max() <= 0.5 / 127 + 1e-6


def test_a_mirrored_finger_is_mirrored_with_its_minutiae(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("fpverify.synthesis.dataset.SHARD", 1)
    pool = MasterPool.create(tmp_path, fingers=1, seed=9)
    ridges, minutiae = pool.finger(0)
    mirrored, moved = pool.finger(0, mirrored=True)
    np.testing.assert_array_equal(mirrored, ridges[:, ::-1])
    np.testing.assert_allclose(moved.x_px, ridges.shape[1] - 1 - minutiae.x_px)
    np.testing.assert_allclose(np.cos(moved.angle_rad), -np.cos(minutiae.angle_rad), atol=1e-6)
    np.testing.assert_allclose(np.sin(moved.angle_rad), np.sin(minutiae.angle_rad), atol=1e-6)


def test_an_interrupted_shard_leaves_nothing_that_counts(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("fpverify.synthesis.dataset.SHARD", 1)
    monkeypatch.setattr("fpverify.synthesis.dataset.np.savez", lambda *_, **__: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        MasterPool.create(tmp_path, fingers=1, seed=9)
    assert not list(tmp_path.rglob("*.npz"))
    assert SHARD > 1

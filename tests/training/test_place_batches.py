"""Batches of the same places of two touches."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fpverify.synthesis import dataset
from fpverify.synthesis.dataset import MasterPool
from fpverify.synthesis.flow import CALM
from fpverify.synthesis.impression import ImpressionSettings
from fpverify.training import place_batches
from fpverify.training.place_bank import PlaceBank
from fpverify.training.place_batches import GRID_PX, ImpressionPool, PlaceBatches, look_alikes, sampled

EASY = ImpressionSettings(rotation_rad=3.0, shift_px=10, hardness=(0.1, 0.3))
FINGERS = 3


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> ImpressionPool:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dataset, "SHARD", FINGERS)
        patch.setattr(place_batches, "IMPRESSIONS", 2)
        folder = tmp_path_factory.mktemp("pool")
        masters = MasterPool.create(folder / "masters", FINGERS, 5, CALM)
        drawn = ImpressionPool.create(folder / "impressions", masters, 6, EASY)
        yield drawn


def test_fingers_with_creases_are_put_down_alike(pool: ImpressionPool, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(place_batches, "IMPRESSIONS", 2)
        creased = ImpressionPool.create(tmp_path, pool.masters, 6, EASY, 1.0)
    for number in range(FINGERS):
        plain, cut = pool.finger(number), creased.finger(number)
        np.testing.assert_array_equal(cut.to[0], plain.to[0])  # what comes later was drawn with other numbers
        assert (cut.images[0] != plain.images[0]).any()


def coarse(patches: np.ndarray) -> np.ndarray:
    """(n, 32, 32, 1) -> (n, 64) of unit length, 0 on average."""
    blocks = patches[..., 0].reshape(len(patches), 8, 4, 8, 4).mean((2, 4)).reshape(len(patches), -1)
    blocks = blocks - blocks.mean(1, keepdims=True)
    return blocks / np.maximum(np.linalg.norm(blocks, axis=1, keepdims=True), 1e-6)


def test_a_batch_is_a_function_of_its_number(pool: ImpressionPool) -> None:
    batches = PlaceBatches(pool, seed=1, pairs=24)
    inputs, owners = batches(0)
    assert inputs.shape == (48, 32, 32, 1)
    assert owners.shape == (48,)
    np.testing.assert_array_equal(inputs, batches(0)[0])
    assert (inputs != batches(1)[0]).any()
    np.testing.assert_array_equal(owners[:24], owners[24:])


def test_partners_show_the_same_skin(pool: ImpressionPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place_batches, "SHAKE_PX", (0.0, 0.0))
    inputs, _ = PlaceBatches(pool, seed=2, pairs=64, one_pattern=0.0)(0)
    middles = inputs[:, 6:26, 6:26, 0].reshape(128, -1)
    left, right = np.split(middles / np.linalg.norm(middles, axis=1, keepdims=True), 2)
    alike = left @ right.T
    own, others = np.diag(alike), alike[~np.eye(len(alike), dtype=bool)]
    assert np.median(own) > np.percentile(others, 90)


def test_maps_lead_there_and_back(pool: ImpressionPool) -> None:
    finger = pool.finger(0)
    x = y = np.array([90.0, 100.0], np.float32)
    on = sampled(finger.to[0], x, y)
    assert finger.there(0, *on) == pytest.approx(np.stack([x, y]), abs=1.0)
    assert finger.back.shape[2] == dataset.master(5, 0, CALM).ridges.shape[0] // GRID_PX + 1


def test_look_alikes_are_of_other_fingers(pool: ImpressionPool, tmp_path: Path) -> None:
    bank = look_alikes(pool, coarse, seed=3, places=60)
    for place in range(len(bank.finger)):
        owners = bank.finger[bank.cluster(np.random.default_rng(place), 3)]
        assert len(set(owners.tolist())) == len(owners)
    bank.write(tmp_path / "bank.npz")
    np.testing.assert_array_equal(PlaceBank.read(tmp_path / "bank.npz").nearest, bank.nearest)
    inputs, owners = PlaceBatches(pool, 4, pairs=20, bank=tmp_path / "bank.npz", alike=0.5)(0)
    assert inputs.shape == (40, 32, 32, 1)
    assert owners[:20].max() >= 10  # ten places of clusters, each by itself

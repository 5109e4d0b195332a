"""What the seam map network is trained on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fpverify.synthesis.impression import ImpressionSettings
from fpverify.training.seam_batches import CELL_PX, CHANNELS, SHAPE, TURNS, PrintPool, SeamBatches

FINGERS = 12


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> PrintPool:
    return PrintPool.create(tmp_path_factory.mktemp("prints"), FINGERS, 71, ImpressionSettings())


def test_a_pool_is_drawn_once_and_whatever_is_missing_again(pool: PrintPool, tmp_path: Path) -> None:
    again = PrintPool.create(tmp_path / "prints", 2, 71, ImpressionSettings())
    again.path(1).unlink()
    first = again.path(0).stat().st_mtime_ns
    again = PrintPool.create(tmp_path / "prints", 2, 71, ImpressionSettings())
    assert again.path(0).stat().st_mtime_ns == first
    for finger in range(2):
        np.testing.assert_array_equal(again.print(finger, 1, 0).image, pool.print(finger, 1, 0).image)


def test_every_turn_of_a_print_is_another_one(pool: PrintPool) -> None:
    turned = [pool.print(0, 0, way) for way in range(TURNS)]
    assert len({one.image.tobytes() for one in turned}) == TURNS
    assert len({int(one.foreground.sum()) for one in turned}) == 1


def test_a_batch_is_a_function_of_seed_and_number(pool: PrintPool) -> None:
    batches, again = (SeamBatches(pool, seed=1, size=4, hard=0.5) for _ in range(2))
    for one, other in zip(batches(4), again(4), strict=True):
        np.testing.assert_array_equal(one, other)
    assert not np.array_equal(batches(4)[0], batches(5)[0])


def test_every_other_picture_may_have_a_border(pool: PrintPool) -> None:
    images, targets = SeamBatches(pool, seed=2, size=16)(0)
    assert images.shape == (16, SHAPE[0] // 4, SHAPE[1] // 4, 16)
    assert targets.shape == (16, SHAPE[0] // CELL_PX, SHAPE[1] // CELL_PX, CHANNELS)
    border, weight, several, counts = np.moveaxis(targets, -1, 0)
    assert not border[::2].any()
    assert (weight[::2] == 1).all()
    assert (counts[::2] == 1).all()
    assert border[1::2].any(axis=(1, 2)).sum() >= 6
    assert (weight[border > 0] == 1).all()
    assert (several[several > 0] == 1).all()
    assert not several[::2].any()

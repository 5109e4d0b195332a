"""What the drawn map network is trained on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fpverify.synthesis import dataset
from fpverify.synthesis.dataset import MasterPool
from fpverify.synthesis.impression import ImpressionSettings
from fpverify.training.drawn_batches import CELL_PX, CHANNELS, DrawnBatches
from fpverify.vocabulary import FloatArray

SETTINGS = ImpressionSettings(small=0.3)


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> MasterPool:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(dataset, "SHARD", 4)  # of fingers that are drawn at a time
        return MasterPool.create(tmp_path_factory.mktemp("masters"), 4, 81)


def pictures(batches: DrawnBatches, number: int = 0) -> tuple[FloatArray, FloatArray]:
    """Unfolded (b, h, w), and which cells are drawn of those asked: (b, h/8, w/8), not a number elsewhere."""
    squares, targets = batches(number)
    count, high, wide, _ = squares.shape
    images = squares.reshape(count, high, wide, 4, 4).transpose(0, 1, 3, 2, 4).reshape(count, 4 * high, 4 * wide)
    return images, np.where(targets[..., 1] > 0, targets[..., 0], np.nan)


def test_a_batch_is_a_function_of_seed_and_number(pool: MasterPool) -> None:
    batches, again = (DrawnBatches(pool, seed=1, pictures=6, settings=SETTINGS) for _ in range(2))
    for one, other in zip(batches(4), again(4), strict=True):
        np.testing.assert_array_equal(one, other)
    assert not np.array_equal(batches(4)[0], batches(5)[0])


def test_half_of_the_pictures_are_drawn_where_none_is_mixed(pool: MasterPool) -> None:
    squares, targets = DrawnBatches(pool, seed=2, pictures=40, settings=SETTINGS, mixed=0.0)(0)
    high, wide = SETTINGS.shape
    assert squares.shape == (40, high // 4, wide // 4, 16)
    assert targets.shape == (40, high // CELL_PX, wide // CELL_PX, CHANNELS)
    assert set(np.unique(targets)) == {0, 1}
    whole = [set(target[..., 0][target[..., 1] > 0]) for target in targets if target[..., 1].any()]
    assert all(len(one) == 1 for one in whole)
    assert 10 <= sum(one == {1.0} for one in whole) <= 30


def test_of_mixed_pictures_both_parts_are_asked_for(pool: MasterPool) -> None:
    _, asked = pictures(DrawnBatches(pool, seed=3, pictures=12, settings=SETTINGS, mixed=1.0, windows=0.0))
    assert sum(np.nanmin(one) == 0 and np.nanmax(one) == 1 for one in asked if np.isfinite(one).any()) >= 6


def test_nothing_is_asked_where_a_window_shows_nothing(pool: MasterPool) -> None:
    images, asked = pictures(DrawnBatches(pool, seed=4, pictures=16, settings=SETTINGS, windows=1.0))
    shown = np.abs(images).reshape(16, asked.shape[1], CELL_PX, asked.shape[2], CELL_PX).max((2, 4)) > 0
    assert not (np.isfinite(asked) & ~shown).any()
    assert (shown.mean((1, 2)) < 0.5).sum() >= 12


def test_a_part_of_a_finger_that_left_no_print_weighs_nothing(pool: MasterPool, tmp_path: Path) -> None:
    _, targets = DrawnBatches(pool, seed=5, pictures=20, settings=SETTINGS, mixed=0.0, windows=0.0)(0)
    fingers = targets[(targets[..., 0] == 0).all((1, 2))]
    assert len(fingers) >= 5
    assert 0 < fingers[..., 1].mean() < 0.95

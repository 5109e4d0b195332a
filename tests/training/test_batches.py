"""What the networks are trained on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from fpverify.synthesis import dataset
from fpverify.synthesis.dataset import MasterPool
from fpverify.synthesis.impression import Impression, ImpressionSettings
from fpverify.training import batches
from fpverify.training.batches import AMBIGUOUS_PX, CELL_PX, MinutiaMapBatches, PatchBatches

CLEAR = ImpressionSettings(hardness=(0.0, 0.0), rotation_rad=np.pi)


@pytest.fixture(scope="module")
def masters(tmp_path_factory: pytest.TempPathFactory) -> MasterPool:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(dataset, "SHARD", 12)  # of fingers that are drawn at a time
        return MasterPool.create(tmp_path_factory.mktemp("masters"), 12, seed=5)


def test_a_batch_is_a_function_of_seed_and_number(masters: MasterPool) -> None:
    batches = MinutiaMapBatches(masters, seed=1, size=3)
    again = MinutiaMapBatches(masters, seed=1, size=3)
    for one, other in zip(batches(4), again(4), strict=True):
        np.testing.assert_array_equal(one, other)
    assert not np.array_equal(batches(4)[0], batches(5)[0])


def test_targets_say_where_minutiae_are_and_that_a_nonprint_has_none(masters: MasterPool) -> None:
    images, targets = MinutiaMapBatches(masters, seed=1, size=6, nonprint_share=0, settings=CLEAR)(0)
    assert images.shape == (6, 192, 192, 1)
    assert targets.shape == (6, 192 // CELL_PX, 192 // CELL_PX, 8)
    heat, weight, x, y, cos, sin, foreground, _ = np.moveaxis(targets, -1, 0)
    found = heat > 0
    assert 8 < found.sum() / 6 < 100
    assert (weight[found] == 1).all()
    assert (foreground[found] > 0.5).all()
    for offset in (x, y):
        assert 0 <= offset[found].min() < offset[found].max() < 1
    np.testing.assert_allclose(np.hypot(cos, sin)[found], 1, atol=1e-5)
    _, empty = MinutiaMapBatches(masters, seed=1, size=3, nonprint_share=0.999, settings=CLEAR)(0)
    assert not empty[..., [0, 6]].any()


def test_cells_beside_a_minutia_may_answer_either_way(masters: MasterPool) -> None:
    _, targets = MinutiaMapBatches(masters, seed=1, size=6, nonprint_share=0, settings=CLEAR)(0)
    for target in targets:
        for row, column in np.argwhere(target[..., 0] > 0):
            x, y = CELL_PX * (np.array([column, row]) + target[row, column, 2:4])
            rows, columns = np.mgrid[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2]
            near = np.hypot(CELL_PX * (columns + 0.5) - x, CELL_PX * (rows + 0.5) - y) < AMBIGUOUS_PX - 0.01
            cells = target[rows[near], columns[near]]
            assert (cells[:, 1] == cells[:, 0]).all(), "only cells with a minutia of their own count"


def test_a_small_sensor_is_framed_with_nothing_that_is_no_print(masters: MasterPool) -> None:
    small = ImpressionSettings(hardness=(0.0, 0.0), small=1.0)
    images, targets = MinutiaMapBatches(masters, seed=2, size=12, nonprint_share=0, settings=small)(0)
    for image, target in zip(images[..., 0], targets, strict=True):
        rows, columns = (np.flatnonzero(image.any(axis)) for axis in (1, 0))
        inside = np.zeros(image.shape, bool)
        inside[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = True
        assert 72 <= np.ptp(rows) + 1 <= 128
        assert 72 <= np.ptp(columns) + 1 <= 128
        outside = ~inside.reshape(48, CELL_PX, 48, CELL_PX).any((1, 3))
        assert not target[outside][:, [0, 6]].any()
        assert (target[outside][:, [1, 7]] == 1).all(), "and the network has to say so"


def test_the_two_halves_of_a_batch_show_the_same_minutiae(masters: MasterPool, monkeypatch: pytest.MonkeyPatch) -> None:
    for jitter in ("POSITION_JITTER_PX", "ANGLE_JITTER_RAD"):
        monkeypatch.setattr(f"fpverify.training.batches.{jitter}", 0.0)
    patches, fingers = PatchBatches(masters, seed=3, fingers=4, minutiae=6, settings=CLEAR)(0)
    assert patches.shape == (48, 64, 64, 1)
    np.testing.assert_array_equal(fingers[:24], fingers[24:])
    middle = patches[:, 22:42, 22:42]  # beyond, skin has bent away
    left, right = (side.reshape(24, -1) for side in np.split(middle, 2))
    alike = np.corrcoef(left, right)[:24, 24:]
    others = alike[fingers[:24, None] != fingers[None, :24]]
    assert np.median(np.diag(alike)) > np.quantile(others, 0.99)


def test_batches_of_one_pattern_show_fingers_of_one_pattern_and_hand(
    masters: MasterPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[tuple[int, bool]] = []
    finger = MasterPool.finger

    def noted(pool: MasterPool, number: int, *, mirrored: bool = False) -> object:
        shown.append((number, mirrored))
        return finger(pool, number, mirrored=mirrored)

    monkeypatch.setattr(MasterPool, "finger", noted)
    patterns = masters.patterns()
    batches = PatchBatches(masters, seed=4, fingers=3, minutiae=6, settings=CLEAR, one_pattern=1.0)
    kinds = set()
    for number in range(6):
        shown.clear()
        batches(number)
        alike = {(patterns[which], mirrored) for which, mirrored in shown}
        assert len(alike) == 1
        kinds |= alike
    assert len(kinds) > 1


def test_drawn_lines_are_shown_twice_and_no_finger_with_them(
    masters: MasterPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for jitter in ("POSITION_JITTER_PX", "ANGLE_JITTER_RAD"):
        monkeypatch.setattr(f"fpverify.training.batches.{jitter}", 0.0)
    monkeypatch.setattr(MasterPool, "finger", None)
    drawn = [PatchBatches(masters, seed, fingers=4, minutiae=6, settings=CLEAR, lines=1.0)(0)[0] for seed in (1, 1, 2)]
    np.testing.assert_array_equal(drawn[0], drawn[1])
    for patches in drawn[1:]:
        assert patches.shape == (48, 64, 64, 1)
        left, right = (side.reshape(24, -1) for side in np.split(patches[:, 22:42, 22:42], 2))
        alike = np.corrcoef(left, right)[:24, 24:]
        assert np.median(np.diag(alike)) > np.quantile(alike[~np.eye(24, dtype=bool)], 0.9)


def test_as_many_lines_are_drawn_as_is_asked_for(masters: MasterPool, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn, pair = [], PatchBatches._drawn_pair
    monkeypatch.setattr(PatchBatches, "_drawn_pair", lambda *given: drawn.append(0) or pair(*given))
    PatchBatches(masters, seed=6, fingers=60, minutiae=4, settings=CLEAR)(0)
    assert not drawn
    owners = PatchBatches(masters, seed=6, fingers=60, minutiae=4, settings=CLEAR, lines=0.3)(0)[1]
    assert 0.15 < len(drawn) / len(set(owners.tolist())) < 0.45


def _touches(images: np.ndarray, targets: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Image, what is covered by a touch, and target of each quarter."""
    for image, target in zip(images[..., 0], targets, strict=True):
        for top, left in product((0, 96), (0, 96)):
            quarter = image[top : top + 96, left : left + 96]
            cells = target[top // CELL_PX : (top + 96) // CELL_PX, left // CELL_PX : (left + 96) // CELL_PX]
            yield quarter, quarter != 0, cells


def test_windows_show_small_touches_with_nothing_around_them(masters: MasterPool) -> None:
    images, targets = MinutiaMapBatches(masters, seed=2, size=8, settings=CLEAR, windows=1.0)(0)
    prints = 0
    for _, covered, target in _touches(images, targets):
        rows, columns = (np.flatnonzero(covered.any(axis)) for axis in (1, 0))
        if len(rows) == 0:  # a blank plate
            continue
        assert max(np.ptp(rows), np.ptp(columns)) < 80
        assert 8 <= min(rows[0], columns[0]) <= max(rows[-1], columns[-1]) < 88
        cells = covered.reshape(24, CELL_PX, 24, CELL_PX).any((1, 3))
        assert not target[~cells][:, [0, 6]].any()
        assert (target[..., 7] == 1).all()
        prints += bool(target[..., 6].any())
    assert 8 <= prints <= 24, "about half of 32"


def test_minutiae_of_windows_lie_where_they_lie_in_the_whole_print(
    masters: MasterPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fpverify.training.batches.WINDOW_NONPRINTS", 0.0)
    windows: list[tuple[slice, slice]] = []
    made = batches.minutia_map_target

    def whole(impression: Impression) -> np.ndarray:
        wholes.append(made(replace(impression, foreground=np.ones_like(impression.foreground))))
        return made(impression)

    def on(rng: np.random.Generator, foreground: np.ndarray) -> tuple[slice, slice]:
        windows.append(chosen(rng, foreground))
        return windows[-1]

    wholes: list[np.ndarray] = []
    chosen = batches._window_on
    monkeypatch.setattr(batches, "minutia_map_target", whole)
    monkeypatch.setattr(batches, "_window_on", on)
    images, targets = MinutiaMapBatches(masters, seed=3, size=4, settings=CLEAR, windows=1.0)(0)
    found = 0
    for (_, covered, target), window, all_of_it in zip(_touches(images, targets), windows, wholes, strict=True):
        inside = all_of_it[tuple(slice(side.start // CELL_PX, side.stop // CELL_PX) for side in window)]
        rows, columns = (np.flatnonzero(target[..., 6].any(axis)) for axis in (1, 0))
        if not len(rows) or len(rows) != inside.shape[0] or len(columns) != inside.shape[1]:
            continue  # the print does not fill the window
        own = target[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        minutiae = own[..., 0] > 0
        found += int(minutiae.sum())
        np.testing.assert_array_equal(own[minutiae][:, 2:6], inside[minutiae][:, 2:6])
        assert covered.any()
    assert found > 10


def test_without_windows_and_patterns_batches_are_what_they_were(masters: MasterPool) -> None:
    plain = MinutiaMapBatches(masters, seed=4, size=4, nonprint_share=0.5)(0)
    off = MinutiaMapBatches(masters, seed=4, size=4, nonprint_share=0.5, windows=0.0, patterns=0.0)(0)
    for one, other in zip(plain, off, strict=True):
        np.testing.assert_array_equal(one, other)
    changed = MinutiaMapBatches(masters, seed=4, size=4, nonprint_share=0.5, patterns=1.0)(0)
    assert not np.array_equal(plain[0], changed[0])

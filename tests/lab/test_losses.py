"""Each loss against its formula, counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from fpverify.lab import losses

pytestmark = pytest.mark.train


def codes(seed: int, rows: int, *, unit: bool = False) -> np.ndarray:
    drawn = np.random.default_rng(seed).normal(size=(rows, 5)).astype(np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True) if unit else drawn


def number(tensor: object) -> float:
    return float(np.asarray(tensor))


def test_contrastive_loss_takes_one_for_mated_as_the_text_says() -> None:
    both = np.array([[0, 0], [0, 0], [3, 4], [0.3, 0.4]], np.float32)  # distances 5 and 0.5
    loss = losses.contrastive(1.0)
    assert number(loss(np.array([1, 0, 1, 0], np.float32), both)) == pytest.approx((25 + 0.25) / 2, rel=1e-5)
    assert number(loss(np.array([0, 1, 0, 1], np.float32), both)) == pytest.approx((0 + 0.25) / 2, rel=1e-5)


def test_contrastive_loss_of_one_distance_is_least_at_the_share_of_non_mated_pairs() -> None:
    mated = np.array([1.0] * 13 + [0.0] * 11, np.float32)
    share = mated.mean()
    at = {
        d: number(np.mean(np.asarray(losses.contrastive_terms(mated, np.float32(d), 1.0))))
        for d in np.linspace(0, 1, 101)
    }
    assert min(at, key=at.__getitem__) == pytest.approx(1 - share, abs=0.01)
    assert min(at.values()) == pytest.approx(share * (1 - share), abs=1e-4)


def test_triplet_loss_is_the_slow_sum() -> None:
    rows = codes(1, 12)
    slow = [
        max(np.linalg.norm(a - p) - np.linalg.norm(a - n) + 0.5, 0)
        for a, p, n in zip(rows[:4], rows[4:8], rows[8:], strict=True)
    ]
    assert number(losses.triplet(0.5)(np.zeros(12, np.float32), rows)) == pytest.approx(np.mean(slow), abs=1e-4)


def test_the_hardest_stranger_is_the_most_similar_one_of_somebody_else() -> None:
    left, right = codes(2, 8, unit=True), codes(3, 8, unit=True)
    owners = np.array([0, 1, 2, 0, 3, 1, 4, 5], np.float32)
    found = np.asarray(losses.hardest_strangers(owners, left, right))
    for row in range(8):
        others = [k for k in range(8) if owners[k] != owners[row]]
        assert found[row] == max(others, key=lambda k: float(left[row] @ right[k]))


def test_mined_triplet_loss_is_the_triplet_loss_of_the_hardest_strangers() -> None:
    left, right = codes(4, 6, unit=True), codes(5, 6, unit=True)
    owners = np.arange(6, dtype=np.float32)
    hardest = np.asarray(losses.hardest_strangers(owners, left, right))
    mined = number(losses.mined_triplet(0.5)(np.tile(owners, 2), np.concatenate([left, right])))
    plain = number(losses.triplet(0.5)(np.tile(owners, 3), np.concatenate([left, right, right[hardest]])))
    assert mined == pytest.approx(plain, abs=1e-6)


def test_the_step_without_a_search_takes_the_next_pair() -> None:
    left, right = codes(7, 5, unit=True), codes(8, 5, unit=True)
    without = number(losses.neighbour_triplet(0.5)(np.zeros(10), np.concatenate([left, right])))
    slow = number(losses.triplet(0.5)(np.zeros(15), np.concatenate([left, right, np.roll(right, 1, axis=0)])))
    assert without == pytest.approx(slow, abs=1e-6)


@pytest.mark.parametrize("at_zero", ["clamped", "smooth"])
def test_distances_of_identical_codes_are_next_to_nothing(at_zero: losses.AtZero) -> None:
    rows = codes(6, 3)
    assert np.asarray(losses.distance(rows, rows, at_zero)).max() < 1e-3


def test_the_clamped_distance_has_no_gradient_at_zero_and_the_smooth_one_has_one_beside_it() -> None:
    base, step = np.zeros((1, 2), np.float32), np.array([[1e-4, 0]], np.float32)
    rise = [number(losses.distance(base, k * step, at)[0]) for at in ("clamped", "smooth") for k in (1, 2)]
    assert rise[0] == rise[1]
    assert rise[3] > rise[2]

"""Greys over masks, against one pixel after the other."""

from __future__ import annotations

import numpy as np
import pytest

from fpverify.scans.masks import local_mean
from fpverify.vocabulary import BoolArray, ByteArray

SIDE = 5


def mean_by_hand(image: ByteArray, mask: BoolArray, y: int, x: int) -> float:
    around = (slice(max(0, y - SIDE // 2), y + SIDE // 2 + 1), slice(max(0, x - SIDE // 2), x + SIDE // 2 + 1))
    inner = image[around][mask[around]]
    return float(inner.mean() if inner.size else image[mask].mean())


@pytest.mark.parametrize("share", [0.02, 0.5, 1.0])
def test_the_local_mean_is_that_of_the_mask_nearby_or_of_all_of_it(share: float) -> None:
    rng = np.random.default_rng(4)
    image = rng.integers(0, 256, (17, 23), np.uint8)
    mask = rng.random(image.shape) < share
    at = rng.random(image.shape) < 0.4
    expected = [mean_by_hand(image, mask, y, x) for y, x in np.argwhere(at)]
    np.testing.assert_allclose(local_mean(image, mask, SIDE, at), expected, rtol=1e-6)

"""Skeletons are those of scikit-image, on which the labels of all synthetic fingers rest."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from fpverify.synthesis.thinning import thinned


def patterns(smooth: bool, count: int = 150) -> list[np.ndarray]:
    """Noise, or blobs and lines of several widths, of many sizes."""
    rng = np.random.default_rng(7)
    made = []
    for _ in range(count):
        noise = rng.random(tuple(rng.integers(1, 60, 2))).astype(np.float32)
        if smooth:
            noise = cv2.GaussianBlur(noise, (0, 0), rng.uniform(0.5, 3))
        made.append(noise > np.quantile(noise, rng.uniform(0.1, 0.9)))
    return made


@pytest.mark.parametrize("smooth", [False, True])
def test_it_is_the_skeleton_of_another_implementation(smooth: bool) -> None:
    morphology = pytest.importorskip("skimage.morphology")
    for pattern in patterns(smooth):
        assert (thinned(pattern) == morphology.skeletonize(pattern)).all()


def test_a_thick_line_becomes_one_pixel_wide_and_a_thin_one_stays() -> None:
    pattern = np.zeros((20, 40), bool)
    pattern[8:13, 3:37] = True
    line = thinned(pattern)
    assert (line.sum(0)[8:32] == 1).all()
    assert (thinned(line) == line).all()


def test_what_hangs_together_stays_so() -> None:
    for pattern in patterns(smooth=True, count=50):
        pieces, left = (cv2.connectedComponents(one.astype(np.uint8))[0] for one in (pattern, thinned(pattern)))
        assert left == pieces

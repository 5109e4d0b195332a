"""What a small sensor's picture must show to be a touch, and what is kept of it.

Minutiae are too few to tell by. Beside the minutia map network, which has learnt on images without a finger, the ridges
have to say so: they run side by side, and most of what the picture shows has their period.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fpverify.errors import FailureToAcquire
from fpverify.features.acquisition import area_mm2
from fpverify.features.minutiae import foreground_certainty
from fpverify.features.places import (
    angles_on_grid,
    at_places,
    both_senses,
    directions,
    lattice,
    neighbourhoods,
    picture_on_grid,
    shown,
    structure,
    vectors_on_grid,
)
from fpverify.vocabulary import BoolArray, FloatArray, PreparedScan, Scan, Skin

LEAST_TOUCH_MM2 = 10.0  # of foreground, 3.2 mm square; a sensor of 4.1 mm square has 16
# Of synthetic touches of 4.9 mm, from good to poor, 7 in 100 have less of one of these, of 8.1 mm none; of windows of
# images without a finger 15 and 5 in 100 have as much of all three (tools/touch_refusals.py).
LEAST_CERTAINTY = 0.85  # the mean probability of a finger in the foreground
LEAST_PARALLEL = 0.22  # mean coherence of the ridges, 0 to 1
MOST_PARALLEL = 0.98  # of synthetic touches none has more than 0.95; lines of a ruler have 1
LEAST_RIDGES = 0.22  # share of the picture's variance that has a period of ridges
RIDGES_PER_PX = (1 / 6.5, 1 / 3)  # at 250 ppi: 0.30 to 0.66 mm
SHADING_PER_PX = 1 / 30  # slower changes are no part of the picture


def require_touch(answer: FloatArray, foreground: BoolArray, prepared: PreparedScan, scan: Scan) -> None:
    """Refuses a small sensor's picture without a finger, or with hardly any of it; it may have no minutiae.

    Args:
        answer: (h/4, w/4, 6) of the minutia map network.
        foreground: (h/4, w/4) bool, found in it.
        prepared: the picture at the working resolution.
        scan: for the message.

    Raises:
        FailureToAcquire: says what was found and what is needed.
    """
    found = area_mm2(foreground)
    if found < LEAST_TOUCH_MM2:
        raise FailureToAcquire(
            f"{scan.source}: too little foreground: {found:.0f} mm² of print found, at least {LEAST_TOUCH_MM2:.0f} mm² "
            f"needed of a small sensor (at {scan.ppi:.0f} ppi)"
        )
    certain, (parallel, ridges) = foreground_certainty(answer, foreground), ridge_signs(prepared.image)
    for has, least, what in (
        (certain, LEAST_CERTAINTY, "what resembles a print is certain"),
        (parallel, LEAST_PARALLEL, "lines run side by side"),
        (ridges, LEAST_RIDGES, "lines have the period of ridges"),
    ):
        if has < least:
            raise FailureToAcquire(
                f"{scan.source}: no clear print: {what} to {has:.0%}, at least {least:.0%} needed of a small sensor "
                f"(at {scan.ppi:.0f} ppi)"
            )
    if parallel > MOST_PARALLEL:
        raise FailureToAcquire(
            f"{scan.source}: no clear print: lines run side by side to {parallel:.0%}, those of a finger to "
            f"{MOST_PARALLEL:.0%} at most (at {scan.ppi:.0f} ppi)"
        )


def ridge_signs(image: FloatArray) -> tuple[float, float]:
    """How parallel lines run, and how much of a picture has the period of ridges; both 0 to 1.

    Args:
        image: (h, w) float32, normalised.
    """
    xx, yy, xy = structure(image)
    parallel = float((np.hypot(2 * xy, xx - yy) / np.maximum(xx + yy, np.float32(1e-6))).mean())
    power = np.abs(np.fft.rfft2(image)) ** 2
    down, across = np.fft.fftfreq(image.shape[0])[:, None], np.fft.rfftfreq(image.shape[1])
    frequency = np.hypot(down, across)
    of_ridges = (frequency > RIDGES_PER_PX[0]) & (frequency < RIDGES_PER_PX[1])
    return parallel, float(power[of_ridges].sum() / max(float(power[frequency > SHADING_PER_PX].sum()), 1e-6))


def kept_places(image: FloatArray, cells: BoolArray, *, staggered: bool) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The places that are kept of a picture: x, y and angle, (n,) float32 each.

    Args:
        image: (h, w) float32, normalised, at the working resolution.
        cells: (h/4, w/4) bool, the foreground.
        staggered: every second place only.
    """
    x, y = lattice(cells, image.shape, staggered=staggered)
    return x, y, angles_on_grid(at_places(directions(image), x, y))


def skin_of(image: FloatArray, cells: BoolArray, describe: Callable[[FloatArray], FloatArray]) -> Skin:
    """What a touch shows.

    Args:
        image: (h, w) float32, normalised, at the working resolution.
        cells: (h/4, w/4) bool, the foreground.
        describe: (n, SIDE_PX, SIDE_PX, 1) -> (n, d) of about unit length, see `fpverify.networks.places`.
    """
    x, y, angle = kept_places(image, cells, staggered=True)
    patches = both_senses(neighbourhoods(image, x, y, angle))
    vectors = vectors_on_grid(describe(patches[..., None])) if len(x) else np.zeros((0, 0), np.int8)
    picture = picture_on_grid(image, shown(cells, image.shape))
    return Skin(x, y, angle, vectors[: len(x)], vectors[len(x) :], picture)

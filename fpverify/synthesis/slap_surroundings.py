"""What is in pictures of slaps besides fingers: lines and words of a card, dirt, damp, uneven light.

Each part is drawn or left out at random. What is true of the fingertips is not changed by any of it. Lengths are those
of cards (FBI FD-249: boxes of some 80 mm for four fingers) and of scanners of 76 x 81 mm.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from fpverify.synthesis.fields import grain, smooth_field
from fpverify.vocabulary import WORKING_PPI, FloatArray

PX_PER_MM = WORKING_PPI / 25.4
FRAME_PX = (1.0, 4.0)  # thickness of a printed line
FRAME_OUT_MM = (-1.0, 4.0)  # of a line from the border of the picture inwards; below 0 it is not in it
FRAME_TILT_RAD = 0.02  # of a card on a scanner, either way
FRAME_DARK = (0.3, 0.8)
WORDS = (
    "LEFT FOUR FINGERS TAKEN SIMULTANEOUSLY",
    "PLAIN IMPRESSIONS",
    "R. FOUR FINGERS",
    "NAME  DATE  SIGNATURE",
    "L. THUMB",
)
WORDS_GREY = (0.1, 0.5)
WORD_MM = (1.6, 2.6)  # height of capitals
DIRT_PER_PICTURE = 25  # specks, most
DIRT_MM = (0.1, 1.2)  # radius
LIGHT = (0.03, 0.25)  # how much darker the background is where least light falls
PAPER_GRAIN = (0.0, 0.03)
CONTRAST = (0.35, 0.8)  # of a faint picture, of a usual one's
HALO = (0.08, 0.3)  # how much darker the damp that a finger before left, or this one's own sweat, makes the glass
HALO_MM = (1.5, 4.0)
FONT_PX = 22.0  # height of capitals of the font at scale 1


@dataclass(frozen=True, slots=True)
class Surroundings:
    """How often each thing is in the picture, in [0, 1].

    Attributes:
        frame: a card's lines near the borders.
        words: printed words at the upper or lower border.
        dirt: specks.
        light: a background that is darker on one side, and paper's grain.
        halo: damp around the fingers.
        faint: little contrast in all of it.
    """

    frame: float = 0.0
    words: float = 0.0
    dirt: float = 0.0
    light: float = 0.0
    halo: float = 0.0
    faint: float = 0.0


NOTHING = Surroundings()


def surrounded(rng: np.random.Generator, image: FloatArray, mark: FloatArray, around: Surroundings) -> FloatArray:
    """A picture of a slap with what is around the fingers.

    Args:
        rng: source of randomness.
        image: (height, width) float32 in [0, 1], ridges dark, 250 ppi.
        mark: the same size, where fingers touch.
        around: how often what is there.
    """
    drawn = image.copy()
    if rng.random() < around.halo:
        drawn = _damp(rng, drawn, mark)
    if rng.random() < around.light:
        drawn = _lit(rng, drawn)
    if rng.random() < around.dirt:
        drawn = _dirty(rng, drawn)
    if rng.random() < around.words:
        drawn = _worded(rng, drawn)
    if rng.random() < around.frame:
        drawn = _framed(rng, drawn)
    if rng.random() < around.faint:
        paper = float(np.percentile(drawn, 95))
        drawn = paper - (paper - drawn) * np.float32(rng.uniform(*CONTRAST))
    return np.asarray(np.clip(drawn, 0, 1), np.float32)


def _damp(rng: np.random.Generator, image: FloatArray, mark: FloatArray) -> FloatArray:
    near = cv2.GaussianBlur(mark, (0, 0), rng.uniform(*HALO_MM) * PX_PER_MM)
    uneven = np.clip(1 + 0.4 * smooth_field(rng, (image.shape[0], image.shape[1]), 8), 0, 2)
    return np.asarray(image - np.float32(rng.uniform(*HALO)) * np.minimum(1, 2 * near) * uneven, np.float32)


def _lit(rng: np.random.Generator, image: FloatArray) -> FloatArray:
    shape = (image.shape[0], image.shape[1])
    slow = smooth_field(rng, shape, 2)
    slow = (slow - slow.min()) / max(float(np.ptp(slow)), 1e-6)
    fine = np.float32(rng.uniform(*PAPER_GRAIN)) * grain(rng, shape, 1.2)
    return np.asarray(image - np.float32(rng.uniform(*LIGHT)) * slow + fine, np.float32)


def _dirty(rng: np.random.Generator, image: FloatArray) -> FloatArray:
    drawn = image.copy()
    for _ in range(int(rng.integers(1, DIRT_PER_PICTURE + 1))):
        at = (int(rng.integers(image.shape[1])), int(rng.integers(image.shape[0])))
        radius = max(1, round(rng.uniform(*DIRT_MM) ** 2 * PX_PER_MM / DIRT_MM[1]))
        cv2.circle(drawn, at, radius, float(rng.uniform(0.1, 0.7)), -1, cv2.LINE_AA)
    return drawn


def _worded(rng: np.random.Generator, image: FloatArray) -> FloatArray:
    height, width = image.shape
    capital = rng.uniform(*WORD_MM) * PX_PER_MM
    words = str(rng.choice(WORDS))
    upper = rng.random() < 0.5
    baseline = round(capital * rng.uniform(1.2, 1.6)) if upper else round(height - capital * rng.uniform(0.3, 0.8))
    at = (int(rng.integers(4, max(5, width // 3))), baseline)
    ink = np.zeros(image.shape, np.uint8)
    cv2.putText(ink, words, at, cv2.FONT_HERSHEY_SIMPLEX, capital / FONT_PX, 255, 2, cv2.LINE_AA)
    share = ink.astype(np.float32) / 255
    return np.asarray((1 - share) * image + share * np.float32(rng.uniform(*WORDS_GREY)), np.float32)


def _framed(rng: np.random.Generator, image: FloatArray) -> FloatArray:
    """Lines along one to four borders, as the box of a card is cut out a little too large."""
    height, width = image.shape
    tilt = rng.uniform(-FRAME_TILT_RAD, FRAME_TILT_RAD)
    drawn = image.copy()
    for side in rng.permutation(4)[: int(rng.integers(1, 5))]:
        inwards = rng.uniform(*FRAME_OUT_MM) * PX_PER_MM
        if side < 2:
            y = inwards if side == 0 else height - 1 - inwards
            ends = (0, y - tilt * width / 2), (width, y + tilt * width / 2)
        else:
            x = inwards if side == 2 else width - 1 - inwards
            ends = (x + tilt * height / 2, 0), (x - tilt * height / 2, height)
        first, second = ((round(float(a)), round(float(b))) for a, b in ends)
        thick = round(rng.uniform(*FRAME_PX))
        cv2.line(
            drawn, first, second, float(rng.uniform(*FRAME_DARK)) * float(image.mean()), max(1, thick), cv2.LINE_AA
        )
    return drawn

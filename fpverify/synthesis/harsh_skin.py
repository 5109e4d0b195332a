"""What dry, wet and wrinkled skin makes of ridges on a large plate, beyond `skin`: scraps, slits, nets, glare.

Sizes and shares are read off published prints of dry and wet fingers by eye, as ranges; nothing is fitted to them.
"""

from __future__ import annotations

import cv2
import numpy as np

from fpverify.synthesis.fields import grain, smooth_field
from fpverify.synthesis.sensor import Range
from fpverify.vocabulary import FloatArray

TENSOR_PX = 4.0  # deviation of the mean of the structure tensor: half a period of ridges, so the flow stays steady
DOTS_ALONG = (0, 2)  # doublings of the grain along the ridges: dots, and dashes of the length of a period
FABRIC = 0.35  # of scraps: breaks run on over the ridges beside, as fine wrinkles across the flow make them
DOT_GRAIN_PX = (0.8, 1.4)  # across the ridges: neighbours break at places of their own
SCRAP_DEPTH = (0.8, 2.2)  # deviation at the crest, in units of `ridges`: most of the ridge gone at the most
SCRAP_KNOTS = (2, 7)  # of the field that says where the skin is dry: half of a finger, or patches of 3 mm
SLIT_PRESSURE = (0.2, 0.7)  # in units of `ridges`: valleys are 0.44 to 0.25 of the period
SLIT_DEPTH = (0.4, 1.6)  # deviation at the valley's floor, in units of `ridges`: from notches to bricks
SLIT_GRAIN_PX = (1.2, 2.2)  # across: a closed part of a valley fills it from ridge to ridge
NET_LINES = (25, 90)  # fine wrinkles of one family over 19.5 mm
NET_WAVE_PX = (0.5, 3.0)  # how far a wrinkle strays from its line
CREASES = 1.5  # mean number of wide creases, where there are any wrinkles
CREASE_PX = (2, 6)  # their width: half a ridge to a period and a half
GLARE = (0.25, 0.75)  # of the grey of an open valley that the least open ones keep


def draw_scraps(rng: np.random.Generator, ridges: FloatArray) -> FloatArray:
    """Ridges of dry skin: crests alone touch, in dots or dashes along the ridge, worse here than there.

    Args:
        rng: source of randomness.
        ridges: (height, width) float32 in [-1, 1], ridges positive, as placed on the sensor.

    Returns:
        (height, width) float32 for `skin.draw_ink`; nowhere does it add contact in a valley.
    """
    dry = _share(rng, ridges.shape, SCRAP_KNOTS)
    turn = np.pi / 2 if rng.random() < FABRIC else 0.0
    broken = _along(rng, ridges, rng.uniform(*DOT_GRAIN_PX), int(rng.integers(*DOTS_ALONG, endpoint=True)), turn)
    crests = np.clip(ridges, 0, 1)
    loss = rng.uniform(*SCRAP_DEPTH) * crests * (broken - rng.uniform(0.0, 0.5)) - rng.uniform(0.0, 0.5)
    return np.asarray(ridges + dry * np.where(crests > 0, loss, np.minimum(loss, 0)), np.float32)


def draw_slits(
    rng: np.random.Generator, ridges: FloatArray, pressure: Range = SLIT_PRESSURE, depth: Range = SLIT_DEPTH
) -> FloatArray:
    """Ridges of wet skin: so thick that valleys are slits, which close in parts from ridge to ridge.

    Args:
        rng: source of randomness.
        ridges: (height, width) float32 in [-1, 1], ridges positive, as placed on the sensor.
        pressure: by how much ridges are thicker, in units of `ridges`; least and most.
        depth: how far valleys are filled where they close, likewise.

    Returns:
        (height, width) float32 for `skin.draw_ink`; nowhere does it take contact away.
    """
    wet = _share(rng, ridges.shape, SCRAP_KNOTS)
    closed = _along(rng, ridges, rng.uniform(*SLIT_GRAIN_PX), int(rng.integers(1, 4)))
    valleys = np.clip(-ridges, 0, 1)
    filled = rng.uniform(*depth) * valleys * np.maximum(closed + rng.uniform(-1.0, 0.4), 0) * 2
    return np.asarray(ridges + wet * (filled + rng.uniform(*pressure)), np.float32)


def draw_net(rng: np.random.Generator, ink: FloatArray) -> FloatArray:
    """Fine wrinkles that wave, in one or two families, and wide creases with ragged edges.

    Args:
        rng: source of randomness.
        ink: (height, width) float32 in [0, 1].

    Returns:
        (height, width) float32 in [0, 1]; nowhere more than `ink`.
    """
    gaps = np.zeros(ink.shape, np.float32)
    for _ in range(int(rng.integers(1, 3))):
        family, depth = rng.uniform(0, np.pi), rng.uniform(0.5, 1.0)
        for _ in range(int(rng.integers(*NET_LINES))):
            draw_line(rng, gaps, family + rng.normal(0, 0.2), rng.uniform(8, 50), (depth * rng.uniform(0.5, 1.0), 1))
    for _ in range(int(rng.poisson(CREASES))):
        pen = rng.uniform(0.6, 1.0), int(rng.integers(*CREASE_PX, endpoint=True))
        draw_line(rng, gaps, rng.uniform(0, np.pi), rng.uniform(40, 150), pen)
    ragged = np.clip(gaps * (1 + 0.4 * grain(rng, ink.shape, 1.0)), 0, 1)
    return np.asarray(ink * (1 - ragged), np.float32)


def draw_glare(rng: np.random.Generator, ink: FloatArray) -> FloatArray:
    """Valleys that are not alike: some shine brighter than the plate does beside the print, others hardly show.

    Args:
        rng: source of randomness.
        ink: (height, width) float32 in [0, 1].

    Returns:
        (height, width) float32 in [0, 1]; nowhere less than `ink`.
    """
    open_ = smooth_field(rng, ink.shape, int(rng.integers(5, 14))) + 0.5 * grain(rng, ink.shape, 2.5)
    least = rng.uniform(*GLARE)
    shown = least + (1 - least) / (1 + np.exp(-3 * (open_ - rng.uniform(-0.3, 0.8))))
    return np.asarray(1 - (1 - ink) * shown, np.float32)


def _share(rng: np.random.Generator, shape: tuple[int, int], knots: tuple[int, int]) -> FloatArray:
    """Where an effect is at work, in [0, 1], with soft borders; from patches to everywhere."""
    field = smooth_field(rng, shape, int(rng.integers(*knots, endpoint=True))) + rng.uniform(-0.5, 2.0)
    return np.asarray(1 / (1 + np.exp(-4 * field)), np.float32)


def _along(
    rng: np.random.Generator, ridges: FloatArray, grain_px: float, doublings: int, turn_rad: float = 0.0
) -> FloatArray:
    """Noise of unit deviation and grain `grain_px`, drawn out along the ridges, or turned from that."""
    noise = grain(rng, ridges.shape, grain_px)
    angle = _flow(ridges) + np.float32(turn_rad)
    rows, columns = np.mgrid[0 : ridges.shape[0], 0 : ridges.shape[1]].astype(np.float32)
    for k in range(doublings):
        reach = np.float32(grain_px * 2**k)
        dx, dy = reach * np.cos(angle), reach * np.sin(angle)
        ahead, behind = (
            cv2.remap(noise, columns + side * dx, rows + side * dy, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
            for side in (-1, 1)
        )
        noise = np.asarray(ahead + behind, np.float32)
    return np.asarray(noise / max(float(noise.std()), 1e-6), np.float32)


def _flow(ridges: FloatArray) -> FloatArray:
    """Direction along the ridges, radians modulo pi; (height, width) float32."""
    across, down = (cv2.Sobel(np.asarray(ridges, np.float32), cv2.CV_32F, *order) for order in ((1, 0), (0, 1)))
    xx, yy, xy = (cv2.GaussianBlur(part, (0, 0), TENSOR_PX) for part in (across * across, down * down, across * down))
    return np.asarray(0.5 * np.arctan2(2 * xy, xx - yy) + np.pi / 2, np.float32)


def draw_line(
    rng: np.random.Generator, gaps: FloatArray, direction: float, half_px: float, pen: tuple[float, int]
) -> None:
    """Draws a waving line somewhere, `2 half_px` long, into `gaps`; the pen is its depth and its width in px."""
    middle = rng.uniform(0, gaps.shape[::-1])
    along = np.linspace(-half_px, half_px, 9)
    aside = rng.uniform(*NET_WAVE_PX) * np.cumsum(rng.normal(0, 0.6, len(along)))
    c, s = np.cos(direction), np.sin(direction)
    points = middle + np.stack([along * c - aside * s, along * s + aside * c], 1)
    sixteenths = np.rint(16 * points).astype(np.int32)
    cv2.polylines(gaps, [sixteenths], False, float(pen[0]), pen[1], cv2.LINE_AA, shift=4)

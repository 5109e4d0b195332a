"""Touches of synthetic fingers on a small sensor: windows of impressions, as the protocol `touches` reads them.

Reference touches come from the first impressions of a finger, probe touches from others, so that no two that are
compared with each other are of one press.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from fpverify.executors import Workforce, answers, local_workforce
from fpverify.synthesis.dataset import SCAN_PPI, master
from fpverify.synthesis.impression import Impression, ImpressionSettings, draw_impression
from fpverify.vocabulary import WORKING_PPI, BoolArray, ByteArray

NEAR_PX = (
    20.0  # deviation of a touch's middle from the print's, at 250 ppi: 2 mm, of a finger put down on the same spot
)
LEAST_PRINT = 0.9  # of a window that is foreground
DRAWS = 300  # of a window, before an impression is given up: its print is too small
EACH = 3, 2  # windows of an impression for references, and for probes

USUAL_PRESS = ImpressionSettings(  # what people do, and what their skin is like, from good to poor
    rotation_rad=0.6,
    shift_px=20.0,
    centre_px=(8.0, 14.0),
    hardness=(0.2, 1.4),
    bend_px=4.0,
    stretch=0.045,
    faint=0.05,
    ghosts=0.03,
    blotches=0.05,
    wrinkles=0.15,
    roughness=(0.0, 0.3),
    beads=0.1,
    specks=0.1,
    streaks=0.1,
)


@dataclass(frozen=True, slots=True)
class TouchSettings:
    """What the touches of a set are.

    Attributes:
        side_px: of the square sensor at 500 ppi: 160 is 8.1 mm, 120 is 6.1, 96 is 4.9, 80 is 4.1; even.
        references, probes: of a finger; fewer where its prints are too small.
        press: how impressions vary.
    """

    side_px: int = 120
    references: int = 12
    probes: int = 8
    press: ImpressionSettings = USUAL_PRESS


def write_touches(
    out: Path,
    *,
    fingers: int,
    seed: int,
    settings: TouchSettings | None = None,
    workers: int = 1,
    workforce: Workforce | None = None,
) -> int:
    """Writes `<finger>_r<number>.png` and `<finger>_p<number>.png`, 500 ppi in the header; the number of touches.

    Args:
        out: folder, made if missing.
        fingers: how many, at least 1.
        seed: of the whole set; the files are a function of it and of the settings.
        settings: what the touches are.
        workers: processes.
        workforce: who draws; processes of this machine if not given.
    """
    out.mkdir(parents=True, exist_ok=True)
    drawing, written = _Drawing(seed, settings or TouchSettings()), 0
    with nullcontext(workforce) if workforce is not None else local_workforce(max(1, workers)) as chosen:
        for _, files in answers(chosen, drawing, range(1, fingers + 1)):
            for name, content in files:
                (out / name).write_bytes(content)
                written += 1
    return written


@dataclass(frozen=True, slots=True)
class _Drawing:
    """Begins to draw the touches of fingers."""

    seed: int
    settings: TouchSettings

    def __call__(self, _: None) -> Callable[[int], list[tuple[str, bytes]]]:
        return lambda finger: list(touches_of_finger(self.seed, finger, self.settings))


def touches_of_finger(seed: int, finger: int, settings: TouchSettings) -> Iterator[tuple[str, bytes]]:
    """Names and PNG files of a finger's touches."""
    drawn = master(seed, finger)
    rng = np.random.default_rng([seed, finger, settings.side_px])
    for kind, wanted, each in zip("rp", (settings.references, settings.probes), EACH, strict=True):
        made = 0
        for _ in range(-(-wanted // each)):
            impression = draw_impression(rng, drawn.ridges, drawn.minutiae, settings.press)
            for corner in _windows(rng, impression.foreground, settings.side_px // 2, min(each, wanted - made)):
                made += 1
                yield f"{finger}_{kind}{made:02d}.png", _png(_cut(impression, corner, settings.side_px))


def _windows(rng: np.random.Generator, foreground: BoolArray, side: int, count: int) -> Iterator[tuple[int, int]]:
    """Corners (x, y) of windows about the middle of a print; fewer only where it has no such window."""
    total, (height, width) = cv2.integral(foreground.astype(np.uint8)), foreground.shape
    if not foreground.any():
        return
    middle = np.argwhere(foreground).mean(0)[::-1]
    for _ in range(DRAWS):
        x, y = (int(one) for one in np.rint(rng.normal(middle, NEAR_PX) - side / 2))
        if not count:
            return
        if not (0 <= x <= width - side and 0 <= y <= height - side):
            continue
        shown = total[y + side, x + side] - total[y, x + side] - total[y + side, x] + total[y, x]
        if shown >= LEAST_PRINT * side * side:
            count -= 1
            yield x, y


def _cut(impression: Impression, corner: tuple[int, int], side_px: int) -> ByteArray:
    """The window as the sensor delivers it, at 500 ppi."""
    factor = int(SCAN_PPI / WORKING_PPI)
    whole = cv2.resize(impression.image, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
    x, y = (factor * one for one in corner)
    return np.rint(np.clip(whole[y : y + side_px, x : x + side_px], 0, 1) * 255).astype(np.uint8)


def _png(pixels: ByteArray) -> bytes:
    picture = io.BytesIO()
    Image.fromarray(pixels).save(picture, "PNG", dpi=(SCAN_PPI, SCAN_PPI))
    return picture.getvalue()

"""The stripe set: two "fingers", A with vertical and B with horizontal stripes.

The smallest set a verifier can be tried on. With the defaults it is, pixel for pixel, the set of a forum question about
Siamese networks: 15 identical scans of each finger, 160 x 160 px, stripes of 6 px. Width, angle, shift and noise can
vary, so that later sets are not all identical.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

import numpy as np
from PIL import Image

from fpverify.synthesis.dataset import SCAN_PPI
from fpverify.vocabulary import ByteArray

StripeFinger = Literal["A", "B"]
Range = tuple[float, float]

FINGERS: tuple[StripeFinger, ...] = get_args(StripeFinger)
SIZE_PX = 160  # as in the question
WIDTH_PX = 6  # as in the question; dark and bright stripes are equally wide
COUNT = 15  # scans of each finger, as in the question
STILL: Range = (0.0, 0.0)


def render_stripes(
    finger: StripeFinger,
    *,
    size_px: int = SIZE_PX,
    width_px: int = WIDTH_PX,
    angle_deg: float = 0.0,
    shift_px: int = 0,
    noise: float = 0.0,
    rng: np.random.Generator | None = None,
) -> ByteArray:
    """One scan of a stripe finger.

    Args:
        finger: "A" for vertical stripes, "B" for the same turned by 90 degrees.
        size_px: side of the image.
        width_px: of one stripe, in [1, size_px].
        angle_deg: turned further by this, counter-clockwise about the centre; corners that nothing covers are white.
        shift_px: the stripes moved by this, before they are turned; positive is to the right.
        noise: deviation of the white noise, as a share of the range from black to white.
        rng: draws the noise.

    Returns:
        (size_px, size_px) uint8, stripes 0 on 255 where there is no noise.

    Raises:
        ValueError: no such finger or width, or noise without `rng`.
    """
    if finger not in FINGERS:
        raise ValueError(f'no stripe finger is named {finger!r}: there are "A" and "B"')
    if not 1 <= width_px <= size_px:
        raise ValueError(f"stripes {width_px} px wide do not fit: give 1 to {size_px}")
    upright = np.where(_dark_columns(size_px, width_px, shift_px), 0, 255).astype(np.uint8)
    standing = np.tile(upright, (size_px, 1))
    return _noisy(_turned(standing, 90.0 * (finger == "B") + angle_deg), noise, rng)


def draw_stripes(
    finger: StripeFinger,
    rng: np.random.Generator,
    *,
    width_px: tuple[int, int] = (WIDTH_PX, WIDTH_PX),
    angle_deg: Range = STILL,
    shift_px: tuple[int, int] = (0, 0),
    noise: Range = STILL,
) -> ByteArray:
    """One scan with everything drawn evenly from its range, both ends included.

    Args:
        finger: "A" or "B".
        rng: draws the scan.
        width_px: (low, high) of what `render_stripes` takes, as are the others.
        angle_deg: (low, high).
        shift_px: (low, high).
        noise: (low, high).

    Returns:
        (160, 160) uint8.
    """
    return render_stripes(
        finger,
        width_px=int(rng.integers(*width_px, endpoint=True)),
        angle_deg=rng.uniform(*angle_deg),
        shift_px=int(rng.integers(*shift_px, endpoint=True)),
        noise=rng.uniform(*noise),
        rng=rng,
    )


def write_stripes(
    out: str | Path,
    *,
    count: int = COUNT,
    seed: int = 0,
    width_px: tuple[int, int] = (WIDTH_PX, WIDTH_PX),
    angle_deg: Range = STILL,
    shift_px: tuple[int, int] = (0, 0),
    noise: Range = STILL,
) -> int:
    """Writes `A_00.bmp` to `B_14.bmp`, 500 ppi in the header.

    Args:
        out: folder, made if missing.
        count: scans of each finger.
        seed: of the whole set; without ranges every seed gives the same.
        width_px: (low, high), one draw for each scan, as for the others.
        angle_deg: (low, high).
        shift_px: (low, high).
        noise: (low, high).

    Returns:
        The number of scans written.
    """
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    for row, finger in enumerate(FINGERS):
        for number in range(count):
            rng = np.random.default_rng([seed, row, number])
            pixels = draw_stripes(finger, rng, width_px=width_px, angle_deg=angle_deg, shift_px=shift_px, noise=noise)
            Image.fromarray(pixels).save(folder / f"{finger}_{number:02d}.bmp", dpi=(SCAN_PPI, SCAN_PPI))
    return len(FINGERS) * count


def _dark_columns(size_px: int, width_px: int, shift_px: int) -> np.ndarray:
    """Whether each column is dark: every other stripe, and the last whole one is a column wider."""
    x = np.arange(size_px) - shift_px
    whole = (size_px - shift_px) // width_px
    stripe = np.where(x == whole * width_px, whole - 1, x // width_px)  # both edges of a drawn rectangle are inside it
    return np.asarray((stripe % 2 == 1) & (stripe < whole))


def _turned(pixels: ByteArray, angle_deg: float) -> ByteArray:
    return np.array(Image.fromarray(pixels).rotate(angle_deg, fillcolor=255))


def _noisy(pixels: ByteArray, noise: float, rng: np.random.Generator | None) -> ByteArray:
    if not noise:
        return pixels
    if rng is None:
        raise ValueError("noise is random: give rng")
    return np.rint(np.clip(pixels + rng.normal(0, 255 * noise, pixels.shape), 0, 255)).astype(np.uint8)

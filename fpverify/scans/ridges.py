"""How far apart the ridges of a print lie, and how much of the image they cover.

Blocks of the image, on several scales, are asked for their strongest wave. Those of a print agree on its period;
margins, noise and text beside it do not. So the print is found with its period, whatever surrounds it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from fpverify.vocabulary import WORKING_PPI, BoolArray, ByteArray, FloatArray

Places = NDArray[np.int64]  # (n, 2), row and column

BLOCK_PX = 32  # four to twelve ridges on the scale that sees them
STEP_PX = 40  # from block to block where there is room for many
FEW_A_SIDE = 10  # blocks, spread evenly: enough for a median
MANY_A_SIDE = 24  # at most, on a canvas much larger than a print
QUICK_A_SIDE = 6  # blocks, to see no more than that all is usual
HALVINGS = (0, 1, 2, 3)  # the image down to its eighth, between them from 140 to 3500 ppi
PERIODS_PX = (2.5, 8.0)  # what one scale can tell; of less than four waves in a block the period comes out too short
WELL_SEEN_PX = 5.0  # six waves in a block: the scale that sees the period so measures it, others cut its spread off
PASSED_PX = (2.4, 24.0)  # faster is noise, slower shading
CYCLES = 1 + int(BLOCK_PX / PASSED_PX[0])  # in a block; so many are too fast
CLEAR = 0.3  # share of a block's power in one wave; noise has under 0.1, ridges 0.3 to 0.8
LEAST_CONTRAST = 3.0  # deviation of a block, grey levels
LEAST_BLOCKS = 4  # with clear ridges
LEAST_SHARE = 0.4  # of the clear blocks, by weight, that agree on the period; in prints 0.45 and more
SAME_PERIOD = 0.2  # relative difference of the periods within a print
SHORTER = 0.5  # share of the best at which a shorter period wins: smudges repeat more slowly than ridges, never faster
CELL_PX = 8  # of the map of where the ridges are: a fraction of a block
PATCH = 0.25  # of the largest patch of ridges: smaller ones are not counted to the print
LOOSE = 0.5  # share of the image: where the print covers less, it is cut out and looked at again


class Ridges(NamedTuple):
    """The print in an image, in its pixels.

    Attributes:
        period_px: from ridge to ridge, the median.
        side_px: the shorter side of the upright rectangle around the print.
    """

    period_px: float
    side_px: float


class _Found(NamedTuple):
    """A period, and the upright rectangle around the blocks that have it, in pixels."""

    period_px: float
    top: int
    left: int
    bottom: int
    right: int

    @property
    def sides_px(self) -> tuple[int, int]:
        return self.bottom - self.top, self.right - self.left

    @property
    def area_px(self) -> int:
        height, width = self.sides_px
        return height * width


class _Waves(NamedTuple):
    """The strongest wave of each block.

    Attributes:
        period_px: (n,), in pixels of the image.
        weight: (n,), 0 for no clear wave.
        corner_px: (n, 2) row and column of the block's first pixel.
        reach_px: (n,) side of the square that it stands for: the block, or as far as the next one.
    """

    period_px: FloatArray
    weight: FloatArray
    corner_px: Places
    reach_px: FloatArray


def find_ridges(pixels: ByteArray) -> Ridges | None:
    """The print in an image of any resolution.

    Args:
        pixels: (height, width) uint8, of either polarity.

    Returns:
        None without clear ridges.
    """
    found = _look(pixels)
    if found is not None and found.area_px < LOOSE * pixels.size:
        nearer = _look(pixels[found.top : found.bottom, found.left : found.right])
        if nearer is not None and nearer.area_px > LOOSE * found.area_px:
            found = nearer
    return None if found is None else Ridges(found.period_px, float(min(found.sides_px)))


def quick_period_px(pixels: ByteArray, ppi: float) -> float | None:
    """The period of usual ridges at a known resolution, from a few blocks on one scale.

    Args:
        pixels: (height, width) uint8, of either polarity.
        ppi: of `pixels`.

    Returns:
        In pixels; None where it needs `find_ridges` to tell.
    """
    halvings = min(max(0, round(np.log2(ppi / WORKING_PPI))), HALVINGS[-1])
    image = _shrunk(pixels, 2**halvings)
    if min(image.shape) < BLOCK_PX:
        return None
    waves = _waves(image, QUICK_A_SIDE, 2**halvings)
    return _common_period(waves)


def _look(pixels: ByteArray) -> _Found | None:
    """The period, and where the print lies."""
    scales = [_waves(image, MANY_A_SIDE, scale) for scale, image in _scales(pixels)]
    if not scales:
        return None
    waves = _Waves(*(np.concatenate(parts) for parts in zip(*scales, strict=True)))
    period_px = _common_period(waves)
    if period_px is None:
        return None
    best = min(range(len(scales)), key=lambda halvings: abs(np.log(period_px / (WELL_SEEN_PX * 2**halvings))))
    return _Found(_common_period(_near(scales[best], period_px)) or period_px, *_box(waves, period_px, pixels.shape))


def _scales(pixels: ByteArray) -> Iterator[tuple[int, FloatArray]]:
    """The image at one, two, four and eight of its pixels to one."""
    image = pixels.astype(np.float32)
    for halvings in HALVINGS:
        if min(image.shape) < BLOCK_PX:
            return
        yield 2**halvings, image
        image = np.asarray(cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.float32)


def _shrunk(pixels: ByteArray, scale: int) -> FloatArray:
    if scale == 1:
        return pixels.astype(np.float32)
    size = tuple(max(1, side // scale) for side in pixels.shape[::-1])
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(np.float32)


def _common_period(waves: _Waves) -> float | None:
    """The median of the periods around the most supported one, or around a shorter one with half the support."""
    clear = waves.weight > 0
    period_px, weight = waves.period_px[clear], waves.weight[clear]
    if len(period_px) < LEAST_BLOCKS:
        return None
    logarithm = np.log(period_px)
    alike: BoolArray = np.abs(logarithm[:, None] - logarithm[None]) < SAME_PERIOD
    support = alike @ weight
    shortest = np.argmin(np.where(support >= SHORTER * support.max(), logarithm, np.inf))
    chosen = np.argmax(np.where(alike[shortest], support, 0))
    if support[chosen] < LEAST_SHARE * weight.sum():
        return None
    inner = np.sort(period_px[alike[chosen]])
    return float((inner[(len(inner) - 1) // 2] + inner[len(inner) // 2]) / 2)  # the median


def _near(waves: _Waves, period_px: float) -> _Waves:
    """Those blocks that have about a period."""
    near = np.abs(np.log(waves.period_px / period_px)) < 2 * SAME_PERIOD
    return _Waves(*(part[near] for part in waves))


def _box(waves: _Waves, period_px: float, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """Top, left, bottom and right of the largest patches of blocks that have the period: of a dry print several."""
    alike = (waves.weight > 0) & (np.abs(np.log(waves.period_px / period_px)) < SAME_PERIOD)
    cells = np.zeros([-(-side // CELL_PX) for side in shape], np.uint8)
    first = waves.corner_px[alike] // CELL_PX
    last = np.ceil((waves.corner_px[alike] + waves.reach_px[alike, None]) / CELL_PX).astype(int)
    for (top, left), (bottom, right) in zip(first, last, strict=True):
        cells[top:bottom, left:right] = 1
    _, _, boxes, _ = cv2.connectedComponentsWithStats(cells, connectivity=4)
    left, top, width, height, size = boxes[1:].T  # without the background
    large = size >= PATCH * size.max()
    low, far = (top + height)[large].max(), (left + width)[large].max()
    top, left, low, far = (CELL_PX * int(edge) for edge in (top[large].min(), left[large].min(), low, far))
    return top, left, min(low, shape[0]), min(far, shape[1])


def _waves(image: FloatArray, most: int, scale: int) -> _Waves:
    """The strongest wave of each block with some contrast; `most` blocks a side, `scale` pixels to one of `image`."""
    rows, columns = (_starts(side, most) for side in image.shape)
    blocks = np.lib.stride_tricks.sliding_window_view(image, (BLOCK_PX, BLOCK_PX))[np.ix_(rows, columns)]
    blocks = blocks.reshape(-1, BLOCK_PX, BLOCK_PX)
    blocks -= blocks.mean(axis=(1, 2), keepdims=True)
    deviation = np.sqrt(np.einsum("nij,nij->n", blocks, blocks) / BLOCK_PX**2)
    seen = deviation > LEAST_CONTRAST
    place = np.flatnonzero(seen)
    corner = np.array((rows[place // len(columns)], columns[place % len(columns)])).T
    step = max(BLOCK_PX, *(np.diff(starts).max(initial=0) for starts in (rows, columns)))
    period, share = _strongest(blocks[seen])
    usable = (share > CLEAR) & (period >= PERIODS_PX[0]) & (period <= PERIODS_PX[1])
    contrast = np.sqrt(deviation[seen])  # a smudge does not outweigh faint ridges
    contrast *= min(1.0, FEW_A_SIDE**2 / len(blocks))  # nor do fine scales, with more blocks, outweigh coarse ones
    weight = np.where(usable, (share - CLEAR / 2) * contrast, 0).astype(np.float32)
    reach = np.full(len(corner), scale * step, np.float32)
    return _Waves((scale * period).astype(np.float32), weight, scale * corner, reach)


def _starts(side: int, most: int) -> np.ndarray:
    """Where blocks begin along a side: every half block, or fewer."""
    last = side - BLOCK_PX
    wanted = min(most, max(FEW_A_SIDE, 1 + last // STEP_PX))
    return np.linspace(0, last, min(wanted, 1 + 2 * last // BLOCK_PX)).astype(int)


def _strongest(blocks: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(n,) period of the strongest wave in pixels, and its share of a block's power."""
    power = _power(blocks)  # (29, 16, n), the half of the plane that tells all, and what lies beside it
    near = power[:-2] + power[1:-1] + power[2:]
    near = near[:, :-2] + near[:, 1:-1] + near[:, 2:]  # (27, 14, n), with that of the eight neighbours
    strongest = near.reshape(near.shape[0] * near.shape[1], len(blocks)).argmax(axis=0)
    row, column = np.unravel_index(strongest, near.shape[:2])
    rows, columns = row + np.arange(3)[:, None, None], column + np.arange(3)[:, None]
    peak = power[rows, columns, np.arange(len(blocks))]  # (3, 3, n)
    height, moment = peak.sum(axis=(0, 1)), (peak * _frequency()[rows, columns]).sum(axis=(0, 1))
    total = power[:, 1].sum(axis=0) + 2 * power[:, 2:].sum(axis=(0, 1))  # both halves
    share = 2 * height / np.maximum(total, np.float32(1e-9))  # a wave and its mirror image
    return height / np.maximum(moment, np.float32(1e-9)), share  # one over the mean frequency of the peak


def _power(blocks: FloatArray) -> FloatArray:
    """(29, 16, n) power spectra, weighted by frequency to level the 1/f of all images, and band-passed.

    Waves of -14 to 14 cycles down and -1 to 14 across. The Fourier transform is a product of matrices: of so few waves
    in so small blocks that is quicker than a fast one, block by block, for which no library starts threads.
    """
    waves = _waves_of_block()
    both = np.ascontiguousarray(np.transpose(waves @ (blocks @ waves.T), (1, 2, 0)))  # (28, 28, n)
    both = both.reshape(2, CYCLES, 2, CYCLES, len(blocks))
    (cos_cos, cos_sin), (sin_cos, sin_sin) = both.swapaxes(1, 2)  # each (14, 14, n)
    power = np.zeros((2 * CYCLES + 1, CYCLES + 2, len(blocks)), np.float32)
    power[CYCLES:-1, 1:-1] = (cos_cos - sin_sin) ** 2 + (sin_cos + cos_sin) ** 2
    power[CYCLES:0:-1, 1:-1] = (cos_cos + sin_sin) ** 2 + (sin_cos - cos_sin) ** 2  # those that go up
    frequency = _frequency()
    power *= np.where((frequency <= 1 / PASSED_PX[0]) & (frequency >= 1 / PASSED_PX[1]), frequency, 0)[..., None]
    power[:, 0] = power[::-1, 2]  # the mirror image
    return power


@cache
def _frequency() -> FloatArray:
    """(29, 16) cycles per pixel, of the waves of `_power`."""
    down, across = np.arange(-CYCLES, CYCLES + 1), np.arange(-1, CYCLES + 1)
    return np.asarray(np.hypot(down[:, None], across) / BLOCK_PX, np.float32)


@cache
def _waves_of_block() -> FloatArray:
    """(28, 32): cosines and sines of 0 to 13 cycles in a block, in a Hann window."""
    hann = np.hanning(BLOCK_PX + 1)[:BLOCK_PX]
    angle = 2 * np.pi / BLOCK_PX * np.outer(np.arange(CYCLES), np.arange(BLOCK_PX))
    return np.concatenate([hann * np.cos(angle), hann * np.sin(angle)]).astype(np.float32)

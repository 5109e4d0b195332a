"""How strongly a picture shows that its ridges are the dark ones: the answer of a small network.

Its answer to the negative is taken off its answer to the picture, so that it cannot lean to either. What it learnt
from, and how, is in `tools/polarity_network.py`, which wrote its weights.
"""

from __future__ import annotations

from functools import cache
from math import prod
from pathlib import Path

import numpy as np

from fpverify.vocabulary import FloatArray

WEIGHTS = Path(__file__).with_name("polarity_network.npy")  # float16, all in one row
# (side, stride, channels in, channels out) of convolutions without borders; from cell to cell 0.8 mm at last
CONVOLUTIONS = ((5, 2, 2, 12), (3, 2, 12, 16), (3, 2, 16, 24), (3, 1, 24, 32))
HIDDEN = 16  # units between the mean over all cells and the answer
SHAPES = (
    *(shape for side, _, seen, made in CONVOLUTIONS for shape in ((side * side * seen, made), (made,))),
    *((CONVOLUTIONS[-1][-1], HIDDEN), (HIDDEN,), (HIDDEN,)),
)

Weights = tuple[FloatArray, ...]  # of these shapes


def evidence(view: FloatArray) -> float:
    """Log odds (natural) that ridges are dark.

    Args:
        view: (height, width, 2) float32, see `fpverify.scans.polarity.seen`; its negative has the opposite answer.
    """
    *convolutions, hidden, bias, answer = weights()
    first = _convolved(view[None], convolutions[0], *CONVOLUTIONS[0][:2])
    cells = _rectified(np.concatenate([first, -first]), convolutions[1])
    for number, (side, stride, *_) in enumerate(CONVOLUTIONS[1:], 1):
        kernel, offset = convolutions[2 * number : 2 * number + 2]
        cells = _rectified(_convolved(cells, kernel, side, stride), offset)
    upright, negative = _rectified(cells.mean((1, 2)) @ hidden, bias) @ answer
    return float(upright - negative)


@cache
def weights() -> Weights:
    """Kernels and offsets of all layers."""
    return shaped(np.load(WEIGHTS, allow_pickle=False).astype(np.float32))


def shaped(row: FloatArray) -> Weights:
    """All weights, which lie in one row, layer by layer."""
    ends = np.cumsum([prod(shape) for shape in SHAPES])
    return tuple(part.reshape(shape) for part, shape in zip(np.split(row, ends[:-1]), SHAPES, strict=True))


def _convolved(cells: FloatArray, kernel: FloatArray, side: int, stride: int) -> FloatArray:
    """A kernel's answers at each of its places; (n, height, width, channels out)."""
    count, height, width, channels = cells.shape
    high, wide = ((extent - side) // stride + 1 for extent in (height, width))
    cells = np.ascontiguousarray(cells)
    image, row, column, _ = cells.strides
    strides = (image, stride * row, stride * column, row, cells.itemsize)  # a kernel's rows, each of all channels
    shape = (count, high, wide, side, side * channels)
    patches = np.lib.stride_tricks.as_strided(cells, shape, strides, writeable=False)
    return patches.reshape(count, high, wide, -1) @ kernel  # row by row, too little for BLAS to start threads


def _rectified(cells: FloatArray, offset: FloatArray) -> FloatArray:
    cells += offset
    return np.asarray(np.maximum(cells, 0, out=cells))

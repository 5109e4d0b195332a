"""Pairs of stripe scans, mated and not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fpverify.features import prepare
from fpverify.features.extraction import centred
from fpverify.synthesis.dataset import SCAN_PPI
from fpverify.synthesis.stripes import FINGERS, draw_stripes
from fpverify.vocabulary import FloatArray, Scan


@dataclass(frozen=True, slots=True)
class StripeBatches:
    """Batches for the whole-print Siamese.

    Attributes:
        look: ranges for `draw_stripes`.
        seed: of the sequence of batches.
        pairs: a batch; every other one is mated.
        input_px: side of the network's input.
    """

    look: dict[str, Any]
    seed: int
    pairs: int
    input_px: int

    def __call__(self, index: int) -> tuple[FloatArray, FloatArray]:
        """Batch number `index`: scans (2n, side, side, 1), the first n paired with the last n; mated (2n,) 0 or 1."""
        rng = np.random.default_rng([self.seed, index])
        mated = np.arange(self.pairs) % 2
        left = rng.integers(0, 2, self.pairs)
        right = np.where(mated, left, 1 - left)
        images = [self._scan(rng, int(finger)) for finger in (*left, *right)]
        return np.stack(images)[..., None], np.tile(mated.astype(np.float32), 2)

    def _scan(self, rng: np.random.Generator, finger: int) -> FloatArray:
        pixels = draw_stripes(FINGERS[finger], rng, **self.look)
        return centred(prepare(Scan(pixels, SCAN_PPI)).image, self.input_px)

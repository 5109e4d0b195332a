"""Templates of nobody in great numbers, modelled on really extracted ones: for times and memory, not for error rates.

Each takes the places, directions and qualities of the minutiae of a real template, turned and moved a little, and for
every minutia a descriptor out of all that were extracted, mixed with another. So descriptors crowd where those of
prints do, which decides what an index costs; plain random vectors would lie far too evenly. What the model lacks is
that the minutiae of one print resemble each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from gallery import FIRST, GalleryCache, impressions_of
from numpy.typing import NDArray
from tqdm import tqdm

from fpverify.matching import Matcher
from fpverify.store import decode_template, encode_template
from fpverify.vocabulary import FloatArray, Minutiae, Template

SOURCES = 120  # prints that are made where no cache is given: 15 s
CACHED_SOURCES = 2000  # prints of a cache: 90,000 descriptors, 23 MB
BATCH = 500  # templates at a time: 6 MB of descriptors
SHARE = (0.3, 0.9)  # length of what is mixed in: the cosine to the first descriptor is then 0.96 to 0.74
TURN_RAD, SHIFT_PX, JITTER_PX = 0.3, 10.0, 1.5  # deviations: of the whole print, and of each minutia
STEPS = 15  # of a descriptor's largest component, as extraction has them


@dataclass(frozen=True, slots=True, eq=False)
class TemplateModel:
    """What modelled templates are drawn from.

    Attributes:
        sources: really extracted templates of one model.
        descriptors: (m, d) float32 of unit length, all of theirs.
    """

    sources: tuple[Template, ...]
    descriptors: FloatArray

    @classmethod
    def of(cls, sources: Sequence[Template]) -> TemplateModel:
        """The model of some templates."""
        rows = np.concatenate([one.descriptors for one in sources]).astype(np.float32)
        return cls(tuple(sources), rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1))

    def templates(self, count: int, seed: int, start: int = 0) -> Iterator[Template]:
        """Templates number `start` to `start + count` of a seed, on the grid; a tenth of a millisecond each.

        The same number gives the same template whatever the start, if starts are multiples of `BATCH`.
        """
        for batch in range(start // BATCH, -(-(start + count) // BATCH)):
            drawn = self._batch(np.random.default_rng([seed, batch]))
            first = max(start - batch * BATCH, 0)
            yield from drawn[first : start + count - batch * BATCH]

    def _batch(self, rng: np.random.Generator) -> list[Template]:
        chosen = [self.sources[k] for k in rng.integers(len(self.sources), size=BATCH).tolist()]
        counts = [len(one.minutiae) for one in chosen]
        parts = np.split(self._mixed(rng, sum(counts)), np.cumsum(counts)[:-1])
        return [_moved(rng, one, part) for one, part in zip(chosen, parts, strict=True)]

    def _mixed(self, rng: np.random.Generator, count: int) -> NDArray[np.int8]:
        one, other = self.descriptors[rng.integers(len(self.descriptors), size=(2, count))]
        mixed = one + rng.uniform(*SHARE, (count, 1)).astype(np.float32) * other
        largest = np.maximum(np.abs(mixed).max(1, keepdims=True), np.float32(1e-6))
        return np.asarray(np.rint(mixed * (STEPS / largest)), np.int8)


def model_of(cache: Path | None, matcher: Matcher) -> TemplateModel:
    """The model of the first prints of a gallery cache, or of prints made now."""
    if cache is None:
        made = (impressions_of(finger, (FIRST,), matcher)[0] for finger in range(SOURCES))
        found = [one.template for one in tqdm(made, total=SOURCES, desc="prints to model on", disable=None)]
    else:
        kept = GalleryCache.of(cache, matcher.bundle).all(CACHED_SOURCES)
        found = [one.template for one in kept if one.impression == FIRST]
    sources = [one for one in found if one is not None]
    if not sources:
        raise SystemExit(f"{cache}: no templates of {matcher.model_id}; make them with tools/gallery.py")
    return TemplateModel.of(sources)


def _moved(rng: np.random.Generator, source: Template, descriptors: NDArray[np.int8]) -> Template:
    known = source.minutiae
    turn = rng.normal(0, TURN_RAD)
    place = known.x_px + 1j * known.y_px
    centre = place.mean()
    moved = (place - centre) * np.exp(1j * turn) + centre + SHIFT_PX * (rng.normal() + 1j * rng.normal())
    noise = rng.normal(0, JITTER_PX, (2, len(place)))
    x, y = np.maximum(moved.real + noise[0], 0), np.maximum(moved.imag + noise[1], 0)
    angle = np.angle(np.exp(1j * (known.angle_rad + turn)))
    minutiae = Minutiae(x.astype(np.float32), y.astype(np.float32), angle.astype(np.float32), known.quality)
    return decode_template(encode_template(Template(source.model_id, source.quality, minutiae, descriptors)))

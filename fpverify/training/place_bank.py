"""Places of different fingers that look alike to a network: what it has to learn to tell apart next."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fpverify.features.extraction import Network
from fpverify.vocabulary import BoolArray, FloatArray, IndexArray

NEAREST = 32  # places of other fingers that are known of each
AT_ONCE = 500  # places that are compared with all others


@dataclass(frozen=True, slots=True, eq=False)
class PlaceBank:
    """Places and, of each, those of other fingers that look most alike.

    Attributes:
        finger: (n,) number in the pool.
        mirrored: (n,) whether it is the mirrored finger's, which is another.
        xy: (n, 2) float32 on the finger; px.
        nearest: (n, NEAREST) places of other fingers.
    """

    finger: IndexArray
    mirrored: BoolArray
    xy: FloatArray
    nearest: IndexArray

    def cluster(self, rng: np.random.Generator, size: int) -> list[int]:
        """A place and others that look like it, of as many fingers."""
        first = int(rng.integers(len(self.finger)))
        chosen, fingers = [first], {int(self.finger[first])}
        for place in rng.permutation(self.nearest[first]).tolist():
            if int(self.finger[place]) not in fingers and len(chosen) < size:
                chosen.append(place)
                fingers.add(int(self.finger[place]))
        return chosen

    @classmethod
    def of(
        cls, finger: IndexArray, mirrored: BoolArray, xy: FloatArray, patches: FloatArray, network: Network
    ) -> PlaceBank:
        """The bank of some places.

        Args:
            finger: (n,), as the attribute.
            mirrored: (n,) likewise.
            xy: (n, 2) likewise.
            patches: (n, 32, 32) how each looks in some touch.
            network: the descriptor as it is.
        """
        blocks = [slice(start, start + AT_ONCE) for start in range(0, len(patches), AT_ONCE)]
        vectors = np.concatenate([network(patches[block, ..., None]) for block in blocks])
        count = min(NEAREST, len(vectors) - 1)
        nearest = np.empty((len(vectors), count), np.int32)
        for block in blocks:
            cosines = vectors[block] @ vectors.T
            cosines[finger[block, None] == finger] = -2
            nearest[block] = np.argpartition(-cosines, count - 1, axis=1)[:, :count]
        return cls(finger, mirrored, xy, nearest)

    def write(self, path: Path) -> None:
        """Keeps it in a file, all of it or nothing."""
        part = path.with_name(f"part-{path.name}")
        np.savez(part, finger=self.finger, mirrored=self.mirrored, xy=self.xy, nearest=self.nearest)
        part.replace(path)

    @classmethod
    def read(cls, path: Path) -> PlaceBank:
        """What `write` has kept."""
        with np.load(path) as stored:
            return cls(*(stored[name] for name in ("finger", "mirrored", "xy", "nearest")))

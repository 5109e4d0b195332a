"""The codebook of a model: what neighbourhoods of minutiae look like, by which an index keeps them in lists.

It was trained on synthetic fingers and comes with the model (`tools/codebook.py`): nothing that is enrolled leaks into
it, adding a reference trains nothing, and the same references give the same index.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fpverify.errors import CorruptModel
from fpverify.models import Bundle
from fpverify.vocabulary import FloatArray

FILE = "codebook.npy"  # of the bundle
STEPS = 200.0  # of a unit vector's components in 8 bits: one in a million is above 0.635; a cosine is off by 0.002


@dataclass(frozen=True, slots=True, eq=False)
class Codebook:
    """Centres of the lists of an index.

    Attributes:
        centres: (l, d) int8, near unit vectors in steps of 1 / `STEPS`. Which of them a descriptor is nearest to is
            decided in whole numbers: alike on every machine, whatever is looked up beside it.
        digest: SHA-256 of the file, hexadecimal.
    """

    centres: NDArray[np.int8]
    digest: str

    @staticmethod
    def is_in(bundle: Bundle) -> bool:
        """Whether a model has one."""
        return FILE in bundle.card.search_files

    @classmethod
    def of(cls, bundle: Bundle) -> Codebook | None:
        """The codebook of a model; None if it has none.

        Raises:
            CorruptModel: the file is missing, does not fit its hash, or is no codebook.
        """
        if not cls.is_in(bundle):
            return None
        return cls.decoded(bundle.content(FILE), str(bundle.folder / FILE))

    @classmethod
    def decoded(cls, content: bytes, source: str) -> Codebook:
        """The codebook of a file's bytes, which were checked; raises CorruptModel."""
        try:
            centres = np.load(io.BytesIO(content), allow_pickle=False)
        except (ValueError, OSError, EOFError) as error:
            raise CorruptModel(f"{source}: not a codebook") from error
        if centres.dtype != np.int8 or centres.ndim != 2 or 0 in centres.shape:
            raise CorruptModel(f"{source}: a codebook holds rows of whole numbers of 8 bits")
        return cls(centres, hashlib.sha256(content).hexdigest())

    def encoded(self) -> bytes:
        """The bytes of the file."""
        file = io.BytesIO()
        np.save(file, self.centres, allow_pickle=False)
        return file.getvalue()


def steps(vectors: FloatArray | NDArray[np.int8]) -> NDArray[np.int8]:
    """Vectors (n, d), of whatever length, as unit vectors in steps of 1 / `STEPS`; zeros stay zeros."""
    wide = np.asarray(vectors, np.float64)
    length = np.sqrt((wide**2).sum(axis=1, keepdims=True))
    unit = np.divide(wide, length, out=np.zeros_like(wide), where=length > 0)
    return np.asarray(np.clip(np.rint(unit * STEPS), -127, 127), np.int8)

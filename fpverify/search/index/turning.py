"""A secret rotation of descriptors, for an engine that is not to read them.

It changes no inner product, so an engine finds what it would find without. Rows of two stores have nothing in common,
and a scan cannot be compared with them without the key. It is no encryption: who knows d descriptors and their rows,
64 of them, can solve for it (`docs/security.md`).
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from fpverify.vocabulary import FloatArray

DRAWING, NAMING = b"fpverify rotation 1", b"fpverify rotation's name 1"
NAME_BYTES = 6  # two rotations of a store agree once in 300 million million


def turning(secret: bytes, size: int) -> NDArray[np.float64]:
    """The (size, size) orthogonal matrix of a secret, to be multiplied from the right; uniform over all of them.

    The numbers are drawn by SHAKE-256, not by NumPy, whose generators may change: all who share a store, now and
    later, have to turn alike.

    Args:
        secret: 32 bytes, used for nothing else.
        size: d.

    Source: G. W. Stewart, The Efficient Generation of Random Orthogonal Matrices, SIAM J. Numer. Anal. 17, 1980.
    """
    q, r = np.linalg.qr(_normal(DRAWING + secret, size * size).reshape(size, size))
    return np.asarray(q * np.sign(np.diag(r)))


def turning_name(secret: bytes) -> str:
    """What tells rotations apart, 12 hex digits that say nothing about them."""
    return hashlib.shake_256(NAMING + secret).hexdigest(NAME_BYTES)


def turned(descriptors: NDArray[np.int8], matrix: NDArray[np.float64]) -> FloatArray:
    """Descriptors (n, d) as unit vectors, turned; zeros stay zeros."""
    rows = descriptors.astype(np.float64)
    length = np.sqrt((rows**2).sum(axis=1, keepdims=True))
    return np.asarray(np.divide(rows, length, out=np.zeros_like(rows), where=length > 0) @ matrix, np.float32)


def _normal(seed: bytes, count: int) -> NDArray[np.float64]:
    """Independent standard normal numbers, by Box and Muller's transform."""
    pairs = -(-count // 2)
    drawn = np.frombuffer(hashlib.shake_256(seed).digest(16 * pairs), "<u8").reshape(2, pairs)
    radius, turn = ((drawn >> np.uint64(11)) + 0.5) / 2.0**53  # in (0, 1)
    radius = np.sqrt(-2 * np.log(radius))
    both = np.concatenate([radius * np.cos(2 * np.pi * turn), radius * np.sin(2 * np.pi * turn)])
    return np.asarray(both[:count])

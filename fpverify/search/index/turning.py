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

SECRET_BYTES = 32
PURPOSE, NAMING = b"fpverify index rotation 1", b"fpverify index name 1"


def turning(secret: bytes, salt: bytes, size: int) -> NDArray[np.float64]:
    """The (size, size) orthogonal matrix of a secret, to be multiplied from the right; uniform over all of them.

    The numbers are drawn by SHAKE-256, not by NumPy, whose generators may change: all who share a store, now and
    later, have to turn alike.

    Args:
        secret: key material, of any length.
        salt: says for what: the same secret gives another matrix for another salt.
        size: d.

    Source: HKDF, RFC 5869; G. W. Stewart, SIAM J. Numer. Anal. 17, 1980.
    """
    q, r = np.linalg.qr(_normal(_derived(secret, salt, PURPOSE), size * size).reshape(size, size))
    return np.asarray(q * np.sign(np.diag(r)))


def turning_name(secret: bytes, salt: bytes) -> str:
    """What tells rotations apart, 12 hex digits that say nothing about them."""
    return _derived(secret, salt, NAMING).hex()[:12]


def turned(descriptors: NDArray[np.int8], matrix: NDArray[np.float64]) -> FloatArray:
    """Descriptors (n, d) as unit vectors, turned; zeros stay zeros."""
    rows = descriptors.astype(np.float64)
    length = np.sqrt((rows**2).sum(axis=1, keepdims=True))
    return np.asarray(np.divide(rows, length, out=np.zeros_like(rows), where=length > 0) @ matrix, np.float32)


def _derived(secret: bytes, salt: bytes, purpose: bytes) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), SECRET_BYTES, salt, purpose).derive(secret)


def _normal(seed: bytes, count: int) -> NDArray[np.float64]:
    """Independent standard normal numbers, by Box and Muller's transform."""
    pairs = -(-count // 2)
    drawn = np.frombuffer(hashlib.shake_256(seed).digest(16 * pairs), "<u8").reshape(2, pairs)
    radius, turn = ((drawn >> np.uint64(11)) + 0.5) / 2.0**53  # in (0, 1)
    radius = np.sqrt(-2 * np.log(radius))
    both = np.concatenate([radius * np.cos(2 * np.pi * turn), radius * np.sin(2 * np.pi * turn)])
    return np.asarray(both[:count])

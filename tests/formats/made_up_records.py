"""Records that nobody's finger made, and what two of them have in common."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np

from fpverify.formats.codes import FINGER_NAMES, IMPRESSION_NAMES
from fpverify.vocabulary import NOT_COMPUTED, NOT_STATED, Capture, FingerView, MinutiaRecord, Rating

STANDARDS = ("iso2005", "iso2011", "ansi2004", "ansi2009", "ansi2009am1")
CARDS = ("iso2005-normal-card", "iso2005-compact-card")
TEXTS = ("xyt", "csv", "json")
ONE_VIEW = (*CARDS, "xyt")

ANGLES = {  # steps of a turn
    **dict.fromkeys(("iso2005", "iso2011", "iso2005-normal-card"), 256),
    **dict.fromkeys(("ansi2004", "ansi2009", "ansi2009am1"), 180),
    "iso2005-compact-card": 64,
    "xyt": 360,
    "csv": 1 << 20,
    "json": 1 << 20,
}


def view(
    rng: np.random.Generator, count: int, size: tuple[int, int] = (388, 374), *, finger: int = 7, number: int = 0
) -> FingerView:
    """A view of so many minutiae at 500 ppi, anywhere in a picture of this size."""
    width, height = size
    return FingerView(
        rng.uniform(0, width - 1, count).astype(np.float32),
        rng.uniform(0, height - 1, count).astype(np.float32),
        (-rng.uniform(-np.pi, np.pi, count)).astype(np.float32),
        rng.integers(0, 3, count).astype(np.uint8),
        rng.integers(1, 101, count).astype(np.int16),
        width_px=width,
        height_px=height,
        ppcm_x=197.0,
        ppcm_y=197.0,
        finger=finger,
        view=number,
        ratings=(Rating(int(rng.integers(1, 101))),),
    )


def record(rng: np.random.Generator, format_name: str, most: int = 90) -> MinutiaRecord:
    """A record that a format can hold: one view or up to four, of two fingers."""
    views = 1 if format_name in ONE_VIEW else int(rng.integers(1, 5))
    size = (
        (251, 249) if format_name == "iso2005-compact-card" else (int(rng.integers(1, 800)), int(rng.integers(1, 800)))
    )
    made = [
        view(rng, int(rng.integers(1, most)), size, finger=int(rng.integers(0, 11)), number=k) for k in range(views)
    ]
    return MinutiaRecord(tuple(made), source="made up")


def full_record(rng: np.random.Generator) -> MinutiaRecord:
    """A record that says all that can be said, in its own views' ways."""
    capture = Capture(0x80, 181, 0x1234, 4, (2024, 2, 29, 23, 59, 60, 999), ((7, 1), (8, 3)))
    ratings = Rating(90, 6, 55), Rating(NOT_COMPUTED, 6, 56), Rating(NOT_STATED, 7, 1)
    views = []
    for k, (finger, impression) in enumerate(zip(FINGER_NAMES, IMPRESSION_NAMES, strict=False)):
        made = view(rng, k, finger=finger, number=k % 16)
        quality = made.quality.copy()
        quality[:2] = [NOT_STATED, NOT_COMPUTED][: len(quality)]
        extended = ((1, bytes(range(k))), (0x0221, b""))
        views.append(
            replace(
                made,
                quality=quality,
                impression=impression,
                ratings=ratings,
                capture=capture,
                ridge_ends=bool(k % 2),
                extended=extended,
                extended_format="iso2011",
                ppcm_x=197.0 + k,
                ppcm_y=394.0,
            )
        )
    return MinutiaRecord(tuple(views), product=(66, 17), source="made up")


def difference(one: MinutiaRecord, other: MinutiaRecord) -> list[str]:
    """Names of the fields of views in which two records differ."""
    assert len(one) == len(other)
    return sorted(
        {
            name
            for a, b in zip(one.views, other.views, strict=True)
            for name in (field.name for field in fields(FingerView))
            if not np.array_equal(getattr(a, name), getattr(b, name))
        }
    )


def turned(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """How far directions lie apart, in radians."""
    return np.abs(np.angle(np.exp(1j * (a.astype(float) - b.astype(float)))))

"""Prints and overlaps made so that one cause holds."""

from __future__ import annotations

import numpy as np
from made_up_prints import finger

from fpverify.comparison import Alignment, Overlap, overlap
from fpverify.explanation.explanation import Explanation
from fpverify.explanation.side import Side
from fpverify.features import Acquired
from fpverify.vocabulary import Interval, OperatingPoint, PreparedScan, Scan, Score, Template

WHOLE = np.ones((50, 50), bool)  # 413 mm², under minutiae that lie within 190 px
UNMOVED = Alignment(1 + 0j, 0j, 0j)


def point(threshold: float = 30.0) -> OperatingPoint:
    rate = Interval(0.0, 0.01)
    return OperatingPoint(0.001, threshold, 0.001, 0.02, rate, rate, 0.0, 10, 1000, "made-up prints", "test-model")


def side(role: str, print_: Template, foreground: np.ndarray = WHOLE, quality: float = 0.8) -> Side:
    kept = Template(print_.model_id, quality, print_.minutiae, print_.descriptors)
    image = np.sin(np.arange(200, dtype=np.float32))[None, :].repeat(200, 0)
    scan = Scan(np.zeros((400, 400), np.uint8), 500.0, f"some/folder/{role}.bmp")
    return Side(role, scan, Acquired(kept, PreparedScan(image, 0.5), foreground))  # type: ignore[arg-type]


def explained(probe: Side, reference: Side, score: float = 5.0, found: Overlap | None = None) -> Explanation:
    found = found or overlap(probe.template, reference.template)
    return Explanation(probe, reference, found, found.similarity, Score(score), point())


def laid(partners: int, strength: float, common: int, size: int = 40) -> Overlap:
    """An overlap of so many partners of one strength among the common minutiae of two prints."""
    inside = np.arange(size) < common
    pairs = np.stack([np.arange(partners)] * 2, axis=1)
    return Overlap(
        100, 12, UNMOVED, pairs, np.full(partners, strength, np.float32), inside, inside, strength * partners, 0.1
    )


def both(size: int = 40, **changed: object) -> tuple[Side, Side]:
    return side("probe", finger(1, size), **changed), side("reference", finger(2, size), **changed)  # type: ignore[arg-type]

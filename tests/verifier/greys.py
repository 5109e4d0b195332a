"""A model whose template is the mean grey of a scan: quick, and easy to reason about."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from fpverify.comparison import Calibration
from fpverify.errors import FailureToAcquire
from fpverify.matching import Matcher
from fpverify.models import Bundle, Card
from fpverify.verifier import Verifier
from fpverify.vocabulary import Interval, Minutiae, OperatingPoint, Scan, Template

NONE = Minutiae(*(np.zeros(0, np.float32) for _ in range(4)))
RATES = (0.01, 0.001, 0.0001)


class GreyExtractor:
    """A template is a unit vector whose direction is the scan's mean grey; quality is that of the source's name."""

    def __init__(self, model_id: str) -> None:
        self._model_id = model_id

    def extract(self, scan: Scan) -> Template:
        if scan.source == "no print":
            raise FailureToAcquire("no print: too few minutiae")
        turn = math.pi * float(scan.pixels.mean()) / 255
        vector = np.array([math.cos(turn), math.sin(turn)], np.float32)
        quality = float(scan.source) if scan.source.startswith("0.") else 1.0
        return Template(self._model_id, quality, NONE, np.zeros((0, 0), np.int8), vector)


def grey(level: int, source: str = "memory") -> Scan:
    return Scan(np.full((8, 8), level, np.uint8), 500.0, source)


def point(fmr: float, model_id: str) -> OperatingPoint:
    rate = Interval(0.0, 1.0)
    return OperatingPoint(fmr, -10 * math.log10(fmr), fmr, 0.1, rate, rate, 0.0, 10, 10, "greys", model_id)


def grey_matcher(model_id: str = "grey-1", zero: float = 0.0) -> Matcher:
    """Scores are 0 at a raw similarity of `zero`, and 60 at 1."""
    slope = 60 / (1 - zero)
    calibration = Calibration((zero, 1.0), (0.0, 60.0), slope, slope, zero + 0.9 * (1 - zero), 1000).to_dict()
    points = tuple(point(fmr, model_id) for fmr in RATES)
    card = Card(model_id, "whole-print", "2026-01-01", {}, calibration=calibration, operating_points=points)
    return Matcher(Bundle(Path(model_id), card), GreyExtractor(model_id))


def audit(verifier: Verifier) -> list[Any]:
    return list(verifier.store.audit_entries())

"""A matcher of your own beside fpverify's, on the same pairs: error rates with their intervals.

    python own_matcher.py FOLDER

The folder holds `<finger>_<impression>` images. Higher scores are more alike; a `ScanError` is a failure to acquire.
This one counts OpenCV's SIFT features that agree on one turn and shift.
"""

from __future__ import annotations

import sys

import cv2
import numpy as np

from fpverify import Scan, evaluate
from fpverify.errors import FailureToAcquire

FEATURES = 300
NEAR_PX = 8.0  # of a pair from where the turn and shift would have it
Template = tuple[np.ndarray, np.ndarray]


class Sift:
    """What `evaluate` asks: a template of a scan, a score of two."""

    name = "SIFT"

    def template(self, scan: Scan) -> Template:
        """Places (n, 2) and descriptors (n, 128).

        Raises:
            FailureToAcquire: fewer than three features.
        """
        points, descriptors = cv2.SIFT_create(FEATURES).detectAndCompute(scan.pixels, None)
        if len(points) < 3:
            raise FailureToAcquire(f"{scan.source}: no features")
        return np.asarray(cv2.KeyPoint_convert(points)), np.asarray(descriptors)

    def score(self, probe: Template, reference: Template) -> float:
        """How many pairs of features agree."""
        pairs = cv2.BFMatcher(cv2.NORM_L2, crossCheck=True).match(probe[1], reference[1])
        if len(pairs) < 3:
            return 0.0
        here = np.array([probe[0][one.queryIdx] for one in pairs])
        there = np.array([reference[0][one.trainIdx] for one in pairs])
        agreed = cv2.estimateAffinePartial2D(here, there, ransacReprojThreshold=NEAR_PX)[1]
        return float(agreed.sum())


def main(folder: str) -> None:
    """Prints a line for each matcher."""
    cv2.setRNGSeed(1)
    for name, measured in (("fpverify", evaluate(folder)), ("SIFT", evaluate(folder, matcher=Sift()))):
        interval = measured.intervals()["eer"]
        print(f"{name:9} EER {measured.eer:.2%} ({interval.low:.2%} to {interval.high:.2%})")


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Touches of small sensors that are given together: those of a finger become one reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from fpverify.errors import EnrollmentError
from fpverify.matching import Matcher
from fpverify.vocabulary import Scan, Skin, Template

Side = Literal["higher", "lower", "left", "right"]

ENOUGH_TO_AGREE = 4  # touches, of which two at least show the same skin if they are of one finger
TELLING_MM2 = 25.0  # of most touches, 5 mm square: smaller ones of one finger need not meet
ANOTHER_FINGER = 3  # touches that agree with each other and with none of the most
AGAIN = "touch the sensor with one finger, near the same place (or enroll them unchecked)"
WANTED_MM = 11.0  # across and down, of a piece of skin in which most touches of a finger find themselves again


@dataclass(frozen=True, slots=True)
class JoinedTouches:
    """Touches of a finger as one reference.

    Attributes:
        template: the reference.
        groups: touches that came together, of each piece of skin how many, the most first.
        given: how many there were; those in no group were left out.
    """

    template: Template
    groups: tuple[int, ...]
    given: int


def joined(matcher: Matcher, scans: Sequence[Scan], *, checked: bool) -> JoinedTouches:
    """Touches of one finger as one reference.

    Args:
        matcher: of the model, which compares touches.
        scans: the touches, at least one, none of them refused by the model.
        checked: leave touches out that agree with no others, and refuse those that look like several fingers', as far
            as touches of that size tell.

    Raises:
        EnrollmentError: of several touches no two show the same skin, or some agree with each other and not with the
            rest.
    """
    acquired = [matcher.acquire(scan) for scan in scans]
    telling = float(np.median([one.area_mm2 or 0 for one in acquired])) >= TELLING_MM2
    template, finger = matcher.touches.joined(acquired, only_joined=checked and telling)
    if checked and len(scans) >= ENOUGH_TO_AGREE:
        _require_one_finger(finger.groups, scans, telling=telling)
    return JoinedTouches(template, finger.groups, len(scans))


def _require_one_finger(groups: Sequence[int], scans: Sequence[Scan], *, telling: bool) -> None:
    """Returns if touches that came together so can be of one finger."""
    named = f"{scans[0].source} and {len(scans) - 1} others"
    if groups[0] < 2:
        raise EnrollmentError(f"{named}: no two of these touches show the same skin; {AGAIN}")
    if telling and len(groups) > 1 and groups[1] >= ANOTHER_FINGER:
        raise EnrollmentError(
            f"{named}: {groups[0]} of these touches agree with each other, and {groups[1]} others with each other, but "
            f"not with these; {AGAIN}"
        )


def next_touch(skin: Skin) -> Side | None:
    """Which way the finger goes for a further touch that adds most: to show the side on which its skin ends first.

    Seen by whoever puts the finger down, the sensor being the right way up; None where the largest piece of skin
    reaches far enough each way.
    """
    rows, columns = (np.flatnonzero(_largest(skin).any(axis)) for axis in (1, 0))
    if not len(rows):
        return None
    mm = 25.4 / 250
    short = {"down": WANTED_MM - mm * len(rows), "across": WANTED_MM - mm * len(columns)}
    way = max(short, key=lambda one: short[one])
    if short[way] <= 0:
        return None
    middle = _densest(skin)
    if way == "down":
        return "lower" if middle[0] - rows[0] < rows[-1] - middle[0] else "higher"
    return "right" if middle[1] - columns[0] < columns[-1] - middle[1] else "left"


def _largest(skin: Skin) -> np.ndarray:
    """(h, w) bool, the largest connected piece that is shown."""
    import cv2

    _, labels, statistics, _ = cv2.connectedComponentsWithStats((skin.picture != 0).astype(np.uint8))
    if len(statistics) < 2:
        return np.zeros(skin.picture.shape, bool)
    return np.asarray(labels == 1 + statistics[1:, cv2.CC_STAT_AREA].argmax())


def _densest(skin: Skin) -> tuple[float, float]:
    """Row and column of the middle of what is shown of the largest piece."""
    row, column = np.nonzero(_largest(skin))
    return float(row.mean()), float(column.mean())

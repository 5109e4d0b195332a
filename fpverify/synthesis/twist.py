"""A finger that is twisted and pushed aside while its middle sticks to the plate, as an exact map.

Skin in the middle of the contact area is held by the pressure and stays; skin outside goes with the finger, turned and
moved; the ring between is stretched, from nothing to all of it along half a cosine.

Source: Cappelli, Maio and Maltoni, "Modelling plastic distortion in fingerprint images", ICAPR 2001.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fpverify.synthesis.placement import Map
from fpverify.vocabulary import FloatArray

MIDDLE_PX = (10.0, 14.0)  # deviation of its middle from the finger's, across and along: as of contact areas
HELD_PX = (15.0, 40.0)  # half of the held skin's width: 1.5 to 4 mm; a finger that is about to slip holds little
LONGER = (1.1, 1.5)  # how much longer than wide: as contact areas are
RING_PX = (35.0, 70.0)  # width of the stretched skin: 3.5 to 7 mm, so that it ends about where prints do
LEAST_SCALE = 0.4  # skin pushed together keeps so much of its length, or ridges would merge into nothing
STEEPEST = np.pi / 2  # of half a cosine, in heights over widths
ONE_SIDED = 0.25  # how often skin gives way to one side only
SIDE_PX = 25.0  # the border between the sides: 2.5 mm for half of the change


@dataclass(frozen=True, slots=True)
class Twist:
    """How skin lies that was twisted, in px of the master at 250 ppi.

    Attributes:
        middle: x and y of the held skin's middle.
        held: half of its width and of its height.
        ring: width of the stretched skin, in those halves.
        turn_rad: how far the skin outside is turned.
        push: how far it is moved, x and y.
        side_rad: where skin gives way, as seen from the middle; None for everywhere.
    """

    middle: tuple[float, float]
    held: tuple[float, float]
    ring: float
    turn_rad: float
    push: tuple[float, float]
    side_rad: float | None = None

    def __call__(self, placement: Map) -> Map:
        """The placement of the finger, its skin twisted."""
        x, y = placement.x - np.float32(self.middle[0]), placement.y - np.float32(self.middle[1])
        goes = self._goes(x, y)
        cos, sin = np.cos(self.turn_rad) - 1, np.sin(self.turn_rad)
        return Map(
            np.asarray(placement.x + goes * (cos * x - sin * y + self.push[0]), np.float32),
            np.asarray(placement.y + goes * (sin * x + cos * y + self.push[1]), np.float32),
        )

    def _goes(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """How much of the finger's movement skin makes, in [0, 1]; `x` and `y` from the middle."""
        beyond = np.clip((np.hypot(x / self.held[0], y / self.held[1]) - 1) / self.ring, 0, 1)
        goes = 0.5 - 0.5 * np.cos(np.pi * beyond)
        if self.side_rad is not None:
            aside = x * np.cos(self.side_rad) + y * np.sin(self.side_rad)
            goes = goes / (1 + np.exp(np.clip(-aside / SIDE_PX, -50, 50)))
        return np.asarray(goes, np.float32)


def draw_twist(
    rng: np.random.Generator,
    shape: tuple[float, ...],
    turn_rad: float,
    push_px: float,
    *,
    one_sided: bool | None = None,
) -> Twist:
    """A random twist of a size that is given.

    Args:
        rng: source of randomness.
        shape: (height, width) of the master, pixels.
        turn_rad: how far skin outside the held part is turned, with its sign.
        push_px: how far it is moved, in a random direction.
        one_sided: skin gives way to one side only; now and then if not given.
    """
    middle = tuple(side / 2 + rng.normal(0, off) for side, off in zip(shape[1::-1], MIDDLE_PX, strict=True))
    half = rng.uniform(*HELD_PX)
    ring = max(rng.uniform(*RING_PX), STEEPEST * push_px / (1 - LEAST_SCALE))
    way, side = rng.uniform(-np.pi, np.pi, 2)
    sided = rng.random() < ONE_SIDED if one_sided is None else one_sided
    return Twist(
        middle=(middle[0], middle[1]),
        held=(half, half * rng.uniform(*LONGER)),
        ring=ring / half,
        turn_rad=turn_rad,
        push=(push_px * np.cos(way), push_px * np.sin(way)),
        side_rad=side if sided else None,
    )

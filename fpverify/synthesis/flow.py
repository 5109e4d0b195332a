"""How calmly the ridges of a finger run, and how far apart."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Flow:
    """By how much the course of ridges departs from that of an ideal finger, and how far apart fingers have them.

    Attributes:
        name: as in a recipe.
        wander_knots: control points of the smooth deviation from the model, over the width of a finger.
        correction_rad: deviation of what is added to the angle around a singular point, at each knot.
        envelope: deviation of the Gaussian of a ridge's filter, in periods: longer ones give straighter ridges and
            fewer minutiae.
        period_px: mean of fingers' ridge periods, at 250 ppi.
        period_deviation_px: between fingers: children and women finer, men coarser.
        period_range_px: of any finger, anywhere.
    """

    name: str
    wander_knots: int
    correction_rad: float
    envelope: float
    period_px: float = 4.5  # 0.46 mm, the adult mean (Maltoni et al., Handbook of Fingerprint Recognition)
    period_deviation_px: float = 0.6
    period_range_px: tuple[float, float] = (3.1, 6.2)  # 0.31 to 0.63 mm


# One bend in 5.5 mm, and one in 7.3 mm. The calm flow is nearer to that of real prints, but some pairs of calm fingers
# share most of it: right for learning to tell fingers apart by their minutiae, too hard for setting thresholds.
# Corrections so far below the spacing of their knots, 0.79 rad, keep the map of the circle monotone.
USUAL = Flow("usual", 4, 0.12, 0.70)
CALM = Flow("calm", 3, 0.08, 0.75)
# Ridges of large men, and of sensors that are finer than they say, lie up to 0.7 mm apart. A place of a small touch
# shows five of them then, and not seven.
BROAD = Flow("broad", 3, 0.08, 0.75, period_px=5.0, period_deviation_px=0.9, period_range_px=(3.1, 7.0))
# Pools of fingers and checkpoints know a flow by its name: one with other numbers needs another name.
FLOWS = {flow.name: flow for flow in (USUAL, CALM, BROAD)}

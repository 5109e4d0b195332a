"""The project's own Siamese over whole prints: the best that one vector for a print does here."""

from __future__ import annotations

from types import MappingProxyType

from fpverify.lab.changes import Turned
from fpverify.lab.design import Design, Stopping
from fpverify.lab.examples import View
from fpverify.lab.learners import Siamese
from fpverify.lab.pairs import MatedOnly
from fpverify.lab.towers import WholePrint


def designs() -> tuple[Design, ...]:
    """Convolutions with average pooling, every stranger of the batch against the mate."""
    return (
        Design(
            name="whole-print",
            source="this project: networks/whole_print",
            reported="new here",
            shows="what is left to gain by comparing places, not sums",
            data=("ridges",),
            learner=Siamese(WholePrint(), kind="nce"),
            pairs=MatedOnly(320),
            change=Turned(degrees=15, zoom=0.05, shift=0.05, both=True),
            stopping=Stopping(20, optimizer="adam", rate=2e-3),
            view=MappingProxyType({"": View(crop_px=160, side_px=160, normalised=True)}),
            shares=(0.7, 0.15),
            scales=(0.5, 1.0, 2.0),
        ),
    )

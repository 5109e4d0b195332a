"""The designs of a report on image similarity with the TotallyLooksAlike data, on synthetic prints."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from fpverify.errors import SettingsError
from fpverify.lab.changes import Turned, Unchanged
from fpverify.lab.design import Design, Stopping
from fpverify.lab.examples import View
from fpverify.lab.learners import Autoencoder, Siamese
from fpverify.lab.pairs import Balanced, MatedOnly
from fpverify.lab.towers import Encoder, ReportTower, ResNetTower

SOURCE = "report: Image Similarity Models with the TotallyLooksAlike Dataset"
MARGIN = 0.5
SCALES = (0.5, 1.0, 2.0)  # 250, 500 and 1000 ppi beside 500
LARGE = View(crop_px=128, side_px=128)  # 13 mm at 250 ppi, as the report has its autoencoder's input
SMALL = View(crop_px=96, side_px=64)  # 9.8 mm at 167 ppi: the report does not say, and two cores are not many


def designs() -> tuple[Design, ...]:
    """The autoencoder, the Siamese networks, and what their authors left for later."""
    drawing = Design(
        name="autoencoder",
        source=SOURCE,
        reported="top-1 17.75 %, top-2 30 %, top-4 42.5 % of 20; 29.2 % on the leaderboard",
        shows="a code for drawing is no code for comparing",
        data=("ridges",),
        learner=Autoencoder(),
        pairs=MatedOnly(224),
        stopping=Stopping(10, optimizer="adam", patience=2),
        view=MappingProxyType({"": LARGE}),
        scales=SCALES,
    )
    contrastive = Design(
        name="siamese-contrastive",
        source=SOURCE,
        reported="18.9 % (top-2 of 20)",
        shows="learned on some fingers, it does not know others; impressions split at random hide that",
        data=("ridges",),
        learner=Siamese(ReportTower(), margin=MARGIN, factor=0.5, at_zero="smooth"),
        pairs=Balanced(224),
        stopping=Stopping(10, optimizer="adam", rate=5e-4, patience=2),
        view=MappingProxyType({"": SMALL}),
        splits=("identities", "images"),
        shares=(0.7, 0.15),
        scales=SCALES,
    )
    triplet = replace(
        contrastive,
        name="siamese-triplet",
        reported="20.97 %",
        shows="another loss, the same code",
        learner=Siamese(ReportTower(), margin=MARGIN, kind="triplet"),
        pairs=MatedOnly(224),
        splits=("identities",),
        scales=(),
    )
    return (
        drawing,
        contrastive,
        triplet,
        replace(
            contrastive,
            name="siamese-augmented",
            reported="20.83 %",
            shows="changed copies of few fingers are still few fingers",
            change=Turned(degrees=10, zoom=0.1, shift=0.05, mirrored=False, both=True),
            splits=("identities",),
            scales=(),
        ),
        replace(
            contrastive,
            name="siamese-transfer",
            reported="21.46 %",
            shows="a network for photographs, from a weights file of the user's; here from random weights",
            learner=Siamese(ResNetTower(), margin=MARGIN, factor=0.5, at_zero="smooth"),
            pairs=Balanced(64),
            stopping=Stopping(3, optimizer="adam", patience=2),
            view=MappingProxyType({"": replace(SMALL, colours=3)}),
            splits=("identities",),
            scales=(),
        ),
        replace(
            triplet,
            name="siamese-hard-negatives",
            reported="too expensive for its authors",
            shows="mined inside the batch, the hardest strangers cost next to nothing",
            learner=Siamese(ReportTower(), margin=MARGIN, kind="mined"),
            change=Unchanged(),
        ),
        replace(
            contrastive,
            name="autoencoder-siamese",
            reported="not tried",
            shows="an encoder that can draw as the tower's start",
            learner=Siamese(Encoder(units=64), margin=MARGIN, factor=0.5, at_zero="smooth"),
            view=MappingProxyType({"": LARGE}),
            splits=("identities",),
            scales=(),
            start=drawing,
        ),
    )


def with_weights(design: Design, weights: Path) -> Design:
    """The design started from a user's ResNet50 weights.

    Raises:
        SettingsError: its tower is no ResNet50.
    """
    learner = design.learner
    if not isinstance(learner, Siamese) or not isinstance(learner.tower, ResNetTower):
        raise SettingsError(f"{design.name} has no ResNet50; --weights goes with siamese-transfer")
    return replace(design, learner=replace(learner, tower=replace(learner.tower, weights=weights)))

"""The designs of a forum question on Siamese networks for two striped "fingers"."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from fpverify.lab.design import Design, Stopping
from fpverify.lab.examples import STRIPE_RANGES
from fpverify.lab.learners import Siamese
from fpverify.lab.pairs import Balanced, MinEquals
from fpverify.lab.towers import ConvTower, DenseTower

SOURCE = "forum question: Siamese network for image comparison with tiny fingerprint-like dataset"
EPOCHS = 500
SHARES = (0.8, 0.0)  # a fifth validates; 30 images leave none for thresholds, which come from training
CUTOFF = -0.5  # closer than 0.5 matches; scores are minus distances
TRAINED_IMAGES = 24


def designs() -> tuple[Design, ...]:
    """As published, with one dense layer, with convolutions."""
    dense3 = Design(
        name="stripes-dense3",
        source=SOURCE,
        reported="stuck: loss 0.25, training accuracy 0.54",
        shows="the failure, and by which single change it ends",
        data=("stripes",),
        learner=Siamese(DenseTower()),
        pairs=MinEquals(),
        stopping=Stopping(EPOCHS),
        splits=("images",),
        shares=SHARES,
        seeds=(0, 1, 2, 3, 4),
        cutoff=CUTOFF,
        variants=_one_change(),
        variant_seeds=(0, 1, 2),
    )
    dense1 = replace(
        dense3,
        name="stripes-dense1",
        reported="solves it",
        shows="one dense layer, and with it no dropout; with dropout after it, is it the layers or the dropout?",
        learner=Siamese(DenseTower(layers=1)),
        variants=MappingProxyType({"dropout after it": {"learner": Siamese(DenseTower(layers=1, last_dropout=0.3))}}),
        probes=tuple(STRIPE_RANGES),
        seeds=(0, 1, 2),
        variant_seeds=(0,),
    )
    conv = replace(
        dense1,
        name="stripes-conv",
        reported="solves it",
        shows="convolutions see direction, not pixels: also on stripes that no training showed",
        learner=Siamese(ConvTower()),
        stopping=Stopping(CONV_EPOCHS),
        variants=MappingProxyType({}),
    )
    return dense3, dense1, conv


CONV_EPOCHS = 150


def _one_change() -> MappingProxyType[str, dict[str, object]]:
    """The failing design with one thing changed, for each suspect."""
    return MappingProxyType(
        {
            "no dropout": {"learner": Siamese(DenseTower(dropout=0.0))},
            "two layers": {"learner": Siamese(DenseTower(layers=2))},
            "elu": {"learner": Siamese(DenseTower(activation="elu"))},
            "he start": {"learner": Siamese(DenseTower(initializer="he_normal"))},
            "centred grey": {"learner": Siamese(DenseTower(centred=True))},
            "smooth distance": {"learner": Siamese(DenseTower(), at_zero="smooth")},
            "adam": {"stopping": Stopping(EPOCHS, optimizer="adam")},
            "rate 1e-4": {"stopping": Stopping(EPOCHS, rate=1e-4)},
            "balanced pairs": {"pairs": Balanced(TRAINED_IMAGES)},
        }
    )

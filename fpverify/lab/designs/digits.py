"""The design of an article on Siamese networks for handwritten digits."""

from __future__ import annotations

from fpverify.lab.design import Design, Stopping
from fpverify.lab.learners import Siamese
from fpverify.lab.pairs import MinEquals
from fpverify.lab.towers import DenseTower

SOURCE = "article: How To Create a Siamese Network With Keras to Compare Images"


def designs() -> tuple[Design, ...]:
    """The three dense layers that fail on stripes, on digits."""
    return (
        Design(
            name="mnist-siamese",
            source=SOURCE,
            reported="accuracy 0.987 training, 0.968 validation",
            shows="accuracy at 0.5 beside accuracy at a threshold from the ROC; digits that training knows, and others",
            data=("digits",),
            learner=Siamese(DenseTower()),
            pairs=MinEquals(),
            stopping=Stopping(200, batch=128),
            splits=("images", "identities"),
            shares=(0.6, 0.2),
            cutoff=-0.5,
        ),
    )

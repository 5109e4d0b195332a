"""The designs of a question on telling identical images apart with a CNN, and of its answer."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from fpverify.lab.changes import Turned, Unchanged
from fpverify.lab.design import Design, Stopping
from fpverify.lab.examples import View
from fpverify.lab.learners import TwinImage
from fpverify.lab.pairs import Copies
from fpverify.lab.towers import Twin

ANSWER = "answer: Can a CNN detect image similarity?"
QUESTION = "question: Can a CNN detect image similarity?"
VIEWS = MappingProxyType({"": View(colours=3), "prints": View(crop_px=128, colours=3)})
GREY_HALVES = MappingProxyType({"": View(side_px=128, colours=1), "prints": View(crop_px=128)})


def designs() -> tuple[Design, ...]:
    """194 parameters, 170 parameters, and the one that they were the answer to."""
    twin194 = Design(
        name="twin-194",
        source=ANSWER,
        reported="99 % validation accuracy, 194 parameters",
        shows="a signed difference cannot be symmetric in the two halves; the absolute one can",
        data=("photos", "ridges"),
        learner=TwinImage(Twin()),
        pairs=Copies(512),
        change=Turned(),
        stopping=Stopping(60, optimizer="adam", rate=1e-2),
        view=VIEWS,
        cutoff=0.5,
        variants=MappingProxyType({"signed": {"learner": TwinImage(Twin(difference="signed"))}}),
    )
    twin170 = replace(
        twin194,
        name="twin-170",
        reported="97 % with tanh, 99.3 % with elu; 170 parameters",
        shows="one number for the whole difference is nearly enough",
        learner=TwinImage(Twin(grid=1)),
        variants=MappingProxyType({"elu": {"learner": TwinImage(Twin(grid=1, activation="elu"))}}),
    )
    flatten = Twin(channels=(16, 32, 128), activation="relu", difference="none")
    return (
        Design(
            name="twin-flatten",
            source=QUESTION,
            reported="80 to 100 % training, at most 65 % validation",
            shows="flattened halves are learned by heart; subtracting them closes the gap",
            data=("photos",),
            learner=TwinImage(flatten),
            pairs=Copies(256, fresh=False),
            change=Unchanged(),
            stopping=Stopping(10, optimizer="adam"),
            view=GREY_HALVES,
            cutoff=0.5,
            variants=MappingProxyType(
                {"subtracted": {"learner": TwinImage(replace(flatten, difference="absolute", grid=1))}}
            ),
        ),
        twin194,
        twin170,
    )

"""Searching all that is enrolled."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import numpy as np
from made_up_prints import finger, impression

from fpverify.search.gallery import COMPARED_IN_FULL, Gallery
from fpverify.search.register import Register
from fpverify.vocabulary import Reference, Score, Template

RAW = SimpleNamespace(
    calibrated=lambda raw: [Score(100 * float(value), extrapolated=False) for value in raw],
    calibration=SimpleNamespace(evidence_score=50.0),
)


def register(prints: list[tuple[str, Template]]) -> Register:
    now = datetime(2024, 5, 1, tzinfo=UTC)
    references = tuple(Reference(subject, "unknown", 1, print_, now) for subject, print_ in prints)
    return Register(references, Gallery.of([one.template for one in references]), ("store", "test-model", 1))


def test_fingers_that_are_passed_over_hide_no_other() -> None:
    one = finger(0)
    own = [("A", impression(one, seed, noise=0.2)) for seed in range(COMPARED_IN_FULL + 10)]
    others = [(f"other-{seed}", finger(seed)) for seed in range(1, 80)]
    again = ("B", impression(one, 500, missing=0.5, noise=0.9))
    searched = register([*own, *others, again])
    for seed in range(900, 905):
        found = searched.identify(RAW, impression(one, seed), top=1, fpir=0.1, besides=[("A", "unknown")])
        assert found.candidates[0].subject == "B"
        assert found.searched == len(others) + 1


def test_a_finger_is_named_once_by_its_best_impression() -> None:
    one = finger(0)
    prints = [("A", impression(one, seed)) for seed in range(3)]
    found = register([*prints, ("B", finger(1))]).identify(RAW, impression(one, 7), top=5, fpir=0.1)
    assert [candidate.subject for candidate in found.candidates] == ["A", "B"]
    assert np.isclose(found.candidates[0].score.value, 100 * max(_similarities(impression(one, 7), prints)))


def _similarities(probe: Template, prints: list[tuple[str, Template]]) -> list[float]:
    return Gallery.of([print_ for _, print_ in prints]).search(probe).similarity.tolist()

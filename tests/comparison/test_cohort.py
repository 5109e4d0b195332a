"""What a score is worth of a print that resembles many."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_prints import finger, impression

from fpverify.comparison import Calibration, prepare_template, similarities
from fpverify.comparison.cohort import LEAST_SHARE, REDUCED_FROM, REDUCED_TO, Cohort, reduced
from fpverify.vocabulary import Template

HUNDREDFOLD = Calibration((0.0, 1.0), (0.0, 100.0), 100.0, 100.0, 1.0, 1000)
SHARES = st.floats(0.05, 1.0)


def cohort(likeness: float) -> Cohort:
    """Strangers by whom every print scores so much."""
    strangers = tuple(prepare_template(finger(seed, 30)) for seed in (91, 92, 93))
    return Cohort(strangers, likeness, 0.0, HUNDREDFOLD, "rigid")


def mated() -> tuple[Template, Template]:
    one = finger(7)
    return one, impression(one, 8)


@given(SHARES, st.lists(st.floats(-50, 200), min_size=2, max_size=20))
def test_scores_keep_their_order_and_never_rise(share: float, scores: list[float]) -> None:
    given_scores = np.sort(np.array(scores))
    found = reduced(given_scores, share)
    assert (found <= given_scores).all()
    assert (np.diff(found) >= -1e-9).all()
    kept = (given_scores <= REDUCED_FROM) | (given_scores >= REDUCED_TO)
    np.testing.assert_array_equal(found[kept], given_scores[kept])


@given(SHARES, SHARES)
def test_a_smaller_share_leaves_less(one: float, other: float) -> None:
    scores = np.linspace(0, 100, 41)
    low, high = sorted((one, other))
    assert (reduced(scores, low) <= reduced(scores, high)).all()


def test_where_decisions_are_made_a_score_is_its_share() -> None:
    assert reduced(np.array([46.0, 50.0]), 0.7) == pytest.approx([0.7 * 46, 0.7 * 50])
    assert reduced(np.array([50.0]), 0.01) == pytest.approx([LEAST_SHARE * 50])


def test_a_print_like_any_other_keeps_its_scores() -> None:
    probe, mate = mated()
    raw = similarities(probe, [mate, mate])
    for likeness in (0.0, 4.0, 4.34):
        assert cohort(likeness).heeded(probe, raw) is raw


def test_a_print_that_resembles_many_is_believed_less() -> None:
    raw = np.array([0.05, 0.30, 0.46, 0.90])
    found = cohort(2 * 10 / np.log(10)).heeded(mated()[0], raw)
    assert found[[0, 3]].tolist() == [0.05, 0.90]
    assert found[2] == pytest.approx(0.23)
    assert 0.15 < found[1] < 0.30
    assert raw.tolist() == [0.05, 0.30, 0.46, 0.90]


def test_strangers_are_asked_only_where_it_matters_and_once_for_a_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def counting(probe: object, others: tuple[object, ...], **how: object) -> np.ndarray:
        asked.append(len(others))
        return np.full(len(others), 0.04)

    monkeypatch.setattr("fpverify.comparison.cohort.similarities", counting)
    known, (probe, mate) = cohort(9.0), mated()
    known.heeded(probe, np.array([0.0, 0.149, 0.81]))
    assert not asked
    known.heeded(probe, np.array([0.3]))
    known.heeded(prepare_template(probe), np.array([0.3]))
    assert asked == [3]
    known.heeded(mate, np.array([0.3]))
    assert asked == [3, 3]


def test_likeness_is_a_line_of_the_mean_score_with_the_strangers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fpverify.comparison.cohort.similarities", lambda *_, **__: np.array([0.02, 0.04, 0.12]))
    known = Cohort(cohort(0).strangers, 1.5, 0.5, HUNDREDFOLD, "rigid")
    assert known.likeness(mated()[0]) == pytest.approx(1.5 + 0.5 * 6)

"""The best of several comparisons, at the rate of the whole decision."""

from __future__ import annotations

from decimal import Decimal, localcontext

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fpverify.comparison import Calibration, fuse
from fpverify.vocabulary import Score

COUNTS = st.integers(1, 1000)
VALUES = st.floats(-1e5, 1e5)
DECIBEL = 10 / np.log(10)


def best_of(value: float, count: int) -> float:
    return fuse([Score(value)] * count).value


def exact(value: float, count: int) -> float:
    """-10 log10(1 - (1 - p)^count), in 80 digits."""
    with localcontext(prec=80):
        rate = Decimal(10) ** (Decimal(value) / -10)
        return float(-10 * (1 - (1 - rate) ** count).log10())


@pytest.mark.parametrize("count", [2, 3, 6, 100])
@pytest.mark.parametrize("above", [0.0, 1e-6, 0.5, 5.0, 30.0, 100.0, 300.0])
def test_the_fused_score_states_the_rate_of_at_least_one_false_match(count: int, above: float) -> None:
    value = -DECIBEL * np.log(1 - 0.5 ** (1 / count)) + above  # from an FMR of one half upwards
    assert best_of(value, count) == pytest.approx(exact(value, count), rel=1e-12)


@settings(deadline=None)
@given(VALUES, st.floats(1e-6, 1e3), COUNTS)
def test_the_better_the_best_the_higher_the_fused_score(value: float, more: float, count: int) -> None:
    assert best_of(value + more, count) > best_of(value, count)


@settings(deadline=None)
@given(VALUES)
def test_one_comparison_keeps_its_score(value: float) -> None:
    assert fuse([Score(value, extrapolated=True)]) == Score(value, extrapolated=True)


@settings(deadline=None)
@given(st.floats(0, 1e5), COUNTS)
def test_more_references_never_raise_a_score(value: float, count: int) -> None:
    assert best_of(value, count + 1) < best_of(value, count)


@settings(deadline=None)
@given(st.floats(1e-3, 40.0), st.integers(2, 50))
def test_the_stated_rate_is_never_below_the_true_one(value: float, count: int) -> None:
    assert best_of(value, count) <= exact(value, count) + 1e-9


@pytest.mark.parametrize("count", [2, 6, 1000])
def test_the_two_branches_meet_smoothly(count: int) -> None:
    joint = -DECIBEL * np.log(1 - 0.5 ** (1 / count))
    below, at, above = (best_of(joint + step, count) for step in (-1e-4, 0.0, 1e-4))
    assert at == pytest.approx(10 * np.log10(2), abs=1e-9)
    assert above - at == pytest.approx(at - below, rel=1e-3)


@pytest.mark.parametrize("value", [1e300, -1e300, 5000.0, 2990.0])
def test_extreme_scores_stay_finite_and_lose_ten_log_k(value: float) -> None:
    assert np.isfinite(best_of(value, 6))
    if value > 0:
        assert best_of(value, 6) == pytest.approx(value - 10 * np.log10(6), rel=1e-12)


@settings(deadline=None)
@given(st.lists(VALUES, min_size=1, max_size=6), st.randoms())
def test_only_the_best_and_the_number_count(values: list[float], random: object) -> None:
    shuffled = list(values)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert fuse([Score(v) for v in shuffled]) == fuse([Score(v) for v in values])
    assert fuse([Score(v) for v in values]).value == best_of(max(values), len(values))


def test_the_fused_score_is_extrapolated_if_the_best_is() -> None:
    low, high = Score(10.0), Score(50.0, extrapolated=True)
    assert fuse([low, high]).extrapolated
    assert not fuse([Score(60.0), high]).extrapolated


def test_nothing_cannot_be_fused() -> None:
    with pytest.raises(ValueError, match="no scores"):
        fuse([])


# --- simulated decisions ---------------------------------------------------------------------------------------------


def non_mated(decisions: int, references: int, dependence: float, seed: int) -> np.ndarray:
    """(decisions, references) raw similarities, exponentially distributed.

    References of one finger are alike: with the probability `dependence` each has the similarity of the first.
    """
    rng = np.random.default_rng(seed)
    own = rng.exponential(0.02, (decisions, references))
    return np.where(rng.random(own.shape) < dependence, own[:, :1], own)


def realised_fmr(calibration: Calibration, raw: np.ndarray, threshold: float, *, fused: bool = True) -> float:
    best = calibration.scores(raw).max(1)  # `fuse` looks at the best alone, tested above
    if not fused:
        return float(np.mean(best >= threshold))
    likely = best[best >= threshold]
    matches = [fuse([Score(value)] * raw.shape[1]).value >= threshold for value in likely.tolist()]
    return float(np.sum(matches)) / len(best)


@pytest.fixture(scope="module")
def calibration() -> Calibration:
    return Calibration.fit(non_mated(100_000, 1, 0.0, seed=1))


@pytest.mark.parametrize("dependence", [0.0, 0.8])
@pytest.mark.parametrize("references", [1, 3, 6])
@pytest.mark.parametrize(("threshold", "tolerance"), [(20.0, 1.25), (30.0, 1.4)])
def test_a_decision_against_several_references_keeps_its_rate(
    calibration: Calibration, references: int, dependence: float, threshold: float, tolerance: float
) -> None:
    rate = realised_fmr(calibration, non_mated(100_000, references, dependence, seed=2), threshold)
    assert rate <= tolerance * 10 ** (-threshold / 10)
    if dependence == 0:
        assert rate >= 10 ** (-threshold / 10) / tolerance


def test_without_the_correction_six_references_match_falsely_six_times_as_often(calibration: Calibration) -> None:
    raw = non_mated(100_000, 6, 0.0, seed=2)
    assert realised_fmr(calibration, raw, 20.0, fused=False) == pytest.approx(0.06, rel=0.1)

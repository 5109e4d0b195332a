"""Raw similarity to -10 log10(FMR)."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fpverify.comparison import Calibration
from fpverify.comparison.calibration import (
    MAX_RAW,
    MIN_COMPARISONS,
    MIN_EXCEEDANCES,
)
from fpverify.comparison.pareto import MAX_SHAPE, fit_rising
from fpverify.errors import CorruptModel, TooFewComparisons

DISTRIBUTIONS = {
    "gamma": lambda rng, n: rng.gamma(3.0, 0.015, n),
    "normal": lambda rng, n: rng.normal(0.5, 0.1, n),
    "bounded": lambda rng, n: rng.beta(2.0, 20.0, n),
    "heavy": lambda rng, n: 0.02 * rng.pareto(5.0, n),
    "half-without-consensus": lambda rng, n: np.where(rng.random(n) < 0.5, 0.0, rng.gamma(2.0, 0.02, n)),
}


def draw(name: str, count: int, seed: int = 0) -> np.ndarray:
    return DISTRIBUTIONS[name](np.random.default_rng([seed, count]), count)


@st.composite
def raw_samples(draw_from: st.DrawFn) -> np.ndarray:
    """Raw similarities with all kinds of ties: rounded, inflated at 0, crowded together, or constant."""
    rng = np.random.default_rng(draw_from(st.integers(0, 10**6)))
    count = draw_from(st.integers(MIN_COMPARISONS, 3000))
    values = rng.beta(draw_from(st.floats(0.2, 5)), draw_from(st.floats(0.2, 50)), count)
    values = values * draw_from(st.sampled_from([1.0, 1e-3, 1e-9, 0.0]))
    values[rng.random(count) < draw_from(st.sampled_from([0.0, 0.5, 0.97, 0.9995]))] = 0.0
    return np.round(values, draw_from(st.integers(1, 16)))


@settings(max_examples=80, deadline=None)
@given(raw_samples(), st.lists(st.floats(-0.5, 2.0), min_size=2, max_size=50))
def test_the_more_alike_the_higher_the_score(values: np.ndarray, probed: list[float]) -> None:
    calibration = Calibration.fit(values)
    raw = np.unique(np.concatenate([values, probed, calibration.knots_raw]))
    raw = np.unique(np.concatenate([raw, raw + 1e-9, raw + 1e-6]))
    raw = raw[np.concatenate([[True], np.diff(raw) > 0.9e-9])]
    assert (np.diff(calibration.scores(raw)) > 0).all()


@settings(max_examples=60, deadline=None)
@given(raw_samples(), st.floats(-1e6, 1e6))
def test_every_raw_similarity_has_a_finite_score(values: np.ndarray, raw: float) -> None:
    score = Calibration.fit(values).score(raw)
    assert np.isfinite(score.value)
    assert 0 < Calibration.fit(values).score(MAX_RAW).fmr <= 1


@settings(max_examples=50, deadline=None)
@given(raw_samples())
def test_a_dictionary_gives_back_exactly_the_same_calibration(values: np.ndarray) -> None:
    calibration = Calibration.fit(values)
    assert Calibration.from_dict(json.loads(json.dumps(calibration.to_dict()))) == calibration


@settings(max_examples=50, deadline=None)
@given(raw_samples())
def test_few_knots_are_kept_and_all_numbers_are_plain(values: np.ndarray) -> None:
    kept = Calibration.fit(values).to_dict()
    assert len(kept["knots_raw"]) == len(kept["knots_score"]) <= 60
    assert all(type(number) is float for number in [*kept["knots_raw"], *kept["knots_score"], kept["slope_above"]])


@pytest.mark.parametrize("name", DISTRIBUTIONS)
@pytest.mark.parametrize(("score", "factor"), [(20.0, 1.35), (30.0, 2.0)])
def test_scores_of_unseen_comparisons_have_the_rate_they_state(name: str, score: float, factor: float) -> None:
    calibration = Calibration.fit(draw(name, 20_000))
    rate = np.mean(calibration.scores(draw(name, 400_000, seed=1)) >= score)
    assert 1 / factor < rate / 10 ** (-score / 10) < factor


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_far_beyond_the_evidence_the_rate_is_of_the_order_stated_or_lower(name: str) -> None:
    calibration = Calibration.fit(draw(name, 20_000))
    assert np.mean(calibration.scores(draw(name, 500_000, seed=1)) >= 40) < 3e-4


def test_an_exponential_tail_is_continued_as_a_straight_line() -> None:
    values = np.random.default_rng(4).exponential(0.02, 20_000)
    for score in (50.0, 60.0):  # at 10^-5 and 10^-6, of 20,000 comparisons
        raw = 0.02 * score * np.log(10) / 10
        assert Calibration.fit(values).score(raw).value == pytest.approx(score, rel=0.12)


def test_at_the_values_it_was_fitted_on_the_score_is_their_rank() -> None:
    values = np.sort(draw("gamma", 5000))
    ranks = np.arange(5000, 0, -1)
    expected = -10 * np.log10(ranks / 5001)
    supported = ranks >= MIN_EXCEEDANCES
    found = Calibration.fit(values).scores(values)
    assert np.abs(found - expected)[supported].max() < 0.35
    assert found[-MIN_EXCEEDANCES] == pytest.approx(expected[-MIN_EXCEEDANCES], abs=1e-9)


def test_only_scores_beyond_the_tenth_highest_comparison_are_extrapolated() -> None:
    values = draw("gamma", 2000)
    calibration = Calibration.fit(values)
    tenth = np.sort(values)[-MIN_EXCEEDANCES]
    assert not calibration.score(tenth).extrapolated
    assert not calibration.score(0.0).extrapolated
    assert calibration.score(tenth + 1e-9).extrapolated


def test_a_mass_at_zero_states_too_high_a_rate_above_it_never_too_low() -> None:
    values = draw("half-without-consensus", 5000)
    calibration = Calibration.fit(values)
    assert calibration.score(0.0).fmr == pytest.approx(1, abs=1e-3)
    for raw in (1e-9, 1e-4, 1e-3, 0.01):
        assert calibration.score(raw).fmr > 0.95 * np.mean(values >= raw)


def test_comparisons_without_any_consensus_prove_no_more_than_their_number() -> None:
    calibration = Calibration.fit(np.zeros(1000))
    assert calibration.score(1e-6).extrapolated
    assert calibration.score(MAX_RAW).fmr == pytest.approx(1 / 1001, rel=0.01)


def test_a_few_outliers_over_a_mass_at_zero_do_not_make_a_steep_tail() -> None:
    rng = np.random.default_rng(5)
    values = np.zeros(100_000)
    values[:50] = rng.exponential(0.02, 50)
    calibration = Calibration.fit(values)
    beyond = calibration.evidence_raw + 0.02 * np.log(100)
    assert calibration.score(beyond).fmr > 3e-7  # the truth is 1e-6, 10^-4 of the evidence having been seen above it


@pytest.mark.parametrize("shape", [0.1, 0.3])
def test_the_tail_finds_scale_and_shape_of_a_pareto_distribution(shape: float) -> None:
    uniform = np.random.default_rng(6).random(20_000)
    excesses = 0.05 * (uniform**-shape - 1) / shape
    assert fit_rising(excesses) == pytest.approx((0.05, shape), rel=0.1, abs=0.02)


def test_a_tail_that_ends_is_taken_for_an_exponential_one() -> None:
    excesses = np.random.default_rng(7).random(1000)
    assert fit_rising(excesses) == (pytest.approx(excesses.mean()), 0.0)


def test_the_shape_of_a_tail_is_at_most_one_half() -> None:
    assert fit_rising(np.random.default_rng(8).pareto(0.5, 1000))[1] <= MAX_SHAPE


def test_the_order_of_the_comparisons_does_not_matter() -> None:
    values = draw("heavy", 1000)
    assert Calibration.fit(values[::-1]) == Calibration.fit(values)


def test_too_few_comparisons_are_refused() -> None:
    with pytest.raises(TooFewComparisons, match=r"at least 300 .* 299 were given"):
        Calibration.fit(np.linspace(0, 1, 299))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_failed_comparisons_are_no_raw_similarities(value: float) -> None:
    values = draw("gamma", 500)
    with pytest.raises(ValueError, match="finite"):
        Calibration.fit([*values, value])
    with pytest.raises(ValueError, match="finite"):
        Calibration.fit(values).score(value)


def test_many_scores_are_the_single_ones_in_any_shape() -> None:
    calibration = Calibration.fit(draw("gamma", 500))
    raw = np.linspace(-0.1, 1.1, 12).reshape(3, 4)
    assert np.array_equal(calibration.scores(raw).ravel(), [calibration.score(one).value for one in raw.ravel()])


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"knots_raw": [0.1, 0.1]}, "increase strictly"),
        ({"knots_score": [2.0, 1.0]}, "increase strictly"),
        ({"knots_raw": [0.1]}, "as many"),
        ({"knots_raw": [], "knots_score": []}, "at least one"),
        ({"slope_above": 0.0}, "positive"),
        ({"slope_below": float("nan")}, "finite"),
        ({"knots_raw": None}, "cannot be used"),
        ({"comparisons": "many"}, "cannot be used"),
    ],
)
def test_numbers_that_are_no_calibration_are_refused(change: dict[str, object], complaint: str) -> None:
    numbers = {"slope_below": 1.0, "slope_above": 1.0, "evidence_raw": 0.2, "comparisons": 300}
    numbers |= {"knots_raw": [0.1, 0.2], "knots_score": [1.0, 2.0]}
    assert Calibration.from_dict(numbers).comparisons == 300
    with pytest.raises(CorruptModel, match=complaint):
        Calibration.from_dict(numbers | change)


def test_a_missing_entry_is_named() -> None:
    with pytest.raises(CorruptModel, match="knots_raw"):
        Calibration.from_dict({"comparisons": 300})


def test_calibrations_of_fixed_data_are_what_they_were() -> None:
    """To the last digits, in which processors differ."""
    known = [
        (48, 148.030630681, 87.4495059197, 128.514783179, 0.308907488379),
        (48, 147.358822686, 88.4916739272, 133.626722861, 0.305003665023),
        (56, 492.388352278, 81.2731646022, 69.2021125552, 0.332155333593),
        (48, 144.186835336, 90.5676937975, 128.551027719, 0.298312467384),
    ]
    for seed, (knots, product, *rest) in enumerate(known):
        fitted = Calibration.fit(np.random.default_rng(seed).beta(1.5, 20, 5000))
        assert len(fitted.knots_raw) == len(fitted.knots_score) == knots
        assert np.dot(fitted.knots_raw, fitted.knots_score) == pytest.approx(product, rel=1e-9)
        assert (fitted.slope_below, fitted.slope_above, fitted.evidence_raw) == pytest.approx(tuple(rest), rel=1e-9)


@pytest.mark.parametrize(("count", "behind"), [(5_000, 10), (50_000, 50), (200_000, 100)])
def test_what_is_measured_ends_where_a_tail_knows_more(count: int, behind: int) -> None:
    values = np.sort(np.random.default_rng(7).exponential(0.02, count))
    values[-5:] += 0.3  # five that another draw of fingers would not have
    fitted = Calibration.fit(values)
    body = [raw for raw in fitted.knots_raw if (values >= raw).sum() >= behind]
    assert (values >= body[-1]).sum() == behind
    assert fitted.evidence_raw == pytest.approx(values[-10])

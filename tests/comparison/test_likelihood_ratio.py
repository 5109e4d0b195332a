"""The weight of the evidence, against the densities it was drawn from."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fpverify.comparison import LikelihoodRatio, fuse
from fpverify.errors import CorruptModel, TooFewComparisons
from fpverify.vocabulary import Score


def normal_scores(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Mated around 30, non-mated around 10, both of deviation 8: the log ratio is a straight line through 20."""
    rng = np.random.default_rng(seed)
    return rng.normal(30, 8, count), rng.normal(10, 8, count)


def test_it_is_the_ratio_of_the_densities() -> None:
    fitted = LikelihoodRatio.fit(*normal_scores(20_000))
    for score in (8.0, 14.0, 20.0, 26.0, 32.0):
        exact = ((score - 10) ** 2 - (score - 30) ** 2) / (2 * 8**2) / np.log(10)
        assert fitted.llr(score) == pytest.approx(exact, abs=0.15)


def test_it_never_claims_more_than_its_comparisons_support() -> None:
    mated, non_mated = normal_scores(1000)
    fitted = LikelihoodRatio.fit(mated + 500, non_mated - 500)
    assert fitted.llr(1e9) == pytest.approx(3, abs=0.01)
    assert fitted.llr(-1e9) == pytest.approx(-3, abs=0.01)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 20), min_size=30, max_size=60), st.lists(st.integers(0, 20), min_size=30, max_size=60))
def test_it_never_falls_and_is_finite_whatever_the_scores(mated: list[int], non_mated: list[int]) -> None:
    fitted = LikelihoodRatio.fit(mated, non_mated)
    values = [fitted.llr(score) for score in np.linspace(-5, 25, 301)]
    assert np.isfinite(values).all()
    assert (np.diff(values) >= 0).all()


def test_the_card_gives_back_the_same_map() -> None:
    fitted = LikelihoodRatio.fit(*normal_scores(100))
    assert LikelihoodRatio.from_dict(fitted.to_dict()) == fitted


@pytest.mark.parametrize(
    ("entry", "value"), [("knots_llr", [1.0]), ("knots_llr", None), ("knots_score", "abc"), ("mated", {})]
)
def test_a_damaged_card_is_refused(entry: str, value: object) -> None:
    numbers = LikelihoodRatio.fit(*normal_scores(100)).to_dict()
    with pytest.raises(CorruptModel, match="likelihood ratio cannot be used"):
        LikelihoodRatio.from_dict({**numbers, entry: value})
    del numbers[entry]
    with pytest.raises(CorruptModel, match=entry):
        LikelihoodRatio.from_dict(numbers)


def test_a_falling_map_is_refused() -> None:
    with pytest.raises(ValueError, match="never fall"):
        LikelihoodRatio((0.0, 1.0), (1.0, 0.0), 30, 30)


def test_few_comparisons_and_failures_are_refused() -> None:
    with pytest.raises(TooFewComparisons, match="29 and 40"):
        LikelihoodRatio.fit([1.0] * 29, [0.0] * 40)
    with pytest.raises(ValueError, match="finite"):
        LikelihoodRatio.fit([1.0] * 30, [0.0] * 30 + [-np.inf])


def test_against_k_references_the_ratio_is_divided_by_k() -> None:
    best, other = Score(30.0, llr=3.0), Score(0.0, llr=-2.0)
    assert fuse([best, *[other] * 9]).llr == pytest.approx(2.0)
    assert fuse([Score(30.0), Score(0.0)]).llr is None


@pytest.mark.parametrize("decimals", [1, 6])  # many scores are equal, or none
def test_the_fit_is_another_implementation_s_isotonic_regression(decimals: int) -> None:
    isotonic = pytest.importorskip("sklearn.isotonic")
    for seed in range(20):
        rng = np.random.default_rng(seed)
        mated, non_mated = rng.normal(1.5, 1, 30 + 20 * seed).round(decimals), rng.normal(0, 1, 500).round(decimals)
        fitted = LikelihoodRatio.fit(mated, non_mated)
        sides = (
            np.append(mated, min(mated.min(), non_mated.min())),
            np.append(non_mated, max(mated.max(), non_mated.max())),
        )
        score, truth = np.concatenate(sides), np.repeat([1.0, 0.0], list(map(len, sides)))
        weight = np.repeat([1 / len(side) for side in sides], list(map(len, sides)))
        share = isotonic.IsotonicRegression().fit_transform(score, truth, sample_weight=weight)
        values, block = np.unique(share.round(12), return_inverse=True)
        same = [share[block == k].mean() for k in range(len(values))]
        np.testing.assert_allclose(fitted.knots_llr, np.log10(same) - np.log10(1 - np.array(same)), rtol=0, atol=1e-12)
        centres = [score[block == k].mean() for k in range(len(values))]
        np.testing.assert_allclose(fitted.knots_score, centres, rtol=0, atol=1e-12)


def test_blocks_of_one_share_are_one_knot() -> None:
    mated = [float(k) for k in range(1, 61, 2)]
    fitted = LikelihoodRatio.fit(mated, [score + 1 for score in mated])  # turn by turn: the same share everywhere
    assert len(fitted.knots_score) == len(set(fitted.knots_llr))

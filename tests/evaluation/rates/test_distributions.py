"""Quantiles and tails against SciPy's, and against sums of exact numbers where those are better."""

from __future__ import annotations

import math
from decimal import Decimal, localcontext

import numpy as np
import pytest

from fpverify.evaluation.rates.distributions import beta_quantile, binomial_tail, normal_quantile, student_quantile

SHARES = (0.001, 0.025, 0.2, 0.5, 0.8, 0.975, 0.999)


def tail_of_exact_numbers(successes: int, trials: int, probability: float) -> Decimal:
    """1 less the chances of fewer successes, each from the one before it."""
    with localcontext(prec=60):
        p = Decimal(probability)
        chance, below = (1 - p) ** trials, Decimal(0)
        for seen in range(successes):
            below += chance
            chance *= Decimal(trials - seen) / (seen + 1) * p / (1 - p)
        return 1 - below


def test_the_normal_and_student_are_those_of_scipy() -> None:
    stats = pytest.importorskip("scipy.stats")
    for share in SHARES:
        assert normal_quantile(share) == pytest.approx(float(stats.norm.ppf(share)), rel=1e-14, abs=1e-15)
    for degrees in (*range(1, 60), 99, 419, 10_000):
        for share in (0.51, 0.8, 0.975, 0.999):
            expected = float(stats.t.ppf(share, degrees))
            assert student_quantile(share, degrees) == pytest.approx(
                expected, rel=1e-10
            )  # SciPy before 1.17: 2e-11 off


@pytest.mark.parametrize("share", [0.51, 0.8, 0.975, 0.999])
def test_the_student_is_that_of_closed_forms(share: float) -> None:
    """Of 1, 2 and 4 degrees, by Shaw (2006), Sampling Student's T distribution, J. Comput. Finance 9(4)."""
    spread = 4 * share * (1 - share)
    four = math.cos(math.acos(math.sqrt(spread)) / 3) / math.sqrt(spread)
    closed = {
        1: math.tan(math.pi * (share - 0.5)),
        2: (2 * share - 1) * math.sqrt(2 / spread),
        4: 2 * math.sqrt(four - 1),
    }
    for degrees, expected in closed.items():
        assert student_quantile(share, degrees) == pytest.approx(expected, rel=1e-12)


@pytest.mark.slow
def test_the_beta_is_that_of_scipy() -> None:
    stats = pytest.importorskip("scipy.stats")
    rng = np.random.default_rng(5)
    for a, b in 10 ** rng.uniform(-1, 5, (300, 2)):
        for share in SHARES:
            expected = float(stats.beta.ppf(share, a, b))
            assert beta_quantile(share, a, b) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("successes", "trials", "probability"),
    [(1, 1, 0.3), (3, 7, 0.4), (9, 5_551_427, 1.65e-6), (35, 4_130_482, 9.57e-6), (500, 1_055_880, 0.0005)],
)
def test_the_binomial_tail_is_that_of_exact_numbers(successes: int, trials: int, probability: float) -> None:
    exact = float(tail_of_exact_numbers(successes, trials, probability))
    assert binomial_tail(successes, trials, probability) == pytest.approx(exact, rel=1e-13)


@pytest.mark.parametrize(("errors", "trials"), [(3, 1_000_000_002), (1148, 1_055_880), (1, 60)])
def test_a_quantile_is_where_the_tail_of_exact_numbers_is_the_share(errors: int, trials: int) -> None:
    for share in (0.025, 0.975):
        at = beta_quantile(share, errors, trials - errors + 1)
        assert float(tail_of_exact_numbers(errors, trials, at)) == pytest.approx(share, rel=1e-12)


def test_the_ends_of_the_binomial_tail() -> None:
    assert [binomial_tail(k, 4, 0.5) for k in (0, 5)] == [1.0, 0.0]
    assert [binomial_tail(2, 4, p) for p in (0.0, 1.0)] == [0.0, 1.0]

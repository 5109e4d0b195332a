"""Quantiles and tails of the normal, Student's t, the beta and the binomial distribution.

All but the normal rest on the regularised incomplete beta function I(x; a, b), which is a binomial probability times a
continued fraction: that of A. DiDonato and A. Morris, "Algorithm 708", ACM Transactions on Mathematical Software 18
(1992). The probability is computed as by C. Loader, "Fast and accurate computation of binomial probabilities" (2000).
Neither takes large numbers from each other, so a million comparisons cost no digits.
"""

from __future__ import annotations

import math
from statistics import NormalDist

FRACTION_END = 1e-16  # relative change by a step, at which the fraction is done
FRACTION_STEPS = 1_000_000  # at most; it takes about the root of a + b
LEAST = 1e-300  # in place of a 0 that is divided by
QUANTILE_STEPS = 200  # at most; halving alone is done by then
QUANTILE_END = 1e-16  # change of a quantile's logarithm, at which it is found
LOWEST = -745.0  # the logarithm of the smallest number
STIRLING_FROM = 16.0  # from here five terms of Stirling's series are exact to the last digit
STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188)  # B_2k / (2k (2k - 1))
CLOSE = 0.1  # relative: two closer numbers have a deviance of which the logarithm would lose digits


def normal_quantile(share: float) -> float:
    """The normal deviate below which this share lies, in (0, 1)."""
    return NormalDist().inv_cdf(share)


def student_quantile(share: float, degrees: float) -> float:
    """The same of Student's t.

    Args:
        share: in (0.5, 1).
        degrees: of freedom, > 0.
    """
    low, high = _quantile_and_rest(2 * share - 1, 2 * (1 - share), 0.5, degrees / 2)  # of t^2 / (degrees + t^2)
    return math.sqrt(degrees * low / high)


def beta_quantile(share: float, a: float, b: float) -> float:
    """Where the incomplete beta function of a, b > 0 has this value, in (0, 1)."""
    return _quantile_and_rest(share, 1 - share, a, b)[0]


def binomial_tail(successes: int, trials: int, probability: float) -> float:
    """The chance of so many successes or more."""
    if successes <= 0 or probability >= 1:
        return float(successes <= trials)
    if successes > trials or probability <= 0:
        return 0.0
    return math.exp(_log_beta(probability, 1 - probability, successes, trials - successes + 1)[0])


def _quantile_and_rest(share: float, other: float, a: float, b: float) -> tuple[float, float]:
    """A quantile and what is left to 1, both with all their digits; the shares are those below and above it."""
    if _log_beta(0.5, 0.5, a, b)[0] < math.log(share):
        rest = _low_quantile(other, b, a)
        return 1 - rest, rest
    found = _low_quantile(share, a, b)
    return found, 1 - found


def _low_quantile(share: float, a: float, b: float) -> float:
    """A quantile of at most 1/2: Newton's steps on logarithms, or halves of what is left where one leads astray."""
    target, low, high = math.log(share), LOWEST, math.log(0.5)
    at = min(math.log(a / (a + b)), high)
    for _ in range(QUANTILE_STEPS):
        value, slope = _log_beta(math.exp(at), -math.expm1(at), a, b)
        low, high = (low, at) if value > target else (at, high)
        following = at - (value - target) / max(slope, LEAST)
        if not low <= following <= high:
            following = (low + high) / 2
        if abs(following - at) <= QUANTILE_END * max(1.0, -at):
            break
        at = following
    return math.exp(following)


def _log_beta(x: float, y: float, a: float, b: float) -> tuple[float, float]:
    """The logarithm of I(x; a, b), and how fast it grows with that of x; y = 1 - x."""
    front = _log_front(x, y, a, b)
    if x * (a + b + 2) < a + 1:
        fraction = _fraction(x, y, a, b)
        return front + math.log(fraction), a / (y * fraction)
    value = 1 - math.exp(_log_front(y, x, b, a)) * _fraction(y, x, b, a)
    return math.log(max(value, LEAST)), math.exp(front) * a / (y * max(value, LEAST))


def _fraction(x: float, y: float, a: float, b: float) -> float:
    """The fraction a / (b0 + a1 / (b1 + a2 / (b2 + ...))) by Lentz's method, for an x at the left of about the mean."""
    balance = a * y - b * x + 1
    value = c = a * balance / (a + 1)
    d = 0.0
    for m in range(1, FRACTION_STEPS):
        place = a + 2 * m
        over = (a + m - 1) * (a + b + m - 1) * m * (b - m) * (x / (place - 1)) ** 2
        under = m + m * (b - m) * x / (place - 1) + (a + m) * (balance + m * (1 + y)) / (place + 1)
        c, d = _not_zero(under + over / c), 1 / _not_zero(under + over * d)
        value *= c * d
        if abs(c * d - 1) <= FRACTION_END:
            break
    return a / value


def _not_zero(number: float) -> float:
    return number if abs(number) > LEAST else LEAST


def _log_front(x: float, y: float, a: float, b: float) -> float:
    """The logarithm of x^a y^b / (a B(a, b)): of a binomial probability times b / (a + b)."""
    n = a + b
    size = math.log(b / (2 * math.pi * a * n)) / 2
    return (
        size + _stirling_error(n) - _stirling_error(a) - _stirling_error(b) - _deviance(a, n * x) - _deviance(b, n * y)
    )


def _stirling_error(z: float) -> float:
    """The logarithm of z! less Stirling's formula of it."""
    if z < STIRLING_FROM:
        return math.lgamma(z + 1) - (z + 0.5) * math.log(z) + z - math.log(2 * math.pi) / 2
    return sum(factor / z ** (2 * k + 1) for k, factor in enumerate(STIRLING))


def _deviance(seen: float, expected: float) -> float:
    """The deviance seen log(seen / expected) + expected - seen, with all its digits where the two are close."""
    if expected <= 0:
        return math.inf
    if abs(seen - expected) > CLOSE * (seen + expected):
        return seen * math.log(seen / expected) + expected - seen
    share = (seen - expected) / (seen + expected)
    total, power, k = (seen - expected) * share, 2 * seen * share, 1
    while True:  # seen times the series of log((1 + share) / (1 - share)), without its first term
        power *= share * share
        before, total, k = total, total + power / (2 * k + 1), k + 1
        if total == before:
            return total

"""What a new impression has to be like: good enough, and of the finger that it is said to be of."""

from __future__ import annotations

from collections.abc import Sequence

from fpverify.comparison import fuse
from fpverify.errors import EnrollmentError, FailureToEnroll
from fpverify.features.quality import LEAST_QUALITY
from fpverify.matching.matchers import Matchers, ProbeOf
from fpverify.vocabulary import Score, Template

AGREEMENT_FMR = 0.01  # of two impressions of one finger: a swapped finger passes once in a hundred


def require_quality(template: Template, source: str) -> None:
    """Returns if a print is good enough to be verified against later.

    Raises:
        FailureToEnroll: it is too poor.
    """
    if template.quality < LEAST_QUALITY:
        raise FailureToEnroll(
            f"{source}: quality {template.quality:.2f} is too poor to enroll, at least {LEAST_QUALITY:.2f} "
            "needed; scan the finger again, clean and flat"
        )


def require_agreement(
    matchers: Matchers, probe: ProbeOf, impressions: Sequence[Template], source: str, finger: str
) -> None:
    """Returns if a print resembles the impressions that a finger has, or there are none.

    Args:
        matchers: of the models of all of them.
        probe: the print.
        impressions: of the finger.
        source: name of the scan, for the message.
        finger: whose, in words.

    Raises:
        EnrollmentError: it does not.
    """
    require_agreeing(matchers.scores(probe, impressions), source, finger)


def require_agreeing(scores: Sequence[Score], source: str, finger: str) -> None:
    """The same for a print that was compared already, with each impression of the finger."""
    if scores and fuse(scores).fmr > AGREEMENT_FMR:
        raise EnrollmentError(
            f"{source}: does not agree with what is enrolled of {finger}; scan that finger again, "
            "or name the finger (or enroll it unchecked)"
        )

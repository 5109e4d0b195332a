"""What a score is worth of a print that resembles many: a cohort of strangers says how far it does.

A calibrated score states a false match rate for prints as they are. A wolf (G. Doddington et al., ICSLP 1998) scores
more with everybody, so that what is stated is not true of it. Its scores are divided by how much more they are on
average, as test normalisation does (R. Auckenthaler, M. Carey and H. Lloyd-Thomas, Digital Signal Processing 10, 2000);
but they never rise, and no other print's changes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256

import numpy as np

from fpverify.comparison import similarities
from fpverify.comparison.calibration import DECIBEL, Calibration
from fpverify.comparison.prepared import PreparedTemplate, prepare_template
from fpverify.vocabulary import AlignmentKind, BoolArray, Scores, Template

# Scores that are reduced not at all, in full, in full, and not at all; in between by a line. Below the first nothing is
# decided; most mated prints score more than the last, and for them nobody is asked.
REDUCED_FROM, IN_FULL_FROM, IN_FULL_TO, REDUCED_TO = 15.0, 45.0, 50.0, 80.0
LEAST_SHARE = 0.4  # that a score keeps; less than a third, and scores between the first two would no longer rise


@dataclass(frozen=True, slots=True, eq=False)
class Cohort:
    """Strangers, and what is known of prints by how they score with them.

    Attributes:
        strangers: prints of fingers that nobody enrolls, chosen so that few of them tell what all say.
        intercept, slope: a print's mean score with all strangers there are, by its mean score with these.
        calibration: of the model.
        alignment: likewise.
    """

    strangers: tuple[PreparedTemplate, ...]
    intercept: float
    slope: float
    calibration: Calibration
    alignment: AlignmentKind
    _last: list[tuple[str, float]] = field(default_factory=list, init=False, repr=False)  # digest and likeness

    def heeded(self, probe: Template | PreparedTemplate, raw: Scores) -> Scores:
        """Raw similarities (k,) of a probe and others, less where it resembles strangers.

        Between none and all of them: one comparison with each of the cohort, if a similarity lies where it matters.
        """
        doubtful = in_doubt(raw, self.calibration)
        if not doubtful.any():
            return raw
        excess = self.likeness(probe) / DECIBEL
        if excess <= 1:
            return raw
        heeded = raw.copy()
        heeded[doubtful] = self.calibration.raw_of(reduced(self.calibration.scores(raw[doubtful]), 1 / excess))
        return heeded

    def likeness(self, probe: Template | PreparedTemplate) -> float:
        """What a print scores with strangers on average; `DECIBEL`, 4.3, where calibration is true of it."""
        one = prepare_template(probe)
        digest = sha256(one.order[1]).hexdigest()
        for asked, likeness in self._last:
            if asked == digest:
                return likeness
        raw = similarities(one, self.strangers, alignment=self.alignment)
        likeness = self.intercept + self.slope * float(self.calibration.scores(raw).mean())
        self._last[:] = [(digest, likeness)]
        return likeness


def in_doubt(raw: Scores, calibration: Calibration) -> BoolArray:
    """Which similarities (k,) have scores that strangers may reduce."""
    least, most = calibration.raw_of([REDUCED_FROM, REDUCED_TO])
    return np.asarray((raw > least) & (raw < most))


def reduced(scores: Scores, share: float) -> Scores:
    """Scores of a print of which this share is true, (k,): in order as before, and none higher.

    Args:
        scores: (k,).
        share: in (0, 1]; `LEAST_SHARE` if it is less.
    """
    at = (REDUCED_FROM, IN_FULL_FROM, IN_FULL_TO, REDUCED_TO)
    return scores - (1 - max(share, LEAST_SHARE)) * np.interp(scores, at, (0.0, IN_FULL_FROM, IN_FULL_TO, 0.0))

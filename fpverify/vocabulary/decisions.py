"""What a comparison says, and the rate at which it is decided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval for a rate, both ends in [0, 1]."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """A threshold and the error rates that were measured there.

    Attributes:
        target_fmr: the rate that was asked for.
        threshold: score at and above which a comparison is a match.
        fmr, fnmr: measured at the threshold, failures to acquire left out.
        fmr_interval, fnmr_interval: 95 %, resampled over fingers.
        fta: failure-to-acquire rate of the same data.
        mated, non_mated: numbers of comparisons.
        evidence: which data, in words.
        model_id: the model the threshold belongs to.
    """

    target_fmr: float
    threshold: float
    fmr: float
    fnmr: float
    fmr_interval: Interval
    fnmr_interval: Interval
    fta: float
    mated: int
    non_mated: int
    evidence: str
    model_id: str

    @property
    def far(self) -> float:
        """False acceptance rate, FMR (1 - FTA) (ISO/IEC 19795-1)."""
        return self.fmr * (1.0 - self.fta)

    @property
    def frr(self) -> float:
        """False rejection rate, FTA + FNMR (1 - FTA) (ISO/IEC 19795-1)."""
        return self.fta + self.fnmr * (1.0 - self.fta)


@dataclass(frozen=True, slots=True)
class Score:
    """A calibrated comparison score, -10 log10(FMR): 20 is FMR 1 %, 30 is 0.1 %, 40 is 0.01 %.

    Attributes:
        value: finite; higher is more alike.
        extrapolated: the value lies beyond the evidence the calibration was fitted on.
        llr: log10 of the likelihood ratio, one finger against two; None if the model's was never fitted. Within what
            the evidence supports, so it stays level at both ends.
    """

    value: float
    extrapolated: bool = False
    llr: float | None = None

    def __bool__(self) -> bool:
        """Nothing: a score has no truth without a threshold.

        Raises:
            TypeError: always, so that `if compare(...)` opens for nobody.
        """
        raise TypeError("a Score is no decision: ask a Decision, or compare score.value with a threshold")

    @property
    def fmr(self) -> float:
        """The false match rate of a threshold at this score, in (0, 1]."""
        return float(min(1.0, 10.0 ** (-self.value / 10.0)))


@dataclass(frozen=True, slots=True)
class AssignedProbe:
    """One scan of a decision, and the finger that it is taken for.

    Attributes:
        source: where the scan came from, as in `Scan`.
        score: alone: with this finger's impressions, or with all of the subject's if it is taken for none.
        finger: name; None if the scan resembles none that another scan does not resemble more.
    """

    source: str
    score: Score
    finger: str | None


@dataclass(frozen=True, slots=True)
class PadResult:
    """What a detector of presentation attacks says of a scan; words as in ISO/IEC 30107-3.

    Attributes:
        detector: its name.
        score: higher for attacks.
        threshold: at and above which a presentation is taken for an attack.
        apcer: stated attack presentation classification error rate there, in [0, 1].
        bpcer: stated bona fide presentation classification error rate there, in [0, 1].
    """

    detector: str
    score: float
    threshold: float
    apcer: float
    bpcer: float

    @property
    def suspected(self) -> bool:
        """Whether the presentation is taken for an attack."""
        return self.score >= self.threshold


@dataclass(frozen=True, slots=True)
class Decision:
    """Match or non-match, and what it was based on. Match if and only if score >= threshold."""

    score: Score  # of all probes together
    operating_point: OperatingPoint
    subject: str | None = None
    finger: str | None = None  # the best finger, when the subject has several
    probes: tuple[AssignedProbe, ...] = ()  # in the order of the scans
    pad: tuple[PadResult, ...] = ()  # of each scan, where a detector is asked

    def __bool__(self) -> bool:
        """`match`: `if verifier.verify(...)` opens for nobody else."""
        return self.match

    @property
    def match(self) -> bool:
        """Whether the probe is taken to come from the claimed finger."""
        return self.score.value >= self.operating_point.threshold

    @property
    def word(self) -> Literal["match", "non-match"]:
        """The decision in the field's words."""
        return "match" if self.match else "non-match"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A finger that a probe was found to resemble; of several probes, a subject.

    Attributes:
        subject: whose it is.
        finger: name; of several probes, the finger that one of them resembles most.
        score: of the best of its impressions; of several probes, of all together.
        match: whether the score reaches the identification's threshold.
        probes: of several, each with the finger that it is taken for, in the order of the scans.
    """

    subject: str
    finger: str
    score: Score
    match: bool
    probes: tuple[AssignedProbe, ...] = ()

    def __bool__(self) -> bool:
        """`match`."""
        return self.match


@dataclass(frozen=True, slots=True)
class Identification:
    """What a search of all references for the finger of a probe has found.

    Attributes:
        candidates: the likeliest, best first, each finger once; of several probes, each subject once.
        fpir: false positive identification rate: how often a probe of nobody enrolled would match somebody.
        threshold: score at and above which a candidate is a match.
        searched: references that the probes were compared with.
        extrapolated: the threshold lies beyond the evidence of the calibration.
        preselection_error: how often the index that proposed the references leaves the mate out, as it was measured;
            None if all were compared in full, or nobody measured it.
        note: what could not be searched, in words.
        pad: what a detector of presentation attacks says of each scan, where one is asked.
    """

    candidates: tuple[Candidate, ...]
    fpir: float
    threshold: float
    searched: int
    extrapolated: bool
    preselection_error: float | None = None
    note: str | None = None
    pad: tuple[PadResult, ...] = ()

    def __bool__(self) -> bool:
        """Whether anybody matches."""
        return bool(self.matches)

    @property
    def matches(self) -> tuple[Candidate, ...]:
        """The candidates that match; best first."""
        return tuple(one for one in self.candidates if one.match)

    @property
    def word(self) -> Literal["match", "non-match"]:
        """The decision in the field's words."""
        return "match" if self.matches else "non-match"

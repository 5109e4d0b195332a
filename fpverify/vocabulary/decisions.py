"""What a comparison says, and the rate at which it is decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from fpverify.vocabulary.scans import TakenScan
from fpverify.vocabulary.templates import Finger, Reference

Basis = Literal["scan", "minutiae"]  # what a reference was made of: a picture, or a record of minutiae alone


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

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for programs: rates are fractions, intervals [low, high]."""
        return {
            "threshold": self.threshold,
            "target_fmr": self.target_fmr,
            "fmr": self.fmr,
            "fmr_interval": [self.fmr_interval.low, self.fmr_interval.high],
            "fnmr": self.fnmr,
            "fnmr_interval": [self.fnmr_interval.low, self.fnmr_interval.high],
            "far": self.far,
            "frr": self.frr,
            "fta": self.fta,
            "mated": self.mated,
            "non_mated": self.non_mated,
            "evidence": self.evidence,
            "model": self.model_id,
        }


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
    finger: Finger | None


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


@dataclass(frozen=True, slots=True, repr=False)
class Decision:
    """Match or non-match, and what it was based on. Match if and only if score >= threshold."""

    score: Score  # of all probes together
    operating_point: OperatingPoint
    subject: str | None = None
    finger: Finger | None = None  # the best finger, when the subject has several
    probes: tuple[AssignedProbe, ...] = ()  # in the order of the scans
    pad: tuple[PadResult, ...] = ()  # of each scan, where a detector is asked
    taken: tuple[TakenScan, ...] = ()  # how each scan was, in their order
    rests_on: tuple[Basis, ...] = ("scan",)  # what the references were made of; a store may hold both
    learnt: tuple[Reference, ...] = ()  # impressions that were kept of the scans, where the operator wants that

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

    def to_dict(self) -> dict[str, Any]:
        """Plain values as `fpverify verify --json` prints them; how the first scan was taken, and in `probes` each."""
        return {
            "decision": self.word,
            "score": self.score.value,
            "extrapolated": self.score.extrapolated,
            "llr": self.score.llr,
            **self.operating_point.to_dict(),
            "subject": self.subject,
            "finger": self.finger,
            "rests_on": list(self.rests_on),
            **(self.taken[0].to_dict() if self.taken else {}),
            "probes": _probes(self, self.taken),
            "pad": [asdict(one) for one in self.pad],
        }

    def __repr__(self) -> str:
        whose = f", {self.subject!r}, {self.finger}" if self.subject is not None else ""
        return f"Decision({self.word}{whose}: {_against(self.score, self.operating_point.threshold)})"

    def _repr_html_(self) -> str:
        from fpverify.vocabulary.tables import html_table, percent

        point = self.operating_point
        facts = [
            ("subject", self.subject),
            ("finger", self.finger),
            ("score", _against(self.score, point.threshold)),
            ("decided at", f"a false match rate of {percent(point.target_fmr)}"),
            ("FMR, FNMR", f"{percent(point.fmr)}, {percent(point.fnmr)}, measured on {point.evidence}"),
            ("model", point.model_id),
            *(("scan", f"{one.source}, {one.ppi:g} ppi, {one.ppi_source}") for one in self.taken),
            *(("note", one.ppi_note) for one in self.taken),
        ]
        return html_table(self.word, facts)


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
    finger: Finger
    score: Score
    match: bool
    probes: tuple[AssignedProbe, ...] = ()

    def __bool__(self) -> bool:
        """`match`."""
        return self.match


@dataclass(frozen=True, slots=True, repr=False)
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
        taken: how each scan was, in their order.
    """

    candidates: tuple[Candidate, ...]
    fpir: float
    threshold: float
    searched: int
    extrapolated: bool
    preselection_error: float | None = None
    note: str | None = None
    pad: tuple[PadResult, ...] = ()
    taken: tuple[TakenScan, ...] = ()

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

    def to_dict(self) -> dict[str, Any]:
        """Plain values as `fpverify identify --json` prints them; how the first scan was taken, and in `probes` each.

        Of several scans each candidate says which of its fingers they are taken for, the whole that of the likeliest.
        """
        likeliest = self.candidates[0] if self.candidates else None
        return {
            "decision": self.word,
            "fpir": self.fpir,
            "threshold": self.threshold,
            "extrapolated": self.extrapolated,
            "searched": self.searched,
            "preselection_error": self.preselection_error,
            "note": self.note,
            "candidates": [
                {
                    "subject": one.subject,
                    "finger": one.finger,
                    "score": one.score.value,
                    "match": one.match,
                    "probes": [{"score": score.value, "finger": finger} for score, finger in _each(one)],
                }
                for one in self.candidates
            ],
            **(self.taken[0].to_dict() if self.taken else {}),
            "score": likeliest.score.value if likeliest else None,
            "probes": _probes(likeliest, self.taken),
            "pad": [asdict(one) for one in self.pad],
        }

    def __repr__(self) -> str:
        found = f"{self.candidates[0].subject!r}, {self.candidates[0].finger}" if self.candidates else "nobody"
        against = f": {_against(self.candidates[0].score, self.threshold)}" if self.candidates else ""
        return f"Identification({self.word}, {found}{against}; {self.searched:,} searched)"

    def _repr_html_(self) -> str:
        from fpverify.vocabulary.tables import html_table, percent

        facts = [
            ("searched", f"{self.searched:,}"),
            ("threshold", f"{self.threshold:.1f}, at a false positive identification rate of {percent(self.fpir)}"),
            *(
                (f"{one.subject}, {one.finger}", f"{one.score.value:.1f}{', match' * one.match}")
                for one in self.candidates
            ),
            *(("scan", f"{one.source}, {one.ppi:g} ppi, {one.ppi_source}") for one in self.taken),
            ("note", self.note),
        ]
        return html_table(self.word, facts)


def _against(score: Score, threshold: float) -> str:
    sign = ">=" if score.value >= threshold else "<"
    return f"score {score.value:.1f} {sign} threshold {threshold:.1f}"


def _probes(by: Decision | Candidate | None, taken: Sequence[TakenScan]) -> list[dict[str, Any]]:
    """How each scan was taken, and for which finger; null where nothing was found that it could be taken for."""
    if not taken:
        return []
    each: Sequence[tuple[Score | None, Finger | None]] = [(None, None)] * len(taken) if by is None else _each(by)
    return [
        {"file": one.source, "score": None if score is None else score.value, "finger": finger, **one.to_dict()}
        for (score, finger), one in zip(each, taken, strict=True)
    ]


def _each(by: Decision | Candidate) -> list[tuple[Score, Finger | None]]:
    """Score and finger of each probe; of a single one they are those of the whole."""
    return [(one.score, one.finger) for one in by.probes] or [(by.score, by.finger)]

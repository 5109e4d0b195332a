"""The nouns that cross rooms, in the order a print meets them.

Words follow ISO/IEC 2382-37: probe, reference, mated, non-mated, FMR, FNMR.
Lengths end in `_px` (pixels at the working resolution unless said otherwise), angles in `_rad`.
Images have the origin in the top left corner, x to the right, y down; an angle turns x towards y.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
ByteArray = NDArray[np.uint8]
BoolArray = NDArray[np.bool_]
Scores = NDArray[np.float64]
IndexArray = NDArray[np.int32]

WORKING_PPI = 250.0  # every scan is resampled to this: a ridge period is then 3.2 to 5.8 px

FINGERS = (  # names by code; ISO/IEC 19794-2:2005, finger position
    "unknown",
    *("right-thumb", "right-index", "right-middle", "right-ring", "right-little"),
    *("left-thumb", "left-index", "left-middle", "left-ring", "left-little"),
)
MINUTIA_TYPES = ("other", "ending", "bifurcation")  # names by code, the same in every standard
NOT_STATED = -1  # where a quality may be: nobody measured it
NOT_COMPUTED = -2  # likewise: it was to be measured, and that failed

BundleKind = Literal["minutiae", "whole-print"]
PpiSource = Literal["file", "given", "estimated", "set"]  # who says what a scan's resolution is


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """One image of one finger, as a sensor or a file gave it.

    Attributes:
        pixels: (height, width) uint8, ridges dark.
        ppi: pixels per inch of `pixels`; finite, positive.
        source: where it came from, for messages: a file name, "synthetic", ...
        ppi_estimated: the resolution was estimated from the ridges, not stated.
        inverted: the image had bright ridges on dark and was inverted on reading.
        ppi_source: who says what the resolution is: the file, the caller, the ridges, or the scan's set.
        ppi_note: what there is to say about it, in words: that it was estimated, or that the ridges contradict it.
    """

    pixels: ByteArray
    ppi: float
    source: str = "memory"
    ppi_estimated: bool = False
    inverted: bool = False
    ppi_source: PpiSource = "given"
    ppi_note: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class PreparedScan:
    """A scan as the networks see it.

    Attributes:
        image: (height, width) float32, locally normalised (zero mean, unit deviation, within ±3),
            ridges negative.
        scale: working pixels per pixel of the scan it was made from.
        source: as in `Scan`.
    """

    image: FloatArray
    scale: float
    source: str = "memory"


@dataclass(frozen=True, slots=True, eq=False)
class Minutiae:
    """The minutiae of one print, n of them, best first.

    Attributes:
        x_px, y_px: (n,) float32, at the working resolution.
        angle_rad: (n,) float32 in (-pi, pi]; the direction in which the ridge runs away from its ending,
            or the valley from its own (a bifurcation).
        quality: (n,) float32 in [0, 1].
    """

    x_px: FloatArray
    y_px: FloatArray
    angle_rad: FloatArray
    quality: FloatArray

    def __len__(self) -> int:
        return len(self.x_px)


@dataclass(frozen=True, slots=True)
class Rating:
    """What somebody's algorithm makes of the quality of a scan.

    Attributes:
        value: 0 to 100 (best), `NOT_STATED` or `NOT_COMPUTED`.
        vendor, algorithm: as registered with IBIA; 0 where a format has no room for them.
    """

    value: int
    vendor: int = 0
    algorithm: int = 0


@dataclass(frozen=True, slots=True)
class Capture:
    """What a minutiae record says of how a finger was captured; numbers as registered, 0 where nothing is said.

    Attributes:
        compliance: bits of certificates of the device, the highest for Appendix F of CJIS-RS-0010.
        device: its type.
        vendor: of the device.
        technology: of the sensor, a code of ISO/IEC 19794-2:2011.
        time: year, month, day, hour, minute, second, millisecond; what is not known is all ones (0xFFFF, 0xFF).
        certificates: (authority, scheme) of each.
    """

    compliance: int = 0
    device: int = 0
    vendor: int = 0
    technology: int = 0
    time: tuple[int, ...] = ()
    certificates: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class FingerView:
    """The minutiae of one picture of one finger, as records have them, n of them, in the record's order.

    Positions are those of the picture itself, not of the working resolution: the centre of the first pixel is (0, 0).

    Attributes:
        x_px, y_px: (n,) float32, from the top left corner, x to the right, y down.
        angle_rad: (n,) float32 in (-pi, pi], x towards y, as in `Minutiae`.
        types: (n,) uint8, a place in `MINUTIA_TYPES`.
        quality: (n,) int16, 0 to 100 (best), `NOT_STATED` or `NOT_COMPUTED`.
        width_px, height_px: of the picture; 0 if that is not known.
        ppcm_x, ppcm_y: pixels per centimetre across and down; 0 if that is not known.
        finger: code; up to 10 a place in `FINGERS`, above several fingers (ISO/IEC 19794-2:2011).
        view: 0, 1, ... of the finger within its record.
        impression: code of ISO/IEC 19794-2:2011: 0 plain, 1 rolled, both live, ...
        ratings: of the picture's quality.
        capture: how it was captured.
        ridge_ends: endings lie where the ridge's skeleton ends, not where the valleys around it meet.
        extended: (type, data) of each block of extended data, as it was read.
        extended_format: name of the format the blocks were read from; they mean nothing in another.
    """

    x_px: FloatArray
    y_px: FloatArray
    angle_rad: FloatArray
    types: ByteArray
    quality: NDArray[np.int16]
    width_px: int = 0
    height_px: int = 0
    ppcm_x: float = 0.0
    ppcm_y: float = 0.0
    finger: int = 0
    view: int = 0
    impression: int = 0
    ratings: tuple[Rating, ...] = ()
    capture: Capture = Capture()
    ridge_ends: bool = False
    extended: tuple[tuple[int, bytes], ...] = ()
    extended_format: str = ""

    def __len__(self) -> int:
        return len(self.x_px)


@dataclass(frozen=True, slots=True, eq=False)
class MinutiaRecord:
    """A file of minutiae: one view or several, of one finger or several.

    Attributes:
        views: at least one.
        format: name of the format it was read from; empty if it comes from a scan.
        product: of the software that made it: owner and type, as registered with IBIA; 0 where nothing is said.
        source: where it came from, for messages.
        notes: what was assumed on reading, a sentence each.
    """

    views: tuple[FingerView, ...]
    format: str = ""
    product: tuple[int, int] = (0, 0)
    source: str = "memory"
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.views)


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """What is kept of a scan: enough to compare, not to draw it again.

    Every number lies on the grid of the binary form (`fpverify.store.template_format`), so a stored template scores
    exactly as a fresh one.

    Attributes:
        model_id: the bundle that made it; templates of two bundles cannot be compared.
        quality: of the scan, in [0, 1].
        minutiae: n of them; none for a whole-print model.
        descriptors: (n, d) int8, one for each minutia, a unit vector in steps of 1/15 of its largest component.
        vector: (m,) float32 of unit length for a whole-print model, otherwise None.
    """

    model_id: str
    quality: float
    minutiae: Minutiae
    descriptors: NDArray[np.int8]
    vector: FloatArray | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """An enrolled impression."""

    subject: str
    finger: str
    impression: int  # 1, 2, ... within the finger
    template: Template
    enrolled_at: datetime  # UTC
    metadata: Mapping[str, Any] = field(default_factory=dict)  # of the impression, a small JSON object

    @property
    def model_id(self) -> str:
        """The bundle that made the template."""
        return self.template.model_id


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
class Decision:
    """Match or non-match, and what it was based on. Match if and only if score >= threshold."""

    score: Score  # of all probes together
    operating_point: OperatingPoint
    subject: str | None = None
    finger: str | None = None  # the best finger, when the subject has several
    probes: tuple[AssignedProbe, ...] = ()  # in the order of the scans

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
    """

    candidates: tuple[Candidate, ...]
    fpir: float
    threshold: float
    searched: int
    extrapolated: bool
    preselection_error: float | None = None
    note: str | None = None

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


@dataclass(frozen=True, slots=True)
class SetResolution:
    """At which resolution the scans of a set were read: one sensor has one.

    Attributes:
        used: pixels per inch; None if nothing says it, or if several sets were pooled and differ.
        source: who says so: the caller, the files, or the ridges of the set.
        stated: what the files say, the commonest; None if they say nothing.
        estimated: what the ridges of the whole set say; None if none are clear.
        disagreeing: share in [0, 1] of the scans whose file states something else or, if it states nothing, whose
            ridges would not be a finger's at `used`.
        doubtful: the ridges of the whole set lie closer or farther apart at `used` than those of many fingers do, so
            that stated error rates do not hold.
        period_mm: from ridge to ridge at `used`, the mean over the fingers.
        note: the doubt, or what was overruled, in words.
        own_ppi: of the scans that were read at a resolution of their own: by name.
    """

    used: float | None
    source: PpiSource
    stated: float | None
    estimated: float | None
    disagreeing: float
    doubtful: bool
    period_mm: float | None = None
    note: str | None = None
    own_ppi: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """All comparisons of one set of scans, or of several sets that were pooled. Failed comparisons have the score -inf.

    Attributes:
        scans: names of all s scans, each once.
        fingers: (s) which finger each scan shows; scans are of one finger if and only if these are equal.
        probe: (n,) int32, index into `scans`, one for each comparison.
        reference: (n,) int32, likewise.
        mated: (n,) bool.
        scores: (n,) float64, higher is more alike, -inf where a side failed to acquire.
        name: of the set, or of the scores' file.
        protocol: which pairs were compared: "dense", "fvc", ...
        data_hash: SHA-256 over the files, in order of name; of the scores' file if that is all there was.
        model_id: what made the scores.
        failures: the scans that failed to acquire, with the reason.
        quality: (s,) float32 in [0, 1], nan where a scan failed; None where nobody measured it.
        notes: what is to be known of the data, a sentence each: what was left out, which files are the same.
        resolution: of the scans; None where none were read.
    """

    scans: tuple[str, ...]
    fingers: tuple[str, ...]
    probe: IndexArray
    reference: IndexArray
    mated: BoolArray
    scores: Scores
    name: str
    protocol: str
    data_hash: str
    model_id: str
    failures: dict[str, str] = field(default_factory=dict)
    quality: FloatArray | None = None
    notes: tuple[str, ...] = ()
    resolution: SetResolution | None = None

    @property
    def probes(self) -> list[str]:
        """Name of the probe of each comparison."""
        return [self.scans[k] for k in self.probe]

    @property
    def references(self) -> list[str]:
        """Name of the reference of each comparison."""
        return [self.scans[k] for k in self.reference]

    @property
    def mated_scores(self) -> Scores:
        """Scores of the mated comparisons, failures (-inf) included."""
        return self.scores[self.mated]

    @property
    def non_mated_scores(self) -> Scores:
        """Scores of the non-mated comparisons, failures (-inf) included."""
        return self.scores[~self.mated]

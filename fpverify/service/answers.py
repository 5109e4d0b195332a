"""The shapes of answers, for the OpenAPI description; `fpverify.answers` fills them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from fpverify.vocabulary import PpiSource


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ErrorAnswer(_Answer):
    """What went wrong, by name and in words; `prints_seen` with `SeveralPrints` alone."""

    error: str
    message: str
    prints_seen: int | None = None


class ScanFacts(_Answer):
    """How a scan was taken."""

    ppi: float
    ppi_estimated: bool
    ppi_source: PpiSource
    ppi_note: str | None
    inverted: bool


class ProbeAnswer(ScanFacts):
    """A scan, its score alone, and the finger that it is taken for."""

    file: str
    score: float | None = None
    finger: str | None = None


class PadAnswer(_Answer):
    """What a detector of presentation attacks says of a scan; its score with a key of the scope `scores` alone."""

    detector: str
    score: float | None = None
    threshold: float
    apcer: float
    bpcer: float


class DecisionAnswer(ScanFacts):
    """Match or non-match, and what it was based on. Rates are fractions; of several scans, those of the whole.

    Scores, and what a non-match was near to, are there with a key of the scope `scores` alone; see `for_a_door`.
    """

    decision: Literal["match", "non-match"]
    score: float | None = None
    extrapolated: bool | None = None
    llr: float | None = None
    threshold: float
    target_fmr: float
    fmr: float
    fmr_interval: tuple[float, float]
    fnmr: float
    fnmr_interval: tuple[float, float]
    far: float
    frr: float
    fta: float
    mated: int
    non_mated: int
    evidence: str
    model: str
    subject: str | None
    finger: str | None = None
    rests_on: list[Literal["scan", "minutiae"]]
    probes: list[ProbeAnswer]
    pad: list[PadAnswer]
    picture: str | None = None


class SingleAnswer(_Answer):
    """A template of a scan, without its content; null is what only one that was read from a file has."""

    file: str
    is_template: bool
    model: str
    minutiae: int
    quality: float
    area_mm2: float | None
    bytes: int
    ppi: float | None
    ppi_source: PpiSource | None
    ppi_note: str | None
    inverted: bool | None
    finger: str | None
    made_at: str | None
    protected: bool | None


class ComparisonAnswer(DecisionAnswer):
    """A decision about two scans alone, and what was made of each."""

    probe: SingleAnswer
    reference: SingleAnswer


class AssignedAnswer(_Answer):
    """The finger of a candidate that a scan is taken for, and its score alone."""

    score: float | None = None
    finger: str | None


class CandidateAnswer(_Answer):
    """A finger that resembles the probe; of several probes, a subject."""

    subject: str
    finger: str
    score: float | None = None
    match: bool
    probes: list[AssignedAnswer]


class IdentificationAnswer(ScanFacts):
    """Who matches, if anybody does, and with a key of the scope `scores` who comes near."""

    decision: Literal["match", "non-match"]
    fpir: float
    threshold: float
    extrapolated: bool | None = None
    searched: int
    preselection_error: float | None
    note: str | None
    candidates: list[CandidateAnswer]
    score: float | None = None
    probes: list[ProbeAnswer]
    pad: list[PadAnswer]


class ReferenceAnswer(_Answer):
    """An enrolled impression."""

    subject: str
    finger: str
    impression: int
    quality: float
    minutiae: int
    learnt: bool = False
    model: str
    enrolled_at: str


class EnrolledAnswer(ReferenceAnswer, ScanFacts):
    """An impression that was just enrolled."""


class EnrollmentAnswer(EnrolledAnswer):
    """The first of the impressions that were just enrolled, and all of them; what is noted of cards and slaps."""

    impressions: list[EnrolledAnswer]
    notes: list[str]


class QualityAnswer(ScanFacts):
    """How good a scan is, in [0, 1], and what an enrollment asks for."""

    quality: float
    least_quality: float
    enrollable: bool
    minutiae: int


class EntryAnswer(_Answer):
    """An entry of the audit trail: its number, when, what was done, with whom, and what else is known of it."""

    entry: int
    at: str
    action: str
    subject: str | None
    finger: str | None
    details: dict[str, Any]


class HistoryAnswer(_Answer):
    """What was done with a subject, or a page of it, the latest first; `next` asks for the page behind it."""

    entries: list[EntryAnswer]
    next: str | None = None


class FingerAnswer(_Answer):
    """What is enrolled of one finger."""

    subject: str
    finger: str
    impressions: int
    qualities: list[float]
    models: list[str]
    first_enrolled_at: str
    last_enrolled_at: str


class SubjectsAnswer(_Answer):
    """Everybody, or a page of them, one entry for each finger; `next` asks for the page behind it, if there is one."""

    fingers: list[FingerAnswer]
    next: str | None = None


class ImpressionsAnswer(_Answer):
    """All impressions of a subject, or a page of them, likewise."""

    impressions: list[ReferenceAnswer]
    next: str | None = None


class SubjectAnswer(_Answer):
    """A subject, by its present id, and what is noted of it."""

    subject: str
    metadata: dict[str, Any]


class DeletionAnswer(_Answer):
    """How many impressions are gone, and whose."""

    subject: str
    finger: str | None
    deleted: int


class LockAnswer(_Answer):
    """Who has to wait after too many non-matches: a subject, or a key in verifications or identifications."""

    kind: Literal["subject", "verify", "identify"]
    name: str
    seconds: float


class LocksAnswer(_Answer):
    """Whoever has to wait, the longest first."""

    locks: list[LockAnswer]


class UnlockedAnswer(_Answer):
    """How many counts of non-matches were dropped."""

    forgiven: int


class HealthAnswer(_Answer):
    """Whether the service can work."""

    status: Literal["ok"]
    model: str | None = None


class TouchAnswer(_Answer):
    """What became of a touch: its quality, or why there is no print in it."""

    quality: float | None = None
    error: str | None = None
    message: str | None = None


class GuidanceAnswer(_Answer):
    """What the next touch of a finger should be.

    `hints` are words for programs, what comes first at the front: higher, lower, left, right, lighter, firmer, wipe,
    same, poor, again, first, done. `kept` are the places, from 0, of the touches to be enrolled, the most telling
    first. `map` is of the fingertip, a row of characters for each 0.8 mm: "0" to "9" for tenths of the chance that a
    part of it is found again, a blank beside it.
    """

    hints: list[str]
    words: str
    done: bool
    covered: float
    kept: list[int]
    touches: list[TouchAnswer]
    map: list[str]


def for_a_door(answer: dict[str, Any]) -> dict[str, Any]:
    """A decision without what an attacker would climb by.

    Args:
        answer: of `fpverify.answers`.

    Returns:
        The same without scores and, of a non-match, without fingers, candidates and picture.
    """
    told = _without(answer, "score", "extrapolated", "llr")
    told["probes"] = [_without(one, "score") for one in answer["probes"]]
    told["pad"] = [_without(one, "score") for one in answer["pad"]]
    if "candidates" in answer:
        told["candidates"] = [
            _without(one, "score") | {"probes": [_without(part, "score") for part in one["probes"]]}
            for one in answer["candidates"]
            if one["match"]
        ]
    if answer["decision"] == "match":
        return told
    return _without(told, "finger", "picture") | {"probes": [_without(one, "finger") for one in told["probes"]]}


def _without(answer: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name not in names}

"""Comparisons of a plan, on all cores or by a cluster."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Never, TypedDict, Unpack

import numpy as np

from fpverify.comparison import Calibration, PreparedTemplate, prepare_template, similarities
from fpverify.errors import ScanError, UnreadableRecord
from fpverify.evaluation.sets.duplicates import duplicate_notes
from fpverify.evaluation.sets.layout import RECORD_SUFFIXES, Print, read_set
from fpverify.evaluation.sets.protocol import Comparisons, Plan, Protocol, set_plan
from fpverify.evaluation.sets.resolution import set_resolution
from fpverify.evaluation.sets.sending import sent_content
from fpverify.evaluation.sets.touches import fused_touches
from fpverify.evaluation.surveys import survey
from fpverify.evaluation.templates import Outcome, TemplateCache, extraction_id, template_key
from fpverify.evaluation.touched_fingers import compared_with_fingers
from fpverify.executors import CarriedModel, Workforce, answers, local_workforce
from fpverify.features.bare import template_of_view
from fpverify.formats import minutiae_from_bytes
from fpverify.matching import Matcher
from fpverify.matching.cohorts import knows_strangers
from fpverify.models import load_bundle
from fpverify.scans import scan_from_bytes
from fpverify.scans.acquisition import Surveyed, check_given_ppi
from fpverify.scans.files import file_bytes
from fpverify.scans.resolution import MM_PER_INCH
from fpverify.settings import Settings
from fpverify.store import decode_template, encode_template
from fpverify.vocabulary import AlignmentKind, BoolArray, Evaluation, FloatArray, IndexArray, Scores, Template

if TYPE_CHECKING:
    from tqdm import tqdm

KEPT_REFERENCES = 500  # prepared at a time in each process: 25 MB, or 75 MB of prints with 120 minutiae
LARGEST_BLOCK = 500  # comparisons of one job: a third of a second
BLOCKS_PER_PROCESS = 16  # of a small set at least, so that no core waits long for the last one


class Way(TypedDict, total=False):
    """How comparisons are made; nothing of it but the model and its calibration changes a score.

    Attributes:
        model: name or folder of a bundle; the release model if not given.
        calibration: file of `fpverify calibrate`; the model's own if not given.
        workers: processes; one a core if not given.
        workforce: who does the work; processes of this machine if not given.
        cache: where templates are kept; nowhere if not given.
        keeps_skin: of whole prints, see `Matcher.enrolled`: touches are compared with prints as where that is kept.
        progress: show bars on standard error when it is a terminal.
    """

    model: str | Path | None
    calibration: str | Path | None
    workers: int | None
    workforce: Workforce | None
    cache: TemplateCache | None
    keeps_skin: bool
    progress: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """What carries out a plan; attributes as in `Way`."""

    model: str | Path | None = None
    calibration: str | Path | None = None
    workers: int | None = None
    workforce: Workforce | None = None
    cache: TemplateCache | None = None
    keeps_skin: bool = False
    progress: bool = False

    def evaluate(self, plan: Plan) -> Evaluation:
        """The scores of a plan for files.

        Raises:
            ScanError: a resolution is out of range, or a file changed meanwhile. A file that cannot be read or acquired
                is no error but a failure counted.
            ModelError: the model cannot be used.
        """
        calibration = Matcher.load(self.model, self.calibration).calibration
        return calibrated(self.compare(plan), calibration)

    def compare(self, plan: Plan) -> Evaluation:
        """The same as `evaluate`, with raw similarities for scores; the model needs no calibration."""
        for ppi, one in {one.ppi: one for one in plan.prints}.items():
            check_given_ppi(ppi, str(one.path))
        hashes = [content_hash(one.path) for one in plan.prints]
        with self._working() as workforce:
            surveyed = self._surveyed(plan.prints, hashes, workforce)
            resolution, agreed = set_resolution(plan, surveyed)
            prints = [replace(one, ppi=ppi) for one, ppi in zip(plan.prints, agreed, strict=True)]
            failures = [one if isinstance(one, str) else None for one in surveyed]
            outcomes = self._acquired(prints, hashes, failures, workforce)
            notes = (*plan.notes, *duplicate_notes(plan.prints, hashes, outcomes))
            noted, own = replace(plan, notes=notes), replace(self, workforce=workforce)
            data_hash, bundle = data_hash_of(plan.prints, hashes), load_bundle(self.model)
            if plan.protocol == "touches" and bundle.has_network("places"):
                raw = own.evaluation_of(noted, outcomes, data_hash, np.full(len(plan.comparisons), -np.inf))
                raw = replace(raw, area_mm2=_areas_mm2(surveyed, agreed))
                raw = compared_with_fingers(raw, prints, outcomes, workforce.model(bundle), workforce)
                return replace(raw, resolution=resolution)
            raw = own.compare_templates(noted, outcomes, data_hash)
        return replace(raw, resolution=resolution, area_mm2=_areas_mm2(surveyed, agreed))

    def compare_templates(self, plan: Plan, outcomes: Sequence[Outcome], data_hash: str) -> Evaluation:
        """Raw similarities of templates that are there already.

        Args:
            plan: for s scans.
            outcomes: (s) of each scan the template, or why there is none.
            data_hash: for the evaluation.
        """
        return self.evaluation_of(plan, outcomes, data_hash, self._compared(outcomes, plan.comparisons))

    def evaluation_of(self, plan: Plan, outcomes: Sequence[Outcome], data_hash: str, scores: Scores) -> Evaluation:
        """What came of a plan; arguments as of `compare_templates`, and the scores of its comparisons."""
        return Evaluation(
            scans=plan.scans,
            fingers=plan.fingers,
            probe=plan.comparisons.probe,
            reference=plan.comparisons.reference,
            mated=plan.comparisons.mated,
            scores=scores,
            name=plan.name,
            protocol=plan.protocol,
            data_hash=data_hash,
            model_id=load_bundle(self.model).model_id,
            failures={name: out for name, out in zip(plan.scans, outcomes, strict=True) if isinstance(out, str)},
            quality=np.array([one.quality if isinstance(one, Template) else np.nan for one in outcomes], np.float32),
            notes=plan.notes,
        )

    @property
    def _extraction(self) -> str:
        """What templates depend on besides the scan."""
        known = extraction_id(load_bundle(self.model))
        return f"{known} with skin" if self.keeps_skin else known

    @property
    def processes(self) -> int:
        """How many do the work."""
        return self.workforce.workers if self.workforce else max(1, Settings(workers=self.workers).processes)

    @contextmanager
    def _working(self) -> Iterator[Workforce]:
        if self.workforce is not None:
            yield self.workforce
        else:
            with local_workforce(self.processes) as made:
                yield made

    def _surveyed(self, prints: Sequence[Print], hashes: Sequence[str], workforce: Workforce) -> list[Surveyed | str]:
        extraction = self._extraction
        keys = [template_key(extraction, known, one.ppi) for one, known in zip(prints, hashes, strict=True)]
        return survey(prints, keys, self.cache, workforce)

    def _acquired(
        self,
        prints: Sequence[Print],
        hashes: Sequence[str],
        failures: Sequence[str | None],
        workforce: Workforce,
    ) -> list[Outcome]:
        """The outcome of each print, from the cache where it is known; those that failed already are not tried."""
        bundle, extraction = load_bundle(self.model), self._extraction
        keys = [template_key(extraction, known, one.ppi) for one, known in zip(prints, hashes, strict=True)]
        outcomes: list[Outcome | None] = [
            failure or (self.cache.get(key) if self.cache else None)
            for failure, key in zip(failures, keys, strict=True)
        ]
        missing = [k for k, known in enumerate(outcomes) if known is None]
        jobs = (_Acquisition(prints[k], hashes[k], sent) for k, sent in sent_content(prints, missing, workforce))
        with bar_of(len(prints), "templates", self.progress) as bar:
            bar.update(len(prints) - len(missing))
            model = workforce.model(bundle) if missing else bundle.folder
            for number, outcome in answers(workforce, _Acquiring(model, self.keeps_skin), jobs):
                outcomes[missing[number]] = outcome
                if self.cache is not None:
                    self.cache.put(keys[missing[number]], outcome)
                bar.update()
        return [outcome for outcome in outcomes if outcome is not None]

    def _compared(self, outcomes: Sequence[Outcome], pairs: Comparisons) -> Scores:
        """(n,) raw similarities, -inf where a side failed."""
        records = [encode_template(one) if isinstance(one, Template) else b"" for one in outcomes]
        acquired = np.array([isinstance(one, Template) for one in outcomes])
        raw = np.full(len(pairs), -np.inf)
        with self._working() as workforce, bar_of(len(pairs), "comparisons", self.progress) as bar:
            places = list(_blocks(pairs, acquired, workforce.workers))
            bundle = load_bundle(self.model)
            touched = any(isinstance(one, Template) and one.of_touches for one in outcomes)
            by_skin = touched and bundle.has_network("places")
            model = workforce.model(bundle) if by_skin or knows_strangers(bundle) else None
            comparing = partial(_comparing, alignment=bundle.alignment, model=model, by_skin=by_skin)
            jobs = [_Block(pairs.probe[one], pairs.reference[one]) for one in places]
            for number, similar in answers(workforce, comparing, jobs, records):
                raw[places[number]] = similar
                bar.update(len(similar))
        return raw


def evaluate(
    folder: str | Path, *, protocol: Protocol = "dense", ppi: float | None = None, **way: Unpack[Way]
) -> Evaluation:
    """Compares the prints of a folder by a protocol.

    Args:
        folder: of a set, see `fpverify.evaluation.sets.layout`.
        protocol: see `protocol.finger_comparisons`, or `touches`, see `sets.touches.fused_touches`.
        ppi: overrides the resolution of every file.
        way: of comparing, see `Way`.

    Raises:
        ScanError: the folder cannot be evaluated. A file that cannot be read or acquired is no error but a failure
            counted.
        ModelError: the model cannot be used.
    """
    return Runner(**way).evaluate(set_plan(read_set(folder, ppi=ppi, touches=protocol == "touches"), protocol))


def compare_folder(
    folder: str | Path, *, protocol: Protocol = "dense", ppi: float | None = None, **way: Unpack[Way]
) -> Evaluation:
    """The same as `evaluate`, with raw similarities for scores; the model needs no calibration.

    Of `touches` these are the similarities to each reference touch.
    """
    return Runner(**way).compare(set_plan(read_set(folder, ppi=ppi, touches=protocol == "touches"), protocol))


def calibrated(raw: Evaluation, calibration: Calibration) -> Evaluation:
    """An evaluation of raw similarities with the scores they stand for; touches of a finger are put together."""
    each = scored(raw, calibration)
    return fused_touches(each) if raw.protocol == "touches" else each


def scored(raw: Evaluation, calibration: Calibration) -> Evaluation:
    """The same, each comparison for itself."""
    made = np.isfinite(raw.scores)
    scores = np.full(len(raw.scores), -np.inf)
    scores[made] = calibration.scores(raw.scores[made])
    return replace(raw, scores=scores)


def _areas_mm2(surveyed: Sequence[Surveyed | str], agreed: Sequence[float | None]) -> FloatArray:
    """(s,) of the pictures, nan where one cannot be read or nothing says its resolution."""
    return np.array([_area_mm2(one, ppi) for one, ppi in zip(surveyed, agreed, strict=True)], np.float32)


def _area_mm2(surveyed: Surveyed | str, ppi: float | None) -> float:
    if isinstance(surveyed, str) or surveyed.sides_px is None or (read_at := ppi or surveyed.stated_ppi) is None:
        return np.nan
    height, width = (side * MM_PER_INCH / read_at for side in surveyed.sides_px)
    return height * width


class _Acquisition(NamedTuple):
    """A print to be read, the hash its file is known to have, and its content where that is sent along."""

    print: Print
    content_hash: str
    content: bytes | None


@dataclass(frozen=True, slots=True)
class _Acquiring:
    """Begins the acquisition of prints: loads the model."""

    model: Path | CarriedModel
    keeps_skin: bool

    def __call__(self, _: None) -> Callable[[_Acquisition], Outcome]:
        matcher = _matcher(self.model)
        return lambda job: _outcome(matcher, job, keeps_skin=self.keeps_skin)


def _matcher(model: Path | CarriedModel) -> Matcher:
    return Matcher.load(model if isinstance(model, Path) else model.folder)


def _outcome(matcher: Matcher, job: _Acquisition, *, keeps_skin: bool) -> Outcome:
    """The template of a file, or why there is none; the reason does not name the file, whose content may have many.

    Raises:
        ScanError: the file is not what it was.
    """
    path = job.print.path
    try:
        content = file_bytes(path) if job.content is None else job.content
    except ScanError:  # it could be read before
        content = b""
    if hashlib.sha256(content).hexdigest() != job.content_hash:
        raise ScanError(f"{path}: the file was changed during the evaluation; start it again")
    try:
        if path.suffix.lower() in RECORD_SUFFIXES and matcher.bundle.kind == "bare":
            view = minutiae_from_bytes(content, ppi=job.print.ppi, source=f"{path}").views[0]
            return template_of_view(view, f"{path}", matcher.model_id)
        scan = scan_from_bytes(content, ppi=job.print.ppi, source=f"{path}")
        return matcher.enrolled(scan, matcher.template(scan), keeps_skin=keeps_skin)
    except (ScanError, UnreadableRecord) as failure:
        return str(failure).removeprefix(f"{path}: ")


class _Block(NamedTuple):
    """Comparisons whose references are prepared together, ordered by probe; (n,) indices of templates."""

    probe: IndexArray
    reference: IndexArray


def _comparing(
    records: list[bytes], *, alignment: AlignmentKind, model: Path | CarriedModel | None, by_skin: bool
) -> Callable[[_Block], Scores]:
    """Begins comparisons of templates in their binary form, empty where a print failed.

    The model is asked about probes that resemble many, and about touches; None where it has nothing to say.
    """
    return _Gallery(records, alignment, None if model is None else _matcher(model), by_skin=by_skin).compared


class _Gallery:
    """Templates by index, those of one shelf of `KEPT_REFERENCES` prepared at a time."""

    def __init__(
        self,
        records: Sequence[bytes],
        alignment: AlignmentKind = "rigid",
        matcher: Matcher | None = None,
        *,
        by_skin: bool = False,
    ) -> None:
        self._records, self._alignment, self._matcher, self._by_skin = records, alignment, matcher, by_skin
        self._shelf = -1
        self._prepared: dict[int, PreparedTemplate] = {}

    def compared(self, block: _Block) -> Scores:
        """(n,) raw similarities."""
        self._turn_to(int(block.reference[0]) // KEPT_REFERENCES)
        starts = np.flatnonzero(np.diff(block.probe, prepend=-1))
        rows = np.split(block.reference, starts[1:])
        probes = block.probe[starts].tolist()
        return np.concatenate([self._row(probe, row.tolist()) for probe, row in zip(probes, rows, strict=True)])

    def _row(self, probe: int, references: Sequence[int]) -> Scores:
        if self._matcher is not None and self._by_skin:
            one, *others = (decode_template(self._records[number]) for number in (probe, *references))
            if one.skin is not None and (one.of_touches or any(other.of_touches for other in others)):
                return self._matcher.raw_scores(one, others)
        raw = similarities(self._at(probe), [self._at(number) for number in references], alignment=self._alignment)
        return raw if self._matcher is None else self._matcher.believed(self._at(probe), raw)

    def _turn_to(self, shelf: int) -> None:
        if shelf != self._shelf:
            self._shelf = shelf
            self._prepared.clear()

    def _at(self, number: int) -> PreparedTemplate:
        known = self._prepared.get(number)
        if known is None:
            known = prepare_template(decode_template(self._records[number]))
            if number // KEPT_REFERENCES == self._shelf:
                self._prepared[number] = known
        return known


def _blocks(pairs: Comparisons, acquired: BoolArray, processes: int) -> Iterator[np.ndarray]:
    """Places of comparisons that make one job; those with a print that was not acquired are left out."""
    made = np.flatnonzero(acquired[pairs.probe] & acquired[pairs.reference])
    shelf = pairs.reference[made] // KEPT_REFERENCES
    made = made[np.lexsort((pairs.probe[made], shelf))]
    size = int(np.clip(len(made) // (processes * BLOCKS_PER_PROCESS), 1, LARGEST_BLOCK))
    ends = np.flatnonzero(np.diff(pairs.reference[made] // KEPT_REFERENCES)) + 1
    for places in np.split(made, ends):
        yield from (places[start : start + size] for start in range(0, len(places), size))


def bar_of(total: int, what: str, progress: bool) -> tqdm[Never]:
    """A bar on standard error, if that is a terminal and progress is wanted."""
    from tqdm import tqdm

    return tqdm(total=total, desc=what, unit="", disable=None if progress else True)


def data_hash_of(prints: Sequence[Print], hashes: Sequence[str]) -> str:
    """SHA-256 over the names and the contents' hashes of a set's files, in order of name."""
    digest = hashlib.sha256()
    for one, known in zip(prints, hashes, strict=True):
        digest.update(one.file.encode() + b"\0" + bytes.fromhex(known))
    return digest.hexdigest()


def content_hash(path: Path) -> str:
    """SHA-256 of a file, which is read as scans are: no pipe is waited for. Of nothing, if it cannot be read."""
    try:
        return hashlib.sha256(file_bytes(path)).hexdigest()
    except ScanError:
        return hashlib.sha256().hexdigest()

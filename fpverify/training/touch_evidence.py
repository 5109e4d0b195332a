"""What a model has to know to compare touches, learnt and calibrated on synthetic fingers that no training saw.

Five sets, each of its own seed: places of other fingers, by which a place is common or not; touches that the worths of
places and blocks are learnt on; touches of several sizes that scores are calibrated on, and whole prints of other
fingers that these are compared with, too. The same call does all of it again for other weights.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fpverify.comparison.calibration import Calibration
from fpverify.comparison.touches.alignment import NOTHING, Lain, Upright, aligned
from fpverify.comparison.touches.blocks import block_correlations
from fpverify.comparison.touches.comparison import LEARNT, Doubt, Opinions, Scale, TouchModel, sum_of
from fpverify.comparison.touches.finger import Keeping
from fpverify.comparison.touches.prepared import Ground, Touch, unit
from fpverify.comparison.touches.worths import BlockWorths, PlaceWorths
from fpverify.errors import FailureToAcquire
from fpverify.executors import answers, local_workforce
from fpverify.features.extraction import Acquired
from fpverify.log import tell
from fpverify.matching import Matcher
from fpverify.matching.touches import COHORT, TABLES, TouchMatcher, read_tables
from fpverify.models import Bundle, load_bundle, write_bundle
from fpverify.synthesis.dataset import SCAN_PPI, write_ridges
from fpverify.synthesis.touches import TouchSettings, write_touches
from fpverify.vocabulary import FloatArray, Scan, Scores, Template

SEED = 4_000_000  # of the first set; the others are so far apart
APART = 100_000
COHORT_PLACES = 3072  # of other fingers
COHORT_FINGERS, COHORT_SIDE_PX = 80, 160
LEARNING_SIDE_PX = 96  # 4.9 mm: where it matters most what a place is worth
LEARNING_FINGERS, LEARNING_PROBES, TURNS = 32, 8, 2  # joining leans on what the turn before has learnt
OTHERS = 12  # fingers that a probe is compared with besides its own while worths are learnt
SIDES_PX = (80, 96, 120, 160)  # at 500 ppi, that scores are calibrated for
FINGERS, PROBES, OTHER_FINGERS = 200, 5, 30  # of each size; touches of each, and how many others each is compared with
PRINTS = 200  # whole ones of other fingers, that scores of touches on prints are calibrated on
# A touch is turned by 20 degrees (the deviation of `synthesis.touches.USUAL_PRESS`) and a finger from touches is level.
# One in five comes down anyhow: a phone is picked up by any side.
UPRIGHT = Upright(deviation_rad=0.35, anyhow=0.2)
# Of 2 bits half as many places again fit as of 3, and what does not fit is interpolated. Fingers of 8 mm show 50 to 120
# minutiae; more than 65 take room from places, and of dry skin many are none.
KEEPING = Keeping(bits=2, most_minutiae=65, interpolate=True)
DOUBT = Doubt(astray=-1.0, minutiae=2.0, least_blocks=-0.5)  # one touch in four; minutiae in full; half of a spread
SHARES = (1.0, 0.5, 0.5)  # that opinions count for: blocks and minutiae repeat in part what places say
EXCEEDED = 0.9  # share of non-mated opinions below where a scale starts
LEAST_SPREAD = (1e-3, 1e-3, 0.3)  # of opinions; hardly two small touches of different fingers have minutiae alike
LEAST_PRINT_SPREAD = (1e-3, 1e-3, 0.1)  # a touch and a print more often have


Job = tuple[Template, list[int]]  # a touch, and the numbers of the references that it is compared with


class Finger(NamedTuple):
    """A synthetic finger from touches: its reference, and touches to compare with it."""

    reference: Template
    probes: tuple[Template, ...]


def learn_touches(
    bundle: Bundle,
    folder: Path,
    *,
    workers: int = 1,
    sides_px: Sequence[int] = SIDES_PX,
    fingers: int = FINGERS,
    keep_worths: bool = False,
) -> Bundle:
    """Learns all that a bundle with a network `places` needs beside it, and writes it into the bundle.

    Args:
        bundle: with the network; what it knew is replaced.
        folder: synthetic touches are kept there; those that lie there already are used again.
        workers: processes.
        sides_px: sizes that scores are calibrated for, in this order.
        fingers: of each size that they are calibrated on.
        keep_worths: what places and blocks are worth stays as the bundle has it; scores alone are calibrated.
    """
    cv2.setNumThreads(1)
    if not keep_worths:
        bundle = _worths_learnt(bundle, folder, workers)
    cohort = np.load(io.BytesIO(bundle.content(COHORT)), allow_pickle=False)
    as_learnt = replace(_model(bundle), scales=(), print_scales=(), upright=UPRIGHT, keeping=KEEPING, doubt=DOUBT)
    bundle = _written(bundle, as_learnt, cohort)
    scales: list[Scale] = []
    print_scales: list[Scale] = []
    rng = np.random.default_rng(SEED)
    prints = [one for one in _prints(bundle, folder / "prints", PRINTS, SEED + 4 * APART, workers) if one is not None]
    for side in sides_px:
        touches = _touches(folder / "calibration", side, FINGERS, SEED + 2 * APART, workers)
        found = _fingers(bundle, touches, fingers, PROBES, workers)
        jobs = [(probe, others) for _, probe, others in _comparisons(found, OTHER_FINGERS)]
        scales.append(_scale(bundle, jobs, [one.reference for one in found], workers))
        jobs = [(probe, rng.permutation(len(prints))[:OTHER_FINGERS].tolist()) for probe, _ in jobs]
        print_scales.append(_scale(bundle, jobs, prints, workers, LEAST_PRINT_SPREAD))
        known = replace(_model(bundle), scales=_by_area(scales), print_scales=_by_area(print_scales))
        bundle = _written(bundle, known, cohort)
        tell(
            "calibrated for touches of %.0f mm², on %s comparisons with touches and %s with prints",
            *(scales[-1].area_mm2, scales[-1].calibration.comparisons, print_scales[-1].calibration.comparisons),
        )
    return bundle


def with_cohort(bundle: Bundle, folder: Path, workers: int = 1) -> Bundle:
    """A bundle whose network of places is another now, with places of other fingers as that network describes them.

    Scores are to be calibrated after that.

    Args:
        bundle: that knows what places are worth, which stays.
        folder: of synthetic touches, as `learn_touches` has it.
        workers: processes.
    """
    known = replace(read_tables(bundle), scales=(), print_scales=())
    return _written(bundle, known, _cohort(bundle, folder, workers))


def _worths_learnt(bundle: Bundle, folder: Path, workers: int) -> Bundle:
    """With a cohort, and what places and blocks are worth."""
    cohort = _cohort(bundle, folder, workers)
    nothing = TouchModel(unit(cohort), PlaceWorths.first(), BlockWorths.first(), upright=UPRIGHT, keeping=KEEPING)
    bundle = _written(bundle, nothing, cohort)
    learning = _touches(folder / "learning", LEARNING_SIDE_PX, LEARNING_FINGERS, SEED + APART, workers)
    for turn in range(TURNS):
        model = _learnt(_model(bundle), _fingers(bundle, learning, LEARNING_FINGERS, LEARNING_PROBES, workers))
        bundle = _written(bundle, model, cohort)
        tell("learnt from %s touches, turn %s", LEARNING_FINGERS, turn + 1)
    return bundle


def _prints(bundle: Bundle, folder: Path, fingers: int, seed: int, workers: int) -> list[Template | None]:
    """A whole print of each finger, with its skin; None where it is refused."""
    if not folder.exists():
        part = folder.with_name(f"part-{folder.name}")
        write_ridges(part, fingers=fingers, impressions=1, seed=seed, labels=False, workers=workers)
        part.rename(folder)
    matcher = Matcher.of(bundle)
    found = (next(_acquired(matcher, [folder / f"{number}_1.bmp"]), None) for number in range(1, fingers + 1))
    return [None if one is None else matcher.touches.with_skin(one) for one in found]


def _by_area(scales: Sequence[Scale]) -> tuple[Scale, ...]:
    return tuple(sorted(scales, key=lambda one: one.area_mm2))


def _touches(folder: Path, side_px: int, fingers: int, seed: int, workers: int) -> Path:
    """A set of touches, drawn unless it is there."""
    return _drawn(folder, TouchSettings(side_px), fingers, seed, workers)


def _drawn(folder: Path, settings: TouchSettings, fingers: int, seed: int, workers: int) -> Path:
    out = folder / str(settings.side_px)
    if not out.exists():
        part = folder / f"part-{settings.side_px}"
        write_touches(part, fingers=fingers, seed=seed, settings=settings, workers=workers)
        part.rename(out)
    return out


def _cohort(bundle: Bundle, folder: Path, workers: int) -> NDArray[np.int8]:
    """Descriptors of places of other fingers, (c, d)."""
    out = folder / "cohort" / str(COHORT_SIDE_PX)
    if not out.exists():
        settings = TouchSettings(COHORT_SIDE_PX, references=0, probes=2)
        write_touches(out, fingers=COHORT_FINGERS, seed=SEED, settings=settings, workers=workers)
    matcher, rng = Matcher.of(bundle), np.random.default_rng(SEED)
    found = [one.skin.descriptors for one in _templates(matcher, sorted(out.glob("*_p01.png"))) if one.skin is not None]
    every = np.concatenate(found)
    return np.asarray(every[rng.permutation(len(every))[:COHORT_PLACES]], np.int8)


def _fingers(bundle: Bundle, folder: Path, fingers: int, probes: int, workers: int) -> list[Finger]:
    """Fingers of a set, each joined; one whose touches were all refused is left out."""
    with local_workforce(workers) as workforce:
        found = dict(answers(workforce, _Joining(bundle.folder, folder, probes), range(1, fingers + 1)))
    return [one for _, one in sorted(found.items()) if one is not None]


@dataclass(frozen=True, slots=True)
class _Joining:
    """Begins to join the touches of fingers."""

    model: Path
    folder: Path
    probes: int

    def __call__(self, _: None) -> Callable[[int], Finger | None]:
        cv2.setNumThreads(1)
        matcher = Matcher.load(self.model)
        touches = matcher.touches

        def finger(number: int) -> Finger | None:
            paths = [sorted(self.folder.glob(f"{number}_{kind}*.png")) for kind in "rp"]
            references = list(_acquired(matcher, paths[0]))
            if not references:
                return None
            return Finger(touches.joined(references)[0], tuple(_templates(matcher, paths[1][: self.probes])))

        return finger


def _acquired(matcher: Matcher, paths: Sequence[Path]) -> Iterator[Acquired]:
    """Of touches that are not refused."""
    for path in paths:
        try:
            yield matcher.acquire(_scan(path))
        except FailureToAcquire:
            continue


def _scan(path: Path) -> Scan:
    """A picture of ours, of which everything is known."""
    with Image.open(path) as picture:
        return Scan(np.asarray(picture.convert("L")), SCAN_PPI, str(path))


def _templates(matcher: Matcher, paths: Sequence[Path]) -> Iterator[Template]:
    return (one.template for one in _acquired(matcher, paths))


def _learnt(model: TouchModel, fingers: Sequence[Finger]) -> TouchModel:
    """Worths of places and blocks, from alignments of touches with their own finger and with others."""
    laid = list(_laid(model, fingers))
    least = np.percentile([one.worth for mated, _, one, _ in laid if not mated], 100 * EXCEEDED)
    right = [one for one in laid if not one[0] or one[2].worth > least]  # a mated one with less was laid wrongly
    places, blocks = (
        [np.concatenate([one[k] for one in right if one[0] == mated], axis=-1) for mated in (True, False)]
        for k in (1, 3)
    )
    return replace(model, places=PlaceWorths.learnt(*places), blocks=BlockWorths.learnt(*blocks))


def _laid(model: TouchModel, fingers: Sequence[Finger]) -> Iterator[tuple[bool, FloatArray, Lain, Scores]]:
    """Whether mated, (2, n) cosines and commonness of the places in common, the alignment, correlations of blocks."""
    grounds = [_ground(one.reference, model) for one in fingers]
    for number, probe, others in _comparisons(fingers, OTHERS):
        touch = _touch(probe, model)
        for other in (number, *others):
            lain = aligned(touch, grounds[other], model.places, model.upright)
            if lain is not None and lain.common.any():
                pairs = np.stack([lain.cosines, touch.common])[:, lain.cosines > NOTHING]
                yield other == number, pairs, lain, block_correlations(touch, grounds[other], lain)


def _scale(
    bundle: Bundle,
    jobs: Sequence[Job],
    references: Sequence[Template],
    workers: int,
    least_spread: tuple[float, ...] = LEAST_SPREAD,
) -> Scale:
    """What opinions of touches of one size and others' fingers are worth, and their sum."""
    known = _model(bundle)
    opinions = _opinions(bundle, jobs, references, workers)
    start = np.quantile(opinions[:, :LEARNT], EXCEEDED, axis=0)
    beyond = np.maximum(opinions[:, :LEARNT] - start, 0)
    spread = np.maximum(beyond.sum(0) / np.maximum(np.count_nonzero(beyond, axis=0), 1), least_spread)
    spread /= SHARES
    sums = sum_of(opinions, start, spread, known.doubt)
    area = float(np.mean([probe.skin.area_mm2 for probe, _ in jobs if probe.skin is not None]))
    places = float(np.mean([len(_ground(one, known)) for one in references]))
    return Scale(round(area, 2), round(places, 1), tuple(start.tolist()), tuple(spread.tolist()), Calibration.fit(sums))


def _opinions(bundle: Bundle, jobs: Sequence[Job], references: Sequence[Template], workers: int) -> Scores:
    """(n, 4) of touches and references."""
    with local_workforce(workers) as workforce:
        found = answers(workforce, _Comparing(bundle.folder), jobs, list(references))
        return np.concatenate([np.array(one, np.float64).reshape(-1, len(Opinions._fields)) for _, one in found])


@dataclass(frozen=True, slots=True)
class _Comparing:
    """Begins to compare touches with fingers."""

    model: Path

    def __call__(self, references: list[Template]) -> Callable[[Job], list[Opinions]]:
        touches = TouchMatcher.of(load_bundle(self.model))
        fingers = [touches.prepared(one) for one in references]
        return lambda job: touches.opinions(job[0], [fingers[other] for other in job[1]])


def _comparisons(fingers: Sequence[Finger], others: int) -> Iterator[tuple[int, Template, list[int]]]:
    """Each probe with the number of its finger, and those of some other fingers."""
    rng = np.random.default_rng(len(fingers))
    for number, finger in enumerate(fingers):
        for probe in finger.probes:
            chosen = rng.permutation(np.delete(np.arange(len(fingers)), number))[:others]
            yield number, probe, chosen.tolist()


def _ground(reference: Template, model: TouchModel) -> Ground:
    assert reference.skin is not None  # noqa: S101 - it was joined
    return model.ground(reference.skin)


def _touch(probe: Template, model: TouchModel) -> Touch:
    assert probe.skin is not None  # noqa: S101 - of a small sensor
    return Touch.of(probe.skin, model.cohort)


def _model(bundle: Bundle) -> TouchModel:
    return read_tables(bundle)


def _written(bundle: Bundle, model: TouchModel, cohort: NDArray[np.int8]) -> Bundle:
    """The bundle with what was learnt; nothing else of it changes."""
    packed = io.BytesIO()
    np.save(packed, cohort, allow_pickle=False)
    contents = {name: bundle.content(name) for name in bundle.card.files}
    contents |= {TABLES: json.dumps(model.to_dict()).encode(), COHORT: packed.getvalue()}
    return write_bundle(bundle.folder, bundle.card, contents)


class Realised(NamedTuple):
    """What scores of touches of one size come to on fingers that nothing was learnt from.

    Attributes:
        mated, non_mated: scores, -10 log10(FMR).
        area_mm2: of the touches, on average.
    """

    mated: Scores
    non_mated: Scores
    area_mm2: float

    def fmr(self, score: float) -> float:
        """Share of the non-mated ones with such a score or more."""
        return float((self.non_mated >= score).mean())

    def fnmr(self, score: float) -> float:
        """Share of the mated ones with less."""
        return float((self.mated < score).mean())


def realised(
    bundle: Bundle, folder: Path, side_px: int, fingers: int, *, on_prints: bool = False, workers: int = 1
) -> Realised:
    """The scores of touches of a size with their own fingers and with others, of a seed of its own.

    Args:
        bundle: calibrated for touches.
        folder: synthetic touches are kept there, as `learn_touches` has it.
        side_px: of the touches, at 500 ppi.
        fingers: how many.
        on_prints: the fingers are known by a whole print each, in place of twelve touches.
        workers: processes.
    """
    seed = SEED + 3 * APART
    if on_prints:
        place = folder / f"check-prints-{fingers}"
        touches = _drawn(place, TouchSettings(side_px, references=0), fingers, seed, workers)
        prints = _prints(bundle, place / "prints", fingers, seed, workers)
        found = list(_known_by_prints(bundle, touches, prints))
    else:
        touches = _touches(folder / "check", side_px, fingers, seed, workers)
        found = _fingers(bundle, touches, fingers, PROBES, workers)
    with local_workforce(workers) as workforce:
        jobs = list(_comparisons(found, len(found)))
        each = [(number, probe, [number, *others]) for number, probe, others in jobs]
        rows = dict(answers(workforce, _Scoring(bundle.folder), each, [one.reference for one in found]))
    areas = [probe.skin.area_mm2 for _, probe, _ in jobs if probe.skin is not None]
    mated = np.array([rows[k][0] for k in range(len(each))])
    non_mated = np.concatenate([rows[k][1:] for k in range(len(each))])
    return Realised(mated, non_mated, float(np.mean(areas)))


def _known_by_prints(bundle: Bundle, touches: Path, prints: Sequence[Template | None]) -> Iterator[Finger]:
    """Fingers whose prints were not refused, with their touches."""
    matcher = Matcher.of(bundle)
    for number, known in enumerate(prints, 1):
        if known is not None:
            yield Finger(known, tuple(_templates(matcher, sorted(touches.glob(f"{number}_p*.png"))[:PROBES])))


@dataclass(frozen=True, slots=True)
class _Scoring:
    """Begins to score touches with fingers."""

    model: Path

    def __call__(self, references: list[Template]) -> Callable[[tuple[int, Template, list[int]]], Scores]:
        touches = TouchMatcher.of(load_bundle(self.model))
        fingers = [touches.prepared(one) for one in references]
        return lambda job: touches.scores(job[1], [fingers[other] for other in job[2]])

"""Fits the calibration of the model for minutiae alone and measures its operating points; writes its card.

    python tools/bare_evidence.py CACHE [--fingers 400] [--references 60] [--out DIR]
    python tools/bare_evidence.py PRINTS --witnesses [--fingers 200] [--references 25] [--out DIR]

The first is for `bare-1`, the second for `bare-3`, which hears those that have no partner as well. PRINTS is what
`tools/bare_prints.py` makes of a seed that nothing was learnt from; every second file calibrates, the others measure,
and of each finger half of the prints are as mindtct saw them.

CACHE is what `tools/gallery.py` makes: really extracted templates of synthetic fingers. Its blocks with further
impressions are those the networks learnt from (`tools/bare_networks.py`); of the others one half calibrates, the other
measures. Every second print is spoilt as detectors would, so that the rate holds for minutiae of other software too.
Comparisons stay within one simulated sensor, and no finger is compared with its mirror image.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
from bare_networks import spoilt
from bare_prints import read
from gallery import HARD_PROBE, ORDINARY_PROBE, PROBED, SEED, GalleryCache, Made, impressions_of

from fpverify.comparison import Calibration, LikelihoodRatio, PreparedTemplate, prepare_template, similarities
from fpverify.comparison.bare import WEIGHTS as JUDGE
from fpverify.comparison.neighbourhoods import WEIGHTS as NEIGHBOURHOODS
from fpverify.comparison.witnesses import WEIGHTS as JUDGES
from fpverify.evaluation.rates.error_rates import fvc_indicators, operating_point, supported
from fpverify.evaluation.rates.reliability import NOMINAL
from fpverify.features.bare import MINUTIAE_MODEL, bare
from fpverify.matching import Matcher
from fpverify.models import Card, load_bundle, write_bundle
from fpverify.models.installed import SHIPPED
from fpverify.synthesis.sensor import SENSORS
from fpverify.vocabulary import AlignmentKind, Evaluation, Scores

USUAL = 2  # impressions of `tools/bare_prints.py`, an ordinary and a hard one, that are compared as mates
MATED_FINGERS = 60  # of each half, that get further impressions: a second of work each
MINDTCT = "as mindtct saw it; mated ones of an ordinary and a hard impression"
SPOILT = "spoilt as by another detector"
INTENDED_USE = "Records of minutiae (ISO/IEC 19794-2, ANSI/INCITS 378, ...) compared with each other and with scans."
LIMITS = (
    "No picture stands behind a comparison, so that it errs more often than one of two scans; see the operating "
    "points. No liveness detection. Error rates are measured on the data named with them; minutiae of another "
    "detector, with another idea of where and how a ridge ends, differ more from each other."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Fits, measures and writes."""
    given = _parsed(arguments)
    cv2.setNumThreads(1)
    if given.witnesses:
        halves = [_Half.of_prints(given.cache, half, given.fingers) for half in (0, 1)]
    else:
        cache = GalleryCache.of(given.cache, load_bundle())
        halves = [_Half.of(cache, half, given.fingers) for half in (0, 1)]
    raw = [one.compared(given.references, np.random.default_rng([SEED, 2, k])) for k, one in enumerate(halves)]
    curve = Calibration.fit(_side(raw[0], mated=False))
    sides = [curve.scores(_side(raw[0], mated=mated)) for mated in (True, False)]
    evidence = (
        f"synthetic fingers no training saw: {given.fingers} fingers on {len(SENSORS)} simulated sensors, "
        f"their minutiae alone, every second print {MINDTCT if given.witnesses else SPOILT}"
    )
    done = _scored(raw[1], curve)
    points = tuple(
        operating_point(done, float(-10 * np.log10(rate)), rate, evidence)
        for rate in NOMINAL
        if supported(int((~done.mated).sum()), rate)
    )
    alignment: AlignmentKind = "bounded" if given.witnesses else "rigid"
    weights = (NEIGHBOURHOODS, JUDGES[alignment] if given.witnesses else JUDGE)
    card = Card(
        id=given.out.name,
        kind="bare",
        created=datetime.now(UTC).date().isoformat(),
        files={},
        recipe={path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in weights},
        seeds={"prints": given.seed} if given.witnesses else {"gallery": SEED},
        alignment=alignment,
        training_data="Minutiae of synthetic fingers. No real print was used for any weight, threshold or calibration.",
        calibration=curve.to_dict(),
        likelihood=LikelihoodRatio.fit(*sides).to_dict(),
        operating_points=points,
        measured=({"data": evidence, **fvc_indicators(done), "fta": 0.0},),
        intended_use=INTENDED_USE,
        limits=LIMITS,
    )
    write_bundle(given.out, card, {})
    for point in points:
        low, high = point.fmr_interval.low, point.fmr_interval.high
        print(
            f"asked {100 * point.target_fmr:g} %: FMR {100 * point.fmr:.4f} % ({100 * low:.4f} to {100 * high:.4f}), "
            f"FNMR {100 * point.fnmr:.2f} %"
        )
    for name, each in (("as ours found them", 0), ("mindtct's" if given.witnesses else "spoilt", 1)):
        kind = np.array([sum(int(s.endswith("~")) for s in pair) for pair in _named(done)])
        chosen = ~done.mated & ((kind == 0) if each == 0 else (kind == 2))
        print(f"{name}: {int(chosen.sum())} non-mated, at 0.1 %: {100 * (done.scores[chosen] >= 30).mean():.4f} %")
    return 0


class _Half:
    """Fingers of unseen blocks: of each a first impression, of some two more; every second one spoilt."""

    def __init__(self, prints: dict[str, PreparedTemplate], *, alignment: AlignmentKind = "rigid") -> None:
        self.prints = prints  # by "<finger>_<impression>", with a ~ behind it if spoilt or another detector's
        self.alignment = alignment

    @classmethod
    def of_prints(cls, folder: Path, half: int, fingers: int) -> _Half:
        """Fingers of every second file: of each two impressions as ours saw them, the others as mindtct did."""
        rng, prints, seen = np.random.default_rng([SEED, 3, half]), dict[str, PreparedTemplate](), dict[int, set[int]]()
        for path in sorted(folder.glob("*.npz"))[half::2]:
            for one in read(path):
                if one.finger not in seen and len(seen) == fingers:
                    return cls(prints, alignment="bounded")
                ours = seen.setdefault(one.finger, set(rng.permutation(4)[:2].tolist()))
                if (one.impression - 1 in ours) == (one.detector == "ours"):
                    mark = "" if one.detector == "ours" else "~"
                    prints[f"{one.finger}_{one.impression}{mark}"] = prepare_template(one.template)
        return cls(prints, alignment="bounded")

    @classmethod
    def of(cls, cache: GalleryCache, half: int, fingers: int) -> _Half:
        unseen = [block for block in cache.blocks() if block % PROBED and block % (2 * PROBED) // PROBED == half]
        made: list[Made] = []
        for block in unseen:
            made += cache.read(block)
            if len(made) >= fingers:
                break
        made = made[:fingers]
        matcher = Matcher.load()
        for one in made[:: max(1, fingers // MATED_FINGERS)]:
            made += impressions_of(one.finger, (ORDINARY_PROBE, HARD_PROBE), matcher)
        rng, prints = np.random.default_rng([SEED, 1, half]), dict[str, PreparedTemplate]()
        for one in made:
            if one.template is None:
                continue
            template, mark = bare(one.template), ""
            if rng.random() < 0.5:
                template, mark = spoilt(template, rng), "~"
            prints[f"{one.finger}_{one.impression}{mark}"] = prepare_template(template)
        return cls(prints)

    def compared(self, references: int, rng: np.random.Generator) -> Evaluation:
        """Each print with all others of its finger and some of others'."""
        names = list(self.prints)
        finger, impression = np.array([[int(part) for part in name.strip("~").split("_")] for name in names]).T
        sensor = (finger if self.alignment == "bounded" else finger // 2) % len(SENSORS)
        probe, reference, scores = list[int](), list[int](), list[float]()
        for number, name in enumerate(names):
            mates = np.flatnonzero((finger == finger[number]) & (np.arange(len(names)) > number))
            if self.alignment == "bounded":  # those of twisted skin and small windows are for the false matches alone
                mates = mates[(impression[mates] <= USUAL) & (impression[number] <= USUAL)]
            strange = finger != finger[number] if self.alignment == "bounded" else finger // 2 != finger[number] // 2
            others = np.flatnonzero(strange & (sensor == sensor[number]))
            others = others[others > number]
            chosen = np.concatenate([mates, rng.permutation(others)[:references]])
            probe += [number] * len(chosen)
            reference += chosen.tolist()
            scores += similarities(
                self.prints[name], [self.prints[names[k]] for k in chosen], alignment=self.alignment
            ).tolist()
        one, other = np.array(probe, np.int32), np.array(reference, np.int32)
        owners = tuple(str(each) for each in finger)
        mated = finger[one] == finger[other]
        raw = np.array(scores, np.float64)
        return Evaluation(tuple(names), owners, one, other, mated, raw, "synthetic", "pairs", "", MINUTIAE_MODEL)


def _side(raw: Evaluation, *, mated: bool) -> Scores:
    return np.asarray(raw.scores[raw.mated == mated])


def _scored(raw: Evaluation, curve: Calibration) -> Evaluation:
    from dataclasses import replace

    return replace(raw, scores=curve.scores(raw.scores))


def _named(done: Evaluation) -> list[tuple[str, str]]:
    return [(done.scans[i], done.scans[j]) for i, j in zip(done.probe, done.reference, strict=True)]


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cache", type=Path, help="folder of tools/gallery.py, or of tools/bare_prints.py")
    parser.add_argument("--witnesses", action="store_true", help="for bare-3, from prints as two detectors see them")
    parser.add_argument("--seed", type=int, default=34340002, help="of these prints, for the card")
    parser.add_argument("--fingers", type=int, default=400, help="of each half")
    parser.add_argument("--references", type=int, default=60, help="non-mated ones that a print is compared with")
    parser.add_argument("--out", type=Path, default=SHIPPED / MINUTIAE_MODEL, help="folder of the model")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())

"""Why comparisons of a folder of prints fail: a table, and pictures to look at.

    python tools/failures.py FOLDER --out PICTURES [--model NAME|DIR] [--ppi 500] [--fmr 0.001] [--most 40]

Mated pairs below the threshold that the folder itself has at `--fmr` are attributed to what was missing, in this order:

    unaligned    no chain of clear comparisons through other impressions says how the prints lie on each other
    overlap      fewer than 8 minutiae of either print lie in the common area
    quality      one of the prints is so poor that it would not be enrolled
    missed       less than 35 % of the minutiae there have a partner in place, and most of those without show in other
                 impressions too
    spurious     likewise, but other impressions do not show them
    descriptors  partners are there, but the median cosine of their descriptors is below 0.45
    consensus    partners are there and alike, but the comparison has laid the prints on each other in another way
    score        all is there, and the score is low all the same

The true alignment is the product of the alignments along the chain whose weakest comparison is the strongest, refined
by an affine map on geometry alone. The highest non-mated pairs are listed with what spoke for them.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from fpverify.comparison import PreparedTemplate, consensus, prepare_template
from fpverify.comparison.consensus import descriptor_similarity
from fpverify.errors import FailureToAcquire
from fpverify.evaluation.sets.protocol import comparisons, list_prints
from fpverify.features.quality import LEAST_QUALITY
from fpverify.folders import private
from fpverify.matching import Matcher
from fpverify.scans import read_scan
from fpverify.vocabulary import WORKING_PPI, BoolArray, ByteArray, Scan, Scores, Template

Points = NDArray[np.complex128]

CLEAR = 1.05  # times the threshold: a mated comparison above it has found the right alignment
NEAR_PX = (12.0, 8.0, 6.0)  # partners of the refits: from what a chain misses to what elastic skin leaves over
NEAR_RAD = 0.5  # 29 degrees: three deviations of detection in a poor print
COMMON_PX = 6.0  # how far beyond the other print's outermost minutiae the common area reaches
LEAST_COMMON = 8  # minutiae of a print in the common area; six partners of them are the least that a score takes
LEAST_PLACED = 0.35  # share of them with a partner in place; ordinary mated pairs have 0.6
LEAST_CONFIRMED = 0.5  # share of the impressions that reach as far, in which a minutia that is real shows
LEAST_ALIKE = 0.45  # median cosine of partners; ordinary mated pairs have 0.7
SAME_PX, SAME_RAD = 12.0, 0.3  # alignments that differ by less are one
PICTURE_PPI = 500.0


@dataclass(frozen=True, slots=True)
class Alignment:
    """An affine map of the plane, z -> turn * z + shear * conj(z) + shift, in working pixels."""

    turn: complex
    shear: complex
    shift: complex

    @classmethod
    def fit(cls, one: Points, other: Points, *, rigid: bool = False) -> Alignment:
        """Least squares over pairs of points; a rotation and shift when asked for, or when pairs are few."""
        if rigid or len(one) < 6:
            here, there = one.mean(), other.mean()
            product = ((one - here).conj() * (other - there)).sum()
            turn = product / abs(product) if product else 1.0
            return cls(complex(turn), 0j, complex(there - turn * here))
        terms = np.stack([one, one.conj(), np.ones_like(one)], axis=1)
        turn, shear, shift = np.linalg.lstsq(terms, other, rcond=None)[0]
        return cls(complex(turn), complex(shear), complex(shift))

    def laid(self, points: Points) -> Points:
        """Points of the one print on the other."""
        return self.turn * points + self.shear * points.conj() + self.shift

    def lifted(self, points: Points) -> Points:
        """Points of the other print on the one."""
        shifted = points - self.shift
        determinant = abs(self.turn) ** 2 - abs(self.shear) ** 2
        return (self.turn.conjugate() * shifted - self.shear * shifted.conj()) / determinant

    def after(self, first: Alignment) -> Alignment:
        """This one, applied to what `first` yields."""
        turn = self.turn * first.turn + self.shear * first.shear.conjugate()
        shear = self.turn * first.shear + self.shear * first.turn.conjugate()
        return Alignment(turn, shear, complex(self.laid(np.array([first.shift]))[0]))

    @property
    def angle_rad(self) -> float:
        """How far it turns."""
        return float(np.angle(self.turn))


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one comparison."""

    probe: str
    reference: str
    cause: str
    raw: float
    common: tuple[int, int] = (0, 0)
    placed: int = 0
    alike: float = float("nan")
    qualities: tuple[float, float] = (0.0, 0.0)

    def row(self) -> str:
        """A line of the table."""
        share = self.placed / max(1.0, sum(self.common) / 2)
        return (
            f"{self.probe:>8} {self.reference:>8}  {self.cause:<11} raw {self.raw:.3f}  common {self.common[0]:2d}/"
            f"{self.common[1]:2d}  placed {self.placed:2d} ({share:4.0%})  alike {self.alike:5.2f}  "
            f"quality {self.qualities[0]:.2f}/{self.qualities[1]:.2f}"
        )


@dataclass(frozen=True, slots=True)
class Folder:
    """The acquired prints of a folder and all their comparisons.

    Attributes:
        names, fingers, scans, templates: of the prints.
        raw: (n, n) similarities, symmetric; NaN where the protocol compares nothing.
    """

    names: list[str]
    fingers: list[str]
    scans: list[Scan]
    templates: list[Template]
    prepared: list[PreparedTemplate]
    raw: Scores

    @classmethod
    def read(cls, path: Path, model: str | None, ppi: float | None) -> Folder:
        """Extracts and compares."""
        matcher, kept, scans, templates = Matcher.load(model), [], [], []
        for one in list_prints(path):
            scan = read_scan(one.path, ppi=ppi)
            try:
                templates.append(matcher.template(scan))
            except FailureToAcquire as failure:
                print(failure, file=sys.stderr)
                continue
            kept.append(one)
            scans.append(scan)
        pairs, raw = comparisons(kept), np.full((len(kept), len(kept)), np.nan)
        prepared = [prepare_template(template) for template in templates]
        for probe in np.unique(pairs.probe):
            others = pairs.reference[pairs.probe == probe]
            chosen = [templates[k] for k in others]
            raw[probe, others] = raw[others, probe] = matcher.raw_scores(templates[probe], chosen)
        return cls([one.name for one in kept], [one.finger for one in kept], scans, templates, prepared, raw)

    def pairs(self, *, mated: bool) -> list[tuple[int, int]]:
        """Mated or non-mated pairs."""
        same = np.array(self.fingers)[:, None] == np.array(self.fingers)
        probe, reference = np.nonzero(np.triu(same == mated, 1))
        return list(zip(probe.tolist(), reference.tolist(), strict=True))

    def threshold(self, fmr: float) -> float:
        """The highest raw similarity that more than a share `fmr` of the non-mated comparisons reach."""
        raw = np.sort([self.raw[pair] for pair in self.pairs(mated=False)])[::-1]
        return float(raw[int(fmr * len(raw))])


def main(arguments: Sequence[str] | None = None) -> int:
    """Attributes, prints and draws."""
    given = _parsed(arguments)
    folder = Folder.read(given.folder, given.model, given.ppi)
    threshold = folder.threshold(given.fmr)
    failing = sorted((p for p in folder.pairs(mated=True) if folder.raw[p] <= threshold), key=lambda p: folder.raw[p])
    highest = sorted(folder.pairs(mated=False), key=lambda p: -folder.raw[p])[: given.most // 4]
    given.out.mkdir(parents=True, exist_ok=True)
    print(f"{len(failing)} of {len(folder.pairs(mated=True))} mated pairs at or below {threshold:.4f}")
    clear, causes = CLEAR * threshold, Counter[str]()
    for pair in failing[: given.most]:
        alignment = truth(folder, pair, clear)
        finding = attributed(folder, pair, alignment, clear)
        causes[finding.cause] += 1
        _told(folder, pair, alignment, finding, given.out)
    print(", ".join(f"{cause} {count}" for cause, count in causes.most_common()))
    print("highest non-mated pairs")
    for pair in highest:
        alignment = own_alignment(folder, pair)
        _told(folder, pair, alignment, attributed(folder, pair, alignment, clear, "non-mated"), given.out)
    return 0


def truth(folder: Folder, pair: tuple[int, int], clear: float) -> Alignment | None:
    """The alignment of a mated pair by the best chain of clear comparisons; None if there is no chain."""
    chain = _widest_path(folder, pair, clear)
    if chain is None:
        return None
    alignment = Alignment(1, 0, 0)
    for step in pairwise(chain):
        own = own_alignment(folder, step)
        alignment = own.after(alignment) if own else alignment
    return refined(folder, pair, alignment)


def own_alignment(folder: Folder, pair: tuple[int, int]) -> Alignment | None:
    """The alignment that the comparison itself finds, refined; None without three pairs."""
    one, other = (folder.prepared[k] for k in pair)
    found = consensus(one, other)
    if len(found.pairs) < 3:
        return None
    index, other_index = found.pairs.T
    return refined(folder, pair, Alignment.fit(one.position[index], other.position[other_index], rigid=True))


def refined(folder: Folder, pair: tuple[int, int], alignment: Alignment) -> Alignment:
    """The affine map that the partners in place fix best, by ever nearer partners."""
    one, other = (folder.prepared[k] for k in pair)
    for near_px in NEAR_PX:
        index, other_index = partners(one, other, alignment, near_px)
        if len(index) < 3:
            break
        alignment = Alignment.fit(one.position[index], other.position[other_index])
    return alignment


def partners(
    one: PreparedTemplate, other: PreparedTemplate, alignment: Alignment, near_px: float
) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the minutiae that lie on each other and point the same way, each the other's nearest."""
    away = np.abs(alignment.laid(one.position)[:, None] - other.position)
    turns = one.direction_turns[:, None] + alignment.angle_rad / (2 * np.pi) - other.direction_turns
    away[2 * np.pi * np.abs(turns - np.rint(turns)) > NEAR_RAD] = np.inf
    mutual = (away == away.min(1, keepdims=True)) & (away == away.min(0, keepdims=True)) & (away < near_px)
    mine, theirs = np.nonzero(mutual)
    return mine, theirs


def attributed(
    folder: Folder, pair: tuple[int, int], alignment: Alignment | None, clear: float, cause: str | None = None
) -> Finding:
    """The finding on a pair whose true alignment is known.

    Args:
        folder: of the pair.
        pair: probe and reference.
        alignment: the true one, if it is known.
        clear: the least raw similarity of comparisons that have found the right alignment.
        cause: to be named whatever is found.
    """
    one, other = (folder.prepared[k] for k in pair)
    names = folder.names[pair[0]], folder.names[pair[1]]
    qualities = folder.templates[pair[0]].quality, folder.templates[pair[1]].quality
    if alignment is None:
        return Finding(*names, cause or "unaligned", float(folder.raw[pair]), qualities=qualities)
    index, other_index = partners(one, other, alignment, NEAR_PX[-1])
    alike = float(np.median(descriptor_similarity(one, other)[index, other_index])) if len(index) else float("nan")
    common = _within(alignment.laid(one.position), other), _within(alignment.lifted(other.position), one)
    counts = int(common[0].sum()), int(common[1].sum())
    finding = Finding(*names, "", float(folder.raw[pair]), counts, len(index), alike, qualities)
    if cause is None:
        lone = [np.setdiff1d(np.flatnonzero(c), placed) for c, placed in zip(common, (index, other_index), strict=True)]
        real = sum(int(confirmed(folder, k, pair, clear)[alone].sum()) for k, alone in zip(pair, lone, strict=True))
        own = own_alignment(folder, pair)
        astray = own is None or not _same(alignment, own, one.position.mean())
        cause = _cause(finding, missed=2 * real >= sum(map(len, lone)), astray=astray)
    return _named(finding, cause)


def confirmed(folder: Folder, number: int, pair: tuple[int, int], clear: float) -> BoolArray:
    """Which minutiae of a print show in other impressions of its finger too, beside those of the pair; (n,)."""
    one = folder.prepared[number]
    shown, reached = np.zeros(len(one)), np.zeros(len(one))
    for k, finger in enumerate(folder.fingers):
        if k in pair or finger != folder.fingers[number] or not folder.raw[number, k] >= clear:
            continue
        alignment = own_alignment(folder, (number, k))
        if alignment is not None:
            reached += _within(alignment.laid(one.position), folder.prepared[k])
            shown[partners(one, folder.prepared[k], alignment, NEAR_PX[-1])[0]] += 1
    return np.asarray(shown >= np.maximum(LEAST_CONFIRMED * reached, 1))


def _named(finding: Finding, cause: str) -> Finding:
    return Finding(
        finding.probe, finding.reference, cause, finding.raw, finding.common, finding.placed, finding.alike,
        finding.qualities,
    )  # fmt: skip


def _cause(finding: Finding, *, missed: bool, astray: bool) -> str:
    """The first thing that was missing; `missed`: most minutiae without partner are real, `astray`: laid otherwise."""
    if min(finding.common) < LEAST_COMMON:
        return "overlap"
    if min(finding.qualities) < LEAST_QUALITY:
        return "quality"
    if finding.placed < LEAST_PLACED * sum(finding.common) / 2:
        return "missed" if missed else "spurious"
    if finding.alike < LEAST_ALIKE:
        return "descriptors"
    return "consensus" if astray else "score"


def _same(one: Alignment, other: Alignment, middle: complex) -> bool:
    turn = abs(np.angle(one.turn / other.turn)) if other.turn else np.pi
    apart = np.abs(one.laid(np.array([middle])) - other.laid(np.array([middle])))[0]
    return bool(turn < SAME_RAD and apart < SAME_PX)


def _within(points: Points, prepared: PreparedTemplate) -> BoolArray:
    """Which points lie in a print's convex hull, or near it."""
    beyond = (points[:, None] * prepared.hull_normals.conj()).real - prepared.hull_offsets_px
    return np.asarray(beyond.max(1, initial=-np.inf) <= COMMON_PX)


def _widest_path(folder: Folder, pair: tuple[int, int], least: float) -> list[int] | None:
    """The chain of a finger's impressions whose weakest comparison is the strongest, if that is at least `least`."""
    members = [k for k, finger in enumerate(folder.fingers) if finger == folder.fingers[pair[0]]]
    width, path = dict.fromkeys(members, 0.0), {pair[0]: [pair[0]]}
    width[pair[0]], open_members = np.inf, set(members)
    while open_members:
        here = max(open_members, key=lambda k: width[k])
        open_members.remove(here)
        if width[here] < least:
            return None
        if here == pair[1]:
            return path[here]
        for k in open_members:
            through = min(width[here], float(folder.raw[here, k]))
            if through > width[k]:
                width[k], path[k] = through, [*path[here], k]
    return None


def _told(folder: Folder, pair: tuple[int, int], alignment: Alignment | None, finding: Finding, out: Path) -> None:
    """The finding in words, and its picture in the folder."""
    name = f"{finding.cause}-{finding.probe}-{finding.reference}.png"
    cv2.imwrite(str(private(out / name)), picture(folder, pair, alignment))
    print(finding.row())


def picture(folder: Folder, pair: tuple[int, int], alignment: Alignment | None) -> ByteArray:
    """Both prints with their minutiae; partners in place are numbered, green alike and red unlike."""
    one, other = (folder.prepared[k] for k in pair)
    placed = partners(one, other, alignment, NEAR_PX[-1]) if alignment else (np.empty(0, int), np.empty(0, int))
    alike = descriptor_similarity(one, other)[placed]
    sides = [_drawn(folder, k, side, alike) for k, side in zip(pair, placed, strict=True)]
    height = max(side.shape[0] for side in sides)
    framed = [cv2.copyMakeBorder(s, 0, height - s.shape[0], 0, 6, cv2.BORDER_CONSTANT) for s in sides]
    return np.asarray(cv2.hconcat(framed), np.uint8)


def _drawn(folder: Folder, number: int, placed: np.ndarray, alike: np.ndarray) -> ByteArray:
    scan, minutiae = folder.scans[number], folder.templates[number].minutiae
    factor = PICTURE_PPI / scan.ppi
    canvas = cv2.cvtColor(cv2.resize(scan.pixels, None, fx=factor, fy=factor), cv2.COLOR_GRAY2BGR)
    scale = PICTURE_PPI / WORKING_PPI
    rank = {int(k): place for place, k in enumerate(placed)}
    for k, (x, y, angle) in enumerate(zip(minutiae.x_px, minutiae.y_px, minutiae.angle_rad, strict=True)):
        colour = (255, 120, 0) if k not in rank else (0, 180, 0) if alike[rank[k]] >= LEAST_ALIKE else (0, 0, 255)
        at = (round(float(x) * scale), round(float(y) * scale))
        tip = (round(at[0] + 12 * float(np.cos(angle))), round(at[1] + 12 * float(np.sin(angle))))
        cv2.circle(canvas, at, 4, colour, 2)
        cv2.line(canvas, at, tip, colour, 2)
        if k in rank:
            cv2.putText(canvas, str(rank[k]), (at[0] + 5, at[1] - 5), cv2.FONT_HERSHEY_SIMPLEX, 0.4, colour, 1)
    return np.asarray(canvas, np.uint8)


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Why comparisons of a folder of prints fail.")
    parser.add_argument("folder", type=Path, help="of <finger>_<impression> images")
    parser.add_argument("--out", type=Path, required=True, help="folder for the pictures")
    parser.add_argument("--model", help="name or folder of a bundle")
    parser.add_argument("--ppi", type=float, help="overrides the resolution of every file")
    parser.add_argument("--fmr", type=float, default=0.001, help="whose threshold tells failing from passing")
    parser.add_argument("--most", type=int, default=40, help="failing pairs that are looked at")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())

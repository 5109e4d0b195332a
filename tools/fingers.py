"""What two fingers of a person are worth together: the rates of decisions by both, on synthetic and on real prints.

    python tools/fingers.py --synthetic [--fingers 200] [--workers N] [--cache runs/fingers]
    python tools/fingers.py SETS --ppi 500 [--workers N] [--cache runs/fingers]

A person is two fingers of one sensor's, put together by chance; nobody is compared across sensors. Synthetic fingers
are unseen ones, half as many persons as fingers for each simulated sensor, put together `--pairings` times; beside
them persons whose two fingers have one pattern, as those of one person rather do than those of several. In SETS, a
folder of folders of `<finger>_<impression>` images, any two fingers of a set are a person, and some of their
impressions are drawn. Printed as Markdown, in per cent, with intervals of 95 % over fingers: false match rates that
were asked for beside those that were realised, by one finger and by two, whose names are known or not; of real prints
also the false non-match rate at 0.1 %, with probes as they are and cut to 8.1 x 8.1 mm, of references that keep their
skin for such touches and of others. Failures to acquire are left out. Templates and scores are kept in the cache, and a
killed run goes on where it was.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import combinations, product
from multiprocessing import get_context
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scan_changes import Cutter
from tqdm import tqdm

from fpverify.comparison import assign, combine
from fpverify.errors import FailureToAcquire
from fpverify.evaluation.rates.intervals import MeasuredRate, interval_of
from fpverify.evaluation.sets.layout import Print, find_sets, read_set
from fpverify.evaluation.templates import Outcome, TemplateCache, extraction_id, template_key
from fpverify.matching import Matcher
from fpverify.scans import read_scan
from fpverify.settings import Settings
from fpverify.store import encode_template
from fpverify.synthesis.dataset import ORDINARY, labelled_scan, master
from fpverify.synthesis.orientation import draw_class
from fpverify.synthesis.sensor import SENSORS
from fpverify.vocabulary import Interval, Scan, Score, Scores, Template

SEED = 61261124  # of the first sensor's fingers and of all draws: neither training nor calibration draws from it
ASKED_FOR = (0.01, 0.001)
BOTH_REACH = (0.3, 0.1, 0.03)  # rates of one finger, for how much oftener both reach them than independent ones
FMR = 0.001  # at which false non-matches are counted
FINGERS = 200  # synthetic ones of each sensor: 300 persons in all
PAIRINGS = 4  # of them
DRAWN = 200  # pairs of impressions of each two fingers that are persons: 45,000 pairings of five sets of ten fingers
STRANGERS = 16  # of impressions of each two persons: 100,800 of five sets
CUTS = ("the middle", "anywhere", "anywhere", "anywhere")  # 8.1 x 8.1 mm: places of which each print is cut
RESAMPLES = 500  # of the fingers: the spread is then known to 3 %
ROWS = 20  # probes whose scores are kept in one file: what a kill loses
BLOCK = 10_000  # trials whose weights are held at once: 80 MB
HEADS = ("persons", "asked for", "one finger", "two, not named", "two, named")

Way = Callable[[Scores], Score]  # from (2, 2) values, of probes and of references, to the score of both
Work = TypeVar("Work")
Done = TypeVar("Done")
Row = tuple[Outcome, NDArray[np.intp]]  # a probe, and the places of the references that it is compared with


@dataclass(frozen=True, slots=True)
class Made:
    """A print to be extracted: what tells it apart, and where it comes from."""

    name: str
    finger: int
    impression: int
    source: Print | str  # a file, or the name of a simulated sensor
    cut: int | None = None  # the number of the cut
    keeps_skin: bool = False  # as the setting has it


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """Prints of one sensor.

    Attributes:
        finger: (n,) of each print; a finger's number is its own among all sets.
        values: (n, n) score of each print as the probe with each as the reference; nan where one was not acquired, of
            synthetic prints also where they are not compared.
    """

    finger: NDArray[np.intp]
    values: Scores


@dataclass(frozen=True, slots=True, eq=False)
class Trials:
    """Decisions, each between some fingers.

    Attributes:
        fingers: (t, f) numbers of the fingers of each.
        values: (t, ...) scores.
    """

    fingers: NDArray[np.intp]
    values: Scores

    def rate(self, errors: NDArray[np.bool_]) -> MeasuredRate:
        """The share of errors, with its interval over fingers, which are drawn anew.

        A trial has the product of the weights of its fingers.
        """
        if not len(errors):
            return MeasuredRate(0.0, Interval(0.0, 1.0), 0, 0)
        names, places = np.unique(self.fingers, return_inverse=True)
        places = places.reshape(self.fingers.shape)
        kinds, kind = np.unique(np.sort(places, 1), axis=0, return_inverse=True)
        wrong, all_ = (np.bincount(kind.ravel(), of, len(kinds)) for of in (errors, np.ones(len(errors))))
        rng = np.random.default_rng(1)
        drawn = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), RESAMPLES).T.astype(np.float32)
        totals = np.zeros((2, RESAMPLES))
        for start in range(0, len(kinds), BLOCK):
            block = slice(start, start + BLOCK)
            weight = drawn[kinds[block]].prod(1)
            totals += np.array([wrong[block] @ weight, all_[block] @ weight])
        kept = totals[1] > 0
        value, count = float(errors.mean()), len(errors)
        interval = interval_of(value, totals[0, kept] / totals[1, kept], count, len(names))
        return MeasuredRate(value, interval, int(errors.sum()), count)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures what was asked for, and prints the tables."""
    given = _parsed(arguments)
    measure = synthetic if given.synthetic else real
    for line in measure(given):
        print(line, flush=True)
    return 0


# --- synthetic fingers ----------------------------------------------------------------------------------------------


def synthetic(given: argparse.Namespace) -> Iterator[str]:
    """The table of synthetic persons."""
    sets, patterns = [], []
    for number, sensor in enumerate(SENSORS):
        wanted = [
            Made(f"{sensor} {SEED + number}", finger, impression, sensor)
            for finger in range(1, given.fingers + 1)
            for impression in (1, 2)
        ]
        templates = extracted(wanted, given)
        sets.append(compared(given, templates[1::2], templates[::2], number * given.fingers))
        patterns.append([_pattern(SEED + number, finger) for finger in range(1, given.fingers + 1)])
    rng = np.random.default_rng(SEED)
    one = _stacked([_strangers(each) for each in sets])
    resembling: list[str] = []
    yield from (line_of(HEADS), line_of(["---"] * len(HEADS)))
    for name, pairs in (("by chance", _by_chance), ("of one pattern each", _of_one_pattern)):
        found = [
            [_persons(each, pairs(np.array(own), rng)) for _ in range(given.pairings)]
            for each, own in zip(sets, patterns, strict=True)
        ]
        both = _stacked([one for own in found for one in own])
        yield from false_matches(f"{name}: {len(both.values):,} comparisons", one, both)
        resembling.append(_resembling(name, [_stacked(own) for own in found]))
    heads = ("persons", *(f"both at {100 * rate:g}" for rate in BOTH_REACH))
    yield from ("", line_of(heads), line_of(["---"] * len(heads)), *resembling)


def _resembling(name: str, sensors: Sequence[Trials]) -> str:
    """A line: how many times as often both fingers reach a rate as independent ones would; the mean of the sensors."""
    cells = []
    for rate in BOTH_REACH:
        reach = [np.diagonal(one.values, axis1=1, axis2=2) >= _score(rate) for one in sensors]
        times = [one.all(1).mean() / one.mean() ** 2 for one in reach if one.any()]
        cells.append(f"{np.mean(times):.2f}" if times else "")
    return line_of([name, *cells])


def _pattern(seed: int, finger: int) -> str:
    """What `draw_finger` draws first."""
    return draw_class(np.random.default_rng([seed, finger]))


def _by_chance(patterns: NDArray[np.str_], rng: np.random.Generator) -> NDArray[np.intp]:
    """(p, 2) fingers of persons."""
    return rng.permutation(len(patterns))[: len(patterns) // 2 * 2].reshape(-1, 2)


def _of_one_pattern(patterns: NDArray[np.str_], rng: np.random.Generator) -> NDArray[np.intp]:
    """(p, 2) likewise, where both fingers of a person have the same pattern."""
    alike = (np.flatnonzero(patterns == pattern) for pattern in np.unique(patterns))
    return np.concatenate([one[_by_chance(one.astype(str), rng)] for one in alike])


def _persons(of: Compared, pairs: NDArray[np.intp]) -> Trials:
    """Every person as the probe of every other."""
    one, other = np.nonzero(~np.eye(len(pairs), dtype=bool))
    return _acquired(of, pairs[one], pairs[other])


# --- real prints ----------------------------------------------------------------------------------------------------


def real(given: argparse.Namespace) -> Iterator[str]:
    """The tables of real prints."""
    prints = [read_set(folder, ppi=given.ppi).prints for folder in find_sets([given.sets])]
    whole = [_of_set(given, number, of, None) for number, of in enumerate(prints)]
    rng = np.random.default_rng(SEED)
    yield from (line_of(HEADS), line_of(["---"] * len(HEADS)))
    both = _stacked([_strangers_drawn(each, rng) for each in whole])
    yield from false_matches(f"{len(both.values):,} comparisons", _stacked(list(map(_strangers, whole))), both)
    heads = ("probes", "pairings", "one finger", "two, not named", "share", "two, named", "share")
    yield from ("", line_of(heads), line_of(["---"] * len(heads)))
    yield _missed("as they are", whole, rng)
    for place, keeps_skin in product(dict.fromkeys(CUTS), (False, True)):
        cuts = [
            _of_set(given, number, of, cut, keeps_skin=keeps_skin)
            for cut, name in enumerate(CUTS)
            if name == place
            for number, of in enumerate(prints)
        ]
        yield _missed(f"8.1 x 8.1 mm, {place}{', `keep_skin`' if keeps_skin else ''}", cuts, rng)


def _of_set(
    given: argparse.Namespace, number: int, prints: Sequence[Print], cut: int | None, *, keeps_skin: bool = False
) -> Compared:
    """A set's prints, as they are or cut, with the same ones whole."""
    fingers = {finger: k for k, finger in enumerate(dict.fromkeys(one.finger for one in prints))}
    numbers = [fingers[one.finger] for one in prints]
    wanted = [Made(one.name, k, at, one) for at, (one, k) in enumerate(zip(prints, numbers, strict=True))]
    references = extracted([replace(one, keeps_skin=keeps_skin) for one in wanted], given)
    probes = references if cut is None else extracted([replace(one, cut=cut) for one in wanted], given)
    done = compared(given, probes, references, 0, None if cut is None else np.array(numbers))
    return replace(done, finger=np.array(numbers) + 1000 * number)


def _strangers_drawn(of: Compared, rng: np.random.Generator) -> Trials:
    """Pairs of a set's fingers with pairs of others, `STRANGERS` draws of impressions each."""
    four = [
        (one, other)
        for one in combinations(np.unique(of.finger), 2)
        for other in combinations(np.unique(of.finger), 2)
        if not set(one) & set(other)
    ]
    drawn = [_drawn(of, fingers, rng, STRANGERS) for fingers in four]
    return _acquired(of, np.concatenate([one for one, _ in drawn]), np.concatenate([other for _, other in drawn]))


def _drawn(
    of: Compared, fingers: tuple[tuple[int, ...], tuple[int, ...]], rng: np.random.Generator, count: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """(count, 2) impressions each of the fingers of two persons."""
    one, other = (
        np.stack([rng.choice(np.flatnonzero(of.finger == finger), count) for finger in side], 1) for side in fingers
    )
    return one, other


def _missed(name: str, sets: Sequence[Compared], rng: np.random.Generator) -> str:
    """A line about false non-matches."""
    one = _stacked([_mates(each) for each in sets])
    two = _stacked([_pairs(each, rng) for each in sets])
    alone = one.rate(one.values < _score(FMR))
    cells = [name, f"{len(two.values):,}", _within(alone)]
    for way in (_any_finger, _named_finger):
        both = two.rate(np.array([way(values).value for values in two.values]) < _score(FMR))
        cells += [_within(both), "" if not alone.value else f"{100 * both.value / alone.value:.1f}"]
    return line_of(cells)


def _mates(of: Compared) -> Trials:
    """Every impression with every other of its finger."""
    return _single(of, (of.finger[:, None] == of.finger) & ~np.eye(len(of.finger), dtype=bool))


def _pairs(of: Compared, rng: np.random.Generator) -> Trials:
    """Pairs of fingers with themselves: `DRAWN` draws of two impressions of each, one for the probe and another."""
    drawn = []
    for fingers in combinations(np.unique(of.finger), 2):
        sides = [
            np.array([rng.choice(np.flatnonzero(of.finger == finger), 2, replace=False) for _ in range(DRAWN)])
            for finger in fingers
        ]
        drawn.append(np.stack(sides, 1))  # (drawn, fingers, sides)
    every = np.concatenate(drawn)
    return _acquired(of, every[..., 0], every[..., 1])


# --- comparing ------------------------------------------------------------------------------------------------------


def extracted(wanted: Sequence[Made], given: argparse.Namespace) -> list[Outcome]:
    """Their templates, or why there is none; from the cache, as far as they are there."""
    return mapped(partial(_extracted, model=given.model, folder=given.cache), wanted, given.workers, "extracting")


def mapped(job: Callable[[Work], Done], work: Sequence[Work], workers: int, what: str) -> list[Done]:
    """A job's results, by several processes."""
    shown = partial(tqdm, total=len(work), desc=what, disable=None)
    if workers == 1:
        return list(shown(map(job, work)))
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        return list(shown(pool.map(job, work, chunksize=8)))


@cache
def _model(model: str | None) -> tuple[Matcher, str]:
    """The matcher, and what its templates depend on."""
    matcher = Matcher.load(model)
    return matcher, extraction_id(matcher.bundle)


def _extracted(wanted: Made, model: str | None, folder: Path) -> Outcome:
    (matcher, extraction), kept = _model(model), TemplateCache(folder)
    source = wanted.source.path.read_bytes() if isinstance(wanted.source, Print) else wanted.source.encode()
    what = f"{wanted.name} {wanted.finger} {wanted.impression} {wanted.cut} {SEED}".encode()
    what += b" with skin" * wanted.keeps_skin
    ppi = wanted.source.ppi if isinstance(wanted.source, Print) else None
    key = template_key(extraction, hashlib.sha256(what + source).hexdigest(), ppi)
    found = kept.get(key)
    if found is None:
        try:
            scan = _scan(wanted, matcher)
            found = matcher.enrolled(scan, matcher.template(scan), keeps_skin=wanted.keeps_skin)
        except FailureToAcquire as failure:
            found = str(failure)
        kept.put(key, found)
    return found


def _scan(wanted: Made, matcher: Matcher) -> Scan:
    if isinstance(wanted.source, str):
        seed, settings = int(wanted.name.split()[-1]), replace(ORDINARY, sensor=SENSORS[wanted.source])
        drawn = master(seed, wanted.finger)
        return labelled_scan(drawn, seed, wanted.finger, wanted.impression, settings).scan
    scan, cutter = read_scan(wanted.source.path, ppi=wanted.source.ppi), Cutter(matcher)
    if wanted.cut is None:
        return scan
    place = cutter.middle if CUTS[wanted.cut] == "the middle" else cutter.anywhere
    return place(scan, np.random.default_rng([SEED, wanted.cut, wanted.impression]))


def compared(
    given: argparse.Namespace,
    probes: Sequence[Outcome],
    references: Sequence[Outcome],
    first: int,
    fingers: NDArray[np.intp] | None = None,
) -> Compared:
    """Each probe with each reference, n of each; where `fingers` (n,) are given, all probes of one and no others."""
    everything = np.arange(len(references))
    rows = [
        (probe, everything if fingers is None else np.flatnonzero(fingers == fingers[k]))
        for k, probe in enumerate(probes)
    ]
    name, parts = _digest(given.model, rows, references), []
    for start in range(0, len(rows), ROWS):
        path = given.cache / f"{name}-{start}.npy"
        if not path.exists():
            job = partial(_row, references=references, model=given.model)
            values = np.array(mapped(job, rows[start : start + ROWS], given.workers, "comparing"))
            with NamedTemporaryFile(dir=given.cache, suffix=".part", delete=False) as part:
                np.save(part, values)
            Path(part.name).replace(path)
        parts.append(np.load(path))
    return Compared(np.arange(len(probes)) + first, np.concatenate(parts))


def _digest(model: str | None, rows: Sequence[Row], references: Sequence[Outcome]) -> str:
    """A name for what is compared with what: templates, and the calibration."""
    digest = hashlib.sha256(json.dumps(_model(model)[0].calibration.to_dict()).encode())
    for one, chosen in rows:
        digest.update(_bytes(one) + chosen.tobytes())
    for one in references:
        digest.update(_bytes(one))
    return digest.hexdigest()


def _bytes(one: Outcome) -> bytes:
    return encode_template(one) if isinstance(one, Template) else one.encode()


def _row(of: Row, references: Sequence[Outcome], model: str | None) -> Scores:
    """The scores (n,) of a probe with some of the references; nan with the others, and where there is no template."""
    values = np.full(len(references), np.nan)
    found = {int(k): one for k in of[1] if isinstance(one := references[k], Template)}
    if isinstance(of[0], Template) and found:
        matcher = _model(model)[0]
        values[list(found)] = matcher.calibration.scores(matcher.raw_scores(of[0], list(found.values())))
    return values


def _acquired(of: Compared, probes: NDArray[np.intp], references: NDArray[np.intp]) -> Trials:
    """The decisions between (t, 2) probes and as many references, where all were acquired.

    Where only prints of one finger are compared, those of another count as not alike at all.
    """
    values = of.values[probes[:, :, None], references[:, None, :]]  # (t, 2, 2)
    here = np.isfinite(np.diagonal(values, axis1=1, axis2=2)).all(1)
    fingers = np.concatenate([of.finger[probes], of.finger[references]], 1)
    mated = (of.finger[probes] == of.finger[references]).all()
    return Trials(fingers[here, :2] if mated else fingers[here], np.nan_to_num(values[here]))


def _strangers(of: Compared) -> Trials:
    """Every print with every one of another finger."""
    return _single(of, of.finger[:, None] != of.finger)


def _single(of: Compared, chosen: NDArray[np.bool_]) -> Trials:
    probe, reference = np.nonzero(chosen & np.isfinite(of.values))
    fingers = np.stack([of.finger[probe], of.finger[reference]], 1)
    mated = bool((fingers[:, 0] == fingers[:, 1]).all())
    return Trials(fingers[:, :1] if mated else fingers, of.values[probe, reference])


def _stacked(parts: Sequence[Trials]) -> Trials:
    return Trials(np.concatenate([one.fingers for one in parts]), np.concatenate([one.values for one in parts]))


def _any_finger(values: Scores) -> Score:
    return assign([[Score(float(value)) for value in row] for row in values]).score


def _named_finger(values: Scores) -> Score:
    return combine([Score(float(value)) for value in np.diagonal(values)])


# --- the tables -----------------------------------------------------------------------------------------------------


def false_matches(name: str, one: Trials, two: Trials) -> Iterator[str]:
    """A line for each rate that was asked for."""
    both = [np.array([way(values).value for values in two.values]) for way in (_any_finger, _named_finger)]
    for asked in ASKED_FOR:
        rates = [one.rate(one.values >= _score(asked)), *(two.rate(scores >= _score(asked)) for scores in both)]
        yield line_of([name, f"{100 * asked:g}", *map(_within, rates)])


def _score(rate: float) -> float:
    return float(-10 * np.log10(rate))


def _within(rate: MeasuredRate) -> str:
    return f"{100 * rate.value:.3f} ({100 * rate.interval.low:.3f} to {100 * rate.interval.high:.3f})"


def line_of(cells: Sequence[str]) -> str:
    """A line of a table."""
    return f"| {' | '.join(cells)} |"


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("sets", type=Path, nargs="?", help="folder of folders of prints")
    which.add_argument("--synthetic", action="store_true", help="unseen synthetic fingers")
    parser.add_argument("--ppi", type=float, help="resolution, where the files state none")
    parser.add_argument("--fingers", type=int, default=FINGERS, help="synthetic ones of each sensor")
    parser.add_argument("--pairings", type=int, default=PAIRINGS, help="of synthetic fingers to persons")
    parser.add_argument("--model", help="shipped name or folder; the release if not given")
    parser.add_argument("--workers", type=int, default=Settings().processes, help="processes that extract")
    parser.add_argument("--cache", type=Path, default=Path("runs/fingers"), help="folder of the templates")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())

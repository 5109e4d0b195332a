"""What rotation, resolution, partial probes, polarity and noise cost: error rates of sets changed in known ways.

    python tools/robustness.py SETS --ppi 500 [--model NAME|DIR] [--workers N] [--only WORDS]
    python tools/robustness.py --synthetic
    python tools/robustness.py SETS --ppi 500 --skin

SETS is a folder of folders of `<finger>_<impression>` images; with `--synthetic` the sets are unseen synthetic fingers,
one set for each simulated sensor. Pairs are those of the dense protocol, within a set; every print is the probe in
about half of its pairs. Only the probe is changed, so that an image is never compared with a copy of itself; where a
condition is about the resolution of a sensor, all of the set is. Printed as Markdown, rates in per cent: the mean of
the sets' EER, then all sets at one threshold, with intervals of 95 % over fingers, then by how much the EER rises over
that of the unchanged probes, the same fingers drawn for both. Failures to acquire count as the lowest score. Two more
lines are of those cuts anywhere of which the mate shows a quarter, and half. With `--keep-skin` prints are kept as the
setting `keep_skin` has it, which counts for cuts alone.

With `--skin` the conditions are twists, pushes and wetness of the skin, and the columns FNMR and FMR at the model's own
threshold for 0.1 %, the highest score of non-mated pairs and the score that one in a thousand of them passes.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scan_changes import (
    CELL_PER_MM,
    PARTIAL_MM,
    Change,
    Cutter,
    Skin,
    faded,
    inverted,
    place_within,
    resampled_to,
    turned_by,
)

from fpverify.comparison.overlap import overlap
from fpverify.errors import FailureToAcquire, TooFewComparisons
from fpverify.evaluation.rates.error_rates import equal_error_rate, fnmr_at_fmr
from fpverify.evaluation.rates.paired import eer_difference
from fpverify.evaluation.rates.summary import indicator_intervals, metrics
from fpverify.evaluation.runner import Runner
from fpverify.evaluation.sets.layout import Print, find_sets, read_set
from fpverify.evaluation.sets.protocol import Comparisons, Plan, finger_comparisons
from fpverify.evaluation.templates import TemplateCache
from fpverify.features.minutiae import CELL_PX
from fpverify.matching import Matcher
from fpverify.scans import read_scan
from fpverify.scans.resolution import estimate_ppi
from fpverify.settings import Settings
from fpverify.synthesis.dataset import write_ridges
from fpverify.synthesis.sensor import SENSORS
from fpverify.vocabulary import BoolArray, Evaluation, OperatingPoint, Template

Whole = tuple[Template, BoolArray]  # of a whole print, with its foreground

SEED = 31261124  # of the synthetic sets and of random places: neither training nor calibration draws from it
FINGERS, IMPRESSIONS = 20, 4  # of each synthetic set: 360 mated and 9,120 non-mated pairs in three
ANGLES_DEG = (15, 45, 90, 135, 180)
COPIES_PPI = (250.0, 1000.0)
ANYWHERE = "8.1 x 8.1 mm, anywhere"
PLACES = 3  # of such cuts in each print: with one, the EER of the same prints moves by a point with where they fall
IN_COMMON = (0.25, 0.5)  # least shares of a cut that the mate shows, for the lines below `ANYWHERE`
TWISTS_DEG, PUSHES_MM = (5, 10, 20), (1, 2, 3)  # of skin: from what nobody notices to all that it bears
WETNESS = {"a little wet": (0.2, 0.4), "wet": (0.45, 1.0), "very wet": (0.7, 1.6)}  # of `draw_slits`: least to most
NOMINAL_FMR = 0.001  # whose threshold the columns about skin are at
SKIN_HEADS = ("probes", "EER", "FMR1000", "FNMR at 0.1 %", "FMR there", "highest non-mated", "99.9 %", "FTA")
HEADS = ("probes", "mean EER", "EER", "95 %", "EER more by", "95 %", "FMR1000", "FTA")


@dataclass(frozen=True, slots=True)
class Condition:
    """A way in which prints are changed.

    Attributes:
        name: for the table.
        change: of a scan; draws from a generator of its own for every scan.
        both: references are changed as probes are.
        stated: the resolution is told; else it has to be estimated.
        draws: how often each print is changed: the part that a random place shows counts more than noise does.
    """

    name: str
    change: Change
    both: bool = False
    stated: bool = True
    draws: int = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Evaluates all conditions and prints their table, line by line."""
    given = _parsed(arguments)
    with tempfile.TemporaryDirectory() as place:
        sets = given.sets or synthetic_sets(Path(place) / "synthetic", given.fingers, given.workers)
        prints, plan = joined(sets, given.ppi)
        cache = TemplateCache(Path(place) / "cache")
        runner = Runner(model=given.model, workers=given.workers, cache=cache, keeps_skin=given.keep_skin)
        matcher = Matcher.load(given.model)
        if given.skin:
            wanted = [one for one in skin_conditions(matcher) if given.only in one.name]
            print_skin(runner, plan, prints, wanted, matcher.operating_point(NOMINAL_FMR))
            return 0
        wanted = [one for one in conditions(given.model) if given.only in one.name]
        unchanged = evaluated(runner, plan, prints, prints)
        print(f"{_line(HEADS)}\n{_line(['---'] * len(HEADS))}\n{row('as they are', unchanged)}", flush=True)
        for condition in wanted:
            drawn, pairs = repeated(prints, plan, condition.draws)
            before = unchanged if condition.draws == 1 else evaluated(runner, pairs, drawn, drawn)
            with changed(drawn, condition, Path(place)) as copies:
                done = evaluated(runner, pairs, copies, copies if condition.both else drawn)
            print(row(condition.name, done, before), flush=True)
            if condition.name == ANYWHERE:
                for part in rows_in_common(done, shares_in_common(matcher, drawn, pairs)):
                    print(part, flush=True)
    return 0


def conditions(model: str | None = None) -> list[Condition]:
    """All of them, in the table's order."""
    cutter = Cutter(Matcher.load(model))
    rotations = [Condition(f"turned by {angle} degrees", turned_by(angle)) for angle in ANGLES_DEG]
    resolutions = [
        Condition(f"all at {ppi:.0f} ppi, {told}", resampled_to(ppi), both=True, stated=told == "given")
        for ppi in COPIES_PPI
        for told in ("given", "estimated")
    ]
    return [
        *rotations,
        *resolutions,
        Condition("8.1 x 8.1 mm, the middle", cutter.middle),
        Condition(ANYWHERE, cutter.anywhere, draws=PLACES),
        Condition("bright ridges on dark", inverted),
        Condition("faded and under noise", faded),
    ]


def print_skin(
    runner: Runner, plan: Plan, prints: Sequence[Print], wanted: Sequence[Condition], point: OperatingPoint
) -> None:
    """The table of what skin does."""
    print(f"{_line(SKIN_HEADS)}\n{_line(['---'] * len(SKIN_HEADS))}")
    print(skin_row("as they are", evaluated(runner, plan, prints, prints), point), flush=True)
    for condition in wanted:
        with changed(prints, condition, Path(tempfile.gettempdir())) as copies:
            done = evaluated(runner, plan, copies, copies if condition.both else prints)
        print(skin_row(condition.name, done, point), flush=True)


def skin_conditions(matcher: Matcher) -> list[Condition]:
    """Twisted, pushed and wet probes, in the table's order."""
    skin, most = Skin(matcher), (TWISTS_DEG[-1], PUSHES_MM[-1])
    said = f"twisted by {most[0]} degrees, pushed by {most[1]} mm"
    return [
        *(Condition(f"twisted by {angle} degrees", skin.twisted(angle, 0)) for angle in TWISTS_DEG),
        *(Condition(f"pushed by {far} mm", skin.twisted(0, far)) for far in PUSHES_MM),
        Condition(said, skin.twisted(*most)),
        Condition(f"{said}, one side alone", skin.twisted(*most, one_sided=True)),
        Condition(f"both prints {said}", skin.twisted(*most), both=True),
        Condition("drawn anew, not wet", skin.wet(0, 0)),
        *(Condition(name, skin.wet(*how)) for name, how in WETNESS.items()),
        Condition(f"both prints {list(WETNESS)[-1]}", skin.wet(*WETNESS["very wet"]), both=True),
    ]


def skin_row(name: str, done: Evaluation, point: OperatingPoint) -> str:
    """A line of the table of what skin does: rates in per cent, scores as they are."""
    sides, figures = (done.mated_scores, done.non_mated_scores), metrics(done, point)
    cells = [100 * equal_error_rate(*sides), 100 * fnmr_at_fmr(*sides, 0.001), 100 * figures["fnmr"]]
    scores = [sides[1].max(), np.quantile(sides[1], 0.999)]
    rates = [f"{value:.2f}" for value in cells] + [f"{100 * figures['fmr']:.3f}"]
    return _line([name, *rates, *(f"{value:.1f}" for value in scores), f"{100 * figures['fta']:.2f}"])


def generator(number: int) -> np.random.Generator:
    """What the change of a print draws from, by its number among all."""
    return np.random.default_rng([SEED, number])


def shares_in_common(matcher: Matcher, prints: Sequence[Print], plan: Plan) -> NDArray[np.float64]:
    """How much of the probe's cut anywhere lies in the reference's foreground: the two prints are aligned whole.

    Returns:
        (n,) in [0, 1] for the plan's comparisons; 1 for non-mated ones, 0 where a print is refused or does not align.
    """
    whole = [_whole(matcher, one) for one in prints]
    places = [
        None if shown is None else place_within(shown[1], generator(number)) for number, shown in enumerate(whole)
    ]
    shares = np.ones(len(plan.comparisons))
    for at in np.flatnonzero(plan.comparisons.mated):
        probe, reference = plan.comparisons.probe[at], plan.comparisons.reference[at]
        shares[at] = _share_shown(whole[probe], whole[reference], places[probe])
    return shares


def _whole(matcher: Matcher, one: Print) -> Whole | None:
    try:
        acquired = matcher.acquire(read_scan(one.path, ppi=one.ppi))
    except FailureToAcquire:
        return None
    return None if acquired.foreground is None else (acquired.template, acquired.foreground)


def _share_shown(probe: Whole | None, reference: Whole | None, place: tuple[int, int] | None) -> float:
    if probe is None or reference is None or place is None:
        return 0.0
    alignment, foreground = overlap(probe[0], reference[0]).alignment, reference[1]
    if alignment is None:
        return 0.0
    row, column = np.mgrid[: round(PARTIAL_MM * CELL_PER_MM), : round(PARTIAL_MM * CELL_PER_MM)] + 0.5
    laid = alignment.laid(CELL_PX * (column + place[1] + 1j * (row + place[0])).ravel()) / CELL_PX
    column, row = np.floor(laid.real).astype(int), np.floor(laid.imag).astype(int)
    high, wide = foreground.shape
    inside = (row >= 0) & (row < high) & (column >= 0) & (column < wide)
    return float(np.count_nonzero(foreground[row[inside], column[inside]]) / len(laid))


def rows_in_common(done: Evaluation, shares: NDArray[np.float64]) -> Iterator[str]:
    """Lines of the table without the mated pairs of which the reference shows too little of the probe.

    Args:
        done: all cuts anywhere.
        shares: (n,) of its comparisons, as `shares_in_common` has them.
    """
    for least in IN_COMMON:
        kept = shares >= least
        left = replace(
            done,
            probe=done.probe[kept],
            reference=done.reference[kept],
            mated=done.mated[kept],
            scores=done.scores[kept],
        )
        share = float(left.mated.sum()) / max(1, int(done.mated.sum()))
        name = f"the {100 * share:.1f} % of these of which the mate shows {100 * least:.0f} %"
        try:
            yield row(name, left)
        except TooFewComparisons:  # some set has no such pair
            yield _line([name, *[""] * (len(HEADS) - 1)])


def joined(sets: Path, ppi: float | None) -> tuple[list[Print], Plan]:
    """The prints of all sets, and the plan that compares them within each set."""
    prints: list[Print] = []
    pairs: list[Comparisons] = []
    for folder in find_sets([sets]):
        own = read_set(folder, ppi=ppi)
        within = probes_in_turn(finger_comparisons([one.finger for one in own.prints]))
        first = np.int32(len(prints))
        pairs.append(replace(within, probe=within.probe + first, reference=within.reference + first))
        prints += [replace(p, name=f"{own.name}/{p.name}", finger=f"{own.name}/{p.finger}") for p in own.prints]
    sides = (np.concatenate([getattr(one, side) for one in pairs]) for side in ("probe", "reference", "mated"))
    names, fingers = tuple(one.name for one in prints), tuple(one.finger for one in prints)
    return prints, Plan("robustness", "dense", names, fingers, Comparisons(*sides), tuple(prints))


def probes_in_turn(pairs: Comparisons) -> Comparisons:
    """About half of the pairs the other way round, so that what befalls a probe counts for each print.

    With three impressions of a finger or more each is the probe in half of its pairs, or one off.
    """
    turned = (pairs.probe + pairs.reference) % 2 == 1
    return replace(
        pairs,
        probe=np.where(turned, pairs.reference, pairs.probe),
        reference=np.where(turned, pairs.probe, pairs.reference),
    )


def repeated(prints: Sequence[Print], plan: Plan, times: int) -> tuple[list[Print], Plan]:
    """Every print and every comparison several times, each time as if of prints of its own, of the same fingers."""
    if times == 1:
        return list(prints), plan
    own, count = plan.comparisons, len(prints)
    copies = [replace(one, name=f"{one.name} {n}") for n in range(1, times + 1) for one in prints]
    probe, reference = (
        np.concatenate([side + np.int32(n * count) for n in range(times)]) for side in (own.probe, own.reference)
    )
    many = replace(
        plan,
        scans=tuple(one.name for one in copies),
        fingers=plan.fingers * times,
        comparisons=Comparisons(probe, reference, np.tile(own.mated, times)),
        prints=tuple(copies),
    )
    return copies, many


def evaluated(runner: Runner, plan: Plan, probes: Sequence[Print], references: Sequence[Print]) -> Evaluation:
    """The plan's comparisons with other images in the place of its prints, each s; failures are those of the probes."""
    if probes is references:
        return runner.evaluate(replace(plan, prints=tuple(probes)))
    sides = replace(
        plan,
        scans=(*(f"probe {name}" for name in plan.scans), *plan.scans),
        fingers=plan.fingers * 2,
        comparisons=replace(plan.comparisons, reference=plan.comparisons.reference + np.int32(len(plan.scans))),
        prints=(*probes, *references),
    )
    done = runner.evaluate(sides)
    failures = {name: done.failures[f"probe {name}"] for name in plan.scans if f"probe {name}" in done.failures}
    own = plan.comparisons
    return replace(
        done,
        scans=plan.scans,
        fingers=plan.fingers,
        probe=own.probe,
        reference=own.reference,
        failures=failures,
        quality=None,
    )


@contextmanager
def changed(prints: Sequence[Print], condition: Condition, place: Path) -> Iterator[list[Print]]:
    """Changed copies of prints; blank where a resolution has to be estimated and cannot be."""
    with tempfile.TemporaryDirectory(dir=place) as folder:
        copies = []
        for number, one in enumerate(prints):
            scan = condition.change(read_scan(one.path, ppi=one.ppi), generator(number))
            path = Path(folder) / f"{number}.png"
            readable = condition.stated or estimate_ppi(scan.pixels) is not None
            pixels = scan.pixels if readable else np.zeros_like(scan.pixels)  # refused, as the scan would be
            Image.fromarray(pixels).save(path, compress_level=1)
            copies.append(replace(one, path=path, ppi=scan.ppi if condition.stated or not readable else None))
        yield copies


def row(name: str, done: Evaluation, unchanged: Evaluation | None = None) -> str:
    """A line of the table."""
    sides = done.mated_scores, done.non_mated_scores
    interval = indicator_intervals(done)["eer_interval"]
    cells = [
        name,
        f"{100 * mean_eer(done):.2f}",
        f"{100 * equal_error_rate(*sides):.2f}",
        f"{100 * interval['low']:.2f} to {100 * interval['high']:.2f}",
        *_difference(done, unchanged),
        f"{100 * fnmr_at_fmr(*sides, 0.001):.2f}",
        f"{100 * len(done.failures) / len(done.scans):.2f}",
    ]
    return _line(cells)


def mean_eer(done: Evaluation) -> float:
    """The mean of the sets' EER, each at its own threshold."""
    sets = np.array([finger.split("/")[0] for finger in done.fingers])[done.probe]
    inside = [sets == name for name in np.unique(sets)]
    return float(
        np.mean([equal_error_rate(done.scores[one & done.mated], done.scores[one & ~done.mated]) for one in inside])
    )


def _difference(done: Evaluation, unchanged: Evaluation | None) -> list[str]:
    if unchanged is None:
        return ["", ""]
    more = eer_difference(done, unchanged)
    return [f"{100 * more.value:.2f}", f"{100 * more.low:.2f} to {100 * more.high:.2f}"]


def synthetic_sets(folder: Path, fingers: int = FINGERS, workers: int = 1) -> Path:
    """Unseen synthetic fingers: a set for each simulated sensor."""
    for number, sensor in enumerate(SENSORS):
        write_ridges(
            folder / sensor,
            fingers=fingers,
            impressions=IMPRESSIONS,
            seed=SEED + number,
            workers=workers,
            sensor=sensor,
        )
    return folder


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("sets", type=Path, nargs="?", help="folder of folders of prints")
    which.add_argument("--synthetic", action="store_true", help="make sets of unseen synthetic fingers")
    parser.add_argument("--fingers", type=int, default=FINGERS, help="of each synthetic set")
    parser.add_argument("--ppi", type=float, help="resolution, where the files state none")
    parser.add_argument("--model", help="shipped name or folder; the release if not given")
    parser.add_argument("--workers", type=int, default=Settings().processes, help="processes")
    parser.add_argument("--skin", action="store_true", help="what twisted, pushed and wet skin costs")
    parser.add_argument("--keep-skin", action="store_true", help="whole prints keep what touches are compared with")
    parser.add_argument("--only", default="", help="conditions whose name contains this")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())

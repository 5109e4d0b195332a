"""Whether every decision is as before after an upgrade to another model, without enrolling again.

    python tools/upgrade.py [--references 1000] [--model NAME|DIR] [--seed N]

Synthetic fingers, two impressions of each, are enrolled with a model. Then the store is opened by another release: the
same networks under another id, whose calibration says something else. A third impression of each finger is verified as
its own subject and as the next one, alone and with the next finger's, at several rates, and searched for. All of it is
compared with what the model said before: scores bit for bit. Printed as Markdown; ends with 1 if anything differs.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy comes: as the commands run

from tqdm import tqdm

from fpverify.comparison import Calibration
from fpverify.errors import FailureToEnroll, ScanError
from fpverify.matching import require_quality
from fpverify.matching.cohorts import FILE as STRANGERS
from fpverify.models import Bundle, copy_bundle, load_bundle, write_bundle, write_search_files
from fpverify.synthesis.dataset import synthesise
from fpverify.verifier import Verifier
from fpverify.vocabulary import Decision, Identification, Scan

SEED = 70261129  # of the fingers; nothing else draws from it
EACH = 2  # impressions of a finger that are enrolled
RATES = (0.01, 0.001, 0.0001)
NEXT_ID = "another-release"
HEADS = ("what", "decisions", "matches", "differ", "before, ms", "after, ms")

Decided = Decision | Identification


@dataclass(slots=True)
class Row:
    """One kind of decision.

    Attributes:
        what: in words.
        count: how many were made.
        matches: of them.
        differ: how many are not what they were before.
        before_ms, after_ms: of each, by the clock.
    """

    what: str
    count: int = 0
    matches: int = 0
    differ: int = 0
    before_ms: list[float] = field(default_factory=list)
    after_ms: list[float] = field(default_factory=list)

    def take(self, before: Callable[[], Decided], after: Callable[[], Decided]) -> None:
        """Makes a decision by both."""
        former, present = _timed(before, self.before_ms), _timed(after, self.after_ms)
        self.count += 1
        self.matches += former.word == "match"
        self.differ += former != present

    @property
    def cells(self) -> tuple[str, ...]:
        """As HEADS has them; times are medians."""
        times = (f"{statistics.median(one):.1f}" for one in (self.before_ms, self.after_ms))
        return self.what, f"{self.count}", f"{self.matches}", f"{self.differ}", *times


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--references", type=int, default=1000)
    parser.add_argument("--model", help="that enrolls; the release if not given")
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "db"
        release = next_release(load_bundle(given.model), Path(folder) / "release")
        with Verifier.open(place, model=given.model, key="none") as before:
            probes = dict(enrolled(before, given.references, given.seed))
            models = Path(folder) / "models"
            copy_bundle(before.matcher.bundle, models / before.matcher.model_id)
            with Verifier.open(place, model=release, models=models, key="none", create=False) as after:
                rows = compared(before, after, probes)
            print(f"{before.store.count()} references of {' '.join(before.store.model_ids())}, read by {NEXT_ID}\n")
    for cells in (HEADS, ["---"] * len(HEADS), *(row.cells for row in rows)):
        print(f"| {' | '.join(cells)} |")
    return int(any(row.differ for row in rows))


def next_release(bundle: Bundle, folder: Path) -> Path:
    """The same networks under another id, with twice the score for the same similarity."""
    made, searching = bundle.contents()
    made.pop(STRANGERS, None)  # what they are asked is of the calibration that was
    plain = Calibration.from_dict(bundle.card.calibration or {}).to_dict()
    doubled = {**plain, "knots_score": [2 * one for one in plain["knots_score"]]}
    points = tuple(replace(one, model_id=NEXT_ID) for one in bundle.card.operating_points)
    card = replace(bundle.card, id=NEXT_ID, calibration=doubled, operating_points=points, search_files={})
    return write_search_files(write_bundle(folder, card, made), searching).folder


def enrolled(verifier: Verifier, references: int, seed: int) -> Iterator[tuple[str, Scan]]:
    """Subjects whose fingers are enrolled, and one more impression of each; poor prints are passed over."""
    fingers = references // EACH
    scans = (one.scan for one in synthesise(2 * fingers, EACH + 1, seed))
    usable = filter(partial(_enroll, verifier), enumerate(zip(*[scans] * (EACH + 1), strict=True)))
    for number, impressions in tqdm(islice(usable, fingers), "enrolled", fingers, unit="", disable=None):
        yield f"S{number}", impressions[EACH]


def _enroll(verifier: Verifier, finger: tuple[int, tuple[Scan, ...]]) -> bool:
    """Whether all impressions of a finger could be used; then those but the last are enrolled."""
    number, impressions = finger
    try:
        templates = [verifier.matcher.template(scan) for scan in impressions]
        for template, scan in zip(templates, impressions, strict=True):
            require_quality(template, scan.source)
    except (ScanError, FailureToEnroll):
        return False
    verifier.store.add_many([(f"S{number}", "right-index", one) for one in templates[:EACH]])
    return True


def compared(before: Verifier, after: Verifier, probes: dict[str, Scan]) -> list[Row]:
    """Every decision of two verifiers about the same store."""
    mated, other, several = Row("its own subject"), Row("another subject"), Row("two scans of two fingers")
    searched = Row("whose finger it is")
    subjects = list(probes)
    pairs = list(zip(subjects, [*subjects[1:], subjects[0]], strict=True))
    for subject, following in tqdm(pairs, desc="compared", unit="", disable=None):
        scan, pair = probes[subject], [probes[subject], probes[following]]
        for fmr in RATES:
            mated.take(lambda: before.verify(scan, subject, fmr=fmr), lambda: after.verify(scan, subject, fmr=fmr))  # noqa: B023
            other.take(lambda: before.verify(scan, following, fmr=fmr), lambda: after.verify(scan, following, fmr=fmr))  # noqa: B023
        several.take(lambda: before.verify(pair, subject), lambda: after.verify(pair, subject))  # noqa: B023
        searched.take(lambda: before.identify(scan), lambda: after.identify(scan))  # noqa: B023
    return [mated, other, several, searched]


def _timed(decide: Callable[[], Decided], times_ms: list[float]) -> Decided:
    start = time.perf_counter()
    made = decide()
    times_ms.append(1000 * (time.perf_counter() - start))
    return made


if __name__ == "__main__":
    sys.exit(main())

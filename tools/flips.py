"""Single bits flipped in archives and in a store's file: is each one found that touches what is kept?

    python tools/flips.py [--flips 10000] [--subjects 20] [--seed 0] [--json]

Archives, under a passphrase and plain: every flip has to be refused with an error of fpverify's own, and nothing may
be imported. The store's file: a flip is either found (opening, `Store.check` or the inspection of the audit trail
fails) or harmless (everything that can be read is what it was, bit for bit). Ends with 1 if anything was altered
unnoticed or raised another error.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from fpverify.errors import FpverifyError
from fpverify.store import Store, encode_template
from fpverify.store.archive import LEAST_COST
from fpverify.store.inspection import inspect
from fpverify.store.transfer import export_archive, import_archive, opened_archive
from fpverify.vocabulary import Minutiae, Scan, Template

MINUTIAE, DESCRIPTOR = 40, 64  # of a template, as the release model's
PASSPHRASE = "a passphrase of a trial"  # noqa: S105 - protects nothing
FOUND, HARMLESS, UNNOTICED, CRASHED = "found", "harmless", "unnoticed", "crashed"


def main(arguments: Sequence[str] | None = None) -> int:
    """Flips bits, prints what became of them, and returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--flips", type=int, default=10_000, help="In each of the three files.")
    parser.add_argument("--subjects", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    with TemporaryDirectory() as folder:
        os.environ["XDG_CONFIG_HOME"] = folder
        result = trials(Path(folder), given.flips, given.subjects, given.seed)
    if given.json:
        print(json.dumps(result))
    else:
        for name, counts in result.items():
            print(f"{name:<28}" + ", ".join(f"{number} {what}" for what, number in counts.items()))
    return int(any(counts.keys() & {UNNOTICED, CRASHED} for counts in result.values()))


def trials(folder: Path, flips: int, subjects: int, seed: int) -> dict[str, dict[str, int]]:
    """How many flips of each file were found, harmless, unnoticed, or raised what they should not."""
    store = folder / "store.sqlite"
    fill(store, subjects, seed)
    counts = {}
    for name, passphrase in (("archive, passphrase", PASSPHRASE), ("archive, plain", None)):
        archive = folder / name
        with Store.open(store) as opened:
            export_archive(opened, archive, passphrase=passphrase, cost=LEAST_COST)
        with Store.open(folder / f"{name}.sqlite") as empty:
            counts[name] = flipped(archive, flips, seed, Arrival(empty, passphrase))
    known = contents(store)
    counts["store"] = flipped(store, flips, seed, lambda path: HARMLESS if contents(path) == known else UNNOTICED)
    return counts


def flipped(path: Path, flips: int, seed: int, outcome: Callable[[Path], str]) -> dict[str, int]:
    """What became of single flips, each in a copy of a file; different bits as long as there are enough."""
    whole = path.read_bytes()
    rng = np.random.default_rng(seed)
    counts: Counter[str] = Counter()
    for bit in rng.choice(8 * len(whole), flips, replace=flips > 8 * len(whole)):
        altered = bytearray(whole)
        altered[bit // 8] ^= 1 << int(bit % 8)
        path.write_bytes(altered)
        try:
            counts[outcome(path)] += 1
        except FpverifyError:
            counts[FOUND] += 1
        except Exception as error:
            counts[CRASHED] += 1
            print(f"{path.name}, bit {bit}: {type(error).__name__}: {error}", file=sys.stderr)
    path.write_bytes(whole)
    return dict(counts)


class Arrival:
    """Imports archives into a store, which has to stay empty."""

    def __init__(self, store: Store, passphrase: str | None) -> None:
        self._store = store
        self._passphrase = passphrase

    def __call__(self, path: Path) -> str:
        """UNNOTICED, or the error that was raised."""
        try:
            with opened_archive(path, self._passphrase) as archive:
                import_archive(self._store, archive)
        except FpverifyError:
            if not self._store.subjects():
                raise
        return UNNOTICED


def contents(path: Path) -> list[object]:
    """Everything that a store holds; raises FpverifyError if it was altered."""
    with Store.open(path, create=False) as store:
        store.check()
        found = inspect(store)
        if not found.intact:
            raise FpverifyError(found.findings[0])
        subjects = sorted({one.subject for one in store.subjects()})
        notes = [(subject, store.metadata(subject)) for subject in subjects]
        records = [(str(one), encode_template(one.template)) for one in store.records()]
        scans = [scan_bytes(store, subject) for subject in subjects]
        return [notes, records, scans, list(store.audit_entries())]


def scan_bytes(store: Store, subject: str) -> bytes | None:
    """Pixels of the subject's first impression."""
    scan = store.scan(subject, "right-index", 1)
    return None if scan is None else scan.pixels.tobytes()


def fill(path: Path, subjects: int, seed: int) -> None:
    """Makes a store; every fourth subject has notes and a scan."""
    rng = np.random.default_rng(seed)
    with Store.open(path) as store:
        for number in range(subjects):
            pixels = rng.integers(0, 256, (32, 32)).astype(np.uint8)
            scan = None if number % 4 else Scan(pixels, 500.0, "scan", False, False)
            store.add(
                f"S{number}", "right-index", template(rng), enrolled_at=datetime(2026, 1, 1, tzinfo=UTC), scan=scan
            )
            if scan is not None:
                store.update(f"S{number}", metadata={"gate": number})


def template(rng: np.random.Generator) -> Template:
    """Random minutiae and descriptors."""
    minutiae = Minutiae(
        x_px=(rng.integers(0, 1600, MINUTIAE) / 8).astype(np.float32),
        y_px=(rng.integers(0, 1600, MINUTIAE) / 8).astype(np.float32),
        angle_rad=np.zeros(MINUTIAE, np.float32),
        quality=np.ones(MINUTIAE, np.float32),
    )
    descriptors = rng.integers(-127, 128, (MINUTIAE, DESCRIPTOR)).astype(np.int8)
    return Template(model_id="trial-1", quality=1.0, minutiae=minutiae, descriptors=descriptors)


if __name__ == "__main__":
    sys.exit(main())

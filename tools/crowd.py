"""Many processes that enroll, read and note decisions in one store at once: is anything lost or refused?

    python tools/crowd.py [LOCATION] [--processes 8] [--seconds 60]

LOCATION is a folder or a PostgreSQL URL, a temporary folder if not given. Every process enrolls impressions of a
subject of its own and of one that all share, reads them back, and enters decisions in the audit trail. In the end
every impression has to be there, numbered without a gap, and the trail has to agree. Ends with 1 otherwise.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import numpy as np

from fpverify.store import Store
from fpverify.store.inspection import inspect
from fpverify.vocabulary import Minutiae, Template

MINUTIAE, DESCRIPTOR = 40, 64  # of a template, as the release model's
PATIENCE_S = 60.0  # that a process waits for the others


def main(arguments: Sequence[str] | None = None) -> int:
    """Lets the crowd in, and counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("location", nargs="?", help="folder or URL")
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=60.0)
    given = parser.parse_args(arguments)
    with TemporaryDirectory() as folder:
        location = given.location or str(Path(folder) / "db")
        key = str(Path(folder) / "crowd.key")
        Store.open(location, key=key).close()
        run = uuid4().hex[:8]
        with ProcessPoolExecutor(given.processes, mp_context=get_context("spawn")) as pool:
            jobs = [
                pool.submit(enroll_on, location, key, run, number, given.seconds) for number in range(given.processes)
            ]
            counts = [job.result() for job in jobs]
        findings = lost(location, key, run, counts)
    print(f"{given.processes} processes, {given.seconds:g} s: {2 * sum(counts)} enrollments, as many readings")
    print("\n".join(findings) or "nothing lost, nothing refused, the trail agrees")
    return int(bool(findings))


def enroll_on(location: str, key: str, run: str, number: int, seconds: float) -> int:
    """How many times one process enrolled its own and the shared subject."""
    rng, count = np.random.default_rng(number), 0
    with Store.open(location, key=key, timeout_s=PATIENCE_S) as store:
        end = time.monotonic() + seconds  # from here on: opening takes its turn among the others
        while time.monotonic() < end:
            store.add(f"{run}-{number}", "left-index", random_template(rng))
            store.add(f"{run}-shared", "right-index", random_template(rng))
            count += 1
            if len(store.references(f"{run}-{number}")) != count:
                raise AssertionError(f"process {number} does not find what it enrolled")
            store.append_audit("verify", f"{run}-{number}", decision="match")
    return count


def lost(location: str, key: str, run: str, counts: Sequence[int]) -> list[str]:
    """What is not as it should be."""
    findings: list[str] = []
    with Store.open(location, key=key, timeout_s=PATIENCE_S) as store:
        store.check()
        findings += inspect(store).findings
        expected = {f"{run}-{number}": count for number, count in enumerate(counts)} | {f"{run}-shared": sum(counts)}
        for subject, count in expected.items():
            numbers = [one.impression for one in store.references(subject)]
            if numbers != list(range(1, count + 1)):
                findings.append(f"{subject}: {len(numbers)} impressions instead of {count}")
    return findings


def random_template(rng: np.random.Generator) -> Template:
    """A template of nobody."""
    x, y = rng.uniform(0, 190, (2, MINUTIAE)).astype(np.float32)
    angle = rng.uniform(-3, 3, MINUTIAE).astype(np.float32)
    minutiae = Minutiae(x, y, angle, np.ones(MINUTIAE, np.float32))
    return Template("crowd-1", 0.8, minutiae, rng.integers(-15, 16, (MINUTIAE, DESCRIPTOR)).astype(np.int8))


if __name__ == "__main__":
    sys.exit(main())

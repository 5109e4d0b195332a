"""How many doors open to somebody who holds a key that decides and tries strangers' prints, within the shipped limits.

    python tools/door.py [--targets 12] [--calls 5000] [--strangers 40]

Starts `fpverify serve` with a store of its own and enrolls synthetic fingers. Then prints of other fingers are sent,
one after the other and without a pause, by turns to verify a target and to identify, with a key of the scope `verify`.
A call that is locked out counts as a call. Printed are the targets that a print opened, the calls by how they were
answered, and how many tries were decided.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from http_benchmark import FPVERIFY, free_port, wait_until_ready
from tqdm import tqdm

from fpverify import synthesise
from fpverify.client import Client
from fpverify.errors import ServiceError
from fpverify.scans import write_scan

SEED = 61261129  # neither training nor calibration draws from it


def main(arguments: Sequence[str] | None = None) -> int:
    """Tries, and prints what came of it."""
    given = _parsed(arguments)
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as (admin, door):
        prints = written(Path(folder), given.targets + given.strangers)
        targets = [f"target-{number}" for number in range(given.targets)]
        for target, scan in zip(targets, prints, strict=False):
            admin.enroll(scan, target, unchecked=True)
        print(tried(door, targets, prints[given.targets :], given.calls))
    return 0


def tried(door: Client, targets: Sequence[str], strangers: Sequence[Path], calls: int) -> str:
    """The lines that are printed."""
    opened: set[str] = set()
    answered: Counter[str] = Counter()
    began = time.monotonic()
    for call in tqdm(range(calls), desc="trying", disable=None):
        scan, target = strangers[call // 2 % len(strangers)], targets[call // 2 % len(targets)]
        try:
            answer = door.identify(scan) if call % 2 else door.verify(scan, target)
            answered[answer["decision"]] += 1
            opened |= {one["subject"] for one in answer.get("candidates", [])} if call % 2 else set()
            opened |= {target} if answer and not call % 2 else set()
        except ServiceError as refused:
            answered[f"status {refused.status}"] += 1
    how = ", ".join(f"{count:,} {what}" for what, count in answered.most_common())
    return f"{len(opened)} of {len(targets)} opened in {calls:,} calls, {time.monotonic() - began:.0f} s: {how}"


@contextmanager
def served(folder: Path) -> Iterator[tuple[Client, Client]]:
    """A service with the shipped limits; a client of an administrator, and one of a door."""
    environment, store = {**os.environ, "XDG_CONFIG_HOME": str(folder)}, f"--db={folder / 'store'}"
    port, clients = free_port(), []
    for scope in ("admin", "verify"):
        made = [*FPVERIFY, "api-keys", "new", f"--name={scope}", f"--scope={scope}", store]
        key = subprocess.run(made, capture_output=True, text=True, check=True, env=environment).stdout.strip()
        clients.append(Client(f"http://127.0.0.1:{port}", key))
    words = ["serve", f"--port={port}", store]
    process = subprocess.Popen([*FPVERIFY, *words], stderr=subprocess.DEVNULL, env=environment)
    try:
        wait_until_ready(clients[0].url, process)
        yield clients[0], clients[1]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def written(folder: Path, fingers: int) -> list[Path]:
    """A print of each of some fingers."""
    paths = []
    for number, one in enumerate(synthesise(fingers, 1, SEED)):
        path = folder / f"{number}.png"
        write_scan(one.scan, path)
        paths.append(path)
    return paths


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n", 1)[0])
    parser.add_argument("--targets", type=int, default=12)
    parser.add_argument("--calls", type=int, default=5000)
    parser.add_argument("--strangers", type=int, default=40, help="fingers whose prints are tried")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())

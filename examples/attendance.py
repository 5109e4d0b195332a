"""Attendance: a scanner drops scans into a folder, and each becomes a line of a CSV file with a name and a time.

    python attendance.py INBOX PRESENT.csv [--once]

Everybody is enrolled in the store that `FPVERIFY_DB` or `fpverify.yaml` names. Each scan is searched among all of them,
at a false positive identification rate for the whole search, and deleted afterwards: a scan is a print of a person.
"""

from __future__ import annotations

import csv
import sys
import time
from datetime import datetime
from pathlib import Path

from fpverify import Verifier
from fpverify.errors import ScanError

FPIR = 0.001  # of a search: one visitor in 1,000 who is not enrolled is taken for somebody
POLL_S = 0.5
STILL_S = 1.0  # a file that has not changed for so long is written


def arrived(inbox: Path) -> list[Path]:
    """Scans that are written, the oldest first."""
    found = [path for path in inbox.glob("*.bmp") if time.time() - path.stat().st_mtime >= STILL_S]
    return sorted(found, key=lambda path: path.stat().st_mtime)


def noted(verifier: Verifier, scan: Path) -> tuple[str, str]:
    """Who it is and why not, one of them empty."""
    try:
        found = verifier.identify(scan, fpir=FPIR)
    except ScanError as error:
        return "", str(error)
    return (found.matches[0].subject, "") if found else ("", "nobody who is enrolled")


def main(inbox: str, present: str, once: str = "") -> None:
    """Notes whoever comes, until it is ended; with `--once`, whoever is there."""
    with Verifier.open() as verifier, Path(present).open("a", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        while True:
            for scan in arrived(Path(inbox)):
                subject, why = noted(verifier, scan)
                lines.writerow([datetime.now().astimezone().isoformat(timespec="seconds"), subject, why])
                file.flush()
                print(subject or f"come again: {why}")
                scan.unlink()
            if once:
                return
            time.sleep(POLL_S)


if __name__ == "__main__":
    main(*sys.argv[1:])

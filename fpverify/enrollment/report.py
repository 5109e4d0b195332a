"""Outcomes as a CSV file, line by line as they come."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from fpverify.enrollment.outcomes import RowOutcome

COLUMNS = ("id", "finger", "file", "outcome", "reason", "other_id", "score")


@contextmanager
def report_file(path: Path) -> Iterator[Callable[[RowOutcome], None]]:
    """A file that takes outcomes; each is in it at once, so that a kill leaves those that were told.

    Args:
        path: is written anew, readable by its owner only: it says who is enrolled.
    """
    with open(path, "w", newline="", encoding="utf-8", opener=_owners_only) as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)

        def tell(one: RowOutcome) -> None:
            row, score = one.row, "" if one.score is None else f"{one.score:.2f}"
            writer.writerow((row.subject, row.finger, row.file, one.outcome, one.reason, one.other_subject, score))
            file.flush()

        yield tell


def _owners_only(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)

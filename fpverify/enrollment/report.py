"""Outcomes as a CSV file, line by line as they come; `read_rows` takes it for a list again."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from fpverify.enrollment.cells import guarded
from fpverify.enrollment.outcomes import RowOutcome
from fpverify.folders import open_private

COLUMNS = ("id", "finger", "file", "outcome", "reason", "other_id", "score")


@contextmanager
def report_file(path: Path) -> Iterator[Callable[[RowOutcome], None]]:
    """A file that takes outcomes; each is in it at once, so that a kill leaves those that were told.

    Args:
        path: is written anew, readable by its owner only.
    """
    with open_private(path) as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)

        def tell(one: RowOutcome) -> None:
            row, score = one.row, "" if one.score is None else f"{one.score:.2f}"
            words = (row.subject, row.finger, row.file, one.outcome, one.reason, one.other_subject)
            writer.writerow((*map(guarded, words), score))
            file.flush()

        yield tell

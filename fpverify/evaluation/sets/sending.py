"""Files of prints that are sent to workers which do not see them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fpverify.errors import ScanError
from fpverify.evaluation.sets.layout import Print
from fpverify.executors import Workforce
from fpverify.scans.files import file_bytes


def sent_content(
    prints: Sequence[Print], chosen: Sequence[int], workforce: Workforce, *, here: bool = False
) -> Iterator[tuple[int, bytes | None]]:
    """Of each chosen print its number, and the content of its file, read when its turn comes; None if it is not sent.

    Args:
        prints: of a set. All of them are seen by all workers, or none, as the first of those that were chosen is.
        chosen: (n) their numbers.
        workforce: who needs them.
        here: nobody but this process does.
    """
    sends = bool(chosen) and not here and not workforce.sees(prints[chosen[0]].path)
    for number in chosen:
        yield number, _content(prints[number]) if sends else None


def _content(one: Print) -> bytes | None:
    """None of a file that cannot be read, which is then told where it was to be read."""
    try:
        return file_bytes(one.path)
    except ScanError:
        return None

"""How often an index leaves the mate out: measured with a model's templates, and kept beside its codebook.

ISO/IEC 19795-1 calls it the pre-selection error: the share of mates that are not among the references compared in full.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from fpverify.errors import CorruptModel
from fpverify.models import Bundle

FILE = "preselection.json"  # of the bundle; `tools/preselection.py --write` makes it


@dataclass(frozen=True, slots=True)
class Measured:
    """How many mates one index left out of one gallery.

    Attributes:
        index: its name.
        references: of the gallery.
        shortlist: references that it proposed.
        mates: how many were looked for.
        missed: how many of them were not proposed.
    """

    index: str
    references: int
    shortlist: int
    mates: int
    missed: int

    @property
    def error(self) -> float:
        """The pre-selection error, in [0, 1]."""
        return self.missed / self.mates


def preselection_error(bundle: Bundle, index: str, references: int) -> float | None:
    """Of an index with so many references, as measured in the smallest gallery that is not smaller, or the largest.

    None if it was never measured.

    Raises:
        CorruptModel: the file is missing, does not fit its hash, or cannot be read.
    """
    if FILE not in bundle.card.search_files:
        return None
    known = sorted(
        (one for one in decoded(bundle.content(FILE), str(bundle.folder / FILE)) if one.index == index),
        key=lambda one: one.references,
    )
    large = [one for one in known if one.references >= references] or known[-1:]
    return large[0].error if large else None


def encoded(measured: Sequence[Measured], made_by: str) -> bytes:
    """The bytes of the file."""
    plain = {"made_by": made_by, "measured": [asdict(one) for one in measured]}
    return (json.dumps(plain, indent=1) + "\n").encode()


def decoded(content: bytes, source: str) -> list[Measured]:
    """What a file holds, whose bytes were checked; raises CorruptModel."""
    try:
        return [Measured(**one) for one in json.loads(content)["measured"]]
    except (ValueError, KeyError, TypeError) as error:
        raise CorruptModel(f"{source}: not the figures of an index") from error

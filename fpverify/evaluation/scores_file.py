"""Scores on disk: one CSV a set, `probe,reference,mated,score`; an empty score is a failure to acquire."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fpverify.errors import ScanError
from fpverify.vocabulary import BoolArray, Evaluation, Scores

HEADER = ("probe", "reference", "mated", "score")
FAILED = frozenset(("", "nan", "fail"))


@dataclass(frozen=True, slots=True, eq=False)
class ScoresFile:
    """What a scores file says, in its own order.

    Attributes:
        probes, references: stems of file names.
        mated: (n,) bool.
        scores: (n,) float64, failures -inf.
    """

    probes: tuple[str, ...]
    references: tuple[str, ...]
    mated: BoolArray
    scores: Scores


def write_scores(evaluation: Evaluation, path: str | Path) -> None:
    """Writes every comparison; the scores read back exactly."""
    with Path(path).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        for probe, reference, mated, score in zip(
            evaluation.probes, evaluation.references, evaluation.mated, evaluation.scores, strict=True
        ):
            writer.writerow((probe, reference, int(mated), repr(float(score)) if np.isfinite(score) else ""))


def read_scores(path: str | Path) -> ScoresFile:
    """Reads a scores file of any matcher; `genuine` is accepted for `mated`.

    Raises:
        ScanError: the file is missing or a line is malformed; names file and line.
    """
    path = Path(path)
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = [_row(row, path, number) for number, row in enumerate(csv.DictReader(file), 2)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ScanError(f"{path}: cannot be read as a scores file: {error}") from error
    if not rows:
        raise ScanError(f"{path}: no comparisons; a header {','.join(HEADER)} and lines below it were expected")
    probes, references, mated, scores = zip(*rows, strict=True)
    return ScoresFile(probes, references, np.array(mated, bool), np.array(scores, np.float64))


def _row(row: dict[str, str | None], path: Path, number: int) -> tuple[str, str, bool, float]:
    try:
        mated = {"0": False, "1": True}[str(row.get("mated", row.get("genuine"))).strip()]
        text = (row["score"] or "").strip().lower()
        score = -np.inf if text in FAILED else float(text)
        probe, reference = row["probe"], row["reference"]
    except (KeyError, ValueError) as error:
        raise ScanError(
            f"{path}:{number}: malformed line; {','.join(HEADER)} with mated 0 or 1 was expected"
        ) from error
    if not probe or not reference:
        raise ScanError(f"{path}:{number}: probe or reference is missing")
    return probe, reference, mated, score

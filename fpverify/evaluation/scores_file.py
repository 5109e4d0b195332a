"""Scores on disk: one CSV a set, `probe,reference,mated,score`; an empty score is a failure to acquire."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from fpverify.errors import ScanError
from fpverify.vocabulary import Evaluation

HEADER = ("probe", "reference", "mated", "score")
FAILED = frozenset(("", "nan", "fail"))


def write_scores(evaluation: Evaluation, path: str | Path) -> None:
    """Writes every comparison; the scores read back exactly."""
    with Path(path).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        for probe, reference, mated, score in zip(
            evaluation.probes, evaluation.references, evaluation.mated, evaluation.scores, strict=True
        ):
            writer.writerow((probe, reference, int(mated), repr(float(score)) if np.isfinite(score) else ""))


def read_scores(path: str | Path) -> Evaluation:
    """The comparisons of any matcher's scores file; `genuine` is accepted for `mated`.

    Fingers are what the mated lines connect, named after the names' part before the last `_` where that agrees. A scan
    of which no comparison was made failed to acquire.

    Args:
        path: of the file; its stem becomes the name of the evaluation and of the model.

    Raises:
        ScanError: the file is missing, or a line is malformed, repeats or contradicts another; names file and line.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
        lines = content.decode("utf-8-sig").splitlines()
        rows = [_row(row, path, number) for number, row in enumerate(csv.DictReader(lines), 2)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ScanError(f"{path}: cannot be read as a scores file: {error}") from error
    if not rows:
        raise ScanError(f"{path}: no comparisons; a header {','.join(HEADER)} and lines below it were expected")
    scans = tuple(dict.fromkeys(name for row in rows for name in row[:2]))
    number = {name: k for k, name in enumerate(scans)}
    probe = np.array([number[row[0]] for row in rows], np.int32)
    reference = np.array([number[row[1]] for row in rows], np.int32)
    mated, scores = np.array([row[2] for row in rows], bool), np.array([row[3] for row in rows], np.float64)
    return Evaluation(
        scans=scans,
        fingers=_fingers(scans, zip(probe[mated].tolist(), reference[mated].tolist(), strict=True)),
        probe=probe,
        reference=reference,
        mated=mated,
        scores=scores,
        name=path.stem,
        protocol="as listed",
        data_hash=hashlib.sha256(content).hexdigest(),
        model_id=path.stem,
        failures=dict.fromkeys(_never_compared(scans, probe, reference, scores), "no comparison was made"),
    )


def _fingers(scans: tuple[str, ...], mated: Iterable[tuple[int, int]]) -> tuple[str, ...]:
    """For each scan the name of its finger: scans connected by mated comparisons are of one."""
    first = list(range(len(scans)))  # a scan known to be of the same finger, nearer to the beginning

    def root(scan: int) -> int:
        while first[scan] != scan:
            first[scan] = first[first[scan]]
            scan = first[scan]
        return scan

    for one, other in mated:
        low, high = sorted((root(one), root(other)))
        first[high] = low
    groups = [scans[root(scan)] for scan in range(len(scans))]
    named = [name.rpartition("_")[0] or name for name in scans]
    agree = len(set(zip(groups, named, strict=True))) == len(set(groups)) == len(set(named))
    return tuple(named if agree else groups)


def _never_compared(scans: tuple[str, ...], probe: np.ndarray, reference: np.ndarray, scores: np.ndarray) -> list[str]:
    made = np.isfinite(scores)
    compared = set(probe[made].tolist()) | set(reference[made].tolist())
    return [name for number, name in enumerate(scans) if number not in compared]


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

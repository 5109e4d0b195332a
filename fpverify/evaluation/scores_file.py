"""Scores on disk: one CSV a set, `probe,reference,mated,score`; an empty score is a failure to acquire."""

from __future__ import annotations

import csv
import hashlib
import io
from array import array
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fpverify.errors import ScanError, WrongKind
from fpverify.folders import open_private, path_of
from fpverify.vocabulary import BoolArray, Evaluation, IndexArray, Scores

HEADER = ("probe", "reference", "mated", "score")
EXPECTED = ",".join(HEADER)
FAILED = frozenset(("", "nan", "fail", "-inf"))
WIDE_CHARACTERS = (b"\xff\xfe", b"\xfe\xff")  # how a file of UTF-16 begins
SEPARATORS = {";": ";", "\t": "tabs", "|": "|"}  # of other files than CSV
SHOWN_HEADER = 100  # characters of a header that is wrong


class _Lines(NamedTuple):
    """Names of the scans, and (n,) columns of the comparisons: indices of scans, truth, score, number of the line."""

    scans: tuple[str, ...]
    probe: IndexArray
    reference: IndexArray
    mated: BoolArray
    scores: Scores
    number: NDArray[np.int64]


def write_scores(evaluation: Evaluation, path: str | Path) -> None:
    """Writes every comparison; the scores read back exactly."""
    if not isinstance(evaluation, Evaluation):
        raise WrongKind("an Evaluation was expected", evaluation)
    scans = evaluation.scans
    columns = (evaluation.probe, evaluation.reference, evaluation.mated, evaluation.scores)
    with open_private(path_of(path)) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        for probe, reference, mated, score in zip(*columns, strict=True):
            shown = repr(float(score)) if np.isfinite(score) else ""
            writer.writerow((scans[probe], scans[reference], int(mated), shown))


def read_scores(path: str | Path) -> Evaluation:
    """The comparisons of any matcher's scores file; `genuine` is accepted for `mated`, and more columns are left alone.

    A score that is empty, `nan`, `fail` or `-inf` is a failure to acquire.

    Fingers are read off the names where all lines agree with that: `101_3` is of finger 101, so is `101/3`, and so are
    `a/101_3` and `b/101/3` of two sensors. Otherwise they are what the mated lines connect. A scan of which no
    comparison was made failed to acquire.

    Args:
        path: of the file; its stem becomes the name of the evaluation and of the model.

    Raises:
        ScanError: the file is missing or no CSV of UTF-8, its header is another, or a line is malformed, repeats or
            contradicts another; names file and line.
    """
    path = path_of(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ScanError(f"{path}: cannot be read as a scores file: {error.strerror or error}") from error
    lines = _lines(csv_text(content, path), path)
    _refuse_repeated(lines, path)
    return Evaluation(
        scans=lines.scans,
        fingers=_fingers(lines, path),
        probe=lines.probe,
        reference=lines.reference,
        mated=lines.mated,
        scores=lines.scores,
        name=path.stem,
        protocol="as listed",
        data_hash=hashlib.sha256(content).hexdigest(),
        model_id=path.stem,
        failures=dict.fromkeys(_never_compared(lines), "no comparison was made"),
    )


def csv_text(content: bytes, path: Path) -> str:
    """The text of a CSV file.

    Raises:
        ScanError: it is no UTF-8; says what it is, as far as that shows.
    """
    if content.startswith(WIDE_CHARACTERS) or b"\0" in content[:100]:
        raise ScanError(f"{path}:1: this is UTF-16 or no text: save as UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ScanError(f"{path}:{line}: byte 0x{content[error.start]:02x} is no UTF-8: save as UTF-8") from error


def header_fault(first: Sequence[str], expected: str) -> str:
    """What is wrong with the first line of a CSV file, whose cells are given, where another was expected."""
    line = ", ".join(cell.strip() for cell in first)[:SHOWN_HEADER]
    found = f"found {line!r}"
    for mark, name in SEPARATORS.items():
        if len(first) == 1 and mark in line:
            found += f", separated by {name} instead of commas"
    if any(_is_number(cell) for cell in first):
        found += ", so there is no header"
    return f"a header {expected} was expected; {found}"


def _is_number(text: str) -> bool:
    try:
        return "_" not in text and float(text) is not None  # Python takes 1_1, a name, for 11
    except ValueError:
        return False


def _lines(text: str, path: Path) -> _Lines:
    scans: dict[str, int] = {}
    probe, reference, mated, scores, number = array("i"), array("i"), array("b"), array("d"), array("q")
    reader = csv.DictReader(io.StringIO(text, newline=""), skipinitialspace=True)
    try:
        _name_columns(reader, path)
        for row in reader:
            one, other, truth, score = _row(row, path, reader.line_num)
            probe.append(scans.setdefault(one, len(scans)))
            reference.append(scans.setdefault(other, len(scans)))
            mated.append(truth)
            scores.append(score)
            number.append(reader.line_num)
    except csv.Error as error:
        raise ScanError(f"{path}:{reader.line_num}: cannot be read as a scores file: {error}") from error
    if not number:
        raise ScanError(f"{path}: no comparisons; a header {','.join(HEADER)} and lines below it were expected")
    return _Lines(
        tuple(scans),
        np.array(probe, np.int32),
        np.array(reference, np.int32),
        np.array(mated, bool),
        np.array(scores, np.float64),
        np.array(number, np.int64),
    )


def _name_columns(reader: csv.DictReader[str], path: Path) -> None:
    """Takes the header as it is meant: capitals and blanks make no other one."""
    first = reader.fieldnames or ()
    names = [cell.strip().lower() for cell in first]
    if first and not ({"probe", "reference", "score"} <= set(names) and {"mated", "genuine"} & set(names)):
        raise ScanError(f"{path}:{reader.line_num}: {header_fault(first, EXPECTED)}")
    reader.fieldnames = names


def _row(row: dict[str, str | None], path: Path, line: int) -> tuple[str, str, bool, float]:
    names = "probe", "reference", "mated" if "mated" in row else "genuine", "score"
    probe, reference, truth, text = ((row[name] or "").strip() for name in names)
    if None in row.values() or truth not in {"0", "1"}:
        raise ScanError(f"{path}:{line}: malformed line; {EXPECTED} with mated 0 or 1 was expected")
    if not probe or not reference:
        raise ScanError(f"{path}:{line}: probe or reference is missing")
    if probe == reference:
        raise ScanError(f"{path}:{line}: {probe} is compared with itself")
    return probe, reference, truth == "1", _score(text, path, line)


def _score(text: str, path: Path, line: int) -> float:
    if text.lower() in FAILED:
        return -np.inf
    if not _is_number(text) or not float(text) < np.inf:
        raise ScanError(f"{path}:{line}: malformed line; the score {text} is no number")
    return float(text)


def _refuse_repeated(lines: _Lines, path: Path) -> None:
    """Nothing, unless two lines have the same probe and reference."""
    pair = lines.probe.astype(np.int64) << 32 | lines.reference
    _, first = np.unique(pair, return_index=True)
    if len(first) < len(pair):
        again = np.setdiff1d(np.arange(len(pair)), first)[0]
        before = np.flatnonzero(pair == pair[again])[0]
        raise ScanError(f"{path}:{lines.number[again]}: repeats the comparison of line {lines.number[before]}")


def _fingers(lines: _Lines, path: Path) -> tuple[str, ...]:
    """For each scan the name of its finger."""
    for named in _named_fingers(lines.scans):
        number = np.unique(np.array(named, object).astype(str), return_inverse=True)[1]
        if np.array_equal(number[lines.probe] == number[lines.reference], lines.mated):
            return named
    connected = _connected(lines)
    wrong = np.flatnonzero(~lines.mated & (connected[lines.probe] == connected[lines.reference]))
    if len(wrong):
        one, other = (lines.scans[side[wrong[0]]] for side in (lines.probe, lines.reference))
        raise ScanError(
            f"{path}:{lines.number[wrong[0]]}: {one} and {other} are not mated, but other lines make them one finger"
        )
    return tuple(lines.scans[k] for k in connected.tolist())


def _named_fingers(scans: tuple[str, ...]) -> Iterable[tuple[str, ...]]:
    """The fingers by each way in which names may say them, the most usual first."""
    within_set = [name.partition("/")[2] or name for name in scans]
    for names, mark in ((scans, "_"), (scans, "/"), (within_set, "_"), (within_set, "/")):
        yield tuple(name.rpartition(mark)[0] or name for name in names)


def _connected(lines: _Lines) -> IndexArray:
    """For each scan the first that mated comparisons connect it with."""
    first = list(range(len(lines.scans)))  # a scan known to be of the same finger, nearer to the beginning

    def root(scan: int) -> int:
        while first[scan] != scan:
            first[scan] = first[first[scan]]
            scan = first[scan]
        return scan

    for one, other in zip(lines.probe[lines.mated].tolist(), lines.reference[lines.mated].tolist(), strict=True):
        low, high = sorted((root(one), root(other)))
        first[high] = low
    return np.array([root(scan) for scan in range(len(first))], np.int32)


def _never_compared(lines: _Lines) -> list[str]:
    made = np.isfinite(lines.scores)
    compared = set(lines.probe[made].tolist()) | set(lines.reference[made].tolist())
    return [name for number, name in enumerate(lines.scans) if number not in compared]

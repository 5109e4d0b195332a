"""Which prints are compared with which."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from fpverify.errors import ScanError
from fpverify.evaluation.scores_file import csv_text, header_fault
from fpverify.evaluation.sets.layout import Print, PrintSet, apart, distinct, find_sets, list_prints, read_set
from fpverify.evaluation.sets.touches import touch_pairs
from fpverify.vocabulary import BoolArray, IndexArray

Protocol = Literal["dense", "fvc", "first-reference", "cross-sensor", "pairs", "touches"]
PAIRS_HEADER = "probe,reference or probe,reference,mated"
ONE_SET: tuple[Protocol, ...] = ("dense", "fvc", "first-reference")  # need nothing but a set

__all__ = [
    "ONE_SET",
    "Comparisons",
    "Plan",
    "Print",
    "Protocol",
    "comparisons",
    "cross_sensor_plan",
    "finger_comparisons",
    "list_prints",
    "listed_plan",
    "make_plans",
    "set_plan",
]


@dataclass(frozen=True, slots=True)
class Comparisons:
    """Pairs of prints by index, no pair twice in either order, no print with itself.

    Attributes:
        probe: (n,) int32.
        reference: (n,) int32.
        mated: (n,) bool.
    """

    probe: IndexArray
    reference: IndexArray
    mated: BoolArray

    def __len__(self) -> int:
        return len(self.probe)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be compared with what.

    Attributes:
        name: of the set.
        protocol: that chose the comparisons.
        scans: names, each once.
        fingers: which finger each scan shows.
        comparisons: among the scans.
        prints: the scans' files; empty where their templates come from elsewhere.
        notes: what was left out, in words.
    """

    name: str
    protocol: Protocol
    scans: tuple[str, ...]
    fingers: tuple[str, ...]
    comparisons: Comparisons
    prints: tuple[Print, ...] = ()
    notes: tuple[str, ...] = ()


def make_plans(
    folders: Sequence[str | Path],
    protocol: Protocol = "dense",
    *,
    pairs: str | Path | None = None,
    ppi: float | None = None,
    default_ppi: float | None = None,
) -> list[Plan]:
    """What an evaluation of folders compares: a plan for each set, or one for the two folders of `cross-sensor`.

    Args:
        folders: of sets, or folders of sets; probes and references for `cross-sensor`; one set for `pairs`.
        protocol: which comparisons.
        pairs: the list of them, for `pairs` and for nothing else.
        ppi: overrules what files and sets say of their resolution.
        default_ppi: of sets that say nothing.

    Raises:
        ScanError: a folder or the list cannot be evaluated.
        ValueError: the protocol is unknown, takes another number of sets, or lacks its list.
    """
    if (pairs is not None) != (protocol == "pairs"):
        raise ValueError("the protocol pairs takes a list of pairs, and no other does")
    found = folders if protocol == "cross-sensor" else find_sets(folders)
    wanted = {"cross-sensor": (2, "two folders, of probes and of references"), "pairs": (1, "one set")}
    number, what = wanted.get(protocol, (len(found), ""))
    if len(found) != number:
        raise ValueError(f"the protocol {protocol} takes {what}; {len(found)} were given")
    touches = protocol == "touches"
    sets = distinct([read_set(one, ppi=ppi, default_ppi=default_ppi, touches=touches) for one in found])
    if protocol == "cross-sensor":
        return [cross_sensor_plan(*sets)]
    if len(found) > len(folders) and (question := apart(sets)):
        sets = [replace(one, notes=(*one.notes, question)) for one in sets]
    return [set_plan(one, protocol) if pairs is None else listed_plan(one, pairs) for one in sets]


def set_plan(prints: PrintSet, protocol: Protocol = "dense") -> Plan:
    """One set by a protocol of `ONE_SET` or `touches`; errors as in `comparisons`, and they name the folder."""
    try:
        pairs = comparisons(prints.prints, protocol)
    except ScanError as error:
        raise ScanError(f"{prints.folder}: {error}") from error
    return _plan(prints.name, protocol, prints.prints, pairs, prints.notes)


def cross_sensor_plan(probes: PrintSet, references: PrintSet) -> Plan:
    """Every print of one set as probe against every print of the other as reference.

    A finger is the same if its name is the same in both. Scans are named `<set>/<name>`.

    Raises:
        ScanError: there are no mated or no non-mated comparisons.
    """
    sides = (probes, references)
    prints = tuple(replace(one, name=f"{side.name}/{one.name}") for side in sides for one in side.prints)
    numbers = _finger_numbers([one.finger for one in prints])
    first = len(probes.prints)
    probe, reference = np.meshgrid(np.arange(first), np.arange(first, len(prints)), indexing="ij")
    name = "-".join(side.name for side in sides)
    pairs = _checked(_sorted(probe.ravel(), reference.ravel(), numbers), numbers)
    return _plan(name, "cross-sensor", prints, pairs, [f"{one.name}: {note}" for one in sides for note in one.notes])


def listed_plan(prints: PrintSet, pairs: str | Path) -> Plan:
    """The comparisons of a CSV file `probe,reference[,mated]`, in its order; prints that it does not name are left out.

    Args:
        prints: a set.
        pairs: of names as in scores files, with or without the file's ending.

    Raises:
        ScanError: the file is missing; or a line is malformed, names no print of the set, compares a print with
            itself, repeats another, or contradicts the fingers; names file and line.
    """
    path = Path(pairs)
    rows = _pair_rows(path)
    known = {one.name: one for one in prints.prints} | {one.file: one for one in prints.prints}
    pair_of_names = [(_named(known, row, path, n)) for n, row in rows]
    named = {one.name for pair in pair_of_names for one in pair}
    used = tuple(one for one in prints.prints if one.name in named)
    number = {one.name: k for k, one in enumerate(used)}
    index = np.array([[number[one.name] for one in pair] for pair in pair_of_names], np.int32).reshape(-1, 2)
    _refuse_repeated(index, path, [n for n, _ in rows])
    fingers = _finger_numbers([one.finger for one in used])
    listed = Comparisons(index[:, 0], index[:, 1], fingers[index[:, 0]] == fingers[index[:, 1]])
    unnamed = len(prints.prints) - len(used)
    notes = [f"{unnamed} prints that the list does not name are left out"] if unnamed else []
    return _plan(prints.name, "pairs", used, _checked(listed, fingers), [*prints.notes, *notes])


def comparisons(prints: Sequence[Print], protocol: Protocol = "dense") -> Comparisons:
    """The comparisons of one set; see `finger_comparisons`, and for `touches` `sets.touches`."""
    if protocol == "touches":
        numbers = _finger_numbers([one.finger for one in prints])
        return _checked(_sorted(*touch_pairs([one.name for one in prints]), numbers), numbers)
    return finger_comparisons([one.finger for one in prints], protocol)


def finger_comparisons(fingers: Sequence[str], protocol: Protocol = "dense") -> Comparisons:
    """The comparisons of a protocol among prints, ordered by probe and reference.

    dense            every two prints
    fvc              every two impressions of a finger; of different fingers the first impressions
                     (Maio et al., FVC2000, PAMI 24, 2002)
    first-reference  every impression but the first of its finger, as probe, against the first of every finger

    Args:
        fingers: (s) finger of each print, in the prints' order.
        protocol: one of `ONE_SET`.

    Raises:
        ScanError: there are no mated or no non-mated comparisons.
        ValueError: an unknown protocol, or one that needs more than a set.
    """
    if protocol not in ONE_SET:
        what = "needs more than the fingers of a set" if protocol in get_args(Protocol) else "is unknown"
        raise ValueError(f"protocol {protocol!r} {what}; one of {', '.join(ONE_SET)} was expected")
    numbers = _finger_numbers(fingers)
    first = np.unique(numbers, return_index=True)[1]
    pairs = {"dense": _dense, "fvc": _fvc, "first-reference": _first_reference}[protocol](numbers, np.sort(first))
    return _checked(_sorted(*pairs, numbers), numbers)


Pairs = tuple[np.ndarray, np.ndarray]


def _dense(numbers: np.ndarray, first: np.ndarray) -> Pairs:
    probe, reference = np.triu_indices(len(numbers), 1)
    return probe, reference


def _fvc(numbers: np.ndarray, first: np.ndarray) -> Pairs:
    members = [np.flatnonzero(numbers == number) for number in range(len(first))]
    pairs = [pair for finger in members for pair in combinations(finger.tolist(), 2)]
    mated = np.array(pairs, np.int64).reshape(-1, 2)
    left, right = np.triu_indices(len(first), 1)
    return np.concatenate([mated[:, 0], first[left]]), np.concatenate([mated[:, 1], first[right]])


def _first_reference(numbers: np.ndarray, first: np.ndarray) -> Pairs:
    probes = np.setdiff1d(np.arange(len(numbers)), first)
    return np.repeat(probes, len(first)), np.tile(first, len(probes))


def _sorted(probe: np.ndarray, reference: np.ndarray, numbers: np.ndarray) -> Comparisons:
    order = np.lexsort((reference, probe))
    probe, reference = probe[order].astype(np.int32), reference[order].astype(np.int32)
    return Comparisons(probe, reference, numbers[probe] == numbers[reference])


def _checked(pairs: Comparisons, numbers: np.ndarray) -> Comparisons:
    """The comparisons, if there are some of either kind."""
    mated, fingers = int(pairs.mated.sum()), len(set(numbers.tolist()))
    if not mated or mated == len(pairs):
        raise ScanError(
            f"{len(numbers)} prints of {fingers} fingers give {mated} mated and {len(pairs) - mated} non-mated "
            "comparisons; at least two fingers, one of them with two impressions, are needed"
        )
    return pairs


def _finger_numbers(fingers: Sequence[str]) -> np.ndarray:
    return np.unique(np.array(list(fingers), object).astype(str), return_inverse=True)[1].astype(np.int32)


def _plan(
    name: str, protocol: Protocol, prints: tuple[Print, ...], pairs: Comparisons, notes: Sequence[str] = ()
) -> Plan:
    scans, fingers = tuple(one.name for one in prints), tuple(one.finger for one in prints)
    return Plan(name, protocol, scans, fingers, pairs, prints, tuple(notes))


def _pair_rows(path: Path) -> list[tuple[int, dict[str, str | None]]]:
    """(number of the line, its cells) of a CSV file."""
    try:
        reader = csv.DictReader(csv_text(path.read_bytes(), path).splitlines(), skipinitialspace=True)
        first = reader.fieldnames or ()
        reader.fieldnames = [cell.strip().lower() for cell in first]
        rows = [(reader.line_num, row) for row in reader]
    except (OSError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ScanError(f"{path}: cannot be read as a list of pairs: {reason}") from error
    if not {"probe", "reference"} <= set(reader.fieldnames):
        raise ScanError(f"{path}:1: {header_fault(first, PAIRS_HEADER)}")
    if not rows:
        raise ScanError(f"{path}: no pairs below the header")
    return rows


def _named(known: Mapping[str, Print], row: Mapping[str, str | None], path: Path, line: int) -> tuple[Print, Print]:
    """The two prints of a line, once all it says is known to be true."""
    names = [(row[side] or "").strip() for side in ("probe", "reference")]
    for name in names:
        if name not in known:
            raise ScanError(f"{path}:{line}: {name!r} is no print of the set; names such as {next(iter(known))} are")
    probe, reference = (known[name] for name in names)
    if probe.name == reference.name:
        raise ScanError(f"{path}:{line}: {probe.name} is compared with itself")
    stated = (row.get("mated") or "").strip()
    if stated not in {"", "0", "1"}:
        raise ScanError(f"{path}:{line}: mated is {stated!r}; 0 or 1, or nothing, was expected")
    if stated and (stated == "1") != (probe.finger == reference.finger):
        fingers = f"of the fingers {probe.finger} and {reference.finger}"
        raise ScanError(f"{path}:{line}: mated is {stated}, but {probe.name} and {reference.name} are {fingers}")
    return probe, reference


def _refuse_repeated(index: np.ndarray, path: Path, lines: Sequence[int]) -> None:
    """Nothing, unless two lines are one pair, in either order."""
    _, first, inverse = np.unique(np.sort(index, axis=1), axis=0, return_index=True, return_inverse=True)
    repeated = np.flatnonzero(first[inverse.ravel()] != np.arange(len(index)))
    if len(repeated):
        again, before = lines[repeated[0]], lines[first[inverse.ravel()[repeated[0]]]]
        raise ScanError(f"{path}:{again}: this pair was compared in line {before} already")

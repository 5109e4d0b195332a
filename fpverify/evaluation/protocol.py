"""Which prints of a folder are compared with which."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise, product
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from fpverify.errors import ScanError
from fpverify.vocabulary import BoolArray, IndexArray

Protocol = Literal["dense", "fvc"]
SUFFIXES = frozenset((".bmp", ".png", ".tif", ".tiff", ".jpg", ".jpeg", ".pgm", ".wsq"))


@dataclass(frozen=True, slots=True)
class Print:
    """A file named `<finger>_<impression>`, as `101_3.png` or `A_00.bmp`."""

    path: Path
    finger: str
    impression: int

    @property
    def name(self) -> str:
        """The stem of the file's name."""
        return self.path.stem


@dataclass(frozen=True, slots=True)
class Comparisons:
    """Pairs of prints by index, no pair in both orders.

    Attributes:
        probe: (n,) int32.
        reference: (n,) int32, later in the order of the prints.
        mated: (n,) bool.
    """

    probe: IndexArray
    reference: IndexArray
    mated: BoolArray

    def __len__(self) -> int:
        return len(self.probe)


def list_prints(folder: str | Path) -> list[Print]:
    """The prints of a folder in natural order: finger 9 before finger 10.

    Raises:
        ScanError: no folder, no prints, a name that says no finger and impression, or two files of one name.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ScanError(f"{folder}: no such folder; a folder of <finger>_<impression> images was expected")
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    if not files:
        raise ScanError(f"{folder}: no images; files named <finger>_<impression>.bmp, .png, .tif, ... were expected")
    prints = sorted((_print(path) for path in files), key=_natural_order)
    for first, second in pairwise(prints):
        if _natural_order(first) == _natural_order(second):
            raise ScanError(f"{folder}: {first.path.name} and {second.path.name} are the same impression; keep one")
    return prints


def comparisons(prints: Sequence[Print], protocol: Protocol = "dense") -> Comparisons:
    """The comparisons of a protocol.

    Mated are every two impressions of a finger. Non-mated are, for `dense`, every impression of a finger against every
    impression of every later finger; for `fvc`, the first impressions alone (Maio et al., FVC2000, PAMI 24, 2002).

    Raises:
        ScanError: there are no mated or no non-mated comparisons.
        ValueError: an unknown protocol.
    """
    if protocol not in get_args(Protocol):
        raise ValueError(f"unknown protocol {protocol!r}; one of {', '.join(get_args(Protocol))} was expected")
    fingers: dict[str, list[int]] = {}
    for number, one in enumerate(prints):
        fingers.setdefault(one.finger, []).append(number)
    mated = [pair for members in fingers.values() for pair in combinations(members, 2)]
    shown = [members if protocol == "dense" else members[:1] for members in fingers.values()]
    non_mated = [pair for left, right in combinations(shown, 2) for pair in product(left, right)]
    if not mated or not non_mated:
        raise ScanError(
            f"{len(prints)} prints of {len(fingers)} fingers give {len(mated)} mated and {len(non_mated)} non-mated "
            "comparisons; at least two fingers, one of them with two impressions, are needed"
        )
    index = np.array(sorted(mated + non_mated), np.int32)
    truth = np.isin(index @ [len(prints), 1], np.array(mated) @ [len(prints), 1])
    return Comparisons(index[:, 0], index[:, 1], truth)


def _print(path: Path) -> Print:
    parts = re.fullmatch(r"(.+)_(\d+)", path.stem)
    if parts is None:
        raise ScanError(f"{path}: the name says no finger and impression; <finger>_<impression> was expected, as 101_3")
    return Print(path, parts[1], int(parts[2]))


def _natural_order(one: Print) -> tuple[bool, int, str, int]:
    number = one.finger.isascii() and one.finger.isdigit()
    return (not number, int(one.finger) if number else 0, "" if number else one.finger, one.impression)

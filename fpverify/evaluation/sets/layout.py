"""How sets of prints lie on disk.

prints/101_3.png, A_00.bmp       files named <finger>_<impression>
prints/101/3.png                 a folder for each finger, any names inside
prints/017/left-thumb/3.png      a folder for each person, in it one for each finger, or for each hand
prints/101_p01.png, 101_r01.png  touches of a small sensor: probes and references of a finger
records/101_3.fmr                records of minutiae in place of images, for a model that compares them (bare-3)
prints/fpverify-set.yaml         what there is to say about the set: ppi, name
sets/prints, sets/others         a folder of sets
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from fpverify.errors import ScanError
from fpverify.formats import FORMATS
from fpverify.scans import IMAGE_SUFFIXES
from fpverify.settings import parse_ppi

SET_FILE = "fpverify-set.yaml"
# Of records of minutiae; not .json and .csv, which lie beside prints for other ends.
RECORD_SUFFIXES = tuple(
    suffix for one in FORMATS.values() if one.name not in {"json", "csv"} for suffix in one.suffixes
)
NAMED = re.compile(r"(.+)_(\d+)")  # <finger>_<impression>
TOUCH = re.compile(r"(.+)_([pr])(\d+)")  # <finger>_p<number> of a probe touch, <finger>_r<number> of a reference touch
# What a person's finger or hand is called: R, left-thumb, index_2, L0; a number alone may be anybody's.
OF_A_HAND = re.compile(
    r"(?:(?:left|right|l|r|thumb|fore|index|middle|ring|little|pinky|hand|finger|f)[ ._-]?)+(?:0?[0-9]|10)?", re.I
)
FINGERS = 10  # of a person
SHOWN_ENDINGS = 5  # of files that are left out
LONGEST_NAME = 100  # characters of a set's name: it becomes the name of a file


@dataclass(frozen=True, slots=True)
class Print:
    """A file that shows one impression of a finger.

    Attributes:
        path: of the file.
        finger: which finger of its set.
        impression: its place among the finger's impressions; from the name, or counted from 1.
        name: as scores files have it: `101_3`, or `101/3` where each finger has a folder.
        ppi: resolution that was stated outside the file; None takes the file's own.
    """

    path: Path
    finger: str
    impression: int
    name: str
    ppi: float | None = None

    @property
    def file(self) -> str:
        """The name with the file's ending."""
        return self.name + self.path.suffix


@dataclass(frozen=True, slots=True)
class PrintSet:
    """The prints of one folder.

    Attributes:
        folder: where they lie.
        name: of the set; the folder's, unless its `fpverify-set.yaml` gives another.
        prints: in natural order: finger 9 before finger 10.
        notes: what was left out, in words.
    """

    folder: Path
    name: str
    prints: tuple[Print, ...]
    notes: tuple[str, ...] = ()


def list_prints(folder: str | Path) -> list[Print]:
    """The prints of a folder in natural order: finger 9 before finger 10.

    Raises:
        ScanError: no folder, no prints, a name that says no finger and impression, two files of one name, or prints
            beside folders of prints.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ScanError(f"{folder}: no such folder; a folder of <finger>_<impression> images was expected")
    files, fingers, people = _images(folder), _folders_of_images(folder), _shelves_of_people(folder)
    if not files and not fingers and not people:
        raise ScanError(f"{folder}: no images; files named <finger>_<impression>.bmp, .png, .tif, ... were expected")
    if files and fingers:
        raise ScanError(
            f"{folder}: images beside the folder {fingers[0].name} with images; give one folder of "
            "<finger>_<impression> images, or one folder for each finger"
        )
    prints = sorted((_print(path) for path in files), key=_natural_order) if files else []
    for shelf in [] if files else people or sorted(fingers, key=_natural_name):
        prints += _shelved(folder, shelf, by_name=bool(people) and _shows_several(shelf))
    for first, second in pairwise(prints):
        if first.name == second.name or _natural_order(first) == _natural_order(second):
            raise ScanError(f"{folder}: {first.path.name} and {second.path.name} are the same impression; keep one")
    return prints


def list_touches(folder: str | Path) -> list[Print]:
    """The touches of a folder in natural order, of each finger the probes first; their numbers are the impressions.

    Raises:
        ScanError: no folder, no images, a name that is no touch's, or two files of one touch.
    """
    folder = Path(folder)
    files = _images(folder) if folder.is_dir() else []
    if not files:
        raise ScanError(f"{folder}: no touches; images named <finger>_p<number> and <finger>_r<number> were expected")
    touches = sorted(map(_touch, files), key=_natural_order)
    for first, second in pairwise(touches):
        if _natural_order(first) == _natural_order(second):
            raise ScanError(f"{folder}: {first.path.name} and {second.path.name} are the same touch; keep one")
    return touches


def read_set(
    folder: str | Path, *, ppi: float | None = None, default_ppi: float | None = None, touches: bool = False
) -> PrintSet:
    """A set of prints and what its `fpverify-set.yaml` says.

    Args:
        folder: of the set.
        ppi: overrules what the set says of its resolution.
        default_ppi: for a set that says nothing.
        touches: it is a set of touches.

    Raises:
        ScanError: as `list_prints` or `list_touches`; or the set's file is no YAML, has a key nobody knows, or a value
            that cannot be.
    """
    folder = Path(folder)
    prints = list_touches(folder) if touches else list_prints(folder)
    said = _set_settings(folder / SET_FILE)
    chosen = next((one for one in (ppi, said.get("ppi"), default_ppi) if one is not None), None)
    name = said.get("name") or folder.resolve().name or "prints"
    return PrintSet(folder, name, tuple(replace(one, ppi=chosen) for one in prints), _left_out(folder, prints))


def find_sets(folders: Sequence[str | Path]) -> list[Path]:
    """The folders themselves, each folder of sets replaced by the sets in it.

    Below a folder of sets lies nothing but sets: folders with a `fpverify-set.yaml`, with <finger>_<impression> images
    of two fingers or more, or with folders of images. A folder that has a `fpverify-set.yaml` itself is one set, and
    each of its folders a finger; and so is a folder of people, whose folders are named after fingers or hands.

    Raises:
        ScanError: some of the folders in a folder are sets and some are not.
    """
    return [one for folder in folders for one in (_sets_within(Path(folder)) or [Path(folder)])]


def apart(sets: Sequence[PrintSet]) -> str | None:
    """What to ask of sets that were found in one folder, if they may be people: comparisons stay within each."""
    fingers = [{one.finger for one in prints.prints} for prints in sets]
    if len(sets) < 2 or max(map(len, fingers)) > FINGERS:
        return None
    every = set[str]().union(*fingers)
    recurs = len(every) < sum(map(len, fingers))
    if recurs and not all(OF_A_HAND.fullmatch(one) or (one.isdecimal() and int(one) <= FINGERS) for one in every):
        return None
    named = ", ".join([one.name for one in sets[:3]] + ["..."] * (len(sets) > 3))
    return (
        f"comparisons stay within each of {named}; are they people of one set? Then give each finger a folder in the "
        "person's, called as a finger is: left-thumb"
    )


def distinct(sets: Sequence[PrintSet]) -> list[PrintSet]:
    """The sets, those of one name told apart by the folders that theirs lie in: `a-prints`, `b-prints`.

    Raises:
        ScanError: a folder is given twice, or two sets are given one name by their `fpverify-set.yaml`.
    """
    depth, names = 1, [one.name for one in sets]
    paths = [one.folder.resolve() for one in sets]
    while len(set(names)) < len(names) and depth < max(len(path.parts) for path in paths):
        depth += 1
        names = [
            "-".join(path.parts[-depth:]) if names.count(name) > 1 and one.name == path.name else name
            for name, path, one in zip(names, paths, sets, strict=True)
        ]
    for number, name in enumerate(names):
        if name in names[:number]:
            raise ScanError(f"{sets[number].folder}: another set is called {name!r}, too; give each set once")
    return [replace(one, name=name) for one, name in zip(sets, names, strict=True)]


def _images(folder: Path) -> list[Path]:
    """The files that are images by their endings, or records of minutiae where there is no image.

    Hidden ones are left alone, as file managers leave some behind.
    """
    files = [path for path in folder.iterdir() if not path.name.startswith(".") and not path.is_dir()]
    images = [path for path in files if path.suffix.lower() in IMAGE_SUFFIXES]
    return sorted(images or [path for path in files if path.suffix.lower() in RECORD_SUFFIXES])


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))


def _folders_of_images(folder: Path) -> list[Path]:
    return [path for path in _folders(folder) if _images(path)]


def _sets_within(folder: Path) -> list[Path]:
    """The sets in a folder of sets; none if it is something else."""
    if not folder.is_dir() or (folder / SET_FILE).exists() or _images(folder) or _shelves_of_people(folder):
        return []
    filled = [one for one in _folders(folder) if (one / SET_FILE).exists() or _images(one) or _folders_of_images(one)]
    sets = [one for one in filled if _is_set(one)]
    if sets and len(sets) < len(filled):
        other = next(one for one in filled if one not in sets)
        raise ScanError(
            f"{folder}: {sets[0].name} looks like a set of prints and {other.name} like the prints of one finger; "
            f"put a {SET_FILE} into {folder} if each folder is a finger, or into {other.name} if each is a set"
        )
    return sets


def _is_set(folder: Path) -> bool:
    if (folder / SET_FILE).exists():
        return True
    return _shows_several(folder) if _images(folder) else bool(_folders_of_images(folder))


def _shows_several(folder: Path) -> bool:
    """Whether the images are named <finger>_<impression>, or as touches are, of two fingers or more."""
    names = [NAMED.fullmatch(path.stem) or TOUCH.fullmatch(path.stem) for path in _images(folder)]
    return all(names) and len({name[1] for name in names if name}) > 1


def _shelves_of_people(folder: Path) -> list[Path]:
    """The folders of images in a folder of people, in natural order; none if it is something else.

    Either each person's folder holds nothing but folders that are called after a finger or a hand, and there are two
    people or the folder says that it is a set; or it holds the images, named <person>_<finger>_<impression>.
    """
    people = sorted((one for one in _folders(folder) if _images(one) or _folders_of_images(one)), key=_natural_name)
    said = (folder / SET_FILE).exists()
    if any((one / SET_FILE).exists() for one in people) or len(people) < 2 - said or _images(folder):
        return []
    if any(_images(one) for one in people):
        return people if len(people) > 1 and all(_is_a_persons(one) for one in people) else []
    shelves = [shelf for one in people for shelf in sorted(_folders_of_images(one), key=_natural_name)]
    return shelves if said or all(OF_A_HAND.fullmatch(shelf.name) for shelf in shelves) else []


def _is_a_persons(folder: Path) -> bool:
    """Whether the images are named <person>_<finger>_<impression>, the person as the folder."""
    names = [re.fullmatch(rf"{re.escape(folder.name)}[_-](.+)_\d+", path.stem) for path in _images(folder)]
    return bool(names) and all(name and OF_A_HAND.fullmatch(name[1]) for name in names)


def _print(path: Path) -> Print:
    parts = NAMED.fullmatch(path.stem)
    if parts is None:
        hint = "; touches go with the protocol touches" if TOUCH.fullmatch(path.stem) else ""
        raise ScanError(
            f"{path}: the name says no finger and impression; <finger>_<impression> was expected, as 101_3{hint}"
        )
    return Print(path, parts[1], int(parts[2]), path.stem)


def _touch(path: Path) -> Print:
    parts = TOUCH.fullmatch(path.stem)
    if parts is None or not int(parts[3]):
        raise ScanError(
            f"{path}: is no touch; <finger>_p<number> or <finger>_r<number>, from 1, was expected, as 101_p03"
        )
    return Print(path, parts[1], int(parts[3]), path.stem)


def _shelved(folder: Path, shelf: Path, *, by_name: bool) -> list[Print]:
    """The prints in a folder of images: of one finger, or of those that the files are named after."""
    place = shelf.relative_to(folder).as_posix()
    if by_name:
        prints = sorted(map(_print, _images(shelf)), key=_natural_order)
        return [replace(one, finger=f"{place}/{one.finger}", name=f"{place}/{one.name}") for one in prints]
    return [
        Print(path, place, number, f"{place}/{path.stem}")
        for number, path in enumerate(sorted(_images(shelf), key=lambda one: _natural_text(one.stem)), 1)
    ]


def _left_out(folder: Path, prints: Sequence[Print]) -> tuple[str, ...]:
    """What lies in the folder of a set and is none of its prints, counted in a line; hidden files do not count."""
    used = {one.path for one in prints} | {folder / SET_FILE}
    others = [path for path in sorted(folder.rglob("*")) if path not in used and not _hidden(path, folder)]
    files = [path for path in others if path.is_file()]
    shown = IMAGE_SUFFIXES if not prints or prints[0].path.suffix.lower() in IMAGE_SUFFIXES else RECORD_SUFFIXES
    images = [path for path in files if path.suffix.lower() in shown]
    endings = sorted({path.suffix or "no ending" for path in files if path.suffix.lower() not in shown})
    said = []
    if endings:
        named = ", ".join(endings[:SHOWN_ENDINGS] + ["..."] * (len(endings) > SHOWN_ENDINGS))
        said.append(f"{_counted(len(files) - len(images), 'file')} of another kind ({named})")
    if images:
        first = images[0].relative_to(folder).as_posix()
        said.append(f"{_counted(len(images), 'image')} in folders further down, such as {first}")
    return (f"left out: {'; '.join(said)}",) if said else ()


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def _natural_name(path: Path) -> list[tuple[bool, int, str]]:
    return _natural_text(path.name)


def _natural_order(one: Print) -> tuple[bool, int, str, str, int]:
    number, touch = one.finger.isascii() and one.finger.isdigit(), TOUCH.fullmatch(one.path.stem)
    kind = touch[2] if touch else ""
    return (not number, int(one.finger) if number else 0, "" if number else one.finger, kind, one.impression)


def _natural_text(text: str) -> list[tuple[bool, int, str]]:
    """A key that puts 9 before 10 and a2b before a10b."""
    parts = [part for part in re.split(r"([0-9]+)", text) if part]
    return [(not part[0].isdigit(), int(part) if part.isascii() and part.isdigit() else 0, part) for part in parts]


def _set_settings(path: Path) -> dict[str, Any]:
    """The settings of a set; none without the file."""
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValueError, RecursionError) as error:
        raise ScanError(f"{path}: cannot be read as YAML; give one setting a line, such as 'ppi: 500'") from error
    if not isinstance(content, dict):
        raise ScanError(f"{path}: holds no settings; give one a line, such as 'ppi: 500'")
    return {str(key): _setting(path, str(key), value) for key, value in content.items()}


def _setting(path: Path, key: str, value: object) -> float | str:
    parsers: dict[str, Callable[[object], float | str]] = {"ppi": parse_ppi, "name": _parse_name}
    if key not in parsers:
        raise ScanError(f"{path}: {key!r} is no setting of a set; there are {' and '.join(parsers)}")
    try:
        return parsers[key](value)
    except ValueError as error:
        raise ScanError(f"{path}: {key}: {error}") from error


def _parse_name(value: object) -> str:
    name = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    fits = 0 < len(name) <= LONGEST_NAME and name.isprintable() and name == name.strip() and name[0] != "."
    if not fits or "/" in name or "\\" in name:
        raise ValueError(f"{str(value)[:60]!r} names no set; give 1 to {LONGEST_NAME} characters, no slashes")
    return name

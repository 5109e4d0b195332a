"""Lists of fingers to enroll.

people.csv                       columns id,finger,file and, where files do not say it, ppi; paths from the CSV file on
rows.csv                         the report of a list, or what is left of it
people/<id>/<finger>.png         a folder for each subject
people/<id>_<finger>.png         files alone; the finger is the last part of the name that is one
people/<id>.an2, <id>/*.an2      cards, whose fingers are those that they name

Further impressions of a finger have a number behind it: right-index_2.png. In place of a finger slap-right, slap-left
and slap-thumbs name a picture of several. In a report a slap's fingers have its file, #slap-right behind its name.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fpverify.enrollment.cells import plain
from fpverify.errors import ScanError
from fpverify.folders import path_of
from fpverify.formats.containers import IMAGE_RECORD_SUFFIXES
from fpverify.scans import IMAGE_SUFFIXES
from fpverify.settings import parse_ppi
from fpverify.store import FINGER_CODES, UNKNOWN_FINGER

COLUMNS = ("id", "finger", "file")
PPI = "ppi"  # a further column, which may be missing
REPORTED = "outcome"  # a column of reports, whose cells are guarded
SLAPS = {f"slap-{hand}": hand for hand in ("right", "left", "thumbs")}  # what stands for a finger's name, and which
NUMBER = re.compile(r"[ ._-]?\d+$")  # of an impression, behind the finger


@dataclass(frozen=True, slots=True)
class EnrollmentRow:
    """A finger to enroll.

    Attributes:
        subject: whose; as it was written.
        finger: a name of `fpverify.store.FINGER_CODES`.
        path: file of the scan.
        file: the same as the list names it.
        ppi: its resolution in pixels per inch, where the list states one; None takes the file's.
        flaw: what is wrong with the row itself, so that it cannot be enrolled; empty if nothing is.
        content: of the file, where it lies nowhere.
        slap: which fingers the file shows, where it shows several: "right", "left" or "thumbs".
    """

    subject: str
    finger: str
    path: Path
    file: str
    ppi: float | None = None
    flaw: str = ""
    content: bytes | None = None
    slap: str = ""


def read_rows(source: str | Path) -> list[EnrollmentRow]:
    """The rows of a CSV file or of a folder, in its order or in that of the names.

    Raises:
        ScanError: no such file or folder; it has no rows, or another header. A row that cannot be used has a `flaw`.
    """
    source = path_of(source)
    if source.is_dir():
        return _of_folder(source)
    try:
        text = source.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise ScanError(f"{source}: no such file; a CSV file {','.join(COLUMNS)}, or a folder was expected") from None
    except UnicodeDecodeError:
        raise ScanError(f"{source}: no text in UTF-8; a CSV file {','.join(COLUMNS)} was expected") from None
    except OSError as error:
        raise ScanError(f"{source}: cannot be read: {error.strerror}") from error
    return list(_of_table(source, text))


def _of_table(source: Path, text: str) -> Iterator[EnrollmentRow]:
    header = next(iter(text.splitlines()), "")
    separator = max(",;\t", key=header.count)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    names = [name.strip().lower() for name in next(lines, [])]
    if not set(COLUMNS) - {"finger"} <= set(names) or len(set(names)) < len(names):
        raise ScanError(f"{source}: its first line is {header[:80]!r}; the columns {','.join(COLUMNS)} were expected")
    empty = True
    for cells in lines:
        if any(cell.strip() for cell in cells):
            empty = False
            said = map(plain, cells) if REPORTED in names else cells
            yield _row(source, lines.line_num, dict(zip(names, said, strict=False)))
    if empty:
        raise ScanError(f"{source}: no rows below its first line; give each finger one")


def _row(source: Path, line: int, cells: dict[str, str]) -> EnrollmentRow:
    subject, file, ppi = (cells.get(name, "").strip() for name in ("id", "file", PPI))
    finger = cells.get("finger", "").strip() or UNKNOWN_FINGER
    stated, flaw = None, "" if subject and file else f"line {line} has no {'id' if file else 'file'}"
    slap = finger if finger in SLAPS else file.rpartition("#")[2] if "#" in file else ""
    if slap in SLAPS:
        finger, file = UNKNOWN_FINGER if finger in SLAPS else finger, file.removesuffix(f"#{slap}")
    if finger not in FINGER_CODES:
        flaw = f"line {line}: {finger!r} is no finger; the names are {', '.join((*FINGER_CODES, *SLAPS))}"
    try:
        stated = parse_ppi(ppi) if ppi else None
    except ValueError as error:
        flaw = f"line {line}: {error}"
    return EnrollmentRow(subject, finger, source.parent / file, file, stated, flaw, slap=SLAPS.get(slap, ""))


def _of_folder(folder: Path) -> list[EnrollmentRow]:
    files = [one for one in sorted(folder.glob("*")) + sorted(folder.glob("*/*")) if _is_image(one)]
    if not files:
        raise ScanError(f"{folder}: no images; files <id>/<finger>.png or <id>_<finger>.png were expected")
    return [_named(folder, one) for one in files]


def _named(folder: Path, path: Path) -> EnrollmentRow:
    stem = path.stem if _finger_of(path.stem) else NUMBER.sub("", path.stem)
    finger = _finger_of(stem)
    subject = stem[: -len(finger)].rstrip("_") if path.parent == folder else path.parent.name
    if not finger and path.suffix.lower() in IMAGE_RECORD_SUFFIXES:  # it says itself which fingers it shows
        finger, subject = UNKNOWN_FINGER, path.stem if path.parent == folder else path.parent.name
    known = bool(finger and subject)
    flaw = "" if known else "named neither <id>/<finger> nor <id>_<finger>, as A_right-index.png is"
    slap, name = SLAPS.get(finger, ""), UNKNOWN_FINGER if finger in SLAPS else finger
    return EnrollmentRow(subject if known else "", name, path, f"{path.relative_to(folder)}", flaw=flaw, slap=slap)


def _finger_of(stem: str) -> str:
    """The finger that a name ends with, or the slap; empty if none."""
    return next((one for one in (*SLAPS, *FINGER_CODES) if stem == one or stem.endswith(f"_{one}")), "")


def _is_image(path: Path) -> bool:
    return (
        path.suffix.lower() in (*IMAGE_SUFFIXES, *IMAGE_RECORD_SUFFIXES)
        and not path.name.startswith(".")
        and path.is_file()
    )

"""CSV: a line for each minutia, its view repeated. Only the first three columns have to be there.

    x_px, y_px       pixels of the picture from its top left corner, y down
    angle_rad        x towards y, as everywhere in fpverify: clockwise, unlike in the standards
    type             other, ending or bifurcation
    quality          0 to 100; empty where it is not stated
    record_view      1, 2, ...: which view of the record
    finger, view, impression, view_quality, width_px, height_px, ppcm_x, ppcm_y    as in `FingerView`

A view without minutiae is a line without a position. Capture, extended data and who measured a quality are not kept.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from itertools import groupby

import numpy as np

from fpverify.errors import UnreadableRecord
from fpverify.formats.codes import FINGER_CODES, FINGER_NAMES
from fpverify.vocabulary import MINUTIA_TYPES, NOT_COMPUTED, NOT_STATED, FingerView, MinutiaRecord, Rating

NAME = "csv"
NEEDED = ("x_px", "y_px", "angle_rad")
OF_VIEW = ("finger", "view", "impression", "view_quality", "width_px", "height_px", "ppcm_x", "ppcm_y")
COLUMNS = (*NEEDED, "type", "quality", "record_view", *OF_VIEW)
FAILED = "failed"  # a quality that was to be measured
MOST_LINES = 100_000  # 255 views of 255 minutiae are 65,025

Row = Mapping[str, str]


def decode_csv(data: bytes, source: str) -> MinutiaRecord:
    """The record in a CSV file; raises UnreadableRecord."""
    rows = list(_rows(data, source))
    if not rows:
        raise UnreadableRecord(f"{source}: no line below the header")
    grouped = [list(group) for _, group in groupby(rows, lambda row: row[1].get("record_view") or "1")]
    return MinutiaRecord(tuple(_view(group, source) for group in grouped), NAME, source=source)


def encode_csv(record: MinutiaRecord) -> bytes:
    """The record as a CSV file with all columns."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    for number, view in enumerate(record.views, 1):
        shared = (number, *_shared(view))
        columns = zip(view.x_px, view.y_px, view.angle_rad, view.types, view.quality, strict=True)
        for x, y, angle, kind, quality in columns:
            table.writerow((x, y, angle, MINUTIA_TYPES[kind], quality_word(int(quality)), *shared))
        if len(view) == 0:
            table.writerow(("", "", "", "", "", *shared))
    return text.getvalue().encode()


def quality_word(quality: int) -> str:
    """A quality as text: empty if it is not stated."""
    return {NOT_STATED: "", NOT_COMPUTED: FAILED}.get(quality, str(quality))


def _shared(view: FingerView) -> tuple[object, ...]:
    rating = quality_word(view.ratings[0].value) if view.ratings else ""
    size = view.width_px or "", view.height_px or "", view.ppcm_x or "", view.ppcm_y or ""
    return FINGER_NAMES[view.finger], view.view, view.impression, rating, *size


def _rows(data: bytes, source: str) -> Iterator[tuple[int, Row]]:
    try:
        text = data.decode("utf-8-sig")
        table = csv.DictReader(io.StringIO(text, newline=""), strict=True, restkey="")
        missing = [name for name in NEEDED if name not in (table.fieldnames or ())]
        if missing:
            raise UnreadableRecord(f"{source}: line 1: no column {', '.join(missing)}")
        for row in table:
            if table.line_num > MOST_LINES:
                raise UnreadableRecord(f"{source}: more than {MOST_LINES} lines")
            if "" in row or None in row.values():
                raise UnreadableRecord(f"{source}: line {table.line_num}: not as many columns as in line 1")
            yield table.line_num, {name.strip(): value.strip() for name, value in row.items()}
    except (UnicodeDecodeError, csv.Error) as error:
        raise UnreadableRecord(f"{source}: not a CSV file in UTF-8: {error}") from None


def _view(rows: list[tuple[int, Row]], source: str) -> FingerView:
    first = rows[0]
    placed = [] if len(rows) == 1 and first[1]["x_px"] == "" else rows
    columns = [[_number(row, name, source) for row in placed] for name in NEEDED]
    x, y, angle = (np.array(column, np.float32) for column in columns)
    rating = _quality(first, "view_quality", source)
    return FingerView(
        x,
        y,
        angle,
        np.array([_type(row, source) for row in placed], np.uint8),
        np.array([_quality(row, "quality", source) for row in placed], np.int16),
        width_px=_whole(first, "width_px", source),
        height_px=_whole(first, "height_px", source),
        ppcm_x=_number(first, "ppcm_x", source),
        ppcm_y=_number(first, "ppcm_y", source),
        finger=_finger(first, source),
        view=_whole(first, "view", source),
        impression=_whole(first, "impression", source),
        ratings=() if rating == NOT_STATED else (Rating(rating),),
    )


def _number(row: tuple[int, Row], name: str, source: str) -> float:
    """The number in a column; 0 where it is empty and not needed."""
    line, values = row
    text = values.get(name, "")
    if text == "" and name not in NEEDED:
        return 0.0
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not abs(number) <= 1e6:  # NaN is not
        raise UnreadableRecord(f"{source}: line {line}: {name} is {text!r}, not a number that can be")
    return number


def _whole(row: tuple[int, Row], name: str, source: str) -> int:
    number = _number(row, name, source)
    if not number.is_integer():
        raise UnreadableRecord(f"{source}: line {row[0]}: {name} is {number:g}, not a whole number")
    return int(number)


def _quality(row: tuple[int, Row], name: str, source: str) -> int:
    text = row[1].get(name, "")
    if text in {"", FAILED}:
        return NOT_STATED if text == "" else NOT_COMPUTED
    quality = _whole(row, name, source)
    if not 0 <= quality <= 100:
        raise UnreadableRecord(f"{source}: line {row[0]}: {name} is {quality}, 0 to 100 are possible")
    return quality


def _type(row: tuple[int, Row], source: str) -> int:
    text = row[1].get("type", "") or MINUTIA_TYPES[0]
    if text not in MINUTIA_TYPES:
        raise UnreadableRecord(f"{source}: line {row[0]}: type is {text!r}, none of {', '.join(MINUTIA_TYPES)}")
    return MINUTIA_TYPES.index(text)


def _finger(row: tuple[int, Row], source: str) -> int:
    text = row[1].get("finger", "") or FINGER_NAMES[0]
    if text not in FINGER_CODES:
        raise UnreadableRecord(f"{source}: line {row[0]}: {text!r} is no finger")
    return FINGER_CODES[text]

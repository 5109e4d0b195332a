"""JSON: everything that a `MinutiaRecord` holds, under the names it has there.

    {"fpverify": "minutiae", "version": 1, "product": [0, 0], "views": [{"finger": "right-index", ...,
      "minutiae": [{"x_px": 100, "y_px": 14, "angle_rad": -1.96, "type": "ending", "quality": 90}, ...]}]}

Only `views`, and `minutiae` in them with position and direction, have to be there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np

from fpverify.errors import UnreadableRecord
from fpverify.formats.codes import FINGER_CODES, FINGER_NAMES
from fpverify.formats.grids import CM_PER_INCH
from fpverify.formats.table import FAILED
from fpverify.vocabulary import (
    MINUTIA_TYPES,
    NOT_COMPUTED,
    NOT_STATED,
    Capture,
    FingerView,
    MinutiaRecord,
    Rating,
)

NAME = "json"
KIND, VERSION = "minutiae", 1
LARGEST = 1e6  # of any number here

Object = Mapping[str, Any]


def encode_json(record: MinutiaRecord) -> bytes:
    """The record as a JSON object."""
    return (json.dumps(record_answer(record), allow_nan=False) + "\n").encode()


def record_answer(record: MinutiaRecord) -> dict[str, Any]:
    """A record as plain values."""
    return {
        "fpverify": KIND,
        "version": VERSION,
        "product": list(record.product),
        "views": [_view_answer(view) for view in record.views],
    }


def decode_json(data: bytes, source: str) -> MinutiaRecord:
    """The record in a JSON object; raises UnreadableRecord."""
    try:
        document = json.loads(data, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise UnreadableRecord(f"{source}: not JSON: {' '.join(str(error).split())}") from None
    reader = _Reader(source, "")
    top = reader.object(document)
    if top.get("fpverify", KIND) != KIND or top.get("version", VERSION) != VERSION:
        raise reader.wrong(f"is no {KIND!r} of version {VERSION}")
    views = reader.list(top, "views")
    if not views:
        raise reader.wrong("holds no view of a finger")
    product = reader.pair(top, "product", (0, 0))
    return MinutiaRecord(
        tuple(_view(view, _Reader(source, f"views[{k}]")) for k, view in enumerate(views)), NAME, product, source
    )


def _view_answer(view: FingerView) -> dict[str, Any]:
    columns = zip(view.x_px, view.y_px, view.angle_rad, view.types, view.quality, strict=True)
    return {
        "finger": FINGER_NAMES[view.finger],
        "view": view.view,
        "impression": view.impression,
        "width_px": view.width_px,
        "height_px": view.height_px,
        "ppcm": [view.ppcm_x, view.ppcm_y],
        "ppi": [round(ppcm * CM_PER_INCH, 2) for ppcm in (view.ppcm_x, view.ppcm_y)],
        "ratings": [
            {"quality": _quality_answer(one.value), "vendor": one.vendor, "algorithm": one.algorithm}
            for one in view.ratings
        ],
        "capture": {
            "compliance": view.capture.compliance,
            "device": view.capture.device,
            "vendor": view.capture.vendor,
            "technology": view.capture.technology,
            "time": list(view.capture.time),
            "certificates": [list(one) for one in view.capture.certificates],
        },
        "ridge_ends": view.ridge_ends,
        "extended": [{"type": kind, "data": data.hex()} for kind, data in view.extended],
        "extended_format": view.extended_format,
        "minutiae": [
            {
                "x_px": float(str(x)),
                "y_px": float(str(y)),
                "angle_rad": float(str(angle)),
                "type": MINUTIA_TYPES[kind],
                "quality": _quality_answer(int(quality)),
            }
            for x, y, angle, kind, quality in columns
        ],
    }


def _quality_answer(quality: int) -> int | str | None:
    return {NOT_STATED: None, NOT_COMPUTED: FAILED}.get(quality, quality)


class _Reader:
    """Values of one object, each held to its kind and range."""

    def __init__(self, source: str, place: str) -> None:
        self.source = source
        self.place = place

    def wrong(self, message: str) -> UnreadableRecord:
        return UnreadableRecord(f"{self.source}: {self.place or 'the object'} {message}")

    def object(self, value: Any) -> Object:
        if not isinstance(value, dict):
            raise self.wrong("is no JSON object")
        return value

    def list(self, holder: Object, name: str) -> list[Any]:
        value = holder.get(name, [])
        if not isinstance(value, list):
            raise self.wrong(f"has {name} that is no list")
        return value

    def number(self, holder: Object, name: str, default: float | None = 0.0) -> float:
        value = holder.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LARGEST:
            raise self.wrong(f"has {name} that is no number that can be")
        return float(value)

    def whole(self, holder: Object, name: str) -> int:
        value = self.number(holder, name)
        if not value.is_integer():
            raise self.wrong(f"has {name} that is no whole number")
        return int(value)

    def pair(self, holder: Object, name: str, default: tuple[int, int]) -> tuple[int, int]:
        values = self.list(holder, name) or list(default)
        if len(values) != 2:
            raise self.wrong(f"has {name} that is no pair")
        named = {str(k): value for k, value in enumerate(values)}
        return self.whole(named, "0"), self.whole(named, "1")

    def word(self, holder: Object, name: str, words: Mapping[str, int], default: str) -> int:
        value = holder.get(name, default)
        if not isinstance(value, str) or value not in words:
            raise self.wrong(f"has {name} that is none of {', '.join(words)}")
        return words[value]

    def quality(self, holder: Object, name: str) -> int:
        value = holder.get(name)
        if value is None or value == FAILED:
            return NOT_STATED if value is None else NOT_COMPUTED
        quality = self.whole(holder, name)
        if not 0 <= quality <= 100:
            raise self.wrong(f"has {name} {quality}, 0 to 100 are possible")
        return quality


TYPE_CODES = {name: code for code, name in enumerate(MINUTIA_TYPES)}


def _view(value: Any, reader: _Reader) -> FingerView:
    view = reader.object(value)
    minutiae = [reader.object(one) for one in reader.list(view, "minutiae")]
    x, y, angle = (
        np.array([reader.number(one, name, None) for one in minutiae], np.float32)
        for name in ("x_px", "y_px", "angle_rad")
    )
    resolution = {str(k): value for k, value in enumerate(reader.list(view, "ppcm"))}
    extended_format = view.get("extended_format", "")
    return FingerView(
        x,
        y,
        angle,
        np.array([reader.word(one, "type", TYPE_CODES, MINUTIA_TYPES[0]) for one in minutiae], np.uint8),
        np.array([reader.quality(one, "quality") for one in minutiae], np.int16),
        width_px=reader.whole(view, "width_px"),
        height_px=reader.whole(view, "height_px"),
        ppcm_x=reader.number(resolution, "0"),
        ppcm_y=reader.number(resolution, "1"),
        finger=reader.word(view, "finger", FINGER_CODES, FINGER_NAMES[0]),
        view=reader.whole(view, "view"),
        impression=reader.whole(view, "impression"),
        ratings=tuple(_rating(one, reader) for one in reader.list(view, "ratings")),
        capture=_capture(reader.object(view.get("capture", {})), reader),
        ridge_ends=view.get("ridge_ends", False) is True,
        extended=tuple(_block(one, reader) for one in reader.list(view, "extended")),
        extended_format=extended_format if isinstance(extended_format, str) else "",
    )


def _rating(value: Any, reader: _Reader) -> Rating:
    one = reader.object(value)
    return Rating(reader.quality(one, "quality"), reader.whole(one, "vendor"), reader.whole(one, "algorithm"))


def _capture(value: Object, reader: _Reader) -> Capture:
    time = {str(k): number for k, number in enumerate(reader.list(value, "time"))}
    pairs = [{"pair": pair} for pair in reader.list(value, "certificates")]
    return Capture(
        compliance=reader.whole(value, "compliance"),
        device=reader.whole(value, "device"),
        vendor=reader.whole(value, "vendor"),
        technology=reader.whole(value, "technology"),
        time=tuple(reader.whole(time, key) for key in time),
        certificates=tuple(reader.pair(one, "pair", (0, 0)) for one in pairs),
    )


def _block(value: Any, reader: _Reader) -> tuple[int, bytes]:
    one = reader.object(value)
    try:
        return reader.whole(one, "type"), bytes.fromhex(one.get("data", ""))
    except (TypeError, ValueError):
        raise reader.wrong("has extended data that is not hexadecimal") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")

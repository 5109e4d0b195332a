"""Minutiae of ANSI/NIST records of type 9: the standard's first form, that of ANSI/INCITS 378, and the extended one.

Three forms say three things of a place and a direction:

    9.012         0.01 mm, y from the bottom; degrees counterclockwise, out of the ridge
    9.137         pixels, y from the top; two degrees each, into the ridge (as in ANSI/INCITS 378)
    9.331         0.01 mm, y from the top; degrees counterclockwise, into the ridge

Source: ANSI/NIST-ITL 1-2011 (NIST Special Publication 500-290), record type 9; for the directions of the first form
also the manual of NIST's mindtct, which writes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from fpverify.errors import UnreadableRecord
from fpverify.formats.containers.codes import known_impression, known_position
from fpverify.formats.containers.tagged import RS, US, number
from fpverify.vocabulary import MINUTIA_TYPES, NOT_STATED, FingerView
from fpverify.vocabulary.images import FingerImage

STEPS_PPCM = 1000.0  # of 0.01 mm
MOST = 10_000  # minutiae; prints have about 60
PLACE = re.compile(rb"\s*(\d{4,5})(\d{4,5})(\d{3})\s*")
TYPES = {b"A": 1, b"B": 2, b"E": 1}  # endings and bifurcations; the rest is other
BEST_OF_63 = 63  # the first form rates from 2 to 63, the best
CM_PER_INCH = 2.54
FIELDS_OF_378 = range(126, 151)


class _Minutia(NamedTuple):
    """Place in steps or pixels, direction in degrees counterclockwise into the ridge, type and quality."""

    x: float
    y: float
    degrees: float
    type: int
    quality: int


def minutiae_views(fields: dict[int, bytes], image: FingerImage | None) -> tuple[FingerView, ...]:
    """The minutiae of a record, a view for each form that it has.

    Args:
        fields: of the record, by number.
        image: of the same finger in the same file, in whose pixels they are told; None where there is none.

    Raises:
        UnreadableRecord: they are not as the standard has them.
    """
    views = []
    if 137 in fields:
        views.append(_of_378(fields, image))
    elif 12 in fields:
        views.append(_of_first_form(fields, image))
    elif 331 in fields:
        views.append(_of_extended(fields, image))
    return tuple(views)


def _of_first_form(fields: dict[int, bytes], image: FingerImage | None) -> FingerView:
    found: list[_Minutia] = []
    for parts in _subfields(fields[12]):
        place = PLACE.fullmatch(parts[1]) if len(parts) > 1 else None
        if place is None or int(place[3]) > 359:
            raise UnreadableRecord(f"minutia {len(found) + 1} of field 9.012 has no place")
        rating = number(parts[2]) if len(parts) > 2 else None
        kind = TYPES.get(parts[3].strip()[:1], 0) if len(parts) > 3 else 0
        quality = round(100 * rating / BEST_OF_63) if rating is not None and 2 <= rating <= BEST_OF_63 else NOT_STATED
        found.append(_Minutia(int(place[1]), int(place[2]), (int(place[3]) + 180) % 360, kind, quality))
    height = _steps(image)[1] if image is not None else max((one.y for one in found), default=0.0) + 1
    turned = [one._replace(y=height - 1 - one.y) for one in found]
    return _view(turned, fields, _position(fields, 6), image, STEPS_PPCM)


def _of_extended(fields: dict[int, bytes], image: FingerImage | None) -> FingerView:
    found: list[_Minutia] = []
    for parts in _subfields(fields[331]):
        x, y, turn = (number(part) for part in (parts + [b""] * 3)[:3])
        if x is None or y is None or turn is None or turn > 359:
            raise UnreadableRecord(f"minutia {len(found) + 1} of field 9.331 has no place")
        found.append(_Minutia(x, y, turn, TYPES.get(parts[3].strip()[:1], 0) if len(parts) > 3 else 0, NOT_STATED))
    return _view(found, fields, _position(fields, 302), image, STEPS_PPCM)


def _of_378(fields: dict[int, bytes], image: FingerImage | None) -> FingerView:
    found: list[_Minutia] = []
    for parts in _subfields(fields[137]):
        x, y, turn, kind = (number(part) for part in (parts + [b""] * 5)[1:5])
        rating = number(parts[5]) if len(parts) > 5 else None
        if x is None or y is None or turn is None or turn > 179:
            raise UnreadableRecord(f"minutia {len(found) + 1} of field 9.137 has no place")
        known = kind if kind is not None and kind < len(MINUTIA_TYPES) else 0
        quality = rating if rating is not None and 0 < rating <= 100 else NOT_STATED
        found.append(_Minutia(x, y, 2 * turn, known, quality))
    width, height = (number(fields.get(field, b"")) or 0 for field in (128, 129))
    across = number(fields.get(131, b"")) or 0
    ppcm = across / CM_PER_INCH if number(fields.get(130, b"")) == 1 else float(across)
    view = _view(found, fields, _position(fields, 134), None, ppcm)
    if width and height:
        return _sized(view, (width, height))
    return view if image is None else _sized(view, (image.width_px, image.height_px))


def _view(
    found: list[_Minutia], fields: dict[int, bytes], finger: int, image: FingerImage | None, ppcm: float
) -> FingerView:
    """The view of some minutiae, in the pixels of a picture where that is known."""
    scale, size = 1.0, (0, 0)
    if image is not None and image.ppi is not None:
        scale = image.ppi[0] / CM_PER_INCH / ppcm
        ppcm, size = image.ppi[0] / CM_PER_INCH, (image.width_px, image.height_px)
    angle = -np.radians([one.degrees for one in found])
    angle = np.where(angle <= -np.pi, angle + 2 * np.pi, angle)
    return FingerView(
        np.array([one.x * scale for one in found], np.float32),
        np.array([one.y * scale for one in found], np.float32),
        angle.astype(np.float32),
        np.array([one.type for one in found], np.uint8),
        np.array([one.quality for one in found], np.int16),
        *size,
        ppcm,
        ppcm,
        finger,
        impression=known_impression(number(fields.get(3, b"")) or 0),
    )


def _sized(view: FingerView, size: tuple[int, int]) -> FingerView:
    return replace(view, width_px=size[0], height_px=size[1])


def _steps(image: FingerImage) -> tuple[float, float]:
    """Width and height of a picture in 0.01 mm."""
    if image.ppi is None:
        return float(image.width_px), float(image.height_px)
    across, down = image.ppi
    return image.width_px / across * CM_PER_INCH * STEPS_PPCM, image.height_px / down * CM_PER_INCH * STEPS_PPCM


def _position(fields: dict[int, bytes], field: int) -> int:
    """The first finger that a field names; unknown for what is none that minutiae are told of."""
    code = number(fields.get(field, b"").replace(RS, US).split(US)[0]) or 0
    known = known_position(code)
    return known if known is not None and known <= 10 else 0


def _subfields(value: bytes) -> Iterator[list[bytes]]:
    entries = [one for one in value.split(RS, MOST + 1) if one.strip()]
    if len(entries) > MOST:
        raise UnreadableRecord(f"more than {MOST} minutiae")
    for one in entries:
        yield one.split(US)

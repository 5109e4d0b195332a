"""The profile MIN:A, as MINEX and PIV ask it of ANSI/INCITS 378-2004: minutiae alone, nothing optional.

- one view, resolution 197 px/cm (500 ppi), to which other pictures are brought;
- at most 128 minutiae, the best, in the order they had, of the types other, ending and bifurcation;
- impression plain, live or not; finger quality 20, 40, 60, 80, 100, or none; equipment 0;
- no extended data; so a record has at most 800 bytes.

Sources: NIST SP 800-76-2, profile of INCITS 378 for PIV cards; the test plan of MINEX III, which cites it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fpverify.errors import UnwritableRecord
from fpverify.vocabulary import Capture, FingerView, MinutiaRecord, Rating

NAME = "mina"
FORMAT = "ansi2004"
MOST_MINUTIAE = 128
PPCM = 197.0  # 500 ppi
PLAIN = (0, 2)  # impression types: live and not
QUALITY_STEP = 20


def in_mina(record: MinutiaRecord) -> MinutiaRecord:
    """The record as the profile asks; fewer, coarser, never made up.

    Raises:
        UnwritableRecord: several views, an impression that is not plain, or no resolution.
    """
    if len(record) != 1:
        raise UnwritableRecord(f"{len(record)} views, the profile {NAME} asks for one")
    view = record.views[0]
    if view.impression not in PLAIN:
        raise UnwritableRecord(f"impression type {view.impression}, the profile {NAME} asks for plain ones: 0 or 2")
    if not (view.ppcm_x > 0 and view.ppcm_y > 0):
        raise UnwritableRecord(f"no resolution is known: give it; the profile {NAME} asks for {PPCM:.0f} px/cm")
    best = np.sort(np.argsort(-view.quality, kind="stable")[:MOST_MINUTIAE])
    return replace(record, views=(_plain(at_resolution(_chosen(view, best), PPCM)),))


def left_out(record: MinutiaRecord) -> tuple[str, ...]:
    """What the profile leaves out of a record, a few words each."""
    view = record.views[0]
    beyond = len(view) - MOST_MINUTIAE
    few = (f"the {beyond} minutiae of least quality",) if beyond > 0 else ()
    return (*few, *(("extended data",) if view.extended else ()))


def at_resolution(view: FingerView, ppcm: float) -> FingerView:
    """The view in pixels of another resolution; the corners of the picture stay where they are."""
    if round(view.ppcm_x) == round(view.ppcm_y) == round(ppcm):
        return view
    across, down = ppcm / view.ppcm_x, ppcm / view.ppcm_y
    return replace(
        view,
        x_px=((view.x_px + 0.5) * across - 0.5).astype(np.float32),
        y_px=((view.y_px + 0.5) * down - 0.5).astype(np.float32),
        width_px=round(view.width_px * across),
        height_px=round(view.height_px * down),
        ppcm_x=ppcm,
        ppcm_y=ppcm,
    )


def _chosen(view: FingerView, index: np.ndarray) -> FingerView:
    return replace(
        view,
        x_px=view.x_px[index],
        y_px=view.y_px[index],
        angle_rad=view.angle_rad[index],
        types=view.types[index],
        quality=view.quality[index],
    )


def _plain(view: FingerView) -> FingerView:
    ratings = tuple(Rating(_coarse(one.value)) for one in view.ratings[:1] if one.value >= 0)
    return replace(view, view=0, ratings=ratings, capture=Capture(), extended=(), extended_format="")


def _coarse(quality: int) -> int:
    """20, 40, 60, 80 or 100: five classes, as NFIQ has."""
    return max(1, -(-quality // QUALITY_STEP)) * QUALITY_STEP

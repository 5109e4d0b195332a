"""A finger as it is kept for touches to be laid on, within so many bytes: touches in one frame, or a whole print."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fpverify.comparison.touches.alignment import ANYHOW, Upright
from fpverify.comparison.touches.joining import Describe, Given, Mosaic, groups, mosaic
from fpverify.comparison.touches.prepared import STEP_PX, Ground, Places, interpolated
from fpverify.comparison.touches.worths import PlaceWorths
from fpverify.vocabulary import BoolArray, FloatArray, IndexArray, Minutiae, Skin

APART_PX = 120  # between what lies apart: more than a touch is wide, so that none reaches both
MOST_BYTES = 12 * 1024  # of a finger in its binary form (`fpverify.store.template_format`)
MOST_PRINT_BYTES = 24 * 1024  # of a whole print with its skin: only of large ones some is left out
OTHER_BYTES = 500  # of it: headers, and what says where places and pixels are
SCATTERED_BYTES = 920  # the same where places are missing here and there: of 200 real fingers none took more
MINUTIA_BYTES = 47  # 64 numbers of 5 bits, a position and an angle
MOST_THINNED = 1.7  # times the places that are kept: nearly every second one goes
MOST_MINUTIAE = 80  # of a finger: what a template has at most
SAME_PX, SAME_RAD = 6.0, 0.6  # minutiae of two touches, nearer and turned less against each other, are one
ANGLE_STEPS = 256  # of half a turn
# Step of a descriptor's numbers, in deviations, by their bits: what loses least of normal ones. 3 bits keep a cosine of
# 0.98 with what they stand for, 2 bits 0.94, and then half as many places again fit, which is worth more.
QUANTUM = {2: 0.996, 3: 0.586}

# Source of QUANTUM: Max, "Quantizing for minimum distortion", IRE Transactions on Information Theory 6, 1960.


@dataclass(frozen=True, slots=True)
class Keeping:
    """How a model keeps fingers.

    Attributes:
        bits: of a number of a place's descriptor; one of `QUANTUM`.
        most_minutiae: of a finger from touches.
        interpolate: whether places that were left out are interpolated when touches are compared with the finger.
    """

    bits: int = 3
    most_minutiae: int = 50
    interpolate: bool = False

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Keeping:
        """Of all its attributes as plain numbers; KeyError, TypeError or ValueError if they are none that can be."""
        found = cls(**{name: plain[name] for name in ("bits", "most_minutiae", "interpolate")})
        if type(found.bits) is not int or found.bits not in QUANTUM:
            raise ValueError(f"numbers of {' or '.join(map(str, QUANTUM))} bits were expected")
        if type(found.most_minutiae) is not int or not 0 < found.most_minutiae <= MOST_MINUTIAE:
            raise ValueError(f"1 to {MOST_MINUTIAE} minutiae of a finger were expected")
        if type(found.interpolate) is not bool:
            raise ValueError("whether places are interpolated was expected as true or false")
        return found


FORMER = Keeping()  # of models that say nothing of it


@dataclass(frozen=True, slots=True, eq=False)
class JoinedFinger:
    """A finger from touches.

    Attributes:
        skin: all of it in one frame.
        minutiae: in that frame, the best first; each once, however many touches show it.
        descriptors: theirs, (m, d) int8.
        groups: touches that came together, of each group how many, the most first; those left out have no group.
    """

    skin: Skin
    minutiae: Minutiae
    descriptors: NDArray[np.int8]
    groups: tuple[int, ...]


def joined_finger(
    given: Sequence[Given],
    worths: PlaceWorths,
    describe: Describe,
    most_bytes: int = MOST_BYTES,
    *,
    upright: Upright = ANYHOW,
    keeping: Keeping = FORMER,
    only_joined: bool = False,
) -> JoinedFinger:
    """Touches of one finger as one reference.

    Args:
        given: at least one.
        worths: of the model.
        describe: a picture, x, y and angle of n of its places -> (n, d) descriptors.
        most_bytes: that the finger may take, with at least its minutiae and its picture. Every second place goes first,
            which its neighbours stand for; touches that join nothing go where that would not do.
        upright: of the model, too; and ...
        keeping: ... how it keeps fingers.
        only_joined: leave touches out that join nothing, if others do.
    """
    found = groups(given, worths, upright)
    mosaics = [mosaic(one, describe) for one in found if len(one) > 1 or not only_joined or len(found[0]) == 1]
    mosaics = _within(mosaics, most_bytes, keeping)
    tops = np.cumsum([0, *(one.picture.shape[0] + APART_PX for one in mosaics)])
    tops = (np.ceil(tops / STEP_PX) * STEP_PX).astype(int)
    share = _room(mosaics, most_bytes, keeping) / max(1, sum(len(one.x) for one in mosaics))
    kept = [_thinned(one, share, keeping) for one in mosaics]
    x, angle, vectors = (
        np.concatenate([getattr(one, name)[which] for one, which in zip(mosaics, kept, strict=True)])
        for name in ("x", "angle", "descriptors")
    )
    y = np.concatenate([one.y[which] + top for one, which, top in zip(mosaics, kept, tops, strict=False)])
    minutiae, descriptors = _minutiae(mosaics, tops, keeping.most_minutiae)
    skin = Skin(
        x_px=x.astype(np.float32),
        y_px=y.astype(np.float32),
        angle_rad=_angles_on_grid(angle),
        descriptors=coarse(vectors, keeping.bits),
        opposite=np.zeros((0, vectors.shape[1]), np.int8),
        picture=_picture(mosaics, tops),
        touches=max(2, sum(one.touches for one in mosaics)),
    )
    return JoinedFinger(skin, minutiae, descriptors, tuple(one.touches for one in mosaics))


def print_skin(
    x_px: FloatArray, y_px: FloatArray, angle_rad: FloatArray, vectors: FloatArray, *, minutiae: int, bits: int = 3
) -> Skin:
    """A whole print's skin, beside its template of so many minutiae.

    Args:
        x_px: (n,) of its places, row by row.
        y_px: (n,) likewise.
        angle_rad: (n,) likewise, on their grid.
        vectors: (n, d) of unit length. Where there are more than there is room for, some of every second place go,
            which its neighbours stand for.
        minutiae: of the print.
        bits: of a number of a descriptor.
    """
    room = max(0, MOST_PRINT_BYTES - OTHER_BYTES - MINUTIA_BYTES * minutiae) // place_bytes(vectors.shape[1], bits)
    second = (x_px // STEP_PX + y_px // STEP_PX) % 2 == 1
    first = _evenly(np.flatnonzero(~second), room)
    kept = np.sort(np.concatenate([first, _evenly(np.flatnonzero(second), room - len(first))]))
    nothing = np.zeros((0, vectors.shape[1]), np.int8)
    descriptors, picture = coarse(vectors[kept], bits), np.zeros((0, 0), np.int8)
    return Skin(x_px[kept], y_px[kept], angle_rad[kept], descriptors, nothing, picture, touches=0)


def _evenly(of: NDArray[np.intp], count: int) -> NDArray[np.intp]:
    """So many of some, or all."""
    chosen: NDArray[np.intp] = np.unique(np.linspace(0, len(of) - 1, min(count, len(of))).astype(np.intp))
    return np.asarray(of[chosen])


def coarse(vectors: FloatArray, bits: int) -> NDArray[np.int8]:
    """Unit vectors (n, d) as odd numbers, of 2 bits from -3 to 3, of 3 bits from -7 to 7, in steps that lose least."""
    step, largest = QUANTUM[bits] / np.sqrt(max(1, vectors.shape[1])), 2**bits - 1
    steps = 2 * np.floor(vectors / step) + 1
    return np.asarray(np.clip(steps, -largest, largest), np.int8)


def place_bytes(numbers: int, bits: int) -> int:
    """What a place takes: its descriptor's numbers, and an angle."""
    return -(-numbers * bits // 8) + 1


def _room(mosaics: Sequence[Mosaic], most_bytes: int, keeping: Keeping) -> int:
    """How many places there is room for beside the pictures and the minutiae."""
    if keeping.interpolate:
        minutiae = sum(len(_once(one.minutiae, one.owners)) for one in mosaics)
        others = SCATTERED_BYTES + sum(_deflated_bytes(one.picture) for one in mosaics)
    else:  # as former models reckon, who take minutiae for more than they are, and so the pixels
        minutiae = sum(len(one.minutiae) for one in mosaics)
        others = OTHER_BYTES + sum(int(np.count_nonzero(one.picture)) for one in mosaics) // 8
    room = most_bytes - others - MINUTIA_BYTES * min(keeping.most_minutiae, minutiae)
    return max(0, room) // place_bytes(mosaics[0].descriptors.shape[1], keeping.bits)


def _deflated_bytes(picture: FloatArray) -> int:
    """What the pixels take that a picture shows, one bit each."""
    return len(zlib.compress(np.packbits(picture[picture != 0] > 0).tobytes(), 9))


def _within(mosaics: list[Mosaic], most_bytes: int, keeping: Keeping) -> list[Mosaic]:
    """Without the last groups of one touch, as long as thinning would leave holes."""
    kept = list(mosaics)
    while len(kept) > 1 and kept[-1].touches == 1:
        if sum(len(one.x) for one in kept) <= MOST_THINNED * _room(kept, most_bytes, keeping):
            break
        kept.pop()
    return kept


def _thinned(one: Mosaic, share: float, keeping: Keeping) -> IndexArray:
    """The places that are kept of a group: all, or as large a share of them; what most touches show goes last.

    Every second place, as the fields of one colour of a chessboard, goes first: neighbours stand for it. Where it is to
    be interpolated, those go first that are restored best.
    """
    if share >= 1:
        return np.arange(len(one.x), dtype=np.int32)
    second = (one.x // STEP_PX + one.y // STEP_PX) % 2
    restored = _restored(one, second == 1) if keeping.interpolate else np.zeros(len(second))
    order = np.lexsort((-one.count, restored, second))
    return np.asarray(np.sort(order[: int(share * len(one.x))]), np.int32)


def _restored(one: Mosaic, which: BoolArray) -> FloatArray:
    """How alike places are to what the others interpolate: (n,) cosines, 0 where nothing does, and of all but these."""
    others = (part[~which] for part in (one.x, one.y, one.angle, one.descriptors))
    made = Ground.at(*interpolated(Places(*others)), one.picture)
    found = made.nearest(one.x, one.y)
    if not len(made):
        return np.zeros(len(one.x), np.float32)
    cosines = np.einsum("nd,nd->n", made.descriptors[found], one.descriptors)
    return np.asarray(np.where(found < 0, 0, np.maximum(cosines, 0)), np.float32)


def _picture(mosaics: Sequence[Mosaic], tops: NDArray[np.int_]) -> NDArray[np.int8]:
    """One bit for each pixel that is shown."""
    height = int(tops[len(mosaics) - 1]) + mosaics[-1].picture.shape[0]
    whole = np.zeros((height, max(one.picture.shape[1] for one in mosaics)), np.int8)
    for one, top in zip(mosaics, tops, strict=False):
        rows, columns = one.picture.shape
        whole[top : top + rows, :columns] = np.sign(one.picture).astype(np.int8)
    return whole


def _minutiae(mosaics: Sequence[Mosaic], tops: NDArray[np.int_], most: int) -> tuple[Minutiae, NDArray[np.int8]]:
    """Of all groups, the best first."""
    parts, descriptors = [], []
    for one, top in zip(mosaics, tops, strict=False):
        which = _once(one.minutiae, one.owners)
        own = one.minutiae
        parts.append(np.stack([own.x_px, own.y_px + top, own.angle_rad, own.quality])[:, which])
        if len(which):
            descriptors.append(one.minutia_descriptors[which])
    x, y, angle, quality = np.concatenate(parts, 1).astype(np.float32)
    order = np.argsort(-quality, kind="stable")
    order = order[(x[order] >= 0) & (y[order] >= 0)][:most]
    every = np.concatenate(descriptors) if descriptors else np.zeros((0, 0), np.int8)
    return Minutiae(x[order], y[order], angle[order], quality[order]), every[order] if len(order) else every[:0]


def _once(minutiae: Minutiae, owners: NDArray[np.int_]) -> NDArray[np.intp]:
    """Each minutia once, as the touch shows it that is surest of it."""
    kept: list[int] = []
    for one in np.argsort(-minutiae.quality, kind="stable").tolist():
        others = np.array(kept, int)
        near = (
            np.hypot(minutiae.x_px[others] - minutiae.x_px[one], minutiae.y_px[others] - minutiae.y_px[one]) < SAME_PX
        )
        alike = np.cos(minutiae.angle_rad[others] - minutiae.angle_rad[one]) > np.cos(SAME_RAD)
        if not (near & alike & (owners[others] != owners[one])).any():
            kept.append(one)
    return np.array(kept, np.intp)


def _angles_on_grid(angle_rad: FloatArray) -> FloatArray:
    steps = np.rint(angle_rad.astype(np.float64) * (ANGLE_STEPS / np.pi)) % ANGLE_STEPS
    return (steps * (np.pi / ANGLE_STEPS)).astype(np.float32)

"""A finger from touches, and touches that were learnt of it later: one piece of ground that a probe is laid on.

Each learnt touch lies apart from what it was joined to by others, as touches do that join nothing. So a comparison has
as many chances as there are places, for which scores are corrected (`TouchModel.score`), and not one chance more for
each touch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from fpverify.comparison.touches.finger import APART_PX, coarse
from fpverify.comparison.touches.prepared import STEP_PX, unit
from fpverify.vocabulary import Minutiae, Skin, Template

ALONE = 2  # what a single touch in the form of several says of its number, which 1 is no number of


def as_ground(touch: Template) -> Template:
    """A touch in the form of several joined ones, which takes a third of the bytes; it is a probe no more.

    Args:
        touch: of a small sensor's picture; one that has this form already stays as it is.
    """
    skin = touch.skin
    if skin is None or skin.touches != 1:
        return touch
    ground = replace(
        skin,
        descriptors=coarse(unit(skin.descriptors), 3),
        opposite=np.zeros((0, skin.descriptors.shape[1]), np.int8),
        picture=np.sign(skin.picture).astype(np.int8),
        touches=ALONE,
    )
    return replace(touch, skin=ground)


def grown(finger: Template, learnt: Sequence[Template]) -> Template:
    """A finger with touches that were learnt of it, in one frame, for comparing: no store keeps such a one.

    Args:
        finger: of touches.
        learnt: touches of the same finger, as `as_ground` makes them; at least one.
    """
    parts = [as_ground(one) for one in (finger, *learnt)]
    skins = [one.skin for one in parts if one.skin is not None]
    offsets = _offsets(skins)
    x, y = (
        np.concatenate([getattr(one, name) + np.float32(at[k]) for one, at in zip(skins, offsets, strict=True)])
        for k, name in enumerate(("x_px", "y_px"))
    )
    skin = Skin(
        x_px=x,
        y_px=y,
        angle_rad=np.concatenate([one.angle_rad for one in skins]),
        descriptors=np.concatenate([one.descriptors for one in skins]),
        opposite=skins[0].opposite,
        picture=_picture(skins, offsets),
        touches=skins[0].touches + len(skins) - 1,
    )
    minutiae, descriptors = _minutiae(parts, offsets)
    return replace(finger, minutiae=minutiae, descriptors=descriptors, skin=skin)


def _offsets(skins: Sequence[Skin]) -> list[tuple[int, int]]:
    """Where each comes to lie, x and y; all places on the lattice of the first."""
    found, top = list[tuple[int, int]](), 0
    for one in skins:
        across, down = (
            int(getattr(skins[0], name)[0] - getattr(one, name)[0]) % int(STEP_PX) if len(skins[0]) and len(one) else 0
            for name in ("x_px", "y_px")
        )
        found.append((across, top + down))
        top += -(-(one.picture.shape[0] + APART_PX) // int(STEP_PX)) * int(STEP_PX)
    return found


def _picture(skins: Sequence[Skin], offsets: Sequence[tuple[int, int]]) -> NDArray[np.int8]:
    ends = [
        (top + one.picture.shape[0], left + one.picture.shape[1])
        for one, (left, top) in zip(skins, offsets, strict=True)
    ]
    whole = np.zeros(tuple(map(max, zip(*ends, strict=True))), np.int8)
    for one, (left, top), (bottom, right) in zip(skins, offsets, ends, strict=True):
        whole[top:bottom, left:right] = one.picture
    return whole


def _minutiae(parts: Sequence[Template], offsets: Sequence[tuple[int, int]]) -> tuple[Minutiae, NDArray[np.int8]]:
    some = [(one, *at) for one, at in zip(parts, offsets, strict=True) if len(one.minutiae)]
    if not some:
        return parts[0].minutiae, parts[0].descriptors
    each = [
        np.stack([one.minutiae.x_px + left, one.minutiae.y_px + top, one.minutiae.angle_rad, one.minutiae.quality])
        for one, left, top in some
    ]
    x, y, angle, quality = np.concatenate(each, 1).astype(np.float32)
    return Minutiae(x, y, angle, quality), np.concatenate([one.descriptors for one, _, _ in some])

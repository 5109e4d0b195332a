"""Masks of images, and greys over them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from fpverify.vocabulary import BoolArray, ByteArray, FloatArray

Outline = NDArray[np.int32]  # (n, 1, 2), as OpenCV has them


def longest_outline(mask: BoolArray) -> Outline | None:
    """The outline of the part with the longest one; None of an empty mask."""
    outlines, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return np.asarray(max(outlines, key=len), np.int32) if outlines else None


def inside(outline: Outline | None, shape: tuple[int, ...]) -> BoolArray:
    """What an outline encloses, itself included."""
    filled = np.zeros(shape, np.uint8)
    if outline is not None:
        cv2.drawContours(filled, [outline], -1, 1, cv2.FILLED)
    return np.asarray(filled > 0)


def largest_patch(mask: BoolArray, least_px: int) -> BoolArray:
    """The largest connected part, bridges and gaps up to `least_px` to either side undone and holes filled."""
    disc = ellipse(2 * least_px + 1)
    opened = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, disc)
    closed = cv2.morphologyEx(opened, cv2.MORPH_CLOSE, disc)
    return inside(longest_outline(closed > 0), mask.shape)


def widened(mask: BoolArray, by_px: int) -> BoolArray:
    """The mask and what lies within `by_px` of it."""
    return np.asarray(cv2.dilate(mask.astype(np.uint8), ellipse(2 * by_px + 1)) > 0)


def local_mean(image: ByteArray, mask: BoolArray, side: int, at: BoolArray) -> FloatArray:
    """(k,) mean over what of `mask` lies in the square around each pixel of `at`; over all of it where nothing does."""
    masked = mask.astype(np.uint8)
    count, total = (
        cv2.boxFilter(summed, cv2.CV_32F, (side, side), normalize=False, borderType=cv2.BORDER_CONSTANT)[at]
        for summed in (masked, image * masked)
    )
    mean = total / np.maximum(count, 1)
    if not count.all():
        mean[count == 0] = image[mask].mean()
    return np.asarray(mean, np.float32)


def bordered(mask: BoolArray | ByteArray, width: int, border: int = cv2.BORDER_CONSTANT) -> ByteArray:
    """The mask with a border all around, as numbers."""
    return np.asarray(cv2.copyMakeBorder(mask.astype(np.uint8), width, width, width, width, border), np.uint8)


def ellipse(side: int) -> ByteArray:
    """A disc for morphology."""
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)

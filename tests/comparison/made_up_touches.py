"""Touches of a synthetic finger whose places are known, and a stand-in for the network of places."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from fpverify.comparison.touches.comparison import TouchModel
from fpverify.comparison.touches.joining import Given
from fpverify.comparison.touches.prepared import Ground, Touch
from fpverify.comparison.touches.worths import BlockWorths, PlaceWorths
from fpverify.features.places import at_places, directions, lattice, neighbourhoods
from fpverify.features.preparation import normalise
from fpverify.features.touches import skin_of
from fpverify.synthesis.dataset import master
from fpverify.vocabulary import FloatArray, Minutiae, Skin

NUMBERS = 48
NO_MINUTIAE = Minutiae(*(np.zeros(0, np.float32) for _ in range(4)))


@cache
def finger(number: int) -> FloatArray:
    """A whole finger, normalised; (h, w)."""
    return normalise((1 + master(11, number).ridges) / 2)


def window(number: int, x: float, y: float, turn: float = 0.0, side: int = 60) -> FloatArray:
    """A touch of a finger: its picture, whose corner lies at x, y of the finger, turned about it."""
    cos, sin = np.cos(turn), np.sin(turn)
    matrix = np.array([[cos, -sin, x], [sin, cos, y]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(finger(number), matrix, (side, side), flags=flags)


def cells_of(image: FloatArray) -> np.ndarray:
    return np.ones([-(-side // 4) for side in image.shape], bool)


@cache
def _projection() -> FloatArray:
    return np.random.default_rng(3).normal(size=(8 * 8, NUMBERS)).astype(np.float32)


def describe(patches: FloatArray) -> FloatArray:
    """Coarse pictures of neighbourhoods, at random turned into unit vectors: (n, 32, 32, 1) -> (n, 48)."""
    coarse = [
        cv2.resize(cv2.GaussianBlur(one[..., 0], (0, 0), 1.0), (8, 8), interpolation=cv2.INTER_AREA) for one in patches
    ]
    vectors = np.stack(coarse).reshape(len(patches), -1) @ _projection()
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6), np.float32)


def skin(image: FloatArray) -> Skin:
    return skin_of(image, cells_of(image), describe)


@cache
def cohort() -> FloatArray:
    """Places of other fingers."""
    image = finger(9)
    x, y = lattice(cells_of(image), image.shape, staggered=True)
    return describe(neighbourhoods(image, x, y, at_places(directions(image), x, y))[..., None])


def model() -> TouchModel:
    return TouchModel(cohort(), PlaceWorths.first(), BlockWorths.first())


def touch(image: FloatArray) -> Touch:
    return Touch.of(skin(image), cohort())


def given(image: FloatArray) -> Given:
    angle = directions(image)
    x, y = lattice(cells_of(image), image.shape, staggered=False)
    along = at_places(angle, x, y)
    vectors = describe(neighbourhoods(image, x, y, along)[..., None])
    one = touch(image)
    return Given(
        one, Ground.at(x, y, along, vectors, one.picture), image, angle, NO_MINUTIAE, np.zeros((0, 0), np.int8)
    )


def described(picture: FloatArray, x: FloatArray, y: FloatArray, angle: FloatArray) -> FloatArray:
    return describe(neighbourhoods(picture, x, y, angle)[..., None])

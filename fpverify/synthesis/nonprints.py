"""Images that are no print, so that a network learns to find nothing in them.

Photographs are stood in for by dead leaves: A. Lee, D. Mumford, J. Huang, "Occlusion models for natural images",
Int. J. Computer Vision 41 (2001): shapes of all sizes that hide one another have the statistics of nature.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from fpverify.synthesis.fields import grain, pixel_grid, smooth_field
from fpverify.synthesis.plate import draw_specks, draw_streaks
from fpverify.vocabulary import FloatArray

SHADED = 0.5  # of the images: light, or contrast where the middle grey is 0, differs from place to place ...
SHADING = 0.3  # ... by this deviation, relative: a shadow across a page
FUR_DIRECTIONS = 12  # over half a turn: 15 degrees apart, as hairs of a strand are
_Draw = Callable[[np.random.Generator, tuple[int, int]], FloatArray]


def draw_nonprint(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    """An image without a print; (height, width) float32 in [0, 1]."""
    kinds: tuple[_Draw, ...] = (
        *(_scene, _scene, _scene, _scene),
        *(_fractal_noise, _grains, _writing, _writing, _checks, _drawing, _blank, _plate, _fur),
    )
    return pictured(rng, kinds[int(rng.integers(len(kinds)))](rng, shape))


def pictured(rng: np.random.Generator, image: FloatArray) -> FloatArray:
    """Something drawn as a sensor or a camera delivers it: blurred, unevenly lit, noisy; float32 in [0, 1]."""
    shape = (image.shape[0], image.shape[1])
    image = np.asarray(cv2.GaussianBlur(image.astype(np.float32), (0, 0), rng.uniform(0.3, 1.5)), np.float32)
    if rng.random() < SHADED:
        image = image * (1 + SHADING * smooth_field(rng, shape, 3))
    image = image + np.float32(rng.uniform(0, 0.06)) * rng.standard_normal(shape, dtype=np.float32)
    low, high = float(image.min()), float(image.max())
    span = rng.uniform(0.2, 1.0)
    scaled = (image - low) / max(high - low, 1e-3)
    return (rng.uniform(0, 1 - span) + span * scaled).astype(np.float32)


def _scene(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    """A photograph: shaded and textured things that hide one another."""
    owner = _dead_leaves(rng, shape)
    leaves = int(owner.max()) + 1
    x, y = (axis / max(shape) for axis in pixel_grid(shape))
    grey, slope_x, slope_y = rng.random(leaves), *rng.normal(0, 0.6, (2, leaves))
    roughness = rng.uniform(0, 0.25) * rng.random(leaves) ** 2
    texture = _fractal_noise(rng, shape)
    texture = texture / max(float(texture.std()), 1e-6)
    image = grey[owner] + slope_x[owner] * x + slope_y[owner] * y + roughness[owner] * texture
    return np.asarray(image, np.float32)


def _dead_leaves(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.int32]:
    """Which leaf lies on top at every pixel."""
    owner = np.zeros(shape, np.int32)
    for leaf in range(1, int(rng.integers(20, 400))):
        centre = tuple(int(v) for v in rng.uniform(0, shape[::-1]))
        size = 3.0 * 40.0 ** rng.random()  # px, 3 to 120, every octave as often: small ones do not fill the view
        axes = (max(1, int(size)), max(1, int(size * rng.uniform(0.1, 1))))
        if rng.random() < 0.5:
            cv2.ellipse(owner, centre, axes, rng.uniform(0, 180), 0, 360, leaf, -1)
        else:
            box = cv2.boxPoints((centre, axes, rng.uniform(0, 180)))
            cv2.fillPoly(owner, [box.astype(np.int32)], leaf)
    return owner


def _drawing(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    """Lines, arcs and rings on paper."""
    page = np.full(shape, 255, np.uint8)
    for _ in range(int(rng.integers(3, 40))):
        start, end = (tuple(int(v) for v in point) for point in rng.uniform(0, shape[::-1], (2, 2)))
        grey, width = int(rng.integers(0, 200)), int(rng.integers(1, 6))
        if rng.random() < 0.5:
            cv2.line(page, start, end, grey, width, cv2.LINE_AA)
        else:
            axes = tuple(int(v) for v in rng.uniform(3, 90, 2))
            cv2.ellipse(page, start, axes, rng.uniform(0, 180), 0, rng.uniform(90, 360), grey, width, cv2.LINE_AA)
    return np.asarray(page / 255, np.float32)


def _fractal_noise(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    spectrum = np.fft.rfft2(rng.standard_normal(shape))
    frequency = np.hypot(np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1])[None]) + 1 / max(shape)
    return np.fft.irfft2(spectrum / frequency ** rng.uniform(0.3, 2.2), shape).astype(np.float32)


def _grains(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    """Band-limited noise of ridge scale: worms and dots without a common direction."""
    fine = rng.uniform(0.7, 2.5)
    image = grain(rng, shape, fine) - grain(rng, shape, fine * 2)
    return np.asarray(np.tanh(rng.uniform(0.5, 4) * image))


def _writing(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    page = np.full(shape, 255, np.uint8)
    letters = list("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,;:")
    size, font = 0.15 * 7.0 ** rng.random(), int(rng.integers(0, 8))  # of 22 px high capitals: 3 to 23 px
    for y in range(8, shape[0], max(5, int(28 * size))):
        line = "".join(rng.choice(letters, 160))
        cv2.putText(page, line, (int(rng.integers(0, 20)), y), font, size, int(rng.integers(0, 80)))
    return np.asarray(page / 255, np.float32)


def _checks(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    """Bricks, tiles and weaves: two gratings at an angle to each other."""
    x, y = pixel_grid(shape)
    waves = []
    for _ in range(2):
        direction, period = rng.uniform(0, np.pi), rng.uniform(3, 30)
        waves.append(np.cos(2 * np.pi * (x * np.cos(direction) + y * np.sin(direction)) / period))
    mixed = np.maximum(*waves) if rng.random() < 0.5 else waves[0] * waves[1]
    return np.asarray(np.tanh(rng.uniform(0.5, 5) * mixed))


def _blank(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    """An empty plate: shading, dirt, a bare frame."""
    image = rng.random() + 0.1 * smooth_field(rng, shape, 3)
    if rng.random() < 0.5:
        cv2.rectangle(image, (10, 10), (shape[1] - 10, shape[0] - 10), float(rng.random()), int(rng.integers(1, 4)))
    return image


def _plate(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    """A plate that nobody touches, with all that it shows by itself."""
    image = 1 + 0.1 * smooth_field(rng, shape, 3) - draw_streaks(rng, shape)
    return np.asarray(np.minimum(image, 1 - draw_specks(rng, shape)) if rng.random() < 0.5 else image, np.float32)


def _fur(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    """Hair, grass, fibres: lines that flow as ridges do, but neither as far apart from each other nor as long."""
    noise = rng.standard_normal(shape, dtype=np.float32)
    length, width = rng.uniform(3, 10), rng.uniform(0.4, 1.5)
    turn = rng.uniform(0, 1) + rng.uniform(0.05, 0.3) * smooth_field(rng, shape, int(rng.integers(2, 6)))
    direction = np.floor(turn * FUR_DIRECTIONS).astype(int) % FUR_DIRECTIONS
    image = np.zeros(shape, np.float32)
    for number in np.unique(direction):
        strands = cv2.filter2D(noise, -1, _strand(np.pi * number / FUR_DIRECTIONS, length, width))
        np.copyto(image, strands, where=direction == number)
    return np.asarray(np.tanh(rng.uniform(0.5, 3) * image / max(float(image.std()), 1e-6)))


def _strand(angle_rad: float, length_px: float, width_px: float) -> FloatArray:
    """A Gaussian drawn out along a direction."""
    side = 2 * int(2 * length_px) + 1
    x, y = pixel_grid((side, side))
    along, across = x * np.cos(angle_rad) + y * np.sin(angle_rad), y * np.cos(angle_rad) - x * np.sin(angle_rad)
    return np.asarray(np.exp(-(along**2) / (2 * length_px**2) - across**2 / (2 * width_px**2)), np.float32)

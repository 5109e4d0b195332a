"""What a sensor makes of the contact: its window, background, grey curve, blur and noise."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from fpverify.synthesis.fields import pixel_grid, smooth_field
from fpverify.vocabulary import BoolArray, FloatArray

Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Sensor:
    """How one family of sensors draws contact. Grey levels are in [0, 1], white is 1.

    Attributes:
        name: as on the command line.
        paper: grey of no contact.
        ink: grey of full contact.
        gamma: exponent of the grey curve.
        blur_px: deviation of the optics or the sensing cell.
        noise: deviation of the white noise.
        residue: how often traces of the last finger or dirt remain on the plate.
        shading: most variation of the grey of no contact over the plate.
        window: how often the window's straight edges cut the print.
        banding: deviation of noise common to a row, as sweep sensors have.
    """

    name: str
    paper: Range
    ink: Range
    gamma: Range
    blur_px: Range
    noise: Range
    residue: float
    shading: float
    window: float
    banding: Range = (0.0, 0.0)


SENSORS = {
    sensor.name: sensor
    for sensor in (
        Sensor("optical", (0.7, 1.0), (0.0, 0.3), (0.7, 1.4), (0.4, 0.9), (0.005, 0.03), 0.5, 0.1, 0.3),
        Sensor("capacitive", (0.8, 1.0), (0.0, 0.4), (0.6, 1.6), (0.3, 0.6), (0.01, 0.06), 0.15, 0.03, 0.6),
        Sensor(
            "thermal",
            (0.55, 0.9),
            (0.0, 0.4),
            (0.7, 1.4),
            (0.4, 0.9),
            (0.02, 0.06),
            0.3,
            0.15,
            0.3,
            (0, 0.04),
        ),
    )
}
VARIED = Sensor("varied", (0.65, 1.0), (0.0, 0.4), (0.6, 1.6), (0.3, 0.95), (0.005, 0.06), 0.4, 0.12, 0.45, (0, 0.02))


def draw_window(rng: np.random.Generator, shape: tuple[int, int], sensor: Sensor) -> BoolArray:
    """Where the sensor sees anything: all of the image, or a quadrilateral with straight hard edges in it."""
    height, width = shape
    if rng.random() >= sensor.window:
        return np.ones(shape, np.bool_)
    window = np.zeros(shape, np.uint8)
    inset = rng.uniform(0, 0.3, 4) * (rng.random(4) < 0.6)  # left, top, right, bottom; some edges are out of sight
    left, top, right, bottom = inset * (width, height, width, height)
    corners = np.array([(left, top), (width - right, top), (width - right, height - bottom), (left, height - bottom)])
    if rng.random() < 0.5:
        corners = corners + rng.normal(0, 4, (4, 2))  # trapezoids: optics look at the plate from aside
    cv2.fillPoly(window, [np.rint(corners).astype(np.int32)], 1)
    return np.asarray(window > 0)


def draw_image(rng: np.random.Generator, ink: FloatArray, window: BoolArray, sensor: Sensor) -> FloatArray:
    """The grey image of a contact.

    Args:
        rng: source of randomness.
        ink: (height, width) float32 in [0, 1], 1 is full contact.
        window: (height, width) bool, where the sensor sees.
        sensor: its character.

    Returns:
        (height, width) float32 in [0, 1], ridges dark.
    """
    if rng.random() < sensor.residue:
        ink = np.maximum(ink, _residue(rng, ink.shape))
    dark, white = rng.uniform(*sensor.ink), rng.uniform(*sensor.paper)
    paper = white - sensor.shading * rng.random() * _shading(rng, ink.shape)
    image = paper - (paper - dark) * np.clip(ink, 0, 1) ** np.float32(rng.uniform(*sensor.gamma))
    image = np.asarray(cv2.GaussianBlur(image.astype(np.float32), (0, 0), rng.uniform(*sensor.blur_px)), np.float32)
    image = image + np.float32(rng.uniform(*sensor.noise)) * rng.standard_normal(ink.shape, dtype=np.float32)
    image = image + np.float32(rng.uniform(*sensor.banding)) * rng.standard_normal((ink.shape[0], 1), dtype=np.float32)
    return np.clip(_framed(rng, image, window, white), 0, 1).astype(np.float32)


def _residue(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    traces = rng.uniform(0.03, 0.18) * smooth_field(rng, shape, int(rng.integers(6, 16)))
    return np.asarray(np.maximum(traces, 0), np.float32)


def _shading(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    x, y = pixel_grid(shape)
    direction = rng.uniform(0, 2 * np.pi)
    slope = (x * np.cos(direction) + y * np.sin(direction)) / max(shape)
    return np.asarray(slope + 0.3 * smooth_field(rng, shape, 3), np.float32)


def _framed(rng: np.random.Generator, image: FloatArray, window: BoolArray, white: float) -> FloatArray:
    """Fills what lies outside the window with one grey, sometimes with a line drawn around it."""
    if window.all():
        return image
    outside = white if rng.random() < 0.6 else rng.uniform(0, 1)
    image = np.where(window, image, np.float32(outside))
    if rng.random() < 0.3:
        edges, _ = cv2.findContours(window.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        image = np.ascontiguousarray(image, np.float32)
        cv2.drawContours(image, edges, -1, float(rng.uniform(0, 1)), int(rng.integers(1, 4)))
    return image

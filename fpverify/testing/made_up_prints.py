"""Made-up prints of made-up fingers: minutiae scattered at random, each with a descriptor of its own."""

from __future__ import annotations

import numpy as np

from fpverify.vocabulary import Minutiae, Template

MODEL = "test-model"
WIDTH = 64  # of a descriptor


def on_grid(descriptors: np.ndarray) -> np.ndarray:
    """Descriptors (n, d) as int8, the largest component of each 127."""
    largest = np.abs(descriptors).max(axis=1, keepdims=True, initial=1e-9)
    return np.asarray(np.rint(127 * descriptors / largest), np.int8)


def template(x: np.ndarray, y: np.ndarray, angle: np.ndarray, descriptors: np.ndarray, model: str = MODEL) -> Template:
    """The template of minutiae at places in px, with directions in rad, whatever turns they make."""
    wrapped = np.angle(np.exp(1j * np.asarray(angle)))
    columns = (np.asarray(column, np.float32) for column in (x, y, wrapped, np.ones(len(x))))
    return Template(model, 0.8, Minutiae(*columns), descriptors)


def finger(seed: int, minutiae: int = 40) -> Template:
    """A print of a finger of its own."""
    rng = np.random.default_rng([31, seed])
    x, y = rng.uniform(0, 190, (2, minutiae))
    return template(x, y, rng.uniform(-np.pi, np.pi, minutiae), on_grid(rng.normal(size=(minutiae, WIDTH))))


def impression(print_: Template, seed: int, *, missing: float = 0.3, noise: float = 0.5) -> Template:
    """Another print of the finger: moved, with minutiae missing, shuffled, and all that is measured a little off."""
    rng = np.random.default_rng([37, seed])
    kept = rng.permutation(len(print_.minutiae))[: round((1 - missing) * len(print_.minutiae))]
    jitter = rng.normal(0, 1, (3, len(kept))) * noise
    moved = moved_by(print_, rng.uniform(-0.5, 0.5), rng.uniform(-20, 20), rng.uniform(-20, 20))
    minutiae, descriptors = moved.minutiae, print_.descriptors[kept].astype(float)
    descriptors = descriptors + noise * 50 * rng.normal(size=descriptors.shape)
    x, y, angle = minutiae.x_px[kept], minutiae.y_px[kept], minutiae.angle_rad[kept]
    return template(x + jitter[0], y + jitter[1], angle + 0.1 * jitter[2], on_grid(descriptors))


def moved_by(print_: Template, turn_rad: float, x_px: float, y_px: float) -> Template:
    """The same print, rotated about the origin and shifted."""
    old, cos, sin = print_.minutiae, np.cos(turn_rad), np.sin(turn_rad)
    x, y = cos * old.x_px - sin * old.y_px + x_px, sin * old.x_px + cos * old.y_px + y_px
    return template(x, y, old.angle_rad + turn_rad, print_.descriptors)

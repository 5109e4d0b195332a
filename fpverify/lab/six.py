"""Six columns for a pair: left, right, the features of both, their difference, and what of it counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fpverify.errors import ScanError
from fpverify.extras import require
from fpverify.folders import private
from fpverify.lab.design import Design
from fpverify.lab.examples import Kind, print_image
from fpverify.lab.learners import Autoencoder, Sides, TwinImage, encoder_of
from fpverify.lab.towers import Network
from fpverify.vocabulary import FloatArray

DOTS_PER_INCH = 110
COLUMNS = ("left", "right", "left's features", "right's features", "difference", "weighted difference")
CODE_COLUMNS = 16  # of a code that has no places, drawn as a grid


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """What a network makes of a pair.

    Attributes:
        left: (h, w, c) features of the left image.
        right: of the right one.
        difference: (h, w, c), in the network's own sense: right minus left, or without sign.
        weighted: (h', w') what the difference adds to the answer, by place.
    """

    left: FloatArray
    right: FloatArray
    difference: FloatArray
    weighted: FloatArray


def read_side(path: Path, kind: Kind, shape: Sequence[int]) -> np.ndarray:
    """An image as the sets have theirs, (h, w, c) uint8: prints at 250 ppi, others at the size of the set.

    Raises:
        ScanError: no image.
    """
    import cv2

    if kind == "prints":
        return print_image(path)[..., None]
    image = cv2.imread(str(path), cv2.IMREAD_COLOR if shape[2] == 3 else cv2.IMREAD_GRAYSCALE)
    if image is None:
        raise ScanError(f"{path}: missing, or no image; give two .bmp, .png, .tif or .jpg files")
    image = image[..., ::-1] if image.ndim == 3 else image
    sized = (
        cv2.resize(image, (shape[1], shape[0]), interpolation=cv2.INTER_AREA)
        if image.shape[:2] != tuple(shape[:2])
        else image
    )
    return np.ascontiguousarray(sized).reshape(shape)


def features(design: Design, network: Network, sides: Sides) -> Features:
    """The features of one pair, (1, h, w, c) each, as the design sees it."""
    if isinstance(design.learner, TwinImage):
        return _twin_features(network, np.concatenate(sides, axis=2), design.learner.twin.difference)
    tower = encoder_of(network) if isinstance(design.learner, Autoencoder) else network
    layer = _last_with_places(tower)
    if layer is None:
        return _code_features(tower, sides)
    left, right = (_answer(tower, layer.output, side)[0] for side in sides)
    gap = np.abs(right - left)
    return Features(left, right, gap, (gap * _reach(tower, gap.shape)).sum(axis=-1))


def draw_six(sides: Sides, found: Features, title: str, path: Path) -> None:
    """Writes the picture as PNG.

    Args:
        sides: (1, h, w, c) each, as the design sees them.
        found: of `features`.
        title: above the columns.
        path: of the file.
    """
    require("plots", "a picture")
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 2.6), dpi=DOTS_PER_INCH, layout="constrained")
    axes = figure.subplots(1, len(COLUMNS))
    low, high = (float(f(np.stack([found.left, found.right]))) for f in (np.min, np.max))
    pictures = (
        _stretched(sides[0][0], float(sides[0].min()), float(sides[0].max())),
        _stretched(sides[1][0], float(sides[1].min()), float(sides[1].max())),
        _coloured(found.left, low, high, found),
        _coloured(found.right, low, high, found),
        _coloured(found.difference, float(found.difference.min()), float(found.difference.max()), found),
    )
    for one, name, picture in zip(axes, COLUMNS[:5], pictures, strict=False):
        one.imshow(picture, cmap="gray", vmin=0, vmax=1)
        one.set_title(name, fontsize=9)
    most = float(np.abs(found.weighted).max()) or 1.0
    drawn = axes[5].imshow(found.weighted, cmap="RdBu_r", vmin=-most, vmax=most)
    axes[5].set_title(COLUMNS[5], fontsize=9)
    figure.colorbar(drawn, ax=axes[5], shrink=0.8)
    for one in axes:
        one.set_axis_off()
    figure.suptitle(title, fontsize=10)
    figure.savefig(private(path))


def _twin_features(network: Network, twin: FloatArray, difference: str) -> Features:
    whole = _answer(network, network.get_layer("features").output, twin)[0]  # (h, 2 w, c)
    half = (whole.shape[1] - 1) // 2
    left, right = whole[:, :half], whole[:, -half:]
    gap = np.abs(right - left) if difference == "absolute" else right - left
    if difference == "none":
        return Features(left, right, gap, gap.mean(axis=-1))
    weights = np.asarray(network.get_layer("weights").get_weights()[0])[:, 0]
    side = int(np.sqrt(len(weights)))
    height, width = (extent // side * side for extent in gap.shape[:2])
    mean = gap[:height, :width].mean(axis=-1)
    pooled = mean.reshape(side, height // side, side, width // side).mean(axis=(1, 3))
    return Features(left, right, gap, pooled * weights.reshape(side, side))


def _code_features(tower: Network, sides: Sides) -> Features:
    """Codes drawn as grids; what counts is each unit's share of the squared distance."""
    left, right = (_grid(_answer(tower, tower.output, side)[0]) for side in sides)
    gap = np.abs(right - left)
    total = float((gap**2).sum()) or 1.0
    return Features(left, right, gap, gap[..., 0] ** 2 / total)


def _grid(code: FloatArray) -> FloatArray:
    columns = min(CODE_COLUMNS, len(code))
    rows = -(-len(code) // columns)
    return np.pad(code, (0, rows * columns - len(code))).reshape(rows, columns, 1)


def _last_with_places(tower: Network) -> Any:
    """The last layer whose output has places; None for towers of dense layers."""
    found = [layer for layer in tower.layers if hasattr(layer, "output") and len(layer.output.shape) == 4]
    found = [layer for layer in found if layer.__class__.__name__ not in {"InputLayer", "Rescaling"}]
    return found[-1] if found else None


def _reach(tower: Network, shape: tuple[int, ...]) -> FloatArray:
    """How strongly the dense layer after the features takes each of them; ones where there is no such layer."""
    dense = [layer for layer in tower.layers if layer.__class__.__name__ == "Dense"]
    if not dense:
        return np.ones(shape, np.float32)
    strength = np.linalg.norm(np.asarray(dense[0].get_weights()[0]), axis=1)
    if strength.size == np.prod(shape):
        return np.asarray(strength.reshape(shape))
    return np.broadcast_to(strength, shape) if strength.size == shape[2] else np.ones(shape, np.float32)


def _answer(network: Network, output: Any, image: FloatArray) -> FloatArray:
    import keras
    from keras import ops

    return np.asarray(ops.convert_to_numpy(keras.Model(network.input, output)(image, training=False)))


def _coloured(maps: FloatArray, low: float, high: float, found: Features) -> FloatArray:
    """Three channels as colours: the three that vary most where there are more; one as grey."""
    if maps.shape[2] < 3:
        return _stretched(maps[..., :1], low, high)
    spread = np.stack([found.left, found.right]).std(axis=(0, 1, 2))
    chosen = np.sort(np.argsort(spread)[-3:])
    return _stretched(maps[..., chosen], low, high)


def _stretched(image: FloatArray, low: float, high: float) -> FloatArray:
    shown = np.clip((image - low) / max(high - low, 1e-9), 0, 1)
    return np.asarray(shown[..., 0] if shown.shape[2] == 1 else shown)

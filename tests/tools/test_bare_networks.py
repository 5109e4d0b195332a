"""Prints spoilt as detectors would, and the slopes that both small networks are trained by."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from tool_modules import TOOLS, tool

from fpverify.comparison.bare import PARTNER, PRINTS, SHAPES
from fpverify.store import decode_template, encode_template
from fpverify.testing.made_up_prints import finger


@pytest.fixture(scope="module")
def networks() -> ModuleType:
    sys.path.insert(0, str(Path(TOOLS)))
    return tool("bare_networks")


def test_a_spoilt_print_is_a_template_that_lies_on_the_stored_grid(networks: ModuleType) -> None:
    rng = np.random.default_rng(1)
    for seed in range(20):
        made = networks.spoilt(finger(seed), rng)
        assert made.descriptors.shape == (len(made.minutiae), 0)
        kept = decode_template(encode_template(made)).minutiae
        assert (kept.x_px == made.minutiae.x_px).all()
        assert (kept.angle_rad == made.minutiae.angle_rad).all()


def test_what_is_left_of_a_spoilt_print_lies_near_where_it_was(networks: ModuleType) -> None:
    rng, print_ = np.random.default_rng(2), finger(3).minutiae
    made, places = networks.spoilt_minutiae(print_, rng)
    true = places >= 0
    assert true.any()
    apart = made.x_px[true] - print_.x_px[places[true]]
    assert np.abs(apart - np.median(apart)).max() < 12


def slope_by_difference(loss: Callable[[], float], weights: np.ndarray, at: tuple[int, ...]) -> float:
    step, before = 1e-3, weights[at].copy()
    values = []
    for sign in (1, -1):
        weights[at] = before + sign * step
        values.append(loss())
    weights[at] = before
    return (values[0] - values[1]) / (2 * step)


def test_the_judge_s_gradients_are_its_slopes(networks: ModuleType) -> None:
    rng = np.random.default_rng(4)
    layers = [one.astype(np.float64) for one in networks._begun(SHAPES[2:], rng)]
    partners = [rng.normal(size=(count, PARTNER)) for count in (0, 3, 7)]
    prints, mated = rng.normal(size=(3, PRINTS)), np.array([0.0, 1.0, 1.0])

    def loss() -> float:
        return float(networks._judgement(layers, partners, prints, mated)[0])

    _, gradients = networks._judgement(layers, partners, prints, mated)
    for layer, gradient in zip(layers, gradients, strict=True):
        at = np.unravel_index(int(np.abs(gradient).argmax()), gradient.shape)
        assert gradient[at] == pytest.approx(slope_by_difference(loss, layer, at), rel=0.02, abs=1e-4)


def test_training_on_one_finger_tells_its_neighbourhoods_apart(
    networks: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(networks, "PAIRS", 40)
    print_ = finger(1).minutiae
    same = np.stack([np.arange(len(print_))] * 2, 1)
    pairs = [networks.Impressions(print_, print_, same)]
    rng = np.random.default_rng(5)
    before = networks._contrast(
        networks._begun(networks.neighbourhoods.SHAPES, rng), networks._neighbourhood_batch(pairs, rng)
    )[0]
    row = networks.train_neighbourhoods(pairs, 25, rng).astype(np.float32)
    layers = list(networks.neighbourhoods.shaped(row, networks.neighbourhoods.SHAPES))
    after = networks._contrast(layers, networks._neighbourhood_batch(pairs, rng))[0]
    assert after < before - 0.2

"""Alignments that are right by what is there, and the slopes by which the judge of them is trained."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from tool_modules import TOOLS, tool

from fpverify.comparison import prepare_template, witnesses
from fpverify.features.bare import bare
from fpverify.testing.made_up_prints import finger


@pytest.fixture(scope="module")
def trainer() -> ModuleType:
    sys.path.insert(0, str(Path(TOOLS)))
    return tool("bare_witnesses")


def test_the_slopes_are_those_of_the_loss(trainer: ModuleType) -> None:
    rng = np.random.default_rng(3)
    layers = [rng.normal(0, 0.3, shape) for shape in witnesses.SHAPES["bent"][2:]]
    counts = np.array([5, 9, 3])
    batch = rng.normal(0, 1, (17, witnesses.WITNESS)), counts, rng.normal(0, 1, (3, witnesses.PRINTS))
    right = np.array([1.0, 0.0, 1.0])
    _, slopes = trainer.judgement(layers, batch, right)
    for layer, slope in zip(layers, slopes, strict=True):
        place = tuple(int(rng.integers(side)) for side in layer.shape)
        before, step = layer[place], 1e-4
        layer[place] = before + step
        above = trainer.judgement(layers, batch, right)[0]
        layer[place] = before - step
        below = trainer.judgement(layers, batch, right)[0]
        layer[place] = before
        assert slope[place] == pytest.approx((above - below) / (2 * step), abs=2e-4)


def test_alignments_of_one_finger_are_right_where_its_minutiae_meet(trainer: ModuleType) -> None:
    made = finger(3)
    template = bare(made)
    places = made.minutiae.x_px.astype(np.float64) + 1j * made.minutiae.y_px
    ids = np.arange(len(places))
    shown = trainer.SeenPrint(0, 1, "ours", template, ids, places), prepare_template(template)
    found = list(trainer._heard(shown, shown, mated=True))
    assert trainer.RIGHT in {right for _, right in found}
    assert {right for _, right in trainer._heard(shown, shown, mated=False)} == {trainer.WRONG}
    few = trainer.SeenPrint(0, 1, "ours", template, ids[:3], places[:3]), shown[1]
    assert {right for _, right in trainer._heard(few, shown, mated=True)} == {trainer.UNKNOWN}

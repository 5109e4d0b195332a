"""Templates of nobody, modelled on real ones."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from made_up_prints import finger
from tool_modules import tool

from fpverify.store import decode_template, encode_template
from fpverify.vocabulary import FloatArray, Template


@pytest.fixture(scope="module")
def modelled() -> ModuleType:
    return tool("modelled")


def unit(templates: list[Template]) -> FloatArray:
    rows = np.concatenate([one.descriptors for one in templates]).astype(np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


def test_a_number_gives_the_same_template_wherever_drawing_starts(modelled: ModuleType) -> None:
    model = modelled.TemplateModel.of([finger(seed) for seed in range(5)])
    drawn = list(map(encode_template, model.templates(700, seed=3)))
    assert list(map(encode_template, model.templates(150, seed=3, start=550))) == drawn[550:]
    assert len(set(drawn)) == 700
    assert encode_template(next(model.templates(1, seed=4))) != drawn[0]


def test_they_lie_on_the_grid_and_look_like_their_sources(modelled: ModuleType) -> None:
    sources = [finger(seed) for seed in range(40)]
    drawn = list(modelled.TemplateModel.of(sources).templates(60, seed=1))
    for one in drawn:
        assert encode_template(decode_template(encode_template(one))) == encode_template(one)
        assert np.abs(one.descriptors).max() == modelled.STEPS
    nearest = (unit(drawn) @ unit(sources).T).max(1)
    random = (unit([finger(seed) for seed in range(100, 160)]) @ unit(sources).T).max(1)
    assert np.median(nearest) > 0.7 > np.median(random)

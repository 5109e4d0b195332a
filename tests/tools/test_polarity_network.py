"""How the network that tells polarity is trained."""

from __future__ import annotations

from itertools import islice
from types import ModuleType

import numpy as np
import pytest
from tool_modules import TOOLS, tool

from fpverify.scans import polarity_network as network
from fpverify.scans.polarity import MOST, VIEW_PX


@pytest.fixture(scope="module")
def training() -> ModuleType:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(TOOLS))
        return tool("polarity_network")


def test_views_are_the_same_of_a_seed_and_within_bounds(training: ModuleType) -> None:
    first, again, other = (list(islice(training.drawn(seed), 3)) for seed in (1, 1, 2))
    for (view, answer), (same, same_answer), (different, _) in zip(first, again, other, strict=True):
        assert view.shape == (VIEW_PX, VIEW_PX, 2)
        assert np.abs(view).max() <= MOST
        assert answer in (training.UNTOLD, training.DARK_RIDGES)
        assert answer == same_answer
        assert (view == same).all()
        assert (view != different).any()


@pytest.mark.parametrize("radius", [None, 0.3])
def test_rings_have_a_plate_unless_they_fill_the_image(training: ModuleType, radius: float | None) -> None:
    drawn = training.rings(np.random.default_rng(2), radius)
    corner = drawn[:12, :12].astype(float)
    assert (corner.std() < 15) == (radius is not None)


@pytest.mark.train
def test_what_is_trained_is_what_is_asked(training: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keras' answer, learnt in a few steps, and that of the network that the product has."""
    import keras

    labelled = list(islice(training.drawn(4), training.BATCH))
    views, answers = training.kept(iter(labelled), len(labelled))
    written = training.trained(views, answers, 2, 1)
    keras.utils.set_random_seed(2)
    core = training.core(keras, "float32")
    row = np.concatenate([np.asarray(one).ravel() for one in core.get_weights()])
    assert row.shape == written.shape
    view = labelled[0][0]
    expected = float(core(view[None])[0, 0] - core(-view[None])[0, 0])
    monkeypatch.setattr(network, "weights", lambda: network.shaped(row))
    assert network.evidence(view) == pytest.approx(expected, abs=1e-3)

"""Templates on the grid of the binary form, drawn from a seed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from fpverify.vocabulary import Minutiae, Template

MakeTemplate = Callable[..., Template]


@pytest.fixture
def make_template() -> MakeTemplate:
    return random_template


def random_template(seed: int = 0, *, minutiae: int = 40, size: int = 64, model_id: str = "release-1") -> Template:
    rng = np.random.default_rng(seed)
    return Template(
        model_id=model_id,
        quality=int(rng.integers(256)) / 255,
        minutiae=Minutiae(
            x_px=(rng.integers(0, 1600, minutiae) / 8).astype(np.float32),
            y_px=(rng.integers(0, 1600, minutiae) / 8).astype(np.float32),
            angle_rad=(rng.integers(-32767, 32769, minutiae) * (2 * np.pi / 65536)).astype(np.float32),
            quality=rng.integers(0, 256, minutiae).astype(np.float32) / np.float32(255),
        ),
        descriptors=rng.integers(-127, 128, (minutiae, size)).astype(np.int8),
    )

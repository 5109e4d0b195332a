"""What the search for the hardest stranger costs."""

from __future__ import annotations

import numpy as np
import pytest

from fpverify.lab.designs import find_design
from fpverify.lab.examples import Examples
from fpverify.lab.mining_cost import mining_cost


@pytest.mark.train
@pytest.mark.slow
def test_mining_inside_the_batch_costs_at_most_a_tenth_of_a_step() -> None:
    rng = np.random.default_rng(1)
    images = rng.random((80, 64, 64, 1), np.float32)
    examples = Examples("noise", images, np.repeat(np.arange(40), 2).astype(np.int32), "prints")
    cost = mining_cost(find_design("siamese-hard-negatives"), examples, rng)
    assert cost["cost"] <= 0.10

"""What the search for the hardest stranger costs."""

from __future__ import annotations

import numpy as np
import pytest

from fpverify.lab import mining_cost
from fpverify.lab.designs import find_design
from fpverify.lab.examples import Examples


def cost_of_mining() -> dict[str, float]:
    rng = np.random.default_rng(1)
    images = rng.random((80, 64, 64, 1), np.float32)
    examples = Examples("noise", images, np.repeat(np.arange(40), 2).astype(np.int32), "prints")
    return mining_cost.mining_cost(find_design("siamese-hard-negatives"), examples, rng)


@pytest.mark.train
@pytest.mark.slow
@pytest.mark.thorough
def test_mining_inside_the_batch_costs_at_most_a_tenth_of_a_step() -> None:
    assert cost_of_mining()["cost"] <= 0.10


@pytest.mark.train
@pytest.mark.usefixtures("at_once")
def test_the_cost_is_the_time_of_a_step_that_mines_against_that_of_one_that_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mining_cost, "ROUNDS", 1)
    monkeypatch.setattr(mining_cost, "WARM_UP", 0)
    seconds = iter([2.0, 3.0])
    took = mining_cost._processor_time
    monkeypatch.setattr(mining_cost, "_processor_time", lambda step: next(seconds) if took(step) > 0 else None)
    assert cost_of_mining() == {"plain_ms": 2000, "mined_ms": 3000, "cost": 0.5}

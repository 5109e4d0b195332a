"""What it costs to look for the hardest stranger: the same step with the search and without."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from fpverify.lab.design import Design
from fpverify.lab.examples import Examples
from fpverify.lab.learners import Batch, Siamese
from fpverify.lab.loop import optimizer
from fpverify.lab.losses import Loss, mined_triplet, neighbour_triplet

ROUNDS = 8  # steps of each, in turn, so that what else runs slows both
WARM_UP = 2  # steps that build the graph


def mining_cost(design: Design, examples: Examples, rng: np.random.Generator) -> dict[str, float]:
    """Processor time of a training step.

    Args:
        design: its learner mines.
        examples: as the design sees them.
        rng: draws the batch.

    Returns:
        Medians: `plain_ms` with a stranger taken without a search, `mined_ms`; and `cost`, the relative difference.
    """
    learner = design.learner
    if not isinstance(learner, Siamese):
        raise TypeError(f"{design.name} has no Siamese learner")
    pairs = design.pairs.draw(examples.owners, rng).taken(np.arange(design.stopping.batch))
    batch = learner.batch(examples, pairs, design.change, rng)
    losses = neighbour_triplet(learner.margin), mined_triplet(learner.margin)
    steps = [_step(design, learner, batch, loss) for loss in losses]
    seconds = np.array([[_processor_time(step) for step in steps] for _ in range(ROUNDS + WARM_UP)])[WARM_UP:]
    plain, mined = (float(1000 * value) for value in np.median(seconds, axis=0))
    return {"plain_ms": plain, "mined_ms": mined, "cost": mined / plain - 1}


def _step(design: Design, learner: Siamese, batch: Batch, loss: Loss) -> Callable[[], object]:
    from keras import ops

    network = learner.network(batch[0].shape[1:])
    network.compile(optimizer=optimizer(design.stopping), loss=loss, jit_compile=False)
    shown = tuple(ops.convert_to_tensor(part) for part in batch)
    return lambda: float(np.asarray(network.train_on_batch(*shown)).ravel()[0])


def _processor_time(step: Callable[[], object]) -> float:
    """Of all threads: others' work does not count."""
    since = time.process_time()
    step()
    return time.process_time() - since

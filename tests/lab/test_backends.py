"""Another backend than TensorFlow trains the same designs."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

TRAINING = """
import sys
from dataclasses import replace
import keras, numpy as np
from fpverify.lab.design import Stopping
from fpverify.lab.designs import find_design
from fpverify.lab.examples import stripes
from fpverify.lab.loop import trained
assert keras.backend.backend() == sys.argv[1], keras.backend.backend()
design = replace(find_design("stripes-dense1"), stopping=Stopping(3, batch=24))
examples = design.view_of("stripes")(stripes())
network = design.learner.network(examples.images.shape[1:])
curves, pairs = trained(design, network, examples, examples.taken(np.arange(0)), np.random.default_rng(0))
scores = design.learner.scores_among(network, examples.images, pairs.left, pairs.right)
print(len(curves.training), int(((scores >= -0.5) == pairs.mated).sum()), len(pairs), "tensorflow" in sys.modules)
"""


@pytest.mark.train
@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_a_design_trains_on_another_backend(backend: str) -> None:
    if find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    said = subprocess.run(
        [sys.executable, "-c", TRAINING, backend],
        env={**os.environ, "KERAS_BACKEND": backend, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 0, said.stderr[-2000:]
    steps, right, pairs, tensorflow = said.stdout.split()
    assert (steps, tensorflow) == ("3", "False")
    assert right == pairs == "30"

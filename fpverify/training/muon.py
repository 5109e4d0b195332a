"""Muon: gradient descent whose every step moves a layer as far in all directions."""

from __future__ import annotations

import math
import re
from typing import Any

import keras
from keras import ops

VECTORS_SHARE = 0.1  # of the learning rate: what AdamW takes for the rest, at 0.02 its usual 0.002
READ_OUTS = ("(^|/)map/",)  # layers that nothing normalises: the size of their weights counts, and they are AdamW's


@keras.saving.register_keras_serializable("fpverify")
class Muon(keras.optimizers.Muon):  # type: ignore[misc]  # Keras states no types
    """Keras' optimiser, but for convolutions too: each is taken for a matrix, its last axis against all others.

    A step is the nearest orthogonal matrix to the running mean of the gradient, so that no few directions rule it: the
    descriptor learns in about half as many batches. Scales, shifts and `READ_OUTS` take AdamW's steps and do not decay.

    Source: Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024; the size of a step as in Liu
    et al., "Muon is Scalable for LLM Training", 2025, equation 4.
    """

    def __init__(self, learning_rate: Any, weight_decay: float, **rest: Any) -> None:
        ours = {"adam_lr_ratio": VECTORS_SHARE, "adam_weight_decay": None, "exclude_layers": list(READ_OUTS)}
        super().__init__(learning_rate, weight_decay=weight_decay, **{**ours, **rest})

    def _should_use_adamw(self, variable: Any) -> bool:
        return len(variable.shape) < 2 or any(re.search(layer, variable.path) for layer in self.exclude_layers)

    def zeropower_via_newtonschulz5(self, x: Any, steps: int) -> Any:
        """The nearest orthogonal matrix, nearly; in the shape of the weights."""
        matrix = super().zeropower_via_newtonschulz5(ops.reshape(x, (-1, x.shape[-1])), steps)
        return ops.reshape(matrix, x.shape)

    def lr_adjust(self, x: Any) -> Any:
        """The step, as long as AdamW's are: the root of its mean square is a fifth of the rate."""
        *seen, channels = x.shape
        return x * (self.rms_rate * math.sqrt(max(math.prod(seen), channels)))

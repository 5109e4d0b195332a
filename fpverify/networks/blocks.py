"""Layers that every network here is made of."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

QUICK_CHANNELS = 16  # channels that processors' units for bfloat16 take at once


@keras.saving.register_keras_serializable("fpverify")
class BatchNormalization(layers.BatchNormalization):  # type: ignore[misc]  # Keras states no types
    """Keras' layer, but trained on TensorFlow by its fused kernel: Keras' own takes half of a network's training.

    In bfloat16 the kernel is quick for channels in sixteens only; others are normalised in float32. It has Keras' name,
    and so its place in files of weights. The running variance is that of a sample (n - 1).
    """

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """As Keras' layer does; `mask` is for sequences, and none of ours are."""
        if not training or mask is not None or keras.backend.backend() != "tensorflow":
            return super().call(inputs, training=training, mask=mask)
        import tensorflow as tf

        x = ops.cast(inputs, self.compute_dtype if inputs.shape[-1] % QUICK_CHANNELS == 0 else "float32")
        scale, shift = (ops.convert_to_tensor(weight) for weight in (self.gamma, self.beta))
        answer, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=x, scale=scale, offset=shift, mean=[], variance=[], epsilon=self.epsilon, is_training=True
        )
        for moving, seen in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(moving * self.momentum + seen * (1 - self.momentum))
        return ops.cast(answer, self.compute_dtype)


def conv_block(
    x: keras.KerasTensor, channels: int, *, kernel: int = 3, stride: int = 1, dilation: int = 1
) -> keras.KerasTensor:
    """Convolution, batch normalisation, ReLU; the normalisation's shift takes the place of a bias."""
    x = layers.Conv2D(channels, kernel, strides=stride, dilation_rate=dilation, padding="same", use_bias=False)(x)
    return layers.ReLU()(BatchNormalization()(x))


def residual_block(x: keras.KerasTensor) -> keras.KerasTensor:
    """Two convolutions whose answer is added to what went in; at first it is nothing, and the block changes nothing.

    Args:
        x: (b, h, w, c), none negative, as after `conv_block`; what comes out has the same shape.

    Source: He et al., "Deep Residual Learning", CVPR 2016; the last scale beginning at zero: Goyal et al., "Accurate,
    Large Minibatch SGD", 2017, section 5.1.
    """
    channels = x.shape[-1]
    y = layers.Conv2D(channels, 3, padding="same", use_bias=False)(conv_block(x, channels))
    y = BatchNormalization(gamma_initializer="zeros")(y)
    return layers.ReLU()(layers.Add()([x, y]))


def folded(x: keras.KerasTensor, side: int) -> keras.KerasTensor:
    """Squares of `side` x `side` px as channels, row by row; (b, h, w, 1) -> (b, h / side, w / side, side * side).

    Units for whole numbers multiply many channels at once and idle where there is but one.
    """
    _, height, width, _ = x.shape
    x = layers.Permute((1, 3, 2, 4))(layers.Reshape((height // side, side, width // side, side))(x))
    return layers.Reshape((height // side, width // side, side * side))(x)

"""The networks of the designs, declared; `build` makes them in Keras, of built-in layers and `keras.ops`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from fpverify.errors import ModelError

Shape = tuple[int, ...]
Difference = Literal["signed", "absolute", "none"]
Network = Any  # keras.Model; Keras is imported by those who build


class Tower(Protocol):
    """A network from an image to a code."""

    def build(self, shape: Shape) -> Network:
        """A fresh network: (n, *shape) -> (n, d)."""
        ...


@dataclass(frozen=True, slots=True)
class DenseTower:
    """Flatten, then dense layers with dropout between them.

    Attributes:
        layers: how many dense layers.
        units: of each.
        dropout: rate, after every layer but the last.
        last_dropout: rate after the last one.
        activation: of each.
        initializer: of the kernels.
        centred: the mean grey, 0.5, is subtracted first.
    """

    layers: int = 3
    units: int = 128
    dropout: float = 0.3
    last_dropout: float = 0.0
    activation: str = "relu"
    initializer: str = "glorot_uniform"
    centred: bool = False

    def build(self, shape: Shape) -> Network:
        """(n, *shape) -> (n, units)."""
        import keras
        from keras import layers

        image = keras.Input(shape)
        x = layers.Flatten()(layers.Rescaling(1.0, -0.5)(image) if self.centred else image)
        for number in range(self.layers):
            x = layers.Dense(self.units, activation=self.activation, kernel_initializer=self.initializer)(x)
            rate = self.dropout if number < self.layers - 1 else self.last_dropout
            x = layers.Dropout(rate)(x) if rate else x
        return keras.Model(image, x)


@dataclass(frozen=True, slots=True)
class ConvTower:
    """Convolutions with average pooling, the mean over the image, a dense layer.

    Attributes:
        channels: of one 5 x 5 convolution at each scale.
        units: of the code.
        everywhere: the mean over the whole image; else the last features are flattened, as in Keras' example.
    """

    channels: Sequence[int] = (4, 16)
    units: int = 10
    everywhere: bool = True

    def build(self, shape: Shape) -> Network:
        """(n, *shape) -> (n, units)."""
        import keras
        from keras import layers

        image = keras.Input(shape)
        x = image
        for width in self.channels:
            x = layers.AveragePooling2D(2)(layers.Conv2D(width, 5, activation="tanh")(x))
        x = layers.GlobalAveragePooling2D()(x) if self.everywhere else layers.Flatten()(x)
        return keras.Model(image, layers.Dense(self.units, activation="tanh")(x))


@dataclass(frozen=True, slots=True)
class ReportTower:
    """Conv2D 64 5 x 5, max-pool, Conv2D 128 3 x 3, max-pool, Flatten, Dense, unit length.

    Attributes:
        units: of the code; the report does not say.
    """

    units: int = 64

    def build(self, shape: Shape) -> Network:
        """(n, *shape) -> (n, units) of unit length."""
        import keras
        from keras import layers

        image = keras.Input(shape)
        x = layers.MaxPooling2D(2)(layers.Conv2D(64, 5, activation="relu")(image))
        x = layers.MaxPooling2D(2)(layers.Conv2D(128, 3, activation="relu")(x))
        x = layers.Dense(self.units)(layers.Flatten()(x))
        return keras.Model(image, layers.UnitNormalization(axis=-1)(x))


@dataclass(frozen=True, slots=True)
class Encoder:
    """Three times Conv2D 3 x 3, LeakyReLU, max-pool: 128 x 128 becomes 16 x 16.

    Attributes:
        channels: of each convolution.
        units: of a dense code of unit length on top; None leaves the feature maps, flattened.
    """

    channels: int = 32
    units: int | None = None

    def build(self, shape: Shape) -> Network:
        """(n, *shape) -> (n, d)."""
        import keras
        from keras import layers

        image = keras.Input(shape)
        x = layers.Flatten(name="code")(_encoded(image, self.channels))
        if self.units is not None:
            x = layers.UnitNormalization(axis=-1)(layers.Dense(self.units)(x))
        return keras.Model(image, x)


def autoencoder(shape: Shape, channels: int = 32, decoder_channels: int = 16) -> Network:
    """Encoder, and three transposed convolutions back to the image's size; (n, *shape) -> (n, *shape) in (0, 1)."""
    import keras
    from keras import layers

    image = keras.Input(shape)
    x = _encoded(image, channels)
    for _ in range(3):
        x = layers.LeakyReLU()(layers.Conv2DTranspose(decoder_channels, 3, strides=2, padding="same")(x))
    drawn = layers.Conv2D(shape[-1], 3, padding="same", activation="sigmoid")(x)
    return keras.Model(image, drawn)


@dataclass(frozen=True, slots=True)
class WholePrint:
    """The project's own tower over the whole print, see `networks.whole_print`."""

    channels: Sequence[int] = (16, 32, 64)
    units: int = 64

    def build(self, shape: Shape) -> Network:
        """(n, *shape) -> (n, units) of unit length."""
        from fpverify.networks.whole_print import whole_print_tower

        return whole_print_tower(shape[0], self.channels, self.units)


@dataclass(frozen=True, slots=True)
class ResNetTower:
    """ResNet50, frozen up to its fifth stage, with a dense code of unit length.

    Attributes:
        weights: file of ResNet50's weights without its top; None starts from random ones, and then nothing is frozen.
        units: of the code.
    """

    weights: Path | None = None
    units: int = 64

    def build(self, shape: Shape) -> Network:
        """(n, *shape) -> (n, units) of unit length.

        Raises:
            ModelError: the file holds no such weights.
        """
        import keras
        from keras import layers

        base = keras.applications.ResNet50(include_top=False, weights=None, input_shape=shape, pooling="avg")
        if self.weights is not None:
            try:
                base.load_weights(self.weights)
            except (OSError, ValueError, KeyError) as error:
                raise ModelError(f"{self.weights}: no weights of a ResNet50 without its top") from error
            for layer in base.layers:
                layer.trainable = layer.name.startswith("conv5")
        code = layers.UnitNormalization(axis=-1)(layers.Dense(self.units)(base.output))
        return keras.Model(base.input, code)


@dataclass(frozen=True, slots=True)
class Twin:
    """One network over an image that holds both halves side by side.

    Attributes:
        channels: of each convolution 3 x 3, each with max-pooling 2 after it.
        grid: sides of the pooled difference; 5 gives 194 parameters with three channels, 1 gives 170.
        activation: of the convolutions.
        difference: of the halves' features; "none" flattens them as they are, into a hidden dense layer.
        hidden: units of that layer.
    """

    channels: Sequence[int] = (3, 3)
    grid: int = 5
    activation: str = "tanh"
    difference: Difference = "absolute"
    hidden: int = 64

    def build(self, shape: Shape) -> Network:
        """(n, *shape) -> (n, 1), the probability of a mated pair; `shape` is twice as wide as high."""
        import keras
        from keras import layers, ops

        image = keras.Input(shape)
        x = image
        for number, width in enumerate(self.channels):
            x = layers.Conv2D(width, 3, activation=self.activation)(x)
            last = number == len(self.channels) - 1
            x = layers.MaxPooling2D(2, name="features" if last else None)(x)
        if self.difference == "none":
            x = layers.Dense(self.hidden, activation="relu")(layers.Flatten()(x))
            return keras.Model(image, layers.Dense(1, activation="sigmoid")(x))
        x = _halves_apart(x)
        if self.difference == "absolute":
            x = ops.abs(x)
        x = layers.AveragePooling2D((x.shape[1] // self.grid, x.shape[2] // self.grid))(x)
        x = layers.Flatten()(ops.mean(x, axis=-1))
        return keras.Model(image, layers.Dense(1, activation="sigmoid", name="weights")(x))


def _halves_apart(x: Any) -> Any:
    """Right half minus left half; the middle columns, which see both images, are cut away."""
    from keras import layers

    width = x.shape[2]
    half = (width - 1) // 2
    left = layers.Cropping2D(((0, 0), (0, width - half)))(x)
    right = layers.Cropping2D(((0, 0), (width - half, 0)))(x)
    return layers.Subtract(name="difference")([right, left])


def _encoded(image: Any, channels: int) -> Any:
    from keras import layers

    x = image
    for number in range(3):
        x = layers.LeakyReLU()(layers.Conv2D(channels, 3, padding="same", name=f"encode{number}")(x))
        x = layers.MaxPooling2D(2)(x)
    return x

"""The networks of each kind of model, and how each is trained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras

from fpverify.networks import losses
from fpverify.networks.minutia_map import minutia_map
from fpverify.networks.patch_siamese import patch_tower
from fpverify.networks.whole_print import whole_print_tower
from fpverify.synthesis.dataset import MasterPool
from fpverify.training.batches import MinutiaMapBatches, PatchBatches
from fpverify.training.loop import Training
from fpverify.training.recipe import MinutiaeRecipe, Recipe, WholePrintRecipe
from fpverify.training.stripe_batches import StripeBatches
from fpverify.training.validation import DescriptorValidation, DetectionValidation, WholePrintValidation

MAP_BATCHES, PATCH_BATCHES, STRIPE_BATCHES = 1, 2, 3  # seeds of the sequences of batches
VALIDATION_SEED = 9_000_000  # added to the recipe's: fingers apart from those of training and evidence


@dataclass(frozen=True, slots=True)
class Stage:
    """One network to train.

    Attributes:
        name: of its folder and of its files in the bundle.
        network: makes it, untrained.
        training: makes its training: from the network, a folder and a number of worker processes.
    """

    name: str
    network: Callable[[], keras.Model]
    training: Callable[[keras.Model, Path, int], Training]


def stages(recipe: Recipe, state: Path, workers: int) -> list[Stage]:
    """The stages of a recipe; what they share, such as master fingers, is made on first use in `state`."""
    if isinstance(recipe, WholePrintRecipe):
        return [_whole_print(recipe)]
    masters = MasterPool.create(state / "masters", recipe.fingers, recipe.seed, workers=workers, progress=True)
    return [_minutia_map(recipe, masters), _descriptor(recipe, masters)]


def _minutia_map(recipe: MinutiaeRecipe, masters: MasterPool) -> Stage:
    part = recipe.minutia_map

    def training(network: keras.Model, folder: Path, workers: int) -> Training:
        return Training(
            network,
            MinutiaMapBatches(masters, MAP_BATCHES, part.images, part.nonprint_share),
            losses.minutia_map_loss,
            part.schedule(),
            folder,
            metrics=[losses.heat_loss, losses.offset_loss, losses.direction_loss, losses.foreground_loss],
            workers=workers,
            validate=DetectionValidation(recipe.seed + VALIDATION_SEED),
        )

    return Stage("minutia_map", minutia_map, training)


def _descriptor(recipe: MinutiaeRecipe, masters: MasterPool) -> Stage:
    part = recipe.descriptor

    def training(network: keras.Model, folder: Path, workers: int) -> Training:
        return Training(
            network,
            PatchBatches(masters, PATCH_BATCHES, part.fingers, part.minutiae),
            losses.info_nce(part.temperature),
            part.schedule(),
            folder,
            metrics=[losses.first_rank],
            workers=workers,
            validate=DescriptorValidation(recipe.seed + VALIDATION_SEED),
        )

    return Stage("descriptor", patch_tower, training)


def _whole_print(recipe: WholePrintRecipe) -> Stage:
    part = recipe.whole_print
    look = recipe.stripes.model_dump()

    def training(network: keras.Model, folder: Path, workers: int) -> Training:
        batches = StripeBatches(look, recipe.seed + STRIPE_BATCHES, part.pairs, part.input_px)
        unseen = StripeBatches(look, recipe.seed + VALIDATION_SEED, 64, part.input_px)
        return Training(
            network,
            batches,
            losses.contrastive_loss(part.margin),
            part.schedule(),
            folder,
            workers=workers,
            validate=WholePrintValidation(unseen),
        )

    return Stage("whole_print", lambda: whole_print_tower(part.input_px), training)

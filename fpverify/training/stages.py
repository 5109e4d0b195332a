"""The networks of each kind of model, and how each is trained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import keras
import numpy as np

from fpverify.errors import ModelError, RecipeError
from fpverify.models import Bundle, load_bundle
from fpverify.networks import losses
from fpverify.networks.drawn import drawn_map
from fpverify.networks.minutia_map import minutia_map
from fpverify.networks.patch_siamese import patch_tower
from fpverify.networks.places import place_tower
from fpverify.networks.seams import seam_map
from fpverify.networks.whole_print import whole_print_tower
from fpverify.synthesis.dataset import MasterPool
from fpverify.synthesis.flow import FLOWS, USUAL
from fpverify.training.batches import Batch, Batches, MinutiaMapBatches, PatchBatches
from fpverify.training.drawn_batches import DrawnBatches
from fpverify.training.export import take_weights
from fpverify.training.loop import Training
from fpverify.training.place_batches import ImpressionPool, PlaceBatches, look_alikes
from fpverify.training.recipe import (
    DescriptorRecipe,
    DrawnMapRecipe,
    MinutiaeRecipe,
    MinutiaMapRecipe,
    NetworksRecipe,
    PlacesRecipe,
    Recipe,
    SeamMapRecipe,
    StageRecipe,
    WholePrintRecipe,
)
from fpverify.training.seam_batches import PrintPool, SeamBatches
from fpverify.training.stripe_batches import StripeBatches
from fpverify.training.validation import DescriptorValidation, DetectionValidation, WholePrintValidation
from fpverify.vocabulary import FloatArray

MAP_BATCHES, PATCH_BATCHES, STRIPE_BATCHES = 1, 2, 3  # added to the recipe's: seeds of the sequences of batches ...
SEAM_BATCHES = 3  # no recipe has stripes and seams
NEXT_ROUND = 10  # ... and what each further round adds
PLACE_BATCHES, PLACE_IMPRESSIONS = 5, 6
DRAWN_BATCHES = 7
BANK = "bank.npz"  # in a round's folder, places that look alike
SEAM_PRINTS = 4  # added to the recipe's: seed of the prints that the pictures are made of
VALIDATION_SEED = 9_000_000  # added to the recipe's: fingers apart from those of training and evidence
UNSEEN_PAIRS = 64
EXAMPLE_BATCH = 0  # of the sequence whose seed is the recipe's own, to which every round adds something
EXAMPLE_IMAGES = 40  # for the steps of int8; the widest activations of 40 images and of 400 differ little

Make = Callable[[keras.Model, Path, int], Training]


@dataclass(frozen=True, slots=True)
class Stage:
    """One network to train, in one or more rounds.

    Attributes:
        name: of its folder and of its files in the bundle.
        network: makes it, untrained.
        rounds: each makes a training from the network as it is by then, a folder and a number of worker processes.
        examples: inputs such as training has them, to set the steps of int8 by; None for inference in float32.
        averaged: rounds, of the last ones, whose weights the network gets the mean of.
        follows: the same of each round, of those before it; as many as there are rounds, or none: 1 each.
        prepare: makes what round `number` needs of the network as it is by then, in that round's folder.
    """

    name: str
    network: Callable[[], keras.Model]
    rounds: tuple[Make, ...]
    examples: Callable[[], FloatArray] | None = None
    averaged: int = 1
    follows: tuple[int, ...] = ()
    prepare: Callable[[keras.Model, Path, int], None] | None = None

    def folder(self, state: Path, number: int) -> Path:
        """Where round `number`, from 0, keeps its checkpoint and log."""
        return state / self.name / f"round-{number + 1}"

    def trained(self, state: Path) -> keras.Model:
        """The network with the mean weights of the rounds that count.

        Raises:
            RecipeError: one of them has not come to its end, or its folder holds a training by another recipe.
        """
        network = self.network()
        self._take_mean(network, state, range(len(self.rounds) - self.averaged, len(self.rounds)))
        return network

    def begin(self, network: keras.Model, state: Path, number: int) -> None:
        """Gives the network, which has the weights of the round before, those that round `number` goes on from."""
        if self.follows and self.follows[number] > 1:
            self._take_mean(network, state, range(number - self.follows[number], number))
        if self.prepare is not None:
            self.prepare(network, self.folder(state, number), number)

    def _take_mean(self, network: keras.Model, state: Path, numbers: range) -> None:
        weights = []
        for number in numbers:
            ended = self.rounds[number](network, self.folder(state, number), 0).finished()
            weights.append(ended.get_weights())
        network.set_weights([np.mean(same, axis=0) for same in zip(*weights, strict=True)])


def stages(recipe: Recipe, state: Path, workers: int, progress: bool = True) -> list[Stage]:
    """The stages of a recipe; what they share, such as master fingers, is made on first use in `state`."""
    if isinstance(recipe, WholePrintRecipe):
        return [Stage("whole_print", lambda: whole_print_tower(recipe.whole_print.input_px), (_whole_print(recipe),))]

    @cache
    def masters(flow: str) -> MasterPool:
        return MasterPool.create(
            state / "masters", recipe.fingers, recipe.seed, FLOWS[flow], workers=workers, progress=progress
        )

    made = []
    if recipe.minutia_map:
        made.append(_minutia_map(recipe, masters))
    if recipe.descriptor:
        made.append(_patch_tower(recipe, masters))
    if recipe.seam_map:
        made.append(_seam_map(recipe, state, workers))
    if recipe.places:
        made.append(_place_tower(recipe, masters, state, workers))
    if recipe.drawn_map:
        made.append(_drawn_map(recipe, masters))
    return [_begun(one, recipe) for one in made]


def begun_with(recipe: Recipe) -> Bundle | None:
    """The model that a recipe goes on from.

    Raises:
        RecipeError: there is none of that name, it is none of minutiae, or its networks are of other widths.
    """
    if isinstance(recipe, WholePrintRecipe) or not recipe.begins:
        return None
    try:
        bundle = load_bundle(recipe.begins)
    except ModelError as error:
        raise RecipeError(f"begins: {error}") from error
    if bundle.card.kind != recipe.kind:
        raise RecipeError(f"begins: {recipe.begins} is a {bundle.card.kind} model, not a {recipe.kind} model")
    for name, channels in NetworksRecipe.model_validate(bundle.card.recipe.get("networks", {})):
        if channels != getattr(recipe.networks, name):
            raise RecipeError(f"networks.{name}: {recipe.begins}, with which the recipe begins, has {list(channels)}")
    return bundle


def _begun(stage: Stage, recipe: MinutiaeRecipe) -> Stage:
    """The stage, whose network has the weights of the model that the recipe begins with, if that has such a network."""
    begun, make = begun_with(recipe), stage.network
    if begun is None or not begun.has_network(stage.name):
        return stage

    weights = f"{stage.name}.weights.h5"
    if weights not in begun.card.files:
        raise RecipeError(f"begins: {recipe.begins} has no {weights} to go on from")

    def network() -> keras.Model:
        made = make()
        try:
            take_weights(made, begun.content(weights))
        except (ValueError, UserWarning) as error:
            raise RecipeError(
                f"begins: the network {stage.name} of {recipe.begins} is not of the widths that the recipe's has"
            ) from error
        return made

    return replace(stage, network=network)


def _minutia_map(recipe: MinutiaeRecipe, masters: Callable[[str], MasterPool]) -> Stage:
    def batches(part: MinutiaMapRecipe, seed: int, images: int) -> MinutiaMapBatches:
        drawn, settings = masters(USUAL.name), part.impressions.settings()
        return MinutiaMapBatches(drawn, seed, images, part.nonprint_share, settings, part.windows, part.patterns)

    def make(number: int, part: MinutiaMapRecipe) -> Make:
        seed = recipe.seed + MAP_BATCHES + NEXT_ROUND * number
        parts = [losses.heat_loss, losses.offset_loss, losses.direction_loss, losses.foreground_loss]
        validate = DetectionValidation(recipe.seed + VALIDATION_SEED)
        about = _about(recipe, recipe.minutia_map[: number + 1], "fingers")
        loss, schedule = losses.minutia_map_loss, part.schedule()
        return lambda network, folder, workers: Training(
            network, batches(part, seed, part.images), loss, schedule, folder, parts, workers, validate, about
        )

    def shown(number: int) -> Batch:
        return batches(recipe.minutia_map[-1], recipe.seed, EXAMPLE_IMAGES)(number)

    rounds = tuple(make(number, part) for number, part in enumerate(recipe.minutia_map))
    network = partial(minutia_map, *recipe.networks.minutia_map)
    return Stage("minutia_map", network, rounds, _examples(recipe, shown), recipe.averaged.minutia_map)


def _patch_tower(recipe: MinutiaeRecipe, masters: Callable[[str], MasterPool]) -> Stage:
    validate = DescriptorValidation(recipe.seed + VALIDATION_SEED)

    def batches(part: DescriptorRecipe, seed: int) -> PatchBatches:
        drawn, settings = masters(part.flow), part.impressions.settings()
        return PatchBatches(drawn, seed, part.fingers, part.minutiae, settings, part.one_pattern, part.lines)

    def make(number: int, part: DescriptorRecipe) -> Make:
        seed = recipe.seed + PATCH_BATCHES + NEXT_ROUND * number
        loss, metrics = losses.info_nce(part.temperature, part.margin), [losses.first_rank]
        about = _about(recipe, recipe.descriptor[: number + 1], "fingers")
        return lambda network, folder, workers: Training(
            network, batches(part, seed), loss, part.schedule(), folder, metrics, workers, validate, about
        )

    def shown(number: int) -> Batch:
        return batches(recipe.descriptor[-1], recipe.seed)(number)

    rounds = tuple(make(number, part) for number, part in enumerate(recipe.descriptor))
    network = partial(patch_tower, recipe.networks.descriptor)
    return Stage("descriptor", network, rounds, _examples(recipe, shown), recipe.averaged.descriptor)


def _seam_map(recipe: MinutiaeRecipe, state: Path, workers: int) -> Stage:
    @cache
    def prints(fingers: int) -> PrintPool:
        settings = recipe.seam_map[0].impressions.settings()
        return PrintPool.create(state / "prints", fingers, recipe.seed + SEAM_PRINTS, settings, workers=workers)

    def batches(part: SeamMapRecipe, seed: int, pictures: int) -> SeamBatches:
        return SeamBatches(prints(part.fingers), seed, pictures, part.hard, part.across_px, part.darkest)

    def make(number: int, part: SeamMapRecipe) -> Make:
        seed = recipe.seed + SEAM_BATCHES + NEXT_ROUND * number
        parts = [losses.border_loss, losses.several_loss]
        about = _about(recipe, recipe.seam_map[: number + 1], "kind")
        return lambda network, folder, workers: Training(
            network,
            batches(part, seed, part.pictures),
            losses.seam_loss,
            part.schedule(),
            folder,
            parts,
            workers,
            recipe=about,
        )

    def shown(number: int) -> Batch:
        return batches(recipe.seam_map[-1], recipe.seed, EXAMPLE_IMAGES)(number)

    rounds = tuple(make(number, part) for number, part in enumerate(recipe.seam_map))
    follows = tuple(part.follows for part in recipe.seam_map)
    return Stage("seam_map", seam_map, rounds, _examples(recipe, shown), recipe.averaged.seam_map, follows)


def _place_tower(recipe: MinutiaeRecipe, masters: Callable[[str], MasterPool], state: Path, workers: int) -> Stage:
    looks = list(dict.fromkeys((part.impressions, part.flow, part.creased) for part in recipe.places))

    @cache
    def pool(number: int) -> ImpressionPool:
        (impressions, flow, creased), seed = looks[number], recipe.seed + PLACE_IMPRESSIONS + number
        folder = state / "impressions" / str(number + 1)
        return ImpressionPool.create(folder, masters(flow), seed, impressions.settings(), creased, workers=workers)

    def batches(part: PlacesRecipe, seed: int, bank: Path | None) -> PlaceBatches:
        drawn = pool(looks.index((part.impressions, part.flow, part.creased)))
        return PlaceBatches(drawn, seed, part.pairs, part.window_px, part.one_pattern, bank, part.alike)

    def make(number: int, part: PlacesRecipe) -> Make:
        seed = recipe.seed + PLACE_BATCHES + NEXT_ROUND * number
        loss, metrics = losses.info_nce(part.temperature), [losses.first_rank]
        about = _about(recipe, recipe.places[: number + 1], "fingers")
        return lambda network, folder, workers: Training(
            network,
            batches(part, seed, folder / BANK if part.alike else None),
            loss,
            part.schedule(),
            folder,
            metrics,
            workers,
            recipe=about,
        )

    def prepare(network: keras.Model, folder: Path, number: int) -> None:
        part = recipe.places[number]
        if part.alike and not (folder / BANK).exists():
            folder.mkdir(parents=True, exist_ok=True)
            drawn = pool(looks.index((part.impressions, part.flow, part.creased)))
            found = look_alikes(drawn, lambda patches: network.predict(patches, verbose=0), recipe.seed + number)
            found.write(folder / BANK)

    def shown(number: int) -> Batch:
        return batches(recipe.places[-1], recipe.seed, None)(number)

    rounds = tuple(make(number, part) for number, part in enumerate(recipe.places))
    network = partial(place_tower, recipe.places[0].channels)
    return Stage("places", network, rounds, _examples(recipe, shown), recipe.averaged.places, prepare=prepare)


def _drawn_map(recipe: MinutiaeRecipe, masters: Callable[[str], MasterPool]) -> Stage:
    def batches(part: DrawnMapRecipe, seed: int, pictures: int) -> DrawnBatches:
        settings = part.impressions.settings()
        return DrawnBatches(masters(USUAL.name), seed, pictures, settings, part.mixed, part.windows)

    def make(number: int, part: DrawnMapRecipe) -> Make:
        seed = recipe.seed + DRAWN_BATCHES + NEXT_ROUND * number
        about = _about(recipe, recipe.drawn_map[: number + 1], "fingers")
        return lambda network, folder, workers: Training(
            network,
            batches(part, seed, part.pictures),
            losses.drawn_loss,
            part.schedule(),
            folder,
            workers=workers,
            recipe=about,
        )

    def shown(number: int) -> Batch:
        return batches(recipe.drawn_map[-1], recipe.seed, EXAMPLE_IMAGES)(number)

    rounds = tuple(make(number, part) for number, part in enumerate(recipe.drawn_map))
    return Stage("drawn_map", drawn_map, rounds, _examples(recipe, shown), recipe.averaged.drawn_map)


def _examples(recipe: MinutiaeRecipe, batches: Batches) -> Callable[[], FloatArray] | None:
    """The inputs of a batch no round has, where the recipe asks for int8."""
    if recipe.inference == "float32":
        return None
    return lambda: batches(EXAMPLE_BATCH)[0]


def _whole_print(recipe: WholePrintRecipe) -> Make:
    part = recipe.whole_print
    look = recipe.stripes.model_dump()
    batches = StripeBatches(look, recipe.seed + STRIPE_BATCHES, part.pairs, part.input_px)
    validate = WholePrintValidation(StripeBatches(look, recipe.seed + VALIDATION_SEED, UNSEEN_PAIRS, part.input_px))
    loss, about = losses.contrastive_loss(part.margin), _about(recipe, [part], "stripes")
    return lambda network, folder, workers: Training(
        network, batches, loss, part.schedule(), folder, [], workers, validate, about
    )


def _about(recipe: Recipe, rounds: Sequence[StageRecipe], data: str) -> dict[str, Any]:
    """All that the weights depend on after the last of these rounds."""
    kept = {"kind", "seed", "precision", "networks", data} | ({"begins"} if getattr(recipe, "begins", "") else set())
    shared = recipe.model_dump(mode="json", include=kept)
    return {**shared, "rounds": [part.model_dump(mode="json") for part in rounds]}

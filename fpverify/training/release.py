"""From a recipe to a bundle: train every network, export, calibrate, measure."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import keras

from fpverify.errors import ModelError, RecipeError
from fpverify.models import Bundle, Card, write_bundle
from fpverify.synthesis.sensor import SENSORS
from fpverify.training.evidence import calibrate, measure, write_ridge_sets, write_stripe_sets
from fpverify.training.export import EXPORTING_BACKEND, litert_bytes, weights_bytes
from fpverify.training.plots import plot_training
from fpverify.training.recipe import (
    NETWORKS,
    MinutiaeRecipe,
    Recipe,
    WholePrintRecipe,
    read_recipe,
)
from fpverify.training.stages import Stage, begun_with, stages
from fpverify.training.strangers import learn_strangers

STATE = "training"  # folder beside the bundle's files: fingers, checkpoints, logs, evidence; may be deleted afterwards
CALIBRATION_SEED = 1_000_000  # added to the recipe's: fingers apart from those of training
MEASURING_SEED = 2_000_000
STRANGERS_SEED = 3_000_000
STRANGERS = 107  # fingers of each simulated sensor; beyond some hundred no others are chosen
STRIPES_USE = "Trying out enrollment, verification and training on the two-finger stripe set."
STRIPES_LIMITS = "Tells vertical from horizontal stripes; not for prints of fingers. No liveness detection."
LIBRARIES = ("fpverify", "keras", "tensorflow", "numpy", "opencv-python-headless")


def train(
    recipe_path: str | Path, out: str | Path, *, workers: int = 1, only: Sequence[str] = (), progress: bool = True
) -> Bundle | None:
    """Follows a recipe; killed at any moment, the same call goes on from the last checkpoint.

    Args:
        recipe_path: YAML, see `recipe.Recipe`.
        out: becomes the bundle's folder; training's own files lie in `out/training`.
        workers: processes that draw fingers and make batches.
        only: names of the stages to train now, without making a bundle: networks can be trained side by side.
        progress: show bars on standard error when it is a terminal.

    Returns:
        The bundle, calibrated and measured; None when `only` some stages were asked for.

    Raises:
        RecipeError: the recipe cannot be followed.
        ModelError: Keras does not run on TensorFlow, which alone can export.
    """
    recipe, out = read_recipe(recipe_path), Path(out)
    if unknown := set(only) - set(recipe.stage_names):
        raise RecipeError(f"{recipe_path}: no stage {min(unknown)!r}; it has {', '.join(recipe.stage_names)}")
    planned = stages(recipe, out / STATE, workers, progress)
    with _precision(recipe.precision):
        for stage in planned:
            if not only or stage.name in only:
                _train_stage(stage, recipe, out / STATE, workers, progress)
    return None if only else assemble(recipe, out, planned, workers, progress)


def assemble(recipe: Recipe, out: Path, planned: Sequence[Stage], workers: int, progress: bool = True) -> Bundle:
    """Makes the bundle of trained stages: export, calibration on unseen fingers, operating points on others.

    Raises:
        ModelError: Keras does not run on TensorFlow, which alone can export; the weights are written all the same.
    """
    networks = {stage.name: _trained(stage, out / STATE) for stage in planned}
    weights = {f"{name}.weights.h5": weights_bytes(network) for name, network in networks.items()}
    if keras.backend.backend() != EXPORTING_BACKEND:
        for name, content in weights.items():
            (out / name).write_bytes(content)
        raise ModelError(
            f"{out}: trained, and the weights are written; making the model of them needs TensorFlow: "
            f"run the same again with KERAS_BACKEND={EXPORTING_BACKEND}"
        )
    exported = {f"{stage.name}.tflite": _exported(stage, networks[stage.name]) for stage in planned}
    bundle = write_bundle(out, _card(recipe), _kept(recipe, networks) | weights | exported)
    folders = out / STATE / "calibration", out / STATE / "measuring"
    for_calibration, for_measuring = (
        _evidence_sets(recipe, folder, seed, workers, progress)
        for folder, seed in zip(folders, (CALIBRATION_SEED, MEASURING_SEED), strict=True)
    )
    calibrated = calibrate(bundle, for_calibration, workers, progress)
    if isinstance(recipe, MinutiaeRecipe):
        calibrated = learn_strangers(calibrated, _strangers(recipe, out / STATE / "strangers", workers, progress))
    measured = measure(calibrated, for_measuring, _evidence(recipe), workers, progress)
    if not measured.has_network("places"):
        return measured
    from fpverify.training.touch_evidence import learn_touches

    return learn_touches(measured, out / STATE / "touches", workers=workers)


def add_network(recipe_path: str | Path, out: str | Path, name: str, model: Bundle) -> Bundle:
    """Adds a trained network to a model that was made before its recipe had it; nothing else of the model changes.

    Args:
        recipe_path: that `name` was trained by, in `out`.
        out: of `train`.
        name: of a stage.
        model: takes the network, and its part of the recipe into the card.

    Raises:
        RecipeError: no such stage, or it has not come to its end.
        ModelError: Keras does not run on TensorFlow, which alone can export.
    """
    recipe, out = read_recipe(recipe_path), Path(out)
    stage = next((one for one in stages(recipe, out / STATE, 0) if one.name == name), None)
    if stage is None:
        raise RecipeError(f"{recipe_path}: no stage {name!r}; it has {', '.join(recipe.stage_names)}")
    network = _trained(stage, out / STATE)
    contents = {file: model.content(file) for file in model.card.files}
    contents |= {f"{name}.weights.h5": weights_bytes(network), f"{name}.tflite": _exported(stage, network)}
    part = recipe.model_dump(mode="json")[name]
    return write_bundle(model.folder, replace(model.card, recipe={**model.card.recipe, name: part}), contents)


@contextmanager
def _precision(policy: str) -> Iterator[None]:
    """What the layers made meanwhile compute in."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _trained(stage: Stage, state: Path) -> keras.Model:
    """The network in float32, whatever it was trained in."""
    keras.utils.clear_session()  # counts layers from 0 again: the same weights give the same bytes
    with _precision("float32"):
        return stage.trained(state)


def _exported(stage: Stage, network: keras.Model) -> bytes:
    return litert_bytes(network, stage.examples() if stage.examples else None)


def _kept(recipe: Recipe, trained: Container[str]) -> dict[str, bytes]:
    """The files of the networks that are taken as they are from the model that the recipe begins with."""
    begun = begun_with(recipe)
    if begun is None:
        return {}
    names = [name for name in NETWORKS if name not in trained and begun.has_network(name)]
    return {f"{name}{end}": begun.content(f"{name}{end}") for name in names for end in (".weights.h5", ".tflite")}


def _train_stage(stage: Stage, recipe: Recipe, state: Path, workers: int, progress: bool) -> None:
    keras.utils.set_random_seed(recipe.seed)
    network = stage.network()
    for number, make in enumerate(stage.rounds):
        folder = stage.folder(state, number)
        stage.begin(network, state, number)
        make(network, folder, workers).run(progress)
        plot_training(folder / "log.jsonl", folder / "training.png")


def _evidence_sets(recipe: Recipe, folder: Path, seed: int, workers: int, progress: bool) -> list[Path]:
    if isinstance(recipe, WholePrintRecipe):
        return write_stripe_sets(folder, recipe.seed + seed, recipe.evidence_stripes, recipe.evidence_scans)
    many = {"fingers": recipe.evidence.fingers, "impressions": recipe.evidence.impressions}
    return write_ridge_sets(folder, recipe.seed + seed, **many, workers=workers, progress=progress)


def _card(recipe: Recipe) -> Card:
    card = Card(
        id=recipe.name,
        kind=recipe.kind,
        created=datetime.now(UTC).date().isoformat(),
        files={},
        recipe=recipe.model_dump(mode="json"),
        versions={name: _version(name) for name in LIBRARIES},
        training_data=training_data(recipe),
        seeds={
            "training": recipe.seed,
            "calibration": recipe.seed + CALIBRATION_SEED,
            "measuring": recipe.seed + MEASURING_SEED,
            **({} if isinstance(recipe, WholePrintRecipe) else {"strangers": recipe.seed + STRANGERS_SEED}),
        },
    )
    if not isinstance(recipe, WholePrintRecipe):
        return replace(card, alignment=recipe.alignment)
    return replace(card, input_px=recipe.whole_print.input_px, intended_use=STRIPES_USE, limits=STRIPES_LIMITS)


def training_data(recipe: Recipe) -> str:
    """What a card says of the prints that its networks learnt from."""
    if isinstance(recipe, WholePrintRecipe):
        return f"Synthetic stripes of two fingers, drawn afresh for every batch from seed {recipe.seed}."
    begun = begun_with(recipe)
    went_on = f", going on from {begun.card.id}" if begun else ""
    return (
        f"{recipe.fingers} synthetic fingers of seed {recipe.seed}, each also mirrored, impressions drawn afresh for "
        f"every batch{went_on}. No real print was used for any weight, threshold or calibration."
    )


def _strangers(recipe: MinutiaeRecipe, folder: Path, workers: int, progress: bool) -> list[Path]:
    fingers = min(STRANGERS, recipe.evidence.fingers)
    seed = recipe.seed + STRANGERS_SEED
    return write_ridge_sets(folder, seed, fingers=fingers, impressions=1, workers=workers, progress=progress)


def _evidence(recipe: Recipe) -> str:
    if isinstance(recipe, WholePrintRecipe):
        return f"{2 * recipe.evidence_scans} synthetic stripe scans of 2 fingers no training saw"
    part = recipe.evidence
    return (
        f"synthetic fingers no training saw: {part.fingers} fingers x {part.impressions} impressions "
        f"on each of {len(SENSORS)} simulated sensors"
    )


def _version(library: str) -> str:
    try:
        return importlib.metadata.version(library)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"

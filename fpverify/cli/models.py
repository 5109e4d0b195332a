"""train, models: where models come from, and which there are."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fpverify.cli.options import JSON, WORKERS, options
from fpverify.cli.words import percent, percent_within, print_facts, print_json, print_table
from fpverify.settings import load_settings

if TYPE_CHECKING:
    from fpverify.models import Bundle, Card

TRAINING_LIBRARIES = frozenset({"keras", "tensorflow", "jax", "torch"})


@click.command(
    "train",
    epilog="""\b
Examples:
  fpverify train recipes/stripes.yaml --out stripes-model
  fpverify verify stripes/A_07.bmp --id A --model stripes-model

\b
Needs TensorFlow: pip install 'fpverify[train]'
""",
)
@options(
    click.argument("recipe", type=click.Path()),
    click.option("--out", type=click.Path(), required=True, metavar="DIR", help="Folder of the new model."),
    click.option("--only", multiple=True, metavar="STAGE", help="Train this network alone; may be given repeatedly."),
    WORKERS,
)
def train_command(*, recipe: str, out: str, only: tuple[str, ...], workers: int | None) -> None:
    """Train a model by a recipe, on synthetic fingers.

    Killed at any moment, the same command goes on where it was. Networks can be trained side by side, each with --only;
    the same command without it then makes the model.
    """
    bundle = _train(Path(recipe), Path(out), only, load_settings(workers=workers).processes)
    if bundle is None:
        click.echo(f"trained {' and '.join(only)}; the same command without --only makes the model")
    else:
        click.echo(f"trained {bundle.model_id}; use it with --model {out}")


@click.command(
    "models",
    epilog="""\b
Examples:
  fpverify models
  fpverify models stripes-model
""",
)
@options(click.argument("model", required=False, metavar="[NAME|DIR]"), JSON)
def models_command(*, model: str | None, as_json: bool) -> None:
    """List the models that come with fpverify, or show what is known of one."""
    from fpverify.models import load_bundle, shipped_models

    bundles = [load_bundle(name) for name in ([model] if model else shipped_models())]
    if as_json:
        print_json({"models": [bundle.card.to_dict() for bundle in bundles]})
    elif model:
        _print_card(bundles[0])
    elif bundles:
        print_table(("model", "kind", "created", "FNMR at default"), [_row(bundle.card) for bundle in bundles])
    else:
        click.echo("no models come with this installation")


def _train(recipe: Path, out: Path, only: tuple[str, ...], workers: int) -> Bundle | None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow's remarks to programmers
    try:
        from fpverify.training import train
    except ModuleNotFoundError as error:
        if error.name not in TRAINING_LIBRARIES:
            raise
        raise click.ClickException(
            f"training needs {error.name}, which is not installed; pip install 'fpverify[train]'"
        ) from error
    return train(recipe, out, workers=workers, only=only)


def _row(card: Card) -> tuple[str, ...]:
    points = {point.target_fmr: point for point in card.operating_points}
    default = points.get(load_settings().fmr)
    return card.id, card.kind, card.created, percent(default.fnmr) if default else "-"


def _print_card(bundle: Bundle) -> None:
    card = bundle.card
    click.echo(card.id)
    print_facts(
        [
            ("kind", card.kind),
            ("created", card.created),
            ("folder", str(bundle.folder)),
            ("trained on", card.training_data),
            ("meant for", card.intended_use),
            ("limits", card.limits),
        ]
    )
    if card.operating_points:
        click.echo()
        print_table(
            ("FMR", "threshold", "FMR measured", "FNMR"), [_point_row(point) for point in card.operating_points]
        )
    if card.measured:
        click.echo()
        print_table(*_measured_table(card.measured))


def _point_row(point: Any) -> tuple[str, ...]:
    return (
        percent(point.target_fmr),
        f"{point.threshold:.1f}",
        percent_within(point.fmr, point.fmr_interval),
        percent_within(point.fnmr, point.fnmr_interval),
    )


def _measured_table(measured: tuple[dict[str, Any], ...]) -> tuple[list[str], list[list[str]]]:
    """Heads and rows of whatever figures the card holds."""
    heads = list(dict.fromkeys(name for row in measured for name in row))
    return heads, [[_cell(row.get(name, "")) for name in heads] for row in measured]


def _cell(value: object) -> str:
    return percent(value) if isinstance(value, float) else str(value)  # every fraction on a card is a rate

"""train: a model, made by a recipe."""

from __future__ import annotations

from pathlib import Path

import click

from fpverify.cli.options import WORKERS, options
from fpverify.cli.training_libraries import training_libraries
from fpverify.extras import install_line
from fpverify.settings import load_settings


@click.command(
    "train",
    epilog=f"""\b
Examples:
  fpverify train recipes/stripes.yaml --out stripes-model
  fpverify verify stripes/A_07.bmp --id A --model stripes-model

\b
Needs TensorFlow: {install_line("train")}
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
    processes = load_settings(workers=workers).processes
    with training_libraries("training"):
        from fpverify.training import train
    bundle = train(Path(recipe), Path(out), workers=processes, only=only)
    if bundle is None:
        click.echo(f"trained {' and '.join(only)}; the same command without --only makes the model")
    else:
        click.echo(f"trained {bundle.model_id}; use it with --model {out}")

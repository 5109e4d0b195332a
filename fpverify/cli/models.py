"""models: which there are, and what is known of each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fpverify.cli.options import JSON, options
from fpverify.cli.words import percent, percent_within, print_facts, print_json, print_table
from fpverify.errors import SettingsError
from fpverify.settings import load_settings

if TYPE_CHECKING:
    from fpverify.models import Bundle, Card


@click.command(
    "models",
    epilog="""\b
Examples:
  fpverify models
  fpverify models stripes-model
  fpverify models ridgeline-12 --copy ~/.local/share/fpverify/models/ridgeline-12
""",
)
@options(
    click.argument("model", required=False, metavar="[NAME|DIR]"),
    click.option(
        "--copy",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="Copy the model whole into a new folder; the release model, if none is named.",
    ),
    JSON,
)
def models_command(*, model: str | None, copy: Path | None, as_json: bool) -> None:
    """List the models that are installed, or show what is known of one.

    Former models, whose references are verified by them, lie in a folder that the setting `models` names.
    """
    from fpverify.models import former_models, load_bundle, shipped_models

    models = load_settings().models
    if copy:
        _copy(load_bundle(model, models, whole=False), copy, as_json)
        return
    names = [model] if model else [*shipped_models(), *map(str, former_models(models))]
    bundles = [load_bundle(name, models) for name in names]
    if as_json:
        print_json({"models": [bundle.card.to_dict() for bundle in bundles]})
    elif model:
        _print_card(bundles[0])
    elif bundles:
        print_table(("model", "kind", "created", "FNMR at default"), [_row(bundle.card) for bundle in bundles])
    else:
        click.echo("no models are installed")


def _copy(bundle: Bundle, given: Path, as_json: bool) -> None:
    from fpverify.models import copy_bundle

    folder = given.expanduser()
    if folder.exists():
        raise SettingsError(f"{folder}: exists already; name a folder that does not")
    copy_bundle(bundle, folder)
    if as_json:
        print_json({"model": bundle.model_id, "folder": str(folder)})
    else:
        click.echo(f"{bundle.model_id}: copied into {folder}")


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

"""lab: published Siamese designs, rebuilt and measured."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fpverify.cli.options import JSON, OutputFile, options
from fpverify.cli.training_libraries import training_libraries
from fpverify.cli.words import counted, print_facts, print_json, print_table
from fpverify.extras import install_line

if TYPE_CHECKING:
    from fpverify.lab.results import Result

SPLITS = ("images", "identities")
RESULTS = click.option(
    "--results", type=click.Path(), default="runs/lab", show_default=True, metavar="DIR", help="Folder of results."
)
SEED = click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the training.")
DATA = click.option(
    "--data", metavar="NAME|PATH", help="stripes, ridges, digits, photos, or a path.  [default: its own]"
)
VARIANT = click.option("--variant", default="", metavar="NAME", help="What differs; see `fpverify lab list`.")


@click.group(
    "lab",
    no_args_is_help=False,
    epilog="""\b
Examples:
  fpverify lab list
  fpverify lab run twin-194
""",
)
def lab_command() -> None:
    """Rebuild published Siamese designs and measure them on one scale."""


@lab_command.command(
    "list",
    epilog="""\b
Examples:
  fpverify lab list
""",
)
@options(JSON)
def list_command(*, as_json: bool) -> None:
    """List the designs, what was reported of each, and its variants."""
    from fpverify.lab.designs import all_designs

    designs = all_designs().values()
    if as_json:
        print_json({"designs": [_said(design) for design in designs]})
        return
    rows = [(one.name, ", ".join(one.data), one.reported, ", ".join(filter(None, one.variants))) for one in designs]
    print_table(("design", "data", "reported", "variants"), rows)


@lab_command.command(
    "run",
    epilog=f"""\b
Examples:
  fpverify lab run stripes-dense3
  fpverify lab run stripes-dense3 --variant 'no dropout' --seed 3
  fpverify lab run mnist-siamese --data mnist.npz

\b
Needs Keras and a backend: {install_line("train")};
the sets digits and photos need '.[lab]' as well.
""",
)
@options(
    click.argument("design"),
    DATA,
    SEED,
    click.option(
        "--split", type=click.Choice(SPLITS), help="How training and test are kept apart.  [default: its own]"
    ),
    VARIANT,
    click.option(
        "--weights", type=click.Path(exists=True), metavar="FILE", help="Of a ResNet50, for siamese-transfer."
    ),
    RESULTS,
    JSON,
)
def run_command(
    *,
    design: str,
    data: str | None,
    seed: int,
    split: str | None,
    variant: str,
    weights: str | None,
    results: str,
    as_json: bool,
) -> None:
    """Train one design and measure it on images that no training saw.

    Data is a set by name, a folder of <finger>_<impression> prints, or MNIST as .npz or a folder of IDX files.
    """
    from fpverify.lab.designs import find_design
    from fpverify.lab.designs.report import with_weights
    from fpverify.lab.results import Trial

    chosen = find_design(design)
    if weights:
        chosen = with_weights(chosen, Path(weights))
    trial = Trial(design, data or chosen.data[0], split or chosen.splits[0], variant, seed)  # type: ignore[arg-type]
    with training_libraries("the lab"):
        from fpverify.lab.table import run_one

        result = run_one(trial, {chosen.name: chosen}, Path(results), progress=True)
    print_json(_figures(result)) if as_json else print_facts(_facts(result))


@lab_command.command(
    "table",
    epilog=f"""\b
Examples:
  fpverify lab table
  fpverify lab table --run
  fpverify lab table --docs lab.md

\b
--run needs Keras, a backend and all sets: {install_line("lab,train")}
""",
)
@options(
    RESULTS,
    click.option("--run", "is_run", is_flag=True, help="Run all designs, or what is left of them."),
    click.option(
        "--docs", type=OutputFile((".md",), drawn="--docs"), metavar="MD", help="Write the page about the results here."
    ),
    JSON,
)
def table_command(*, results: str, is_run: bool, docs: Path | None, as_json: bool) -> None:
    """Show the results of all designs: those of the folder, else those that come with fpverify.

    A run takes about an hour on two cores; killed at any moment, the same command goes on where it was.
    FPVERIFY_REAL_PRINTS names a folder of sets of real prints, on which all that compares prints is measured as well.
    """
    folder = Path(results)
    if is_run:
        with training_libraries("the lab"):
            from fpverify.lab.table import run_table

            run_table(folder, progress=True, say=lambda line: click.echo(line, err=as_json))
    if docs is not None:
        from fpverify.lab.document import write_document

        click.echo(f"{write_document(docs, folder)} results; the page is {docs}", err=as_json)
    else:
        _show(folder, as_json)


def _show(folder: Path, as_json: bool) -> None:
    from fpverify.lab.document import summary_rows
    from fpverify.lab.results import SHIPPED, read_results

    own = list(read_results(folder))
    shown = own or list(read_results(SHIPPED))
    if as_json:
        print_json({"results": [_figures(one) for one in shown]})
        return
    head, *rows = summary_rows(shown)
    print_table(head, rows)
    origin = f"of {folder}" if own else f"which come with fpverify; {folder} holds none"
    click.echo(f"\n{counted(len(shown), 'result')}, {origin}")


@lab_command.command(
    "figure",
    epilog="""\b
Examples:
  fpverify lab figure twin-194 a.bmp b.bmp --out six.png
""",
)
@options(
    click.argument("design"),
    click.argument("left", type=click.Path()),
    click.argument("right", type=click.Path()),
    click.option(
        "--out", type=OutputFile((".png",), drawn="a picture"), required=True, metavar="PNG", help="The picture."
    ),
    DATA,
    VARIANT,
    SEED,
    RESULTS,
)
def figure_command(
    *, design: str, left: str, right: str, out: Path, data: str | None, variant: str, seed: int, results: str
) -> None:
    """Draw a pair in six columns: left, right, features of both, difference, weighted difference.

    The design is trained first unless its weights are in the folder of results.
    """
    from fpverify.lab.designs import find_design
    from fpverify.lab.results import Trial

    chosen = find_design(design)
    trial = Trial(design, data or chosen.data[0], chosen.splits[0], variant, seed)
    with training_libraries("the lab"):
        from fpverify.lab.table import draw_figure

        score = draw_figure(trial, (Path(left), Path(right)), out, Path(results), progress=True)
    click.echo(f"score {score:.3f}; the picture is {out}")


def _said(design: Any) -> dict[str, object]:
    names = ("name", "source", "reported", "shows", "data", "splits")
    return {**{name: getattr(design, name) for name in names}, "variants": list(filter(None, design.variants))}


def _figures(result: Result) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(result)


def _facts(result: Result) -> list[tuple[str, str]]:
    plain = [(name, f"{value:.4f}") for name, value in result.figures.items() if isinstance(value, float)]
    nested = [
        (f"{name}, {inner}", f"{value:.4f}")
        for name, figures in result.figures.items()
        if isinstance(figures, dict)
        for inner, value in figures.items()
        if isinstance(value, float)
    ]
    head = [("trial", result.trial.name), ("parameters", str(result.parameters)), ("steps", str(result.steps))]
    return [*head, *plain, *nested]

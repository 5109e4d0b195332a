"""explain: why do two scans match, or not?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fpverify.cli.failures import one_line
from fpverify.cli.options import CALIBRATION, FMR, JSON, MODEL, PICTURES, PPI, RAW, OutputFile, options
from fpverify.cli.streams import given_scans
from fpverify.cli.words import counted, in_colour, print_facts, print_json, resolution_words, scan_notes
from fpverify.settings import load_settings

if TYPE_CHECKING:
    from fpverify.explanation.explanation import Explanation
    from fpverify.explanation.side import Side


@click.command(
    "explain",
    epilog="""\b
Examples:
  fpverify explain scan.bmp finger.bmp --out pair.png
  fpverify explain scan.bmp finger.bmp --fmr 0.0001 --json

\b
Exit codes: 0 match or non-match, 2 wrong use, 3 no decision could be made.
""",
)
@options(
    click.argument("probe", type=click.Path()),
    click.argument("reference", type=click.Path()),
    click.option(
        "--out",
        type=OutputFile(PICTURES, drawn="a picture"),
        metavar="PNG",
        help="Draw the comparison here: PNG, SVG or PDF.",
    ),
    FMR,
    PPI,
    RAW,
    MODEL,
    CALIBRATION,
    JSON,
)
def explain_command(
    *,
    probe: str,
    reference: str,
    out: Path | None,
    fmr: float | None,
    ppi: float | None,
    model: str | None,
    calibration: str | None,
    as_json: bool,
) -> None:
    """Say and show why two scans match or do not.

    The picture shows both prints with their minutiae and partners, one laid on the other, and the make-up of the score.
    One of the scans may be -, which is standard input.
    """
    from fpverify.explanation.pair_picture import write_picture
    from fpverify.scans_alone import explain

    settings = load_settings(fmr=fmr, ppi=ppi, model=model, calibration=calibration)
    scans = given_scans((probe, reference), settings.ppi)
    explained = explain(*scans, model=settings.model, calibration=settings.calibration, fmr=settings.fmr)
    if out:
        write_picture(explained, out)
    if as_json:
        print_json(explained.to_dict())
    else:
        print_explanation(explained, out)


def print_explanation(explained: Explanation, out: Path | None) -> None:
    """The verdict, why, and what the score is made of."""
    word, colon, rest = explained.verdict.partition(":")
    click.echo(in_colour(word) + colon + rest)
    print_facts(
        [
            *(("why" if k == 0 else "and", cause.sentence) for k, cause in enumerate(explained.causes)),
            ("probe", _print_facts(explained.probe)),
            ("reference", _print_facts(explained.reference)),
            *explained.steps,
            ("model", explained.point.model_id),
            ("picture", str(out) if out else ""),
        ]
    )


def _print_facts(side: Side) -> str:
    name, area_mm2 = one_line(side.name), side.acquired.area_mm2
    if area_mm2 is not None:
        minutiae = counted(len(side.template.minutiae), "minutia").replace("minutias", "minutiae")
        name += f": {minutiae} on {area_mm2:.0f} mm², quality {side.template.quality:.2f} of 1"
    return "; ".join(note for note in (name, resolution_words(side.scan), scan_notes(side.scan)) if note)

"""split: slaps and cards into a file for each finger."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fpverify.cli.captures import Slaps, say_notes, slap_options
from fpverify.cli.options import JSON, MODEL, PPI, RAW, options
from fpverify.cli.words import counted, print_json, print_table
from fpverify.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fpverify.hands import HandScan
    from fpverify.matching import Matcher
    from fpverify.vocabulary import Scan

HEADS = ("finger", "file", "picture", "quality")
ENDINGS = ("png", "bmp", "tif", "wsq")


@click.command(
    "split",
    epilog="""\b
Examples:
  fpverify split slap.png --out DIR --slap right
  fpverify split slap.png --out DIR --slap left --missing left-ring
  fpverify split card.an2 --out DIR
""",
)
@options(
    click.argument("file", type=click.Path()),
    click.option(
        "--out", required=True, type=click.Path(file_okay=False), metavar="DIR", help="Folder; made if missing."
    ),
    click.option("--to", "ending", type=click.Choice(ENDINGS), default="png", show_default=True, help="Kind of files."),
)
@slap_options
@options(PPI, RAW, MODEL, JSON)
def split_command(
    *, file: str, out: str, ending: str, slaps: Slaps, ppi: float | None, model: str | None, as_json: bool
) -> None:
    """Take the fingers of a slap, or of a card, apart: a file for each, with its quality.

    A card, such as an ANSI/NIST file, says which fingers it shows; of a picture --slap says it. Without it the fingers
    are numbered from left to right. Missing, touching and overlapping fingers are named on standard error.
    """
    from fpverify.matching import Matcher
    from fpverify.scans import write_scan

    settings = load_settings(ppi=ppi, model=model)
    chosen = slaps if slaps.holds_several([file]) else Slaps("unknown")
    hands = chosen.hands([file], settings.ppi)
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    matcher = Matcher.load(settings.model, models=settings.models)
    rows = []
    for one, name in zip(hands.scans, _names(Path(file).stem, hands.scans), strict=True):
        path = folder / f"{name}.{ending}"
        write_scan(one.scan, path, states_ppi=not one.scan.ppi_estimated)
        quality, error = _quality(matcher, one.scan)
        height, width = one.scan.pixels.shape
        rows.append(
            {
                "finger": one.finger,
                "file": str(path),
                "width_px": width,
                "height_px": height,
                "ppi": one.scan.ppi,
                "quality": quality,
                "error": error,
            }
        )
    say_notes(hands.notes)
    if as_json:
        print_json({"file": file, "fingers": rows, "notes": list(hands.notes)})
        return
    click.echo(f"wrote {counted(len(rows), 'finger')} to {out}")
    print_table(HEADS, [_row(one) for one in rows])


def _row(one: dict[str, object]) -> Sequence[str]:
    quality = str(one["error"]) if one["quality"] is None else f"{one['quality']:.2f} of 1"
    return str(one["finger"]), str(one["file"]), f"{one['width_px']} x {one['height_px']}", quality


def _names(stem: str, scans: Sequence[HandScan]) -> list[str]:
    """A name for each file: the finger's, with a number where several have it."""
    named = [one.finger for one in scans]
    return [
        f"{stem}_{finger}" if named.count(finger) == 1 else f"{stem}_{finger}_{1 + named[:at].count(finger)}"
        for at, finger in enumerate(named)
    ]


def _quality(matcher: Matcher, scan: Scan) -> tuple[float | None, str | None]:
    """In [0, 1], or why there is no print."""
    from fpverify.errors import ScanError

    try:
        return round(matcher.template(scan).quality, 4), None
    except ScanError as error:
        return None, str(error)

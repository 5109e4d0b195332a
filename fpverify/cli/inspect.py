"""inspect: what is in a record of minutiae."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fpverify.cli.convert import FROM, LENIENT, SIZE, require_format
from fpverify.cli.failures import one_line
from fpverify.cli.options import JSON, PPI, options
from fpverify.cli.words import counted, print_facts, print_json, print_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fpverify.vocabulary import FingerView, MinutiaRecord

HEADS = ("finger", "view", "impression", "quality", "minutiae", "endings", "bifurcations", "picture", "ppi", "extended")
MINUTIA_HEADS = ("x_px", "y_px", "degrees", "type", "quality")
CM_PER_INCH = 2.54


@click.command(
    "inspect",
    epilog="""\b
Examples:
  fpverify inspect finger.fmr
  fpverify inspect finger.fmr --minutiae
  fpverify inspect card.bin --from iso2005-compact-card --json
""",
)
@options(
    click.argument("file", type=click.Path()),
    click.option(
        "--minutiae", is_flag=True, help="Also list them, degrees counterclockwise as the standards have them."
    ),
    FROM,
    PPI,
    SIZE,
    LENIENT,
    JSON,
)
def inspect_command(
    *,
    file: str,
    minutiae: bool,
    source_format: str | None,
    ppi: float | None,
    size: tuple[int, int] | None,
    lenient: bool,
    as_json: bool,
) -> None:
    """Say what a record of minutiae holds: its format, and each view of a finger in it."""
    from fpverify.formats import read_minutiae
    from fpverify.formats.document import record_answer

    require_format(source_format, "--from")
    record = read_minutiae(file, format=source_format, ppi=ppi, size=size, lenient=lenient)
    if as_json:
        answer = record_answer(record)
        print_json({"file": file, "format": record.format, "notes": list(record.notes), **answer})
        return
    _print_record(file, record)
    if minutiae:
        for view in record.views:
            click.echo("")
            print_table(MINUTIA_HEADS, _minutia_rows(view))


def _print_record(file: str, record: MinutiaRecord) -> None:
    from fpverify.formats import FORMATS

    click.echo(f"{one_line(file)}: {FORMATS[record.format].title}, {counted(len(record), 'view')}")
    print_table(HEADS, [_view_row(view) for view in record.views])
    product = f"owner {record.product[0]}, type {record.product[1]}" if any(record.product) else ""
    print_facts([("product", product), ("note", "; ".join(record.notes))])


def _view_row(view: FingerView) -> Sequence[str]:
    from fpverify.formats.codes import FINGER_NAMES, IMPRESSION_NAMES

    ppi = f"{view.ppcm_x * CM_PER_INCH:.0f}" if view.ppcm_x else "unknown"
    return (
        FINGER_NAMES[view.finger],
        str(view.view),
        IMPRESSION_NAMES[view.impression],
        _quality(view.ratings[0].value) if view.ratings else "unknown",
        str(len(view)),
        str(int((view.types == 1).sum())),
        str(int((view.types == 2).sum())),
        f"{view.width_px} x {view.height_px}" if view.width_px else "unknown",
        ppi if view.ppcm_x == view.ppcm_y else f"{ppi} x {view.ppcm_y * CM_PER_INCH:.0f}",
        counted(len(view.extended), "block") if view.extended else "none",
    )


def _minutia_rows(view: FingerView) -> list[Sequence[str]]:
    from math import degrees

    from fpverify.vocabulary import MINUTIA_TYPES

    columns = zip(view.x_px, view.y_px, view.angle_rad, view.types, view.quality, strict=True)
    return [
        (f"{x:g}", f"{y:g}", f"{-degrees(angle) % 360:.1f}", MINUTIA_TYPES[kind], _quality(int(quality)))
        for x, y, angle, kind, quality in columns
    ]


def _quality(value: int) -> str:
    return str(value) if value >= 0 else "unknown"

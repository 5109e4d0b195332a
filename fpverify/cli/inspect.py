"""inspect: what is in a record of minutiae or of pictures."""

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
    from fpverify.vocabulary.images import FingerImage, ImageRecord

HEADS = ("finger", "view", "impression", "quality", "minutiae", "endings", "bifurcations", "picture", "ppi", "extended")
IMAGE_HEADS = ("finger", "impression", "record", "picture", "ppi", "compression", "quality", "missing")
MINUTIA_HEADS = ("x_px", "y_px", "degrees", "type", "quality")
CM_PER_INCH = 2.54


@click.command(
    "inspect",
    epilog="""\b
Examples:
  fpverify inspect finger.fmr
  fpverify inspect finger.fmr --minutiae
  fpverify inspect card.an2
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
    """Say what a record holds: its format, and each view or picture of a finger in it."""
    from fpverify.formats import read_minutiae
    from fpverify.formats.document import record_answer

    require_format(source_format, "--from")
    if source_format is None and _is_image_record(file):
        _inspect_images(file, minutiae=minutiae, as_json=as_json)
        return
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


def _is_image_record(file: str) -> bool:
    from fpverify.hands import is_card

    return is_card(file)


def _inspect_images(file: str, *, minutiae: bool, as_json: bool) -> None:
    """What a transaction or another record of pictures holds; no picture is decoded."""
    from fpverify.formats.containers import read_images

    record = read_images(file)
    if as_json:
        print_json({"file": file, "format": record.format, "notes": list(record.notes), **_images_answer(record)})
        return
    from fpverify.formats.containers import IMAGE_FORMATS

    title = IMAGE_FORMATS[record.format].title.split(",")[0]
    click.echo(f"{one_line(file)}: {title}, {counted(len(record), 'picture')}")
    print_table(IMAGE_HEADS, [_image_row(one) for one in record.images])
    if record.minutiae:
        print_table(HEADS, [_view_row(view) for view in record.minutiae])
    others = ", ".join(f"{count} of type {kind}" for kind, count in record.others)
    missing = ", ".join(f"{_position(code)} {why}" for code, why in record.missing)
    facts = [(name, value) for name, value in record.facts]
    print_facts([*facts, ("other records", others), ("missing", missing), ("note", "; ".join(record.notes))])
    for view in record.minutiae if minutiae else ():
        click.echo("")
        print_table(MINUTIA_HEADS, _minutia_rows(view))


def _images_answer(record: ImageRecord) -> dict[str, object]:
    from fpverify.formats.codes import IMPRESSION_NAMES
    from fpverify.formats.document import record_answer
    from fpverify.vocabulary import MinutiaRecord

    views = record_answer(MinutiaRecord(record.minutiae))["views"] if record.minutiae else []
    return {
        "facts": dict(record.facts),
        "images": [
            {
                "finger": _position(one.finger),
                "impression": IMPRESSION_NAMES[one.impression],
                "number": one.number,
                "type": one.type,
                "width_px": one.width_px,
                "height_px": one.height_px,
                "bits": one.bits,
                "ppi": None if one.ppi is None else list(one.ppi),
                "compression": one.compression,
                "bytes": len(one.data),
                "quality": one.ratings[0].value if one.ratings else None,
                "missing": {_position(code): why for code, why in one.missing},
            }
            for one in record.images
        ],
        "views": views,
        "others": {str(kind): count for kind, count in record.others},
        "missing": {_position(code): why for code, why in record.missing},
    }


def _image_row(one: FingerImage) -> Sequence[str]:
    from fpverify.formats.codes import IMPRESSION_NAMES

    ppi = "unknown" if one.ppi is None else f"{one.ppi[0]:.0f}"
    missing = ", ".join(_position(code) for code, _ in one.missing)
    return (
        _position(one.finger),
        IMPRESSION_NAMES[one.impression],
        f"type {one.type}" if one.type else str(one.number),
        f"{one.width_px} x {one.height_px}",
        ppi if one.ppi is None or one.ppi[0] == one.ppi[1] else f"{ppi} x {one.ppi[1]:.0f}",
        one.compression,
        str(one.ratings[0].value) if one.ratings else "unknown",
        missing or "none",
    )


def _position(code: int) -> str:
    from fpverify.formats.containers import POSITION_NAMES

    return POSITION_NAMES[code]


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

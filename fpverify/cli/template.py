"""template: the template of one scan, seen and kept in a file of its own."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fpverify.answers import single_template_answer
from fpverify.cli.options import FINGER, JSON, MODEL, PPI, RAW, OutputFile, options
from fpverify.cli.passphrases import PASSPHRASE_FILE, check_protection, passphrase_from
from fpverify.cli.streams import given_scan
from fpverify.cli.words import SAID_BY, counted, print_facts, print_json, scan_notes

if TYPE_CHECKING:
    from fpverify.single_templates import SingleTemplate

SEALED = "sealed under a passphrase"
PLAIN = "not protected: whoever has the file can read the template in it, which is biometric data"


@click.command(
    "template",
    epilog="""\b
Examples:
  fpverify template scan.bmp
  fpverify template scan.bmp --out a.fpt
  fpverify template scan.bmp --out a.fpt --finger right-index --plain
  fpverify template a.fpt --json
  fpverify compare a.fpt scan.bmp
""",
)
@options(
    click.argument("file", type=click.Path()),
    click.option("--out", type=OutputFile((".fpt",)), metavar="FPT", help="Keep the template in this new file."),
    FINGER,
    PASSPHRASE_FILE,
    click.option("--plain", is_flag=True, help="No passphrase: whoever has the file can read and alter it."),
    PPI,
    RAW,
    MODEL,
    JSON,
)
def template_command(
    *,
    file: str,
    out: Path | None,
    finger: str | None,
    passphrase_file: str | None,
    plain: bool,
    ppi: float | None,
    model: str | None,
    as_json: bool,
) -> None:
    """Show the template of a scan (- is standard input), or one that was kept in a file; or keep it in one.

    A template is biometric data. A file is sealed under a passphrase, unless --plain says otherwise, and is its owner's
    alone to read; the passphrase comes from a file, from FPVERIFY_PASSPHRASE, or is asked for. For minutiae in formats
    of other software there is `fpverify convert`.
    """
    from fpverify.single_templates import SingleTemplates
    from fpverify.store import UNKNOWN_FINGER
    from fpverify.store.template_file import write_template

    check_protection(passphrase_file, plain=plain)
    if out is None and (plain or finger):
        raise click.UsageError("--plain and --finger are for a file; give --out")
    asked = partial(passphrase_from, passphrase_file, twice=False)
    singles = SingleTemplates(model=model, ppi=ppi, finger=finger or UNKNOWN_FINGER, passphrase=asked, read=given_scan)
    shown = singles.of_file(file)
    if out is not None and shown.scan is None:
        raise click.UsageError(f"{file!r} is a template already; --out keeps that of a scan")
    written = None
    if out is not None:
        passphrase = None if plain else passphrase_from(passphrase_file, twice=True)
        written = write_template(out, shown.kept, passphrase)
    if as_json:
        kept = None if out is None else {"file": str(out), "bytes": written, "protected": not plain}
        print_json({**single_template_answer(shown), "out": kept})
        return
    kept_in = "" if out is None else f"{out}, {written:,} bytes"
    _print(shown, [("kept in", kept_in), ("file", "" if out is None else PLAIN if plain else SEALED)])


def _print(shown: SingleTemplate, facts: list[tuple[str, str]]) -> None:
    """What a template holds, and what is known of its scan."""
    template, kept = shown.template, shown.kept
    click.echo(single_template_words(shown))
    bits = "" if template.vector is None else f", a vector of {len(template.vector)} numbers"
    each = f", descriptors of {template.descriptors.shape[1]} numbers" if len(template.minutiae) else ""
    print_facts(
        [
            ("quality", f"{template.quality:.2f} of 1"),
            ("model", template.model_id),
            ("size", f"{shown.size_bytes:,} bytes{each}{bits}"),
            ("resolution", f"{kept.ppi:g} ppi, {SAID_BY[kept.ppi_source]}"),
            ("note", scan_notes(shown.scan) if shown.scan else ""),
            ("finger", kept.finger if shown.scan is None else ""),
            ("made at", (kept.made_at or "").replace("T", " ").replace("+00:00", " UTC")),
            ("file", "" if shown.scan else SEALED if shown.protected else PLAIN),
            *facts,
        ]
    )


def single_template_words(shown: SingleTemplate) -> str:
    """A template in one line."""
    if shown.template.vector is not None:
        return f"{shown.source}: a whole print"
    area = "" if shown.kept.area_mm2 is None else f" on {shown.kept.area_mm2:.0f} mm²"
    minutiae = counted(len(shown.template.minutiae), "minutia").replace("minutias", "minutiae")
    return f"{shown.source}: {minutiae}{area}"

"""capture: a scan from a fingerprint reader, as a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fpverify.answers import scan_answer
from fpverify.cli.captures import READER, TIMEOUT, Live, touch
from fpverify.cli.options import JSON, PPI, OutputFile, options
from fpverify.cli.words import print_facts, print_json, scan_facts
from fpverify.settings import load_settings

if TYPE_CHECKING:
    from fpverify.vocabulary import Scan

WRITTEN = (".bmp", ".png", ".tif", ".tiff")


@click.command(
    "capture",
    epilog="""\b
Examples:
  fpverify capture finger.png
  fpverify capture finger.png --reader libfprint:uru4000 --ppi 512 --timeout 10
  fpverify capture finger.bmp --reader folder:/srv/scanner

\b
Exit codes: 0 written, 2 wrong use, 3 there is no reader, or it gave nothing that can be used.
""",
)
@options(click.argument("out", type=OutputFile(WRITTEN)), READER, TIMEOUT, PPI, JSON)
def capture_command(*, out: Path, reader: str | None, timeout_s: float, ppi: float | None, as_json: bool) -> None:
    """Write what a fingerprint reader sees into a file, without loss.

    The file states the resolution that the reader or --ppi states; one that was estimated is shown, and not written.
    """
    from fpverify.scans import write_scan

    live = Live(reader, timeout_s)
    with live.opened(load_settings(ppi=ppi).ppi) as opened:
        scan = touch(opened, timeout_s)
        name = opened.name
    write_scan(scan, out, states_ppi=not scan.ppi_estimated)
    if as_json:
        print_json({"file": str(out), "reader": name, **_size(scan), **scan_answer(scan)})
    else:
        height, width = scan.pixels.shape
        click.echo(f"wrote {out}: {width} x {height} px")
        print_facts([("reader", name), *scan_facts(scan), ("note", _unstated(scan))])


def _size(scan: Scan) -> dict[str, int]:
    height, width = scan.pixels.shape
    return {"width_px": width, "height_px": height}


def _unstated(scan: Scan) -> str:
    return "the file states no resolution; give it with --ppi" if scan.ppi_estimated else ""

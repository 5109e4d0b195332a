"""readers: which fingerprint readers there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fpverify.cli.failures import one_line
from fpverify.cli.options import JSON, options
from fpverify.cli.words import print_json, print_table

if TYPE_CHECKING:
    from fpverify.readers import FoundReader


@click.command(
    "readers",
    epilog="""\b
Examples:
  fpverify readers
  fpverify readers --json
""",
)
@options(JSON)
def readers_command(*, as_json: bool) -> None:
    """List the fingerprint readers that are connected.

    Only those that give pictures can be used; others compare on their own chip. A folder into which another program
    drops pictures is a reader, too: folder:DIR, which is not listed.
    """
    from fpverify.readers import found_readers

    found = found_readers()
    if as_json:
        print_json({"readers": [_answer(one) for one in found.readers], "notes": list(found.notes)})
        return
    if found.readers:
        print_table(("reader", "pictures", "resolution", "kind"), [_row(one) for one in found.readers])
    else:
        click.echo("no fingerprint reader is connected")
    for note in found.notes:
        click.echo(f"fpverify: {one_line(note)}", err=True)


def _row(one: FoundReader) -> tuple[str, ...]:
    stated = "-" if one.ppi is None else f"{one.ppi:g} ppi"
    return one.name, "yes" if one.captures else "no", stated, one_line(one.description)


def _answer(one: FoundReader) -> dict[str, object]:
    return {"name": one.name, "description": one.description, "captures": one.captures, "ppi": one.ppi}

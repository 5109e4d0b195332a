"""doctor: what is well with this installation, and what needs attention."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fpverify import __version__
from fpverify.cli.failures import EXIT_ATTENTION, one_line
from fpverify.cli.options import CALIBRATION, DB, INDEX, JSON, KEY, MODEL, options
from fpverify.cli.words import counted, in_colour, print_facts, print_json
from fpverify.settings import load_settings

if TYPE_CHECKING:
    from fpverify.checkup import Checkup


@click.command(
    "doctor",
    epilog="""\b
Examples:
  fpverify doctor
  fpverify doctor --db /srv/door/enroll_db
  fpverify doctor --quick --json

\b
Exit codes: 0 all is well, 2 wrong use, 4 something needs attention, one line for each.
""",
)
@options(
    click.option("--quick", is_flag=True, help="Time nothing, which takes two seconds on an idle machine."),
    DB,
    KEY,
    MODEL,
    CALIBRATION,
    INDEX,
    JSON,
)
def doctor_command(
    *,
    quick: bool,
    db: str | None,
    key: str | None,
    model: str | None,
    calibration: str | None,
    index: str | None,
    as_json: bool,
) -> int:
    """Say what is well with this installation, and what needs attention.

    Looked at are the libraries, the model and its files, the store, its key, its index, the extras, and how fast it all
    is. Nothing is made or written, and no key is shown. `fpverify audit verify` looks for alterations of a store.
    """
    from fpverify.checkup import checkup

    settings = load_settings(db=db, key=key, model=model, calibration=calibration, index=index)
    found = checkup(settings, __version__, quick=quick)
    if as_json:
        print_json(found.to_dict())
    else:
        _print(found)
    return 0 if found.well else EXIT_ATTENTION


def _print(found: Checkup) -> None:
    count = sum(one.attention for one in found.findings)
    click.echo(in_colour("well") if found.well else f"{in_colour('attention')}: {counted(count, 'finding')}")
    print_facts(one for part in found.parts for one in part.lines)
    for finding in found.findings:
        word = in_colour("attention") if finding.attention else "note"
        click.echo(f"{word}: {finding.about}: {one_line(finding.sentence)}")

"""list: who is enrolled."""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING

import click

from fpverify.answers import finger_answer
from fpverify.cli.options import DB, JSON, KEY, existing_store, options
from fpverify.cli.words import print_json_list, print_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fpverify.store import FingerSummary


@click.command(
    "list",
    epilog="""\b
Examples:
  fpverify list
  fpverify list --db /srv/door/enroll_db --json
""",
)
@options(DB, KEY, JSON)
def list_command(*, db: str | None, key: str | None, as_json: bool) -> None:
    """List who is enrolled, one line for each finger."""
    with existing_store(db, key) as store:
        fingers = store.fingers()
        first = list(islice(fingers, 1))  # an error shows before anything is printed
        if as_json:
            print_json_list({"store": store.place}, "fingers", map(finger_answer, chain(first, fingers)))
        elif first:
            heads = ("subject", "finger", "impressions", "quality", "last enrolled", "model")
            print_table(heads, map(_summary_row, chain(first, fingers)))
        else:
            click.echo(f"nobody is enrolled in {store.place}")


def _summary_row(summary: FingerSummary) -> Sequence[str]:
    return (
        summary.subject,
        summary.finger,
        str(summary.impressions),
        " ".join(f"{quality:.2f}" for quality in summary.qualities),
        f"{summary.last_enrolled_at:%Y-%m-%d %H:%M} UTC",
        " ".join(summary.model_ids),
    )

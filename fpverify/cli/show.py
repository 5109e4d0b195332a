"""show: what is kept of a subject."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fpverify.answers import reference_answer
from fpverify.cli.failures import one_line
from fpverify.cli.options import DB, FINGER, JSON, KEY, SUBJECT, existing_store, options
from fpverify.cli.words import counted, print_facts, print_json, print_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fpverify.vocabulary import Reference

HEADS = ("finger", "impression", "quality", "minutiae", "enrolled", "model")


@click.command(
    "show",
    epilog="""\b
Examples:
  fpverify show --id A
  fpverify show --id A --finger right-index --json
""",
)
@options(SUBJECT, FINGER, DB, KEY, JSON)
def show_command(*, subject: str, finger: str | None, db: str | None, key: str | None, as_json: bool) -> None:
    """Show what is kept of a subject, one line for each impression."""
    with existing_store(db, key) as store:
        references, noted, place = store.references(subject, finger), store.metadata(subject), store.place
    if as_json:
        print_json({"store": place, "metadata": noted, "impressions": [reference_answer(one) for one in references]})
        return
    click.echo(f"{references[0].subject}: {counted(len(references), 'impression')} in {place}")
    print_table(HEADS, [_reference_row(one) for one in references])
    print_facts([(one_line(name), one_line(str(value))) for name, value in noted.items()])


def _reference_row(reference: Reference) -> Sequence[str]:
    return (
        reference.finger,
        str(reference.impression),
        f"{reference.template.quality:.2f}",
        str(len(reference.template.minutiae)),
        f"{reference.enrolled_at:%Y-%m-%d %H:%M} UTC{', learnt' * reference.learnt}",
        reference.model_id,
    )

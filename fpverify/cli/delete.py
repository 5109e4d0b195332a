"""delete: a subject, or a finger of it, goes."""

from __future__ import annotations

import click

from fpverify.cli.options import DB, FINGER, JSON, KEY, SUBJECT, existing_store, options
from fpverify.cli.words import counted, print_json
from fpverify.settings import is_engine_url, load_settings


@click.command(
    "delete",
    epilog="""\b
Examples:
  fpverify delete --id A
  fpverify delete --id A --finger right-index
""",
)
@options(SUBJECT, FINGER, DB, KEY, JSON)
def delete_command(*, subject: str, finger: str | None, db: str | None, key: str | None, as_json: bool) -> None:
    """Delete a subject, or one finger of it, for good. It is not asked twice."""
    with existing_store(db, key) as store:
        removed, place = store.delete(subject, finger), store.place
    if is_engine_url(load_settings().index):
        from fpverify.verifier import Verifier

        with Verifier.open(db, key=key, create=False) as verifier:
            verifier.registers.current(verifier.store, verifier.matcher)
    if as_json:
        print_json({"store": place, "subject": subject, "finger": finger, "deleted": removed})
        return
    what = f"{subject}, finger {finger}" if finger else subject
    click.echo(f"deleted {what}: {counted(removed, 'impression')} gone from {place}")

"""delete: a subject, or a finger of it, goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from fpverify.cli.options import DB, FINGER, JSON, KEY, existing_store, options
from fpverify.cli.words import counted, print_json
from fpverify.settings import is_engine_url, load_settings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fpverify.store import Unwiped


@click.command(
    "delete",
    epilog="""\b
Examples:
  fpverify delete --id A
  fpverify delete --id A --finger right-index
  fpverify delete --id A --learnt
  fpverify delete --wipe
""",
)
@options(
    click.option("--id", "subject", metavar="ID", help="Subject: any text on one line."),
    FINGER,
    click.option("--learnt", is_flag=True, help="Only what was learnt from matches; what was enrolled stays."),
    click.option("--wipe", "wipes", is_flag=True, help="Rewrite a large store, too, without traces of the deleted."),
    DB,
    KEY,
    JSON,
)
def delete_command(
    *,
    subject: str | None,
    finger: str | None,
    learnt: bool,
    wipes: bool,
    db: str | None,
    key: str | None,
    as_json: bool,
) -> None:
    """Delete a subject, or one finger of it, for good; with --learnt, what was learnt of it. It is not asked twice.

    A small store is rewritten at once, so that no trace is left in its file. A large one is rewritten when a hundredth
    of it was deleted, or with the first change after a day, or with --wipe, which alone only does that. Nobody can use
    the store meanwhile.
    """
    if subject is None and (finger is not None or learnt or not wipes):
        raise click.UsageError("give --id, or --wipe, or both")
    with existing_store(db, key) as store:
        models = store.model_ids()
        remove = store.forget if learnt else store.delete
        removed, place = 0 if subject is None else remove(subject, finger), store.place
        if wipes:
            store.wipe()
        unwiped = store.unwiped()
    if removed and is_engine_url(load_settings().index):
        _follow(db, key, models)
    if as_json:
        print_json(_fields(place, subject, finger, removed, unwiped))
        return
    if subject is not None:
        what = f"{subject}, finger {finger}" if finger else subject
        said = f"forgot what was learnt of {what}" if learnt else f"deleted {what}"
        click.echo(f"{said}: {counted(removed, 'impression')} gone from {place}")
    if wipes:
        click.echo(f"rewrote {place}: nothing that was deleted is left in it")
    elif unwiped is not None:
        click.echo(
            f"traces of what was deleted since {unwiped.since:%Y-%m-%d %H:%M} UTC may be left until the store is "
            "rewritten, by itself or by `fpverify delete --wipe`"
        )


def _follow(db: str | None, key: str | None, models: Iterable[str]) -> None:
    """Has an index in an engine of its own give up what the store has no more, of any of these models."""
    from fpverify.verifier import Verifier

    with Verifier.open(db, key=key, create=False) as verifier:
        for one in filter(verifier.matchers.has, models):
            verifier.registers.current(verifier.store, verifier.matchers.of(one), former=True)


def _fields(
    place: str, subject: str | None, finger: str | None, removed: int, unwiped: Unwiped | None
) -> dict[str, Any]:
    since = None if unwiped is None else unwiped.since.isoformat(timespec="seconds")
    return {"store": place, "subject": subject, "finger": finger, "deleted": removed, "unwiped_since": since}

"""update: the name of a subject, and what is noted of it."""

from __future__ import annotations

from typing import Any

import click

from fpverify.cli.failures import one_line
from fpverify.cli.options import DB, JSON, KEY, SUBJECT, existing_store, options
from fpverify.cli.words import print_facts, print_json


class Note(click.ParamType):  # type: ignore[type-arg]  # not generic before click 8.3
    """A name with a value, as NAME=VALUE."""

    name = "name=value"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """(name, value); what has no name is wrong use."""
        name, sign, noted = str(value).partition("=")
        if not sign or not name:
            self.fail(f"{value!r} is not NAME=VALUE", param, ctx)
        return name, noted


@click.command(
    "update",
    epilog="""\b
Examples:
  fpverify update --id A --rename B
  fpverify update --id A --note department="gate 3" --note badge=
""",
)
@options(
    SUBJECT,
    click.option("--rename", metavar="ID", help="New id."),
    click.option(
        "--note", "notes", type=Note(), multiple=True, help="Keep a note, or with an empty value drop it; repeatable."
    ),
    DB,
    KEY,
    JSON,
)
def update_command(
    *,
    subject: str,
    rename: str | None,
    notes: tuple[tuple[str, str], ...],
    db: str | None,
    key: str | None,
    as_json: bool,
) -> None:
    """Rename a subject, or note something about it; the impressions stay."""
    if rename is None and not notes:
        raise click.UsageError("nothing to change; give --rename or --note")
    with existing_store(db, key) as store:
        noted = _noted(store.metadata(subject), notes)
        store.update(subject, rename=rename, metadata=noted if notes else None)
        place = store.place
    name = subject if rename is None else rename
    if as_json:
        print_json({"store": place, "subject": name, "metadata": noted})
        return
    click.echo(f"updated {subject}" if rename is None else f"{subject} is now {rename}")
    print_facts([(one_line(one), one_line(str(value))) for one, value in noted.items()])


def _noted(before: dict[str, Any], notes: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    """The notes of before with the new ones; those with an empty value are gone."""
    return {name: value for name, value in (before | dict(notes)).items() if value != ""}

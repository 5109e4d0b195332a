"""keys, update: the key of the store, and what is known of a subject."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from fpverify.cli.failures import one_line
from fpverify.cli.options import DB, JSON, KEY, SUBJECT, OutputFile, existing_store, options
from fpverify.cli.words import counted, print_facts, print_json


class Note(click.ParamType):  # type: ignore[type-arg]  # not generic before click 8.3
    """A name with a value, as NAME=VALUE."""

    name = "name=value"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """(name, value); what has no name is wrong use."""
        name, sign, noted = str(value).partition("=")
        if not sign or not name:
            self.fail(f"{value!r} is not NAME=VALUE", param, ctx)
        return name, noted


@click.group(
    "keys",
    no_args_is_help=False,
    epilog="""\b
Examples:
  fpverify keys show
  fpverify keys rotate
  fpverify keys new --out /mnt/stick/door.key
""",
)
def keys_command() -> None:
    """Look after the key of the store."""


@keys_command.command("show", epilog="\b\nExamples:\n  fpverify keys show\n  fpverify keys show --db gate_db --json\n")
@options(DB, KEY, JSON)
def show_command(*, db: str | None, key: str | None, as_json: bool) -> None:
    """Say where the key is, and how much still needs an older one."""
    from fpverify.store.inspection import count_seals

    with existing_store(db, key) as store:
        seals, fields = count_seals(store), _key_fields(store)
    if as_json:
        print_json({**fields, "sealed": seals.all, "older": seals.older})
        return
    click.echo(f"key {fields['key']}" if fields["encrypted"] else "the store is not encrypted")
    rest = f"{seals.older:,} need an older key; `fpverify keys rotate` goes on" if seals.older else ""
    print_facts(
        [
            ("place", str(fields["place"]) if fields["encrypted"] else ""),
            ("store", fields["store"]),
            ("sealed", counted(seals.all, "record")),
            ("of these", rest),
        ]
    )


@keys_command.command(
    "rotate", epilog="\b\nExamples:\n  fpverify keys rotate\n  fpverify keys rotate --db gate_db --json\n"
)
@options(DB, KEY, JSON)
def rotate_command(*, db: str | None, key: str | None, as_json: bool) -> None:
    """Seal everything with a new key, and give up the old one.

    Others go on working meanwhile. Ended at any moment, the same command goes on where it was. Backups made before need
    the old key: copy it first if they are to stay readable.
    """
    with existing_store(db, key) as store, _Bar("seals") as bar:
        made = store.rotate(bar.show)
        fields = _key_fields(store)
    if as_json:
        print_json({**fields, "sealed": made})
        return
    click.echo(f"sealed {counted(made, 'record')} with the new key {fields['key']}")
    print_facts([("place", str(fields["place"])), ("store", fields["store"])])


@keys_command.command(
    "new",
    epilog="""\b
Examples:
  fpverify keys new --out /mnt/stick/door.key
  fpverify enroll finger.bmp --id A --key file:/mnt/stick/door.key
""",
)
@options(
    click.option("--out", type=OutputFile(), required=True, metavar="FILE", help="New file, for its owner only."), JSON
)
def new_command(*, out: Path, as_json: bool) -> None:
    """Make a key file, to found a store with (--key)."""
    from fpverify.store.key_source import KeySource
    from fpverify.store.vault import key_id

    made = key_id(KeySource.parse(f"file:{out}", "").create())
    if as_json:
        print_json({"key": made, "place": str(out)})
        return
    click.echo(f"made key {made}")
    print_facts([("place", str(out)), ("use", f"--key file:{out}, at the first enroll and ever after")])


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


class _Bar:
    """A bar on standard error if that is a terminal."""

    def __init__(self, what: str) -> None:
        from tqdm import tqdm

        self._bar = tqdm(desc=what, unit="", disable=None)

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.close()

    def show(self, done: int, total: int) -> None:
        """So many of so many are done."""
        self._bar.total = total
        self._bar.update(done - self._bar.n)


def _key_fields(store: Any) -> dict[str, Any]:
    """What may be said of a key; the key itself never is."""
    encrypted = bool(store.vault.ring.records)
    place = store.vault.source.place if encrypted else None
    return {"store": store.place, "encrypted": encrypted, "key": store.key_id, "place": place}


def _noted(before: dict[str, Any], notes: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    """The notes of before with the new ones; those with an empty value are gone."""
    return {name: value for name, value in (before | dict(notes)).items() if value != ""}

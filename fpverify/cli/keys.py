"""keys: the key of the store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from fpverify.cli.options import DB, JSON, KEY, TRUST, OutputFile, existing_store, options
from fpverify.cli.words import counted, print_facts, print_json
from fpverify.settings import load_settings


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
    from fpverify.store.seals import count_seals

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
    click.option("--out", type=OutputFile(), required=True, metavar="FILE", help="New file, for its owner only."),
    TRUST,
    JSON,
)
def new_command(*, out: Path, as_json: bool) -> None:
    """Make a key file, to found a store with (--key)."""
    from fpverify.store.key_source import KeySource
    from fpverify.store.vault import key_id

    made = key_id(KeySource.parse(f"file:{out}", "", trusts=load_settings().trust_permissions).create())
    if as_json:
        print_json({"key": made, "place": str(out)})
        return
    click.echo(f"made key {made}")
    print_facts([("place", str(out)), ("use", f"--key file:{out}, at the first enroll and ever after")])


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

"""export, import: a store, or a subject of it, as one file."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from fpverify.cli.options import DB, JSON, KEY, OutputFile, existing_store, options
from fpverify.cli.words import counted, print_facts, print_json, say_new_key
from fpverify.errors import StoreError
from fpverify.settings import load_settings

PASSPHRASE_VARIABLE = "FPVERIFY_PASSPHRASE"  # noqa: S105 - the name of the variable
LARGEST_PASSPHRASE_BYTES = 4096  # of a file; a longer one was surely meant for something else

PASSPHRASE_FILE = click.option(
    "--passphrase-file",
    type=click.Path(),
    metavar="FILE",
    help=f"First line of this file.  [default: {PASSPHRASE_VARIABLE}, or ask]",
)


@click.command(
    "export",
    epilog="""\b
Examples:
  fpverify export backup.fpva
  fpverify export backup.fpva --passphrase-file /root/passphrase
  fpverify export A.fpva --id A --plain
""",
)
@options(
    click.argument("file", type=OutputFile()),
    click.option("--id", "subject", metavar="ID", help="This subject alone.  [default: all]"),
    PASSPHRASE_FILE,
    click.option("--plain", is_flag=True, help="No passphrase: whoever has the file can read and alter it."),
    DB,
    KEY,
    JSON,
)
def export_command(
    *,
    file: Path,
    subject: str | None,
    passphrase_file: str | None,
    plain: bool,
    db: str | None,
    key: str | None,
    as_json: bool,
) -> None:
    """Write all that is enrolled into one new file, under a passphrase.

    The passphrase comes from a file, from FPVERIFY_PASSPHRASE, or is asked for. The store's own key is not needed to
    read the file.
    """
    from fpverify.store.transfer import export_archive

    _refuse_both(passphrase_file, plain=plain)
    with existing_store(db, key) as store:
        passphrase = None if plain else _passphrase(passphrase_file, twice=True)
        done, place = export_archive(store, file, passphrase=passphrase, subject=subject), store.place
    if as_json:
        fields = {"subjects": done.subjects, "records": done.records, "protected": not plain}
        print_json({"store": place, "file": str(file), **fields})
        return
    click.echo(f"exported {counted(done.subjects, 'subject')}, {counted(done.records, 'impression')}")
    warning = "not protected: whoever has the file can read the templates in it" if plain else ""
    print_facts([("file", str(file)), ("store", place), ("note", warning)])


@click.command(
    "import",
    epilog="""\b
Examples:
  fpverify import backup.fpva --db restored_db
  fpverify import backup.fpva --passphrase-file /root/passphrase --skip-existing
""",
)
@options(
    click.argument("file", type=click.Path()),
    PASSPHRASE_FILE,
    click.option("--plain", is_flag=True, help="Take an archive that no passphrase protects."),
    click.option("--skip-existing", is_flag=True, help="Leave out subjects that are enrolled already."),
    DB,
    KEY,
    JSON,
)
def import_command(
    *,
    file: str,
    passphrase_file: str | None,
    plain: bool,
    skip_existing: bool,
    db: str | None,
    key: str | None,
    as_json: bool,
) -> None:
    """Enroll all that a file of `fpverify export` holds, or nothing at all.

    A store that is not there yet is made.
    """
    from fpverify.store import Store
    from fpverify.store.transfer import import_archive, needs_passphrase, opened_archive

    _refuse_both(passphrase_file, plain=plain)
    ask = needs_passphrase(file) and not plain  # a plain one without --plain is refused by what reads it
    passphrase = _passphrase(passphrase_file, twice=False) if ask else None if plain else ""
    settings = load_settings(db=db, key=key)
    with opened_archive(file, passphrase) as archive, Store.open(settings.db, key=settings.key) as store:
        say_new_key(store.new_key)
        done = import_archive(store, archive, skip_existing=skip_existing)
        place = store.place
    if as_json:
        fields = {"subjects": done.subjects, "records": done.records, "skipped": done.skipped}
        print_json({"store": place, "file": file, **fields})
        return
    click.echo(f"imported {counted(done.subjects, 'subject')}, {counted(done.records, 'impression')}")
    skipped = f"{counted(done.skipped, 'subject')}, enrolled already" if done.skipped else ""
    print_facts([("store", place), ("left out", skipped)])


def _refuse_both(passphrase_file: str | None, *, plain: bool) -> None:
    if plain and passphrase_file is not None:
        raise click.UsageError("give either --passphrase-file or --plain")


def _passphrase(path: str | None, *, twice: bool) -> str:
    """From a file, the environment or the terminal; never an argument, which others on the machine can read."""
    if path is not None:
        return _first_line(path)
    if os.environ.get(PASSPHRASE_VARIABLE):
        return os.environ[PASSPHRASE_VARIABLE]
    if sys.stdin is None or not sys.stdin.isatty():
        raise click.UsageError(
            f"there is nobody to ask for the passphrase; give --passphrase-file, or {PASSPHRASE_VARIABLE}"
        )
    asked: str = click.prompt("Passphrase", hide_input=True, confirmation_prompt=twice, err=True)
    return asked


def _first_line(path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            text = file.read(LARGEST_PASSPHRASE_BYTES).decode()
    except UnicodeDecodeError as error:
        raise StoreError(f"{path} holds no passphrase: it is not UTF-8 text") from error
    line = (text.splitlines() or [""])[0]
    if not line:
        raise StoreError(f"{path} holds no passphrase: its first line is empty")
    return line

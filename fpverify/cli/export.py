"""export: a store, or a subject of it, as one file."""

from __future__ import annotations

from pathlib import Path

import click

from fpverify.cli.options import DB, JSON, KEY, OutputFile, existing_store, options
from fpverify.cli.passphrases import PASSPHRASE_FILE, check_protection, passphrase_from
from fpverify.cli.words import counted, print_facts, print_json


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

    check_protection(passphrase_file, plain=plain)
    with existing_store(db, key) as store:
        passphrase = None if plain else passphrase_from(passphrase_file, twice=True)
        done, place = export_archive(store, file, passphrase=passphrase, subject=subject), store.place
    if as_json:
        fields = {"subjects": done.subjects, "records": done.records, "protected": not plain}
        print_json({"store": place, "file": str(file), **fields})
        return
    click.echo(f"exported {counted(done.subjects, 'subject')}, {counted(done.records, 'impression')}")
    warning = "not protected: whoever has the file can read the templates in it" if plain else ""
    print_facts([("file", str(file)), ("store", place), ("note", warning)])

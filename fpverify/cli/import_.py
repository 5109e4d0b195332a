"""import: the archive that export wrote; `import` itself is a keyword."""

from __future__ import annotations

import click

from fpverify.cli.options import DB, JSON, KEY, options
from fpverify.cli.passphrases import PASSPHRASE_FILE, check_protection, passphrase_from
from fpverify.cli.words import counted, print_facts, print_json, say_new_key
from fpverify.settings import load_settings


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

    check_protection(passphrase_file, plain=plain)
    ask = needs_passphrase(file) and not plain  # a plain one without --plain is refused by what reads it
    passphrase = passphrase_from(passphrase_file, twice=False) if ask else None if plain else ""
    settings = load_settings(db=db, key=key)
    trusts = settings.trust_permissions
    with (
        opened_archive(file, passphrase) as archive,
        Store.open(settings.db, key=settings.key, trust_permissions=trusts) as store,
    ):
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

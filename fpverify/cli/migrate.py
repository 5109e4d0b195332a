"""migrate: a store whose templates were made by another model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fpverify.cli.options import DASK, DB, JSON, KEY, MODEL, WORKERS, chosen_workforce, existing_store, options
from fpverify.cli.words import counted, print_json, print_table
from fpverify.settings import load_settings

if TYPE_CHECKING:
    from fpverify.vocabulary import Reference


@click.command(
    "migrate",
    epilog="""\b
Examples:
  fpverify migrate
  fpverify migrate --db /srv/door/enroll_db --model ridgeline-11 --json
""",
)
@options(MODEL, DB, KEY, WORKERS, DASK, JSON)
def migrate_command(
    *,
    model: str | None,
    db: str | None,
    key: str | None,
    workers: int | None,
    dask: str | None,
    as_json: bool,
) -> None:
    """Make templates of the present model from the scans that were kept, and say who must come back.

    Scans are kept of those who enroll while the setting keep_scans is on. The others verify by the model that they
    were enrolled with, as long as it is installed, until they enroll again. Records of minutiae stay as they are;
    `verify --upgrade` adds templates of scans to them. Ended at any moment, the same command goes on.
    """
    from tqdm import tqdm

    from fpverify.enrollment import Migration
    from fpverify.matching import Matcher

    settings = load_settings(model=model)
    matcher = Matcher.load(settings.model, models=settings.models)
    made = 0
    missing: dict[str, list[Reference]] = {}
    with existing_store(db, key) as store, chosen_workforce(workers, dask) as workforce:
        migration = Migration(store, matcher, settings.keep_skin)
        with tqdm(total=len(migration.subjects), desc="subjects", unit="", disable=None) as bar:
            for one in migration.outcomes(workforce):
                made, missing[one.subject] = made + one.made, one.left
                bar.update()
        place = store.place
        left = [one for subject in migration.subjects for one in missing[subject]]
    if as_json:
        rows = [{"subject": one.subject, "finger": one.finger, "impression": one.impression} for one in left]
        print_json({"store": place, "model": matcher.model_id, "made": made, "left": rows})
        return
    click.echo(f"made {counted(made, 'template')} of {matcher.model_id} in {place}")
    if left:
        click.echo(f"{counted(len(left), 'impression')} without a usable scan; these must come back:")
        print_table(("subject", "finger", "impression", "model"), [_row(one) for one in left])


def _row(reference: Reference) -> tuple[str, str, str, str]:
    return reference.subject, reference.finger, str(reference.impression), reference.model_id

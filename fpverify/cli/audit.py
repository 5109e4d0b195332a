"""audit: what was done with the store, and whether anybody altered it."""

from __future__ import annotations

from collections import deque
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

import click

from fpverify.answers import entry_answer
from fpverify.cli.anchors import Recipient, anchors, parse_span
from fpverify.cli.failures import EXIT_NO_DECISION, one_line
from fpverify.cli.options import DB, JSON, KEY, Parsed, existing_store, options
from fpverify.cli.signals import stopped_by_signals
from fpverify.cli.words import counted, print_json, print_json_list, print_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fpverify.store.audit import AuditEntry

NOT_ANCHORED = (
    "without --anchor nobody can tell whether the end of the trail was cut off, or the whole store put back to an "
    "earlier state"
)


def _parse_anchor(value: object) -> object:
    from fpverify.store.anchors import Anchor

    return value if isinstance(value, Anchor) else Anchor.parse(str(value))


@click.group(
    "audit",
    no_args_is_help=False,
    epilog="""\b
Examples:
  fpverify audit show --last 20
  fpverify audit verify
  fpverify audit anchor
""",
)
def audit_command() -> None:
    """Show what was done with the store, and find out whether it was altered."""


@audit_command.command(
    "show",
    epilog="""\b
Examples:
  fpverify audit show --last 20
  fpverify audit show --id A --json
""",
)
@options(
    click.option("--id", "subject", metavar="ID", help="Only what concerned this subject."),
    click.option("--last", type=click.IntRange(min=1), metavar="N", help="Only so many, the latest."),
    DB,
    KEY,
    JSON,
)
def show_command(*, subject: str | None, last: int | None, db: str | None, key: str | None, as_json: bool) -> None:
    """Show the audit trail, the oldest entry first."""
    from fpverify.store.subject_ids import subject_id

    wanted = None if subject is None else subject_id(subject)
    with existing_store(db, key) as store:
        entries = (one for one in store.audit_entries() if _concerns(one, wanted))
        shown = entries if last is None else iter(deque(entries, maxlen=last))
        first = list(islice(shown, 1))
        if as_json:
            print_json_list({"store": store.place}, "entries", map(entry_answer, chain(first, shown)))
        elif first:
            heads = ("entry", "time", "action", "subject", "finger", "details")
            print_table(heads, map(_entry_row, chain(first, shown)))
        else:
            click.echo(f"nothing was done with {one_line(subject or 'anybody')} in {store.place}")


@audit_command.command(
    "verify",
    epilog="""\b
Examples:
  fpverify audit verify
  fpverify audit verify --anchor "$(tail -n 1 /mnt/elsewhere/anchors)" --json
  fpverify audit verify --quick

\b
Exit codes:
  0  intact     3  altered, one line for each finding
""",
)
@options(
    click.option(
        "--anchor",
        type=Parsed("anchor", _parse_anchor),
        metavar="VALUE",
        help="Of `fpverify audit anchor`, kept elsewhere.",
    ),
    click.option("--quick", is_flag=True, help="Open no seal: altered records show only when they are used."),
    DB,
    KEY,
    JSON,
)
def verify_command(*, anchor: Any, quick: bool, db: str | None, key: str | None, as_json: bool) -> int:
    """Find out whether the store was altered: its tables, its audit trail, its records and all of their seals.

    An anchor shows in addition whether the end of the trail was cut off, or the whole store put back to an earlier
    state. Without one nobody can tell.
    """
    from fpverify.store.inspection import inspect

    with existing_store(db, key) as store:
        found, place = inspect(store, anchor, quick=quick), store.place
    if as_json:
        fields = {"store": place, "intact": found.intact, "entries": found.entries, "records": found.records}
        how = {"seals_opened": not quick, "anchored": anchor is not None}
        print_json({**fields, **how, "findings": list(found.findings)})
        return 0 if found.intact else EXIT_NO_DECISION
    if found.intact:
        click.echo(f"intact: {_entries(found.entries)}, {counted(found.records, 'record')} in {place}")
        if anchor is None:
            click.echo(NOT_ANCHORED)
    for finding in found.findings:
        click.echo(one_line(finding))
    return 0 if found.intact else EXIT_NO_DECISION


@audit_command.command(
    "anchor",
    epilog="""\b
Examples:
  fpverify audit anchor
  fpverify audit anchor --to /mnt/elsewhere/anchors
  fpverify audit anchor --every 1h --to '| ssh elsewhere "cat >> anchors"'

\b
Exit codes:
  0  done, or ended by SIGTERM or Ctrl-C
  3  no anchor could be had at the start, or the store does not go on from the one before
""",
)
@options(
    click.option(
        "--every",
        type=Parsed("span", parse_span),
        metavar="SPAN",
        help="Go on, with one each 15m, 1h, 1d, until told to end.",
    ),
    click.option(
        "--to", metavar="FILE|COMMAND", help="Append to a file, or run '| COMMAND', which reads one.  [default: print]"
    ),
    DB,
    KEY,
    JSON,
)
def anchor_command(*, every: float | None, to: str | None, db: str | None, key: str | None, as_json: bool) -> None:
    """Take a value to keep elsewhere: `audit verify --anchor` compares the store with it.

    Each is compared with the one before, and with the last line of the file. A store that does not go on from there
    was put back: that is said, and ends it.
    """
    from fpverify.store.anchors import Anchor, later_anchor

    place = ""

    def take(earlier: Anchor | None) -> Anchor:
        nonlocal place
        with existing_store(db, key) as store:
            place = store.place
            return later_anchor(store, earlier)

    recipient = Recipient(to, prints=not as_json)
    with stopped_by_signals() as stop:
        for anchor in anchors(take, recipient, every, stop):
            if as_json:
                print_json({"store": place, "entries": anchor.count, "anchor": str(anchor)})


def _concerns(entry: AuditEntry, subject: str | None) -> bool:
    return subject is None or subject in (entry.subject, entry.details.get("renamed"))


def _entry_row(entry: AuditEntry) -> Sequence[str]:
    """What is shown was perhaps forged, and must not steer the terminal."""
    details = " ".join(f"{name}={value}" for name, value in entry.details.items())
    moment = f"{str(entry.at)[:19].replace('T', ' ')} UTC"
    cells = (entry.sequence, moment, entry.action, entry.subject or "", entry.finger or "", details)
    return [one_line(str(cell)) for cell in cells]


def _entries(number: int) -> str:
    return f"{number:,} {'entry' if number == 1 else 'entries'}"

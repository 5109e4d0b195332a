"""Every seal of a store, opened: what was altered shows here before anybody needs it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from fpverify.errors import CorruptRecord
from fpverify.store.backends import Database
from fpverify.store.database import Store
from fpverify.store.records import Record
from fpverify.store.rows import Rows
from fpverify.store.vault import Vault

SEAL_HEAD_BYTES = 5  # version and id of the key
ROWS_AT_A_TIME = 500  # of records: 2 MB; scans are read one by one
HEADS_AT_A_TIME = 10_000  # a megabyte

_SEALED = (("impressions", "id", "record"), ("scans", "impression_id", "scan"), ("subjects", "id", "metadata"))


class OpenedSeals:
    """Opens all seals, some hundred in a transaction, so that nobody waits for the whole.

    What others add or delete meanwhile may be among them or not.
    """

    def __init__(self, database: Database, vault: Vault, rows: Rows) -> None:
        self._database = database
        self._vault = vault
        self._rows = rows

    def findings(self) -> Iterator[str]:
        """A sentence for each seal that does not hold, and for each subject with other records than it says.

        Raises:
            StoreError: the store cannot be read.
        """
        for blocks in (self._of_records(), self._of_subjects()):
            while True:
                with self._database.reading():
                    block = next(blocks, None)
                if block is None:
                    break
                yield from block

    def _of_records(self) -> Iterator[list[str]]:
        for block in self._rows.sealed(ROWS_AT_A_TIME):
            scanned = self._rows.with_scans(block[0][0], block[-1][0])
            yield [one for row, record in block for one in self._of_record(row, record, row in scanned)]

    def _of_subjects(self) -> Iterator[list[str]]:
        for block in self._rows.subject_blocks(ROWS_AT_A_TIME):
            yield [one for subject in block for one in self._of_subject(*subject)]

    def _of_subject(self, name: Any, metadata: Any, stated: Any, there: int) -> Iterator[str]:
        if not self._holds(partial(self._vault.open_metadata, metadata, name)):
            yield f"the notes on {name!r:.80} are not as they were sealed"
        if stated != there or not there:
            yield f"{name!r:.80} has {there} records, and should have {stated}"

    def _of_record(self, row: int, record: Record, has_scan: bool) -> Iterator[str]:
        if not self._holds(partial(self._vault.opened, record)):
            yield f"record {record.record_id!s:.40} of {record.subject!r:.80} is not as it was sealed"
        elif has_scan and not self._holds(partial(self._rows.scan, row, record)):
            yield f"the scan of record {record.record_id} of {record.subject!r:.80} is not as it was sealed"

    def _holds(self, opening: Callable[[], object]) -> bool:
        try:
            opening()
        except CorruptRecord:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Seals:
    """How many seals there are, of impressions, their scans and what was noted of subjects.

    Attributes:
        all: of any key.
        older: of them, those that need an older key than the present one.
    """

    all: int
    older: int


def count_seals(store: Store) -> Seals:
    """How far a rotation has come.

    Raises:
        StoreError: the store cannot be read.
    """
    counted: Counter[bytes] = Counter()
    with store._database.reading():
        for place in _SEALED:
            for head in _seal_heads(store, *place):
                counted[head] += 1
    older = sum(number for head, number in counted.items() if not store.vault.is_current(head))
    return Seals(counted.total(), older)


def _seal_heads(store: Store, table: str, row: str, column: str) -> Iterator[bytes]:
    """The heads of all seals of a column; sorting them in the database would take the memory of all of it."""
    last = -1
    while found := store._database.rows(
        f"SELECT {row}, substr({column}, 1, {SEAL_HEAD_BYTES}) FROM {table} WHERE {row} > ? ORDER BY {row} LIMIT ?",  # noqa: S608
        *(last, HEADS_AT_A_TIME),
    ):
        yield from (head if isinstance(head, bytes) else b"" for _, head in found)  # a damaged one may be anything
        last = found[-1][0]

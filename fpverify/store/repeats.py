"""Answers to requests that may be sent again: what was answered is kept in the same change as what was done.

A client that lost the answer sends its request once more and is given that answer, and nothing is done twice. Rows bear
a code of the audit trail's secret, and codes stand in place of what a client sent.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from fpverify.store.backends import Database
from fpverify.store.schema import REPEATS_TABLE
from fpverify.store.vault import Vault

_TABLE = REPEATS_TABLE
_MAKE_TABLE = f"""
CREATE TABLE {_TABLE} (
    id TEXT PRIMARY KEY,                        -- code of who asked and of the word for the request, 64 hex digits
    body TEXT NOT NULL,                         -- code of what was sent, likewise
    subject TEXT NOT NULL,                      -- whom it is about: the row goes when that is deleted or renamed
    answer TEXT NOT NULL,
    until {{number}} NOT NULL,                    -- s since 1970
    mac {{bytes}} NOT NULL                        -- over the other columns
)
"""
_COLUMNS = "id, body, subject, answer, until"


@dataclass(frozen=True, slots=True)
class Repeat:
    """A request, as one that is sent again is known.

    Attributes:
        holder: who asks.
        word: that the client has given this request alone.
        body: what is sent, or a digest of it.
    """

    holder: str
    word: str
    body: str


class AnsweredMeanwhile(Exception):  # noqa: N818 - what happened
    """Another process has done what was asked; nothing of this change is kept."""


class Repeats:
    """The answers that an open store remembers."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    def of(self, repeat: Repeat, now_s: float) -> tuple[str, bool] | None:
        """The answer, and whether what was sent was the same; None for a request that was not answered.

        Raises:
            StoreError: the store cannot be read or is locked.
        """
        with self._database.reading():
            if not self._database.has(_TABLE):
                return None
            row = self._database.first(
                f"SELECT {_COLUMNS}, mac FROM {_TABLE} WHERE id = ? AND until > ?",  # noqa: S608 - constants
                *(self._id(repeat), now_s),
            )
        if row is None:
            return None
        *fields, mac = row
        if not (isinstance(mac, bytes) and hmac.compare_digest(mac, self._code(*fields))):
            raise self._database.damaged()
        return str(fields[3]), hmac.compare_digest(str(fields[1]), self._body(repeat))

    def keep(self, repeat: Repeat, subject: str, answer: str, now_s: float, until_s: float) -> None:
        """Keeps an answer, within the change that it is about; what is older than it should be goes.

        Raises:
            AnsweredMeanwhile: there is one already.
        """
        if not self._database.has(_TABLE):
            self._database.execute(_MAKE_TABLE.format_map(self._database.types))
        self._database.execute(f"DELETE FROM {_TABLE} WHERE until <= ?", now_s)  # noqa: S608 - a constant
        row = (self._id(repeat), self._body(repeat), subject, answer, until_s)
        if self._database.first(f"SELECT 1 FROM {_TABLE} WHERE id = ?", row[0]) is not None:  # noqa: S608
            raise AnsweredMeanwhile
        statement = f"INSERT INTO {_TABLE} ({_COLUMNS}, mac) VALUES (?, ?, ?, ?, ?, ?)"  # noqa: S608 - constants
        self._database.execute(statement, *row, self._code(*row))

    def forget(self, subject: str) -> None:
        """Drops what is remembered of a subject, within the change that deletes or renames it."""
        if self._database.has(_TABLE):
            self._database.execute(f"DELETE FROM {_TABLE} WHERE subject = ?", subject)  # noqa: S608 - a constant

    def _id(self, repeat: Repeat) -> str:
        return self._vault.chain.code("repeat", repeat.holder, repeat.word).hex()

    def _body(self, repeat: Repeat) -> str:
        return self._vault.chain.code("repeat body", repeat.body).hex()

    def _code(self, *fields: object) -> bytes:
        return self._vault.chain.code("repeat answer", *map(str, fields[:4]), repr(float(str(fields[4]))))

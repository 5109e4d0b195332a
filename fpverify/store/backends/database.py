"""What the store asks of a database: plain SQL with `?` for values, and transactions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from threading import RLock, get_ident
from typing import Any

from fpverify.errors import CorruptRecord, StoreError
from fpverify.store.schema import REMOVALS, REMOVALS_INDEX

Row = tuple[Any, ...]

NAMES_INDEX = "subjects_by_name"
MODELS_INDEX = "impressions_by_model"
CLOSING_S = 5.0  # a transaction takes milliseconds; who is at one for longer closes the connection itself


class Database(ABC):
    """An open database. The thread that opened it uses it; any may close it.

    Attributes:
        place: file or URL (without its password), as messages name it.
        types: the database's words for what its schema calls {identity}, {bytes}, {number} and {integer}.
        names_index: the statement that makes a second index of subjects' names, `NAMES_INDEX`.
        models_index: the one that makes an index of the models of impressions, `MODELS_INDEX`.
        name: a subject's name, as it compares in the order of its characters' codes.
    """

    place: str
    types: Mapping[str, str]
    names_index: str
    models_index: str
    name: str
    _is_within = False  # a transaction,
    _is_cut_off = False  # which is undone before its end
    _is_closed = False

    def __init__(self) -> None:
        self._thread = get_ident()
        self._use = RLock()  # held while a statement or a transaction is under way

    @property
    def identity(self) -> tuple[int, ...]:
        """What tells this database from another one that takes its place."""
        return ()

    @property
    def beside(self) -> Path | None:
        """The folder for what is kept beside this database; None where it lies on a server."""
        return None

    def is_moved(self) -> bool:
        """Whether something else, or nothing, lies by now at the place where this database was opened."""
        return False

    @abstractmethod
    def execute(self, statement: str, *values: object) -> int:
        """Runs a statement; returns how many rows it changed."""

    @abstractmethod
    def rows(self, query: str, *values: object) -> list[Row]:
        """All rows of the answer."""

    def first(self, query: str, *values: object) -> Row | None:
        """The first row of the answer, or None."""
        return next(iter(self.rows(query, *values)), None)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """A block that sees one state of the store; within another block, that one's."""
        with self._part() if self._is_within else self._transaction(writes=False):
            yield

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A block of which all or nothing is kept; one process at a time is in such a block.

        One within another is a part of it: all or nothing of the part is kept, and on disk when the other is.
        """
        with self._part() if self._is_within else self._transaction(writes=True):
            yield

    @property
    def is_within(self) -> bool:
        """Whether a block is under way, of which another one would be a part."""
        return self._is_within

    @abstractmethod
    def schema_version(self) -> int:
        """Version of the schema; 0 is a database without one.

        Raises:
            StoreError: the database belongs to another program, or to a newer fpverify.
            CorruptRecord: it is marked as a store, but with a version that none ever had.
        """

    @abstractmethod
    def mark_schema(self) -> None:
        """Writes down that the schema is the present one, within the caller's transaction."""

    @abstractmethod
    def sqlalchemy_url(self) -> str:
        """What SQLAlchemy calls this kind of database, for migrations."""

    @property
    @abstractmethod
    def connection(self) -> Any:
        """The driver's own connection, for migrations."""

    @abstractmethod
    def subject_row(self, name: str) -> int | None:
        """The id of a subject's row; None only if neither the index nor the table knows the name."""

    def make_indexes(self) -> None:
        """Makes the indexes that are missing, if an older release made the store; within a change."""
        for name, statement in ((NAMES_INDEX, self.names_index), (MODELS_INDEX, self.models_index)):
            if not self.has(name):
                self.execute(statement)

    def index_removals(self) -> None:
        """Makes the index of what the audit trail says was removed, if an older release made the store."""
        if not self.has(REMOVALS_INDEX):
            self.execute(f"CREATE INDEX {REMOVALS_INDEX} ON audit (subject) WHERE {REMOVALS}")

    @abstractmethod
    def has(self, name: str) -> bool:
        """Whether a table or an index of this name is there."""

    @abstractmethod
    def size(self) -> int:
        """Bytes that the tables take in the files of the database."""

    @abstractmethod
    def is_whole(self) -> bool:
        """Whether the database finds itself as it was written."""

    @abstractmethod
    def departures(self) -> list[str]:
        """A sentence for each way in which the tables are others than those of a new store."""

    @abstractmethod
    def wipe(self) -> None:
        """Rewrites the files of the database without the traces of deleted rows; costs their size."""

    def settle(self) -> None:  # noqa: B027 - most have nothing to do
        """Brings what was deleted into the files themselves, where it is overwritten; costs what was changed."""

    def close(self) -> None:
        """Closes the connection; closing it again does nothing.

        Another thread that is at a transaction ends it first; if that takes long, it is left open, to be closed by it.
        """
        if self._use.acquire(timeout=CLOSING_S):
            try:
                self._is_closed = True
                self._close()
            finally:
                self._use.release()

    @abstractmethod
    def _close(self) -> None: ...

    def require_own_thread(self) -> None:
        """Returns in the thread that opened the database.

        Raises:
            StoreError: this is another one; transactions of two threads would become one.
        """
        if get_ident() != self._thread:
            raise StoreError(
                f"the store {self.place} was opened by another thread: open one in each, or share a Verifier"
            )

    def require_open(self) -> None:
        """Returns until the database is closed, which any thread may do between two calls of its own.

        Raises:
            StoreError: it is.
        """
        if self._is_closed:
            raise StoreError(f"the store {self.place} was closed; open it again")

    @contextmanager
    def failures(self) -> Iterator[None]:
        """Turns what the driver raises inside the block into a `StoreError` that names the place.

        Raises:
            StoreError: something else lies at the place by now, another thread opened the database, or it is closed.
        """
        self.require_own_thread()
        with self._use:
            self.require_open()
            with self._failures():
                yield

    @abstractmethod
    def _failures(self) -> AbstractContextManager[None]: ...

    def create_schema(self, statements: Sequence[str]) -> None:
        """Makes the tables of a new store, within the caller's transaction."""
        for statement in statements:
            self.execute(statement.format_map(self.types))
        self.make_indexes()
        self.index_removals()
        self.mark_schema()

    def damaged(self) -> CorruptRecord:
        """The error for a database that is not as it was written."""
        return CorruptRecord(f"the store {self.place} is damaged; restore it from a backup")

    @contextmanager
    def _transaction(self, *, writes: bool) -> Iterator[None]:
        with self.failures():
            self._begin(writes=writes)
            self._is_within, self._is_cut_off = True, False
            try:
                yield
                self._require_alive()
                self._commit()
            except BaseException:
                self._roll_back()
                raise
            finally:
                self._is_within = False

    @contextmanager
    def _part(self) -> Iterator[None]:
        with self.failures():
            self._require_alive()
            self.execute("SAVEPOINT part")
            try:
                yield
                self.execute("RELEASE part")
            except BaseException:
                self._undo_part()
                raise

    def _undo_part(self) -> None:
        try:
            self.execute("ROLLBACK TO part")
            self.execute("RELEASE part")
        except Exception:  # the disk is full, or the connection lost: then the whole transaction is undone
            self._is_cut_off = True

    def _require_alive(self) -> None:
        if self._is_cut_off or not self._is_alive():
            raise StoreError(f"changes of the store {self.place} were cut off; none of them was made, try again")

    @abstractmethod
    def _is_alive(self) -> bool:
        """Whether the transaction that was begun can be committed; a full disk or a lost connection undoes it."""

    @abstractmethod
    def _begin(self, *, writes: bool) -> None: ...

    @abstractmethod
    def _commit(self) -> None: ...

    @abstractmethod
    def _roll_back(self) -> None: ...

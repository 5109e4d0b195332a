"""One store for all threads of a process: each has a connection of its own."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock, local
from weakref import WeakSet

from fpverify.errors import StoreError
from fpverify.store.database import Store


class Connections:
    """Hands every thread its connection, which is opened when it first asks and closed when it ends.

    If another file takes the place of the store's, a thread goes on with that one, or is told why it cannot.
    """

    def __init__(self, first: Store, again: Callable[[], Store] | None = None) -> None:
        """Nothing is opened yet.

        Args:
            first: the calling thread's connection.
            again: opens another one to the same place; without it no other thread has any.
        """
        self._place = first.place
        self._again = again
        self._own = local()
        self._lock = Lock()
        self._is_closed = False
        self._held: WeakSet[_Held] = WeakSet()
        self._keep(first)

    @property
    def store(self) -> Store:
        """The calling thread's.

        Raises:
            StoreError: all are closed; or another file has taken the place of the store's, and cannot be opened.
        """
        held: _Held | None = getattr(self._own, "held", None)
        if self._again is None:
            if held is None:
                raise StoreError(
                    f"the store {self._place} was opened by another thread: open a verifier for all threads with "
                    "Verifier.open"
                )
            return held.store
        if self._is_closed:
            raise StoreError(f"the store {self._place} was closed; open it again")
        if held is None or held.store.is_moved():
            if held is not None:
                held.store.close()
            held = self._keep(self._again())
        return held.store

    @property
    def present(self) -> Store:
        """The calling thread's as it is, whatever lies at its place by now; errors as of `store`."""
        held: _Held | None = getattr(self._own, "held", None)
        return self.store if held is None or self._is_closed else held.store

    def close(self) -> None:
        """Closes them all; one that another thread is reading or writing by, when that is done. Closing again is none.

        A thread that is busy for longer closes its own when it ends.
        """
        with self._lock:
            self._is_closed = True
            held = list(self._held)
        for one in held:
            one.store.close()

    def _keep(self, store: Store) -> _Held:
        held = _Held(store, closes=self._again is not None)
        with self._lock:
            is_closed = self._is_closed
            self._held.add(held)
        if is_closed:
            store.close()
            raise StoreError(f"the store {self._place} was closed; open it again")
        self._own.held = held
        return held


class _Held:
    """A thread's connection, which lives as long as the thread; one that came from elsewhere may live on."""

    def __init__(self, store: Store, *, closes: bool) -> None:
        self.store = store
        self._closes = closes

    def __del__(self) -> None:
        if self._closes:
            self.store.close()

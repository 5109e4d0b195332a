"""A lock for what many threads read and few change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition


class SharedLock:
    """Any number of threads hold it together, or one holds it alone. Who wants it alone waits for no newcomers."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._holding = 0
        self._waiting = 0
        self._taken = False

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Held together with others."""
        with self._changed:
            self._changed.wait_for(lambda: not (self._taken or self._waiting))
            self._holding += 1
        try:
            yield
        finally:
            with self._changed:
                self._holding -= 1
                self._changed.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Held by this thread only."""
        with self._changed:
            self._waiting += 1
            try:
                self._changed.wait_for(lambda: not (self._taken or self._holding))
            finally:
                self._waiting -= 1
            self._taken = True
        try:
            yield
        finally:
            with self._changed:
                self._taken = False
                self._changed.notify_all()

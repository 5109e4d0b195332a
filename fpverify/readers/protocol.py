"""What a reader is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from fpverify.vocabulary import Scan


@runtime_checkable
class Reader(Protocol):
    """An opened reader; one thread uses it.

    Attributes:
        name: by which it was found, for messages.
        ppi: resolution of its pictures, as the caller or the device states it; None where neither does.
    """

    name: str
    ppi: float | None

    def capture(self, timeout_s: float) -> Scan:
        """The next picture of a finger that is put down after the call.

        Args:
            timeout_s: seconds to wait for it, positive.

        Raises:
            NothingCaptured: there was none within the time.
            ReaderUnplugged: the reader went away.
            UnusableCapture: what came is no picture.
            ScanError: it is a picture, and no scan of a finger can be made of it.
            ReaderError: the reader failed.
        """

    def close(self) -> None:
        """Gives the device back; may be called twice."""


@runtime_checkable
class PreparedReader(Reader, Protocol):
    """A reader for which it takes a moment until what is put down counts."""

    def prepare(self) -> None:
        """What comes from now on counts for the next capture; called before whoever stands there is told to come.

        Raises:
            ReaderError: the reader cannot be used.
        """


@runtime_checkable
class StoppableReader(Reader, Protocol):
    """A reader whose capture can be ended before its time."""

    def stop(self) -> None:
        """Ends the capture that is under way, which raises NothingCaptured; without one nothing happens.

        It is called by another thread, and perhaps several times.
        """


@runtime_checkable
class LiveReader(Reader, Protocol):
    """A reader that shows what lies on it, picture by picture."""

    def frames(self, timeout_s: float) -> Iterator[Scan]:
        """Pictures while a finger lies there: from when it is put down until it is lifted, or the time is over.

        Args:
            timeout_s: seconds in all, positive; without a finger within them there is no picture.

        Raises:
            ReaderError: as `capture` does, but for NothingCaptured.
        """


Opening = Callable[[float | None], Reader]  # at the resolution that the caller states, if any


@dataclass(frozen=True, slots=True)
class FoundReader:
    """A reader that is there, and was not opened yet.

    Attributes:
        name: by which it is chosen; the same whenever it is plugged in.
        description: maker and kind, for people.
        open: opens it, given the resolution that the caller states or None; raises ReaderError. None for a reader
            that gives no pictures, since it compares by itself.
        ppi: resolution that it states; None if it states none.
    """

    name: str
    description: str
    open: Opening | None
    ppi: float | None = None

    @property
    def captures(self) -> bool:
        """Whether it gives pictures."""
        return self.open is not None


Offer = Callable[[], list[FoundReader]]  # the readers of one kind that are there; raises ReaderError if it cannot tell

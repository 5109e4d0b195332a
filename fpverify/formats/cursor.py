"""A record's bytes, taken piece by piece; none is read beyond where the record says it ends."""

from __future__ import annotations

from fpverify.errors import UnreadableRecord


class Cursor:
    """A place in a record's bytes.

    Attributes:
        source: name of the file, for messages.
        at: of the next byte, from 0.
    """

    def __init__(self, data: bytes, source: str, at: int = 0) -> None:
        self._data = data
        self._end = len(data)
        self.source = source
        self.at = at

    @property
    def left(self) -> int:
        """Bytes that have not been taken."""
        return self._end - self.at

    def take(self, size: int, what: str) -> bytes:
        """The next `size` bytes.

        Raises:
            UnreadableRecord: the record ends before; names the place and what is missing.
        """
        if size > self.left:
            raise self.wrong(f"the record ends here, but {what} takes {size} bytes and only {self.left} are left")
        piece = self._data[self.at : self.at + size]
        self.at += size
        return piece

    def number(self, size: int, what: str) -> int:
        """The next number, unsigned, the highest of its `size` bytes first."""
        return int.from_bytes(self.take(size, what), "big")

    def wrong(self, message: str, back: int = 0) -> UnreadableRecord:
        """An error at this place, or `back` bytes before it."""
        return UnreadableRecord(f"{self.source}: byte {self.at - back}: {message}")

    def end_at(self, end: int, what: str) -> None:
        """Ends the record at this byte, as its own length says; behind it there may be nothing but zeros.

        Raises:
            UnreadableRecord: there are not so many bytes, or it ended before this place, or there is more behind.
        """
        if not self.at <= end <= self._end:
            raise UnreadableRecord(f"{self.source}: {what} is {end} bytes, but the file has {self._end}")
        if any(self._data[end : self._end]):
            behind = self._end - end
            more = f"but {behind} more follow that are not zero; if it is whole, read it leniently"
            raise UnreadableRecord(f"{self.source}: {what} is {end} bytes, {more}")
        self._end = end

    def require_end(self, what: str) -> None:
        """Returns if everything has been taken.

        Raises:
            UnreadableRecord: the record goes on, against what its lengths and counts say.
        """
        if self.left:
            raise self.wrong(f"{what} ends here, but its length says {self.left} bytes more")

"""Fingerprint readers: from a finger to a scan.

protocol    what a reader is, and what all of them keep to (`fpverify.testing.ReaderContract`)
registry    which readers there are: the built-in kinds, and what installed packages offer
captures    one scan from a reader; of live pictures the best
libfprint   readers that libfprint gives pictures of
folder      a folder into which another program drops pictures
"""

from __future__ import annotations

from fpverify.readers.captures import best_capture
from fpverify.readers.protocol import FoundReader, LiveReader, PreparedReader, Reader, StoppableReader
from fpverify.readers.registry import Found, found_readers, opened_reader

__all__ = [
    "Found",
    "FoundReader",
    "LiveReader",
    "PreparedReader",
    "Reader",
    "StoppableReader",
    "best_capture",
    "found_readers",
    "opened_reader",
]

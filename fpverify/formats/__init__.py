"""Minutiae records of the standards, in and out: other people's templates, and ours for them.

file -> format -> bytes checked, one by one -> MinutiaRecord, and back
"""

from fpverify.formats.files import (
    joined,
    minutiae_from_bytes,
    minutiae_to_bytes,
    read_minutiae,
    record_bytes,
    write_minutiae,
    written_format,
)
from fpverify.formats.kinds import FORMATS, Format, is_record

__all__ = [
    "FORMATS",
    "Format",
    "is_record",
    "joined",
    "minutiae_from_bytes",
    "minutiae_to_bytes",
    "read_minutiae",
    "record_bytes",
    "write_minutiae",
    "written_format",
]

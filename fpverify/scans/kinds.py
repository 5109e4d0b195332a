"""What a file is that is no image of a kind that is read, so that its owner is told what to do instead."""

from __future__ import annotations

import re
from pathlib import Path

from fpverify.folders import first_bytes

TO_PNG = "which is not read: save it as PNG"
PICTURE_TO_PNG = "which is not read: save its picture as PNG"

# The first bytes, as a pattern, and what they begin. ISO/IEC 19794 and the American standards it came from start alike.
RECORD_MAGIC = rb"FMR\0"
ASK_RECORD = (
    "look into it with fpverify inspect, write it in another format with fpverify convert, or enroll it with "
    "fpverify enroll"
)
RECORD_ENDINGS = (".fmr", ".iso", ".isonc", ".isocc", ".iso2011", ".ansi", ".ansi2009", ".ansi2009am1", ".xyt")
STARTS: tuple[tuple[re.Pattern[bytes], str], ...] = tuple(
    (re.compile(start, re.DOTALL), kind)
    for start, kind in (
        (rb"GIF8[79]a", f"a GIF, {TO_PNG}"),
        (rb"RIFF.{4}WEBP", f"a WebP, {TO_PNG}"),
        (rb".{4}ftyp(heic|heix|heim|heis|hevc|hevx|mif1|msf1)", f"a HEIC photograph, {TO_PNG}"),
        (rb".{4}ftypavi[fs]", f"an AVIF, {TO_PNG}"),
        (rb"\xff\x0a|\0\0\0\x0cJXL ", f"a JPEG XL, {TO_PNG}"),
        (rb"8BPS", f"a Photoshop file, {TO_PNG}"),
        (rb".{128}DICM", f"a DICOM file, {PICTURE_TO_PNG}"),
        (RECORD_MAGIC, f"a minutiae template (ISO/IEC 19794-2 or ANSI 378), not a picture: {ASK_RECORD}"),
        (rb".{0,1024}?%PDF-", f"a PDF document, {PICTURE_TO_PNG}"),
        (rb"%!PS", f"a PostScript document, {PICTURE_TO_PNG}"),
        (
            rb"(\xef\xbb\xbf)?\s*<.*NISTBiometricInformationExchangePackage",  # as `formats.containers.kinds` has it
            "an ANSI/NIST transaction in XML: only the traditional encoding is read",
        ),
        (rb"PK\x03\x04|\x1f\x8b|7z\xbc\xaf|Rar!", "an archive, not an image: unpack it"),
    )
)
JSON_RECORD = re.compile(rb'\s*\{\s*"fpverify"\s*:\s*"minutiae"')
LOOKED_AT = 4096  # bytes: the beginning tells
LEAST_BASE64 = 64  # characters; a shorter word may be anything
XYT = re.compile(rb"(?:[ \t]*\d{1,5} \d{1,5} -?\d{1,3}(?: \d{1,3})?[ \t]*(?:\r?\n|$))+")  # a line for each minutia
BASE64 = re.compile(r"(data:[\w/+.-]*;base64,)?[A-Za-z0-9+/_\s-]+=*\s*")


def kind_of(data: bytes) -> str | None:
    """What the bytes of a file are and what to do, as the rest of a message; None if it is anybody's guess."""
    beginning = data[:LOOKED_AT]
    named = next((kind for start, kind in STARTS if start.match(beginning)), None)
    return named or _record_in_text(beginning) or _kind_of_text(beginning)


def _record_in_text(beginning: bytes) -> str | None:
    """Of records as JSON or xyt, of which the last line may be cut."""
    whole = beginning[: beginning.rfind(b"\n") + 1] or beginning
    if JSON_RECORD.match(beginning) or XYT.fullmatch(whole):
        return f"a record of minutiae, not a picture: {ASK_RECORD}"
    return None


def may_be_record(path: str | Path) -> bool:
    """Whether a file is a record of minutiae by its ending, its first bytes, or the first name in it as JSON."""
    if Path(path).suffix.lower() in RECORD_ENDINGS:
        return True
    beginning = first_bytes(path, LOOKED_AT)
    return beginning.startswith(b"FMR\0") or JSON_RECORD.match(beginning) is not None


def _kind_of_text(beginning: bytes) -> str | None:
    try:
        text = beginning.decode("utf-8-sig", errors="strict" if len(beginning) < LOOKED_AT else "ignore").strip()
    except UnicodeDecodeError:
        return None
    if not text or not all(one.isprintable() or one.isspace() for one in text):
        return None
    if "<svg" in text:
        return f"an SVG drawing, {TO_PNG}"
    if text.startswith("<"):
        return "XML or HTML text, not an image"
    if _is_base64(text):
        return "base64 text, not an image: give the bytes it stands for"
    return "JSON text, not an image" if text[0] in "{[" else "text, not an image"


def _is_base64(text: str) -> bool:
    """Letters without words: in English every sixth character is a space."""
    return len(text) >= LEAST_BASE64 and BASE64.fullmatch(text) is not None and " " not in text

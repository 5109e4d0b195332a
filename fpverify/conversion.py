"""Files of scans and of minutiae, made into records of minutiae in another format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from fpverify.errors import FpverifyError, UnreadableRecord, UnwritableRecord
from fpverify.formats import (
    FORMATS,
    is_record,
    joined,
    minutiae_from_bytes,
    record_bytes,
    write_minutiae,
    written_format,
)
from fpverify.formats.containers import IMAGE_RECORD_SUFFIXES, is_image_record
from fpverify.matching import Matcher
from fpverify.scans import IMAGE_SUFFIXES, read_scan, scan_from_bytes
from fpverify.scans.acquisition import scan_of
from fpverify.settings import load_settings
from fpverify.vocabulary import FINGERS, Finger, MinutiaRecord, Scan, ScanSource

RECORD_SUFFIXES = tuple(suffix for one in FORMATS.values() for suffix in one.suffixes)
TEXT_SUFFIXES = (".json", ".csv", ".xyt")
JSON_MARK = b'"fpverify"'  # the first name in a record as JSON
LOOKED_AT = 4096  # bytes: the beginning tells


class Written(NamedTuple):
    """A file that was written, or why it was not.

    Attributes:
        source: what it was to be made of; several are one record.
        path: of the file.
        record: that went into it; None if it failed.
        lost: what the format does not keep of it, a few words each.
        error: in one line; None if it was written.
    """

    source: str
    path: Path
    record: MinutiaRecord | None
    lost: tuple[str, ...] = ()
    error: str | None = None


@dataclass(frozen=True)
class Converter:
    """How files become records.

    Attributes:
        format: name of the format to write; None takes it from the file's ending.
        profile: "mina" or None.
        source_format: name of the format of records that are read; None takes it from their content.
        finger: code of the finger; None keeps what a record says.
        ppi: of scans and records that state none; of scans it overrides what they state.
        size: width and height of the picture of records that state none.
        lenient: take records whose stated length is wrong.
        model: installed name or folder of the bundle; it is loaded with the first scan.
    """

    format: str | None = None
    profile: str | None = None
    source_format: str | None = None
    finger: int | None = None
    ppi: float | None = None
    size: tuple[int, int] | None = None
    lenient: bool = False
    model: str | Path | None = None

    @cached_property
    def matcher(self) -> Matcher:
        """The model; raises ModelError."""
        settings = load_settings(model=self.model)
        return Matcher.load(settings.model, models=settings.models)

    def record(self, path: str | Path, content: bytes | None = None) -> MinutiaRecord:
        """The minutiae of a file: those of a record as they are, of a scan as the model finds them.

        Args:
            path: of the file, or the name of its content.
            content: of the file; None reads it.

        Raises:
            UnreadableRecord: no such file, or a record that is damaged.
            ScanError: a scan that cannot be used.
            ModelError: the model is unknown, damaged, or finds no minutiae.
        """
        source = str(path)
        if content is None and self.source_format is None and Path(path).suffix.lower() in IMAGE_SUFFIXES:
            return self._of_scan(read_scan(path, ppi=load_settings(ppi=self.ppi).ppi))
        content = record_bytes(path) if content is None else content
        if self.source_format is None and is_image_record(content):
            return self._of_images(content, source)
        if self.source_format is not None or is_record(content, source):
            record = minutiae_from_bytes(
                content,
                format=self.source_format,
                ppi=self.ppi,
                size=self.size,
                lenient=self.lenient,
                source=source,
            )
            return record if self.finger is None else _of_finger(record, self.finger)
        return self._of_scan(scan_from_bytes(content, ppi=load_settings(ppi=self.ppi).ppi, source=source))

    def _of_images(self, content: bytes, source: str) -> MinutiaRecord:
        """The minutiae that a record of pictures holds, else those that the model finds in its single fingers."""
        from fpverify.scans.contained import record_in
        from fpverify.scans.finger_scans import FingerScan, finger_scans

        record = record_in(content, source)
        views = list(record.minutiae)
        if not views:
            found = finger_scans(record, load_settings(ppi=self.ppi).ppi)
            single = [one for one in found if isinstance(one, FingerScan) and not one.is_slap]
            views = [self.matcher.finger_view(one.scan, self.finger or FINGERS.index(one.finger)) for one in single]
        if not views:
            raise UnreadableRecord(f"{source}: holds neither minutiae nor a picture of a single finger")
        return joined([MinutiaRecord((view,), source=source, notes=record.notes) for view in views], source)

    def _of_scan(self, scan: Scan) -> MinutiaRecord:
        return _record_of_scan(self.matcher, scan, self.finger or 0)

    def convert(
        self, sources: Sequence[str | Path], out: str | Path, contents: Mapping[str, bytes] | None = None
    ) -> Written:
        """Makes one record of one file or several.

        Args:
            sources: files, or names of `contents`.
            out: the file to write.
            contents: of sources that are not read from files.

        Raises:
            FpverifyError: a file cannot be read or acquired, or the format cannot hold what they show.
            OSError: the file cannot be written.
        """
        written_format(out, self.format, self.profile)  # before the long work begins
        records = [self.record(path, (contents or {}).get(str(path))) for path in sources]
        record = records[0] if len(records) == 1 else joined(records, ", ".join(map(str, sources)))
        lost = write_minutiae(record, out, format=self.format, profile=self.profile)
        return Written(record.source, Path(out), record, lost)

    def convert_folder(self, folder: str | Path, out: str | Path) -> Iterator[Written]:
        """Makes a record of each scan and record in a folder, under the same name in another, which is made if missing.

        A file that fails is told of and left out. Files of other kinds are passed over, by their endings.

        Raises:
            UnwritableRecord: no format is named.
            UnreadableRecord: nothing in the folder is a scan or record by its ending, or two have one name.
            ModelError: the model is unknown, damaged, or finds no minutiae.
            OSError: the folder cannot be read or written.
        """
        suffix = self._suffix(out)
        sources = _convertible(Path(folder))
        Path(out).mkdir(parents=True, exist_ok=True)
        for source in sources:
            target = Path(out) / (source.stem + suffix)
            try:
                yield self.convert([source], target)
            except (FpverifyError, OSError) as error:
                yield Written(str(source), target, None, error=str(error))

    def _suffix(self, out: str | Path) -> str:
        """The ending of new files."""
        if self.format is None and self.profile is None:
            raise UnwritableRecord(f"{out}: a folder's name says no format: name one, such as iso2005")
        return written_format("", self.format, self.profile).suffixes[0]


def extract_minutiae(
    scan: ScanSource, finger: Finger = FINGERS[0], *, ppi: float | None = None, model: str | Path | None = None
) -> MinutiaRecord:
    """The minutiae of a scan, in its own pixels, as a record that `write_minutiae` writes.

    The model is loaded anew; for many scans hold a `Matcher` and ask for `finger_view`.

    Args:
        scan: of the finger, as `read_scan` takes it.
        finger: its name, such as "right-index".
        ppi: resolution of the scan, 100 to 2000; None comes from the settings, then from the file.
        model: installed name or folder of the bundle; None comes from the settings.

    Raises:
        NotAScan, ScanError: no scan can be read from what was given.
        FailureToAcquire: there is no usable print in it.
        ModelError: the model is unknown, damaged, or finds no minutiae.
        UnwritableRecord: no finger has this name.
    """
    if not isinstance(finger, str) or finger not in FINGERS:
        raise UnwritableRecord(f"no finger is called {finger!r}; the names are {', '.join(FINGERS)}")
    settings = load_settings(model=model, ppi=ppi)
    given = scan_of(scan, ppi, settings.ppi)
    matcher = Matcher.load(settings.model, models=settings.models)
    return _record_of_scan(matcher, given, FINGERS.index(finger))


def _record_of_scan(matcher: Matcher, scan: Scan, finger: int) -> MinutiaRecord:
    notes = (scan.ppi_note,) if scan.ppi_note else ()
    return MinutiaRecord((matcher.finger_view(scan, finger),), source=scan.source, notes=notes)


def _of_finger(record: MinutiaRecord, finger: int) -> MinutiaRecord:
    return replace(record, views=tuple(replace(view, finger=finger) for view in record.views))


def _is_convertible(path: Path) -> bool:
    """Whether a file is a scan or a record by its ending, and where that says little, as .json does, by its content."""
    suffix = path.suffix.lower()
    if suffix not in TEXT_SUFFIXES:
        return suffix in IMAGE_SUFFIXES or suffix in RECORD_SUFFIXES or suffix in IMAGE_RECORD_SUFFIXES
    with path.open("rb") as file:
        beginning = file.read(LOOKED_AT)
    return is_record(beginning, path.name) and (suffix != ".json" or JSON_MARK in beginning)


def _convertible(folder: Path) -> list[Path]:
    """The scans and records in a folder, by their endings, in order of name."""
    found = sorted(path for path in folder.iterdir() if path.is_file() and _is_convertible(path))
    if not found:
        raise UnreadableRecord(f"{folder}: no file in it ends as a scan or a record of minutiae")
    stems = [path.stem for path in found]
    twice = next((path.name for path in found if stems.count(path.stem) > 1), None)
    if twice is not None:
        raise UnreadableRecord(
            f"{folder}: {twice} shares its name with another file, and one record would replace the other"
        )
    return found

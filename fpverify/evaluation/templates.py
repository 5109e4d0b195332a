"""Templates of scans that were seen before, kept in the user's cache folder.

An entry is found by what went into it: the content of the scan's file, the resolution that was given, the model's
networks, and the code and libraries that extract. It is a file of its own, in the store's binary form of a template
(`fpverify.store.template_format`); a scan that failed to acquire has an entry that says why. Both end in a checksum.
Beside an entry lies a note of what the file tells about its resolution (`fpverify.evaluation.surveys`).

Templates are personal data: files can be read by their owner only.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from fpverify.errors import CorruptRecord
from fpverify.folders import cache_folder
from fpverify.models import Bundle, load_bundle
from fpverify.store import decode_template, encode_template
from fpverify.vocabulary import Template

Outcome = Template | str  # of an acquisition: the template, or why there is none

EXTRACTING_CODE = (
    "formats/*.py",
    "scans/*.py",
    "features/*.py",
    "models/*.py",
    "store/*_format.py",
    "vocabulary/*.py",
)
EXTRACTING_LIBRARIES = ("fpverify", "numpy", "opencv-python-headless", "pillow", "ai-edge-litert", "wsq")
FOLDER = "templates"  # in the cache folder
FOLDER_MODE = 0o700  # templates are personal data: nobody but the owner; `mkstemp` makes files 0600

_ENTRY = re.compile(r"[0-9a-f]{64}\.fpvt")
_NOTE = re.compile(r"[0-9a-f]{64}\.json")
_UNFINISHED = re.compile(r"[0-9a-f]{64}\.(fpvt|json)\..+\.part")
_FAILURE = b"FPVF"  # magic of an entry that says why there is no template
_CHECKSUM_BYTES = 4


@dataclass(frozen=True, slots=True)
class CacheContent:
    """What a cache holds: the number of entries, and their bytes."""

    entries: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class TemplateCache:
    """Templates and failures by key, in files. Any number of processes may use one folder at once.

    Attributes:
        folder: made at the first entry.
    """

    folder: Path

    @classmethod
    def default(cls) -> TemplateCache:
        """In the user's cache folder.

        Raises:
            SettingsError: this user has no home folder.
        """
        return cls(cache_folder(otherwise="name a folder with --cache"))

    def get(self, key: str) -> Outcome | None:
        """What was kept; None if there is nothing, or nothing that is whole."""
        try:
            return _decoded(self._path(key).read_bytes())
        except (OSError, CorruptRecord):
            return None

    def put(self, key: str, outcome: Outcome) -> None:
        """Keeps an outcome. Other processes see all of it or nothing; a full disk leaves things as they are."""
        self._keep(self._path(key), _encoded(outcome))

    def note(self, key: str) -> str | None:
        """The note beside an entry; None if there is none."""
        try:
            return self._path(key).with_suffix(".json").read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return None

    def keep_note(self, key: str, text: str) -> None:
        """Keeps a note beside an entry, as `put` keeps that."""
        self._keep(self._path(key).with_suffix(".json"), text.encode())

    def require_writable(self) -> None:
        """Makes the folder.

        Raises:
            OSError: it cannot be made or written.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / FOLDER).mkdir(mode=FOLDER_MODE, exist_ok=True)
        with tempfile.TemporaryFile(dir=self.folder / FOLDER):
            pass

    def content(self) -> CacheContent:
        """How much there is."""
        sizes = [path.stat().st_size for path in self._files(_ENTRY)]
        return CacheContent(len(sizes), sum(sizes) + sum(path.stat().st_size for path in self._files(_NOTE)))

    def clear(self) -> int:
        """Removes all entries, and nothing else that may lie in the folder; gives their number."""
        entries = 0
        for path in (*self._files(_ENTRY), *self._files(_NOTE), *self._files(_UNFINISHED)):
            path.unlink(missing_ok=True)
            entries += _ENTRY.fullmatch(path.name) is not None
        for folder in (*self._shelves(), self.folder / FOLDER):
            with suppress(OSError):  # not there, or somebody has put something else into it
                folder.rmdir()
        return entries

    def _keep(self, path: Path, content: bytes) -> None:
        with suppress(OSError):
            path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            _write(path, content)

    def _path(self, key: str) -> Path:
        return self.folder / FOLDER / key[:2] / f"{key}.fpvt"

    def _shelves(self) -> list[Path]:
        return sorted((self.folder / FOLDER).glob("[0-9a-f][0-9a-f]"))

    def _files(self, name: re.Pattern[str]) -> Iterator[Path]:
        return (path for shelf in self._shelves() for path in shelf.iterdir() if name.fullmatch(path.name))


def extraction_id(bundle: Bundle) -> str:
    """A hash of everything but the scan that decides what its template looks like: networks, code and libraries."""
    digest = hashlib.sha256()
    for part in (*_model_parts(bundle), *_library_versions(), *_code()):
        digest.update(f"{len(part)}:".encode() + part)
    return digest.hexdigest()


def template_key(extraction: str, content_hash: str, ppi: float | None) -> str:
    """The key of a scan's template.

    Args:
        extraction: `extraction_id` of the model.
        content_hash: SHA-256 of the file, in hexadecimal.
        ppi: the resolution that was given; None is the file's own.
    """
    given = None if ppi is None else float(ppi)
    return hashlib.sha256(f"{extraction} {content_hash} {given!r}".encode()).hexdigest()


def _model_parts(bundle: Bundle) -> list[bytes]:
    card = bundle.card
    facts = [card.id, card.kind, str(card.input_px), *(f"{name} {card.files[name]}" for name in sorted(card.files))]
    if bundle.kind == "bare":  # scans are seen by the release model
        return [*(fact.encode() for fact in facts), *_model_parts(load_bundle())]
    return [fact.encode() for fact in facts]


def _library_versions() -> list[bytes]:
    versions = []
    for library in EXTRACTING_LIBRARIES:
        with suppress(PackageNotFoundError):
            versions.append(f"{library} {version(library)}")
    return [one.encode() for one in versions]


def _code() -> list[bytes]:
    package = Path(__file__).parent.parent
    return [path.read_bytes() for files in EXTRACTING_CODE for path in sorted(package.glob(files))]


def _encoded(outcome: Outcome) -> bytes:
    if isinstance(outcome, Template):
        return encode_template(outcome)
    payload = _FAILURE + outcome.encode()
    return payload + zlib.crc32(payload).to_bytes(_CHECKSUM_BYTES, "little")


def _decoded(entry: bytes) -> Outcome:
    if not entry.startswith(_FAILURE):
        return decode_template(entry)
    payload, checksum = entry[:-_CHECKSUM_BYTES], entry[-_CHECKSUM_BYTES:]
    if zlib.crc32(payload).to_bytes(_CHECKSUM_BYTES, "little") != checksum:
        raise CorruptRecord("the entry is damaged")
    return payload.removeprefix(_FAILURE).decode()


def _write(path: Path, content: bytes) -> None:
    """The whole file or none of it. It is not flushed to disk: what a crash takes is made again."""
    descriptor, part = tempfile.mkstemp(".part", f"{path.name}.", path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(part).replace(path)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise

"""Which readers there are: the built-in kinds, and those of packages that are installed.

A package offers its readers under the entry point group `fpverify.readers`: a function without arguments that gives
those that are plugged in, as a list of `FoundReader`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from importlib.metadata import EntryPoint, entry_points

from fpverify.errors import NoReader, ReaderError, ScanError, SeveralReaders
from fpverify.readers import libfprint
from fpverify.readers.folder import PREFIX as FOLDER
from fpverify.readers.folder import FolderReader
from fpverify.readers.protocol import FoundReader, Offer, Opening, Reader

GROUP = "fpverify.readers"  # of entry points
BUILT_IN: tuple[tuple[str, Offer], ...] = (("libfprint", libfprint.found),)


@dataclass(frozen=True, slots=True)
class Found:
    """What a look for readers found.

    Attributes:
        readers: that are there, those of built-in kinds first.
        notes: why readers of some kind could not be looked for, a line each.
    """

    readers: tuple[FoundReader, ...]
    notes: tuple[str, ...]

    def chosen(self, name: str | None) -> FoundReader:
        """The reader of a name; without one the only one that gives pictures.

        Raises:
            NoReader: there is none.
            SeveralReaders: there are several, and `name` does not tell them apart.
        """
        fitting = [one for one in self.readers if _fits(one, name)]
        if len(fitting) > 1:
            wanted = "several readers are connected" if name is None else f"several readers are called {name!r:.80}"
            raise SeveralReaders(f"{wanted}: name one of {', '.join(one.name for one in fitting)}")
        if not fitting:
            raise NoReader(self._none(name))
        return fitting[0]

    def _none(self, name: str | None) -> str:
        if name is None and self.readers:
            what = f"{self.readers[0].name} gives no pictures, it compares on its own chip"
        elif name is None:
            what = "no fingerprint reader is connected"
        else:
            known = ", ".join(one.name for one in self.readers) or "no reader is connected"
            what = f"no reader is called {name!r:.80}: {known}"
        return "; ".join([what, *self.notes, f"a folder of pictures is named {FOLDER}PATH"])


def _fits(one: FoundReader, name: str | None) -> bool:
    return one.captures if name is None else one.name == name or one.name.startswith(f"{name}:")


def found_readers() -> Found:
    """All readers that are there; a kind that fails is a note, and hides no other."""
    readers, notes = list[FoundReader](), list[str]()
    for kind, offer in _offers():
        try:
            readers += offer()
        except ReaderError as error:
            notes.append(str(error))
        except Exception as error:  # somebody else's code
            notes.append(f"{kind}: failed: {error!r:.200}")
    return Found(tuple(readers), tuple(notes))


def opened_reader(name: str | None = None, *, ppi: float | None = None) -> Reader:
    """The reader of a name, opened; without one the only one that is there.

    Args:
        name: as `found_readers` has it, or its beginning up to a colon; `folder:PATH` is a folder.
        ppi: resolution of its pictures, 100 to 2000; None takes what the reader states.

    Raises:
        NoReader: there is none, none of this name, or it gives no pictures.
        SeveralReaders: the name does not tell them apart.
        ReaderError: it cannot be opened.
        UnsupportedResolution: `ppi` is out of range.
    """
    if name is not None and name.startswith(FOLDER):
        return FolderReader(name.removeprefix(FOLDER), ppi)
    chosen = found_readers().chosen(name)
    if chosen.open is None:
        raise NoReader(f"{chosen.name} gives no pictures, it compares on its own chip; choose another reader")
    return _opened(chosen.name, chosen.open, ppi)


def _opened(name: str, opening: Opening, ppi: float | None) -> Reader:
    try:
        reader = opening(ppi)
    except (ReaderError, ScanError):
        raise
    except Exception as error:  # somebody else's code
        raise ReaderError(f"{name}: cannot be opened: {error!r:.200}") from error
    if not isinstance(reader, Reader):
        raise ReaderError(f"{name}: what its package opens is no reader; see docs/readers.md")
    return reader


def _offers() -> Iterator[tuple[str, Offer]]:
    yield from BUILT_IN
    for one in entry_points(group=GROUP):
        yield one.name, partial(_offered, one)


def _offered(one: EntryPoint) -> list[FoundReader]:
    found: list[FoundReader] = list(one.load()())
    return found

"""Which readers there are, and which is opened."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from fpverify.errors import NoReader, NothingCaptured, ReaderError, ScanError, SeveralReaders, UnusableCapture
from fpverify.readers import FoundReader, LiveReader, Reader, best_capture, found_readers, opened_reader, registry
from fpverify.testing.reader_contract import made_up_print
from fpverify.vocabulary import Scan


class OneFinger:
    """A reader on which a finger always lies."""

    def __init__(self, ppi: float | None = None, name: str = "acme:1") -> None:
        self.name, self.ppi = name, ppi

    def capture(self, timeout_s: float) -> Scan:
        return Scan(made_up_print(1), self.ppi or 500.0, self.name)

    def close(self) -> None:
        pass


class Live(OneFinger):
    """Shows pictures whose first pixel says how good they are, in per cent; 255 is no print."""

    qualities: tuple[int, ...] = ()

    def frames(self, timeout_s: float) -> Iterator[Scan]:
        for quality in self.qualities:
            yield Scan(np.full((2, 2), quality, np.uint8), 500.0, self.name)


def live(*qualities: int) -> Live:
    reader = Live()
    reader.qualities = qualities
    return reader


def quality(scan: Scan) -> float:
    if scan.pixels[0, 0] == 255:
        raise ScanError("no print")
    return float(scan.pixels[0, 0]) / 100


ACME = FoundReader("acme:1", "Acme F200", OneFinger, 500.0)
OTHER = FoundReader("acme:2", "Acme F200", OneFinger)
ON_CHIP = FoundReader("chip:1", "Acme compares by itself", None)


@pytest.fixture
def plugged_in(monkeypatch: pytest.MonkeyPatch) -> list[FoundReader]:
    """The readers that are there."""
    readers: list[FoundReader] = []
    monkeypatch.setattr(registry, "BUILT_IN", (("acme", lambda: readers),))
    return readers


def test_the_only_one_is_opened_without_a_name(plugged_in: list[FoundReader]) -> None:
    plugged_in += [ON_CHIP, ACME]
    assert opened_reader().name == "acme:1"
    assert opened_reader(ppi=480).ppi == 480


def test_one_of_several_has_to_be_named(plugged_in: list[FoundReader]) -> None:
    plugged_in += [ACME, OTHER]
    for name in (None, "acme"):
        with pytest.raises(SeveralReaders, match="name one of acme:1, acme:2"):
            opened_reader(name)
    assert opened_reader("acme:2").name == "acme:1"  # what it calls itself
    plugged_in.pop()
    assert opened_reader("acme").name == "acme:1"


def test_none_at_all_and_none_of_the_name_say_what_there_is(plugged_in: list[FoundReader]) -> None:
    with pytest.raises(NoReader, match="no fingerprint reader is connected"):
        opened_reader()
    plugged_in.append(ACME)
    with pytest.raises(NoReader, match="no reader is called 'acm': acme:1"):
        opened_reader("acm")


def test_one_that_compares_on_its_own_chip_is_no_reader(plugged_in: list[FoundReader]) -> None:
    plugged_in.append(ON_CHIP)
    for name in (None, "chip:1"):
        with pytest.raises(NoReader, match="on its own chip"):
            opened_reader(name)
    assert not ON_CHIP.captures


def test_a_kind_that_fails_is_a_note_and_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> list[FoundReader]:
        raise NoReader("driver: not installed")

    def broken() -> list[FoundReader]:
        raise RuntimeError("of the vendor")

    offers = (("a", missing), ("b", broken), ("c", lambda: [ACME]))
    monkeypatch.setattr(registry, "BUILT_IN", offers)
    found = found_readers()
    assert [one.name for one in found.readers] == ["acme:1"]
    assert found.notes == ("driver: not installed", "b: failed: RuntimeError('of the vendor')")


def test_packages_offer_readers_by_an_entry_point(
    plugged_in: list[FoundReader], monkeypatch: pytest.MonkeyPatch
) -> None:
    from importlib.metadata import EntryPoint

    offered = EntryPoint("acme", f"{__name__}:offer", registry.GROUP)
    monkeypatch.setattr(EntryPoint, "load", lambda _: lambda: [ACME])
    monkeypatch.setattr(registry, "entry_points", lambda group: [offered] if group == "fpverify.readers" else [])
    assert isinstance(opened_reader("acme:1"), Reader)


@pytest.mark.parametrize("opening", [lambda _: object(), lambda _: 1 / 0])
def test_what_does_not_open_is_an_error_of_the_house(plugged_in: list[FoundReader], opening: object) -> None:
    plugged_in.append(FoundReader("bad:1", "Bad", opening))  # type: ignore[arg-type]
    with pytest.raises(ReaderError, match=r"^bad:1: "):
        opened_reader()


def test_whatever_a_reader_raises_is_an_error_of_the_house() -> None:
    reader = OneFinger()
    reader.capture = lambda timeout_s: 1 / 0  # type: ignore[assignment,return-value]
    with pytest.raises(ReaderError, match="acme:1: failed: ZeroDivisionError"):
        best_capture(reader, 1)
    reader.capture = lambda timeout_s: b"bytes"  # type: ignore[assignment,return-value]
    with pytest.raises(UnusableCapture, match="gave bytes, and no scan"):
        best_capture(reader, 1)


def test_of_live_pictures_the_best_is_taken() -> None:
    assert isinstance(live(), LiveReader)
    assert not isinstance(OneFinger(), LiveReader)
    assert best_capture(live(20, 255, 60, 40), 1, quality).pixels[0, 0] == 60
    assert best_capture(live(20, 90, 100), 1, quality).pixels[0, 0] == 90  # good enough: nobody waits longer
    assert best_capture(live(20, 90), 1).pixels.shape == made_up_print(1).shape  # without a measure the reader's own


def test_live_pictures_of_nothing_are_no_capture() -> None:
    with pytest.raises(NothingCaptured):
        best_capture(live(), 1, quality)
    with pytest.raises(ScanError, match="no print"):
        best_capture(live(255, 255), 1, quality)

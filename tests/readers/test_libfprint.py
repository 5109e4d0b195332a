"""Readers by libfprint, tried on its virtual image device."""

from __future__ import annotations

import struct
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from virtual_reader import FAIL, REMOVE, RETRY, VARIABLE, command, connected, picture, require_libfprint, show

from fpverify.errors import NoReader, NothingCaptured, ReaderError, ReaderUnplugged
from fpverify.readers import Reader, libfprint, opened_reader
from fpverify.testing import ReaderContract
from fpverify.testing.reader_contract import made_up_print
from fpverify.vocabulary import ByteArray

NAME = "libfprint:virtual_image"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return require_libfprint(tmp_path, monkeypatch)


@pytest.fixture
def reader(place: Path) -> Iterator[Reader]:
    opened = opened_reader(NAME, ppi=500)
    yield opened
    opened.close()


def later(act: Callable[[], object]) -> threading.Timer:
    timer = threading.Timer(0.3, act)
    timer.start()
    return timer


class TestVirtualReader(ReaderContract):
    @pytest.fixture(autouse=True)
    def device(self, place: Path) -> None:
        self.place = place

    def new_reader(self, ppi: float | None) -> Reader:
        return opened_reader(NAME, ppi=ppi)

    def put_finger(self, reader: Reader, pixels: ByteArray) -> None:
        show(self.place, pixels)


def test_what_is_plugged_in_is_found_with_its_maker(place: Path) -> None:
    (one,) = libfprint.found()
    assert (one.name, one.captures, one.ppi) == (NAME, True, None)
    assert "image" in one.description.lower()


def test_a_resolution_that_nobody_states_is_estimated_and_says_so(place: Path) -> None:
    reader = opened_reader(NAME)
    shown = later(lambda: show(place, made_up_print(1)))
    scan = reader.capture(30)
    shown.join()
    reader.close()
    assert reader.ppi is None
    assert (scan.ppi_source, scan.ppi_estimated) == ("estimated", True)
    assert scan.ppi_note


def test_a_resolution_that_libfprint_states_is_the_readers() -> None:
    class Image:
        get_width, get_height, get_ppmm = (lambda _: 384), (lambda _: 384), (lambda _: 19.685)

        def get_data(self) -> bytes:
            return made_up_print(1).tobytes()

    assert made_up_print(1).shape == (384, 384)
    reader = object.__new__(libfprint.LibfprintReader)
    reader.name, reader.ppi = NAME, None
    scan = reader._scan(Image())
    assert (scan.ppi, scan.ppi_source, scan.ppi_estimated) == (500.0, "reader", False)
    reader.ppi = 480.0  # the caller knows better
    assert (reader._scan(Image()).ppi, reader._scan(Image()).ppi_source) == (480.0, "given")


def test_a_finger_that_was_put_down_badly_may_be_put_down_again(place: Path, reader: Reader) -> None:
    pixels = made_up_print(1)

    def twice() -> None:
        command(RETRY, 1)(place)
        show(place, pixels)

    shown = later(twice)
    assert np.array_equal(reader.capture(30).pixels, pixels)
    shown.join()


def test_what_the_reader_asks_for_meanwhile_is_said(place: Path, reader: Reader) -> None:
    shown = later(lambda: command(RETRY, 1)(place))
    with pytest.raises(NothingCaptured, match=r"no finger within 2 s; it says: .*swipe"):
        reader.capture(2)
    shown.join()


def test_one_that_is_unplugged_midway_is_an_error_of_its_own(place: Path, reader: Reader) -> None:
    shown = later(lambda: command(REMOVE)(place))
    with pytest.raises(ReaderUnplugged, match="unplugged"):
        reader.capture(30)
    shown.join()
    reader.close()


def test_a_device_that_fails_says_how(place: Path, reader: Reader) -> None:
    shown = later(lambda: command(FAIL, 5)(place))
    with pytest.raises(ReaderError, match="protocol error") as raised:
        reader.capture(30)
    shown.join()
    assert type(raised.value) is ReaderError
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("sent", [b"", struct.pack("i", 384), picture(np.zeros((384, 384), np.uint8))[:5000]])
def test_a_connection_that_ends_midway_gives_nothing(place: Path, reader: Reader, sent: bytes) -> None:
    def begun() -> None:
        with connected(place) as wire:
            wire.sendall(sent)

    shown = later(begun)
    with pytest.raises(NothingCaptured):
        reader.capture(1.5)
    shown.join()


@pytest.mark.parametrize("grey", [0, 255])
def test_a_picture_of_nothing_is_asked_for_again(place: Path, reader: Reader, grey: int) -> None:
    shown = later(lambda: show(place, np.full((300, 300), grey, np.uint8)))
    with pytest.raises((NothingCaptured, ReaderError)):
        reader.capture(2)
    shown.join()


def test_a_device_that_cannot_be_opened_says_why(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, f"{place}/not/there")
    with pytest.raises(ReaderError, match="cannot be opened"):
        opened_reader(NAME)


def test_a_resolution_out_of_range_leaves_the_device_alone(place: Path) -> None:
    with pytest.raises(ValueError, match="out of range"):
        opened_reader(NAME, ppi=5)
    opened_reader(NAME, ppi=500).close()


def test_without_libfprint_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gi", None)
    with pytest.raises(NoReader, match=r"pip install '\.\[libfprint\]'.*libfprint-2-2 and gir1.2-fprint-2.0"):
        libfprint.found()

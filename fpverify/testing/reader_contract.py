"""What every reader keeps to, as a class of tests for pytest.

    class TestMyReader(ReaderContract):
        ppi = 500.0

        def new_reader(self, ppi: float | None) -> Reader:
            return MyReader(ppi)

        def put_finger(self, reader: Reader, pixels: ByteArray) -> None:
            ...  # makes the device, or what stands for it, show this picture: now, or soon

A device that needs a human can ask for one in `put_finger`, and return when the finger lies there; it overrides
`same_picture` with what it can promise.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from fpverify.errors import NothingCaptured, UnsupportedResolution
from fpverify.readers import LiveReader, Reader, StoppableReader
from fpverify.vocabulary import ByteArray, Scan

SHORT_S = 0.5  # in which nothing comes
LONG_S = 30.0  # in which a picture comes, on a busy machine too
AFTER_S = 0.3  # from the call to the finger
SLACK_S = 5.0  # that a reader may need to give up


class ReaderContract:
    """Subclass it in a test module and give `new_reader` and `put_finger`.

    Attributes:
        ppi: resolution of its pictures, which the tests state.
    """

    ppi: float = 500.0

    def new_reader(self, ppi: float | None) -> Reader:
        """An opened reader, at the resolution that a caller states."""
        raise NotImplementedError

    def put_finger(self, reader: Reader, pixels: ByteArray) -> None:
        """Shows the reader a picture, (height, width) uint8 with dark ridges."""
        raise NotImplementedError

    def same_picture(self, scan: Scan, pixels: ByteArray) -> bool:
        """Whether a scan is the picture that was shown."""
        return bool(np.array_equal(scan.pixels, pixels))

    @pytest.fixture
    def reader(self) -> Iterator[Reader]:
        """An opened reader, closed after the test."""
        opened = self.new_reader(self.ppi)
        yield opened
        opened.close()

    def captured(self, reader: Reader, pixels: ByteArray) -> Scan:
        """What a reader captures while it is shown a picture."""
        shown = threading.Timer(AFTER_S, self.put_finger, (reader, pixels))
        shown.start()
        try:
            return reader.capture(LONG_S)
        finally:
            shown.join()

    def test_it_is_a_reader_with_a_name(self, reader: Reader) -> None:
        assert isinstance(reader, Reader)
        assert reader.name
        assert reader.name.isprintable()

    def test_what_is_put_down_is_captured(self, reader: Reader) -> None:
        pixels = made_up_print(1)
        scan = self.captured(reader, pixels)
        assert scan.pixels.dtype == np.uint8
        assert scan.pixels.ndim == 2
        assert self.same_picture(scan, pixels)

    def test_each_capture_is_a_picture_of_its_own(self, reader: Reader) -> None:
        for seed in (1, 2):
            pixels = made_up_print(seed)
            assert self.same_picture(self.captured(reader, pixels), pixels)

    def test_the_resolution_is_the_one_that_the_caller_states(self, reader: Reader) -> None:
        scan = self.captured(reader, made_up_print(1))
        assert (reader.ppi, scan.ppi, scan.ppi_source) == (self.ppi, self.ppi, "given")

    def test_a_resolution_that_no_reader_has_is_refused(self) -> None:
        with pytest.raises(UnsupportedResolution):
            self.new_reader(5.0)

    def test_the_scan_names_its_reader(self, reader: Reader) -> None:
        assert self.source_of(reader) in self.captured(reader, made_up_print(1)).source

    def source_of(self, reader: Reader) -> str:
        """What the scan's source has to hold, for messages."""
        return reader.name

    def test_nothing_within_the_time_is_an_error_of_its_own(self, reader: Reader) -> None:
        began = time.monotonic()
        with pytest.raises(NothingCaptured) as raised:
            reader.capture(SHORT_S)
        assert time.monotonic() - began < SHORT_S + SLACK_S
        assert reader.name in str(raised.value)
        assert "\n" not in str(raised.value)

    def test_it_works_on_after_nothing_came(self, reader: Reader) -> None:
        with pytest.raises(NothingCaptured):
            reader.capture(SHORT_S)
        pixels = made_up_print(2)
        assert self.same_picture(self.captured(reader, pixels), pixels)

    def test_what_nobody_waits_for_any_more_ends_and_it_works_on(self, reader: Reader) -> None:
        if not isinstance(reader, StoppableReader):
            pytest.skip("its captures cannot be ended before their time")
        reader.stop()  # without a capture nothing happens
        began = time.monotonic()
        stopped = threading.Timer(AFTER_S, reader.stop)
        stopped.start()
        with pytest.raises(NothingCaptured):
            reader.capture(LONG_S)
        stopped.join()
        assert time.monotonic() - began < SLACK_S
        pixels = made_up_print(2)
        assert self.same_picture(self.captured(reader, pixels), pixels)

    def test_it_may_be_closed_twice_and_opened_again(self) -> None:
        for _ in range(2):
            reader = self.new_reader(self.ppi)
            reader.close()
            reader.close()

    def test_live_pictures_are_scans_and_end(self, reader: Reader) -> None:
        if not isinstance(reader, LiveReader):
            pytest.skip("the reader has no live pictures")
        shown = threading.Timer(AFTER_S, self.put_finger, (reader, made_up_print(1)))
        shown.start()
        frames = list(reader.frames(LONG_S))
        shown.join()
        assert frames
        assert all(isinstance(one, Scan) for one in frames)
        assert list(reader.frames(SHORT_S)) == []


def made_up_print(seed: int) -> ByteArray:
    """A synthetic print at 500 ppi; another for each seed."""
    from fpverify.synthesis.dataset import labelled_scan, master

    return labelled_scan(master(seed, 1), seed, 1, 1).scan.pixels

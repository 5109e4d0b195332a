"""Readers by libfprint, through GObject introspection.

Only those give pictures that libfprint calls image devices; others compare on their own chip and are listed without.
libfprint states no resolution for most of them: then the caller has to.

Source: libfprint's reference of FpContext, FpDevice and FpImage, version 1.94.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from fpverify.errors import NoReader, NothingCaptured, ReaderError, ReaderUnplugged, UnusableCapture
from fpverify.extras import install_line
from fpverify.readers.captures import nothing_words
from fpverify.readers.protocol import FoundReader, Opening
from fpverify.scans import scan_from_pixels
from fpverify.scans.acquisition import check_given_ppi
from fpverify.vocabulary import ByteArray, Scan

KIND = "libfprint"
MM_PER_INCH = 25.4
TICK_S = 0.02  # between two looks: GLib is not waited for in C, where Ctrl-C would go unnoticed
CANCEL_S = 2.0  # for a device to end a capture that nobody waits for any more
MISSING = (
    f"libfprint: not installed: it takes PyGObject ({install_line('libfprint')}) and the system's libfprint with "
    "its typelib (on Debian libfprint-2-2 and gir1.2-fprint-2.0); see docs/readers.md"
)


class Library(NamedTuple):
    """The modules that introspection makes."""

    fprint: Any
    gio: Any
    glib: Any


def library() -> Library:
    """Libfprint.

    Raises:
        NoReader: it, or what makes it known to Python, is not installed.
    """
    try:
        import gi

        gi.require_version("FPrint", "2.0")
        from gi.repository import FPrint, Gio, GLib
    except (ImportError, ValueError):
        raise NoReader(MISSING) from None
    return Library(FPrint, Gio, GLib)


def found() -> list[FoundReader]:
    """The readers that libfprint knows and that are plugged in.

    Raises:
        ReaderError: libfprint is not installed, or fails.
    """
    known = library()
    try:
        context = known.fprint.Context()
        devices = list(context.get_devices())
    except known.glib.Error as error:
        raise ReaderError(f"{KIND}: {error.message}") from None
    twice = Counter(one.get_driver() for one in devices)
    return [_found(one, context, known, several=twice[one.get_driver()] > 1) for one in devices]


def _found(device: Any, context: Any, known: Library, *, several: bool) -> FoundReader:
    name = f"{KIND}:{device.get_driver()}" + (f":{device.get_device_id()}" if several else "")
    captures = device.has_feature(known.fprint.DeviceFeature.CAPTURE)
    opening: Opening | None = (lambda ppi: LibfprintReader(device, name, known, ppi, context)) if captures else None
    return FoundReader(name, device.get_name(), opening)


class LibfprintReader:
    """A reader by libfprint; see `fpverify.readers.Reader`.

    Attributes:
        name: `libfprint:` and the driver; where there are several of it, also the device.
        ppi: resolution as the caller states it; None takes what libfprint states of each picture.
    """

    def __init__(self, device: Any, name: str, known: Library, ppi: float | None = None, context: Any = None) -> None:
        """Opens it.

        Args:
            device: FpDevice.
            name: for messages.
            known: the library.
            ppi: resolution that the caller states.
            context: FpContext that the device belongs to, and has to outlive it.

        Raises:
            ReaderError: it cannot be opened, for instance because another program has it.
            UnsupportedResolution: `ppi` is out of range.
        """
        check_given_ppi(ppi, name)
        self.name, self.ppi = name, ppi
        self._device, self._known, self._context = device, known, context
        self._stopped = threading.Event()
        try:
            device.open_sync(None)
        except known.glib.Error as error:
            raise ReaderError(
                f"{name}: cannot be opened: {error.message.rstrip('.')}; is another program using it, and may this "
                "user use the device?"
            ) from None

    def capture(self, timeout_s: float) -> Scan:
        """The next picture; what libfprint asks to be tried again is, while there is time. See `Reader.capture`."""
        deadline, said = time.monotonic() + timeout_s, ""
        self._stopped.clear()
        while (left_s := deadline - time.monotonic()) > 0:
            answer = _Waiting(self._device, self._known, self._stopped).answer(left_s)
            if answer.image is not None:
                return self._scan(answer.image)
            if answer.gone:
                raise ReaderUnplugged(f"{self.name}: the reader was unplugged; plug it in, and try again")
            if answer.over:
                break
            if not answer.again:
                raise ReaderError(f"{self.name}: {answer.words}")
            said = answer.words
        raise NothingCaptured(nothing_words(self.name, timeout_s, said))

    def stop(self) -> None:
        """Ends a capture; see `StoppableReader`."""
        self._stopped.set()

    def close(self) -> None:
        """Closes the device; one that was unplugged is closed already."""
        if self._device.is_open():
            try:
                self._device.close_sync(None)
            except self._known.glib.Error:  # gone, or closed by what went wrong before
                return

    def _scan(self, image: Any) -> Scan:
        pixels = _pixels(image, self.name)
        stated_ppi = MM_PER_INCH * image.get_ppmm()
        if self.ppi is not None or stated_ppi <= 0:
            return scan_from_pixels(pixels, ppi=self.ppi, source=self.name)
        return replace(scan_from_pixels(pixels, ppi=round(stated_ppi, 1), source=self.name), ppi_source="reader")


def _pixels(image: Any, name: str) -> ByteArray:
    """(height, width) uint8 of an FpImage."""
    height, width, data = image.get_height(), image.get_width(), image.get_data()
    if not height or not width or len(data) != height * width:
        raise UnusableCapture(f"{name}: gave {len(data)} bytes as a picture of {width} x {height} px")
    return np.frombuffer(bytes(data), np.uint8).reshape(height, width)


@dataclass(frozen=True, slots=True)
class _Answer:
    """How a capture ended: a picture, or why there is none.

    Attributes:
        image: FpImage.
        words: what libfprint says.
        again: it asks to put the finger down once more.
        gone: the device is not there any more.
        over: the time is.
    """

    image: Any = None
    words: str = ""
    again: bool = False
    gone: bool = False
    over: bool = False


class _Waiting:
    """One capture that is waited for, in steps short enough for Ctrl-C."""

    def __init__(self, device: Any, known: Library, stopped: threading.Event) -> None:
        self._device, self._known, self._stopped = device, known, stopped
        self._cancel = known.gio.Cancellable()
        self._results: list[Any] = []

    def answer(self, timeout_s: float) -> _Answer:
        """How it ends, after that many seconds at the latest."""
        self._device.capture(True, self._cancel, lambda _, result: self._results.append(result))
        try:
            self._turn_until(time.monotonic() + timeout_s, self._stopped)
        finally:  # also after Ctrl-C: the device is not to wait on
            if not self._results:
                self._cancel.cancel()
                self._turn_until(time.monotonic() + CANCEL_S)
        if not self._results:
            return _Answer(over=True)
        try:
            return _Answer(self._device.capture_finish(self._results[0]))
        except self._known.glib.Error as error:
            return self._failed(error)

    def _turn_until(self, deadline: float, stopped: threading.Event | None = None) -> None:
        """Lets GLib work until there is a result, or nobody wants one any more.

        Nothing of it is Python's but the callback: what is raised within one, such as Ctrl-C, GLib would swallow.
        """
        loop = self._known.glib.MainContext.default()
        while not self._results and time.monotonic() < deadline and not (stopped and stopped.is_set()):
            if not loop.iteration(False):
                time.sleep(TICK_S)

    def _failed(self, error: Any) -> _Answer:
        fprint, gio = self._known.fprint, self._known.gio
        removed = error.matches(fprint.device_error_quark(), fprint.DeviceError.REMOVED)
        return _Answer(
            words=error.message.rstrip("."),
            again=error.domain == self._known.glib.quark_to_string(fprint.device_retry_quark()),
            gone=removed or bool(self._device.get_property("removed")),
            over=error.matches(gio.io_error_quark(), gio.IOErrorEnum.CANCELLED),
        )

"""libfprint's virtual image device: a reader without a device, which shows what is sent to its socket.

Source: libfprint, `libfprint/drivers/virtual-image.c`: width and height as int32, then the bytes; negative widths are
commands.
"""

from __future__ import annotations

import importlib.machinery
import os
import socket
import struct
import sys
import sysconfig
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from fpverify.errors import NoReader
from fpverify.readers import libfprint
from fpverify.vocabulary import ByteArray

VARIABLE = "FP_VIRTUAL_IMAGE"  # where the socket is to be
DEBIAN = Path("/usr/lib/python3/dist-packages")  # where python3-gi lies
RETRY, FAIL, REMOVE = -1, -2, -5  # commands, each with an argument
CONNECT_S = 20.0  # in which the device has to listen


def folder_of_gi(tmp: Path) -> Path | None:
    """A folder with PyGObject and nothing else: Debian's, if this Python is like Debian's; None if it is installed."""
    if importlib.machinery.PathFinder.find_spec("gi") is not None:
        return None
    if not list((DEBIAN / "gi").glob(f"_gi{sysconfig.get_config_var('EXT_SUFFIX')}")):
        pytest.skip("neither PyGObject nor Debian's python3-gi for this Python is installed")
    folder = tmp / "gi-alone"
    folder.mkdir(exist_ok=True)
    if not (folder / "gi").exists():
        (folder / "gi").symlink_to(DEBIAN / "gi")
    return folder


def require_libfprint(tmp: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Skips a test where libfprint is missing; otherwise the path of the socket, of which every process now knows."""
    folder = folder_of_gi(tmp)
    if folder is not None:
        monkeypatch.setattr(sys, "path", [*sys.path, str(folder)])
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), str(folder)])))
    place = tmp / "finger"
    monkeypatch.setenv(VARIABLE, str(place))
    try:
        libfprint.library()
    except NoReader:
        pytest.skip("libfprint or its typelib is not installed")
    return place


def connected(place: Path) -> socket.socket:
    """A connection to the device, which listens while a reader is open."""
    deadline = time.monotonic() + CONNECT_S
    while True:
        wire = socket.socket(socket.AF_UNIX)
        try:
            wire.connect(str(place))
        except OSError:
            wire.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return wire


def show(place: Path, pixels: ByteArray) -> None:
    """Puts a finger down, and lifts it."""
    with connected(place) as wire:
        wire.sendall(picture(pixels))
        wait_until_read(wire)


def picture(pixels: ByteArray) -> bytes:
    """What the device takes for a picture."""
    height, width = pixels.shape
    return struct.pack("ii", width, height) + pixels.tobytes()


def command(code: int, argument: int = 0) -> Callable[[Path], None]:
    """Sends a command, given the place of the device."""

    def sent(place: Path) -> None:
        with connected(place) as wire:
            wire.sendall(struct.pack("ii", code, argument))
            wait_until_read(wire)

    return sent


def wait_until_read(wire: socket.socket) -> None:
    """The device has read what was sent some time before it would be lost with the connection."""
    wire.settimeout(0.5)
    try:
        wire.recv(1)
    except OSError:
        return

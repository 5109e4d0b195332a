"""A reader of your own: what a sensor's SDK gives, as a scan. Here the SDK is a simulator that shows pictures in turn.

    python own_reader.py PICTURE...

A package offers its readers to the command line and to `opened_reader` under an entry point:

    [project.entry-points."fpverify.readers"]
    acme = "own_reader:found"
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from fpverify import Scan, Verifier, read_scan, scan_from_pixels
from fpverify.errors import NothingCaptured, UnsupportedResolution
from fpverify.readers import FoundReader

PPI = 500.0  # of its data sheet
LOWEST_PPI, HIGHEST_PPI = 100.0, 2000.0  # that fpverify reads
PixelSource = Callable[[float], "np.ndarray | None"]


class AcmeReader:
    """One device.

    Attributes:
        name: as `--reader` takes it.
        ppi: what its pixels are read at.
    """

    def __init__(self, grab: PixelSource, ppi: float | None = None, name: str = "acme:0") -> None:
        """Opens the device.

        Args:
            grab: the SDK's call, which takes a timeout in seconds and gives (h, w) uint8, or None when nothing came.
            ppi: what its pixels are read at; None is the data sheet's.
            name: as `--reader` takes it.

        Raises:
            UnsupportedResolution: no reader has this one.
        """
        if ppi is not None and not LOWEST_PPI <= ppi <= HIGHEST_PPI:
            raise UnsupportedResolution(f"{name}: {ppi:g} ppi; {LOWEST_PPI:g} to {HIGHEST_PPI:g} are possible")
        self.name, self.ppi = name, ppi or PPI
        self._grab = grab

    def capture(self, timeout_s: float) -> Scan:
        """The scan of the next finger.

        Raises:
            NothingCaptured: no finger within the time.
        """
        pixels = self._grab(timeout_s)
        if pixels is None:
            raise NothingCaptured(f"{self.name}: no finger within {timeout_s:g} s")
        return scan_from_pixels(pixels, ppi=self.ppi, source=self.name)

    def close(self) -> None:
        """Gives the device back; twice is once."""


def simulated(paths: list[Path]) -> PixelSource:
    """An SDK that shows one picture after the other."""
    left = list(paths)
    return lambda _: read_scan(left.pop(0)).pixels if left else None


def found() -> list[FoundReader]:
    """The readers that are plugged in: what the entry point names."""
    return [FoundReader("acme:0", "Acme F200", lambda ppi: AcmeReader(simulated([]), ppi), PPI)]


def main(*pictures: str) -> None:
    """Enrolls the first touch and verifies the others."""
    reader = AcmeReader(simulated([Path(one) for one in pictures]))
    with Verifier.open() as verifier:
        verifier.enroll(reader.capture(timeout_s=10), "A")
        for _ in pictures[1:]:
            print(verifier.verify(reader.capture(timeout_s=10), "A").word)
    reader.close()


if __name__ == "__main__":
    main(*sys.argv[1:])

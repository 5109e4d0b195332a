"""Scans from files and arrays, and back into files.

file or array -> pixels and stated resolution -> checks, resolution, polarity -> Scan

Each name is fetched from its module when it is first asked for, so that a process that only decodes loads no more.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fpverify.scans.acquisition import read_scan, scan_from_bytes, scan_from_pixels
    from fpverify.scans.files import write_scan
    from fpverify.scans.images import IMAGE_SUFFIXES
    from fpverify.scans.isolation import Decoder

__all__ = ["IMAGE_SUFFIXES", "Decoder", "read_scan", "scan_from_bytes", "scan_from_pixels", "write_scan"]

_HOMES = {
    "IMAGE_SUFFIXES": "images",
    "Decoder": "isolation",
    "read_scan": "acquisition",
    "scan_from_bytes": "acquisition",
    "scan_from_pixels": "acquisition",
    "write_scan": "files",
}


def __getattr__(name: str) -> Any:
    """The name, from its module."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)

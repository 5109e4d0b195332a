"""Scans from files and arrays, and back into files.

file or array -> pixels and stated resolution -> checks, resolution, polarity -> Scan
"""

from fpverify.scans.acquisition import read_scan, scan_from_bytes, scan_from_pixels
from fpverify.scans.files import write_scan
from fpverify.scans.images import IMAGE_SUFFIXES

__all__ = ["IMAGE_SUFFIXES", "read_scan", "scan_from_bytes", "scan_from_pixels", "write_scan"]

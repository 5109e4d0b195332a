"""From a scan to its template, in the order of `extraction.MinutiaExtractor.acquire`."""

from fpverify.features.extraction import Acquired, MinutiaExtractor, WholePrintExtractor
from fpverify.features.preparation import prepare

__all__ = ["Acquired", "MinutiaExtractor", "WholePrintExtractor", "prepare"]

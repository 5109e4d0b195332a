"""From a scan to its template, in the order of `extraction.MinutiaExtractor.extract`."""

from fpverify.features.extraction import MinutiaExtractor, WholePrintExtractor
from fpverify.features.preparation import prepare

__all__ = ["MinutiaExtractor", "WholePrintExtractor", "prepare"]

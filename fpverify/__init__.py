"""Fingerprint verification: enroll, verify, and know the error rate of every decision.

    from fpverify import Verifier, read_scan

    with Verifier.open("enroll_db") as verifier:
        verifier.enroll(read_scan("finger.bmp"), "A", finger="right-index")
        decision = verifier.verify(read_scan("scan.bmp"), "A", fmr=0.001)

Importing this costs next to nothing: each name is fetched from its room when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fpverify.conversion import extract_minutiae
    from fpverify.formats import minutiae_from_bytes, minutiae_to_bytes, read_minutiae, write_minutiae
    from fpverify.matching import Matcher
    from fpverify.measurement import Evaluation
    from fpverify.scans import read_scan, scan_from_pixels, write_scan
    from fpverify.scans_alone import compare, evaluate, explain
    from fpverify.synthesis.dataset import synthesise
    from fpverify.verifier import Verifier
    from fpverify.vocabulary import (
        Decision,
        FingerView,
        MinutiaRecord,
        OperatingPoint,
        Reference,
        Scan,
        Score,
        Template,
    )

__version__ = "0.1.0"

__all__ = [
    "Decision",
    "Evaluation",
    "FingerView",
    "Matcher",
    "MinutiaRecord",
    "OperatingPoint",
    "Reference",
    "Scan",
    "Score",
    "Template",
    "Verifier",
    "__version__",
    "compare",
    "evaluate",
    "explain",
    "extract_minutiae",
    "minutiae_from_bytes",
    "minutiae_to_bytes",
    "read_minutiae",
    "read_scan",
    "scan_from_pixels",
    "synthesise",
    "write_minutiae",
    "write_scan",
]

_HOMES = {
    "Decision": "vocabulary",
    "Evaluation": "measurement",
    "FingerView": "vocabulary",
    "Matcher": "matching",
    "MinutiaRecord": "vocabulary",
    "OperatingPoint": "vocabulary",
    "Reference": "vocabulary",
    "Scan": "vocabulary",
    "Score": "vocabulary",
    "Template": "vocabulary",
    "Verifier": "verifier",
    "compare": "scans_alone",
    "evaluate": "scans_alone",
    "explain": "scans_alone",
    "extract_minutiae": "conversion",
    "minutiae_from_bytes": "formats",
    "minutiae_to_bytes": "formats",
    "read_minutiae": "formats",
    "read_scan": "scans",
    "scan_from_pixels": "scans",
    "synthesise": "synthesis.dataset",
    "write_minutiae": "formats",
    "write_scan": "scans",
}


def __getattr__(name: str) -> Any:
    """The public name, from its room."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return list(__all__)

"""Fingerprint verification: enroll, verify, and know the error rate of every decision.

    from fpverify import Verifier

    with Verifier.open("enroll_db") as verifier:
        verifier.enroll("finger.bmp", "A", finger="right-index")
        decision = verifier.verify("scan.bmp", "A", fmr=0.001)

Importing this costs next to nothing: each name is fetched from its room when it is first asked for. What goes wrong is
an error of `fpverify.errors`; `logging` under the name `fpverify` says what is opened and loaded.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fpverify import errors
    from fpverify.client import Client
    from fpverify.conversion import extract_minutiae
    from fpverify.deprecation import FpverifyDeprecationWarning
    from fpverify.enrollment import EnrollmentRow, RowOutcome, read_rows
    from fpverify.errors import FpverifyError
    from fpverify.evaluation.scores_file import write_scores
    from fpverify.explanation.shown import Explanation
    from fpverify.formats import minutiae_from_bytes, minutiae_to_bytes, read_minutiae, write_minutiae
    from fpverify.formats.containers import images_from_bytes, images_to_bytes, read_images, write_images
    from fpverify.hands import HandReader, Hands, HandScan
    from fpverify.matching import Matcher, PadDetector
    from fpverify.measurement import Evaluation, read_scores
    from fpverify.scans import read_scan, scan_from_bytes, scan_from_pixels, write_scan
    from fpverify.scans_alone import compare, evaluate, explain
    from fpverify.store import FingerSummary, Store
    from fpverify.synthesis.dataset import synthesise
    from fpverify.verifier import Verifier
    from fpverify.vocabulary import (
        FINGERS,
        AssignedProbe,
        Candidate,
        Decision,
        Finger,
        FingerView,
        Identification,
        Interval,
        Minutiae,
        MinutiaRecord,
        OperatingPoint,
        PadResult,
        Reference,
        Scan,
        ScanSource,
        Score,
        SetResolution,
        TakenScan,
        Template,
    )
    from fpverify.vocabulary.images import FingerImage, ImageRecord

__version__ = "1.5.0"

__all__ = [
    "FINGERS",
    "AssignedProbe",
    "Candidate",
    "Client",
    "Decision",
    "EnrollmentRow",
    "Evaluation",
    "Explanation",
    "Finger",
    "FingerImage",
    "FingerSummary",
    "FingerView",
    "FpverifyDeprecationWarning",
    "FpverifyError",
    "HandReader",
    "HandScan",
    "Hands",
    "Identification",
    "ImageRecord",
    "Interval",
    "Matcher",
    "MinutiaRecord",
    "Minutiae",
    "OperatingPoint",
    "PadDetector",
    "PadResult",
    "Reference",
    "RowOutcome",
    "Scan",
    "ScanSource",
    "Score",
    "SetResolution",
    "Store",
    "TakenScan",
    "Template",
    "Verifier",
    "__version__",
    "compare",
    "errors",
    "evaluate",
    "explain",
    "extract_minutiae",
    "images_from_bytes",
    "images_to_bytes",
    "minutiae_from_bytes",
    "minutiae_to_bytes",
    "read_images",
    "read_minutiae",
    "read_rows",
    "read_scan",
    "read_scores",
    "scan_from_bytes",
    "scan_from_pixels",
    "synthesise",
    "write_images",
    "write_minutiae",
    "write_scan",
    "write_scores",
]

_HOMES = {
    "FINGERS": "vocabulary",
    "AssignedProbe": "vocabulary",
    "Candidate": "vocabulary",
    "Client": "client",
    "Decision": "vocabulary",
    "EnrollmentRow": "enrollment",
    "Evaluation": "measurement",
    "Explanation": "explanation.shown",
    "Finger": "vocabulary",
    "FingerImage": "vocabulary.images",
    "FingerSummary": "store",
    "FingerView": "vocabulary",
    "FpverifyDeprecationWarning": "deprecation",
    "FpverifyError": "errors",
    "HandReader": "hands",
    "HandScan": "hands",
    "Hands": "hands",
    "Identification": "vocabulary",
    "ImageRecord": "vocabulary.images",
    "Interval": "vocabulary",
    "Matcher": "matching",
    "MinutiaRecord": "vocabulary",
    "Minutiae": "vocabulary",
    "OperatingPoint": "vocabulary",
    "PadDetector": "matching",
    "PadResult": "vocabulary",
    "Reference": "vocabulary",
    "RowOutcome": "enrollment",
    "Scan": "vocabulary",
    "ScanSource": "vocabulary",
    "Score": "vocabulary",
    "SetResolution": "vocabulary",
    "Store": "store",
    "TakenScan": "vocabulary",
    "Template": "vocabulary",
    "Verifier": "verifier",
    "compare": "scans_alone",
    "evaluate": "scans_alone",
    "explain": "scans_alone",
    "extract_minutiae": "conversion",
    "images_from_bytes": "formats.containers",
    "images_to_bytes": "formats.containers",
    "minutiae_from_bytes": "formats",
    "minutiae_to_bytes": "formats",
    "read_images": "formats.containers",
    "read_minutiae": "formats",
    "read_rows": "enrollment",
    "read_scan": "scans",
    "read_scores": "measurement",
    "scan_from_bytes": "scans",
    "scan_from_pixels": "scans",
    "synthesise": "synthesis.dataset",
    "write_images": "formats.containers",
    "write_minutiae": "formats",
    "write_scan": "scans",
    "write_scores": "evaluation.scores_file",
}


if not TYPE_CHECKING:  # type checkers know the names above, and no others

    def __getattr__(name: str) -> object:
        """The public name, from its room."""
        if name == "errors":
            return import_module(f"{__name__}.errors")
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return list(__all__)

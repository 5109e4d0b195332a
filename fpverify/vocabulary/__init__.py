"""The nouns that cross rooms, in the order a print meets them.

Words follow ISO/IEC 2382-37: probe, reference, mated, non-mated, FMR, FNMR.
Lengths end in `_px` (pixels at the working resolution unless said otherwise), angles in `_rad`.
Images have the origin in the top left corner, x to the right, y down; an angle turns x towards y.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from fpverify.vocabulary.arrays import BoolArray, ByteArray, FloatArray, IndexArray, Scores
from fpverify.vocabulary.decisions import (
    AssignedProbe,
    Basis,
    Candidate,
    Decision,
    Identification,
    Interval,
    OperatingPoint,
    PadResult,
    Score,
)
from fpverify.vocabulary.scans import WORKING_PPI, PpiSource, PreparedScan, Scan, ScanSource, TakenScan
from fpverify.vocabulary.templates import (
    FINGERS,
    LEARNT,
    AlignmentKind,
    BundleKind,
    Finger,
    Minutiae,
    Reference,
    Skin,
    Template,
)

if TYPE_CHECKING:
    from fpverify.vocabulary.evaluations import Evaluation, SetResolution
    from fpverify.vocabulary.records import (
        MINUTIA_TYPES,
        NOT_COMPUTED,
        NOT_STATED,
        Capture,
        FingerView,
        MinutiaRecord,
        Rating,
    )

__all__ = [
    "FINGERS",
    "LEARNT",
    "MINUTIA_TYPES",
    "NOT_COMPUTED",
    "NOT_STATED",
    "WORKING_PPI",
    "AlignmentKind",
    "AssignedProbe",
    "Basis",
    "BoolArray",
    "BundleKind",
    "ByteArray",
    "Candidate",
    "Capture",
    "Decision",
    "Evaluation",
    "Finger",
    "FingerView",
    "FloatArray",
    "Identification",
    "IndexArray",
    "Interval",
    "MinutiaRecord",
    "Minutiae",
    "OperatingPoint",
    "PadResult",
    "PpiSource",
    "PreparedScan",
    "Rating",
    "Reference",
    "Scan",
    "ScanSource",
    "Score",
    "Scores",
    "SetResolution",
    "Skin",
    "TakenScan",
    "Template",
]

_HOMES = {  # of what a comparison does without: fetched when it is first asked for
    "Evaluation": "evaluations",
    "SetResolution": "evaluations",
    "MINUTIA_TYPES": "records",
    "NOT_COMPUTED": "records",
    "NOT_STATED": "records",
    "Capture": "records",
    "FingerView": "records",
    "MinutiaRecord": "records",
    "Rating": "records",
}


def __getattr__(name: str) -> Any:
    """The noun, from its module."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)

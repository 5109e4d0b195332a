"""A model in use: from a scan to a template, from two templates to a score, from a rate to its operating point."""

from __future__ import annotations

from fpverify.matching.agreement import require_agreement, require_quality
from fpverify.matching.attacks import PadDetector, checked_presentation, installed_detector
from fpverify.matching.matcher import Extractor, Matcher
from fpverify.matching.matchers import Matchers, ProbeOf
from fpverify.matching.presentation import Judged, Presentation, names_for, require_different
from fpverify.matching.probes import Probes

__all__ = [
    "Extractor",
    "Judged",
    "Matcher",
    "Matchers",
    "PadDetector",
    "Presentation",
    "ProbeOf",
    "Probes",
    "checked_presentation",
    "installed_detector",
    "names_for",
    "require_agreement",
    "require_different",
    "require_quality",
]

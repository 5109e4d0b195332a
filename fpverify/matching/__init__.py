"""A model in use: from a scan to a template, from two templates to a score, from a rate to its operating point.

What only enrollments and detectors of presentation attacks need is fetched when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from fpverify.matching.matcher import Extractor, Matcher
from fpverify.matching.matchers import Matchers, ProbeOf
from fpverify.matching.presentation import Judged, Presentation, names_for, require_different
from fpverify.matching.probes import Probes

if TYPE_CHECKING:
    from fpverify.matching.agreement import require_agreeing, require_agreement, require_quality
    from fpverify.matching.attacks import PadDetector, checked_presentation, installed_detector

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
    "require_agreeing",
    "require_agreement",
    "require_different",
    "require_quality",
]

_HOMES = {
    "PadDetector": "attacks",
    "checked_presentation": "attacks",
    "installed_detector": "attacks",
    "require_agreeing": "agreement",
    "require_agreement": "agreement",
    "require_quality": "agreement",
}


if not TYPE_CHECKING:  # type checkers know the names above, and no others

    def __getattr__(name: str) -> object:
        """The name, from its module."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)

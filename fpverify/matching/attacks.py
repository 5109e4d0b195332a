"""A place for liveness: a detector of presentation attacks that is asked before every decision.

fpverify has none of its own. A detector is anything that a scan can be given to and that says how it decides
(`PadDetector`): a model, or the verdict of a reader that came with the scan. Installed packages offer theirs under the
entry point group `fpverify.pad`, and the setting `pad` names one of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from fpverify.errors import DetectorError, PresentationAttackSuspected, SettingsError
from fpverify.vocabulary import PadResult, Scan

GROUP = "fpverify.pad"  # of entry points


@runtime_checkable
class PadDetector(Protocol):
    """What tells casts and prints from fingers; threads may ask it at once.

    Attributes:
        name: for the audit trail and for answers.
        threshold: score at and above which a presentation is taken for an attack.
        apcer: stated attack presentation classification error rate there, in [0, 1].
        bpcer: stated bona fide presentation classification error rate there, in [0, 1].
    """

    name: str
    threshold: float
    apcer: float
    bpcer: float

    def __call__(self, scan: Scan) -> float:
        """The PAD score of a presentation: higher for attacks."""


def installed_detector(name: str) -> PadDetector:
    """The detector that an installed package offers under a name.

    Raises:
        SettingsError: there is none, several, or what there is is no detector.
    """
    from importlib.metadata import entry_points

    offered = entry_points(group=GROUP)
    found = [one for one in offered if one.name == name]
    if len(found) != 1:
        known = ", ".join(sorted(one.name for one in offered)) or "none is installed"
        raise SettingsError(f"pad: {'no' if not found else 'more than one'} detector is called {name!r:.60}; {known}")
    detector = found[0].load()
    detector = detector() if isinstance(detector, type) else detector
    if not isinstance(detector, PadDetector):
        raise SettingsError(f"pad: {name!r:.60} of {found[0].value} is no detector; see fpverify.matching.attacks")
    return detector


def checked_presentation(detector: PadDetector | None, scans: Sequence[Scan]) -> tuple[PadResult, ...]:
    """What a detector says of each scan; nothing without one.

    Raises:
        PresentationAttackSuspected: it takes one for an attack.
        DetectorError: it failed, or gave no number: nothing is decided without it.
    """
    if detector is None:
        return ()
    results = tuple(_result(detector, scan) for scan in scans)
    suspected = [scan.source for scan, result in zip(scans, results, strict=True) if result.suspected]
    if suspected:
        raise PresentationAttackSuspected(
            f"{suspected[0]}: presentation attack suspected by {detector.name}; present the finger itself"
        )
    return results


def _result(detector: PadDetector, scan: Scan) -> PadResult:
    try:
        score = float(detector(scan))
    except Exception as error:  # it is somebody else's code
        raise DetectorError(f"{scan.source}: the detector {detector.name} failed: {error!r:.200}") from error
    if not math.isfinite(score):
        raise DetectorError(f"{scan.source}: the detector {detector.name} gives {score}, and no PAD score")
    return PadResult(detector.name, score, detector.threshold, detector.apcer, detector.bpcer)

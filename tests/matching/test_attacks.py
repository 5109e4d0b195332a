"""A detector of presentation attacks: what it is, what it says, and how it fails."""

from __future__ import annotations

from importlib import metadata
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from fpverify.errors import DetectorError, PresentationAttackSuspected, SettingsError
from fpverify.matching import checked_presentation, installed_detector
from fpverify.vocabulary import PadResult, Scan

SCANS = [Scan(np.zeros((4, 4), np.uint8), 500.0, source) for source in ("one", "two")]


class Detector:
    name, threshold, apcer, bpcer = "made-up", 50.0, 0.05, 0.01

    def __init__(self, *scores: float) -> None:
        self.scores = list(scores)

    def __call__(self, scan: Scan) -> float:
        return self.scores.pop(0)


def test_without_a_detector_nothing_is_said() -> None:
    assert checked_presentation(None, SCANS) == ()


def test_each_scan_has_its_result() -> None:
    found = checked_presentation(Detector(0, 49.9), SCANS)
    assert found == (PadResult("made-up", 0, 50, 0.05, 0.01), PadResult("made-up", 49.9, 50, 0.05, 0.01))


def test_one_that_is_suspected_ends_it_and_is_named() -> None:
    with pytest.raises(PresentationAttackSuspected, match=r"^two: presentation attack suspected by made-up"):
        checked_presentation(Detector(0, 50), SCANS)


@pytest.mark.parametrize("score", [float("nan"), float("inf"), "high"])
def test_what_is_no_score_is_no_verdict(score: Any) -> None:
    with pytest.raises(DetectorError, match=r"^one: the detector made-up"):
        checked_presentation(Detector(score, 0), SCANS)


def test_a_detector_that_fails_is_named_in_one_line() -> None:
    with pytest.raises(DetectorError, match="failed: IndexError"):
        checked_presentation(Detector(), SCANS)


def offered(monkeypatch: pytest.MonkeyPatch, **detectors: Any) -> None:
    entries = [
        SimpleNamespace(name=name, value=f"acme:{name}", load=lambda one=one: one) for name, one in detectors.items()
    ]
    monkeypatch.setattr(metadata, "entry_points", lambda group: entries if group == "fpverify.pad" else [])


def test_installed_detectors_are_found_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    one = Detector()
    offered(monkeypatch, made=one, kind=Detector, other=len)
    assert installed_detector("made") is one
    assert isinstance(installed_detector("kind"), Detector)
    with pytest.raises(SettingsError, match="no detector is called 'none'; kind, made, other"):
        installed_detector("none")
    with pytest.raises(SettingsError, match="'other' of acme:other is no detector"):
        installed_detector("other")

"""The model in use, as the package shows it."""

from __future__ import annotations

import importlib
import sys

import pytest

import fpverify
from fpverify import Matcher, Scan, synthesise


@pytest.fixture(scope="module")
def scans() -> list[Scan]:
    return [one.scan for one in synthesise(2, 2, seed=5)]


def test_a_matcher_scores_what_a_verifier_decides_on(scans: list[Scan], release_model: str) -> None:
    matcher = Matcher.load()
    assert matcher.model_id == release_model
    templates = [matcher.template(scan) for scan in scans]
    threshold = matcher.operating_point(0.001).threshold
    one, other, stranger, _ = templates
    assert matcher.score(one, other).value >= threshold > matcher.score(one, stranger).value
    assert matcher.scores(one, [other, stranger]) == [matcher.score(one, other), matcher.score(one, stranger)]


def test_the_former_place_of_the_matcher_warns_and_works() -> None:
    sys.modules.pop("fpverify.evaluation.matching", None)
    with pytest.warns(DeprecationWarning, match=r"use fpverify\.Matcher"):
        former = importlib.import_module("fpverify.evaluation.matching")
    assert former.Matcher is fpverify.Matcher

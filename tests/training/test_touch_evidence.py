"""What a model learns about touches, and what it keeps."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fpverify.comparison.touches.alignment import ANYHOW
from fpverify.comparison.touches.finger import FORMER, Keeping
from fpverify.matching.touches import COHORT, read_tables
from fpverify.models import load_bundle, write_bundle
from fpverify.training import touch_evidence
from fpverify.training.touch_evidence import DOUBT, KEEPING, UPRIGHT, learn_touches, with_cohort


def test_worths_can_be_kept(tmp_path: Path, release_model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(touch_evidence, "PRINTS", 1)
    old = load_bundle(release_model)
    contents = {name: old.content(name) for name in old.card.files}
    copy = write_bundle(tmp_path / "model", replace(old.card, search_files={}), contents)
    made = learn_touches(copy, tmp_path / "sets", sides_px=(), keep_worths=True)
    before, after = read_tables(old), read_tables(made)
    np.testing.assert_array_equal(after.places.table, before.places.table)
    np.testing.assert_array_equal(after.blocks.table, before.blocks.table)
    assert made.content(COHORT) == old.content(COHORT)
    assert after.scales == after.print_scales == ()
    assert (after.upright, after.keeping) == (UPRIGHT, KEEPING)
    assert after.doubt == DOUBT


def test_another_network_gets_a_cohort_of_its_own(
    tmp_path: Path, release_model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(touch_evidence, "COHORT_FINGERS", 2)
    old = load_bundle(release_model)
    contents = {name: old.content(name) for name in old.card.files}
    copy = write_bundle(tmp_path / "model", replace(old.card, search_files={}), contents)
    made = with_cohort(copy, tmp_path / "sets")
    before, after = read_tables(old), read_tables(made)
    assert len(before.cohort) > len(after.cohort) > 100
    np.testing.assert_array_equal(after.places.table, before.places.table)
    assert after.scales == after.print_scales == ()  # of the cohort that was


def test_each_model_keeps_fingers_as_it_did() -> None:
    for name in ("ridgeline-12", "ridgeline-13"):
        known = read_tables(load_bundle(name))
        assert (known.upright, known.keeping, known.doubt) == (ANYHOW, FORMER, None)
    known = read_tables(load_bundle("ridgeline-14"))
    assert (known.upright, known.keeping, known.doubt) == (UPRIGHT, Keeping(bits=2), None)
    known = read_tables(load_bundle("ridgeline-15"))
    assert (known.keeping, known.doubt) == (Keeping(bits=2), DOUBT)
    for name in ("ridgeline-16", "ridgeline-17"):
        known = read_tables(load_bundle(name))
        assert (known.keeping, known.doubt) == (KEEPING, DOUBT)

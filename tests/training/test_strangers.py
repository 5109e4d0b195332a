"""Strangers that a model is to know."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("keras")
pytestmark = pytest.mark.train

from fpverify.matching.cohorts import FILE, read_cohort  # noqa: E402
from fpverify.models import load_bundle, write_bundle  # noqa: E402
from fpverify.synthesis.dataset import write_ridges  # noqa: E402
from fpverify.training.strangers import CHOSEN, chosen_columns, learn_strangers  # noqa: E402


def test_columns_are_chosen_that_tell_of_all() -> None:
    rng = np.random.default_rng(3)
    likeness = rng.normal(size=(200, 1))
    telling = np.arange(40) % 4 == 0
    scores = np.where(telling, 3 * likeness, 0) + rng.normal(size=(200, 40))
    chosen = chosen_columns(scores, 5)
    assert len(set(chosen)) == 5
    assert telling[chosen].all()


def test_columns_that_do_not_vary_are_no_reason_to_fail() -> None:
    assert sorted(chosen_columns(np.ones((5, 4)), 4)) == [0, 1, 2, 3]


@pytest.mark.slow
def test_a_model_learns_strangers_and_keeps_the_rest(tmp_path: Path) -> None:
    old = load_bundle("ridgeline-13")
    bundle = write_bundle(tmp_path / "model", replace(old.card, search_files={}), old.contents()[0])
    write_ridges(tmp_path / "prints", fingers=160, impressions=1, seed=12, progress=False, workers=2)
    learnt = learn_strangers(bundle, [tmp_path / "prints"])
    assert set(learnt.card.files) == {*old.card.files, FILE}
    assert {name: learnt.card.files[name] for name in old.card.files} == old.card.files
    known = read_cohort(learnt)
    assert len(known.strangers) == CHOSEN
    assert known.slope > 0


def test_too_few_prints_teach_nothing(tmp_path: Path) -> None:
    old = load_bundle("ridgeline-13")
    write_ridges(tmp_path / "prints", fingers=2, impressions=1, seed=12, progress=False)
    assert learn_strangers(old, [tmp_path / "prints"]) is old

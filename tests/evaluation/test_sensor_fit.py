"""A calibration of one's own: it repairs what is wrong with the shipped one, and is judged on other fingers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from fpverify.comparison import Calibration
from fpverify.errors import CorruptModel, ModelMismatch, TooFewComparisons
from fpverify.evaluation.sensor_fit import cross_fitted, fit_sensor
from fpverify.matching import Matcher
from fpverify.matching.sensor_calibration import calibrated_card
from fpverify.models import load_bundle
from fpverify.vocabulary import Evaluation

MODEL = load_bundle().model_id


def similarities(fingers: int = 30, impressions: int = 4, scale: float = 0.02, seed: int = 0) -> Evaluation:
    """Raw similarities of a made-up sensor: non-mated ones fall off exponentially."""
    rng = np.random.default_rng(seed)
    finger = np.repeat(np.arange(fingers), impressions)
    probe, reference = (side.astype(np.int32) for side in np.triu_indices(len(finger), 1))
    mated = finger[probe] == finger[reference]
    raw = np.where(mated, rng.normal(0.3, 0.05, len(mated)), rng.exponential(scale, len(mated)))
    scans = tuple(f"{f}_{i}" for i, f in enumerate(finger.tolist()))
    return Evaluation(
        scans, tuple(map(str, finger.tolist())), probe, reference, mated, raw, "own", "dense", "0" * 64, MODEL
    )


def exponential(scale: float) -> Calibration:
    return Calibration.fit(np.random.default_rng(5).exponential(scale, 100_000))


def test_it_tells_how_wrong_the_shipped_one_would_have_been() -> None:
    fit = fit_sensor(similarities(scale=0.02), exponential(0.01), "thirty made-up fingers")
    at = {point.nominal: point for point in fit.shipped}
    assert at[0.01].realised == pytest.approx(0.1, rel=0.15)  # twice the scale: the square root of the rate
    own = {point.nominal: point for point in fit.own}
    assert own[0.01].realised == pytest.approx(0.01, rel=0.35)
    assert set(own) == set(at)


def test_every_comparison_is_judged_by_a_curve_of_other_fingers() -> None:
    raw = similarities(fingers=20, impressions=4)  # two in a fold
    spoilt = np.array([name == "3" for name in raw.fingers])
    touched = spoilt[raw.probe] | spoilt[raw.reference]
    other = replace(raw, scores=np.where(touched & ~raw.mated, raw.scores + 0.2, raw.scores))
    before, after = cross_fitted(raw), cross_fitted(other)
    beside = touched & ~raw.mated
    fold_mates = after.scores == before.scores
    assert fold_mates[~touched].any()  # those between the fold of finger 3 and another one
    assert not fold_mates[~touched].all()  # the others were fitted with finger 3
    assert (after.scores[beside] > before.scores[beside]).all()


def test_failures_stay_failures() -> None:
    raw = similarities()
    raw.scores[:5] = -np.inf
    assert np.isneginf(cross_fitted(raw).scores[:5]).all()
    fit_sensor(raw, exponential(0.02), "made-up")


@pytest.mark.parametrize(("fingers", "impressions"), [(10, 4), (11, 3), (15, 2), (20, 2)])
def test_as_few_prints_as_are_said_to_be_enough_are(fingers: int, impressions: int) -> None:
    assert np.isfinite(cross_fitted(similarities(fingers, impressions)).scores).all()


@pytest.mark.parametrize(
    ("fingers", "impressions", "said"),
    [
        (9, 8, "9 fingers; a calibration of one's own needs at least 10: 10 fingers with 4 impressions each"),
        (10, 3, "405 non-mated comparisons: .* on 252 of them, and takes 300 at least; 10 fingers with 4 impressions"),
        (14, 2, "364 non-mated comparisons: .* on 264 of them"),
    ],
)
def test_fewer_are_refused_with_what_would_be_enough(fingers: int, impressions: int, said: str) -> None:
    with pytest.raises(TooFewComparisons, match=said):
        cross_fitted(similarities(fingers, impressions))


def test_few_fingers_are_each_a_fold_of_their_own() -> None:
    raw = similarities(fingers=10, impressions=8)
    spoilt = np.array([name == "3" for name in raw.fingers])
    touched = spoilt[raw.probe] | spoilt[raw.reference]
    other = replace(raw, scores=np.where(touched & ~raw.mated, raw.scores + 0.2, raw.scores))
    changed = cross_fitted(raw).scores != cross_fitted(other).scores
    assert not changed[touched & raw.mated].any()  # fitted without finger 3
    assert changed[~touched].any()


def test_a_matcher_uses_the_file(tmp_path: Path) -> None:
    fit = fit_sensor(similarities(), exponential(0.02), "thirty made-up fingers")
    path = tmp_path / "own.yaml"
    fit.fitted.write(path)
    own = Matcher.load(calibration=path)
    assert own.calibration == fit.fitted.calibration
    assert own.likelihood == fit.fitted.likelihood
    assert own.operating_point(0.01).evidence == "thirty made-up fingers"
    assert own.model_id == Matcher.load().model_id


def test_a_folder_has_a_calibration_for_each_model_that_needs_one(tmp_path: Path) -> None:
    own = fit_sensor(similarities(), exponential(0.02), "made-up")
    fit_sensor(replace(similarities(seed=5), model_id="another"), exponential(0.02), "made-up").fitted.write(
        tmp_path / "a.yaml"
    )
    assert Matcher.load(calibration=tmp_path).bundle.card == load_bundle().card
    own.fitted.write(tmp_path / "b.yaml")
    assert Matcher.load(calibration=tmp_path).calibration == own.fitted.calibration
    own.fitted.write(tmp_path / "c.yaml")
    with pytest.raises(CorruptModel, match=r"b\.yaml and .*c\.yaml are both for"):
        Matcher.load(calibration=tmp_path)


def test_the_file_of_another_model_is_refused(tmp_path: Path) -> None:
    fit = fit_sensor(replace(similarities(), model_id="another"), exponential(0.02), "made-up")
    fit.fitted.write(tmp_path / "own.yaml")
    with pytest.raises(ModelMismatch, match="made for the model 'another'"):
        calibrated_card(load_bundle().card, tmp_path / "own.yaml")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a: [", "not YAML"),
        ("[]", "no calibration"),
        ("", "no calibration"),
        (f"model_id: {MODEL}", "not a model card"),
        (f"model_id: {MODEL}\ncalibration: {{}}\nlikelihood: {{}}\noperating_points: []", "lacks the entry"),
        (None, "cannot be read"),
    ],
)
def test_a_damaged_file_is_refused(tmp_path: Path, content: str | None, said: str) -> None:
    path = tmp_path / "own.yaml"
    if content is not None:
        path.write_text(content)
    with pytest.raises(CorruptModel, match=said):
        calibrated_card(load_bundle().card, path)


def test_the_file_is_plain_yaml(tmp_path: Path) -> None:
    fit_sensor(similarities(), exponential(0.02), "made-up").fitted.write(tmp_path / "own.yaml")
    plain = yaml.safe_load((tmp_path / "own.yaml").read_text())
    assert plain["model_id"] == MODEL
    assert [point["target_fmr"] for point in plain["operating_points"]][:4] == [0.1, 0.05, 0.02, 0.01]

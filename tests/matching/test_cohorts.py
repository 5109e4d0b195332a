"""The strangers of a bundle, and what a matcher makes of them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_up_prints import finger

from fpverify import Matcher, synthesise
from fpverify.comparison import similarities
from fpverify.errors import CorruptModel
from fpverify.matching.cohorts import FILE, cohort_file, knows_strangers, read_cohort, renamed
from fpverify.models import Bundle, load_bundle, write_bundle
from fpverify.vocabulary import Template


def strangers(bundle: Bundle) -> list[Template]:
    made = (finger(seed, 30) for seed in range(3))
    return [replace(one, model_id=bundle.model_id) for one in made]


def with_strangers(folder: Path, content: bytes) -> Bundle:
    former = load_bundle("ridgeline-13", whole=False)
    return write_bundle(folder, former.card, former.contents()[0] | {FILE: content})


def resembling_many(folder: Path) -> Bundle:
    """A model by which every print scores twice as much with strangers as prints do."""
    return with_strangers(
        folder, cohort_file(strangers(load_bundle("ridgeline-13", whole=False)), 20 / np.log(10), 0.0)
    )


def test_strangers_come_back_as_they_were_written(tmp_path: Path) -> None:
    given = strangers(load_bundle("ridgeline-13", whole=False))
    bundle = with_strangers(tmp_path / "model", cohort_file(given, 1.25, 0.5))
    assert knows_strangers(bundle)
    known = read_cohort(bundle)
    assert (known.intercept, known.slope, known.alignment) == (1.25, 0.5, bundle.alignment)
    assert known.calibration == Matcher.of(bundle).calibration
    assert [len(one) for one in known.strangers] == [len(one.minutiae) for one in given]


def test_former_models_know_no_strangers_and_score_as_ever() -> None:
    matcher = Matcher.load("ridgeline-13")
    assert not knows_strangers(matcher.bundle)
    raw = np.array([0.1, 0.2])
    assert matcher.cohort is None
    assert matcher.heeded(finger(1, 30), [finger(2, 30)] * 2, raw) is raw


@pytest.mark.parametrize(
    "changed",
    [
        b"no JSON",
        b"[]",
        b"{}",
        {"strangers": []},
        {"strangers": ["!"]},
        {"strangers": ["QUJD"]},
        {"slope": "steep"},
        {"intercept": None},
        {"slope": float("nan")},
    ],
)
def test_what_is_no_file_of_strangers_is_refused_by_name(tmp_path: Path, changed: bytes | dict[str, object]) -> None:
    whole = json.loads(cohort_file(strangers(load_bundle("ridgeline-13", whole=False)), 1.0, 0.5))
    content = changed if isinstance(changed, bytes) else json.dumps(whole | changed).encode()
    with pytest.raises(CorruptModel, match=r"cohort\.json: strangers' templates"):
        read_cohort(with_strangers(tmp_path / "model", content))


def test_strangers_can_be_those_of_the_same_networks_under_another_id() -> None:
    given = strangers(load_bundle("ridgeline-13", whole=False))
    content = renamed(cohort_file(given, 1.25, 0.5), "next")
    assert content == cohort_file([replace(one, model_id="next") for one in given], 1.25, 0.5)


def test_prints_that_keep_their_skin_are_believed_no_more(tmp_path: Path) -> None:
    matcher = Matcher.of(resembling_many(tmp_path / "model"))
    scan = next(iter(synthesise(1, 1, seed=5))).scan
    plain, skin = matcher.template(scan), matcher.touches.with_skin(matcher.acquire(scan))
    doubtful = matcher.calibration.raw_of([46.0])
    for probe in (plain, skin):
        for reference in (plain, skin):
            (score,) = matcher.calibrated(matcher.heeded(probe, [reference], doubtful))
            assert score.value == pytest.approx(23, abs=0.1)
    whole = matcher.calibrated(matcher.heeded(plain, [plain, skin], np.repeat(doubtful, 2)))
    assert [one.value for one in whole] == pytest.approx([23, 23], abs=0.1)


def test_strangers_are_read_only_where_a_score_is_in_doubt(tmp_path: Path) -> None:
    matcher = Matcher.of(resembling_many(tmp_path / "model"))
    one = finger(1, 30)
    (matcher.bundle.folder / FILE).unlink()
    matcher.believed(one, matcher.calibration.raw_of([14.0, 81.0]))
    with pytest.raises(CorruptModel, match=r"cohort\.json"):
        matcher.believed(one, matcher.calibration.raw_of([30.0]))


def test_a_model_that_was_sent_compares_touches_and_knows_strangers(tmp_path: Path, release_model: str) -> None:
    (tmp_path / "there").mkdir()
    for name, content in load_bundle(release_model).packed().items():
        (tmp_path / "there" / name).write_bytes(content)
    there = Matcher.load(tmp_path / "there")
    assert there.touches.calibration is not None
    assert there.cohort is not None


def test_strangers_of_another_model_are_refused(tmp_path: Path) -> None:
    others = [replace(one, model_id="another") for one in strangers(load_bundle("ridgeline-13", whole=False))]
    with pytest.raises(CorruptModel, match=r"cohort\.json: strangers' templates of this model"):
        read_cohort(with_strangers(tmp_path / "model", cohort_file(others, 1.0, 0.5)))


def test_a_matcher_believes_a_probe_less_that_resembles_many(tmp_path: Path) -> None:
    bundle = load_bundle("ridgeline-13", whole=False)
    believed = Matcher.of(with_strangers(tmp_path / "model", cohort_file(strangers(bundle), 8.7, 0.0)))
    prints = [*synthesise(1, 2, seed=5), *synthesise(1, 1, seed=6)]
    one, mate, other = (believed.template(print_.scan) for print_ in prints)
    plain = similarities(one, [mate, other], alignment=bundle.alignment)
    found = believed.scores(one, [mate, other])
    before = believed.calibrated(plain)
    assert found[0] == before[0]
    assert found[1] == before[1]
    doubtful = believed.calibration.raw_of([46.0])
    assert believed.calibrated(believed.heeded(one, [other], doubtful))[0].value == pytest.approx(23, abs=0.1)

"""Prints that keep their skin when they are enrolled: touches of a small sensor find themselves on them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest

from fpverify.errors import ModelError
from fpverify.evaluation.runner import Runner
from fpverify.evaluation.sets.layout import Print
from fpverify.evaluation.sets.protocol import Plan, finger_comparisons
from fpverify.matching import Matcher
from fpverify.scans import read_scan
from fpverify.scans.files import write_scan
from fpverify.store import decode_template, encode_template
from fpverify.verifier import Verifier
from fpverify.vocabulary import Scan, Template

SIDE_PX = 160  # of a touch at 500 ppi: 8.1 mm
SAMPLES = Path(str(files("fpverify").joinpath("samples")))


def sample(name: str) -> Scan:
    return read_scan(SAMPLES / f"{name}.bmp")


def touch(name: str) -> Scan:
    """The middle of a sample, as a small sensor sees it."""
    scan = sample(name)
    top, left = ((side - SIDE_PX) // 2 for side in scan.pixels.shape)
    return replace(scan, pixels=scan.pixels[top : top + SIDE_PX, left : left + SIDE_PX].copy(), source=f"touch {name}")


@pytest.fixture(scope="module")
def kept() -> Template:
    matcher, scan = Matcher.load(), sample("A_1")
    return matcher.enrolled(scan, matcher.template(scan), keeps_skin=True)


@pytest.fixture
def verifier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Verifier]:
    monkeypatch.setenv("FPVERIFY_KEEP_SKIN", "yes")
    with Verifier.open(tmp_path / "db", key="none") as opened:
        yield opened


def test_an_enrolled_print_keeps_its_skin_and_a_touch_matches_it(verifier: Verifier) -> None:
    reference = verifier.enroll(sample("A_1"), "A")
    assert reference.to_dict()["keeps_skin"]
    assert verifier.references("A")[0].template.skin is not None
    own, other = (verifier.verify(touch(name), "A").score.value for name in ("A_2", "B_1"))
    assert own > 30  # at the stated rate of 0.1 %
    assert other < 10
    plain = Verifier(verifier.store, verifier.matcher, verifier.fmr).enroll(sample("A_1"), "plain", unchecked=True)
    assert plain.template.skin is None
    assert own > verifier.verify(touch("A_2"), "plain").score.value + 5


def test_whole_prints_score_as_without(kept: Template) -> None:
    matcher = Matcher.load()
    bare, probe = replace(kept, skin=None), matcher.template(sample("A_2"))
    assert matcher.score(probe, kept) == matcher.score(probe, bare)
    assert matcher.score(kept, probe) == matcher.score(bare, probe)
    assert matcher.score(kept, kept) == matcher.score(bare, bare)


def test_what_is_kept_takes_24_kb_and_scores_as_it_did_when_it_is_read_again(kept: Template) -> None:
    matcher, record = Matcher.load(), encode_template(kept)
    assert len(record) <= 24 * 1024
    probe = matcher.template(touch("A_2"))
    assert matcher.score(probe, decode_template(record)) == matcher.score(probe, kept)
    assert matcher.score(kept, probe) == matcher.score(probe, kept)


def test_several_scans_of_a_person_keep_theirs_and_touches_are_joined_as_ever(verifier: Verifier) -> None:
    scans = [sample("A_1"), touch("B_1"), touch("B_1")]
    scans[2] = replace(scans[2], pixels=scans[2].pixels[8:, 8:].copy(), source="another touch")
    enrolled = verifier.enroll_together(scans, "A", ["right-index", "left-index", "left-index"], unchecked=True)
    assert [one.template.skin is not None and one.template.skin.whole for one in enrolled] == [True, False, False]
    assert enrolled[1].template.of_touches


def test_a_touch_is_not_learnt_of_a_print(verifier: Verifier) -> None:
    verifier.enroll(sample("A_1"), "A")
    assert verifier.verify(touch("A_2"), "A", learn=True).learnt == ()


def test_an_evaluation_compares_touches_as_a_verification_does(tmp_path: Path, kept: Template) -> None:
    prints = []
    for name, scan in (("1_1", sample("A_1")), ("1_2", touch("A_2")), ("2_1", touch("B_1"))):
        path = tmp_path / f"{name}.png"
        write_scan(scan, path)
        prints.append(Print(path, name[0], int(name[-1]), name))
    fingers = tuple(one.finger for one in prints)
    plan = Plan(
        "a set", "dense", tuple(one.name for one in prints), fingers, finger_comparisons(fingers), tuple(prints)
    )
    matcher = Matcher.load()
    templates = [kept, *(matcher.template(one) for one in (touch("A_2"), touch("B_1")))]
    done = Runner(workers=1, keeps_skin=True).evaluate(plan)
    for probe, reference, score in zip(done.probe, done.reference, done.scores, strict=True):
        assert score == pytest.approx(matcher.score(templates[probe], templates[reference]).value, abs=1e-6)


def test_a_model_that_does_not_know_how_says_so() -> None:
    matcher, scan = Matcher.load("ridgeline-11"), sample("A_1")
    template = matcher.template(scan)
    assert matcher.enrolled(scan, template, keeps_skin=False) is template
    with pytest.raises(ModelError, match="does not compare touches with whole prints"):
        matcher.enrolled(scan, template, keeps_skin=True)

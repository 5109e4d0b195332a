"""What an explanation says, on prints made so that one cause holds."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from made_up_prints import finger, impression, moved_by, template

from fpverify.comparison import Alignment, Overlap, overlap
from fpverify.explanation.explanation import (
    FEW_MINUTIAE,
    LEAST_QUALITY,
    LITTLE_COMMON_MM2,
    LOW_SHARE,
    WEAK_STRENGTH,
    Explanation,
    Side,
    explain,
    laid_cells,
)
from fpverify.features import Acquired
from fpverify.matching import Matcher
from fpverify.scans import read_scan
from fpverify.vocabulary import Interval, OperatingPoint, PreparedScan, Scan, Score, Template

SAMPLES = Path(__file__).parents[2] / "fpverify" / "samples"
WHOLE = np.ones((50, 50), bool)  # 413 mm², under minutiae that lie within 190 px
UNMOVED = Alignment(1 + 0j, 0j, 0j)


def point(threshold: float = 30.0) -> OperatingPoint:
    rate = Interval(0.0, 0.01)
    return OperatingPoint(0.001, threshold, 0.001, 0.02, rate, rate, 0.0, 10, 1000, "made-up prints", "test-model")


def side(role: str, print_: Template, foreground: np.ndarray = WHOLE, quality: float = 0.8) -> Side:
    kept = Template(print_.model_id, quality, print_.minutiae, print_.descriptors)
    image = np.sin(np.arange(200, dtype=np.float32))[None, :].repeat(200, 0)
    scan = Scan(np.zeros((400, 400), np.uint8), 500.0, f"some/folder/{role}.bmp")
    return Side(role, scan, Acquired(kept, PreparedScan(image, 0.5), foreground))  # type: ignore[arg-type]


def explained(probe: Side, reference: Side, score: float = 5.0, found: Overlap | None = None) -> Explanation:
    found = found or overlap(probe.template, reference.template)
    return Explanation(probe, reference, found, found.similarity, Score(score), point())


def laid(partners: int, strength: float, common: int, size: int = 40) -> Overlap:
    """An overlap of so many partners of one strength among the common minutiae of two prints."""
    inside = np.arange(size) < common
    pairs = np.stack([np.arange(partners)] * 2, axis=1)
    return Overlap(
        100, 12, UNMOVED, pairs, np.full(partners, strength, np.float32), inside, inside, strength * partners, 0.1
    )


def causes(explanation: Explanation) -> list[str]:
    return [cause.name for cause in explanation.causes]


def both(size: int = 40, **changed: object) -> tuple[Side, Side]:
    return side("probe", finger(1, size), **changed), side("reference", finger(2, size), **changed)  # type: ignore[arg-type]


# --- causes ---------------------------------------------------------------------------------------------------------


def test_a_match_is_explained_by_its_partners() -> None:
    one = finger(3)
    told = explained(side("probe", one), side("reference", moved_by(one, 0.2, 3, 4)), score=60.0)
    assert causes(told) == ["partners"]
    assert "40 of the 40 minutiae in the common area have a partner" in told.causes[0].sentence
    assert told.verdict == "match: score 60.0 ≥ threshold 30.0 (false match rate 0.1 %)"


def test_many_minutiae_in_common_with_few_partners_are_two_fingers() -> None:
    told = explained(*both(), found=laid(3, 0.8, 30))
    assert causes(told) == ["few-partners"]
    assert told.causes[0].sentence.startswith("3 of the 30 minutiae in the common area have a partner: this is how two")


def test_partners_between_mated_and_non_mated_are_not_called_two_fingers() -> None:
    told = explained(*both(), found=laid(13, 0.8, 30))
    assert causes(told) == ["few-partners"]
    assert "two different fingers less" in told.causes[0].sentence


ENOUGH_OF_30 = math.ceil(30 * LOW_SHARE)


@pytest.mark.parametrize(("partners", "few"), [(ENOUGH_OF_30 - 1, True), (ENOUGH_OF_30, False)])
def test_few_partners_are_less_than_the_stated_share(partners: int, few: bool) -> None:
    assert ("few-partners" in causes(explained(*both(), found=laid(partners, 0.8, 30)))) == few


def test_little_common_area_is_told_in_square_millimetres() -> None:
    corner = np.zeros((50, 50), bool)
    corner[:15, :15] = True
    probe, reference = both()
    told = explained(side("probe", probe.template, corner), reference, found=laid(6, 0.8, 6))
    assert causes(told) == ["little-overlap"]
    assert told.common_mm2 == pytest.approx(225 * (4 * 25.4 / 250) ** 2)
    assert told.common_mm2 < LITTLE_COMMON_MM2
    assert "only 37 mm² with 6 minutiae" in told.causes[0].sentence


def test_few_common_minutiae_on_a_large_area_are_little_overlap_too() -> None:
    assert causes(explained(*both(), found=laid(5, 0.8, 7))) == ["little-overlap"]


def test_little_overlap_does_not_prove_two_fingers() -> None:
    told = explained(*both(), found=laid(1, 0.8, 7))
    assert causes(told) == ["little-overlap", "few-partners"]
    assert told.causes[1].sentence == "1 of the 7 minutiae in the common area has a partner."


def test_partners_that_hardly_resemble_each_other_are_named_weak() -> None:
    told = explained(*both(), found=laid(25, WEAK_STRENGTH - 0.1, 30))
    assert causes(told) == ["weak-partners"]
    assert f"only by {WEAK_STRENGTH - 0.1:.2f} of 1" in told.causes[0].sentence


def test_without_consensus_the_prints_cannot_be_laid_on_each_other() -> None:
    told = explained(*both(3))
    assert causes(told)[0] == "no-consensus"
    assert "cannot be laid on each other" in told.causes[0].sentence
    assert told.common_mm2 is None


@pytest.mark.parametrize(("size", "few"), [(FEW_MINUTIAE - 1, True), (FEW_MINUTIAE, False)])
def test_a_print_of_few_minutiae_is_named(size: int, few: bool) -> None:
    told = explained(side("probe", finger(1)), side("reference", finger(2, size)), found=laid(3, 0.8, 30))
    named = [cause.sentence for cause in told.causes if cause.name == "few-minutiae"]
    assert len(named) == few
    assert all("the reference shows only 11 minutiae" in sentence for sentence in named)


@pytest.mark.parametrize("word", ["match", "non-match"])
def test_a_poor_print_is_named_with_its_quality(word: str) -> None:
    probe = side("probe", finger(1), quality=LEAST_QUALITY - 0.15)
    told = explained(probe, side("reference", finger(2)), 60.0 if word == "match" else 5.0, laid(20, 0.8, 30))
    assert told.decision.word == word
    assert causes(told)[-1] == "poor-quality"
    assert "the probe is poor: quality 0.30 of 1" in told.causes[-1].sentence


def test_a_score_below_the_threshold_without_other_cause_fell_just_short() -> None:
    told = explained(*both(), score=27.5, found=laid(20, 0.8, 30))
    assert causes(told) == ["just-short"]
    assert "2.5 short of the threshold" in told.causes[0].sentence


def test_every_sentence_is_one() -> None:
    corner = np.zeros((50, 50), bool)
    corner[0, 0] = True
    poor = both(8, foreground=corner, quality=0.2)
    for told in (explained(*poor), explained(*poor, score=50.0, found=laid(4, 0.1, 8, 8)), explained(*both())):
        for cause in told.causes:
            assert cause.sentence[0].isupper() or cause.sentence[0].isdigit()
            assert cause.sentence.endswith(".")
            assert "\n" not in cause.sentence


# --- numbers --------------------------------------------------------------------------------------------------------


def test_the_foreground_is_laid_where_the_minutiae_are() -> None:
    cells = np.zeros((40, 40), bool)
    cells[10:20, 5:12] = True
    shift = Alignment(1 + 0j, 0j, 16 + 8j)  # 4 cells to the right, 2 down
    expected = np.zeros((40, 40), bool)
    expected[12:22, 9:16] = True
    np.testing.assert_array_equal(laid_cells(cells, (40, 40), shift), expected)
    quarter = Alignment(1j, 80 + 80j, 80 + 80j)  # about the middle: x becomes y
    np.testing.assert_array_equal(laid_cells(cells, (40, 40), quarter), np.rot90(cells, -1))


def test_steps_count_what_the_overlap_holds() -> None:
    told = explained(*both(), found=laid(20, 0.8, 30))
    assert [number for _, number in told.steps] == ["100", "12", "30", "20", "0.100", "5.0"]


def test_programs_get_plain_values() -> None:
    one = finger(3, minutiae=20)
    told = explained(side("probe", one), side("reference", impression(one, 3)))
    plain = told.to_dict()
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert list(plain) == [
        *("decision", "score", "extrapolated", "llr", "threshold", "target_fmr", "fmr", "fnmr", "model"),
        "raw_similarity",
        *("causes", "overlap", "probe", "reference"),
    ]
    assert list(plain["overlap"]) == [
        *("proposed_pairs", "consensus_pairs", "alignment", "common_area_mm2", "common_minutiae", "partners"),
    ]
    assert len(plain["probe"]["minutiae"]) == 20
    assert told.overlap is not None
    partners = [(pair["probe"], pair["reference"]) for pair in plain["overlap"]["partners"]]
    assert partners == [tuple(pair) for pair in told.overlap.pairs.tolist()]


# --- with the shipped model -----------------------------------------------------------------------------------------

SAMPLE_SIMILARITIES = {("A_1", "A_2"): 0.107, ("A_1", "B_1"): 0.00513, ("A_2", "B_1"): 0.0177}


@pytest.fixture(scope="module")
def matcher(release_model: str) -> Matcher:
    return Matcher.load()


@pytest.mark.parametrize("names", SAMPLE_SIMILARITIES)
def test_explaining_samples_gives_their_score_and_mirrors(matcher: Matcher, names: tuple[str, str]) -> None:
    scans = [read_scan(SAMPLES / f"{name}.bmp") for name in names]
    there = explain(matcher, *scans, matcher.operating_point(0.001))
    back = explain(matcher, *scans[::-1], matcher.operating_point(0.001))
    assert there.score == back.score == matcher.score(matcher.template(scans[0]), matcher.template(scans[1]))
    assert there.raw == pytest.approx(SAMPLE_SIMILARITIES[names], abs=1e-3)
    assert there.overlap is not None
    assert back.overlap is not None
    np.testing.assert_array_equal(there.overlap.pairs, back.overlap.pairs[:, ::-1])
    assert there.common_mm2 == pytest.approx(back.common_mm2, rel=0.05)
    assert there.decision.match == (names[0][0] == names[1][0])


def test_one_print_with_itself_lies_on_itself(matcher: Matcher) -> None:
    scan = read_scan(SAMPLES / "A_1.bmp")
    told = explain(matcher, scan, scan, matcher.operating_point(0.001))
    assert told.overlap is not None
    assert told.overlap.alignment is not None
    np.testing.assert_allclose(told.overlap.alignment.matrix, np.eye(2, 3), atol=1e-6)
    assert told.common_mm2 == told.probe.acquired.area_mm2
    np.testing.assert_array_equal(told.overlap.pairs[:, 0], told.overlap.pairs[:, 1])


def test_a_part_of_a_print_lies_where_it_was_cut_from(matcher: Matcher) -> None:
    whole = read_scan(SAMPLES / "A_1.bmp")
    part = Scan(np.ascontiguousarray(whole.pixels[60:, 40:]), whole.ppi, "part")
    told = explain(matcher, part, whole, matcher.operating_point(0.001))
    assert told.overlap is not None
    assert told.overlap.alignment is not None
    scale = 250 / whole.ppi
    np.testing.assert_allclose(told.overlap.alignment.matrix[:, 2], [40 * scale, 60 * scale], atol=1.5)


def test_a_template_keeps_its_own_indices(matcher: Matcher) -> None:
    """Partners are named by their place in the template of the side they were given on."""
    one, other = finger(8, 30), finger(8, 30)
    order = np.arange(30)[::-1]
    m = other.minutiae
    turned = template(m.x_px[order], m.y_px[order], m.angle_rad[order], other.descriptors[order])
    for probe, reference in ((one, turned), (turned, one)):
        found = overlap(probe, reference)
        assert all(i == 29 - j for i, j in found.pairs.tolist())

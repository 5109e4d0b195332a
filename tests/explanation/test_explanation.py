"""What a comparison found, on prints made for it and with the shipped model."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from made_up_prints import finger, impression, template
from made_up_sides import both, explained, laid, side

from fpverify.comparison import overlap
from fpverify.explanation.explanation import explain
from fpverify.matching import Matcher
from fpverify.scans import read_scan
from fpverify.vocabulary import Scan

SAMPLES = Path(__file__).parents[2] / "fpverify" / "samples"


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

SAMPLE_SIMILARITIES = {("A_1", "A_2"): 0.209, ("A_1", "B_1"): 0.00726, ("A_2", "B_1"): 0.0179}


@pytest.fixture(scope="module")
def matcher(release_model: str) -> Matcher:
    return Matcher.load()


@pytest.mark.parametrize("names", SAMPLE_SIMILARITIES)
def test_explaining_samples_gives_their_score_and_mirrors(matcher: Matcher, names: tuple[str, str]) -> None:
    scans = [read_scan(SAMPLES / f"{name}.bmp") for name in names]
    there = explain(matcher, *scans, matcher.operating_point(0.001))
    back = explain(matcher, *scans[::-1], matcher.operating_point(0.001))
    templates = [matcher.template(scan) for scan in scans]
    assert there.score == matcher.score(*templates)
    assert back.score == matcher.score(*templates[::-1])
    assert there.overlap is not None
    assert back.overlap is not None
    assert there.overlap.similarity == back.overlap.similarity == pytest.approx(SAMPLE_SIMILARITIES[names], abs=1e-3)
    for told in (there, back):
        assert (told.before is None) == (told.raw == there.overlap.similarity)
        assert ("score, before strangers were asked" in dict(told.steps)) == (told.before is not None)
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

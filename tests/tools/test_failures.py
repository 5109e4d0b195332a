"""Attribution of failing comparisons."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest
from made_up_prints import finger, moved_by, template
from tool_modules import tool

from fpverify.comparison import prepare_template, similarity
from fpverify.vocabulary import Scan, Template


@pytest.fixture(scope="module")
def failures() -> ModuleType:
    return tool("failures")


def folder(failures: ModuleType, templates: list[Template]) -> object:
    scans = [Scan(np.zeros((380, 380), np.uint8), 500.0)] * len(templates)
    prepared = [prepare_template(one) for one in templates]
    raw = np.array([[similarity(a, b) for b in prepared] for a in prepared])
    names = [f"1_{k + 1}" for k in range(len(templates))]
    return failures.Folder(names, ["1"] * len(templates), scans, templates, prepared, raw)


def part(whole: Template, keep: np.ndarray) -> Template:
    m = whole.minutiae
    return template(m.x_px[keep], m.y_px[keep], m.angle_rad[keep], whole.descriptors[keep])


def test_affine_maps_are_found_and_chained_exactly(failures: ModuleType) -> None:
    rng = np.random.default_rng(1)
    points = rng.normal(0, 50, 12) + 1j * rng.normal(0, 50, 12)
    first, second = failures.Alignment(1.1j, 0.1, 5 - 2j), failures.Alignment(0.9, -0.2j, 1j)
    found = failures.Alignment.fit(points, first.laid(points))
    np.testing.assert_allclose(found.laid(points), first.laid(points), atol=1e-9)
    np.testing.assert_allclose(second.after(first).laid(points), second.laid(first.laid(points)), atol=1e-9)


def test_prints_that_share_nothing_are_aligned_through_a_third(failures: ModuleType) -> None:
    whole = finger(3, minutiae=60)
    by_place = np.argsort(whole.minutiae.x_px)
    left, right = part(whole, by_place[:32]), moved_by(part(whole, by_place[28:]), 0.4, 9, 4)
    made = folder(failures, [left, whole, right])
    alignment = failures.truth(made, (0, 2), 0.1)
    assert alignment.angle_rad == pytest.approx(0.4, abs=0.02)
    finding = failures.attributed(made, (0, 2), alignment, 0.1)
    assert finding.cause == "overlap"
    assert finding.placed == 4


def test_without_a_chain_nothing_is_attributed(failures: ModuleType) -> None:
    made = folder(failures, [finger(1), finger(2)])
    assert failures.truth(made, (0, 1), 0.1) is None
    assert failures.attributed(made, (0, 1), None, 0.1).cause == "unaligned"


def test_causes_are_named_in_their_order(failures: ModuleType) -> None:
    whole = finger(4, minutiae=60)
    rng = np.random.default_rng(4)
    others = template(*rng.uniform(0, 190, (2, 60)), whole.minutiae.angle_rad, whole.descriptors)
    m = whole.minutiae
    unlike = template(m.x_px, m.y_px, m.angle_rad, finger(99, minutiae=60).descriptors)
    made = folder(failures, [whole, others, unlike, whole])
    same = failures.Alignment(1, 0, 0)
    causes = [failures.attributed(made, (0, k), same, 0.1).cause for k in (2, 3)]
    assert causes == ["descriptors", "score"]
    assert failures.attributed(made, (0, 1), same, 0.1).cause in {"missed", "spurious"}


def test_minutiae_without_partner_are_missed_if_other_impressions_show_them(failures: ModuleType) -> None:
    whole = finger(6, minutiae=80)
    few = part(whole, np.arange(0, 80, 8))
    same = failures.Alignment(1, 0, 0)
    shown = folder(failures, [whole, few, whole, whole])
    assert failures.confirmed(shown, 0, (0, 1), 0.1).all()
    assert failures.attributed(shown, (0, 1), same, 0.1).cause == "missed"


def test_minutiae_without_partner_are_spurious_if_other_impressions_do_not_show_them(failures: ModuleType) -> None:
    whole = finger(6, minutiae=80)
    few = part(whole, np.arange(0, 80, 8))
    invented = folder(failures, [whole, few, few, few])
    np.testing.assert_array_equal(np.flatnonzero(failures.confirmed(invented, 0, (0, 1), 0.05)), np.arange(0, 80, 8))
    assert failures.attributed(invented, (0, 1), failures.Alignment(1, 0, 0), 0.05).cause == "spurious"


def test_a_print_that_would_not_be_enrolled_fails_for_its_quality(failures: ModuleType) -> None:
    whole = finger(7, minutiae=60)
    made = folder(failures, [whole, replace(whole, quality=0.3)])
    assert failures.attributed(made, (0, 1), failures.Alignment(1, 0, 0), 0.1).cause == "quality"


def test_pictures_show_both_prints(failures: ModuleType) -> None:
    whole = finger(5)
    made = folder(failures, [whole, whole])
    picture = failures.picture(made, (0, 1), failures.Alignment(1, 0, 0))
    assert picture.shape == (380, 2 * 386, 3)
    assert (picture[..., 1] > 100).any()

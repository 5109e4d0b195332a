"""The common area of two aligned prints."""

from __future__ import annotations

import cmath
import math
from dataclasses import replace

import numpy as np
import pytest
from made_up_prints import finger, impression, moved_by, on_grid, template

from fpverify.comparison import Overlap, consensus, overlap, prepare_template
from fpverify.comparison.overlap import RIGID, SETTINGS, OverlapSettings, overlap_similarity
from fpverify.vocabulary import AlignmentKind, Template


def similarity(one: Template, other: Template, constants: OverlapSettings | None = None) -> float:
    sides = prepare_template(one), prepare_template(other)
    return overlap_similarity(*sides, constants or OverlapSettings())


# --- a slow and obvious second implementation, without refits ---------------------------------------------------------


def slow_similarity(one: Template, other: Template, constants: OverlapSettings) -> float:
    if prepare_template(one).order > prepare_template(other).order:
        one, other = other, one
    found = consensus(one, other)
    a, b = points(one), points(other)
    weight = [float(w) / float(found.support.sum()) for w in found.support]
    here = sum(w * a[i] for w, (i, _) in zip(weight, found.pairs, strict=True))
    there = sum(w * b[j] for w, (_, j) in zip(weight, found.pairs, strict=True))
    turn = sum(w * (a[i] - here).conjugate() * (b[j] - there) for w, (i, j) in zip(weight, found.pairs, strict=True))
    turn /= abs(turn)
    strength = {}
    for i, z in enumerate(a):
        for j, target in enumerate(b):
            tolerance = constants.distance_px + constants.distance_growth * abs(z - here)
            away = abs((z - here) * turn + there - target) / tolerance
            turned = math.remainder(
                float(one.minutiae.angle_rad[i]) + cmath.phase(turn) - float(other.minutiae.angle_rad[j]), 2 * math.pi
            )
            likely = cosine(one.descriptors[i], other.descriptors[j]) - constants.chance
            alike = max(0.0, likely) / (1 - constants.chance)
            strength[i, j] = alike * math.exp(-(away**2) - (turned / constants.angle_rad) ** 2)
    total = sum(
        min(value**2, constants.most_worth)
        for (i, j), value in strength.items()
        if value == max(strength[i, k] for k in range(len(b))) == max(strength[k, j] for k in range(len(a)))
    )
    assert len(a) == len(b), "the oracle knows complete overlap only"
    qualities = (*one.minutiae.quality.tolist(), *other.minutiae.quality.tolist())
    company = sum(min(1.0, max(0.5, 0.5 + 0.5 * (quality - 0.45) / 0.23)) for quality in qualities) / 2
    here, most = company + constants.prior_minutiae, constants.most_minutiae + constants.prior_minutiae
    power = 0.5 + constants.beyond_root
    return total / (here**power * most ** (1 - power))


def with_quality(print_: Template, quality: np.ndarray) -> Template:
    return replace(print_, minutiae=replace(print_.minutiae, quality=quality.astype(np.float32)))


def points(print_: Template) -> list[complex]:
    return [complex(x, y) for x, y in zip(print_.minutiae.x_px, print_.minutiae.y_px, strict=True)]


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a.astype(float), b.astype(float)
    return float(a @ b) / math.sqrt((a @ a) * (b @ b))


@pytest.mark.parametrize(("most_worth", "beyond_root"), [(1.0, 0.0), (0.3, 0.1)])
def test_it_agrees_with_a_slow_and_obvious_implementation(most_worth: float, beyond_root: float) -> None:
    constants = OverlapSettings(refits=0, margin_px=1e6, most_worth=most_worth, beyond_root=beyond_root)
    for seed in range(3):
        one = finger(seed, minutiae=18)
        moved = moved_by(one, 0.4, 7, -3)
        noise = np.random.default_rng(seed).normal(0, 45, moved.descriptors.shape)
        other = replace(moved, descriptors=on_grid(moved.descriptors + noise))
        one, other = (with_quality(side, np.linspace(0.3, 0.9, 18) ** power) for side, power in ((one, 1), (other, 2)))
        assert (
            0.05 < similarity(one, other, constants) == pytest.approx(slow_similarity(one, other, constants), rel=1e-4)
        )


# --- rules ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_it_is_exactly_symmetric(seed: int) -> None:
    one, other = finger(seed), impression(finger(seed), seed)
    assert similarity(one, other) == similarity(other, one)
    assert similarity(one, finger(seed + 50)) == similarity(finger(seed + 50), one)


def test_minutiae_without_a_partner_in_the_common_area_count_against() -> None:
    one = finger(4, minutiae=40)
    strangers = finger(99, minutiae=40)
    half = np.arange(40) < 20
    m, s = one.minutiae, strangers.minutiae
    x, y, angle = (np.where(half, getattr(m, n), getattr(s, n)) for n in ("x_px", "y_px", "angle_rad"))
    mixed = template(x, y, angle, np.where(half[:, None], one.descriptors, strangers.descriptors))
    keep = half.nonzero()[0]
    alone = template(m.x_px[keep], m.y_px[keep], m.angle_rad[keep], one.descriptors[keep])
    assert similarity(one, mixed) < 0.8 * similarity(alone, alone)


def test_a_doubtful_minutia_without_a_partner_counts_less() -> None:
    one, strangers = finger(4, minutiae=40), finger(99, minutiae=40)
    half = np.arange(40) < 20
    mixed = replace(one, descriptors=np.where(half[:, None], one.descriptors, strangers.descriptors))
    alike = [similarity(one, with_quality(mixed, np.where(half, 1, q))) for q in (0.9, 0.68, 0.6, 0.5, 0.45, 0.3)]
    assert alike[0] == alike[1] < alike[2] < alike[3] < alike[4] == alike[5]


def test_minutiae_outside_the_common_area_count_for_nothing() -> None:
    one = finger(4, minutiae=40)
    m = one.minutiae
    left = (m.x_px < np.median(m.x_px)).nonzero()[0]
    part = template(m.x_px[left], m.y_px[left], m.angle_rad[left], one.descriptors[left])
    assert similarity(one, part) > 0.8 * similarity(part, part)


def test_more_partners_are_worth_more() -> None:
    values = [similarity(finger(3, count), finger(3, count)) for count in (6, 12, 24, 48)]
    assert values == sorted(values)
    assert values[-1] <= 1


def two_groups(seed: int) -> tuple[Template, Template]:
    """A finger, and a print on which a dozen of its minutiae lie one way and eight others, better seen, another way."""
    one = finger(seed, minutiae=40)
    rng = np.random.default_rng(seed)
    weak, strong = np.arange(14), np.arange(14, 22)
    sides = moved_by(one, 0.1, 3, -2), moved_by(one, -0.9, 60, 140)
    parts = [(side.minutiae, group) for side, group in zip(sides, (weak, strong), strict=True)]
    x, y, angle = (
        np.concatenate([getattr(m, name)[group] for m, group in parts]) for name in ("x_px", "y_px", "angle_rad")
    )
    noise = np.where(np.arange(22) < 14, 45, 5)[:, None] * rng.normal(size=(22, one.descriptors.shape[1]))
    return one, template(x, y, angle, on_grid(one.descriptors[:22] + noise))


def test_of_several_alignments_the_best_counts() -> None:
    better = 0
    for seed in range(8):
        one, other = two_groups(seed)
        first, best = (similarity(one, other, OverlapSettings(alignments=tried)) for tried in (1, 4))
        assert best >= first
        better += best > 1.02 * first
    assert better >= 2


def test_one_strong_partner_is_worth_more_than_two_of_half_its_strength() -> None:
    one = finger(6, minutiae=30)
    noisy = one.descriptors + 75 * np.random.default_rng(6).normal(size=one.descriptors.shape)
    m = one.minutiae
    doubtful = template(m.x_px, m.y_px, m.angle_rad, on_grid(noisy))
    strengths = overlap(one, doubtful).strengths
    assert similarity(one, doubtful) < 0.9 * strengths.mean() * similarity(one, one)


def test_without_consensus_it_is_zero() -> None:
    assert similarity(finger(1, 3), finger(1, 3)) == 0
    assert similarity(finger(1, 0), finger(1)) == 0


def test_prints_on_a_line_have_no_area_and_still_compare() -> None:
    line = np.linspace(10, 150, 12)
    one = finger(2, minutiae=12)
    flat = template(line, np.full(12, 40.0), one.minutiae.angle_rad, one.descriptors)
    assert 0 < similarity(flat, flat) <= 1


def test_neighbourhoods_no_more_alike_than_chance_makes_them_count_for_nothing() -> None:
    one = finger(4, minutiae=40)
    m, rng = one.minutiae, np.random.default_rng(4)
    rows = one.descriptors / np.linalg.norm(one.descriptors.astype(float), axis=1, keepdims=True)
    aside = rng.normal(size=rows.shape)
    aside -= (aside * rows).sum(1, keepdims=True) * rows
    aside /= np.linalg.norm(aside, axis=1, keepdims=True)
    cosine = np.where(np.arange(40) < 20, 1.0, RIGID.chance - 0.03)[:, None]
    mixed = np.rint(100 * (cosine * rows + np.sqrt(1 - cosine**2) * aside)).astype(np.int8)
    found = overlap(one, template(m.x_px, m.y_px, m.angle_rad, mixed))
    assert found.total == pytest.approx(20, abs=0.1)
    assert set(map(tuple, found.pairs.tolist())) == {(k, k) for k in range(20)}


def test_few_strong_partners_are_worth_less_next_to_many_where_the_model_says_so() -> None:
    one = finger(4, minutiae=40)
    many = impression(one, 4)
    others = finger(99, minutiae=40)
    few = replace(moved_by(one, 0.2, 4, 4), descriptors=np.concatenate([one.descriptors[:4], others.descriptors[4:]]))

    def share(kind: AlignmentKind) -> float:
        """Similarity of few partners that are wholly alike, of that of many that are less."""
        return similarity(one, few, SETTINGS[kind]) / similarity(one, many, SETTINGS[kind])

    assert 0 < share("bounded") < 0.8 * share("bent")


# --- the overlap as a noun ------------------------------------------------------------------------------------------


GOLDEN = [  # raw similarities of the calibrated comparison: one that moves makes calibrations wrong
    *((seed, seed, value) for seed, value in enumerate([0.355750805159, 0.343476163067, 0.353579488221])),
    (5, 55, 2.464731256e-06),
    (7, 57, 1.963586888e-06),
]


@pytest.mark.parametrize(("one", "other", "value"), GOLDEN)
def test_similarities_of_made_up_prints_stay_what_they_were(one: int, other: int, value: float) -> None:
    second = impression(finger(other), other) if one == other else finger(other)
    assert similarity(finger(one), second) == pytest.approx(value, rel=1e-6, abs=1e-9)  # float32, on any processor


@pytest.mark.parametrize("seed", range(4))
def test_the_similarity_is_that_of_the_overlap_to_the_last_bit(seed: int) -> None:
    one = finger(seed)
    for other in (impression(one, seed), finger(seed + 50), finger(seed, 3)):
        assert overlap(one, other).similarity == similarity(one, other)


@pytest.mark.parametrize("seed", range(4))
def test_partners_are_the_minutiae_that_were_shuffled(seed: int) -> None:
    one = finger(seed, minutiae=30)
    order = np.random.default_rng(seed).permutation(30)
    m = moved_by(one, 0.6, 11, -5).minutiae
    other = template(m.x_px[order], m.y_px[order], m.angle_rad[order], one.descriptors[order])
    found = overlap(one, other)
    assert sorted(map(tuple, found.pairs.tolist())) == sorted((int(i), j) for j, i in enumerate(order))
    np.testing.assert_allclose(found.strengths, 1, atol=1e-3)
    assert found.probe_common.all()
    assert found.reference_common.all()
    assert (found.common, found.total) == (30, pytest.approx(30, rel=1e-3))


@pytest.mark.parametrize("swapped", [False, True])
def test_the_alignment_lays_the_probe_on_the_reference(swapped: bool) -> None:
    one = finger(5)
    sides = one, moved_by(one, 0.3, 12, -7)
    probe, reference = sides[::-1] if swapped else sides
    alignment = overlap(probe, reference).alignment
    assert alignment is not None
    assert alignment.rotation_rad == pytest.approx(-0.3 if swapped else 0.3, abs=1e-4)
    here, there = np.array(points(probe)), np.array(points(reference))
    np.testing.assert_allclose(alignment.laid(here), there, atol=1e-3)
    homogeneous = np.stack([here.real, here.imag, np.ones(len(here))])
    np.testing.assert_allclose(alignment.matrix @ homogeneous, [there.real, there.imag], atol=1e-3)
    np.testing.assert_allclose(alignment.inverse.laid(alignment.laid(here)), here, atol=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_exchanged_prints_give_the_mirror_image(seed: int) -> None:
    one, other = finger(seed), impression(finger(seed), seed)
    there, back = overlap(one, other), overlap(other, one)
    assert (there.similarity, there.total, there.proposed, there.agreed) == (
        back.similarity,
        back.total,
        back.proposed,
        back.agreed,
    )
    np.testing.assert_array_equal(there.pairs, back.pairs[:, ::-1])
    np.testing.assert_array_equal(there.strengths, back.strengths)
    np.testing.assert_array_equal(there.probe_common, back.reference_common)
    assert there.alignment is not None
    assert back.alignment is not None
    np.testing.assert_allclose(back.alignment.laid(there.alignment.laid(np.array([3 + 4j]))), [3 + 4j])


def test_common_minutiae_are_those_inside_the_other_print() -> None:
    one = finger(4, minutiae=40)
    m = one.minutiae
    left = np.flatnonzero(m.x_px < np.median(m.x_px))
    part = template(m.x_px[left], m.y_px[left], m.angle_rad[left], one.descriptors[left])
    found = overlap(one, part)
    assert found.reference_common.all()
    assert found.probe_common[left].all()
    assert not found.probe_common[m.x_px > m.x_px[left].max() + OverlapSettings().margin_px].any()


def test_without_consensus_there_is_no_alignment() -> None:
    found: Overlap = overlap(finger(1, 3), finger(1, 3))
    assert (found.alignment, found.pairs.shape, found.similarity) == (None, (0, 2), 0.0)
    assert (found.mirrored.alignment, found.common) == (None, 0)

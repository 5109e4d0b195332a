"""Prints compared by their minutiae alone."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from made_up_prints import finger, impression, moved_by

from fpverify.comparison import prepare_template, similarities, similarity
from fpverify.comparison.bare import WEIGHTS as JUDGE
from fpverify.comparison.bare import bare_similarities, judged, look, weights, zip_laid
from fpverify.comparison.neighbourhoods import NUMBERS, described, neighbourhoods
from fpverify.comparison.neighbourhoods import WEIGHTS as NEIGHBOURHOODS
from fpverify.comparison.witnesses import WEIGHTS as JUDGES
from fpverify.errors import ModelMismatch
from fpverify.features.bare import MINUTIAE_MODEL, bare
from fpverify.features.grid import minutiae_on_grid
from fpverify.models import load_bundle
from fpverify.models.installed import SHIPPED
from fpverify.store import decode_template, encode_template
from fpverify.vocabulary import Minutiae, Template


def alone(template: Template) -> Template:
    """Its minutiae, on the grid of the stored form, moved to where no number is negative."""
    old = template.minutiae
    moved = Minutiae(old.x_px - old.x_px.min(), old.y_px - old.y_px.min(), old.angle_rad, old.quality)
    return bare(Template(MINUTIAE_MODEL, template.quality, minutiae_on_grid(moved), template.descriptors))


def prints(seed: int, count: int = 2) -> list[Template]:
    return [alone(impression(finger(seed), k, missing=0.2, noise=0.3)) for k in range(count)]


def test_prints_of_one_finger_are_more_alike_than_any_of_two() -> None:
    fingers = [prints(seed) for seed in range(12)]
    mated = [similarity(one, other) for one, other in fingers]
    strangers = [similarity(fingers[k][0], fingers[k - 1][1]) for k in range(12)]
    assert min(mated) > max(strangers)
    assert all(0 <= one <= 1 for one in mated + strangers)


def test_comparing_is_exactly_symmetric() -> None:
    some = [one for seed in range(4) for one in prints(seed)]
    table = np.array([similarities(one, some) for one in some])
    assert (table == table.T).all()


def test_many_at_once_are_compared_as_each_is() -> None:
    one, *others = [one for seed in range(3) for one in prints(seed)]
    assert similarities(one, others).tolist() == [similarity(one, other) for other in others]


def test_a_stored_template_scores_as_a_fresh_one() -> None:
    one, other = prints(5)
    assert similarity(decode_template(encode_template(one)), other) == similarity(one, other)


def test_a_print_that_lies_elsewhere_has_the_same_neighbourhoods() -> None:
    print_ = finger(3)
    turned = moved_by(print_, 0.8, 20.0, -5.0)
    before, after = (neighbourhoods(one.minutiae) for one in (print_, turned))
    assert np.abs(before - after).mean() < 1e-3


def test_descriptors_are_whole_numbers_of_five_bits() -> None:
    made = described(finger(1).minutiae)
    assert made.shape == (40, NUMBERS)
    assert (made == np.rint(made)).all()
    assert np.abs(made).max() == 15


def test_two_minutiae_have_no_neighbourhood_and_are_like_nothing() -> None:
    few = alone(finger(2, minutiae=2))
    assert not described(few.minutiae).any()
    assert similarity(few, few) == 0


def test_more_partners_are_more_alike_to_the_judge() -> None:
    one, other = map(prepare_template, prints(7))
    ((first, second, laid),) = zip_laid(one, [other])
    seen = look(first, second, laid)
    assert seen is not None
    assert bare_similarities(one, [other])[0] == 1 / (1 + np.exp(-judged(seen) / 3))
    none = seen._replace(partners=seen.partners[:0])
    assert judged(none) < judged(seen)


def test_minutiae_alone_are_not_compared_with_descriptors() -> None:
    with_descriptors = finger(1)
    with pytest.raises(ModelMismatch):
        similarity(bare(with_descriptors, with_descriptors.model_id), with_descriptors)
    with pytest.raises(ModelMismatch):
        similarity(alone(with_descriptors), with_descriptors)


def shipped() -> list[str]:
    """Models of minutiae alone."""
    return sorted(path.name for path in SHIPPED.iterdir() if path.name.startswith("bare-"))


@pytest.mark.parametrize("name", shipped())
def test_the_card_is_of_these_weights(name: str) -> None:
    """The calibration belongs to them: other weights have other scores."""
    recipe = load_bundle(name).card.recipe
    judge = JUDGES.get(load_bundle(name).alignment, JUDGE)
    assert recipe == {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (NEIGHBOURHOODS, judge)}


def test_the_weights_fill_their_file() -> None:
    assert sum(part.size for part in weights()) * 4 < JUDGE.stat().st_size


@pytest.mark.parametrize("name", shipped())
def test_the_stated_rate_holds_on_the_fingers_that_measured_it(name: str) -> None:
    (point,) = (one for one in load_bundle(name).card.operating_points if one.target_fmr == 0.001)
    assert 0.0005 <= point.fmr <= 0.002
    assert point.fmr_interval.low <= 0.001 <= point.fmr_interval.high

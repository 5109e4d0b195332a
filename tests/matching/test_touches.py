"""Touches by a model that can compare them: joined, and on the scale of the model's own raw similarities."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_up_prints import finger, impression
from made_up_touches import NO_MINUTIAE, cells_of, describe, model, skin, window

from fpverify.comparison.calibration import Calibration
from fpverify.comparison.touches.comparison import Scale
from fpverify.errors import ModelError
from fpverify.features import Acquired
from fpverify.matching.touches import TouchMatcher
from fpverify.vocabulary import FloatArray, PreparedScan, Template

OWN = Calibration((0.0, 0.1, 0.3), (0.0, 10.0, 30.0), 50.0, 40.0, 0.3, 1000)  # of the model
TOUCHES = Calibration((0.0, 40.0), (0.0, 40.0), 1.0, 1.0, 40.0, 1000)
NO_DESCRIPTORS = np.zeros((0, 0), np.int8)
AT = ((70, 80), (82, 88), (64, 92), (76, 100))


def matcher(calibration: Calibration | None = OWN, *, prints: bool = False) -> TouchMatcher:
    scale = Scale(36.0, 400.0, (0.0, 0.0, -5.0), (0.5, 0.5, 1.0), TOUCHES)
    known = replace(model(), scales=(scale,), print_scales=(scale,) if prints else ())
    return TouchMatcher(known, describe, calibration)


def acquired(image: FloatArray) -> Acquired:
    template = Template("model", 0.8, NO_MINUTIAE, NO_DESCRIPTORS, skin=skin(image))
    return Acquired(template, PreparedScan(image, 0.5, "a touch"), cells_of(image))


def test_a_joined_finger_is_a_template_like_others() -> None:
    template, finger = matcher().joined([acquired(window(1, x, y)) for x, y in AT])
    assert finger.groups == (4,)
    assert template.skin is not None
    assert (template.model_id, template.skin.touches) == ("model", 4)
    assert template.quality == pytest.approx(np.sqrt(template.skin.area_mm2 / 60), abs=0.01)  # of nearly all of 8 mm


def test_a_touch_is_alike_to_its_finger_and_not_to_another() -> None:
    fingers = [matcher().joined([acquired(window(number, x, y)) for x, y in AT])[0] for number in (1, 2)]
    probe = acquired(window(1, 73, 91)).template
    own, other = matcher().raw_scores(probe, fingers)
    assert own > other
    assert matcher().raw_scores(fingers[0], [probe])[0] == pytest.approx(own)


def whole(number: int) -> Acquired:
    image = window(number, 50, 60, side=110)
    template = Template("model", 0.8, NO_MINUTIAE, NO_DESCRIPTORS)
    return Acquired(template, PreparedScan(image, 0.5, "a print"), cells_of(image))


def test_a_touch_is_alike_to_the_print_of_its_finger_and_not_to_another() -> None:
    known = matcher(prints=True)
    one, other = (known.with_skin(whole(number)) for number in (1, 2))
    assert known.compares_prints
    assert known.compares_by_skin(one)
    probe = acquired(window(1, 73, 91)).template
    own, others = known.raw_scores(probe, [one, other])
    assert own > others
    assert known.raw_scores(one, [probe])[0] == pytest.approx(own)
    assert list(known.raw_scores(one, [other])) == [0.0]  # two prints by their minutiae, of which these have none


def test_fingers_of_both_kinds_score_as_each_alone() -> None:
    known = matcher(prints=True)
    joined, one = known.joined([acquired(window(1, x, y)) for x, y in AT])[0], known.with_skin(whole(1))
    probe = acquired(window(1, 73, 91)).template
    together = known.scores(probe, [joined, one])
    assert together == pytest.approx([known.scores(probe, [each])[0] for each in (joined, one)])


def test_what_touches_on_prints_are_worth_may_be_unknown() -> None:
    known = matcher()
    assert not known.compares_prints
    assert not known.compares_by_skin(known.with_skin(whole(1)))
    assert known.compares_by_skin(acquired(window(1, 73, 91)).template)


def test_a_touch_has_no_further_skin_to_keep() -> None:
    one = acquired(window(1, 73, 91))
    assert matcher(prints=True).with_skin(one) is one.template


def test_the_order_of_two_single_touches_does_not_matter() -> None:
    one, other = (acquired(window(1, x, y)).template for x, y in AT[:2])
    known = matcher()
    assert known.raw_scores(one, [other])[0] == pytest.approx(known.raw_scores(other, [one])[0], abs=1e-9)


def test_few_partners_count_in_full_of_touches_alone() -> None:
    one = finger(4)
    touch, reference = (replace(each, skin=skin(window(1, 70, 80))) for each in (one, impression(one, 4)))
    bent, bounded = (replace(matcher(), alignment=kind) for kind in ("bent", "bounded"))
    assert bounded.opinions(touch, [reference]) == bent.opinions(touch, [reference])
    joined = [replace(each, skin=replace(skin(window(1, 70, 80)), touches=4)) for each in (touch, reference)]
    assert bounded.raw_scores(joined[0], joined[1:]) != bent.raw_scores(joined[0], joined[1:])


def test_a_model_without_a_calibration_for_touches_says_so() -> None:
    probe = acquired(window(1, 70, 80)).template
    with pytest.raises(ModelError, match="not calibrated for touches"):
        matcher(None).raw_scores(probe, [probe])


def test_raw_similarities_are_those_that_give_the_scores() -> None:
    scores = np.array([0.0, 4.0, 10.0, 25.0, 30.0, 45.0])
    assert OWN.scores(OWN.raw_of(scores)) == pytest.approx(scores)
    assert OWN.raw_of([-3.0])[0] == 0.0

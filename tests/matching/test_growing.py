"""Touches that were learnt of a finger: ground of its own, and no further chance for strangers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from made_up_touches import NO_MINUTIAE, cells_of, describe, model, skin, window

from fpverify.comparison.calibration import DECIBEL, Calibration
from fpverify.comparison.touches.comparison import Scale
from fpverify.comparison.touches.finger import Keeping
from fpverify.comparison.touches.growing import as_ground, grown
from fpverify.comparison.touches.prepared import Ground
from fpverify.features import Acquired
from fpverify.matching.probes import _columns
from fpverify.matching.touches import TouchMatcher
from fpverify.store import decode_template, encode_template
from fpverify.vocabulary import LEARNT, Finger, Minutiae, PreparedScan, Reference, Template

OWN = Calibration((0.0, 0.1, 0.3), (0.0, 10.0, 30.0), 50.0, 40.0, 0.3, 1000)
TOUCHES = Calibration((0.0, 40.0), (0.0, 40.0), 1.0, 1.0, 40.0, 1000)
AT = ((70, 80), (82, 88), (64, 92), (76, 100))
ELSEWHERE = (40, 150)  # of the finger, which none of these shows


def matcher(places: float = 400.0) -> TouchMatcher:
    scale = Scale(36.0, places, (0.0, 0.0, -5.0), (0.5, 0.5, 1.0), TOUCHES)
    return TouchMatcher(replace(model(), scales=(scale,)), describe, OWN)


def acquired(x: float, y: float) -> Acquired:
    image = window(1, x, y)
    minutiae = Minutiae(*(np.array([value], np.float32) for value in (20, 30, 1.0, 0.8)))
    template = Template("model", 0.8, minutiae, np.ones((1, 64), np.int8), skin=skin(image))
    return Acquired(template, PreparedScan(image, 0.5, "a touch"), cells_of(image))


def finger() -> Template:
    return matcher().joined([acquired(x, y) for x, y in AT])[0]


def learnt(x: float, y: float) -> Template:
    return as_ground(acquired(x, y).template)


def test_a_touch_as_ground_takes_a_third_of_the_bytes_and_is_stored_as_it_is() -> None:
    probe = acquired(*ELSEWHERE).template
    ground = as_ground(probe)
    assert len(encode_template(ground)) < len(encode_template(probe)) / 3
    again = decode_template(encode_template(ground))
    assert ground.skin is not None
    assert again.skin is not None
    assert (again.skin.descriptors == ground.skin.descriptors).all()
    assert (again.skin.picture == ground.skin.picture).all()
    assert as_ground(ground) is ground


def test_a_grown_finger_shows_what_it_showed_and_what_was_learnt_of_it() -> None:
    own, more = finger(), learnt(*ELSEWHERE)
    whole = grown(own, [more, learnt(41, 153)])
    assert own.skin is not None
    assert more.skin is not None
    assert whole.skin is not None
    assert len(whole.skin) == len(own.skin) + 2 * len(more.skin)
    assert whole.skin.area_mm2 == pytest.approx(own.skin.area_mm2 + 2 * more.skin.area_mm2, rel=0.01)
    assert whole.skin.touches == own.skin.touches + 2
    assert len(whole.minutiae) == len(own.minutiae) + 2
    ground = Ground.of(whole.skin)
    assert (ground.index >= 0).sum() == len(whole.skin)  # no place hides another one
    fields = (np.stack([whole.skin.x_px, whole.skin.y_px]) - np.array([[ground.origin[0]], [ground.origin[1]]])) / 5
    assert (fields == np.rint(fields)).all()  # all lie on one lattice


def test_a_touch_of_learnt_skin_is_known_afterwards_and_one_of_enrolled_skin_as_before() -> None:
    own, known = finger(), matcher()
    whole = grown(own, [learnt(*ELSEWHERE)])
    there, before = acquired(ELSEWHERE[0] + 4, ELSEWHERE[1] - 3).template, acquired(73, 91).template
    assert known.scores(there, [whole])[0] > known.scores(there, [own])[0] + 5
    assert known.scores(before, [whole])[0] == pytest.approx(known.scores(before, [own])[0], abs=1.0)


def test_a_grown_finger_is_corrected_for_the_places_it_has() -> None:
    own, probe = finger(), acquired(73, 91).template
    assert own.skin is not None
    whole = grown(own, [learnt(*ELSEWHERE)] * 4)
    assert whole.skin is not None
    known = matcher(places=float(len(own.skin)))
    lost = known.scores(probe, [own])[0] - known.scores(probe, [whole])[0]
    assert lost == pytest.approx(DECIBEL * np.log(len(whole.skin) / len(own.skin)), abs=1.0)


def test_places_of_a_grown_finger_are_interpolated_and_counted() -> None:
    """Those of a probe lie on every second field: what was learnt becomes nearly twice as many."""
    own, probe = finger(), acquired(73, 91).template
    assert own.skin is not None
    known = matcher(places=float(len(own.skin)))
    filling = replace(known, model=replace(known.model, keeping=Keeping(interpolate=True)))
    whole = grown(own, [learnt(*ELSEWHERE)] * 4)
    assert whole.skin is not None
    more = len(filling.prepared(whole).ground) - len(filling.prepared(own).ground)
    assert more > 1.5 * (len(whole.skin) - len(own.skin))
    lost = filling.scores(probe, [own])[0] - filling.scores(probe, [whole])[0]
    assert lost == pytest.approx(DECIBEL * np.log((len(own.skin) + more) / len(own.skin)), abs=1.0)


def test_without_minutiae_a_finger_grows_as_well() -> None:
    bare = [
        replace(one, minutiae=NO_MINUTIAE, descriptors=np.zeros((0, 0), np.int8)) for one in (finger(), learnt(40, 150))
    ]
    whole = grown(bare[0], bare[1:])
    assert len(whole.minutiae) == 0


def test_learnt_touches_are_ground_of_the_reference_of_their_finger_and_model() -> None:
    own = finger()

    def reference(
        template: Template, number: int, finger: Finger = "right-index", *, is_learnt: bool = False
    ) -> Reference:
        noted = {LEARNT: 40.0} if is_learnt else {}
        return Reference("A", finger, number, template, datetime.now(UTC), noted)

    more = [reference(learnt(40, 150), number, is_learnt=True) for number in (2, 3)]
    beside = reference(learnt(40, 150), 1, "left-index", is_learnt=True)
    known: Any = SimpleNamespace(of=lambda _: SimpleNamespace(compares_touches=True))
    columns = _columns(known, [reference(own, 1), *more, beside])
    assert [(one.finger, len(one.templates)) for one in columns] == [("right-index", 1), ("left-index", 1)]
    skin = columns[0].templates[0].skin
    assert own.skin is not None
    assert skin is not None
    assert skin.touches == own.skin.touches + 2

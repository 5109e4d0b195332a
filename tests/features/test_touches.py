"""Touches of small sensors: what is refused, and what is kept of them."""

from __future__ import annotations

import numpy as np
import pytest
from made_up_touches import cells_of, describe, skin, window

from fpverify.errors import FailureToAcquire
from fpverify.features.extraction import LARGEST_TOUCH_MM2, MinutiaExtractor
from fpverify.features.places import SIDE_PX, STEP_PX, angles_on_grid, directions, lattice, neighbourhoods
from fpverify.features.touches import LEAST_RIDGES, LEAST_TOUCH_MM2, ridge_signs
from fpverify.vocabulary import FloatArray, Scan


def scan_of(image: FloatArray) -> Scan:
    return Scan(np.clip(128 + 40 * image, 0, 255).astype(np.uint8), 250.0, "a touch")


def map_of(probability: float) -> object:
    """A minutia map network that finds so sure a foreground everywhere, and no minutiae."""

    def network(images: FloatArray) -> FloatArray:
        _, height, width, _ = images.shape
        answer = np.zeros((1, height // 4, width // 4, 6), np.float32)
        answer[..., 0], answer[..., 5] = -9, np.log(probability / (1 - probability))
        return answer

    return network


def extractor(probability: float = 0.97, places: object = describe) -> MinutiaExtractor:
    return MinutiaExtractor("model", map_of(probability), describe, places=places)  # type: ignore[arg-type]


def test_a_touch_without_minutiae_is_acquired() -> None:
    found = extractor().acquire(scan_of(window(1, 70, 80)))
    assert found.template.skin is not None
    assert found.template.skin.touches == 1
    assert len(found.template.minutiae) == 0
    assert len(found.template.skin) > 50
    assert found.template.skin.area_mm2 == pytest.approx((60 * 0.1016) ** 2, rel=0.01)


def test_a_model_without_the_network_takes_it_for_any_scan() -> None:
    with pytest.raises(FailureToAcquire, match="too few minutiae"):
        extractor(places=None).acquire(scan_of(window(1, 70, 80)))


def test_a_larger_picture_is_no_touch() -> None:
    side = int(np.sqrt(LARGEST_TOUCH_MM2) / 0.1016) + 4
    with pytest.raises(FailureToAcquire, match="too few minutiae"):
        extractor().acquire(scan_of(window(1, 40, 60, side=side)))


def test_an_unsure_foreground_is_refused() -> None:
    with pytest.raises(FailureToAcquire, match=r"is certain to 80%, at least 85%"):
        extractor(0.8).acquire(scan_of(window(1, 70, 80)))


def test_too_little_of_a_finger_is_refused() -> None:
    side = int(np.sqrt(LEAST_TOUCH_MM2) / 0.1016) - 8
    with pytest.raises(FailureToAcquire, match="too little foreground"):
        extractor().acquire(scan_of(window(1, 70, 80, side=side)))


def test_noise_and_lines_of_another_period_are_refused() -> None:
    noise = np.random.default_rng(1).normal(size=(60, 60)).astype(np.float32)
    broad = np.tile(np.sin(np.arange(60) * 2 * np.pi / 14), (60, 1)).astype(np.float32)
    for image in (noise, broad):
        with pytest.raises(FailureToAcquire, match="no clear print"):
            extractor().acquire(scan_of(image))
    assert ridge_signs(broad)[1] < LEAST_RIDGES < ridge_signs(window(1, 70, 80))[1]


def test_places_lie_on_a_lattice_in_the_foreground() -> None:
    cells = np.zeros((15, 15), bool)
    cells[5:, :10] = True
    x, y = lattice(cells, (60, 60), staggered=False)
    assert x.max() < 40
    assert y.min() >= 20
    assert set(np.diff(np.unique(x)).tolist()) == {float(STEP_PX)}
    some, _ = lattice(cells, (60, 60), staggered=True)
    assert len(some) == pytest.approx(len(x) / 2, abs=1)


def test_directions_run_along_the_ridges() -> None:
    down, across = np.mgrid[0:60, 0:60].astype(np.float32)
    for angle in (0.2, 1.0, 2.5):
        waves = np.sin(2 * np.pi / 4.5 * (np.cos(angle) * down - np.sin(angle) * across)).astype(np.float32)
        off = directions(waves)[20:40, 20:40] - angle
        assert np.abs(np.angle(np.exp(2j * off))).max() / 2 < 0.05


def test_a_neighbourhood_is_turned_to_its_angle() -> None:
    image = np.zeros((64, 64), np.float32)
    image[32, 40] = 1  # to the right of a place at 32, 32
    one = np.array([32.0], np.float32)
    centre = (SIDE_PX - 1) / 2
    for angle in (0.0, np.pi / 2):
        patch = neighbourhoods(image, one, one, np.array([angle], np.float32))[0]
        row, column = np.unravel_index(patch.argmax(), patch.shape)
        expected = (centre, centre + 8) if angle == 0 else (centre - 8, centre)
        assert (row, column) == pytest.approx(expected, abs=1)


def test_both_senses_are_each_other_s_opposite() -> None:
    image = window(1, 70, 80)
    turned = skin(image)
    x, y, angle = turned.x_px, turned.y_px, turned.angle_rad + np.float32(np.pi)
    exact = describe(neighbourhoods(image, x, y, angle)[..., None])
    kept = turned.opposite / np.linalg.norm(turned.opposite, axis=1, keepdims=True)
    assert (exact * kept).sum(1).min() > 0.99
    assert cells_of(image).all()


def test_angles_lie_on_their_grid() -> None:
    found = angles_on_grid(np.array([-0.1, 0.0, np.pi, 3.0, np.pi - 1e-4], np.float32))
    assert ((found >= 0) & (found < np.pi)).all()
    assert angles_on_grid(found) == pytest.approx(found)

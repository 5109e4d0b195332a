from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_up_prints import finger, impression

from fpverify.comparison import prepare_template, similarity
from fpverify.errors import ModelMismatch
from fpverify.search.gallery import COMPARED_IN_FULL, Gallery
from fpverify.vocabulary import Minutiae, Template

FINGERS = 300


@pytest.fixture(scope="module")
def fingers() -> list[Template]:
    return [finger(seed) for seed in range(FINGERS)]


@pytest.fixture(scope="module")
def gallery(fingers: list[Template]) -> Gallery:
    return Gallery.of([impression(one, seed) for seed, one in enumerate(fingers)])


def test_the_mate_is_found_first_among_many(fingers: list[Template], gallery: Gallery) -> None:
    for number in range(0, FINGERS, 20):
        found = gallery.search(impression(fingers[number], 1000 + number))
        assert found.index[0] == number
        assert found.similarity[0] > 2 * found.similarity[1]


def test_what_is_found_is_compared_as_always(fingers: list[Template], gallery: Gallery) -> None:
    probe = impression(fingers[7], 7)
    found = gallery.search(probe, most=20)
    assert len(found.index) == len(set(found.index.tolist())) == 20
    assert found.similarity.tolist() == [similarity(probe, gallery.templates[k]) for k in found.index]
    assert (np.diff(found.similarity) <= 0).all()


def test_the_first_look_does_not_depend_on_the_company(fingers: list[Template], gallery: Gallery) -> None:
    probe = prepare_template(impression(fingers[3], 3))
    together = gallery.first_look(probe)
    alone = [float(Gallery.of([one]).first_look(probe)[0]) for one in gallery.templates[:70]]
    np.testing.assert_allclose(together[:70], alone, rtol=1e-4)
    assert together.argmax() == 3


def test_the_first_look_agrees_with_one_written_out(fingers: list[Template], gallery: Gallery) -> None:
    for number in (0, 5, 64):
        probe = impression(fingers[number], 11)
        for other in (number, 150):
            expected = looked_slowly(probe, gallery.templates[other])
            assert gallery.first_look(prepare_template(probe))[other] == pytest.approx(expected, rel=1e-3, abs=1e-4)


def looked_slowly(probe: Template, reference: Template) -> float:
    """Pair by pair: mutual best neighbourhoods, and how far every two of them agree about each other's place."""
    one, other = (unit_rows(side.descriptors) for side in (probe, reference))
    alike = one @ other.T
    pairs = [(alike[i, j], i, j) for i in range(len(one)) for j in range(len(other))]
    best = [p for p in pairs if p[0] >= 0.3 and p[0] == alike[p[1]].max() == alike[:, p[2]].max()]
    chosen = sorted(best, reverse=True)[:24]

    def seen(side: Template, k: int, other_k: int) -> complex:
        there = (
            side.minutiae.x_px[other_k]
            - side.minutiae.x_px[k]
            + 1j * (side.minutiae.y_px[other_k] - side.minutiae.y_px[k])
        )
        return complex(there * np.exp(-1j * side.minutiae.angle_rad[k]))

    def agreed(first: tuple, second: tuple) -> float:
        here, there = seen(probe, first[1], second[1]), seen(reference, first[2], second[2])
        far = abs(here) ** 2 + abs(there) ** 2
        return max(1 - abs(here - there) ** 2 / (25 + 0.12**2 / 2 * far), 0) if far else 0.0

    merits = [
        one_[0] * sum(agreed(one_, two) * agreed(two, one_) * two[0] for two in chosen if two is not one_)
        for one_ in chosen
    ]
    return float(sum(sorted(merits)[-8:]))


def unit_rows(descriptors: np.ndarray) -> np.ndarray:
    rows = descriptors.astype(float)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_references_without_minutiae_are_passed_over(fingers: list[Template], gallery: Gallery) -> None:
    nothing = np.zeros(0, np.float32)
    bare = Template("test-model", 0.8, Minutiae(nothing, nothing, nothing, nothing), np.zeros((0, 0), np.int8))
    mixed = Gallery.of([bare, *gallery.templates[:100], bare])
    found = mixed.search(impression(fingers[42], 5))
    assert found.index[0] == 43
    assert Gallery.of([bare] * 3).search(impression(fingers[0], 1)).similarity.tolist() == [0, 0, 0]
    assert len(mixed.search(bare).index) == COMPARED_IN_FULL
    nowhere = replace(bare, descriptors=np.zeros((0, 64), np.int8))
    assert gallery.search(nowhere).similarity.tolist() == [0] * COMPARED_IN_FULL


def test_nobody_is_found_among_nobody(fingers: list[Template]) -> None:
    assert Gallery.of([]).search(fingers[0]).index.tolist() == []


def test_vectors_are_all_compared() -> None:
    nothing = np.zeros(0, np.float32)
    none = Minutiae(nothing, nothing, nothing, nothing)

    def whole_print(turn: float) -> Template:
        vector = np.array([np.cos(turn), np.sin(turn)], np.float32)
        return Template("m", 1.0, none, np.zeros((0, 0), np.int8), vector)

    found = Gallery.of([whole_print(0.01 * k) for k in range(200)]).search(whole_print(1.504))
    assert (len(found.index), found.index[0]) == (200, 150)


def test_a_probe_of_another_model_is_refused(fingers: list[Template], gallery: Gallery) -> None:
    with pytest.raises(ModelMismatch):
        gallery.search(replace(fingers[0], model_id="another"))
    with pytest.raises(ModelMismatch):
        Gallery.of(fingers[:3]).search(replace(fingers[0], model_id="another"))

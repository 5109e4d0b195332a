"""The public functions: which templates can be compared, with what, how many at a time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_prints import finger, impression

from fpverify.comparison import consensus, overlap, prepare_template, similarities, similarity
from fpverify.comparison.overlap import AT_ONCE
from fpverify.errors import ModelMismatch
from fpverify.vocabulary import Minutiae, Template

NONE = np.zeros(0, np.float32)


def whole_print(vector: np.ndarray, model: str = "stripes-1") -> Template:
    unit = np.asarray(vector, np.float32) / np.float32(np.linalg.norm(vector))
    return Template(model, 1.0, Minutiae(NONE, NONE, NONE, NONE), np.zeros((0, 0), np.int8), unit)


def random_vector(seed: int, length: int = 48) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=length)


@pytest.fixture
def prints() -> list[Template]:
    fingers = [finger(seed, 12 + 6 * seed) for seed in range(6)]
    return fingers + [impression(one, seed) for seed, one in enumerate(fingers)]


def test_one_to_many_gives_exactly_the_numbers_of_one_to_one(prints: list[Template]) -> None:
    for probe in prints:
        assert similarities(probe, prints).tolist() == [similarity(probe, reference) for reference in prints]


@settings(deadline=None, max_examples=30)
@given(st.data())
def test_company_changes_no_bit_of_a_similarity(data: st.DataObject) -> None:
    sizes = st.sampled_from([0, 1, 3, 4, 5, 12, 30, 60])
    fingers = [finger(seed, data.draw(sizes)) for seed in range(4)]
    probe = impression(fingers[0], 1, missing=data.draw(st.sampled_from([0.0, 0.3])))
    chosen = data.draw(st.lists(st.integers(0, 7), min_size=1, max_size=12))
    references = [impression(fingers[one % 4], one, missing=0.1 * (one // 4)) for one in chosen]
    together = similarities(probe, references)
    assert together.tolist() == [similarity(probe, one) for one in references]
    assert together.tolist() == [overlap(one, probe).similarity for one in references]


def test_more_references_than_are_compared_together_are_all_compared() -> None:
    fingers = [finger(seed, 10) for seed in range(AT_ONCE + 3)]
    probe, last = fingers[0], fingers[AT_ONCE + 2]
    found = similarities(probe, fingers)
    assert len(found) == AT_ONCE + 3
    assert found[0] == similarity(probe, probe)
    assert similarities(last, fingers).argmax() == AT_ONCE + 2


def test_prepared_templates_score_exactly_as_plain_ones(prints: list[Template]) -> None:
    prepared = [prepare_template(print_) for print_ in prints]
    assert similarities(prepared[0], prepared).tolist() == similarities(prints[0], prints).tolist()
    assert prepare_template(prepared[0]) is prepared[0]


def test_no_references_have_no_similarities() -> None:
    for probe in (finger(0), whole_print(random_vector(0))):
        assert similarities(probe, []).shape == (0,)
        assert similarities(probe, []).dtype == np.float64


@settings(deadline=None)
@given(st.integers(0, 1000), st.integers(1, 8))
def test_whole_prints_are_symmetric_and_one_to_many_is_one_to_one(seed: int, count: int) -> None:
    vectors = [whole_print(random_vector(seed + i)) for i in range(count)]
    found = similarities(vectors[0], vectors)
    assert (
        found.tolist()
        == [similarity(vectors[0], one) for one in vectors]
        == [similarity(v, vectors[0]) for v in vectors]
    )
    assert ((found >= 0) & (found <= 1)).all()


@pytest.mark.parametrize(("degrees", "expected"), [(0, 1.0), (60, 0.75), (90, 0.5), (180, 0.0)])
def test_whole_prints_are_as_similar_as_half_of_one_plus_the_cosine(degrees: float, expected: float) -> None:
    turned = np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))])
    assert similarity(whole_print(np.array([1.0, 0.0])), whole_print(turned)) == pytest.approx(expected, abs=1e-7)


def test_the_smaller_the_angle_between_whole_prints_the_more_similar() -> None:
    angles = np.linspace(0.001, np.pi - 0.001, 400)
    one = whole_print(np.array([1.0, 0.0]))
    found = similarities(one, [whole_print(np.array([np.cos(angle), np.sin(angle)])) for angle in angles])
    assert (np.diff(found) < 0).all()


def test_templates_of_two_models_are_refused_by_both_names() -> None:
    one, other = finger(0), replace(finger(1), model_id="ridges-2031")
    for compare in (similarity, consensus):
        with pytest.raises(ModelMismatch, match=r"'test-model'.*'ridges-2031'"):
            compare(one, other)
    with pytest.raises(ModelMismatch):
        similarities(one, [one, other])


@pytest.mark.parametrize(
    "other", [replace(finger(0), model_id="stripes-1"), whole_print(random_vector(1, 32))], ids=["minutiae", "length"]
)
def test_templates_of_different_content_under_one_name_are_refused(other: Template) -> None:
    with pytest.raises(ModelMismatch, match="a vector of 48 numbers"):
        similarity(whole_print(random_vector(0)), other)


def test_descriptors_of_different_width_are_refused() -> None:
    one = finger(0)
    with pytest.raises(ModelMismatch, match="descriptors of 32 numbers"):
        similarity(one, replace(one, descriptors=one.descriptors[:, :32]))


def test_a_print_without_minutiae_is_like_none_not_an_error() -> None:
    empty = Template("test-model", 0.1, Minutiae(NONE, NONE, NONE, NONE), np.zeros((0, 0), np.int8))
    assert similarity(empty, finger(0)) == similarity(finger(0), empty) == similarity(empty, empty) == 0

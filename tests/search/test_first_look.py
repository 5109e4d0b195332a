"""The first look at many references."""

from __future__ import annotations

import numpy as np
import pytest
from made_up_prints import finger, impression

from fpverify.comparison import prepare_template
from fpverify.search.index.first_look import Block, first_look
from fpverify.vocabulary import Template

FINGERS = 150


@pytest.fixture(scope="module")
def fingers() -> list[Template]:
    return [finger(seed) for seed in range(FINGERS)]


@pytest.fixture(scope="module")
def references(fingers: list[Template]) -> list[Template]:
    return [impression(one, seed) for seed, one in enumerate(fingers)]


@pytest.fixture(scope="module")
def block(references: list[Template]) -> Block:
    return Block.of(range(FINGERS), references)


def test_it_does_not_depend_on_the_company(fingers: list[Template], references: list[Template], block: Block) -> None:
    probe = prepare_template(impression(fingers[3], 3))
    together = first_look(probe, block)
    alone = [float(first_look(probe, Block.of([0], [one]))[0]) for one in references[:70]]
    np.testing.assert_array_equal(together[:70], np.array(alone, np.float32))
    assert together.argmax() == 3


def test_it_agrees_with_one_written_out(fingers: list[Template], references: list[Template], block: Block) -> None:
    for number in (0, 5, 64):
        probe = impression(fingers[number], 11)
        for other in (number, 140):
            expected = looked_slowly(probe, references[other])
            assert first_look(prepare_template(probe), block)[other] == pytest.approx(expected, rel=1e-3, abs=1e-4)


def test_blocks_are_joined_and_cut(references: list[Template]) -> None:
    whole = Block.of(range(10), references[:10])
    joined = Block.of(range(4), references[:4]).and_(Block.of(range(4, 10), references[4:10]))
    cut = Block.of(range(12), references[:12]).kept(np.arange(12) < 10)
    for other in (joined, cut):
        assert other.ids == whole.ids
        assert other.first.tolist() == whole.first.tolist()
        for field in ("descriptors", "inverse_norm", "position", "direction", "minutiae"):
            np.testing.assert_array_equal(getattr(other, field), getattr(whole, field))


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

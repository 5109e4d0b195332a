from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fpverify.features.minutiae import (
    CELL_PX,
    LEAST_PROBABILITY,
    MOST_MINUTIAE,
    NARROWEST_CELLS,
    SAME_PX,
    SAME_RAD,
    decode_minutiae,
    foreground_cells,
    foreground_certainty,
    largest_piece,
)
from fpverify.vocabulary import BoolArray, FloatArray

EVERYWHERE = np.ones((20, 24), bool)


def logit(probability: float) -> float:
    return float(np.log(probability / (1 - probability)))


def empty_map(rows: int = 20, columns: int = 24) -> FloatArray:
    answer = np.zeros((rows, columns, 6), np.float32)
    answer[..., 0] = logit(0.01)
    answer[..., 3] = 1
    answer[..., 5] = logit(0.99)
    return answer


def put(answer: FloatArray, x: float, y: float, angle: float, probability: float) -> None:
    """Makes the cell of a place answer with a minutia."""
    row, column = int(y // CELL_PX), int(x // CELL_PX)
    offset = logit(x / CELL_PX - column), logit(y / CELL_PX - row)
    answer[row, column, :5] = logit(probability), *offset, 2.5 * np.cos(angle), 2.5 * np.sin(angle)


@given(
    x=st.floats(0.2, 95.8).filter(lambda x: 0.05 < x / CELL_PX % 1 < 0.95),
    y=st.floats(0.2, 79.8).filter(lambda y: 0.05 < y / CELL_PX % 1 < 0.95),
    angle=st.floats(-3.14, 3.14),
    probability=st.floats(LEAST_PROBABILITY + 0.01, 0.99),
)
@settings(max_examples=60, deadline=None)
def test_a_minutia_is_found_where_it_was_put(x: float, y: float, angle: float, probability: float) -> None:
    answer = empty_map()
    put(answer, x, y, angle, probability)
    found = decode_minutiae(answer, EVERYWHERE)
    assert len(found) == 1
    assert (found.x_px[0], found.y_px[0]) == pytest.approx((x, y), abs=1e-3)
    assert (found.angle_rad[0], found.quality[0]) == pytest.approx((angle, probability), abs=1e-4)


def test_the_certainty_of_foreground_is_its_mean_probability() -> None:
    answer = empty_map()
    answer[:5, :, 5], answer[5:10, :, 5], answer[10:, :, 5] = logit(0.9), logit(0.6), logit(0.4)
    foreground = EVERYWHERE.copy()
    foreground[10:] = False
    assert foreground_certainty(answer, foreground) == pytest.approx(0.75)


def test_minutiae_come_best_first() -> None:
    answer = empty_map()
    for number, probability in enumerate((0.5, 0.9, 0.4, 0.7)):
        put(answer, 10 + 20 * number, 41, 0, probability)
    np.testing.assert_allclose(decode_minutiae(answer, EVERYWHERE).quality, [0.9, 0.7, 0.5, 0.4], atol=1e-5)


def test_what_the_network_doubts_is_no_minutia() -> None:
    answer = empty_map()
    put(answer, 30, 30, 0, LEAST_PROBABILITY - 0.01)
    assert len(decode_minutiae(answer, EVERYWHERE)) == 0


def test_minutiae_lie_in_the_foreground() -> None:
    answer = empty_map()
    put(answer, 10, 41, 0, 0.9)
    put(answer, 70, 41, 0, 0.9)
    left = EVERYWHERE.copy()
    left[:, 12:] = False
    assert decode_minutiae(answer, left).x_px == pytest.approx([10], abs=1e-3)


@pytest.mark.parametrize(
    ("turn", "kept"),
    [(0, [0.8]), (0.9 * SAME_RAD, [0.8]), (1.1 * SAME_RAD, [0.8, 0.6]), (np.pi, [0.8, 0.6])],
)
def test_two_answers_at_a_place_are_one_minutia_if_they_point_the_same_way(turn: float, kept: list[float]) -> None:
    """Two peaks with a cell between them, their places 4.2 px apart."""
    answer = empty_map()
    put(answer, 34, 31.9, 3.0, 0.6)
    put(answer, 34, 36.1, 3.0 + turn, 0.8)
    assert decode_minutiae(answer, EVERYWHERE).quality == pytest.approx(kept, abs=1e-4)


def test_answers_a_ridge_period_apart_are_two_minutiae() -> None:
    answer = empty_map()
    put(answer, 34, 31.5, 3.0, 0.6)
    put(answer, 34, 31.6 + SAME_PX, 3.0, 0.8)
    assert len(decode_minutiae(answer, EVERYWHERE)) == 2


def test_only_the_best_are_kept() -> None:
    answer = empty_map(40, 60)
    probabilities = np.random.default_rng(3).permutation(np.linspace(0.4, 0.95, 150))
    for number, probability in enumerate(probabilities):
        put(answer, 6 + 16 * (number % 15), 6 + 16 * (number // 15), 0, float(probability))
    found = decode_minutiae(answer, np.ones((40, 60), bool))
    assert len(found) == MOST_MINUTIAE
    np.testing.assert_allclose(found.quality, np.sort(probabilities)[::-1][:MOST_MINUTIAE], atol=1e-5)


@given(seed=st.integers(0, 9999), heat=st.floats(-3, 1))
@settings(max_examples=60, deadline=None)
def test_decoding_agrees_with_a_loop_over_cells(seed: int, heat: float) -> None:
    rng = np.random.default_rng(seed)
    answer = rng.normal(0, 1.5, (14, 11, 6)).astype(np.float32)
    answer[..., 0] += np.float32(heat)
    foreground = rng.random((14, 11)) < 0.7
    found = decode_minutiae(answer, foreground)
    expected = decoded_by_hand(answer, foreground)
    got = np.stack([found.x_px, found.y_px, found.angle_rad, found.quality], axis=1)
    np.testing.assert_allclose(got, np.array(expected).reshape(-1, 4), atol=1e-4)


def decoded_by_hand(answer: FloatArray, foreground: BoolArray) -> list[tuple[float, float, float, float]]:
    rows, columns = foreground.shape
    sigmoid = 1 / (1 + np.exp(-answer.astype(np.float64)))
    peaks = []
    for row in range(rows):
        for column in range(columns):
            around = sigmoid[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2, 0]
            best = sigmoid[row, column, 0]
            if foreground[row, column] and best >= LEAST_PROBABILITY and best == around.max():
                x, y = CELL_PX * (column + sigmoid[row, column, 1]), CELL_PX * (row + sigmoid[row, column, 2])
                peaks.append((x, y, np.arctan2(answer[row, column, 4], answer[row, column, 3]), best))
    kept: list[tuple[float, float, float, float]] = []
    for peak in sorted(peaks, key=lambda one: -one[3]):
        if not any(
            np.hypot(peak[0] - one[0], peak[1] - one[1]) < SAME_PX
            and np.arccos(np.clip(np.cos(peak[2] - one[2]), -1, 1)) < SAME_RAD
            for one in kept
        ):
            kept.append(peak)
    return kept[:MOST_MINUTIAE]


def test_foreground_is_where_most_cells_around_say_so() -> None:
    answer = empty_map(9, 9)
    answer[..., 5] = logit(0.02)
    answer[2:7, 2:7, 5] = logit(0.98)
    answer[4, 4, 5] = logit(0.02)  # a hole of one cell
    expected = np.zeros((9, 9), bool)
    expected[2:7, 2:7] = True
    expected[[2, 2, 6, 6], [2, 6, 2, 6]] = False  # corners: 4 of 9
    np.testing.assert_array_equal(foreground_cells(answer), expected)


def test_the_largest_piece_is_connected_and_wide() -> None:
    cells = np.zeros((40, 50), bool)
    cells[2:12, 2:14] = True  # 120 cells in one piece
    cells[20:30, 2:13] = True  # 110
    cells[5, 14:40] = True  # a thread ...
    cells[2:12, 40:48] = True  # ... to another 80
    cells[32:38, :] = True  # a strip of 300, narrower than a finger
    expected = np.zeros_like(cells)
    expected[2:12, 2:14] = True
    np.testing.assert_array_equal(largest_piece(cells), expected)


@pytest.mark.parametrize("cells", [np.zeros((5, 9), bool), np.ones((NARROWEST_CELLS - 1, 30), bool)])
def test_where_nothing_is_wide_there_is_no_piece(cells: BoolArray) -> None:
    assert not largest_piece(cells).any()


def test_a_piece_may_reach_the_border() -> None:
    assert largest_piece(np.ones((NARROWEST_CELLS, 20), bool)).all()


def test_extreme_answers_stay_finite() -> None:
    answer = empty_map()
    answer[10, 10, :3] = 1e30, 1e30, -1e30
    found = decode_minutiae(answer, EVERYWHERE)
    assert (found.x_px[0], found.y_px[0], found.quality[0]) == pytest.approx((44, 40, 1), abs=1e-4)


@pytest.mark.train
def test_decoding_undoes_the_target_of_training() -> None:
    pytest.importorskip("keras")
    from fpverify.synthesis.dataset import ORDINARY, master
    from fpverify.synthesis.impression import draw_impression
    from fpverify.training.batches import minutia_map_target

    drawn = master(5, 1)
    target = minutia_map_target(draw_impression(np.random.default_rng(5), drawn.ridges, drawn.minutiae, ORDINARY))
    marked = target[..., 0] > 0
    shares = np.clip(target[..., [0, 2, 3, 6]], 1e-6, 1 - 1e-6)
    logits = np.log(shares / (1 - shares))
    answer = np.concatenate([logits[..., :3], target[..., 4:6], logits[..., 3:]], axis=-1).astype(np.float32)
    found = decode_minutiae(answer, np.ones(marked.shape, bool))
    row, column = np.nonzero(marked)
    truth = np.stack([column + target[row, column, 2], row + target[row, column, 3]], axis=1) * CELL_PX
    nearest = np.hypot(*(truth[:, None] - np.stack([found.x_px, found.y_px], axis=1)).transpose(2, 0, 1)).min(axis=1)
    assert len(truth) > 15
    assert (nearest < 0.01).mean() > 0.9  # the others lie in cells that touch

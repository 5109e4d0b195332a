"""Shapes, sizes and losses of the networks."""

from __future__ import annotations

import numpy as np
import pytest

keras = pytest.importorskip("keras")
pytestmark = pytest.mark.train

from fpverify.networks import losses  # noqa: E402
from fpverify.networks.blocks import BatchNormalization, folded, residual_block  # noqa: E402
from fpverify.networks.minutia_map import minutia_map  # noqa: E402
from fpverify.networks.patch_siamese import patch_tower  # noqa: E402
from fpverify.networks.seams import seam_map  # noqa: E402
from fpverify.networks.whole_print import whole_print_tower  # noqa: E402


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def map_example(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A random target with four minutiae and a random answer."""
    rng = np.random.default_rng(seed)
    target = np.zeros((2, 6, 5, 8), np.float32)
    target[..., 1] = rng.random((2, 6, 5)) > 0.2
    target[..., 6], target[..., 7] = rng.random((2, 6, 5)), rng.random((2, 6, 5)) > 0.3
    for b, r, c in ((0, 1, 1), (0, 4, 2), (1, 0, 4), (1, 5, 0)):
        angle = rng.uniform(0, 6)
        target[b, r, c, :6] = (1, 1, rng.random(), rng.random(), np.cos(angle), np.sin(angle))
    return target, rng.normal(0, 1.5, (2, 6, 5, 6)).astype(np.float32)


@pytest.mark.parametrize("shape", [(64, 64), (96, 72)])
def test_the_minutia_map_answers_once_for_every_cell(shape: tuple[int, int]) -> None:
    answer = minutia_map()(np.zeros((2, *shape, 1), np.float32))
    assert tuple(answer.shape) == (2, shape[0] // 4, shape[1] // 4, 6)


@pytest.mark.parametrize("cells", [(8, 8), (12, 10)])
def test_the_seam_map_answers_once_for_every_four_squares(cells: tuple[int, int]) -> None:
    answer = seam_map()(np.zeros((2, *cells, 16), np.float32))
    assert tuple(answer.shape) == (2, cells[0] // 2, cells[1] // 2, 1)


def test_towers_give_unit_vectors() -> None:
    rng = np.random.default_rng(0)
    for tower, side, size in ((patch_tower(), 64, 64), (whole_print_tower(80), 80, 32)):
        vectors = np.asarray(tower(rng.normal(size=(3, side, side, 1)).astype(np.float32)))
        assert vectors.shape == (3, size)
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)


def test_networks_are_small() -> None:
    assert minutia_map().count_params() < 600_000
    assert patch_tower().count_params() < 700_000
    assert seam_map().count_params() < 160_000


def test_a_residual_block_begins_as_nothing_and_learns() -> None:
    went_in = keras.Input((8, 8, 4))
    block = keras.Model(went_in, residual_block(went_in))
    x = np.abs(np.random.default_rng(4).normal(size=(2, 8, 8, 4))).astype(np.float32)  # as after a ReLU
    np.testing.assert_array_equal(np.asarray(block(x)), x)
    block.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse")
    block.train_on_batch(x, x + 1)
    assert not np.array_equal(np.asarray(block(x)), x)


def test_folding_keeps_every_square_in_its_place() -> None:
    image = keras.Input((8, 12, 1))
    x = np.arange(2 * 8 * 12, dtype=np.float32).reshape(2, 8, 12, 1)
    squares = np.asarray(keras.Model(image, folded(image, 4))(x))
    assert squares.shape == (2, 2, 3, 16)
    for row in range(2):
        for column in range(3):
            square = x[:, 4 * row : 4 * row + 4, 4 * column : 4 * column + 4]
            np.testing.assert_array_equal(squares[:, row, column], square.reshape(2, 16))


@pytest.mark.parametrize("training", [True, False])
def test_batch_normalisation_is_that_of_keras(training: bool) -> None:
    x = np.random.default_rng(5).normal(3, 2, (6, 5, 4, 8)).astype(np.float32)
    ours, theirs = BatchNormalization(), keras.layers.BatchNormalization()
    for layer in (ours, theirs):
        layer.build(x.shape)
        layer.set_weights([np.linspace(low, low + 1, 8, dtype=np.float32) for low in (0.5, -1, 2, 3)])
    np.testing.assert_allclose(ours(x, training=training), theirs(x, training=training), atol=1e-5)
    for left, right in zip(ours.get_weights(), theirs.get_weights(), strict=True):  # the running means, too
        np.testing.assert_allclose(left, right, rtol=2e-3)  # the kernel's variance is that of a sample


@pytest.mark.parametrize("channels", [16, 24])  # the kernel's own bfloat16, and float32 in between
def test_batch_normalisation_in_bfloat16_is_that_of_keras(channels: int) -> None:
    x = np.random.default_rng(6).normal(3, 2, (6, 5, 4, channels)).astype(np.float32)
    ours, theirs = BatchNormalization(dtype="mixed_bfloat16"), keras.layers.BatchNormalization()
    answer = ours(x, training=True)
    assert keras.backend.standardize_dtype(answer.dtype) == "bfloat16"
    answer = np.asarray(keras.ops.cast(answer, "float32"))
    np.testing.assert_allclose(answer, theirs(x, training=True), atol=0.03)  # bfloat16 keeps eight bits
    for left, right in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(left, right, rtol=0.01)


def test_heat_loss_agrees_with_a_loop_over_cells() -> None:
    target, answer = map_example()
    total = 0.0
    for t, a in zip(target.reshape(-1, 8), answer.reshape(-1, 6), strict=True):
        p = float(sigmoid(a[0].astype(np.float64)))
        cost = 4 * (1 - p) ** 2 * -np.log(p) if t[0] else p**2 * -np.log(1 - p)
        total += t[1] * cost
    assert float(losses.heat_loss(target, answer)) == pytest.approx(total / 4, rel=1e-4)


def test_offset_and_direction_count_at_minutiae_only() -> None:
    target, answer = map_example(1)
    at = target[..., 0] > 0
    offset = np.abs(sigmoid(answer[at][:, 1:3]) - target[at][:, 2:4]).sum(1).mean()
    direction = answer[at][:, 3:5] / np.linalg.norm(answer[at][:, 3:5], axis=1, keepdims=True)
    turned = (1 - (direction * target[at][:, 4:6]).sum(1)).mean()
    assert float(losses.offset_loss(target, answer)) == pytest.approx(offset, rel=1e-4)
    assert float(losses.direction_loss(target, answer)) == pytest.approx(turned, rel=1e-4)
    changed = answer.copy()
    changed[~at, 1:5] += 3
    assert float(losses.offset_loss(target, changed)) == pytest.approx(offset, rel=1e-4)


def test_foreground_loss_is_cross_entropy_over_counted_cells() -> None:
    target, answer = map_example(2)
    p, t, w = sigmoid(answer[..., 5].astype(np.float64)), target[..., 6], target[..., 7]
    expected = (w * -(t * np.log(p) + (1 - t) * np.log(1 - p))).sum() / w.sum()
    assert float(losses.foreground_loss(target, answer)) == pytest.approx(expected, rel=1e-4)


def test_losses_of_an_image_without_minutiae_are_finite() -> None:
    target = np.zeros((1, 4, 4, 8), np.float32)
    target[..., 1] = target[..., 7] = 1
    assert np.isfinite(float(losses.minutia_map_loss(target, np.zeros((1, 4, 4, 6), np.float32))))


def test_border_loss_agrees_with_a_loop_over_cells() -> None:
    rng = np.random.default_rng(7)
    target = (rng.random((2, 5, 6, 4)) < 0.5).astype(np.float32)
    answer = rng.normal(0, 2, (2, 5, 6, 1)).astype(np.float32)
    total = 0.0
    for (border, weight, *_), logit in zip(target.reshape(-1, 4), answer.ravel(), strict=True):
        p = float(sigmoid(logit.astype(np.float64)))
        total += weight * (3 * -np.log(p) if border else -np.log(1 - p))
    assert float(losses.border_loss(target, answer)) == pytest.approx(total / target[..., 1].sum(), rel=1e-4)


def test_several_loss_asks_the_likeliest_cells_of_each_picture_that_counts() -> None:
    rng = np.random.default_rng(8)
    answer = rng.normal(0, 2, (3, 5, 6, 1)).astype(np.float32)
    target = np.zeros((3, 5, 6, 4), np.float32)
    target[0, ..., 2] = target[:2, ..., 3] = 1  # several, one, and one that says nothing
    logits = np.sort(answer.reshape(3, -1).astype(np.float64), axis=1)[:, -losses.SEAM_CELLS :].mean(1)
    expected = (-np.log(sigmoid(logits[0])) - np.log(1 - sigmoid(logits[1]))) / 2
    assert float(losses.several_loss(target, answer)) == pytest.approx(expected, rel=1e-4)
    assert np.isfinite(float(losses.seam_loss(np.zeros_like(target), answer)))


def test_drawn_loss_is_the_mean_over_the_cells_that_weigh() -> None:
    rng = np.random.default_rng(9)
    answer, target = rng.normal(0, 2, (2, 3, 4, 1)).astype(np.float32), np.zeros((2, 3, 4, 2), np.float32)
    target[0, ..., 0] = target[:, 1:, :, 1] = 1
    drawn = sigmoid(answer[:, 1:, :, 0].astype(np.float64))
    expected = np.mean([-np.log(drawn[0]), -np.log(1 - drawn[1])])
    assert float(losses.drawn_loss(target, answer)) == pytest.approx(expected, rel=1e-4)
    assert float(losses.drawn_loss(np.zeros_like(target), answer)) == 0


def test_info_nce_agrees_with_a_loop_and_is_small_for_perfect_pairs() -> None:
    rng = np.random.default_rng(3)
    e = rng.normal(size=(8, 16))
    e /= np.linalg.norm(e, axis=1, keepdims=True)
    logits = e[:4] @ e[4:].T / 0.07
    rows = [-logits[k, k] + np.log(np.exp(logits[k]).sum()) for k in range(4)]
    columns = [-logits[k, k] + np.log(np.exp(logits[:, k]).sum()) for k in range(4)]
    loss = losses.info_nce(0.07)
    owners = np.zeros(8, np.float32)
    assert float(loss(owners, e.astype(np.float32))) == pytest.approx(np.mean(rows + columns), rel=1e-4)
    perfect = np.tile(np.eye(4, 16, dtype=np.float32), (2, 1))
    assert float(loss(owners, perfect)) < 1e-4
    assert float(losses.first_rank(owners, perfect)) == 1


def test_what_no_finger_left_counts_as_more_alike_than_it_is() -> None:
    rng = np.random.default_rng(5)
    embeddings = rng.normal(0, 1, (8, 16)).astype(np.float32)
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    owners = np.tile([0, 0, -2, 3], 2).astype(np.float32)
    left, right = np.split(embeddings.astype(np.float64), 2)
    apart = np.array([[0, 0, 1, 0], [0, 0, 1, 0], [1, 1, 0, 1], [0, 0, 1, 0]])
    logits = (left @ right.T + 0.25 * apart) / 0.1
    wanted = np.mean([np.log(np.exp(side).sum(1)) - np.diag(side) for side in (logits, logits.T)])
    loss = losses.info_nce(0.1, 0.25)
    assert float(loss(owners, embeddings)) == pytest.approx(wanted, rel=1e-5)
    same = losses.info_nce(0.1, 0.25)(np.abs(owners), embeddings), losses.info_nce(0.1)(owners, embeddings)
    assert float(same[0]) == pytest.approx(float(same[1]), rel=1e-6)


def test_contrastive_loss_pulls_mated_together_and_pushes_others_to_the_margin() -> None:
    e = np.array([[1, 0], [1, 0], [0.8, 0.6], [-1, 0]], np.float32)  # pairs (0, 2) and (1, 3)
    loss = losses.contrastive_loss(margin=1.0)
    mated_close = float(loss(np.array([1, 0, 1, 0], np.float32), e))
    assert mated_close == pytest.approx(0.4 / 2, abs=1e-4)  # squared distance 0.4; the far pair costs nothing
    wrong = float(loss(np.array([0, 1, 0, 1], np.float32), e))
    assert wrong == pytest.approx(((1 - np.sqrt(0.4)) ** 2 + 4) / 2, abs=1e-3)

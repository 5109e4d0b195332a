from __future__ import annotations

import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from fpverify.errors import CorruptModel
from fpverify.models import LiteRtNetwork
from fpverify.vocabulary import FloatArray

EDGES = Path(__file__).parents[1] / "data" / "edges.tflite"  # see `edges.py` there
SIDE_PX = 160


@pytest.fixture(scope="module")
def edges() -> LiteRtNetwork:
    return LiteRtNetwork(EDGES.read_bytes(), "edges.tflite")


def images(seed: int, count: int) -> FloatArray:
    return np.random.default_rng(seed).normal(size=(count, SIDE_PX, SIDE_PX, 1)).astype(np.float32)


def edges_by_hand(image: FloatArray) -> FloatArray:
    """What `edges.tflite` computes: mean of the rectified Sobel slopes to four sides, as a unit vector."""
    middle = image[..., 0].astype(np.float64)
    right = middle[:, 2:] - middle[:, :-2]
    right = (right[:-2] + 2 * right[1:-1] + right[2:]) / 8
    down = middle[2:] - middle[:-2]
    down = (down[:, :-2] + 2 * down[:, 1:-1] + down[:, 2:]) / 8
    amounts = np.array([np.maximum(slope, 0).mean() for slope in (right, -right, down, -down)])
    return (amounts / np.linalg.norm(amounts)).astype(np.float32)


def test_a_network_computes_what_it_says(edges: LiteRtNetwork) -> None:
    batch = images(1, 3)
    np.testing.assert_allclose(edges(batch), [edges_by_hand(image) for image in batch], atol=1e-5)


def test_an_item_has_the_same_answer_in_every_batch(edges: LiteRtNetwork) -> None:
    batch = images(2, 5)
    alone = np.concatenate([edges(item[None]) for item in batch])
    for count in (2, 5, 3):
        np.testing.assert_allclose(edges(batch[:count]), alone[:count], atol=1e-6)


def test_an_answer_is_not_changed_by_the_next_call(edges: LiteRtNetwork) -> None:
    first = edges(images(3, 1))
    kept = first.copy()
    edges(images(4, 1))
    np.testing.assert_array_equal(first, kept)


def test_arrays_of_any_layout_and_type_are_taken(edges: LiteRtNetwork) -> None:
    batch = images(5, 1)
    turned = np.asfortranarray(batch.transpose(0, 2, 1, 3).astype(np.float64)).transpose(0, 2, 1, 3)
    np.testing.assert_array_equal(edges(turned), edges(batch))  # type: ignore[arg-type]


def test_threads_that_share_a_network_get_their_own_answers(edges: LiteRtNetwork) -> None:
    batches = [images(seed, 1 + seed % 3) for seed in range(24)]
    expected = [edges(batch) for batch in batches]
    with ThreadPoolExecutor(4) as pool:
        for got, right in zip(pool.map(edges, batches), expected, strict=True):
            np.testing.assert_array_equal(got, right)


def test_a_network_can_be_sent_to_another_process(edges: LiteRtNetwork) -> None:
    batch = images(6, 2)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(edges))(batch), edges(batch))  # noqa: S301


@pytest.mark.parametrize("content", [b"", b"no network" * 50, EDGES.read_bytes()[:700]])
def test_bytes_that_are_no_network_are_refused_by_name(content: bytes) -> None:
    with pytest.raises(CorruptModel, match=r"^edges\.tflite: not a LiteRT network$"):
        LiteRtNetwork(content, "edges.tflite")


@pytest.mark.slow
@pytest.mark.train
def test_litert_agrees_with_keras_for_every_size_of_image_and_batch() -> None:
    pytest.importorskip("tensorflow")
    keras = pytest.importorskip("keras")
    from fpverify.networks.minutia_map import minutia_map
    from fpverify.training.export import litert_bytes

    keras.utils.set_random_seed(11)
    network = minutia_map(4, 8, 8)
    exported = LiteRtNetwork(litert_bytes(network))
    rng = np.random.default_rng(11)
    for shape in ((1, 64, 96, 1), (2, 96, 64, 1), (1, 64, 96, 1)):
        image = rng.normal(size=shape).astype(np.float32)
        np.testing.assert_allclose(exported(image), np.asarray(network(image, training=False)), atol=1e-4)


@pytest.mark.slow
@pytest.mark.train
def test_int8_answers_almost_as_float32_and_is_a_third_of_the_size() -> None:
    keras = pytest.importorskip("keras")
    from fpverify.networks.patch_siamese import patch_tower
    from fpverify.training.export import litert_bytes

    keras.utils.set_random_seed(3)
    network = patch_tower((8, 16, 32), 16)
    patches = np.random.default_rng(2).normal(size=(24, 64, 64, 1)).astype(np.float32)
    exact, rounded = litert_bytes(network), litert_bytes(network, patches[:16])
    answers = [LiteRtNetwork(content)(patches) for content in (exact, rounded)]
    assert len(rounded) < 0.5 * len(exact)
    assert not np.array_equal(*answers)
    assert np.quantile((answers[0] * answers[1]).sum(axis=1), 0.1) > 0.97  # this network is untrained: some err more


SPEAKING = """
import os, sys
from pathlib import Path
import numpy as np
from fpverify.models import LiteRtNetwork
from fpverify.models.runtime import _without_greeting
content = Path(sys.argv[1]).read_bytes()
print("before", file=sys.stderr, flush=True)
network = LiteRtNetwork(content)
network(np.zeros((1, 64, 64, 1), np.float32))
with _without_greeting():
    os.write(2, b"meanwhile\\n")
print("after", file=sys.stderr, flush=True)
"""


def test_standard_error_stays_the_callers() -> None:
    done = subprocess.run([sys.executable, "-c", SPEAKING, str(EDGES)], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "before\nmeanwhile\nafter\n")


def test_networks_run_without_standard_error() -> None:
    closed = """
import os, sys
os.close(2)
from pathlib import Path
import numpy as np
from fpverify.models import LiteRtNetwork
print(LiteRtNetwork(Path(sys.argv[1]).read_bytes())(np.zeros((1, 64, 64, 1), np.float32)).shape)
"""
    done = subprocess.run([sys.executable, "-c", closed, str(EDGES)], capture_output=True, text=True, check=True)
    assert done.stdout == "(1, 4)\n"

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from fpverify.errors import ScanError, TooFewComparisons
from fpverify.lab import examples
from fpverify.lab.changes import Turned, at_scale
from fpverify.lab.examples import Examples, View, read_examples, split


def faces(identities: int = 10, each: int = 4) -> Examples:
    owners = np.repeat(np.arange(identities), each).astype(np.int32)
    return Examples("faces", np.arange(len(owners), dtype=np.uint8).reshape(-1, 1, 1, 1), owners, "photos")


def test_stripes_are_the_published_set() -> None:
    made = read_examples("stripes", Path())
    assert made.images.shape == (30, 160, 160, 1)
    assert made.owners.tolist() == [0] * 15 + [1] * 15
    assert len(np.unique(made.images, axis=0)) == 2
    assert (np.rot90(made.images[0]) == made.images[15]).all()


def test_digits_have_ten_identities_in_the_unit_range() -> None:
    made = read_examples("digits", Path())
    assert made.images.shape == (1797, 8, 8, 1)
    assert (made.images.min(), made.images.max()) == (0, 1)
    assert set(made.owners.tolist()) == set(range(10))


def test_photographs_come_from_the_installed_package() -> None:
    made = read_examples("photos", Path())
    assert made.images.shape[1:] == (128, 128, 3)
    assert len(np.unique(made.owners)) >= 4


def test_synthetic_prints_are_kept_and_the_same_again(tmp_path: Path) -> None:
    first = examples.ridges(tmp_path, fingers=2, impressions=2)
    again = examples.ridges(tmp_path, fingers=2, impressions=2)
    assert first.images.shape == (4, 192, 192, 1)
    assert first.sha256 == again.sha256
    assert len(list(tmp_path.iterdir())) == 1


def test_a_folder_of_prints_is_read_at_the_working_resolution(stripes: Path) -> None:
    made = read_examples(str(stripes), Path())
    assert made.images.shape == (8, 192, 192, 1)
    assert made.owners.tolist() == [0] * 4 + [1] * 4
    assert (made.images[:, :50] == 255).all()  # 160 px at 500 ppi are 80 at 250


def test_mnist_is_read_from_npz_and_from_idx_files(tmp_path: Path) -> None:
    images = np.random.default_rng(1).integers(0, 256, (5, 28, 28)).astype(np.uint8)
    labels = np.array([3, 1, 4, 1, 5], np.uint8)
    np.savez(tmp_path / "mnist.npz", x_train=images, y_train=labels)
    heads = [b"\0\0\x08\x03" + np.array([5, 28, 28], ">u4").tobytes(), b"\0\0\x08\x01" + np.array([5], ">u4").tobytes()]
    folder = tmp_path / "idx"
    folder.mkdir()
    (folder / "train-images-idx3-ubyte").write_bytes(heads[0] + images.tobytes())
    (folder / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(heads[1] + labels.tobytes()))
    both = [read_examples(str(path), tmp_path) for path in (tmp_path / "mnist.npz", folder)]
    for made in both:
        assert (made.images[..., 0] == images).all()
        assert made.owners.tolist() == labels.tolist()


def test_a_truncated_idx_file_is_refused_in_one_line(tmp_path: Path) -> None:
    for name in ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"):
        (tmp_path / name).write_bytes(b"\0\0\x08\x01\0\0\0\x09abc")
    with pytest.raises(ScanError, match="do not fit"):
        read_examples(str(tmp_path), tmp_path)


def test_what_is_no_set_and_no_path_is_refused_with_what_there_is() -> None:
    with pytest.raises(ScanError, match="stripes, ridges, digits, photos"):
        read_examples("waves", Path())


def test_a_split_by_identities_shares_none() -> None:
    parts = split(faces(), "identities", (0.6, 0.2), np.random.default_rng(1))
    owners = [set(part.owners.tolist()) for part in parts]
    assert [len(one) for one in owners] == [6, 2, 2]
    assert set.union(*owners) == set(range(10))


def test_a_split_by_images_shares_identities_but_no_image() -> None:
    training, thresholds, test = split(faces(), "images", (0.5, 0.25), np.random.default_rng(1))
    shown = np.concatenate([part.images.ravel() for part in (training, thresholds, test)])
    assert sorted(shown.tolist()) == list(range(40))
    assert set(training.owners.tolist()) & set(test.owners.tolist())


def test_a_test_of_one_identity_is_refused() -> None:
    with pytest.raises(TooFewComparisons):
        split(faces(2), "identities", (0.5, 0.0), np.random.default_rng(1))


def test_a_view_takes_the_middle_resizes_and_repeats_grey() -> None:
    image = np.zeros((192, 192, 1), np.uint8)
    image[64:128, 64:128] = 255
    seen = View(crop_px=128, side_px=64, colours=3).one(image)
    assert seen.shape == (64, 64, 3)
    assert seen[17:47, 17:47].min() == 1
    assert seen[:15].max() == 0


def test_copies_are_turned_about_the_middle_and_stay_in_range() -> None:
    image = np.zeros((65, 65, 1), np.float32)
    image[32, 32] = 1
    change = Turned(degrees=10, zoom=0.1)
    copies = [change(image, np.random.default_rng(seed)) for seed in range(20)]
    assert all(copy[32, 32, 0] > 0.99 for copy in copies)
    assert all(0 <= copy.min() <= copy.max() <= 1 for copy in copies)


def test_half_the_resolution_is_half_the_size_on_white() -> None:
    drawn = at_scale(np.zeros((64, 64, 1), np.float32), 0.5)
    assert drawn[20:44, 20:44].max() < 0.01
    assert drawn[:12].min() == 1

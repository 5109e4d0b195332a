"""The release model finds no finger where there is none, and finds fingers where there are some."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from fpverify.errors import FailureToAcquire
from fpverify.features import MinutiaExtractor
from fpverify.models import load_bundle
from fpverify.synthesis.dataset import synthesise
from fpverify.synthesis.nonprints import draw_nonprint
from fpverify.vocabulary import ByteArray, Scan

IMAGES = 200
ALLOWED = IMAGES // 100  # a per cent
SIDE_PX = 360  # of a scan: 18 mm at 500 ppi


@pytest.fixture(scope="module")
def extractor(release_model: str) -> MinutiaExtractor:
    bundle = load_bundle(release_model)
    return MinutiaExtractor(bundle.model_id, bundle.network("minutia_map"), bundle.network("descriptor"))


def photographs() -> Iterator[tuple[str, ByteArray]]:
    """The photographs that come with scikit-image and scikit-learn, whole and in parts."""
    skimage, sklearn = pytest.importorskip("skimage"), pytest.importorskip("sklearn")
    folders = Path(skimage.__file__).parent / "data", Path(sklearn.__file__).parent / "datasets" / "images"
    for path in sorted(path for folder in folders for path in folder.iterdir() if path.suffix in {".png", ".jpg"}):
        image = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        if image is None or min(image.shape) < 150:
            continue
        scale = SIDE_PX / max(image.shape)
        yield path.stem, np.asarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
        for number in range(4):
            rng = np.random.default_rng([number, *image.shape])
            top, left = (int(rng.integers(0, max(1, extent - SIDE_PX))) for extent in image.shape)
            yield f"{path.stem} part {number}", np.asarray(image[top : top + SIDE_PX, left : left + SIDE_PX], np.uint8)


def patterns() -> Iterator[tuple[str, ByteArray]]:
    """Noise of every grain, lines, rings, checks, and blanks."""
    rng = np.random.default_rng(1)
    y, x = np.mgrid[:SIDE_PX, :SIDE_PX]
    for grain in (0.3, 0.7, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0, 10.0):
        noise = cv2.GaussianBlur(rng.normal(size=(SIDE_PX, SIDE_PX)), (0, 0), grain)
        yield f"noise {grain}", np.clip(128 + 50 * noise / noise.std(), 0, 255).astype(np.uint8)
        yield f"blots {grain}", np.asarray(255 * (noise > 0), np.uint8)
    for period in (5, 7, 9, 11, 14, 20):
        angle = rng.uniform(0, np.pi)
        across, around = x * np.cos(angle) + y * np.sin(angle), np.hypot(x - 170, y - 190)
        yield f"lines {period}", np.asarray(127 + 120 * np.sin(2 * np.pi * across / period), np.uint8)
        yield f"rings {period}", np.asarray(127 + 120 * np.sin(2 * np.pi * around / period), np.uint8)
        yield f"checks {period}", np.asarray(255 * ((x // period + y // period) % 2), np.uint8)
    for grey in (0, 90, 255):
        yield f"blank {grey}", np.clip(rng.normal(grey, 2, (SIDE_PX, SIDE_PX)), 0, 255).astype(np.uint8)


def drawings() -> Iterator[tuple[str, ByteArray]]:
    """What the synthesis draws as no print, of seeds that training does not use."""
    for number in range(IMAGES):
        image = draw_nonprint(np.random.default_rng([987, number]), (SIDE_PX // 2, SIDE_PX // 2))
        yield f"drawing {number}", np.kron(np.rint(255 * image).astype(np.uint8), np.ones((2, 2), np.uint8))


def test_of_200_images_without_a_finger_at_least_99_per_cent_are_refused(extractor: MinutiaExtractor) -> None:
    images = [*photographs(), *patterns(), *drawings()][:IMAGES]
    assert len(images) == IMAGES
    assert sum(not name.startswith("drawing") for name, _ in images) > IMAGES / 2
    taken = []
    for name, pixels in images:
        try:
            extractor.extract(Scan(pixels, 500.0, name))
        except FailureToAcquire:
            continue
        taken.append(name)
    assert len(taken) <= ALLOWED, taken


def test_no_grating_and_no_noise_is_taken(extractor: MinutiaExtractor) -> None:
    for name, pixels in patterns():
        with pytest.raises(FailureToAcquire):
            extractor.extract(Scan(pixels, 500.0, name))


def test_synthetic_fingers_are_not_refused_and_most_minutiae_are_found(extractor: MinutiaExtractor) -> None:
    visible = found = 0
    for labelled in synthesise(fingers=4, impressions=2, seed=2024):
        minutiae, truth = extractor.extract(labelled.scan).minutiae, labelled.minutiae
        x, y = ((axis + 0.5) / 2 - 0.5 for axis in (truth.x_px, truth.y_px))  # 500 to 250 ppi
        distance = np.hypot(x[:, None] - minutiae.x_px, y[:, None] - minutiae.y_px)
        visible, found = visible + len(truth), found + int((distance.min(axis=1) < 6).sum())
    assert found > 0.6 * visible

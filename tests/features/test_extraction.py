from __future__ import annotations

from dataclasses import dataclass, field
from itertools import cycle

import numpy as np
import pytest

from fpverify.errors import FailureToAcquire
from fpverify.features import MinutiaExtractor, WholePrintExtractor, prepare
from fpverify.features.acquisition import LEAST_AREA_MM2, LEAST_MINUTIAE
from fpverify.features.extraction import centred
from fpverify.features.patches import PATCH_PX, sample_patches
from fpverify.models import load_bundle
from fpverify.store.template_format import decode_template, encode_template
from fpverify.synthesis.dataset import master, synthesise
from fpverify.vocabulary import BoolArray, FloatArray, Minutiae, Scan, Template

PLACES = [(40.1, 50.2), (60.3, 50.4), (80.5, 50.6), (41.2, 90.3), (62.3, 91.4), (83.4, 92.5), (100.6, 70.1)]
ANGLES = np.linspace(-3, 3, len(PLACES))
SURE = 4.0  # a logit: 98 %


@dataclass
class DrawnMap:
    """Stands for the minutia map network: says what a test wants, and keeps what it was asked."""

    places: list[tuple[float, float]] = field(default_factory=lambda: list(PLACES))
    probability: float = 0.8
    logit: float = SURE  # of foreground
    fading: float = 0.0
    foreground: BoolArray | None = None
    asked: FloatArray | None = None

    def __call__(self, batch: FloatArray) -> FloatArray:
        self.asked = batch
        answer = np.zeros((1, batch.shape[1] // 4, batch.shape[2] // 4, 6), np.float32)
        answer[..., 0] = -SURE
        answer[..., 5] = self.logit if self.foreground is None else np.where(self.foreground, self.logit, -self.logit)
        for number, ((x, y), angle) in enumerate(zip(self.places, cycle(ANGLES))):
            shares = np.array([self.probability - number * self.fading, x / 4 % 1, y / 4 % 1])
            answer[0, int(y // 4), int(x // 4), :3] = np.log(shares / (1 - shares))
            answer[0, int(y // 4), int(x // 4), 3:5] = np.cos(angle), np.sin(angle)
        return answer


def describe(patches: FloatArray) -> FloatArray:
    """Stands for the descriptor network: 16 means of 16 x 16 px."""
    means = patches[..., 0].reshape(-1, 4, 16, 4, 16).mean(axis=(2, 4)).reshape(-1, 16)
    return np.asarray(means / np.linalg.norm(means, axis=1, keepdims=True), np.float32)


@pytest.fixture(scope="module")
def scan() -> Scan:
    """A print that fills its 400 x 380 px at 500 ppi: 200 x 190 at the working resolution."""
    ridges = master(3, 1).ridges
    top, left = (ridges.shape[0] - 200) // 2, (ridges.shape[1] - 190) // 2
    noise = np.random.default_rng(3).normal(0, 0.3, (200, 190))
    image = 0.5 - 0.3 * np.clip(ridges[top : top + 200, left : left + 190] + noise, -1, 1)
    return Scan(np.rint(255 * np.kron(image, np.ones((2, 2)))).astype(np.uint8), 500.0, "finger.bmp")


def extract(scan: Scan, network: DrawnMap) -> Template:
    return MinutiaExtractor("m-1", network, describe).extract(scan)


def by_place(minutiae: Minutiae) -> np.ndarray:
    return np.argsort(minutiae.y_px // 20 * 1000 + minutiae.x_px)


def test_a_template_holds_the_minutiae_of_the_map(scan: Scan) -> None:
    template = extract(scan, DrawnMap())
    assert template.model_id == "m-1"
    found = np.stack([template.minutiae.x_px, template.minutiae.y_px, template.minutiae.angle_rad], axis=1)
    truth = np.column_stack([PLACES, ANGLES])
    np.testing.assert_allclose(found[by_place(template.minutiae)], truth[[0, 1, 2, 6, 3, 4, 5]], atol=1 / 16 + 1e-3)
    np.testing.assert_allclose(template.minutiae.quality, 0.8, atol=1 / 255)


def test_descriptors_are_those_of_the_stored_minutiae(scan: Scan) -> None:
    """What is stored describes exactly the place that is stored with it, not the one before rounding."""
    template = extract(scan, DrawnMap())
    kept = template.minutiae
    patches = sample_patches(prepare(scan).image, kept.x_px, kept.y_px, kept.angle_rad)
    expected = describe(patches[..., None])
    got = template.descriptors / np.linalg.norm(template.descriptors.astype(float), axis=1, keepdims=True)
    assert patches.shape[1:] == (PATCH_PX, PATCH_PX)
    largest = np.abs(expected).max(axis=1, keepdims=True)
    np.testing.assert_allclose(got / largest, expected / largest, atol=0.06)  # steps of 1/15 of the largest


def test_the_network_sees_the_prepared_scan_padded_with_nothing(scan: Scan) -> None:
    network = DrawnMap()
    extract(scan, network)
    assert network.asked is not None
    assert network.asked.shape == (1, 200, 192, 1)
    np.testing.assert_array_equal(network.asked[0, :200, :190, 0], prepare(scan).image)
    assert not network.asked[0, :, 190:].any()


def test_a_small_image_gets_nothing_around_it_and_its_minutiae_stay_in_place(scan: Scan) -> None:
    small = Scan(scan.pixels[: 2 * 75, : 2 * 142], 500.0)
    image, network = prepare(small).image, DrawnMap([(10.5 + 12 * k, 24 + 20.5 + 5 * k) for k in range(7)])
    acquired = MinutiaExtractor("m-1", network, describe).acquire(small)
    assert network.asked is not None
    assert network.asked.shape == (1, 24 + 80 + 24, 144, 1)
    np.testing.assert_array_equal(network.asked[0, 24 : 24 + 75, :142, 0], image)
    assert not network.asked[0, :24].any()
    assert not network.asked[0, 24 + 75 :].any()
    assert acquired.foreground is not None
    assert acquired.foreground.shape == (20, 36)
    found = np.sort(acquired.template.minutiae.y_px)
    np.testing.assert_allclose(found, [20.5 + 5 * k for k in range(7)], atol=1 / 16 + 1e-3)


def test_a_small_part_of_a_print_shows_most_of_its_minutiae(
    release_model: str,
) -> None:
    bundle = load_bundle(release_model)
    extractor = MinutiaExtractor(bundle.model_id, bundle.network("minutia_map"), bundle.network("descriptor"))
    wholes = [made.scan for made in synthesise(fingers=8, impressions=1, seed=2025)]
    assert np.mean([recall(extractor, whole) for whole in wholes]) > 0.85


def recall(extractor: MinutiaExtractor, whole: Scan) -> float:
    """Of the minutiae found in the middle of a print, the share that is found in the middle alone."""
    first, side = (whole.pixels.shape[0] - 160) // 2, 160
    known = extractor.extract(whole).minutiae
    part = extractor.extract(Scan(whole.pixels[first : first + side, first : first + side], 500.0)).minutiae
    x, y = known.x_px - first / 2, known.y_px - first / 2
    inside = (np.minimum(x, y) > 0) & (np.maximum(x, y) < side / 2)
    away = np.hypot(x[inside, None] - part.x_px, y[inside, None] - part.y_px)
    return float((away.min(1) < 4).mean())


def test_a_stored_template_is_the_extracted_one(scan: Scan) -> None:
    template = extract(scan, DrawnMap())
    stored = decode_template(encode_template(template))
    assert (stored.model_id, stored.quality) == (template.model_id, template.quality)
    np.testing.assert_array_equal(stored.descriptors, template.descriptors)
    for name in ("x_px", "y_px", "angle_rad", "quality"):
        np.testing.assert_array_equal(getattr(stored.minutiae, name), getattr(template.minutiae, name))


def test_what_is_acquired_comes_with_its_image_and_foreground(scan: Scan) -> None:
    half = np.zeros((50, 48), bool)
    half[:35] = True
    extractor = MinutiaExtractor("m-1", DrawnMap(foreground=half), describe)
    acquired = extractor.acquire(scan)
    assert encode_template(acquired.template) == encode_template(extractor.extract(scan))
    assert acquired.foreground is not None
    np.testing.assert_array_equal(acquired.foreground, half)
    np.testing.assert_array_equal(acquired.prepared.image, prepare(scan).image)
    assert acquired.area_mm2 == pytest.approx(35 * 48 * (4 * 25.4 / 250) ** 2)


def test_extracting_twice_gives_the_same_template(scan: Scan) -> None:
    assert encode_template(extract(scan, DrawnMap())) == encode_template(extract(scan, DrawnMap()))


def test_a_smaller_print_has_a_lower_quality(scan: Scan) -> None:
    half = np.zeros((50, 48), bool)
    half[10:40, 8:28] = True  # 120 x 80 px: 99 mm²
    assert 0 < extract(scan, DrawnMap(foreground=half)).quality < extract(scan, DrawnMap()).quality


# --- failures to acquire --------------------------------------------------------------------------------------------


def refusal(scan: Scan, network: DrawnMap) -> str:
    def never_asked(_: FloatArray) -> FloatArray:
        raise AssertionError("a refused scan needs no descriptors")

    with pytest.raises(FailureToAcquire) as failure:
        MinutiaExtractor("m-1", network, never_asked).extract(scan)
    assert "\n" not in str(failure.value)
    return str(failure.value)


def test_too_little_foreground_is_refused_with_both_areas(scan: Scan) -> None:
    small = np.zeros((50, 48), bool)
    small[10:24, 10:20] = small[30:44, 10:20] = True  # sure where their neighbours are: twice 12 x 8 cells
    reason = refusal(scan, DrawnMap(foreground=small))
    assert reason.startswith("finger.bmp: too little foreground: 16 mm²")
    assert f"at least {LEAST_AREA_MM2:.0f} mm² needed" in reason


def test_too_few_minutiae_are_refused_with_both_numbers(scan: Scan) -> None:
    reason = refusal(scan, DrawnMap(places=PLACES[: LEAST_MINUTIAE - 1]))
    assert reason == f"finger.bmp: too few minutiae: {LEAST_MINUTIAE - 1} found, at least {LEAST_MINUTIAE} needed"


def test_the_least_number_of_minutiae_is_enough(scan: Scan) -> None:
    assert len(extract(scan, DrawnMap(places=PLACES[:LEAST_MINUTIAE])).minutiae) == LEAST_MINUTIAE


def test_foreground_and_minutiae_must_be_sure_together(scan: Scan) -> None:
    reason = refusal(scan, DrawnMap(probability=0.38))
    assert reason.startswith(
        "finger.bmp: no clear print: what resembles one is 98% certain and its best minutiae 38%: 68%"
    )
    assert len(extract(scan, DrawnMap(probability=0.42)).minutiae) == len(PLACES)
    doubtful = DrawnMap(probability=0.42, logit=1.5)  # 82 %
    assert "82% certain" in refusal(scan, doubtful)
    assert len(extract(scan, DrawnMap(probability=0.6, logit=1.5)).minutiae) == len(PLACES)


def test_only_the_best_minutiae_must_be_sure(scan: Scan) -> None:
    places = [(30.5 + 12 * column, 30.5 + 12 * row) for row in range(8) for column in range(8)]
    assert len(extract(scan, DrawnMap(places=places, probability=0.42, fading=0.001)).minutiae) == 64


@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (20, 20)])
def test_a_speck_is_refused(shape: tuple[int, int]) -> None:
    pixels = np.random.default_rng(2).integers(0, 256, shape).astype(np.uint8)
    assert refusal(Scan(pixels, 500.0, "speck.bmp"), DrawnMap(places=[])).startswith("speck.bmp: ")


def test_a_blank_is_refused_before_any_network_is_asked() -> None:
    network = DrawnMap()
    assert "ridges too faint" in refusal(Scan(np.full((300, 300), 200, np.uint8), 500.0, "blank.bmp"), network)
    assert network.asked is None


# --- whole prints ---------------------------------------------------------------------------------------------------


def corners(batch: FloatArray) -> FloatArray:
    """Stands for a whole-print network: the mean of each quarter."""
    side = batch.shape[1] // 2
    means = batch.reshape(len(batch), 2, side, 2, side).mean(axis=(2, 4)).reshape(len(batch), 4)
    return np.asarray(means / np.linalg.norm(means, axis=1, keepdims=True), np.float32)


def test_a_whole_print_template_is_the_vector_of_the_centred_print(scan: Scan) -> None:
    template = WholePrintExtractor("w-1", corners, 160).extract(scan)
    assert len(template.minutiae) == 0
    assert template.vector is not None
    middle = prepare(scan).image[20:180, 15:175]
    np.testing.assert_array_equal(template.vector, corners(middle[None, ..., None])[0])
    stored = decode_template(encode_template(template))
    np.testing.assert_array_equal(stored.vector, template.vector)


def test_a_blank_whole_print_is_refused() -> None:
    with pytest.raises(FailureToAcquire, match="ridges too faint"):
        WholePrintExtractor("w-1", corners, 160).extract(Scan(np.zeros((300, 300), np.uint8), 500.0))


@pytest.mark.parametrize("shape", [(4, 4), (6, 6), (7, 5), (3, 9), (8, 2), (1, 1), (6, 7)])
def test_centring_keeps_the_middle_and_adds_nothing(shape: tuple[int, int]) -> None:
    image = np.arange(1, 1 + shape[0] * shape[1], dtype=np.float32).reshape(shape)
    canvas = centred(image, 6)
    assert canvas.shape == (6, 6)
    kept = canvas[canvas > 0]
    assert len(kept) == min(6, shape[0]) * min(6, shape[1])
    rows, columns = np.divmod(kept - 1, shape[1])
    for found, size in ((rows, shape[0]), (columns, shape[1])):
        assert abs((found.min() + found.max()) / 2 - (size - 1) / 2) <= 0.5  # the image's middle is kept
    for at, size in zip(np.nonzero(canvas), shape, strict=True):
        assert abs((at.min() + at.max()) / 2 - 2.5) <= 0.5, size  # in the middle of the canvas

"""A picture of several fingers is no print of one; a print that is parted, faint around or large still is one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace

import cv2
import numpy as np
import pytest

from fpverify.errors import FailureToAcquire, SeveralPrints
from fpverify.features.borders import LEAST_LOGIT, LENGTH_CELLS, SURE_LOGIT
from fpverify.features.orientation import Field
from fpverify.features.pieces import are_near, exceed_a_finger, ghosts
from fpverify.features.singularities import singularities
from fpverify.matching import Matcher
from fpverify.synthesis.dataset import ORDINARY, synthesise
from fpverify.synthesis.finger import draw_finger
from fpverify.synthesis.impression import draw_impression
from fpverify.vocabulary import ByteArray, FloatArray, Scan

SIDE = 48  # cells of a field: 19 mm at 4 px
Y, X = (axis.astype(np.float32) for axis in np.mgrid[:SIDE, :SIDE])


@pytest.fixture(scope="module")
def prints() -> list[ByteArray]:
    return [made.scan.pixels for made in synthesise(9, 1, seed=4711)]


@pytest.fixture(scope="module")
def matcher(release_model: str) -> Matcher:
    return Matcher.load(release_model)


def paper(image: ByteArray) -> int:
    return int(np.median(np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])))


def middle(image: ByteArray, side: int = 200) -> ByteArray:
    ridges = cv2.blur((image < 128).astype(np.float32), (side, side))
    y, x = np.unravel_index(int(ridges.argmax()), ridges.shape)
    top, left = (min(max(int(c) - side // 2, 0), n - side) for c, n in zip((y, x), image.shape, strict=True))
    return image[top : top + side, left : left + side]


def banded(image: ByteArray, away_px: np.ndarray, half_px: float) -> ByteArray:
    share = 1 / (1 + np.exp((np.abs(away_px) - half_px) / 2))
    return (image * (1 - share) + paper(image) * share).astype(np.uint8)


def slap(prints: list[ByteArray]) -> ByteArray:
    tops = (80, 20, 0, 100)
    return np.hstack(
        [np.pad(one, ((top, 100 - top), (0, 0)), mode="edge") for one, top in zip(prints, tops, strict=False)]
    )


def mosaic(prints: list[ByteArray]) -> ByteArray:
    return np.vstack([np.hstack([middle(one) for one in prints[k : k + 3]]) for k in (0, 3, 6)])


def parts(prints: list[ByteArray]) -> ByteArray:
    return np.vstack([middle(one) for one in prints[4:6]])


SEVERAL: dict[str, Callable[[list[ByteArray]], ByteArray]] = {
    "beside": lambda prints: np.hstack(prints[:2]),
    "above": lambda prints: np.vstack(prints[:2]),
    "slap": slap,
    "mosaic": mosaic,
    "two parts": parts,
}


@pytest.mark.parametrize("name", SEVERAL)
def test_a_picture_of_several_fingers_is_refused(matcher: Matcher, prints: list[ByteArray], name: str) -> None:
    with pytest.raises(SeveralPrints) as refusal:
        matcher.acquire(Scan(SEVERAL[name](prints), 500.0, "hand.png"))
    seen = refusal.value.prints_seen
    assert seen >= 2
    assert str(refusal.value) == f"hand.png: shows {seen} prints: give one finger"


def test_the_fingers_of_a_hand_are_counted(matcher: Matcher, prints: list[ByteArray]) -> None:
    with pytest.raises(SeveralPrints, match="shows 4 prints"):
        matcher.acquire(Scan(slap(prints), 500.0))


def ghost(first: ByteArray, second: ByteArray, of: float = 0.5) -> ByteArray:
    shown = second[:, round((1 - of) * second.shape[1]) :].astype(np.float32)
    faint = paper(first) - 0.2 * (paper(second) - shown)
    return np.hstack([first, np.clip(faint, 0, 255).astype(np.uint8)])


def test_whoever_left_a_ghost_beside_a_print_is_not_let_in(matcher: Matcher) -> None:
    made = [one.scan for one in synthesise(4, 2, seed=4713)]
    for first in range(0, 6, 2):
        print_, again, other = made[first], made[first + 1], made[first + 2]
        enrolled = matcher.acquire(Scan(ghost(print_.pixels, other.pixels, of=1), 500.0))
        assert matcher.score(matcher.template(again), enrolled.template).value > 40
        assert matcher.score(matcher.template(other), enrolled.template).value < 20
        assert not enrolled.foreground[:, 96:].any()


def scar(image: ByteArray) -> ByteArray:
    y, x = np.indices(image.shape) - np.reshape(image.shape, (2, 1, 1)) / 2
    return banded(image, 0.8 * x + 0.6 * y - 30, 10.0)


SINGLE: dict[str, Callable[[list[ByteArray]], ByteArray]] = {
    "ordinary": lambda prints: prints[0],
    "scarred": lambda prints: scar(prints[0]),
    "beside a ghost": lambda prints: ghost(*prints[:2]),
    "on a wide canvas": lambda prints: np.pad(prints[0], ((50, 300), (400, 50)), constant_values=255),
}


@pytest.mark.parametrize("name", SINGLE)
@pytest.mark.parametrize("first", range(3))
def test_a_print_of_one_finger_is_taken(matcher: Matcher, prints: list[ByteArray], name: str, first: int) -> None:
    assert len(matcher.acquire(Scan(SINGLE[name](prints[first:]), 500.0)).template.minutiae)


def test_a_finger_down_to_the_fold_of_its_joint_is_taken(matcher: Matcher) -> None:
    rng, shape = np.random.default_rng([4711, 1]), (420, 200)  # 43 x 20 mm
    finger = draw_finger(rng, shape)
    settings = replace(ORDINARY, shape=shape, centre_px=(4.0, 6.0), shift_px=8.0)
    drawn = draw_impression(rng, finger.ridges, finger.minutiae, settings).image
    image = np.kron(np.rint(255 * np.clip(drawn, 0, 1)), np.ones((2, 2))).astype(np.uint8)
    folded = banded(image, np.indices(image.shape)[0] - 580.0, 20.0)
    assert len(matcher.acquire(Scan(folded, 500.0)).template.minutiae)


def turning(*loops: tuple[float, float, int]) -> Field:
    """A field that turns around places (x, y) once with a sign each."""
    angle = sum(sign * np.arctan2(Y - y, X - x) for x, y, sign in loops)
    return np.asarray(np.exp(1j * np.asarray(angle)), np.complex64)


def test_loops_and_deltas_have_a_charge_of_one_each() -> None:
    found = singularities(turning((14.5, 14.5, 1), (34.5, 34.5, -1)))
    assert (found.loops, found.deltas) == (pytest.approx(1, abs=0.1), pytest.approx(1, abs=0.1))
    assert found.fingers == 1


def test_three_loops_are_of_two_fingers() -> None:
    assert singularities(turning((10.5, 10.5, 1), (34.5, 12.5, 1), (22.5, 34.5, 1))).fingers == 2


def test_a_model_without_a_seam_map_looks_at_the_parts_alone(matcher: Matcher, prints: list[ByteArray]) -> None:
    older = replace(matcher, extractor=replace(matcher.extractor, seam_map=None))
    with pytest.raises(SeveralPrints, match="shows 4 prints"):
        older.acquire(Scan(slap(prints), 500.0))
    assert older.acquire(Scan(mosaic(prints), 500.0)).foreground is not None


def test_a_seam_map_is_asked_for_the_padded_scan_and_once(matcher: Matcher, prints: list[ByteArray]) -> None:
    asked = []

    def seam_map(squares: FloatArray) -> FloatArray:
        asked.append(squares.shape)
        return np.full((1, squares.shape[1] // 2, squares.shape[2] // 2, 1), -9, np.float32)

    extractor = replace(matcher.extractor, seam_map=seam_map)
    extractor.acquire(Scan(prints[0][:, :-2], 500.0))  # 192 x 191 px
    assert asked == [(1, 48, 48, 16)]
    extractor.acquire(Scan(mosaic(prints), 500.0))  # a network that sees none


@pytest.mark.parametrize(
    ("logit", "columns", "refused"),
    [
        (SURE_LOGIT + 1, slice(10, 10 + LENGTH_CELLS), True),  # a short one that is sure
        (LEAST_LOGIT + 0.5, slice(10, 10 + LENGTH_CELLS), False),
        (LEAST_LOGIT + 0.5, slice(None), True),  # right across
        (LEAST_LOGIT - 0.5, slice(None), False),
    ],
)
def test_a_border_counts_where_it_parts_the_print_or_is_sure(
    matcher: Matcher, prints: list[ByteArray], logit: float, columns: slice, refused: bool
) -> None:
    def seam_map(squares: FloatArray) -> FloatArray:
        logits = np.full((1, squares.shape[1] // 2, squares.shape[2] // 2, 1), -9, np.float32)
        logits[:, 12, columns] = logit
        return logits

    extractor = replace(matcher.extractor, seam_map=seam_map)
    with pytest.raises(SeveralPrints, match="shows 2 prints") if refused else nullcontext():
        extractor.acquire(Scan(prints[0], 500.0))


@pytest.mark.parametrize(
    ("print_", "share", "weak"),
    [(0.4, 0.15, True), (0.4, 0.3, False), (0.1, 0.5, True), (0.1, 0.8, False), (0.02, 0.8, False)],
)
def test_a_part_is_a_ghost_where_it_is_far_lighter_or_lighter_and_light(
    print_: float, share: float, weak: bool
) -> None:
    left, right = np.zeros((40, 80), bool), np.zeros((40, 80), bool)
    left[:, :36], right[:, 44:] = True, True
    ridges = 0.5 + print_ * np.sin(np.arange(320, dtype=np.float32) * 1.4) * np.ones((160, 1), np.float32)
    ridges[:, 160:] = 0.5 + share * (ridges[:, 160:] - 0.5)
    assert ghosts([left, right], ridges) == [False, weak]


@pytest.mark.parametrize(("gap_cells", "near"), [(2, True), (10, True), (14, False)])
def test_parts_further_apart_than_a_scar_is_wide_are_not_of_one_finger(gap_cells: int, near: bool) -> None:
    left, right = np.zeros((40, 80), bool), np.zeros((40, 80), bool)
    left[:, :30], right[:8, 30 + gap_cells :] = True, True
    assert are_near([left, right]) is near
    third = np.zeros((40, 80), bool)
    third[20:, 30 + gap_cells :] = True  # near the first, not the second
    assert are_near([left, right, third]) is near


def test_no_finger_is_longer_than_60_mm_or_wider_than_42() -> None:
    cells = np.zeros((160, 160), bool)
    cells[:140, :30] = True  # 57 x 12 mm
    assert not exceed_a_finger(cells)
    cells[:150] |= cells[:1]  # 61 mm
    assert exceed_a_finger(cells)


def test_the_number_is_kept_without_being_given() -> None:
    assert issubclass(SeveralPrints, FailureToAcquire)
    assert SeveralPrints("a message alone").prints_seen == 2

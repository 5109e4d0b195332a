"""Photographs of skin are no prints."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from drawn import draw_print

from fpverify.errors import FailureToAcquire
from fpverify.scans import read_scan
from fpverify.scans.skin import skin_share

PRINT = draw_print()
TONES = ((236, 188, 160), (198, 134, 98), (105, 66, 46))


def in_tone(tone: tuple[int, int, int]) -> np.ndarray:
    light = 0.85 + 0.15 * PRINT[..., None].astype(np.float32) / 255
    return np.rint(light * np.array(tone, np.float32)).astype(np.uint8)


@pytest.mark.parametrize("tone", TONES)
def test_a_photograph_is_refused_with_the_reason(tone: tuple[int, int, int]) -> None:
    encoded = cv2.imencode(".png", in_tone(tone)[..., ::-1])[1].tobytes()
    with pytest.raises(FailureToAcquire, match="a photograph of skin"):
        read_scan(encoded, ppi=500)


@pytest.mark.parametrize(
    ("ink", "paper"),
    [((30, 40, 120), (240, 240, 240)), ((20, 20, 20), (244, 232, 196)), ((170, 30, 40), (250, 248, 245))],
)
def test_ink_of_any_colour_on_paper_is_a_print(ink: tuple[int, int, int], paper: tuple[int, int, int]) -> None:
    share = PRINT[..., None].astype(np.float32) / 255
    picture = np.rint(share * np.array(paper) + (1 - share) * np.array(ink)).astype(np.uint8)
    assert skin_share(picture) < 0.02
    encoded = cv2.imencode(".png", picture[..., ::-1])[1].tobytes()
    assert read_scan(encoded, ppi=500).ppi == 500


def test_grey_in_three_channels_is_a_print() -> None:
    assert skin_share(np.repeat(PRINT[..., None], 3, axis=2)) == 0

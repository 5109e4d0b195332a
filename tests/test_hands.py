"""What a person's files show, finger by finger."""

from __future__ import annotations

from pathlib import Path

import pytest

import fpverify
from fpverify.errors import FailureToAcquire, NotEnrolled
from fpverify.formats.containers import images_to_bytes
from fpverify.hands import Hands, HandScan, acquirable, chosen_probes, joined
from fpverify.vocabulary.images import FingerImage, ImageRecord

SAMPLES = Path(fpverify.__file__).parent / "samples"
FIRST, SECOND = (fpverify.read_scan(SAMPLES / name) for name in ("A_1.bmp", "B_1.bmp"))
CARD = Hands((HandScan(FIRST, "right-index", rolled=True), HandScan(SECOND, "right-index")), named=True)


def test_a_plain_print_is_compared_before_a_rolled_one() -> None:
    scans, names, notes = chosen_probes(CARD, (), {"right-index"}, lambda _: None)
    assert scans == [SECOND]
    assert names == ("right-index",)
    assert notes == []


def test_a_finger_that_cannot_be_used_is_left_out_and_named() -> None:
    both = Hands((HandScan(FIRST, "right-index"), HandScan(SECOND, "left-ring")), named=True)
    faint = FailureToAcquire("ring: too faint")
    scans, names, notes = chosen_probes(
        both, (), {"right-index", "left-ring"}, lambda scan: faint if scan is SECOND else None
    )
    assert (scans, names, notes) == ([FIRST], ("right-index",), ["left out: ring: too faint"])
    kept = acquirable(both, iter([None, faint]))
    assert kept.fingers == ("right-index",)
    with pytest.raises(FailureToAcquire, match="too faint"):
        acquirable(both, iter([faint, faint]))


def test_fingers_that_are_not_enrolled_are_not_compared() -> None:
    with pytest.raises(NotEnrolled, match="the scans show right-index; enrolled is left-thumb"):
        chosen_probes(Hands(CARD.scans[:1], named=True), (), {"left-thumb"}, lambda _: None)


def test_where_the_enrolled_finger_has_no_name_probes_have_none() -> None:
    _, names, _ = chosen_probes(CARD, (), {"unknown"}, lambda _: None)
    assert names == ()


def test_a_record_says_which_of_its_fingers_are_rolled_and_missing() -> None:
    height, width = FIRST.pixels.shape
    picture = FingerImage(FIRST.pixels.tobytes(), "none", width, height, (500.0, 500.0), 3, 1)
    content = images_to_bytes(ImageRecord((picture,)), format="an2")[0]
    hands = fpverify.HandReader().read("card.an2", content)
    assert [(one.finger, one.rolled) for one in hands.scans] == [("right-middle", True)]
    assert joined([hands, hands]).fingers == ("right-middle", "right-middle")


def test_a_scan_shows_one_finger_of_no_name() -> None:
    hands = fpverify.HandReader().read(SAMPLES / "A_1.bmp")
    assert (hands.fingers, hands.named) == (("unknown",), False)

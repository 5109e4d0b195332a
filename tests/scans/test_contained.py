"""Scans in ANSI/NIST files and in records of ISO/IEC 19794-4."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import fpverify
from fpverify.errors import ScanTooLarge, UnreadableScan
from fpverify.formats.containers import IMAGE_FORMATS, images_to_bytes
from fpverify.scans import scan_from_bytes
from fpverify.scans.finger_scans import FingerScan, Unusable, finger_scans, scans_in
from fpverify.scans.isolation import Decoder
from fpverify.vocabulary.images import FingerImage, ImageRecord

SAMPLE = Path(fpverify.__file__).parent / "samples" / "A_1.bmp"
SCAN = fpverify.read_scan(SAMPLE)
HEIGHT, WIDTH = SCAN.pixels.shape


def png(pixels: np.ndarray) -> bytes:
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "PNG", dpi=(72, 72))
    return content.getvalue()


ROWS = FingerImage(SCAN.pixels.tobytes(), "none", WIDTH, HEIGHT, (500.0, 500.0), 2)
PNG = replace(ROWS, data=png(SCAN.pixels), compression="png")


@pytest.mark.parametrize("name", IMAGE_FORMATS)
@pytest.mark.parametrize("image", [ROWS, PNG])
def test_the_one_picture_of_a_record_is_a_scan_at_the_records_resolution(name: str, image: FingerImage) -> None:
    content = images_to_bytes(ImageRecord((image,)), format=name)[0]
    scan = fpverify.read_scan(content)
    assert np.array_equal(scan.pixels, SCAN.pixels)
    assert (scan.ppi, scan.ppi_source) == (500, "file")


def test_a_decoder_that_waits_reads_them_too() -> None:
    decoder = Decoder()
    try:
        scan = scan_from_bytes(images_to_bytes(ImageRecord((PNG,)), format="an2")[0], decode=decoder.decode)
    finally:
        decoder.close()
    assert np.array_equal(scan.pixels, SCAN.pixels)


def test_several_fingers_are_refused_where_one_is_wanted(tmp_path: Path) -> None:
    path = tmp_path / "card.an2"
    path.write_bytes(images_to_bytes(ImageRecord((ROWS, replace(PNG, finger=3))), format="an2")[0])
    with pytest.raises(UnreadableScan, match="holds 2 pictures of fingers"):
        fpverify.read_scan(path)
    assert [(one.finger, one.scan.ppi) for one in scans_in(path)] == [("right-index", 500), ("right-middle", 500)]


def test_fingers_of_a_slap_are_named_from_left_to_right_without_the_missing() -> None:
    slap = replace(ROWS, finger=14, missing=((9, "amputated"),))
    (found,) = finger_scans(ImageRecord((slap,)))
    assert isinstance(found, FingerScan)
    assert found.is_slap
    assert found.fingers == ("left-little", "left-middle", "left-index")
    assert found.missing == (("left-ring", "amputated"),)


def test_a_picture_that_cannot_be_used_is_told_of_and_others_are_read() -> None:
    blank = replace(ROWS, data=bytes(WIDTH * HEIGHT), finger=3)
    first, second = finger_scans(ImageRecord((blank, ROWS)))
    assert isinstance(first, Unusable)
    assert "right-middle" in str(first.reason)
    assert isinstance(second, FingerScan)


@pytest.mark.parametrize("bits", [4, 12])
def test_packed_grey_levels_are_spread_to_eight_bits(bits: int) -> None:
    levels = (SCAN.pixels.astype(np.uint32) * (2**bits - 1)) // 255
    packed = np.packbits(((levels[..., None] >> np.arange(bits)[::-1]) & 1).astype(np.uint8).ravel())
    image = replace(ROWS, data=packed.tobytes(), compression="packed", bits=bits)
    scan = fpverify.read_scan(images_to_bytes(ImageRecord((image,)), format="iso2011-image")[0])
    assert np.abs(scan.pixels.astype(int) - SCAN.pixels).max() <= (17 if bits == 4 else 1)


def test_a_record_that_claims_too_many_pixels_is_refused_before_they_are_made() -> None:
    content = images_to_bytes(ImageRecord((PNG,)), format="an2")[0]
    at = content.index(b"IHDR") + 4
    claiming = content[:at] + (60_000).to_bytes(4, "big") * 2 + content[at + 8 :]
    with pytest.raises(ScanTooLarge, match="60000 x 60000"):
        fpverify.read_scan(claiming)


def test_palms_are_passed_over() -> None:
    assert list(finger_scans(ImageRecord((replace(ROWS, finger=21),)))) == []

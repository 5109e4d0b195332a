"""Every format and mode gives the same pixels, and the resolution that its header states."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drawn import draw_print, encoded
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageOps

from fpverify.errors import UnreadableScan, UnsupportedResolution
from fpverify.scans import IMAGE_SUFFIXES, read_scan, scan_from_bytes, scan_from_pixels
from fpverify.scans.levels import grey_from_array
from fpverify.vocabulary import ByteArray

PRINT = draw_print()
GREY = Image.fromarray(PRINT)
SIXTEEN = Image.fromarray(PRINT.astype(np.uint16) * 257)

Save = Callable[..., Path]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def save_image(image: Image.Image, ending: str, **options: Any) -> Path:
        path = tmp_path / f"scan.{ending}"
        image.save(path, **options)
        return path

    return save_image


EXACT: dict[str, tuple[Image.Image, str]] = {
    "BMP": (GREY, "bmp"),
    "PNG": (GREY, "png"),
    "TIFF": (GREY, "tif"),
    "PGM": (GREY, "pgm"),
    "JPEG 2000": (GREY, "jp2"),
    "bare JPEG 2000": (GREY, "j2k"),
    "colour JPEG 2000": (GREY.convert("RGB"), "jp2"),
    "16 bit JPEG 2000": (SIXTEEN, "jp2"),
    "colour BMP": (GREY.convert("RGB"), "bmp"),
    "colour PNG": (GREY.convert("RGB"), "png"),
    "PPM": (GREY.convert("RGB"), "ppm"),
    "palette PNG": (GREY.convert("P"), "png"),
    "palette BMP": (GREY.convert("P"), "bmp"),
    "opaque PNG": (GREY.convert("RGBA"), "png"),
    "grey and opaque": (GREY.convert("LA"), "png"),
    "CMYK TIFF": (GREY.convert("RGB").convert("CMYK"), "tif"),
    "16 bit PNG": (SIXTEEN, "png"),
    "16 bit TIFF": (SIXTEEN, "tif"),
    "16 bit PGM": (SIXTEEN, "pgm"),
    "32 bit TIFF": (Image.fromarray(PRINT.astype(np.int32) * 257), "tif"),
    "fractions in a TIFF": (Image.fromarray((PRINT / np.float32(255)).astype(np.float32)), "tif"),
}


@pytest.mark.parametrize("kind", EXACT)
def test_lossless_files_give_their_pixels(kind: str, save: Save) -> None:
    image, ending = EXACT[kind]
    np.testing.assert_array_equal(read_scan(save(image, ending), ppi=500).pixels, PRINT)


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_deflate", "packbits"])
def test_compressed_tiffs_give_their_pixels(compression: str, save: Save) -> None:
    path = save(GREY, "tif", compression=compression)
    np.testing.assert_array_equal(read_scan(path, ppi=500).pixels, PRINT)


KINDS = {".mpo": "JPEG"}  # of which Pillow would not write a single picture


@pytest.mark.parametrize("suffix", IMAGE_SUFFIXES)
def test_files_of_every_listed_ending_are_read(suffix: str, save: Save) -> None:
    import wsq  # noqa: F401 - teaches Pillow to write WSQ

    pixels = read_scan(save(GREY, suffix[1:], format=KINDS.get(suffix)), ppi=500).pixels
    assert np.corrcoef(pixels.ravel(), PRINT.ravel())[0, 1] > 0.95  # WSQ smooths the noise of the drawing


def test_the_first_picture_of_a_photograph_is_read(save: Save) -> None:
    small = GREY.resize((75, 75))
    path = save(GREY, "jpg", format="MPO", save_all=True, append_images=[small], dpi=(500, 500), quality=95)
    scan = read_scan(path)
    assert np.abs(scan.pixels.astype(int) - PRINT).mean() < 3
    assert scan.ppi == 500


def test_jpeg_gives_nearly_its_pixels(save: Save) -> None:
    pixels = read_scan(save(GREY, "jpg", quality=95), ppi=500).pixels
    assert np.abs(pixels.astype(int) - PRINT).mean() < 3


@pytest.mark.parametrize("ending", ["png", "bmp", "pbm", "tif"])
def test_one_bit_is_black_and_white(ending: str, save: Save) -> None:
    path = save(GREY.point(lambda grey: 255 * (grey > 128)).convert("1"), ending)
    np.testing.assert_array_equal(read_scan(path, ppi=500).pixels, np.where(PRINT > 128, 255, 0))


def test_grey_scaled_white_to_black_is_read_as_it_looks(tmp_path: Path) -> None:
    path = tmp_path / "white-is-zero.tif"
    GREY.point(lambda grey: 255 - grey).save(path, tiffinfo={262: 0})
    np.testing.assert_array_equal(read_scan(path, ppi=500).pixels, PRINT)


@pytest.mark.parametrize("white", [255, 1023, 4095, 65535])
def test_spare_bits_do_not_darken(white: int) -> None:
    values = np.rint(PRINT * (white / 255)).astype(np.uint16)
    values[0, 0] = white
    assert np.abs(scan_from_pixels(values, ppi=500).pixels[1:].astype(int) - PRINT[1:]).max() <= 1


@given(values=arrays(np.uint16, (4, 5), elements=st.integers(0, 65535)))
def test_sixteen_bits_scale_linearly(values: np.ndarray) -> None:
    values[0, 0] = 65535
    np.testing.assert_array_equal(grey_from_array(values, "x"), np.rint(values / 257))


def test_transparent_parts_are_white(save: Save) -> None:
    alpha = np.where(np.arange(300) < 150, 0, 255).astype(np.uint8)[None].repeat(300, 0)
    for image in (Image.merge("LA", [GREY, Image.fromarray(alpha)]), _rgba(PRINT, alpha)):
        pixels = read_scan(save(image, "png"), ppi=500).pixels
        assert (pixels[:, :150] == 255).all()
        np.testing.assert_array_equal(pixels[:, 150:], PRINT[:, 150:])


def test_half_transparent_is_half_way_to_white(save: Save) -> None:
    pixels = read_scan(save(_rgba(PRINT, np.full_like(PRINT, 51)), "png"), ppi=500).pixels
    np.testing.assert_allclose(pixels, PRINT * 0.2 + 255 * 0.8, atol=0.51)


def test_a_transparent_colour_of_a_palette_is_white(save: Save) -> None:
    few = GREY.quantize(8)
    first = int(np.asarray(few)[0, 0])
    pixels = read_scan(save(few, "png", transparency=first), ppi=500).pixels
    assert (pixels[np.asarray(few) == first] == 255).all()


def test_a_photograph_taken_sideways_is_turned(save: Save) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise
    path = save(ImageOps.exif_transpose(GREY).rotate(90), "png", exif=exif)
    np.testing.assert_array_equal(read_scan(path, ppi=500).pixels, PRINT)


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw"])
def test_a_tiff_scanned_upside_down_is_turned_once(compression: str, save: Save) -> None:
    path = save(GREY.rotate(180), "tif", tiffinfo={0x0112: 3}, compression=compression, dpi=(500, 500))
    scan = read_scan(path)
    np.testing.assert_array_equal(scan.pixels, PRINT)
    assert scan.ppi == 500


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "RGBA", "LA", "P", "CMYK", "I;16", "F"])
def test_compressed_tiffs_of_every_mode_read_as_plain_ones(mode: str, save: Save) -> None:
    modes = {"I;16": SIXTEEN, "F": EXACT["fractions in a TIFF"][0]}
    image = modes.get(mode) or GREY.convert("RGB" if mode == "CMYK" else "L").convert(mode)
    plain = read_scan(save(image, "tif"), ppi=500).pixels
    np.testing.assert_array_equal(read_scan(save(image, "tiff", compression="tiff_lzw"), ppi=500).pixels, plain)


def _rgba(grey: ByteArray, alpha: ByteArray) -> Image.Image:
    return Image.merge("RGBA", [*[Image.fromarray(grey)] * 3, Image.fromarray(alpha)])


STATED: dict[str, tuple[str, dict[str, Any], float]] = {
    "BMP, whole pixels per metre": ("bmp", {"dpi": (500, 500)}, 500),
    "BMP at 1000": ("bmp", {"dpi": (1000, 1000)}, 1000),
    "BMP at 569": ("bmp", {"dpi": (569, 569)}, 569),
    "PNG, whole pixels per metre": ("png", {"dpi": (500, 500)}, 500),
    "TIFF per inch": ("tif", {"resolution_unit": 2, "x_resolution": 500, "y_resolution": 500}, 500),
    "TIFF per centimetre": ("tif", {"resolution_unit": 3, "x_resolution": 196.85, "y_resolution": 196.85}, 500),
    "TIFF with a fraction": ("tif", {"dpi": (363.5, 363.5)}, 363.5),
    "JPEG per inch": ("jpg", {"dpi": (500, 500)}, 500),
}


@pytest.mark.parametrize("kind", STATED)
def test_the_header_states_the_resolution(kind: str, save: Save) -> None:
    ending, options, ppi = STATED[kind]
    drawn = draw_print(9 * ppi / 500, round(0.6 * ppi))
    scan = read_scan(save(Image.fromarray(drawn), ending, **options))
    assert scan.ppi == pytest.approx(ppi, abs=1e-3)
    assert (scan.ppi_source, scan.ppi_estimated, scan.ppi_note) == ("file", False, None)


def jpeg2000_stating(*boxes: tuple[bytes, bytes]) -> bytes:
    """A JPEG 2000 file with boxes of resolution."""
    plain = encoded(PRINT, "JPEG2000")
    inner = b"".join(struct.pack(">I", 8 + len(content)) + kind + content for kind, content in boxes)
    stated = struct.pack(">I", 8 + len(inner)) + b"res " + inner
    start = plain.index(b"jp2h") - 4
    (length,) = struct.unpack_from(">I", plain, start)
    header = struct.pack(">I", length + len(stated)) + plain[start + 4 : start + length] + stated
    return plain[:start] + header + plain[start + length :]


AT_500 = struct.pack(">HHHHbb", 19685, 100, 19685, 100, 2, 2)  # pixels per metre
AT_400 = struct.pack(">HHHHbb", 1575, 1, 15750, 1, 1, 0)
AT_500_FINELY = struct.pack(">HHHHbb", 50000, 254, 50000, 254, 2, 2)
TINY = struct.pack(">HHHHbb", 19685, 1, 19685, 1, -2, -2)  # 5 ppi
OVER_NOTHING = struct.pack(">HHHHbb", 500, 0, 500, 0, 0, 0)


@pytest.mark.parametrize(
    ("boxes", "ppi", "estimated"),
    [
        ([(b"resc", AT_500)], 500, False),
        ([(b"resc", AT_500_FINELY)], 500, False),
        ([(b"resd", AT_500), (b"resc", AT_400)], 400, False),
        ([(b"resd", AT_500)], 500, False),
        ([(b"resc", TINY)], 500, True),
        ([(b"resc", OVER_NOTHING)], 500, True),
    ],
)
def test_the_resolution_of_jpeg2000_is_that_of_its_boxes(
    boxes: list[tuple[bytes, bytes]], ppi: float, estimated: bool
) -> None:
    scan = scan_from_bytes(jpeg2000_stating(*boxes))
    assert (scan.ppi, scan.ppi_estimated) == (ppi, estimated)


def test_jpeg_per_centimetre(save: Save) -> None:
    path = save(GREY, "jpg", dpi=(197, 197))
    data = bytearray(path.read_bytes())
    data[data.index(b"JFIF") + 7] = 2  # the unit, after the version
    path.write_bytes(data)
    assert read_scan(path).ppi == 500


@pytest.mark.parametrize("stated", [1, 72, 96, 149, 255, 2100, 30000])
@pytest.mark.parametrize("ending", ["bmp", "png", "tif", "jpg"])
def test_implausible_resolutions_are_estimated(ending: str, stated: int, save: Save) -> None:
    scan = read_scan(save(GREY, ending, dpi=(stated, stated)))
    assert (scan.ppi, scan.ppi_estimated, scan.ppi_source) == (500, True, "estimated")
    assert scan.ppi_note is not None
    assert f"states {stated} ppi" in scan.ppi_note


@pytest.mark.parametrize(("ppi", "stated"), [(500, 250), (500, 1000), (1000, 500), (250, 500), (250, 1000), (500, 300)])
def test_a_statement_that_the_ridges_refute_is_overruled_and_named(ppi: int, stated: int, save: Save) -> None:
    path = save(Image.fromarray(draw_print(9 * ppi / 500, round(0.6 * ppi))), "png", dpi=(stated, stated))
    scan = read_scan(path)
    assert (scan.ppi, scan.ppi_source) == (ppi, "estimated")
    assert scan.ppi_note is not None
    assert f"states {stated} ppi" in scan.ppi_note
    assert f"{ppi} ppi estimated" in scan.ppi_note


@pytest.mark.parametrize("period_mm", [0.31, 0.38, 0.46, 0.54, 0.62])
@pytest.mark.parametrize("ppi", [250, 500, 569, 1000])
def test_a_statement_that_may_be_right_is_believed(ppi: int, period_mm: float, save: Save) -> None:
    drawn = draw_print(period_mm / 25.4 * ppi, round(0.7 * ppi))
    scan = read_scan(save(Image.fromarray(drawn), "png", dpi=(ppi, ppi)))
    assert (scan.ppi, scan.ppi_source, scan.ppi_note) == (ppi, "file", None)


def test_what_the_caller_gives_wins_and_is_contradicted(save: Save) -> None:
    path = save(GREY, "png", dpi=(500, 500))
    scan = read_scan(path, ppi=250)
    assert (scan.ppi, scan.ppi_source) == (250, "given")
    assert scan.ppi_note is not None
    assert "0.91 mm apart at 250 ppi" in scan.ppi_note
    assert "500 would fit" in scan.ppi_note
    assert read_scan(path, ppi=500).ppi_note is None


@pytest.mark.parametrize("ending", ["png", "pgm", "tif", "jpg"])
def test_missing_resolutions_are_estimated(ending: str, save: Save) -> None:
    scan = read_scan(save(GREY, ending))
    assert (scan.ppi, scan.ppi_estimated) == (500, True)


def test_a_bmp_that_states_nothing_is_estimated(save: Save) -> None:
    scan = read_scan(save(GREY, "bmp", dpi=(0, 0)))
    assert (scan.ppi, scan.ppi_estimated) == (500, True)


def test_the_caller_knows_better_than_the_header(save: Save) -> None:
    scan = read_scan(save(GREY, "png", dpi=(400, 300)), ppi=569)
    assert (scan.ppi, scan.ppi_estimated) == (569, False)


@pytest.mark.parametrize("ppi", [0, -500, 99.9, 2000.1, float("nan"), float("inf")])
def test_resolutions_out_of_range_are_refused(ppi: float, save: Save) -> None:
    with pytest.raises(UnsupportedResolution, match="100 to 2000"):
        read_scan(save(GREY, "png"), ppi=ppi)
    with pytest.raises(UnsupportedResolution, match="100 to 2000"):
        scan_from_pixels(PRINT, ppi=ppi)


def test_oblong_pixels_are_refused(save: Save) -> None:
    with pytest.raises(UnsupportedResolution, match="500 ppi across and 400 down"):
        read_scan(save(GREY, "png", dpi=(500, 400)))


def test_bright_ridges_are_inverted_and_said_so(save: Save) -> None:
    scan = read_scan(save(Image.fromarray(255 - PRINT), "png"), ppi=500)
    assert scan.inverted
    np.testing.assert_array_equal(scan.pixels, PRINT)
    assert not read_scan(save(GREY, "png"), ppi=500).inverted


def test_a_scan_names_its_file(save: Save) -> None:
    path = save(GREY, "png")
    assert read_scan(path, ppi=500).source == str(path)
    assert read_scan(str(path), ppi=500).source == str(path)
    assert scan_from_pixels(PRINT, ppi=500, source="sensor 3").source == "sensor 3"


def test_arrays_of_every_kind_give_the_same_scan() -> None:
    colours = PRINT[..., None].repeat(3, 2)
    opaque = np.concatenate([colours, np.full_like(PRINT, 255)[..., None]], 2)
    for pixels in (PRINT, PRINT.astype(np.uint16) * 257, colours, opaque, colours.astype(np.uint16) * 257):
        np.testing.assert_array_equal(scan_from_pixels(pixels, ppi=500).pixels, PRINT)
    np.testing.assert_array_equal(scan_from_pixels(PRINT > 128, ppi=500).pixels, np.where(PRINT > 128, 255, 0))
    np.testing.assert_array_equal(scan_from_pixels(PRINT[::-1, ::2], ppi=250).pixels, PRINT[::-1, ::2])


def test_a_scan_does_not_change_with_the_array_it_came_from() -> None:
    pixels = PRINT.copy()
    scan = scan_from_pixels(pixels, ppi=500)
    pixels[:] = 0
    np.testing.assert_array_equal(scan.pixels, PRINT)


@pytest.mark.parametrize(
    "pixels",
    [
        PRINT.astype(np.float64),
        PRINT.astype(np.int64),
        PRINT[0],
        PRINT[..., None],
        PRINT[..., None].repeat(2, 2),
        np.zeros((0, 300), np.uint8),
        np.array([["a"]]),
    ],
)
def test_arrays_of_another_shape_or_type_are_refused(pixels: np.ndarray) -> None:
    with pytest.raises(UnreadableScan, match=r"^memory: pixels are .*: give"):
        scan_from_pixels(pixels, ppi=500)

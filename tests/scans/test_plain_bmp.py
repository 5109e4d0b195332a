from __future__ import annotations

import struct
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from drawn import draw_print
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from fpverify.errors import ScanError
from fpverify.scans.decoding import raster
from fpverify.scans.pictures import Picture, picture_of
from fpverify.scans.plain_bmp import plain_bmp

PRINT = draw_print(size_px=37, radius=1)  # a width that rows are filled up from
SAMPLE = Path(__file__).parents[2] / "fpverify" / "samples" / "A_1.bmp"
# of the two headers: where the levels begin, the second's length, width, height, bits, compression, metres, colours
PLACES = {10: "I", 14: "I", 18: "i", 22: "i", 28: "H", 30: "I", 38: "I", 42: "I", 46: "I"}


def bmp(pixels: np.ndarray, **named: object) -> bytes:
    file = BytesIO()
    Image.fromarray(pixels).save(file, "BMP", **named)
    return file.getvalue()


def by_pillow(data: bytes) -> Picture:
    image, stated_ppi = raster(data, "file")
    return picture_of(np.asarray(image), stated_ppi, "file")


def same(one: Picture, other: Picture) -> bool:
    return np.array_equal(one.pixels, other.pixels) and one.stated_ppi == other.stated_ppi


@pytest.mark.parametrize("dpi", [None, (500, 500), (500, 1000)])
def test_a_grey_bmp_is_read_as_pillow_reads_it(dpi: tuple[int, int] | None) -> None:
    data = bmp(PRINT, **({} if dpi is None else {"dpi": dpi}))
    plain = plain_bmp(data, "file")
    assert plain is not None
    assert same(plain, by_pillow(data))
    assert np.array_equal(plain.pixels, PRINT)


def test_rows_from_the_top_are_read_too() -> None:
    data = bytearray(bmp(PRINT))
    struct.pack_into("<i", data, 22, -len(PRINT))
    plain = plain_bmp(bytes(data), "file")
    assert plain is not None
    assert np.array_equal(plain.pixels, PRINT[::-1])
    assert same(plain, by_pillow(bytes(data)))


@given(
    place=st.sampled_from(sorted(PLACES)),
    value=st.sampled_from([0, 1, 8, 12, 36, 37, 40, 64, 256, 1078, 1079, 4001, -37, 2**31 - 1]),
    palette=st.integers(0, 1023),
    end=st.integers(-40, 0),
)
def test_whatever_is_read_is_what_pillow_reads(place: int, value: int, palette: int, end: int) -> None:
    data = bytearray(bmp(PRINT))
    layout = PLACES[place]
    struct.pack_into(f"<{layout}", data, place, value if layout == "i" else value & 0xFFFF)
    if value % 2:
        data[54 + palette] ^= value & 1
    content = bytes(data[: len(data) + end])
    plain = plain_bmp(content, "file")
    if plain is not None:
        assert same(plain, by_pillow(content))


def test_what_is_cut_short_coloured_or_large_is_left_to_pillow() -> None:
    whole = bmp(PRINT)
    assert plain_bmp(whole[:-4], "file") is None
    with pytest.raises(ScanError, match="truncated"):
        by_pillow(whole[:-4])
    assert plain_bmp(bmp(np.dstack([PRINT] * 3)), "file") is None
    assert plain_bmp(bmp(np.zeros((8, 4001), np.uint8)), "file") is None
    assert plain_bmp(b"BM", "file") is None


def test_a_grey_bmp_is_read_without_pillow() -> None:
    code = f"import sys; from fpverify import read_scan; read_scan({str(SAMPLE)!r}); print('PIL' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said == "False\n"

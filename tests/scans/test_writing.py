"""What is written is read again."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from drawn import draw_print
from PIL import Image

from fpverify.errors import ScanError
from fpverify.scans import read_scan, write_scan
from fpverify.vocabulary import Scan


@pytest.mark.parametrize("ending", ["bmp", "png", "tif", "tiff", "BMP"])
@pytest.mark.parametrize("ppi", [250.0, 500.0, 508.0, 1000.0])
def test_written_scans_come_back(ending: str, ppi: float, tmp_path: Path) -> None:
    scan = Scan(draw_print(9 * ppi / 500), ppi)
    path = tmp_path / f"scan.{ending}"
    write_scan(scan, path)
    again = read_scan(path)
    np.testing.assert_array_equal(again.pixels, scan.pixels)
    assert (again.ppi, again.ppi_estimated) == (ppi, False)


@pytest.mark.parametrize("name", ["scan.jpg", "scan", "scan.gif"])
def test_lossy_and_unknown_endings_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ScanError, match=r"scans are written as \.bmp, \.png"):
        write_scan(Scan(draw_print(), 500.0), tmp_path / name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ppi", [None, (500.0, 500.0), (1000.0, 508.0)])
def test_a_png_holds_every_level_and_the_resolution(ppi: tuple[float, float] | None) -> None:
    from fpverify.scans.png_writing import png_bytes

    pixels = np.random.default_rng(4).integers(0, 256, (61, 47), np.uint8)
    content = png_bytes(pixels, ppi)
    with Image.open(BytesIO(content)) as image:
        image.verify()  # the checksum of each chunk
    with Image.open(BytesIO(content)) as image:
        assert image.mode == "L"
        assert np.array_equal(np.asarray(image), pixels)
        stated = image.info.get("dpi")
    assert stated == (None if ppi is None else pytest.approx(ppi, abs=0.02))


def test_a_folder_is_converted_without_decoding_a_file_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from fpverify import image_conversion
    from fpverify.executors import LocalWorkforce

    pixels = np.random.default_rng(5).integers(0, 256, (60, 50), np.uint8)
    for number in range(3):
        (tmp_path / "in").mkdir(exist_ok=True)
        Image.fromarray(pixels).save(tmp_path / "in" / f"{number}.jpg", quality=95)
    (tmp_path / "in" / "3.png").write_bytes(b"no picture")
    decoded = list[str]()
    decode = image_conversion.decode_here
    monkeypatch.setattr(
        image_conversion, "decode_here", lambda data, source: decoded.append(source) or decode(data, source)
    )
    workforce = LocalWorkforce(None, 1)  # type: ignore[arg-type]  # one process is this one
    done = list(image_conversion.ImageConverter("png").convert_folder(tmp_path / "in", tmp_path / "out", workforce))
    assert [Path(one.source).name for one in done if one.error is None] == ["0.jpg", "1.jpg", "2.jpg"]
    assert [Path(one.source).name for one in done if one.error is not None] == ["3.png"]
    assert len(decoded) == 4


def test_a_damaged_file_in_a_folder_changes_none_that_is_decoded_beside_it(tmp_path: Path) -> None:
    from fpverify.executors import LocalWorkforce
    from fpverify.image_conversion import TOGETHER, ImageConverter

    rng = np.random.default_rng(6)
    pictures = [rng.integers(0, 256, (60, 50), np.uint8) for _ in range(TOGETHER + 2)]
    (tmp_path / "in").mkdir()
    for number, pixels in enumerate(pictures):
        Image.fromarray(pixels).save(tmp_path / "in" / f"{number:02d}.tif", compression="tiff_lzw")
    damaged = tmp_path / "in" / "03.tif"
    content = bytearray(damaged.read_bytes())
    content[8:200] = bytes(192)
    damaged.write_bytes(content)
    workforce = LocalWorkforce(None, 1)  # type: ignore[arg-type]  # one process is this one
    done = list(ImageConverter("png").convert_folder(tmp_path / "in", tmp_path / "out", workforce))
    assert [Path(one.source).name for one in done if one.error is not None] == ["03.tif"]
    for number, pixels in enumerate(pictures):
        if number != 3:
            np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "out" / f"{number:02d}.png")), pixels)

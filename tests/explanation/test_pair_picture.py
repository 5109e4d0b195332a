"""The picture of a comparison: that it shows something, of the stated size, whatever was compared."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fpverify.explanation.explanation import Explanation, explain
from fpverify.explanation.pair_picture import COMPACT_BYTES, PNG_BYTES, draw_pair, pair_png, write_picture
from fpverify.matching import Matcher
from fpverify.scans import read_scan
from fpverify.vocabulary import Scan

SAMPLES = Path(__file__).parents[2] / "fpverify" / "samples"


@pytest.fixture(scope="module")
def matcher(release_model: str) -> Matcher:
    return Matcher.load()


@pytest.fixture(scope="module")
def mated(matcher: Matcher) -> Explanation:
    return of(matcher, read_scan(SAMPLES / "A_1.bmp"), read_scan(SAMPLES / "A_2.bmp"))


def of(matcher: Matcher, probe: Scan, reference: Scan) -> Explanation:
    return explain(matcher, probe, reference, matcher.operating_point(0.001))


def pixels(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(int)


def coloured(image: np.ndarray) -> float:
    """Share of pixels that are not grey."""
    return float((np.ptp(image, axis=2) > 40).mean())


def test_a_png_has_the_stated_size_and_shows_both_inks(mated: Explanation, tmp_path: Path) -> None:
    path = tmp_path / "pair.PNG"
    write_picture(mated, path)
    content = path.read_bytes()
    image = pixels(content)
    assert image.shape == (832, 1430, 3)
    assert len(content) <= PNG_BYTES
    assert 0.3 < (image.min(axis=2) > 250).mean() < 0.95
    left, right = image[:, :900], image[:, 950:]
    assert coloured(right) > 5 * coloured(left[200:600]), "the overlay is coloured, the prints are grey"


@pytest.mark.parametrize(("ending", "start"), [("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_other_endings_choose_their_format(mated: Explanation, tmp_path: Path, ending: str, start: bytes) -> None:
    write_picture(mated, tmp_path / f"pair.{ending}")
    assert (tmp_path / f"pair.{ending}").read_bytes().startswith(start)


@pytest.mark.parametrize("reference", ["A_2", "B_1"])
def test_the_small_picture_is_small(matcher: Matcher, reference: str) -> None:
    told = of(matcher, read_scan(SAMPLES / "A_1.bmp"), read_scan(SAMPLES / f"{reference}.bmp"))
    content = pair_png(told)
    assert len(content) <= COMPACT_BYTES
    assert pixels(content).shape == (360, 600, 3)
    assert pixels(content).std() > 20


def test_pictures_are_the_same_each_time(mated: Explanation) -> None:
    assert pair_png(mated) == pair_png(mated)


def test_partners_are_drawn(mated: Explanation) -> None:
    """Without its pairs the same comparison has no lines between the prints."""
    from dataclasses import replace

    from matplotlib.figure import Figure
    from matplotlib.patches import ConnectionPatch

    assert mated.overlap is not None
    bare = replace(mated.overlap, pairs=mated.overlap.pairs[:0], strengths=mated.overlap.strengths[:0])
    for told, number in ((mated, len(mated.overlap.pairs)), (replace(mated, overlap=bare), 0)):
        figure = Figure(figsize=(11, 6.4))
        draw_pair(told, figure)
        assert len(figure.findobj(ConnectionPatch)) == number


def test_prints_without_consensus_have_no_overlay_and_still_a_picture(mated: Explanation, tmp_path: Path) -> None:
    from dataclasses import replace

    from fpverify.comparison import overlap
    from fpverify.vocabulary import Minutiae, Template

    def few(template: Template) -> Template:
        m = template.minutiae
        kept = Minutiae(m.x_px[:3], m.y_px[:3], m.angle_rad[:3], m.quality[:3])
        return replace(template, minutiae=kept, descriptors=template.descriptors[:3])

    sides = [
        replace(side, acquired=replace(side.acquired, template=few(side.template)))
        for side in (mated.probe, mated.reference)
    ]
    found = overlap(sides[0].template, sides[1].template)
    assert found.alignment is None
    told = replace(mated, probe=sides[0], reference=sides[1], overlap=found, raw=0.0)
    write_picture(told, tmp_path / "pair.png")
    assert pixels((tmp_path / "pair.png").read_bytes()).std() > 20
    assert len(pair_png(told)) <= COMPACT_BYTES


def test_a_whole_print_model_has_prints_and_numbers(edges_model: Path, stripes: Path, tmp_path: Path) -> None:
    matcher = Matcher.load(edges_model)
    told = of(matcher, read_scan(stripes / "A_00.bmp"), read_scan(stripes / "B_00.bmp"))
    assert [cause.name for cause in told.causes] == ["vectors"]
    write_picture(told, tmp_path / "pair.png")
    assert pixels((tmp_path / "pair.png").read_bytes()).shape == (832, 1430, 3)
    assert len(pair_png(told)) <= COMPACT_BYTES


def test_noise_still_makes_a_small_picture(edges_model: Path) -> None:
    noise = np.random.default_rng(5).integers(0, 256, (2, 400, 400)).astype(np.uint8)
    told = of(Matcher.load(edges_model), *(Scan(pixels, 500.0, "noise") for pixels in noise))
    assert len(pair_png(told)) <= COMPACT_BYTES


@pytest.mark.filterwarnings("ignore:Glyph .* missing from font:UserWarning")  # a box is drawn in place of the letter
@pytest.mark.parametrize("name", ["$\\frac$.bmp", "two\nlines\udcff.bmp", "指紋.bmp", "x" * 200])
def test_any_file_name_can_be_drawn(mated: Explanation, name: str) -> None:
    from dataclasses import replace

    probe = replace(mated.probe, scan=replace(mated.probe.scan, source=name))
    assert len(pair_png(replace(mated, probe=probe))) > 10_000

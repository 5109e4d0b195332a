"""Cards and slaps on the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import fpverify
from fpverify.formats.containers import write_images
from fpverify.synthesis.finger import draw_finger
from fpverify.synthesis.slaps import SlapSettings, draw_slap, enlarged
from fpverify.vocabulary import Scan
from fpverify.vocabulary.images import FingerImage, ImageRecord

Call = Callable[..., Any]
SAMPLES = Path(fpverify.__file__).parent / "samples"


def image_of(scan: Scan, finger: int, impression: int = 0) -> FingerImage:
    height, width = scan.pixels.shape
    return FingerImage(scan.pixels.tobytes(), "none", width, height, (scan.ppi, scan.ppi), finger, impression)


@pytest.fixture
def card(call: Call) -> Path:
    """A plain print of a right index finger and a rolled one of a left thumb."""
    first, second = (fpverify.read_scan(SAMPLES / name) for name in ("A_1.bmp", "B_1.bmp"))
    path = Path("card.an2").absolute()
    write_images(ImageRecord((image_of(first, 2), image_of(second, 6, 1))), path)
    return path


@pytest.fixture(scope="module")
def slap() -> Scan:
    rng = np.random.default_rng(3)
    masters = [draw_finger(np.random.default_rng([41, k])).ridges for k in range(2)]
    return Scan(enlarged(draw_slap(rng, masters, "both-thumbs", SlapSettings(hardness=(0.1, 0.3))).image), 500.0)


def test_a_card_enrolls_every_finger_and_verifies_those_that_are_enrolled(call: Call, card: Path) -> None:
    answer = call("enroll", card, "--id", "A", "--json").answer
    assert [one["finger"] for one in answer["impressions"]] == ["right-index", "left-thumb"]
    assert call("delete", "--id", "A", "--finger", "left-thumb", "--yes").code in {0, 2}
    decided = call("verify", card, "--id", "A", "--json")
    assert decided.code == 0
    assert decided.answer["probes"][0]["finger"] == "right-index"
    assert call("enroll", card, "--id", "B", "--finger", "right-index").code == 2


def test_a_card_of_somebody_else_does_not_match(call: Call, card: Path) -> None:
    assert call("enroll", SAMPLES / "B_1.bmp", "--id", "C", "--finger", "right-index").code == 0
    assert call("verify", card, "--id", "C").code == 1


def test_a_card_without_an_enrolled_finger_is_told_of(call: Call, card: Path) -> None:
    assert call("enroll", SAMPLES / "B_1.bmp", "--id", "C", "--finger", "right-ring").code == 0
    ended = call("verify", card, "--id", "C")
    assert ended.code == 3
    assert "the scans show right-index, left-thumb; enrolled is right-ring" in ended.err


def test_a_slap_is_split_into_named_files(call: Call, slap: Scan) -> None:
    Image.fromarray(slap.pixels).save("slap.png", dpi=(500, 500))
    answer = call("split", "slap.png", "--out", "parts", "--slap", "thumbs", "--json").answer
    assert [one["finger"] for one in answer["fingers"]] == ["left-thumb", "right-thumb"]
    assert all(one["quality"] > 0.5 for one in answer["fingers"])
    assert sorted(one.name for one in Path("parts").iterdir()) == ["slap_left-thumb.png", "slap_right-thumb.png"]
    assert fpverify.read_scan("parts/slap_left-thumb.png").ppi == 500
    assert call("enroll", "slap.png", "--id", "A", "--slap", "thumbs").code == 0
    assert call("verify", "parts/slap_right-thumb.png", "--id", "A", "--finger", "right-thumb").code == 0


def test_grey_bytes_are_taken_with_their_size(call: Call) -> None:
    scan = fpverify.read_scan(SAMPLES / "A_1.bmp")
    Path("a.raw").write_bytes(scan.pixels.tobytes())
    height, width = scan.pixels.shape
    size = f"{width}x{height}"
    assert call("enroll", "a.raw", "--id", "A", "--raw", size, "--ppi", 500).code == 0
    assert call("verify", "a.raw", "--id", "A", "--raw", size, "--ppi", 500).code == 0
    assert call("compare", "a.raw", "a.raw", "--raw", size, "--ppi", 500).code == 0
    ended = call("verify", "a.raw", "--id", "A", "--raw", "100x100", "--ppi", 500)
    assert ended.code == 3
    assert "100 x 100 grey bytes are 10000" in ended.err


def test_pictures_go_into_records_and_out_again(call: Call, card: Path) -> None:
    assert call("convert", card, "records.fir", "--to", "iso2011-image").code == 0
    assert "wrote 2 pictures to parts, 2 files" in call("convert", "records.fir", "parts", "--to", "png").out
    assert sorted(one.name for one in Path("parts").iterdir()) == [
        "records_01_right-index.png",
        "records_02_left-thumb.png",
    ]
    original = fpverify.read_scan(SAMPLES / "A_1.bmp")
    back = fpverify.read_scan("parts/records_01_right-index.png")
    assert np.array_equal(back.pixels, original.pixels)
    assert back.ppi == original.ppi


def test_a_folder_of_scans_becomes_a_folder_of_wsq(call: Call) -> None:
    pytest.importorskip("wsq")
    ended = call("convert", SAMPLES, "packed", "--to", "wsq", "--workers", 1, "--json")
    assert ended.code == 0
    assert {Path(one["paths"][0]).name for one in ended.answer["records"]} == {"A_1.wsq", "A_2.wsq", "B_1.wsq"}
    scan = fpverify.read_scan("packed/A_1.wsq")
    assert scan.ppi == 500
    original = fpverify.read_scan(SAMPLES / "A_1.bmp")
    assert np.corrcoef(scan.pixels.ravel(), original.pixels.ravel())[0, 1] > 0.97
    assert call("convert", "packed/A_1.wsq", "card.an2", "--finger", "right-index").code == 0
    assert Path("packed/A_1.wsq").read_bytes() in Path("card.an2").read_bytes()


def test_inspect_says_which_fingers_a_card_has(call: Call, card: Path) -> None:
    out = call("inspect", card).out
    assert "ANSI/NIST-ITL, 2 pictures" in out
    assert "live rolled" in out
    answer = call("inspect", card, "--json").answer
    assert [(one["finger"], one["ppi"]) for one in answer["images"]] == [
        ("right-index", [500.0, 500.0]),
        ("left-thumb", [500.0, 500.0]),
    ]


def test_minutiae_are_found_in_the_fingers_of_a_card(call: Call, card: Path) -> None:
    assert call("convert", card, "card.fmr").code == 0
    assert [one["finger"] for one in call("inspect", "card.fmr", "--json").answer["views"]] == [
        "right-index",
        "left-thumb",
    ]


def test_a_list_takes_cards_and_slaps_finger_by_finger(call: Call, card: Path, slap: Scan) -> None:
    Path("people").mkdir()
    Image.fromarray(slap.pixels).save("people/thumbs.png", dpi=(500, 500))
    card.rename("people/card.an2")
    Path("people/list.csv").write_text("id,finger,file\nAnn,,card.an2\nBob,slap-thumbs,thumbs.png\n")
    ended = call("enroll", "--from", "people/list.csv", "--report", "rows.csv", "--workers", 1)
    assert ended.code == 0
    assert ended.out.splitlines()[0] == "4 of 4 rows enrolled"
    fingers = {(one["subject"], one["finger"]) for one in call("list", "--json").answer["fingers"]}
    assert fingers == {
        *(("Ann", name) for name in ("right-index", "left-thumb")),
        *(("Bob", name) for name in ("left-thumb", "right-thumb")),
    }
    Path("rows.csv").rename("people/rows.csv")
    again = call("enroll", "--from", "people/rows.csv", "--workers", 1, "--json")
    assert again.answer["outcomes"] == {"present": 4}


def test_a_card_of_a_list_without_the_finger_asked_for_is_refused(call: Call, card: Path) -> None:
    Path("list.csv").write_text(f"id,finger,file\nAnn,right-little,{card.name}\n")
    ended = call("enroll", "--from", "list.csv", "--workers", 1)
    assert ended.code == 3
    assert "shows no right-little, only right-index, left-thumb" in ended.err

"""The profile MIN:A: what NIST's checker of MINEX templates asks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_up_records import view

from fpverify.errors import UnwritableRecord
from fpverify.formats import minutiae_from_bytes, minutiae_to_bytes, read_minutiae, write_minutiae
from fpverify.vocabulary import Capture, MinutiaRecord, Rating


def in_mina(made: MinutiaRecord) -> bytes:
    return minutiae_to_bytes(made, format="ansi2004", profile="mina")[0]


def test_a_record_holds_what_minex_asks_byte_by_byte() -> None:
    made = view(np.random.default_rng(1), 200, number=3)
    rich = replace(made, capture=Capture(0x80, 12), extended=((1, b"\0"),), extended_format="ansi2004")
    data = in_mina(MinutiaRecord((rich,)))
    assert data[:8] == b"FMR\0 20\0"
    assert int.from_bytes(data[8:10], "big") == len(data) == 26 + 4 + 128 * 6 + 2 == 800
    assert int.from_bytes(data[10:12], "big") > 0  # owner and type of the product
    assert int.from_bytes(data[12:14], "big") > 0
    assert data[14:16] == bytes(2)  # equipment
    assert data[20:24] == bytes.fromhex("00c500c5")
    assert data[24:26] == b"\x01\x00"
    assert data[27] == 0  # view and impression
    assert data[28] in {20, 40, 60, 80, 100}
    assert data[29] == 128
    assert data[-2:] == bytes(2)


def test_the_best_minutiae_are_kept_in_their_order() -> None:
    made = view(np.random.default_rng(2), 200)
    kept = minutiae_from_bytes(in_mina(MinutiaRecord((made,)))).views[0]
    assert sorted(kept.quality.tolist()) == sorted(made.quality.tolist())[-128:]
    places = np.rint(made.x_px).tolist()
    assert [places.index(x) for x in kept.x_px if places.count(x) == 1] == sorted(
        places.index(x) for x in kept.x_px if places.count(x) == 1
    )


@pytest.mark.parametrize(("quality", "coarse"), [(0, 20), (1, 20), (20, 20), (21, 40), (80, 80), (81, 100), (100, 100)])
def test_a_finger_s_quality_has_five_classes(quality: int, coarse: int) -> None:
    made = replace(view(np.random.default_rng(3), 5), ratings=(Rating(quality),))
    assert in_mina(MinutiaRecord((made,)))[28] == coarse


def test_another_resolution_is_brought_to_500_ppi() -> None:
    made = replace(view(np.random.default_rng(4), 50), ppcm_x=394.0, ppcm_y=394.0)
    kept = minutiae_from_bytes(in_mina(MinutiaRecord((made,)))).views[0]
    assert (kept.ppcm_x, kept.width_px, kept.height_px) == (197, 194, 187)
    assert np.abs(kept.x_px - ((made.x_px + 0.5) / 2 - 0.5)).max() <= 0.5 + 1e-4


@pytest.mark.parametrize("wrong", ["views", "rolled", "unsized", "iso", "name"])
def test_what_minex_does_not_take_is_refused(wrong: str) -> None:
    made = view(np.random.default_rng(5), 5)
    views = {"views": (made, made), "rolled": (replace(made, impression=1),), "unsized": (replace(made, ppcm_x=0.0),)}
    chosen = MinutiaRecord(views.get(wrong, (made,)))
    with pytest.raises(UnwritableRecord, match="profile"):
        minutiae_to_bytes(
            chosen, format="iso2005" if wrong == "iso" else "ansi2004", profile="pina" if wrong == "name" else "mina"
        )


def test_the_profile_names_its_format_and_what_it_left_out(tmp_path: Path) -> None:
    path = tmp_path / "finger.min_a"
    made = replace(view(np.random.default_rng(6), 130), extended=((1, b"\0"),), extended_format="ansi2004")
    lost = write_minutiae(MinutiaRecord((made,)), path, profile="mina")
    assert lost == ("the 2 minutiae of least quality", "extended data")
    assert read_minutiae(path).format == "ansi2004"

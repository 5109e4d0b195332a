"""Bytes as the standards lay them out, written down by hand, and what they mean."""

from __future__ import annotations

import numpy as np
import pytest

from fpverify.errors import UnreadableRecord
from fpverify.formats import minutiae_from_bytes, minutiae_to_bytes
from fpverify.formats.codes import FINGER_CODES, FINGER_NAMES
from fpverify.vocabulary import FINGERS, MINUTIA_TYPES, NOT_STATED, Capture, FingerView, MinutiaRecord, Rating

# Three minutiae: an ending at (100, 14) whose ridge runs up, a bifurcation at (387, 373) whose valley runs to the left,
# and one of another kind in the corner that runs to the right. Qualities 90, 1 and none.
ISO_MINUTIAE = "4064 000e 40 5a   8183 0175 80 01   0000 0000 00 00"
ANSI_MINUTIAE = "4064 000e 2d 5a   8183 0175 5a 01   0000 0000 00 00"
ANSI_MINUTIAE_2009 = "4064 000e 2d 5a   8183 0175 5a 01   0000 0000 00 fe"
RIDGE_COUNTS = "000b 0001 000b 01 01140c 050705"  # one block of eleven bytes, its head counted

BYTES = {
    "iso2005": f"""464d5200 20323000 0000003b
        80b5 0184 0176 00c5 00c5 01 00
        07 00 55 03 {ISO_MINUTIAE} {RIDGE_COUNTS}""",
    "ansi2004": f"""464d5200 20323000 003d 0042 0011
        80b5 0184 0176 00c5 00c5 01 00
        07 00 55 03 {ANSI_MINUTIAE} {RIDGE_COUNTS}""",
    "ansi2009": f"""464d5200 30333000 00000045 0042 0011 80 00b5 01 00
        07 00 00 55 0103 0001 0184 0176 00c5 00c5 03 {ANSI_MINUTIAE_2009} {RIDGE_COUNTS}""",
    "ansi2009am1": f"""464d5200 30333500 00000045 0042 0011 80 00b5 01 00
        07 00 00 55 0103 0001 0184 0176 00c5 00c5 03 {ANSI_MINUTIAE_2009} {RIDGE_COUNTS}""",
    "iso2011": f"""464d5200 30333000 00000057 0001 01
        00000048 07e8 02 1d 17 3b 3c 03e7 04 1234 00b5
        01 55 0103 0001   01 0007 01
        07 00 00c5 00c5 00 0184 0176 61 03 {ISO_MINUTIAE[:-2]}fe {RIDGE_COUNTS}""",
    "iso2005-normal-card": "4064 000e 40   8183 0175 80   0000 0000 00",
    "iso2005-compact-card": "64 0e 50   ff fe a0   00 00 00",
    "xyt": b"100 360 270 90\n387 1 0 1\n0 374 180\n".hex(),
}


def content(format_name: str) -> bytes:
    return bytes.fromhex(BYTES[format_name])


@pytest.fixture(params=BYTES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_minutiae_are_where_and_what_the_layout_says(name: str) -> None:
    read = minutiae_from_bytes(content(name), source=f"finger.{suffix(name)}")
    (view,) = read.views
    last = (255, 254) if name == "iso2005-compact-card" else (387, 373)
    assert read.format == name
    assert list(zip(view.x_px.tolist(), view.y_px.tolist(), strict=True)) == [(100, 14), last, (0, 0)]
    assert view.angle_rad == pytest.approx([-np.pi / 2, np.pi, 0], abs=1e-6)
    types = [MINUTIA_TYPES[kind] for kind in view.types]
    assert types == (["other"] * 3 if name == "xyt" else ["ending", "bifurcation", "other"])
    assert view.quality.tolist() == ([NOT_STATED] * 3 if "card" in name else [90, 1, NOT_STATED])


def test_what_is_written_again_is_what_was_read(name: str) -> None:
    read = minutiae_from_bytes(content(name), source=f"finger.{suffix(name)}")
    written, lost = minutiae_to_bytes(read, format=name)
    assert (written, lost) == (content(name), ())


@pytest.mark.parametrize("name", [name for name in BYTES if "card" not in name and name != "xyt"], indirect=True)
def test_the_view_says_what_the_layout_does(name: str) -> None:
    record = minutiae_from_bytes(content(name))
    view = record.views[0]
    assert (FINGERS[view.finger], view.view, view.impression) == ("left-index", 0, 0)
    assert (view.width_px, view.height_px, view.ppcm_x, view.ppcm_y) == (388, 374, 197, 197)
    assert view.ratings == (Rating(85),)
    assert view.extended == ((1, bytes.fromhex("01 01140c 050705")),)
    assert record.product == ((0, 0) if name.startswith("iso") else (66, 17))
    dated = Capture(0, 181, 0x1234, 4, (2024, 2, 29, 23, 59, 60, 999), ((7, 1),))
    assert view.capture == (dated if name == "iso2011" else Capture(compliance=0x80, device=181))
    assert view.ridge_ends == (name == "iso2011")


def suffix(name: str) -> str:
    return {"iso2005-normal-card": "isonc", "iso2005-compact-card": "isocc"}.get(name, "bin")


def test_a_record_of_ansi_above_65535_bytes_states_its_length_in_six() -> None:
    view = minutiae_from_bytes(content("ansi2004")).views[0]
    large = FingerView(
        *(np.resize(column, 255) for column in (view.x_px, view.y_px, view.angle_rad, view.types, view.quality)),
        width_px=388,
        height_px=374,
        ppcm_x=197.0,
        ppcm_y=197.0,
    )
    record = MinutiaRecord((large,) * 50)
    written, _ = minutiae_to_bytes(record, format="ansi2004")
    assert written[8:14] == bytes(2) + len(written).to_bytes(4, "big")
    assert len(written) == 30 + 50 * (4 + 255 * 6 + 2)
    assert [len(one) for one in minutiae_from_bytes(written).views] == [255] * 50


def test_the_shortest_record_of_ansi_is_not_taken_for_one_of_iso() -> None:
    for name in ("ansi2004", "iso2005"):
        record = MinutiaRecord((minutiae_from_bytes(content(name)).views[0],))
        empty = FingerView(
            *(column[:0] for column in (record.views[0].x_px,) * 3),
            np.zeros(0, np.uint8),
            np.zeros(0, np.int16),
            ppcm_x=197.0,
            ppcm_y=197.0,
        )
        written, _ = minutiae_to_bytes(MinutiaRecord((empty,)), format=name)
        assert minutiae_from_bytes(written).format == name


def test_blocks_whose_lengths_count_their_data_alone_are_read_and_kept_so() -> None:
    """As in the example of ISO/IEC 19794-2:2005."""
    view = "07 00 55 00 000a 0221 0006 0144bc362143"
    data = bytes.fromhex(f"464d5200 20323000 00000028 00b5 0200 0200 00c5 00c5 01 00 {view}")
    read = minutiae_from_bytes(data)
    assert read.views[0].extended == ((0x0221, bytes.fromhex("0144bc362143")),)
    assert minutiae_to_bytes(read, format="iso2005")[0] == data


def test_a_header_without_views_and_resolution_is_read_with_a_note() -> None:
    """As one release of nbis-rs wrote its records: two bytes short, no extended data behind."""
    data = bytes.fromhex(f"464d5200 20323000 0000002c 0000 0184 0176 0000 0000 00 00 00 03 {ISO_MINUTIAE}")
    record = minutiae_from_bytes(data, ppi=500)
    assert [len(view) for view in record.views] == [3]
    assert record.views[0].x_px.tolist() == [100, 387, 0]
    assert (record.views[0].width_px, record.notes != ()) == (388, True)
    for size in range(len(data)):
        with pytest.raises(UnreadableRecord):
            minutiae_from_bytes(data[:size])


def test_contactless_is_another_number_in_ansi_2004() -> None:
    data = bytearray(content("ansi2004"))
    data[27] = 9
    assert minutiae_from_bytes(bytes(data)).views[0].impression == 24
    assert minutiae_to_bytes(minutiae_from_bytes(bytes(data)), format="ansi2004")[0] == bytes(data)
    assert minutiae_to_bytes(minutiae_from_bytes(bytes(data)), format="ansi2009")[0][23] == 24


def test_every_finger_and_its_name_are_one_to_one() -> None:
    assert [FINGER_NAMES[FINGER_CODES[name]] for name in FINGER_CODES] == list(FINGER_CODES)
    assert tuple(FINGER_NAMES[code] for code in range(11)) == FINGERS

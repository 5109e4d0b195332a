"""Truncated, mutated and lying files: refused in one line that names the place, and nothing read beyond."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from effort import tries
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_records import CARDS, STANDARDS, TEXTS, difference, record

from fpverify.errors import UnreadableRecord
from fpverify.formats import minutiae_from_bytes, minutiae_to_bytes, read_minutiae
from fpverify.formats.checks import require_sound
from fpverify.vocabulary import MinutiaRecord

LENGTH_BYTES = {"ansi2004": (8, 2)} | {name: (8, 4) for name in STANDARDS if name != "ansi2004"}
MINUTIAE_AT = {"iso2005": 27, "ansi2004": 29, "ansi2009": 37, "ansi2009am1": 37, "iso2011": 51}  # their number
VIEWS_AT = {"iso2005": 22, "ansi2004": 24, "ansi2009": 19, "ansi2009am1": 19, "iso2011": 13}
SAID_OTHERWISE = {  # a size of 0 x 0 px becomes one, and a quality that failed none, where there is no word for it
    *("width_px", "height_px"),
    *("quality", "ratings"),
}
ALL = (*STANDARDS, *CARDS, *TEXTS)


def made(name: str, seed: int = 1) -> MinutiaRecord:
    return record(np.random.default_rng(seed), name, most=12)


def content_of(name: str, seed: int = 1) -> bytes:
    given_record = made(name, seed)
    if name in STANDARDS:
        extended = ((1, b"\x01\x01\x02\x05"), (0x0221, b"\x07" * 9))
        views = tuple(replace(one, extended=extended, extended_format=name) for one in given_record.views)
        given_record = replace(given_record, views=views)
    return minutiae_to_bytes(given_record, format=name)[0]


def refusal(data: bytes, name: str | None = None) -> str:
    with pytest.raises(UnreadableRecord) as error:
        minutiae_from_bytes(data, format=name, source="finger.fmr")
    message = str(error.value)
    assert message.startswith("finger.fmr: ")
    assert "\n" not in message
    return message


@pytest.mark.parametrize("name", STANDARDS)
@pytest.mark.parametrize("seed", range(3))
def test_a_record_cut_off_anywhere_is_refused(name: str, seed: int) -> None:
    whole = content_of(name, seed)
    for size in range(len(whole)):
        said = refusal(whole[:size])
        assert re.search(r"byte \d+|not a record|length is \d+ bytes", said)


@pytest.mark.parametrize("name", STANDARDS)
@pytest.mark.parametrize("change", [-300, -6, -1, 1, 6, 300, 2**15])
def test_a_record_that_lies_about_its_length_is_refused(name: str, change: int) -> None:
    whole = content_of(name)
    at, size = LENGTH_BYTES[name]
    lie = (len(whole) + change) % 256**size
    assert "length" in refusal(whole[:at] + lie.to_bytes(size, "big") + whole[at + size :])


@pytest.mark.parametrize("name", STANDARDS)
@pytest.mark.parametrize("change", [-1, 1, 100])
@pytest.mark.parametrize("where", [MINUTIAE_AT, VIEWS_AT])
def test_a_record_that_lies_about_a_count_is_refused(name: str, change: int, where: dict[str, int]) -> None:
    whole = bytearray(content_of(name, seed=5))
    whole[where[name]] = (whole[where[name]] + change) % 256
    refusal(bytes(whole))


@pytest.mark.parametrize("name", STANDARDS)
def test_zeros_behind_a_record_are_a_reader_s_buffer_and_anything_else_is_refused(name: str) -> None:
    whole = content_of(name)
    padded = minutiae_from_bytes(whole + bytes(100))
    assert difference(padded, minutiae_from_bytes(whole)) == []
    refusal(whole + bytes(99) + b"\x01")


@pytest.mark.parametrize("name", STANDARDS)
@pytest.mark.parametrize("change", [-1, 1, 7])
def test_a_wrong_length_is_taken_leniently_if_the_record_is_whole(name: str, change: int) -> None:
    whole = content_of(name)
    at, size = LENGTH_BYTES[name]
    lying = whole[:at] + (len(whole) + change).to_bytes(size, "big") + whole[at + size :]
    taken = minutiae_from_bytes(lying, lenient=True)
    assert difference(taken, minutiae_from_bytes(whole)) == []
    assert "wrong length" in taken.notes[0]
    with pytest.raises(UnreadableRecord):
        minutiae_from_bytes(lying[:-1], lenient=True)
    with pytest.raises(UnreadableRecord):
        minutiae_from_bytes(lying + b"\x07", lenient=True)


@pytest.mark.parametrize(
    ("offset", "value", "said"),
    [
        (28, 0xC0, "minutia 1 of .* type 3"),
        (28, 0x3F, "minutia 1 of .* outside the picture"),
        (30, 0x40, "minutia 1 of .* reserved"),
        (30, 0x3F, "minutia 1 of .* outside the picture"),
        (33, 101, "minutia 1 of .* quality"),
        (24, 11, "finger code 11"),
        (25, 0x0D, "impression type 13"),
        (26, 101, "quality of 101"),
        (22, 0, "no view"),
    ],
)
def test_a_number_that_cannot_be_is_refused_at_its_byte(offset: int, value: int, said: str) -> None:
    whole = bytearray(content_of("iso2005"))
    whole[offset] = value
    message = refusal(bytes(whole))
    assert re.search(said, message)
    assert int(re.findall(r"byte (\d+)", message)[0]) in range(offset - 5, offset + 1)


def test_a_direction_beyond_a_turn_is_refused() -> None:
    whole = bytearray(content_of("ansi2004"))
    whole[34] = 180
    assert "direction" in refusal(bytes(whole))


def mutated(whole: bytes, rng: np.random.Generator) -> bytes:
    """Bytes turned, cut, repeated, moved, or set to what breaks programs."""
    data = bytearray(whole)
    for _ in range(rng.integers(1, 5)):
        at = int(rng.integers(0, len(data)))
        match rng.integers(0, 6):
            case 0:
                data[at] ^= 1 << int(rng.integers(0, 8))
            case 1:
                data[at] = int(rng.choice([0, 1, 0x7F, 0x80, 0xFE, 0xFF]))
            case 2:
                del data[at : at + int(rng.integers(1, 9))]
            case 3:
                data[at:at] = rng.integers(0, 256, int(rng.integers(1, 9)), np.uint8).tobytes()
            case 4:
                data[at:at] = data[at : at + 20]
            case _:
                data = data[: at + 1]
        if not data:
            return b""
    return bytes(data)


def taken_or_refused(data: bytes, name: str | None = None) -> MinutiaRecord | None:
    """The record in these bytes; None if they were refused, in one line with the file's name."""
    refusals = []
    try:
        return minutiae_from_bytes(data, format=name, source="finger.fmr")
    except UnreadableRecord as error:
        refusals.append(str(error))
    assert refusals[0].startswith("finger.fmr: ")
    assert "\n" not in refusals[0]
    return None


def check_mutated(seed: int, name: str) -> bool:
    """Whether a mutated record was taken; one that was is sound and comes back as it was taken."""
    rng = np.random.default_rng([seed, 1])
    data = mutated(content_of(name, seed % 50), rng)
    taken = taken_or_refused(data, name if name in CARDS else None)
    if taken is None:
        return False
    require_sound(taken)
    for one in taken.views:
        assert not one.width_px or (one.x_px < one.width_px + (name == "xyt")).all() or name in {"csv", "json"}
    if name in STANDARDS:
        resolutions = {side for one in taken.views for side in (one.ppcm_x, one.ppcm_y)}
        if min(resolutions) > 0:  # what states none is read, but cannot be written
            again = minutiae_from_bytes(minutiae_to_bytes(taken, format=taken.format)[0])
            assert set(difference(taken, again)) <= SAID_OTHERWISE
    return True


@pytest.mark.parametrize("name", ALL)
@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_mutated_record_is_refused_or_sound(name: str, seed: int) -> None:
    check_mutated(seed, name)


@pytest.mark.parametrize("name", ALL)
def test_mutated_records_are_refused_or_sound_and_most_are_refused(name: str) -> None:
    seeds = tries(200, 2_000)
    assert sum(check_mutated(seed, name) for seed in range(seeds)) < seeds / 2


@settings(max_examples=300, deadline=None)
@given(
    data=st.binary(max_size=400), start=st.sampled_from([b"", b"FMR\0 20\0", b"FMR\x00030\0", b"FMR\x00035\0", b"{"])
)
def test_any_bytes_are_refused_or_sound(data: bytes, start: bytes) -> None:
    taken = taken_or_refused(start + data)
    if taken is not None:
        require_sound(taken)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "not a record"),
        ('{"a":' * 100_000, "not JSON"),
        ("{}", "no view"),
        ('{"views": 3}', "no list"),
        ('{"views": [3]}', r"views\[0\] is no JSON object"),
        ('{"fpverify": "something", "views": [{}]}', "is no 'minutiae'"),
        ('{"views": [{"minutiae": [{"x_px": 1, "y_px": NaN}]}]}', "NaN"),
        ('{"views": [{"minutiae": [{"x_px": 1, "y_px": 2}]}]}', "angle_rad"),
        ('{"views": [{"minutiae": [{"x_px": 1e300, "y_px": 2, "angle_rad": 0}]}]}', "x_px"),
        ('{"views": [{"minutiae": [{"x_px": true, "y_px": 2, "angle_rad": 0}]}]}', "x_px"),
        ('{"views": [{"finger": "thumb"}]}', "finger that is none of"),
        ('{"views": [{"width_px": -1}]}', "picture of -1"),
        ('{"views": [{"capture": {"time": [1, 2]}}]}', "capture is out of range"),
        ('{"views": [{"extended": [{"type": 1, "data": "xy"}]}]}', "hexadecimal"),
        ("x_px,y_px\n1,2\n", "not a record"),
        ("x_px,y_px,angle_rad\n", "no line below"),
        ("x_px,y_px,angle_rad\n1,2\n", "line 2: not as many columns"),
        ("x_px,y_px,angle_rad\n1,2,nan\n", "line 2: angle_rad"),
        ("x_px,y_px,angle_rad,quality\n1,2,3,101\n", "line 2: quality is 101"),
        ("x_px,y_px,angle_rad,type\n1,2,3,loop\n", "line 2: type is 'loop'"),
        ("1 2 3 4\n1 2\n", "line 2: not"),
        ("1 2 361 4\n", "line 1: out of range"),
        ("1 2 3 101\n", "line 1: out of range"),
        ("hello\n", "not a record"),
        ("", "not a record"),
    ],
)
def test_text_that_is_no_record_is_refused_at_its_place(text: str, said: str) -> None:
    assert re.search(said, refusal(text.encode()))


def test_csv_needs_three_columns_only() -> None:
    view = minutiae_from_bytes(b"x_px,y_px,angle_rad\n1.5,2,0.25\n3,4,-1\n").views[0]
    assert (view.x_px.tolist(), view.y_px.tolist(), view.angle_rad.tolist()) == ([1.5, 3], [2, 4], [0.25, -1])


@pytest.mark.parametrize("size", [0, 1, 2, 4, 256 * 5, 256 * 5 + 3])
def test_bytes_that_are_no_whole_minutiae_are_no_normal_card(size: int) -> None:
    assert "no minutiae of a card" in refusal(bytes(size), "iso2005-normal-card")


def test_files_that_are_none_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.fmr").touch()
    for name, said in (("gone.fmr", "no such file"), ("empty.fmr", "empty"), (".", "not a regular file")):
        with pytest.raises(UnreadableRecord, match=said):
            read_minutiae(tmp_path / name)

"""Records of pictures: what is written is read back, what others write is read, what is damaged is refused."""

from __future__ import annotations

from dataclasses import replace
from math import pi

import numpy as np
import pytest
from made_up_images import FS, GS, RS, US, grey, record, tagged, transaction, type_4, type_14

from fpverify.errors import UnreadableRecord, UnwritableRecord
from fpverify.formats.containers import IMAGE_FORMATS, images_from_bytes, images_to_bytes, read_images, write_images
from fpverify.formats.containers.tagged import Pieces
from fpverify.vocabulary.images import FingerImage, ImageRecord

PIXELS = grey(np.random.default_rng(3))
RESOLUTION = f"{GS}1.011:19.69{GS}1.012:19.69"


def refusal(data: bytes) -> str:
    with pytest.raises(UnreadableRecord) as error:
        images_from_bytes(data, source="card.an2")
    message = str(error.value)
    assert message.startswith("card.an2: ")
    assert "\n" not in message
    return message


def written(seed: int, name: str) -> tuple[ImageRecord, bytes]:
    made = record(seed, name)
    return made, images_to_bytes(made, format=name)[0]


# --- written and read back -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", IMAGE_FORMATS)
def test_what_is_written_is_read_back_equal(name: str) -> None:
    for seed in range(40):
        made, content = written(seed, name)
        read = images_from_bytes(content)
        wanted = made.images if name.startswith("an2") else tuple(replace(one, number=0) for one in made.images)
        got = read.images if name.startswith("an2") else tuple(replace(one, number=0) for one in read.images)
        assert got == wanted
        assert read.notes == ()
        if name.startswith("an2"):
            assert {("date", "20240229"), ("number", f"T{seed}")} <= set(read.facts)


def test_what_a_format_does_not_keep_is_named() -> None:
    slap = FingerImage(PIXELS.tobytes(), "none", 48, 40, (500, 500), 13, missing=((3, "amputated"),))
    assert images_to_bytes(ImageRecord((slap,)), format="an2")[1] == ()
    assert images_to_bytes(ImageRecord((slap,)), format="iso2005-image")[1] == ("which fingers are missing",)


@pytest.mark.parametrize(("ppi", "format"), [(500.0, "an2"), (197 * 2.54, "an2"), (1000.0, "an2-type4")])
def test_a_resolution_comes_back_as_it_was(ppi: float, format: str) -> None:
    made = ImageRecord((FingerImage(PIXELS.tobytes(), "none", 48, 40, (ppi, ppi), 2),))
    read = images_from_bytes(images_to_bytes(made, format=format)[0]).images[0]
    assert read.ppi == pytest.approx((ppi, ppi))


def test_pictures_that_a_format_cannot_hold_together_are_refused() -> None:
    both = tuple(FingerImage(PIXELS.tobytes(), "none", 48, 40, (ppi, ppi), 2) for ppi in (500.0, 1000.0))
    for name in ("iso2005-image", "an2-type4"):
        with pytest.raises(UnwritableRecord, match="resolution"):
            images_to_bytes(ImageRecord(both), format=name)


def test_the_ending_names_the_format(tmp_path: object) -> None:
    path = tmp_path / "card.eft"  # type: ignore[operator]
    write_images(record(1, "an2"), path)
    assert read_images(path).format == "an2"
    with pytest.raises(UnwritableRecord, match="names no format of pictures"):
        write_images(record(1, "an2"), tmp_path / "card.abc")  # type: ignore[operator]


# --- as others write them --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("native", "nominal", "code", "ppi"),
    [("19.69", "19.69", 0, 500), ("39.37", "39.37", 1, 1000), ("39.37", "19.69", 0, 500), ("20.00", "20.00", 1, 508)],
)
def test_a_type_4_has_the_resolution_of_the_first_record(native: str, nominal: str, code: int, ppi: int) -> None:
    first = f"{GS}1.011:{native}{GS}1.012:{nominal}"
    read = images_from_bytes(transaction([(4, type_4(PIXELS, code=code))], first))
    assert read.images[0].ppi == (ppi, ppi)


@pytest.mark.parametrize(
    ("unit", "across", "ppi"), [("1", "500", 500.0), ("2", "197", 500.38), ("1", "1000", 1000.0), ("0", "1", None)]
)
def test_a_type_14_states_its_own(unit: str, across: str, ppi: float | None) -> None:
    read = images_from_bytes(transaction([(14, type_14(PIXELS, f008=unit, f009=across, f010=across))]))
    assert read.images[0].ppi == (None if ppi is None else pytest.approx((ppi, ppi)))


@pytest.mark.parametrize(("code", "finger"), [(1, 1), (10, 10), (11, 1), (12, 6), (13, 13), (14, 14), (15, 15)])
def test_positions_are_those_of_the_standard(code: int, finger: int) -> None:
    for one in ((4, type_4(PIXELS, finger=code)), (14, type_14(PIXELS, f013=str(code)))):
        assert images_from_bytes(transaction([one], RESOLUTION)).images[0].finger == finger


def test_rolled_and_plain_are_told_apart() -> None:
    records = [(4, type_4(PIXELS, 1, impression=1)), (4, type_4(PIXELS, 2, impression=0))]
    assert [one.impression for one in images_from_bytes(transaction(records, RESOLUTION)).images] == [1, 0]


def test_missing_fingers_are_read_from_slaps_and_from_the_fbis_type_2() -> None:
    two = tagged(2, f"{GS}2.002:00{GS}2.018:Zoë, Ünal{GS}2.084:07{US}XX{RS}10{US}UP".encode())
    slap = type_14(PIXELS, 2, f013="14", f018=f"07{US}XX", f021=f"08{US}1{US}9{US}2{US}11")
    read = images_from_bytes(transaction([(2, two), (14, slap)]))
    assert read.missing == ((7, "amputated"), (10, "unprintable"))
    assert read.images[0].missing == ((7, "amputated"),)
    assert (read.images[0].segments[0].finger, read.images[0].segments[0].bottom) == (8, 11)
    assert read.others == ((2, 1),)


def test_a_finger_that_could_not_be_taken_has_a_record_without_a_picture() -> None:
    empty = tagged(14, f"{GS}14.002:02{GS}14.003:1{GS}14.013:3{GS}14.018:03{US}XX".encode())
    read = images_from_bytes(transaction([(14, type_14(PIXELS)), (14, empty)]))
    assert len(read) == 1
    assert read.missing == ((3, "amputated"),)


def test_tags_may_have_fewer_zeros() -> None:
    body = f"{GS}1.02:0201{GS}1.03:1{US}1{RS}4{US}01{GS}1.04:CAR{GS}1.11:19.69{GS}1.12:19.69".encode()
    read = images_from_bytes(tagged(1, body, zeros=2) + type_4(PIXELS))
    assert read.images[0].data == PIXELS.tobytes()


# --- minutiae --------------------------------------------------------------------------------------------------------


def minutiae(fields: str) -> ImageRecord:
    nine = tagged(9, f"{GS}9.002:01{GS}9.003:0{GS}9.004:S{fields}".encode())
    return images_from_bytes(transaction([(14, type_14(PIXELS)), (9, nine)]))


def test_minutiae_of_the_first_form_are_turned_to_ours() -> None:
    view = minutiae(f"{GS}9.006:02{GS}9.012:1{US}00100020090{US}63{US}A").minutiae[0]
    height = 40 / 500 * 25.4 * 100  # in 0.01 mm
    assert view.finger == 2
    assert view.x_px[0] == pytest.approx(10 / 2540 * 500)
    assert view.y_px[0] == pytest.approx((height - 1 - 20) / 2540 * 500, abs=0.01)
    assert view.angle_rad[0] == pytest.approx(pi / 2)  # 90 degrees out of the ridge, up, is 270 into it, down
    assert (view.types[0], view.quality[0]) == (1, 100)


def test_minutiae_of_378_are_in_pixels() -> None:
    value = f"1{US}7{US}9{US}45{US}2{US}80{RS}2{US}8{US}10{US}0{US}0{US}0"
    fields = f"{GS}9.128:48{GS}9.129:40{GS}9.130:2{GS}9.131:197{GS}9.132:197{GS}9.134:2{GS}9.137:{value}"
    view = minutiae(fields).minutiae[0]
    assert view.x_px.tolist() == [7, 8]
    assert view.angle_rad[0] == pytest.approx(-pi / 2)
    assert view.types.tolist() == [2, 0]
    assert view.quality.tolist() == [80, -1]
    assert (view.width_px, view.height_px, view.ppcm_x) == (48, 40, 197)


def test_minutiae_that_cannot_be_read_are_told_of_and_left_out() -> None:
    read = minutiae(f"{GS}9.012:1{US}0010002{US}63{US}A")
    assert read.minutiae == ()
    assert any("has no place" in note for note in read.notes)
    assert len(read) == 1


# --- what real files get wrong ---------------------------------------------------------------------------------------

RECORDS = {
    "a length that is short": (transaction([(14, type_14(PIXELS, off=-7)), (14, type_14(PIXELS, 2))]), "wrong length"),
    "a length that is long": (transaction([(14, type_14(PIXELS, off=9)), (14, type_14(PIXELS, 2))]), "wrong length"),
    "a length without the separator": (
        transaction([(14, type_14(PIXELS, off=-1)), (14, type_14(PIXELS, 2))]),
        "wrong length",
    ),
    "no separator": (transaction([(14, type_14(PIXELS, end=b"")), (14, type_14(PIXELS, 2))]), "no separator"),
    "no last separator": (transaction([(14, type_14(PIXELS)), (14, type_14(PIXELS, 2, end=b""))]), "no separator"),
    "another order": (
        transaction(
            [(14, type_14(PIXELS)), (2, tagged(2, f"{GS}2.002:02".encode())), (14, type_14(PIXELS, 3))],
            listed=RS.join([f"1{US}3", f"2{US}02", f"14{US}01", f"14{US}03"]),
        ),
        "another order",
    ),
    "other numbers": (
        transaction([(14, type_14(PIXELS)), (14, type_14(PIXELS, 7))], listed=f"1{US}2{RS}14{US}01{RS}14{US}02"),
        "IDC",
    ),
    "a wrong count": (
        transaction([(14, type_14(PIXELS)), (14, type_14(PIXELS, 2))], listed=f"1{US}5{RS}14{US}01{RS}14{US}02"),
        "counts 5 others",
    ),
    "one more than listed": (
        transaction([(14, type_14(PIXELS)), (14, type_14(PIXELS, 2))], listed=f"1{US}1{RS}14{US}01"),
        "1 more than",
    ),
    "text in the picture's field": (
        transaction([(14, type_14(PIXELS, f998=f"x{GS}14.999:some text")), (14, type_14(PIXELS, 2))]),
        "text in field 999",
    ),
    "a length of type 4 that is wrong": (
        transaction([(4, b"\0\0\x99\0" + type_4(PIXELS)[4:]), (14, type_14(PIXELS, 2))], RESOLUTION),
        "wrong length",
    ),
}


@pytest.mark.parametrize("case", RECORDS)
def test_what_real_files_get_wrong_is_taken_and_told_of(case: str) -> None:
    content, said = RECORDS[case]
    read = images_from_bytes(content)
    assert [one.data for one in read.images] == [PIXELS.tobytes()] * 2
    assert any(said in note for note in read.notes)


def test_zeros_and_blanks_behind_are_no_matter() -> None:
    assert len(images_from_bytes(transaction([(14, type_14(PIXELS))]) + b"\0\0\r\n")) == 1


# --- what is refused -------------------------------------------------------------------------------------------------

SOUND = transaction([(14, type_14(PIXELS)), (4, type_4(PIXELS, 2))], RESOLUTION)
LIES = {
    "more pixels than bytes": transaction([(14, type_14(PIXELS, f006="64"))]),
    "fewer pixels than bytes": transaction([(14, type_14(PIXELS, f006="20"))]),
    "no pixels": transaction([(14, type_14(PIXELS, f006="0"))]),
    "a compression it does not have": transaction([(14, type_14(PIXELS, f011="WSQ20"))]),
    "a record that is not there": transaction([(14, type_14(PIXELS))], listed=f"1{US}2{RS}14{US}01{RS}14{US}02"),
    "an empty list": transaction([(14, type_14(PIXELS))], listed=f"1{US}0"),
    "two transactions": SOUND + SOUND,
    "something behind": SOUND + b"something",
    "a length beyond any": b"1.001:999999999999\x1d1.002:0400" + b"\x1d" * 9,
    "a record of type 4 beyond the end": transaction([(4, b"\x7f\xff\xff\xff" + type_4(PIXELS)[4:-9])], RESOLUTION),
    "two thousand records": transaction([], listed=RS.join([f"1{US}2000", *[f"14{US}01"] * 2000])),
}


@pytest.mark.parametrize("case", LIES)
def test_what_contradicts_itself_is_refused_in_one_line(case: str) -> None:
    assert "byte" in refusal(LIES[case])


@pytest.mark.parametrize("name", IMAGE_FORMATS)
def test_a_record_cut_off_anywhere_is_refused(name: str) -> None:
    _, whole = written(11, name)
    for size in [*range(0, min(len(whole), 700)), *range(700, len(whole) - 1, 37)]:
        refusal(whole[:size])


def test_a_field_too_many_ends_the_search() -> None:
    many = tagged(2, (f"{GS}2.003:x" * 30_000).encode())
    assert "more than 20000 fields" in refusal(transaction([(2, many)]))


@pytest.mark.parametrize("name", IMAGE_FORMATS)
def test_a_changed_record_is_read_or_refused_and_never_gives_more_than_it_has(name: str) -> None:
    rng = np.random.default_rng(5)
    _, whole = written(12, name)
    sound = {len(one.data) for one in images_from_bytes(whole).images}
    for _ in range(300):
        data = bytearray(whole)
        for at in rng.integers(0, min(len(data), 600), 3):
            data[at] = rng.integers(256)
        try:
            read = images_from_bytes(bytes(data), source="card")
        except UnreadableRecord:
            continue
        assert sum(len(one.data) for one in read.images) <= len(data)
        assert read.notes or {len(one.data) for one in read.images} <= sound


def test_a_number_of_a_thousand_digits_is_none() -> None:
    pieces = Pieces(transaction([(14, type_14(PIXELS, f006="9" * 1000))]), "x")
    assert pieces.found()[1].type == 14
    assert "0 x 40" in refusal(transaction([(14, type_14(PIXELS, f006="9" * 1000))]))
    assert FS not in "9" * 1000


# --- not read --------------------------------------------------------------------------------------------------------

XML = (
    b"\xef\xbb\xbf<?xml version='1.0' encoding='UTF-8'?>\n<!DOCTYPE a [<!ENTITY b 'b'>]>\n"
    b"<itl:NISTBiometricInformationExchangePackage xmlns:itl='http://biometrics.nist.gov/standard/2011'/>"
)


def test_a_transaction_in_xml_is_refused_by_name() -> None:
    assert refusal(XML) == "card.an2: an ANSI/NIST transaction in XML: only the traditional encoding is read"
    assert "neither an ANSI/NIST file" in refusal(b"<?xml version='1.0'?><svg/>")


def test_the_american_standard_of_2009_is_refused_by_name() -> None:
    _, content = written(1, "iso2011-image")
    later = content[:4] + b"025\0" + content[8:]
    assert refusal(later) == "card.an2: byte 4: ANSI/INCITS 381-2009 (version 2.5) is not read, 010 and 020 are"
    assert "the version '099' of an image record" in refusal(content[:4] + b"099\0" + content[8:])

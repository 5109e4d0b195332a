"""What touches show, in binary form."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_up_touches import NO_MINUTIAE, cells_of, described, finger, given, skin, window

from fpverify.comparison.touches.finger import Keeping, joined_finger, print_skin
from fpverify.comparison.touches.worths import PlaceWorths
from fpverify.errors import CorruptRecord
from fpverify.features.touches import kept_places
from fpverify.store.skin_format import decode_skin, encode_skin
from fpverify.store.template_format import decode_template, encode_template
from fpverify.vocabulary import Skin, Template

NO_DESCRIPTORS = np.zeros((0, 0), np.int8)
ARRAYS = ("x_px", "y_px", "angle_rad", "descriptors", "opposite", "picture")


def several(bits: int = 3) -> Skin:
    touches = [given(window(1, x, y)) for x, y in ((70, 80), (82, 88), (64, 92))]
    return joined_finger(
        [*touches, given(window(2, 60, 90))], PlaceWorths.first(), described, keeping=Keeping(bits)
    ).skin


def whole(minutiae: int = 40, bits: int = 3) -> Skin:
    x, y, angle = kept_places(finger(1), cells_of(finger(1)), staggered=False)
    return print_skin(x, y, angle, described(finger(1), x, y, angle), minutiae=minutiae, bits=bits)


SKINS = {
    "a touch": lambda: skin(window(1, 70, 80)),
    "several": several,
    "several of 2 bits": lambda: several(2),
    "a whole print": whole,
    "a whole print of 2 bits": lambda: whole(bits=2),
}
BITS_AT = 5  # in the header


@pytest.mark.parametrize("name", SKINS)
def test_skin_comes_back_bit_for_bit(name: str) -> None:
    one = SKINS[name]()
    again = decode_skin(encode_skin(one))
    assert again.touches == one.touches
    for array in ARRAYS:
        np.testing.assert_array_equal(getattr(again, array), getattr(one, array), array)
        assert getattr(again, array).dtype == getattr(one, array).dtype


@pytest.mark.parametrize("name", SKINS)
def test_a_template_says_by_its_version_what_skin_it_has(name: str) -> None:
    template = Template("model", 0.8, NO_MINUTIAE, NO_DESCRIPTORS, skin=SKINS[name]())
    record = encode_template(template)
    assert record[4] == (4 if "2 bits" in name else 3)
    again = decode_template(record)
    assert again.skin is not None
    np.testing.assert_array_equal(again.skin.picture, template.skin.picture)
    assert encode_template(replace(template, skin=None))[4] == 2


def test_two_bits_take_two_bits() -> None:
    skins = [whole(bits=bits) for bits in (3, 2)]
    wide, narrow = (encode_skin(one) for one in skins)
    assert (wide[BITS_AT], narrow[BITS_AT]) == (3, 2)
    assert len(narrow) / len(skins[1]) < 0.72 * len(wide) / len(skins[0])  # bytes of a place
    for bits in (0, 1, 4, 8):
        with pytest.raises(CorruptRecord):
            decode_skin(narrow[:BITS_AT] + bytes([bits]) + narrow[BITS_AT + 1 :])


def test_a_joined_finger_of_twelve_touches_has_room_in_12_kb() -> None:
    rng = np.random.default_rng(2)
    touches = [given(window(1, *rng.normal((75, 85), 20, 2))) for _ in range(12)]
    one = joined_finger(touches, PlaceWorths.first(), described).skin
    # Beside a header with the name of the model. What does not fit loses every second place, and takes half then.
    assert 6 * 1024 < len(encode_skin(one)) <= 12 * 1024 - 50


def test_a_whole_print_has_room_in_24_kb_beside_its_minutiae() -> None:
    one = whole(minutiae=80)
    taken = len(encode_skin(one)) + 47 * 80  # and a header with the name of the model
    assert 20 * 1024 < taken <= 24 * 1024 - 50
    assert one.whole
    assert one.to_dict() == {"keeps_skin": True}


def test_a_whole_print_with_a_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="has no picture"):
        encode_skin(replace(whole(), picture=np.ones((2, 2), np.int8)))
    forged = bytearray(encode_skin(several()))
    forged[0] = 0  # touches
    with pytest.raises(CorruptRecord):
        decode_skin(bytes(forged))


@pytest.mark.parametrize("name", SKINS)
def test_every_cut_is_noticed(name: str) -> None:
    record = encode_skin(SKINS[name]())
    for size in {0, 1, 20, 40, len(record) // 2, len(record) - 1}:
        with pytest.raises(CorruptRecord):
            decode_skin(record[:size])
    with pytest.raises(CorruptRecord):
        decode_skin(record + b"\0")


def test_damage_of_what_was_deflated_is_noticed() -> None:
    record = bytearray(encode_skin(SKINS["several"]()))
    record[-3] ^= 0xFF
    with pytest.raises(CorruptRecord):
        decode_skin(bytes(record))


def test_a_picture_larger_than_stated_is_not_inflated() -> None:
    one = SKINS["a touch"]()
    bomb = replace(one, picture=np.zeros((1000, 1000), np.int8))
    small, large = encode_skin(one), encode_skin(bomb)
    forged = large[:14] + small[14:18] + large[18:]  # the height and width of the small one
    with pytest.raises(CorruptRecord):
        decode_skin(forged)


@pytest.mark.parametrize(
    "wrong",
    [
        {"x_px": np.array([1.5], np.float32)},
        {"angle_rad": np.array([4.0], np.float32)},
        {"touches": 0},
        {"descriptors": np.zeros((2, 4), np.int8)},
    ],
)
def test_what_is_off_the_grid_is_refused(wrong: dict[str, object]) -> None:
    one = np.array([5.0], np.float32)
    right = Skin(
        one, one, np.zeros(1, np.float32), np.ones((1, 4), np.int8), np.zeros((1, 4), np.int8), np.ones((9, 9), np.int8)
    )
    encode_skin(right)
    with pytest.raises(ValueError, match=r"."):
        encode_skin(replace(right, **wrong))
